/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tournaments against sessions that really have the attack and the aggregator.
 */
#include "experiments/tournament.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "session/small.h"
#include "history/client_selector.h"
#include "support/suite.h"

static const struct fed_tournament_plan plan = {
	.attacks = "none,sign-flip:scale=4,ipm,label-flip",
	.aggregators = "fedavg,fedadam:eta=0.05",
	.byzantine = "1,3",
	.rounds = 3,
};

static void ignore(void *ctx)
{
	(void)ctx;
}

/* A session that has trained for some rounds. */
static void compose(struct fed_session *s)
{
	small_init(s, NULL);
	small_do(s, "dataset blobs train=400 test=100 classes=3;model softmax;set threads 2;"
	            "add 8 noniid 30;aggregator fedavg;round 2");
}

static void play(struct fed_tournament *t, struct fed_session *s,
                 const struct fed_tournament_plan *p)
{
	struct fed_error err = {""};
	bool interrupted;

	ck_assert_msg(fed_tournament_play(t, s, p, ignore, NULL, &interrupted, &err) == FED_OK, "%s",
	              err.text);
	ck_assert(!interrupted);
}

static void inject(struct fed_session *s, const char *attack, const char *key, const char *value)
{
	static const uint32_t ids[] = {1, 3};
	const struct fed_assign assign = {.key = key, .value = value};
	const struct fed_entry *entry;
	struct fed_instance instance;
	struct fed_error err = {""};
	struct fed_fault fault = {.kind = FED_FAULT_BYZANTINE, .until = UINT64_MAX, .n = 2};

	ck_assert_int_eq(fed_registry_find(s->plugins, FED_KIND_ATTACK, attack, &entry, &err), FED_OK);
	ck_assert_msg(fed_instance_init(&instance, entry, &assign, key != NULL, &err) == FED_OK, "%s",
	              err.text);
	fault.attack = fed_shared_attack_new(&instance);
	fault.client = fed_alloc_array(2, sizeof *fault.client);
	memcpy(fault.client, ids, sizeof ids);
	ck_assert_int_eq(fed_faults_reserve(&s->parts.faults, &err), FED_OK);
	fed_faults_add(&s->parts.faults, &fault);
}

/* Each match ends as a session does that goes on with that attack and that aggregator. */
START_TEST(a_match_is_a_session)
{
	static const struct {
		const char *attack, *key, *value;
	} attacks[] = {{NULL, NULL, NULL},
	               {"sign-flip", "scale", "4"},
	               {"ipm", NULL, NULL},
	               {"label-flip", NULL, NULL}};
	static const char *const aggregators[] = {"aggregator fedavg", "aggregator fedadam eta=0.05"};
	struct fed_tournament t = {0};
	struct fed_session s, real;

	compose(&s);
	play(&t, &s, &plan);
	ck_assert_uint_eq(t.trials.played, 8);
	for (size_t i = 0; i < 8; i++) {
		const struct fed_record *last;

		compose(&real);
		small_do(&real, aggregators[i % 2]);
		if (attacks[i / 2].attack)
			inject(&real, attacks[i / 2].attack, attacks[i / 2].key, attacks[i / 2].value);
		small_do(&real, "round 3");
		last = &real.history.record[real.history.n - 1];
		ck_assert_str_eq(t.trials.outcome[i].why, "");
		ck_assert_double_eq(t.trials.outcome[i].total.test_accuracy, last->test_accuracy);
		ck_assert_double_eq(t.trials.outcome[i].total.test_loss, last->test_loss);
		fed__session_release(&real);
	}
	fed_tournament_release(&t);
	fed__session_release(&s);
}
END_TEST

/* Two attack: rules that assume a number are told it, those that were given one keep theirs. */
START_TEST(rules_know_how_many_attack)
{
	static const char *const real[] = {
		"aggregator krum f=2", "aggregator bgd q=2", "aggregator bgd groups=3 median=coordinate",
		"aggregator median after=nnm after.f=2", "aggregator trimmed-mean f=1"};
	struct fed_tournament_plan p = {
		.attacks = "sign-flip:scale=4",
		.aggregators = "krum,bgd,bgd:groups=3:median=coordinate,median:after=nnm,trimmed-mean:f=1,"
					   "krum:f=3",
		.byzantine = "1,3",
		.rounds = 2,
	};
	struct fed_tournament t = {0};
	struct fed_session s;

	compose(&s);
	play(&t, &s, &p);
	for (size_t i = 0; i < 5; i++) {
		struct fed_session other;

		compose(&other);
		small_do(&other, real[i]);
		small_do(&other, "inject byzantine 1,3 attack=sign-flip scale=4;round 2");
		ck_assert_str_eq(t.trials.outcome[i].why, "");
		ck_assert_double_eq(t.trials.outcome[i].total.test_loss,
		                    other.history.record[other.history.n - 1].test_loss);
		fed__session_release(&other);
	}
	ck_assert_str_eq(
		t.trials.outcome[5].why,
		"aggregator krum: needs 2f + 2 < n, but 2f + 2 = 8 (f = 3) and n = 8 updates; ask "
		"more clients or assume fewer Byzantine ones");
	fed_tournament_release(&t);
	fed__session_release(&s);
}
END_TEST

