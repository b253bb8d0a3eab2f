/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a rule tells of a round: what it is shown, and what becomes of its lines.
 */
#include "plug/plugins.h"

#include <math.h>

#include "plug/calls/call.h"

enum { N = 3, DIM = 5 };

static struct fed_registry *registry;
static struct fed_instance instance;
static struct fed_text lines;
static const float params[DIM], step[DIM] = {0, 1, 2, 3, 4};
static const float delta[N][DIM] = {{1}, {4}, {0}};
static struct fed_update update[N];
static const struct fed_verdict verdict[N] = {
	{.score = 0}, {.weight = 0.25f, .score = 70, .used = true}, {.weight = 0.75f, .used = true}};
static const struct fed_verdict mixed[N] = {
	{.weight = 1, .score = 1, .used = true}, {.weight = 0, .score = 33}, {.score = 2}};

static void setup(void)
{
	registry = make_registry();
	for (uint32_t i = 0; i < N; i++)
		update[i] = (struct fed_update){.delta = delta[i],
		                                .base = params,
		                                .weight = 1,
		                                .samples = 1,
		                                .steps = 1,
		                                .client = 6 + i};
}

static void teardown(void)
{
	fed_instance_release(&instance);
	fed_text_release(&lines);
	fed_registry_free(registry);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static struct fed_telling telling(void)
{
	return (struct fed_telling){
		.instance = &instance,
		.round = {.dim = DIM, .params = params, .ld = 16, .invited = N, .population = N},
		.update = update,
		.verdict = verdict,
		.mixed = mixed,
		.n = N,
		.step = step,
		.lines = &lines};
}

/* With no lines from before. */
static int tell(const char *how, struct fed_error *err)
{
	const struct fed_telling t = telling();

	if (!instance.entry)
		make_instance(registry, FIXTURE("telling"), &instance, NULL, NULL, NULL, NULL);
	fed_assert_ok(fed_fields_set(instance.entry->head->fields, instance.state, "how", how, err),
	              err);
	ck_assert(fed__tells(instance.entry));
	fed_text_clear(&lines);
	return fed_call_tell(&t, err);
}

static void put_in_front(const char *path)
{
	instance.after = fed_alloc(sizeof *instance.after);
	make_instance(registry, path, instance.after, NULL, NULL, NULL, NULL);
}

START_TEST(the_round_is_shown_as_it_was)
{
	struct fed_error err;

	ck_ok(tell("well", &err));
	ck_assert_str_eq(fed_text_str(&lines),
	                 "n=3 client=7 score=70 used=0 weight=0.25 step=2 apart=9 ld=0\nfresh\n");
}
END_TEST

/* The rule sees two mixtures, and its own verdicts on them. */
START_TEST(behind_a_pre_aggregation_mixtures_are_shown)
{
	const struct fed_telling t = telling();
	struct fed_error err;

	make_instance(registry, FIXTURE("telling"), &instance, NULL, NULL, NULL, NULL);
	put_in_front(FED_PLUGIN_DIR "/bucketing.so");
	ck_ok(fed_call_tell(&t, &err));
	ck_says(fed_text_str(&lines), "n=2 ");
	ck_says(fed_text_str(&lines), "score=33 used=1 weight=0 step=2");
	fed_text_clear(&lines);
	ck_ok(fed_call_tell_pre_aggregation(&t, &err));
	ck_says(fed_text_str(&lines), "n = 3 updates in 2 buckets of 2");
}
END_TEST

static const struct {
	const char *how;
	int rc;
	const char *words, *lines;
} cases[] = {
	{"nothing", FED_OK, NULL, ""},
	{"none", FED_OK, NULL, ""},
	{"fails", FED_FAIL, "aggregator telling: has lost its notes", "first\n"},
	{"rejects", FED_FAIL, "aggregator telling: will not say", ""},
	{"bad-code", FED_FAIL, "aggregator telling: tell() returned 7", ""},
	{"controls", FED_OK, NULL, "a?[31mb?c???\n"},
};

START_TEST(failures_and_control_characters)
{
	struct fed_error err = {""};

	ck_assert_int_eq(tell(cases[_i].how, &err), cases[_i].rc);
	if (cases[_i].words)
		ck_says(err.text, cases[_i].words);
	ck_assert_str_eq(fed_text_str(&lines), cases[_i].lines);
}
END_TEST

START_TEST(long_lines_and_many_are_cut)
{
	struct fed_error err;
	char want[256];

	ck_ok(tell("long", &err));
	memset(want, 'x', sizeof want);
	memcpy(want + 97, "...\n", 4); /* 101 letters, then 100 */
	memcpy(want + 201, "\n", 2);
	ck_assert_str_eq(fed_text_str(&lines), want);
	ck_ok(tell("wide", &err));
	ck_assert_uint_eq(lines.len, 48 * 3 + 4); /* 96 columns and "..." */
	ck_ok(tell("many", &err));
	ck_says(fed_text_str(&lines), "line 39\n... and 3 lines more\n");
}
END_TEST

START_TEST(who_has_nothing_to_tell)
{
	const struct fed_telling t = telling();
	struct fed_error err;

	make_instance(registry, FIXTURE("older"), &instance, NULL, NULL, NULL, NULL);
	ck_assert(!fed__tells(instance.entry));
	ck_ok(fed_call_tell(&t, &err));
	ck_assert_uint_eq(lines.len, 0);
	fed_instance_release(&instance);
	make_instance(registry, FED_PLUGIN_DIR "/local.so", &instance, NULL, NULL, NULL, NULL);
	ck_assert(!fed__tells(instance.entry)); /* a transport */
}
END_TEST

/* For every k the k-th allocation fails. */
START_TEST(without_memory)
{
	const struct fed_telling t = telling();
	struct fed_error err;
	uint64_t k = 1;

	make_instance(registry, FIXTURE("telling"), &instance, NULL, NULL, NULL, NULL);
	if (_i)
		put_in_front(FED_PLUGIN_DIR "/nnm.so");
	const int64_t before = fed__mem_live();
	for (;; k++) {
		fed__mem_fail_at(k);
		const int rc = fed_call_tell(&t, &err);
		fed__mem_fail_at(0);
		if (rc == FED_OK)
			break;
		ck_says(err.text, "memory");
		fed_text_release(&lines);
		ck_assert_int_eq(fed__mem_live(), before);
	}
	ck_assert_uint_gt(k, 4);
}
END_TEST

FED_SUITE(call_explain)
{
	Suite *suite = suite_create("tell");
	TCase *tests = tcase_create("tell");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_round_is_shown_as_it_was);
	tcase_add_test(tests, behind_a_pre_aggregation_mixtures_are_shown);
	tcase_add_loop_test(tests, failures_and_control_characters, 0, COUNT(cases));
	tcase_add_test(tests, long_lines_and_many_are_cut);
	tcase_add_test(tests, who_has_nothing_to_tell);
	tcase_add_loop_test(tests, without_memory, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
