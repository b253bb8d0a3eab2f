/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/language/test_beside.c - & and the commands of jobs where there is no prompt: a script
 * waits. */
#include <stdlib.h>
#include <string.h>

#include "shell/lab.h"
#include "support/suite.h"

static struct shell_lab lab;

static void open_lab(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void close_lab(void)
{
	shell_lab_close(&lab);
}

#define COMPOSE "dataset blobs train=200 test=50; model softmax; add-client 4 samples=50; "

static const char *said(const char *line)
{
	return shell_lab_reply(&lab, line, FED_EXIT_OK);
}

static bool says(const char *line, const char *words)
{
	return strstr(said(line), words) != NULL;
}

START_TEST(a_script_waits)
{
	said(COMPOSE "round 3 &");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 3);
	ck_assert(says("jobs --csv", "1,done,3,,,round 3\n"));
	said("round 2&");
	said("run until round>=7 &; wait; fg; stop");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 7);
	ck_assert(says("jobs --csv", "3,done,7,,,run until round>=7\n"));
	char *journal = without_digests(strdup(fed_text_str(&lab.shell.journal)));
	ck_assert_str_eq(strstr(journal, "round 3\n"), "round 3\nround 2\nrun until round>=7\n");
	free(journal);
	said("pause; round 3 &");
	ck_assert(says("jobs --csv", "4,stopped,8,,,round 3\n"));
	said("bg");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 10);
	ck_assert(says("jobs", "continue"));
}
END_TEST

/* What ends in & but is no command that makes rounds. */
START_TEST(other_commands_do_not_take_it)
{
	ck_assert_ptr_nonnull(strstr(shell_lab_reply(&lab, "status &", FED_EXIT_USAGE),
	                             "does not run behind the prompt"));
	said(COMPOSE);
	ck_assert_ptr_nonnull(
		strstr(shell_lab_reply(&lab, "round 2 & status", FED_EXIT_USAGE), "& ends a command"));
	shell_lab_reply(&lab, "round 2 &&", FED_EXIT_USAGE);
	shell_lab_reply(&lab, "round \"&\"", FED_EXIT_USAGE);
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 0);
	shell_lab_reply(&lab, "bg", FED_EXIT_USAGE);
	said("alias twice round 2 &; twice");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 2);
	said("define thrice; round $1 &; end; thrice 3");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 5);
}
END_TEST

START_TEST(without_a_job_that_is_said)
{
	ck_assert(says("jobs", "nothing runs behind the prompt"));
	ck_assert(says("fg", "nothing runs behind the prompt"));
	ck_assert(says("stop", "nothing runs behind the prompt"));
	ck_assert_str_eq(said("wait"), "");
	ck_assert(says("attach", "fedsh --attach"));
}
END_TEST

FED_SUITE(beside)
{
	Suite *suite = suite_create("beside");
	TCase *tests = tcase_create("beside");

	tcase_add_checked_fixture(tests, open_lab, close_lab);
	tcase_add_test(tests, a_script_waits);
	tcase_add_test(tests, other_commands_do_not_take_it);
	tcase_add_test(tests, without_a_job_that_is_said);
	suite_add_tcase(suite, tests);
	return suite;
}
