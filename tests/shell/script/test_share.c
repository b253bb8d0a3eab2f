/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session as one line: pasted elsewhere it makes the same versions. */
#include <string.h>

#include "shell/lab.h"
#include "support/suite.h"

static struct shell_lab lab;

static void open_world(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void close_world(void)
{
	shell_lab_close(&lab);
}

static void share(char *line, size_t size)
{
	const char *said = shell_lab_reply(&lab, "share", FED_EXIT_OK);

	ck_assert_uint_lt(strlen(said), size);
	strcpy(line, said);
}

static const char *const sessions[] = {
	"dataset moons train=200 test=40; add-client 4 noniid samples=20; round 3",
	"dataset blobs; set seed 7; model mlp hidden=4; add-client 5 samples=20; set client 0 "
	"name=Ada; "
	"inject byzantine random:2; aggregator median # the robust one\nround 2; keep one; restart; "
	"set "
	"lr 0.05; round 2 # last",
	"dataset xor train=100 test=20; add-client 3 samples=20; scheme "
	"async; "
	"aggregator fedasync; round 4; heal; remove-client 1; round",
	"dataset blobs; add-client 4 samples=30; scheme split; model mlp hidden=6; round 2",
};

START_TEST(a_line_makes_the_same_session)
{
	static char line[20000], again[20000];

	shell_lab_run(&lab, sessions[_i]);
	share(line, sizeof line);
	assert_shows(line, "# fedsh ");
	assert_shows(line, " is ");
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
	shell_lab_close(&lab);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	ck_assert_int_eq(shell_lab_run(&lab, line), FED_EXIT_OK);
	share(again, sizeof again);
	ck_assert_str_eq(line, again);
}
END_TEST

START_TEST(what_it_takes_beside_itself_is_told)
{
	assert_shows(shell_lab_reply(&lab, "share", FED_EXIT_OK), "nothing was composed yet");
	shell_lab_run(&lab, "dataset moons train=100 test=20; add-client 2 samples=10; step");
	assert_shows(shell_lab_reply(&lab, "share", FED_EXIT_FAILED), "a round is open");
	shell_lab_run(&lab, "abort");
	ck_assert_int_eq(shell_lab_run(&lab, "load " FED_BUILD_DIR "/fixtures/mean_columns.so"),
	                 FED_EXIT_OK);
	assert_shows(shell_lab_reply(&lab, "share", FED_EXIT_OK),
	             "another place need not have: `load ");
}
END_TEST

FED_SUITE(share)
{
	Suite *suite = suite_create("share");
	TCase *tests = tcase_create("share");

	tcase_add_checked_fixture(tests, open_world, close_world);
	tcase_add_loop_test(tests, a_line_makes_the_same_session, 0,
	                    sizeof sessions / sizeof *sessions);
	tcase_add_test(tests, what_it_takes_beside_itself_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