/* The session goes on as if no tournament had been played. */
START_TEST(the_session_does_not_notice)
{
	struct fed_tournament t = {0};
	struct fed_session s, other;

	compose(&s);
	compose(&other);
	play(&t, &s, &plan);
	small_do(&s, "round 2");
	small_do(&other, "round 2");
	small_same(&s, &other);
	fed_tournament_release(&t);
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

struct stopping {
	struct fed_session *session;
	const struct fed_tournament *tournament;
};

static void interrupt(void *ctx)
{
	const struct stopping *stopping = ctx;

	if (stopping->tournament->trials.played >= 3)
		fed_session_interrupt(stopping->session);
}

START_TEST(goes_on_where_it_stopped)
{
	struct fed_tournament whole = {0}, parts = {0};
	struct fed_session s;
	struct fed_error err = {""};
	bool interrupted = false;

	compose(&s);
	play(&whole, &s, &plan);
	struct stopping stopping = {&s, &parts};
	ck_assert_int_eq(
		fed_tournament_play(&parts, &s, &plan, interrupt, &stopping, &interrupted, &err), FED_OK);
	ck_assert(interrupted);
	ck_assert_uint_lt(parts.trials.played, 8);
	fed_session_clear_interrupt(&s);
	play(&parts, &s, &plan);
	for (size_t i = 0; i < 8; i++)
		ck_assert_double_eq(whole.trials.outcome[i].total.test_loss,
		                    parts.trials.outcome[i].total.test_loss);
	/* From another state it begins anew. */
	small_do(&s, "round 1");
	play(&parts, &s, &plan);
	ck_assert_double_ne(whole.trials.outcome[0].total.test_loss,
	                    parts.trials.outcome[0].total.test_loss);
	fed_tournament_release(&whole);
	fed_tournament_release(&parts);
	fed__session_release(&s);
}
END_TEST

START_TEST(refusals)
{
	static const struct {
		const char *attacks, *aggregators, *byzantine, *words;
	} rows[] = {
		{"sgin-flip", "fedavg", "1", "sign-flip"},
		{"ipm", "fedavvg", "1", "fedavg"},
		{"ipm:epps=3", "fedavg", "1", "eps"},
		{"ipm,", "fedavg", "1", "not the name of an attack"},
		{"ipm", "fedavg", "99", "99"},
	};
	struct fed_tournament t = {0};
	struct fed_session s;
	struct fed_error err = {""};
	bool interrupted;

	compose(&s);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_tournament_plan p = {.rounds = 1};

		snprintf(p.attacks, sizeof p.attacks, "%s", rows[i].attacks);
		snprintf(p.aggregators, sizeof p.aggregators, "%s", rows[i].aggregators);
		snprintf(p.byzantine, sizeof p.byzantine, "%s", rows[i].byzantine);
		ck_assert_int_ne(fed_tournament_play(&t, &s, &p, ignore, NULL, &interrupted, &err), FED_OK);
		ck_assert_msg(strstr(err.text, rows[i].words), "%s", err.text);
		ck_assert_ptr_null(t.trials.outcome);
	}
	fed__session_release(&s);
}
END_TEST

START_TEST(without_memory)
{
	struct fed_tournament_plan p = {.attacks = "ipm", .aggregators = "fedavg", .rounds = 1};
	struct fed_session s;
	struct fed_error err = {""};
	bool interrupted, played = false;

	snprintf(p.byzantine, sizeof p.byzantine, "2");
	compose(&s);
	small_do(&s, "set threads 1;round 1");
	for (uint64_t k = 1; !played; k++) {
		struct fed_tournament t = {0};
		const int64_t before = fed__mem_live();

		fed__mem_fail_at(k);
		const int rc = fed_tournament_play(&t, &s, &p, ignore, NULL, &interrupted, &err);
		const bool ahead = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		if (rc == FED_OK && ahead)
			played = true;
		else if (rc == FED_OK)
			ck_assert(*t.trials.outcome[0].why || isfinite(t.trials.outcome[0].total.test_loss));
		fed_tournament_release(&t);
		ck_assert_int_eq(fed__mem_live(), before);
		ck_assert_uint_lt(k, 3000);
	}
	fed__session_release(&s);
}
END_TEST

FED_SUITE(tournament)
{
	Suite *s = suite_create("tournament");
	TCase *c = tcase_create("tournament");

	tcase_add_test(c, a_match_is_a_session);
	tcase_add_test(c, rules_know_how_many_attack);
	tcase_add_test(c, the_session_does_not_notice);
	tcase_add_test(c, goes_on_where_it_stopped);
	tcase_add_test(c, refusals);
	tcase_add_test(c, without_memory);
	suite_add_tcase(s, c);
	return s;
}
