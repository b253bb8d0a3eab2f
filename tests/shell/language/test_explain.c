/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/language/test_explain.c - the formula, then the same with the last round's numbers. */
#include <stdlib.h>
#include <string.h>

#include "shell/lab.h"
#include "support/suite.h"

#define COMPOSED "dataset blobs; model softmax; add-client 20 samples=40; inject byzantine 3,9; "

static struct shell_lab lab;

static void open_lab(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}
static void close_lab(void)
{
	shell_lab_close(&lab);
}

static const char *said(const char *line, enum fed_exit wanted)
{
	return shell_lab_reply(&lab, line, wanted);
}

START_TEST(the_formula_with_its_numbers)
{
	said(COMPOSED "aggregator krum f=2", FED_EXIT_OK);
	const char *before = said("explain krum", FED_EXIT_OK);
	assert_shows(before, "score_i = sum of |d_i - d_j|^2");
	assert_shows(before, "no numbers of a round: there are no updates yet; `round` makes some\n");
	said("round 3", FED_EXIT_OK);
	const char *after = said("explain krum", FED_EXIT_OK);
	const char *formula = strstr(after, "score_i = sum"), *told = strstr(after, "in version 3:\n");
	ck_assert(formula && told && formula < told);
	assert_shows(told,
	             "n = 20 updates, f = 2 (2f + 2 = 6 < n): a score sums the n - f - 2 = 16 nearest");
	assert_shows(told, "(the lowest of 20)\n");
	assert_shows(told, "\ntruth: 19 filtered or suspect");
	/* Other names have no round, other settings another one. */
	assert_lacks(said("explain multi-krum", FED_EXIT_OK), "version");
	said("set f 3", FED_EXIT_OK);
	assert_shows(said("explain krum", FED_EXIT_OK),
	             "was made with other settings; `round` makes one");
}
END_TEST

START_TEST(rule_and_pre_aggregation)
{
	said(COMPOSED "aggregator median after=bucketing after.s=4; round 1", FED_EXIT_OK);
	const char *rule = said("explain median", FED_EXIT_OK);
	assert_shows(rule, "in version 1:\n"
	                   "after bucketing: d_i are its mixtures, named by their clients\n");
	assert_shows(rule,
	             "n = 5 updates: of each coordinate's values, in order, the middle one counts\n");
	const char *pre = said("explain bucketing", FED_EXIT_OK);
	assert_shows(pre, "in version 1:\nn = 20 updates in 5 buckets of 4");
	assert_lacks(pre, "behind bucketing");
}
END_TEST

/* Words of papers, and commands. */
START_TEST(other_words)
{
	static const char *const led[][2] = {{"splitfed", "scheme split (SplitFed): "},
	                                     {"smashed", "term smashed data: "},
	                                     {"noise", "setting noise: "},
	                                     {"lr", "setting lr: "},
	                                     {"batch", "setting batch: "},
	                                     {"epochs", "setting epochs: "},
	                                     {"quorum", "setting quorum: "},
	                                     {"deadline", "setting deadline: "},
	                                     {"accuracy", "metric accuracy: "},
	                                     {"staleness", "metric staleness: "},
	                                     {"peek", "reconstruct CLIENT "},
	                                     {"leak", "leakage "}};
	char line[40];

	for (size_t i = 0; i < sizeof led / sizeof *led; i++) {
		snprintf(line, sizeof line, "explain %s", led[i][0]);
		const char *text = said(line, FED_EXIT_OK);
		ck_assert_ptr_eq(strstr(text, led[i][1]), text);
	}
	assert_shows(said("explain splitfedd", FED_EXIT_USAGE), "did you mean SplitFed?");
}
END_TEST

