/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_plugins.c - plugins from elsewhere: what `info` says of them, and a round with one. */
#include <string.h>

#include "lab.h"
#include "support/suite.h"

#define FIXTURE(name) FED_BUILD_DIR "/fixtures/" name ".so"

static struct shell_lab lab;

static void open_lab(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void close_lab(void)
{
	shell_lab_close(&lab);
}

static void says(const char *line, const char *words)
{
	const size_t before = strlen(shell_lab_said(&lab));

	ck_assert_int_eq(shell_lab_run(&lab, line), FED_EXIT_OK);
	ck_assert_msg(strstr(shell_lab_said(&lab) + before, words), "%s: \"%s\" is not in:\n%s", line,
	              words, shell_lab_said(&lab) + before);
}

START_TEST(info_shows_the_version)
{
	says("load " FIXTURE("rows_long"), "aggregator rows-long: rows of another length");
	says("info rows-long", "/fixtures/rows_long.so (trusted: runs inside)\n  version 1.2-rows\n");
	says("load " FIXTURE("rows_short"), "aggregator rows-short");
	says("info rows-short", "a share");
	ck_assert_ptr_null(strstr(strstr(shell_lab_said(&lab), "rows_short.so"), "version"));
}
END_TEST

START_TEST(clients_see_sizes)
{
	says("dataset blobs; model softmax; add-client 3 samples=20; load " FIXTURE(
			 "local_size") "; aggregator local-size; round",
	     "round 1");
}
END_TEST

START_TEST(a_failed_check_says_what_was_given_and_what_came_back)
{
	says("check-plugin local", "  passed   delivery\n");
	ck_assert_int_eq(shell_lab_run(&lab, "load " FIXTURE("simulated")), FED_EXIT_OK);
	const size_t before = strlen(shell_lab_said(&lab));
	ck_assert_int_eq(shell_lab_run(&lab, "check-plugin simulated how=twice"), FED_EXIT_PLUGIN);
	const char *said = shell_lab_said(&lab) + before;
	ck_assert_ptr_nonnull(strstr(said, "  FAILED   delivery\n           given     60 messages"));
	ck_assert_ptr_nonnull(
		strstr(said, "got       drop() of message 1, which was already delivered"));
	ck_assert_ptr_nonnull(
		strstr(said, "expected  each message is delivered or dropped exactly once"));
	ck_assert_ptr_nonnull(strstr(said, "transport simulated fails"));
}
END_TEST

START_TEST(a_wrong_gradient_is_told_when_the_model_is_chosen)
{
	static const char wrong[] = "backward() of square1 gives";

	says("load " FIXTURE("faulty_model") "; dataset blobs; model faulty-model", "parameters");
	ck_assert_ptr_null(strstr(shell_lab_said(&lab), wrong));
	says("model faulty-model how=sign", wrong);
	says("set units 9", wrong);
	says("status", "faulty-model");
	says("reset; model faulty-model how=no-bias; dataset blobs", wrong);
}
END_TEST

FED_SUITE(plugins)
{
	Suite *suite = suite_create("plugins");
	TCase *tests = tcase_create("plugins");

	tcase_add_checked_fixture(tests, open_lab, close_lab);
	tcase_add_test(tests, info_shows_the_version);
	tcase_add_test(tests, clients_see_sizes);
	tcase_add_test(tests, a_failed_check_says_what_was_given_and_what_came_back);
	tcase_add_test(tests, a_wrong_gradient_is_told_when_the_model_is_chosen);
	suite_add_tcase(suite, tests);
	return suite;
}
