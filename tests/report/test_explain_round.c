/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The last round in words: the rule's own, the host's for a rule that has none, and the truth.
 */
#include "report/explain_round.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "session/small.h"
#include "support/suite.h"

static struct fed_session s;
static struct fed_round_explanation told;
static struct fed_error err;

static void close_session(void)
{
	fed_round_explanation_release(&told);
	fed__session_release(&s);
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* Ten clients of blobs, some Byzantine. */
static void compose(struct fed_session *x, const char *aggregator, const char *byzantine)
{
	char line[96];
	const struct fed_entry *entry;

	small_init(x, NULL);
	fed_assert_ok(fed_session_load(x, FED_BUILD_DIR "/fixtures/telling.so", &entry, &err), &err);
	small_do(x, "dataset blobs train=200 test=40;model softmax;add 10 iid 15;set batch 5");
	snprintf(line, sizeof line, "aggregator %s", aggregator);
	small_do(x, line);
	snprintf(line, sizeof line, "inject byzantine %s attack=sign-flip scale=4", byzantine);
	small_do(x, line);
}

static const char *tell(bool pre_aggregation)
{
	fed_round_explanation_release(&told);
	fed_assert_ok(fed_round_explanation_init(&told, &s, pre_aggregation, &err), &err);
	return fed_text_str(&told.lines);
}

static void says(const char *text, const char *words)
{
	ck_assert_msg(strstr(text, words) != NULL, "\"%s\" is not in:\n%s", words, text);
}

static void refuses(const char *words)
{
	fed_round_explanation_release(&told);
	ck_assert_int_eq(fed_round_explanation_init(&told, &s, false, &err), FED_REJECT);
	says(err.text, words);
	ck_assert_uint_eq(told.lines.len, 0);
}

static double behind(const char *text, const char *words)
{
	says(text, words);
	return strtod(strstr(text, words) + strlen(words), NULL);
}

START_TEST(krum_and_the_truth)
{
	compose(&s, "krum f=2", "2,7");
	refuses("no updates yet; `round` makes some");
	small_do(&s, "round 2");
	const char *lines = tell(false);
	ck_assert_uint_eq(told.version, 2);
	says(lines, "n = 10 updates, f = 2 (2f + 2 = 6 < n)");
	const struct fed_verdicts *g = &s.federation.verdicts;
	for (size_t i = 0; i < g->n; i++) {
		char chosen[32];

		snprintf(chosen, sizeof chosen, "step = d_%u\n", g->of[i].client);
		ck_assert((strstr(lines, chosen) != NULL) == g->of[i].verdict.used);
	}
	ck_assert_str_eq(
		fed_text_str(&told.truth),
		"truth: 9 filtered or suspect: 2 Byzantine (2, 7), 7 honest; 1 trusted: all honest");
}
END_TEST

START_TEST(who_got_through)
{
	compose(&s, "fedavg", "3");
	small_do(&s, "round 1");
	tell(false);
	ck_assert_str_eq(fed_text_str(&told.truth),
	                 "truth: 0 filtered or suspect; 10 trusted: 1 Byzantine (3), 9 honest");
	small_do(&s, "heal all byzantine;round 1");
	tell(false);
	ck_assert_str_eq(fed_text_str(&told.truth), "truth: all clients are honest");
}
END_TEST

/* fedadam tells nothing, and the fixture may choose not to: then the host does. */
START_TEST(without_the_rules_words)
{
	compose(&s, _i ? "telling how=nothing" : "fedadam", "1");
	small_do(&s, "round 1");
	const char *lines = tell(false);
	const struct fed_verdicts *g = &s.federation.verdicts;
	double step = 0, last = INFINITY;
	int n = 0;

	for (size_t j = 0; j < s.parts.net.dim; j++)
		step += (double)g->step[j] * (double)g->step[j];
	says(lines, "n = 10 updates, their weights sum to N = 150");
	ck_assert_double_eq_tol(behind(lines, "the step is "), sqrt(step), 1e-3 * sqrt(step));
	for (; (lines = strstr(lines, "client ")) != NULL; lines++, n++) {
		const unsigned client = (unsigned)behind(lines, "client ");
		double square = 0;

		for (size_t i = 0; i < g->n; i++) {
			if (g->of[i].client != client)
				continue;
			for (size_t j = 0; j < s.parts.net.dim; j++)
				square += pow((double)g->of[i].update->vector[0][j], 2);
			const double share = behind(lines, "share in the step "), length = sqrt(square);
			ck_assert_double_eq_tol(share, (double)g->of[i].verdict.weight, 1e-4);
			ck_assert_double_eq_tol(behind(lines, "n_i/N = "), 15, 1e-9);
			ck_assert_double_eq_tol(behind(lines, "|d_i| = "), length, 1e-3 * length);
			ck_assert_double_le(share * length, last * 1.001);
			last = share * length;
		}
	}
	ck_assert_int_eq(n, 10);
}
END_TEST

/* The rule behind it sees the mixtures with its own verdicts: the fixture's score is ten times the
 * client's id. */
START_TEST(behind_a_pre_aggregation)
{
	compose(&s, "telling after=bucketing after.s=3", "1");
	small_do(&s, "round 1");
	const char *lines = tell(false);
	says(lines, "n=4 ");
	says(lines, "used=0");
	ck_assert_double_eq(behind(lines, "score="), 10 * behind(lines, "client="));
	ck_assert_double_eq_tol(behind(lines, "weight="), 4. / 13, 0.1);
	says(lines, "fresh\n");
	says(tell(true), "n = 10 updates in 4 buckets of 3");
}
END_TEST

START_TEST(other_settings_than_then)
{
	compose(&s, "krum f=2 after=nnm", "1");
	small_do(&s, "round 1");
	says(tell(false), "f = 2 ");
	small_do(&s, "set epochs 2"); /* not the aggregator's */
	tell(false);
	small_do(&s, "set aggregator.f 1");
	refuses("made with other settings; `round` makes one");
	small_do(&s, "round 1");
	says(tell(false), "f = 1 ");
	small_do(&s, "set after.f 1");
	refuses("other settings");
	small_do(&s, "aggregator fedavg"); /* another one has made nothing yet */
	refuses("went with a change of the session; `round` makes others");
}
END_TEST

START_TEST(open_rounds_and_given_up_ones)
{
	compose(&s, "krum f=2", "1");
	small_do(&s, "round 1;step 3");
	refuses("when the open round has ended");
	small_do(&s, "abort");
	refuses("the aborted round");
	small_do(&s, "round 1");
	tell(false);
}
END_TEST

START_TEST(a_rule_that_fails)
{
	compose(&s, "telling how=fails", "1");
	small_do(&s, "round 1");
	ck_assert_int_eq(fed_round_explanation_init(&told, &s, false, &err), FED_FAIL);
	ck_assert_str_eq(err.text, "aggregator telling: has lost its notes");
	ck_assert_str_eq(fed_text_str(&told.lines), "first\n");
}
END_TEST

/* Stale updates of an asynchronous run. */
START_TEST(staleness)
{
	compose(&s, "fedasync", "1");
	small_do(&s, "scheme async;round 25");
	const struct fed_client_verdict *of = s.federation.verdicts.of;
	const char *lines = tell(false);

	ck_assert_uint_eq(s.federation.verdicts.n, 1);
	ck_assert_uint_gt(of->staleness, 0);
	ck_assert_double_eq(behind(lines, "client "), of->client);
	ck_assert_double_eq(behind(lines, "s("), of->staleness);
	ck_assert_double_eq_tol(behind(strstr(lines, "a_t = 0"), " s = "), (double)of->verdict.score,
	                        1e-4);
}
END_TEST

/* Telling changes nothing: the same text again, and the same rounds after it. */
START_TEST(telling_changes_nothing)
{
	static const char *const rules[] = {"centered-clip", "bgd q=2", "fedavg", "krum f=2 after=nnm"};
	struct fed_session other;

	compose(&other, rules[_i], "1");
	small_do(&other, "round 3");
	compose(&s, rules[_i], "1");
	small_do(&s, "round 2");
	char *once = strdup(tell(false));
	ck_assert_str_eq(tell(false), once);
	free(once);
	small_do(&s, "round 1");
	small_same(&s, &other);
	fed__session_release(&other);
}
END_TEST

/* For every k the k-th allocation fails. */
START_TEST(without_memory)
{
	static const char *const rules[] = {"krum f=2 after=nnm", "fedadam"};

	compose(&s, rules[_i], "1");
	small_do(&s, "round 1");
	const int64_t before = fed__mem_live();
	for (uint64_t k = 1;; k++) {
		fed__mem_fail_at(k);
		const int rc = fed_round_explanation_init(&told, &s, false, &err);
		fed__mem_fail_at(0);
		fed_round_explanation_release(&told);
		ck_assert_int_eq(fed__mem_live(), before);
		if (rc == FED_OK)
			break;
		says(err.text, "memory");
		ck_assert_uint_lt(k, 1000);
	}
}
END_TEST

FED_SUITE(explain_round)
{
	Suite *suite = suite_create("told");
	TCase *tests = tcase_create("told");

	tcase_add_checked_fixture(tests, NULL, close_session);
	tcase_add_test(tests, krum_and_the_truth);
	tcase_add_test(tests, who_got_through);
	tcase_add_loop_test(tests, without_the_rules_words, 0, 2);
	tcase_add_test(tests, behind_a_pre_aggregation);
	tcase_add_test(tests, other_settings_than_then);
	tcase_add_test(tests, open_rounds_and_given_up_ones);
	tcase_add_test(tests, a_rule_that_fails);
	tcase_add_test(tests, staleness);
	tcase_add_loop_test(tests, telling_changes_nothing, 0, 4);
	tcase_add_loop_test(tests, without_memory, 0, 2);
	suite_add_tcase(suite, tests);
	return suite;
}
