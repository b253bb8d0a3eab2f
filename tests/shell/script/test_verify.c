/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Recordings with digests of their versions, and their verification.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "shell/lab.h"
#include "support/suite.h"

#define BLOBS "dataset blobs train=300 test=20; model softmax; add-client 4 samples=20; "

static struct shell_lab lab;
static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void tear_down(void)
{
	shell_lab_close(&lab);
	fed_temp_remove(&temp);
}

/* A line with the file's path in the place of FILE. */
static const char *reply(const char *line, enum fed_exit wanted)
{
	char text[2000];
	const char *at = strstr(line, "FILE");

	ck_assert_ptr_nonnull(at);
	snprintf(text, sizeof text, "%.*s%s/made.fedsh%s", (int)(at - line), line, temp.dir, at + 4);
	return shell_lab_reply(&lab, text, wanted);
}

/* Replace a word of the recording; the new one is as long. */
static void edit(const char *from, const char *to)
{
	char path[500], text[8192];

	snprintf(path, sizeof path, "%s/made.fedsh", temp.dir);
	FILE *f = fopen(path, "r+");
	ck_assert_ptr_nonnull(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	char *at = strstr(text, from);
	ck_assert_ptr_nonnull(at);
	memcpy(at, to, strlen(to));
	rewind(f);
	fputs(text, f);
	fclose(f);
}

/* Restarts, changes, undo and an aborted round are in the journal like all else. */
START_TEST(a_recording_is_the_same_again)
{
	shell_lab_reply(&lab, BLOBS "round 2; set lr 0.3", FED_EXIT_OK);
	reply("record FILE", FED_EXIT_OK);
	shell_lab_reply(&lab,
	                "round 2; restart; round 1; step 3; abort; round 1; undo 4; round 2; scheme "
	                "async; aggregator fedasync; round 5; record stop",
	                FED_EXIT_OK);
	assert_shows(reply("replay FILE verify", FED_EXIT_OK), "the same bits as recorded");
	assert_shows(reply("replay FILE verify", FED_EXIT_OK), "all 1");
	reply("source FILE", FED_EXIT_OK);
	ck_assert(!lab.shell.verifying.on);
}
END_TEST

START_TEST(the_first_difference_stops_it)
{
	reply("record FILE", FED_EXIT_OK);
	shell_lab_reply(&lab, BLOBS "round 2; set lr 0.3; round 20; record stop", FED_EXIT_OK);
	edit("lr 0.3", "lr 0.4");
	assert_shows(reply("replay FILE verify", FED_EXIT_FAILED),
	             "version 3 differs from the recording's");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 3);
	edit("lr 0.4", "lr 0.3");
	edit("\n#= 22 ", "\n#= 21 ");
	assert_shows(reply("replay FILE verify", FED_EXIT_FAILED), "made version 21");
	shell_lab_reply(&lab, "round 1", FED_EXIT_OK);
}
END_TEST

START_TEST(missing_versions_are_told)
{
	reply("record FILE", FED_EXIT_OK);
	shell_lab_reply(&lab, BLOBS "round 3; record stop", FED_EXIT_OK);
	edit("round 3", "round 2");
	assert_shows(reply("replay FILE verify", FED_EXIT_FAILED), "2 of 3 versions were made");
	edit("round 2", "round 5");
	assert_shows(reply("replay FILE verify", FED_EXIT_FAILED),
	             "version 4 was made, of which the recording has no digest");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 4);
	shell_lab_reply(&lab, "reset", FED_EXIT_OK);
	reply("record FILE", FED_EXIT_OK);
	shell_lab_reply(&lab, BLOBS "record stop", FED_EXIT_OK);
	assert_shows(reply("replay FILE verify", FED_EXIT_FAILED), "no versions to compare with");
}
END_TEST

/* Program, seed, data and plugins are in the recording, once each; where a version differs those
 * that do are told. */
START_TEST(what_it_was_made_with_is_told)
{
	reply("record FILE", FED_EXIT_OK);
	shell_lab_reply(&lab, BLOBS "round 2; set lr 0.3; round; aggregator median; round",
	                FED_EXIT_OK);
	const char *journal = lab.shell.journal.s;
	assert_shows(journal, "\n#: fedsh ");
	assert_shows(journal, "\n#: seed 1\n#: data blobs ");
	assert_shows(journal, "\n#: aggregator median ");
	ck_assert_ptr_null(strstr(strstr(journal, "#: data") + 1, "#: data"));
	shell_lab_reply(&lab, "record stop", FED_EXIT_OK);
	edit("#: data blobs ", "#: data clubs ");
	reply("replay FILE verify", FED_EXIT_OK); /* the same bits, whatever they were called */
	edit("round 2\n", "round 3\n"); /* more versions under fedavg, which is used here, too */
	const char *said = reply("replay FILE verify", FED_EXIT_FAILED);
	assert_shows(said, "version 3 was made");
	ck_assert_ptr_null(strstr(said, "recorded with aggregator fedavg"));
	edit("round 3\n", "round 2\n");
	edit("samples=20", "samples=21");
	assert_shows(reply("replay FILE verify", FED_EXIT_FAILED), "; recorded with data clubs ");
}
END_TEST

/* Each in a program of its own, which does no harm. */
START_TEST(many_are_verified)
{
	static struct program_run r;
	char line[1000];

	/* The program may have chosen other kernels than this one. */
	program_run(&r, FED_BUILD_DIR "/fedsh", temp.dir,
	            (const char *const[]){"-c", "record made.fedsh; " BLOBS "round 2", NULL}, "", 0);
	ck_assert_int_eq(r.code, FED_EXIT_OK);
	snprintf(line, sizeof line, "%s/other.fedsh", temp.dir);
	FILE *f = fopen(line, "w");
	fprintf(f, BLOBS "\nround 1 > %s/written\n", temp.dir);
	fclose(f);
	fed_temp_write(&temp, "words.fedsh", "junk\n", 5);
	program_run(&r, FED_BUILD_DIR "/fedsh", temp.dir,
	            (const char *const[]){"-c", "verify *.fedsh --csv", NULL}, "", 0);
	ck_assert_int_eq(r.code, FED_EXIT_IO);
	assert_shows(r.out, "made.fedsh,same bits,");
	assert_shows(r.out, "other.fedsh,differs or fails,");
	assert_shows(r.out, "words.fedsh,differs or fails,error: words.fedsh:1: no command junk");
	assert_shows(r.err, "2 files are not what was recorded");
	snprintf(line, sizeof line, "%s/written", temp.dir);
	ck_assert_ptr_null(fopen(line, "r"));
}
END_TEST

FED_SUITE(verify)
{
	Suite *suite = suite_create("verify");
	TCase *tests = tcase_create("verify");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_recording_is_the_same_again);
	tcase_add_test(tests, the_first_difference_stops_it);
	tcase_add_test(tests, missing_versions_are_told);
	tcase_add_test(tests, what_it_was_made_with_is_told);
	tcase_add_test(tests, many_are_verified);
	suite_add_tcase(suite, tests);
	return suite;
}
