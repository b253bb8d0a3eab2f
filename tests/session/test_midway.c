/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Saving and restoring in the middle of a round: whoever goes on, goes on to the same bits.
 */
#include <check.h>
#include <string.h>

#include "session/checkpoint.h"
#include "session/midway.h"
#include "session/small.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

/* Compositions, with faults that strike in the round and before it. */
static const char *const runs[] = {
	"scheme sync",
	"scheme sync over_select=1.5 deadline=0.02;inject straggler 1 factor=20;inject crash 2 p=0.5",
	"transport lossy;inject lossy all p=0.2;inject duplicate 0 p=0.5;inject churn all join=0.5",
	"aggregator scaffold;inject byzantine 1 attack=sign-flip;inject nan 3 p=0.3",
	"set codec int8;set error_feedback yes;inject byzantine 0,2 attack=alie",
	"inject byzantine 1 attack=replay",
	"model mlp hidden=5,4;scheme split cut=2",
	"model mlp hidden=5,4;scheme split cut=2,4 labels=client relay=peer;inject crash 2 p=0.3",
	"model mlp hidden=5,4;scheme split parallel=v1;inject lossy all p=0.02",
	"model mlp hidden=5,4;scheme split parallel=v2 smashed=batch;set noise 0.1",
};
enum { RUNS = sizeof runs / sizeof *runs };

static void compose(struct fed_session *s, int i)
{
	small_compose(s, NULL, "fedavg");
	small_do(s, "set batch 4");
	small_do(s, runs[i]);
	small_do(s, "round 2");
}

static void save(struct fed_session *s)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_session_save(s, fed_temp_file(&temp, "midway.fed"), &err), &err);
}

static void restore(struct fed_session *s)
{
	struct fed_error err = {""};

	small_init(s, NULL);
	fed_assert_ok(fed_session_restore(s, fed_temp_file(&temp, "midway.fed"), &err), &err);
}

/* Finish the open round, if one is open, and make one more. */
static void finish(struct fed_session *s)
{
	if (fed_session_open(s))
		small_do(s, "continue");
	while (fed_session_version(s) < 4)
		small_do(s, "round 1");
}

START_TEST(at_any_step_both_go_on_to_the_same_bits)
{
	struct fed_session straight;
	bool over = false;

	compose(&straight, _i);
	finish(&straight);
	for (int steps = 1; !over; steps += 1 + steps / 4) {
		struct fed_session saved, restored;
		char line[24];

		compose(&saved, _i);
		snprintf(line, sizeof line, "step %d", steps);
		small_do(&saved, line);
		over = fed_session_version(&saved) > 2;
		save(&saved);
		restore(&restored);
		ck_assert_int_eq(fed_session_open(&saved), fed_session_open(&restored));
		ck_assert_uint_eq(saved.federation.steps, fed_session_open(&saved)
		                                              ? restored.federation.steps
		                                              : saved.federation.steps);
		for (size_t k = 0; k < saved.faults.n; k++)
			ck_assert_uint_eq(saved.faults.fault[k].strikes, restored.faults.fault[k].strikes);
		finish(&saved);
		finish(&restored);
		small_same(&straight, &saved);
		small_same(&straight, &restored);
		fed_session_release(&saved);
		fed_session_release(&restored);
	}
	fed_session_release(&straight);
}
END_TEST

START_TEST(what_cannot_be_repeated_is_refused)
{
	static const char *const changes[] = {"set lr 0.3", "inject crash 1", "heal"};
	struct fed_error err = {""};
	struct fed_session s;

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		compose(&s, 0);
		small_do(&s, "inject straggler 0 factor=2;step 3");
		save(&s);
		small_do(&s, changes[i]);
		ck_assert_int_eq(fed_session_save(&s, fed_temp_file(&temp, "no.fed"), &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, "changed since the round began"), "%s", err.text);
		small_do(&s, "continue;step 2");
		save(&s); /* the next round is another one */
		fed_session_release(&s);
	}
	compose(&s, 0);
	small_do(&s, "scheme async concurrency=2;round 2;step 2");
	ck_assert_int_eq(fed_session_save(&s, fed_temp_file(&temp, "no.fed"), &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "earlier versions"), "%s", err.text);
	fed_session_release(&s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("midway");
	TCase *c = tcase_create("midway");

	tcase_set_timeout(c, 120);
	tcase_add_unchecked_fixture(c, set_up, tear_down);
	tcase_add_loop_test(c, at_any_step_both_go_on_to_the_same_bits, 0, RUNS);
	tcase_add_test(c, what_cannot_be_repeated_is_refused);
	suite_add_tcase(s, c);
	return fed_run_suite(s);
}