START_TEST(a_cut_is_shown_where_it_is)
{
	said("dataset blobs; model mlp hidden=4; scheme split parallel=v2", FED_EXIT_OK);
	const char *status = said("status", FED_EXIT_OK);
	assert_shows(status, "  scheme      split  parallel=v2\n"
	                     "  cut         after layer 1 of 3, by default\n");
	assert_shows(said("model", FED_EXIT_OK), "cross entropy\n"
	                                         "cut: after layer 1 of 3, by default\n");
	assert_shows(said("scheme split labels=client cut=1,2", FED_EXIT_OK),
	             "\n"
	             "cut: after layers 1 and 2 of 3\n");
	said("scheme split; model softmax", FED_EXIT_OK);
	assert_shows(said("status", FED_EXIT_OK),
	             "cut         a model of 1 layer cannot be cut at all; take one with at least 2\n");
	said("scheme sync deadline=2", FED_EXIT_OK);
	status = said("status", FED_EXIT_OK);
	assert_shows(status, "  scheme      sync  deadline=2\n");
	assert_lacks(status, "  cut ");
}
END_TEST

START_TEST(exactly_is_said_of_what_is)
{
	said("dataset blobs; model mlp hidden=4; add-client 2 samples=20", FED_EXIT_OK);
	assert_shows(said("peek 1", FED_EXIT_OK), "exactly: the first layer is dense; noise 0\n");
	said("set noise 0.05", FED_EXIT_OK);
	assert_lacks(said("peek 1", FED_EXIT_OK), "exactly");
	said("set noise 0 codec=int8", FED_EXIT_OK);
	assert_shows(said("peek 1", FED_EXIT_OK),
	             "by one division: the first layer is dense; noise 0, codec int8\n");
}
END_TEST

START_TEST(a_plugin_that_tells_badly)
{
	said(COMPOSED "load " FED_BUILD_DIR "/fixtures/telling.so; aggregator telling how=fails; round",
	     FED_EXIT_OK);
	const char *text = said("explain telling", FED_EXIT_USAGE);
	assert_shows(text, "in version 1:\nfirst\n");
	assert_shows(text, "error: explain: aggregator telling: has lost its notes\n");
	assert_lacks(text, "truth");
	said("set how controls; round", FED_EXIT_OK);
	assert_shows(said("explain telling", FED_EXIT_OK), "in version 2:\na?[31mb?c???\ntruth: ");
	said("set how nothing; round", FED_EXIT_OK);
	assert_shows(said("explain telling", FED_EXIT_OK),
	             "n = 20 updates, their weights sum to N = 800");
}
END_TEST

/* The last line names the command that takes the word. */
START_TEST(points_to_the_command)
{
	static const char *const cases[][2] = {
		{"server-link", "set"},  {"device-spread", "set"},    {"lr", "set"},
		{"phone", "add-client"}, {"4g", "add-client"},        {"krum", "aggregator"},
		{"alie", "inject"},      {"dirichlet", "add-client"}, {"accuracy", "plot"},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fed_text line = {0};

		fed_text_add(&line, "explain %s", cases[i][0]);
		const char *text = said(fed_text_str(&line), FED_EXIT_OK);
		fed_text_clear(&line);
		fed_text_add(&line, "\n`help %s` shows the command\n", cases[i][1]);
		assert_shows(text, fed_text_str(&line));
		fed_text_release(&line);
	}
}
END_TEST

FED_SUITE(explain)
{
	Suite *suite = suite_create("explain");
	TCase *tests = tcase_create("explain");

	tcase_add_checked_fixture(tests, open_lab, close_lab);
	tcase_add_test(tests, the_formula_with_its_numbers);
	tcase_add_test(tests, rule_and_pre_aggregation);
	tcase_add_test(tests, other_words);
	tcase_add_test(tests, a_cut_is_shown_where_it_is);
	tcase_add_test(tests, exactly_is_said_of_what_is);
	tcase_add_test(tests, a_plugin_that_tells_badly);
	tcase_add_test(tests, points_to_the_command);
	suite_add_tcase(suite, tests);
	return suite;
}
