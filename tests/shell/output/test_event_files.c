/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Event files that are written while rounds are made, and exported rounds. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "shell/lab.h"
#include "support/suite.h"

#define MOONS "dataset moons train=200 test=40; add-client 4 samples=20; "

static struct shell_lab lab;
static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void tear_down(void)
{
	char command[200];

	shell_lab_close(&lab);
	snprintf(command, sizeof command, "rm -rf %s/tb", temp.dir); /* with its folders */
	ck_assert_int_eq(system(command), 0);
	fed_temp_remove(&temp);
}

/* Read the one file of a run's folder; false: there is no such folder. */
static bool read_events(const char *run, struct fed_text *file)
{
	char path[700];
	struct fed_error err;
	struct dirent *e;

	snprintf(path, sizeof path, "%s/tb/%s", temp.dir, run);
	DIR *folder = opendir(path);
	if (!folder)
		return false;
	while ((e = readdir(folder)))
		if (strstr(e->d_name, "tfevents"))
			snprintf(path + strlen(path), sizeof path - strlen(path), "/%s", e->d_name);
	closedir(folder);
	fed_assert_ok(fed_file_read(path, 1 << 24, file, &err), &err);
	return true;
}

/* Number of records in it; -1: there is no such folder. */
static int records(const char *run)
{
	struct fed_text file = {0};
	int n = 0;

	if (!read_events(run, &file))
		return -1;
	for (size_t at = 0; at < file.len; n++) {
		uint64_t length;

		memcpy(&length, file.s + at, sizeof length);
		at += 16 + length;
		ck_assert_uint_le(at, file.len);
	}
	fed_text_release(&file);
	return n;
}

static void start(void)
{
	char line[200];

	snprintf(line, sizeof line, "tensorboard %s/tb", temp.dir);
	assert_shows(shell_lab_reply(&lab, line, FED_EXIT_OK), "writing event files to ");
}

/* Each file has its version and the composition, then a record a round. */
START_TEST(each_round_is_written_when_it_is_made)
{
	shell_lab_reply(&lab, MOONS "round 2; keep first", FED_EXIT_OK);
	start();
	ck_assert_int_eq(records("first"), 1 + 2);
	ck_assert_int_eq(records("run-1"), 2 + 2);
	shell_lab_reply(&lab, "round 1", FED_EXIT_OK);
	ck_assert_int_eq(records("run-1"), 2 + 3);
	shell_lab_reply(&lab, "restart", FED_EXIT_OK);
	ck_assert_int_eq(records("run-2"), -1);
	shell_lab_reply(&lab, "round 2", FED_EXIT_OK);
	ck_assert_int_eq(records("run-1"), 2 + 3);
	ck_assert_int_eq(records("run-2"), 2 + 2);
	shell_lab_reply(&lab, "undo 2; round 1", FED_EXIT_OK); /* back to the first run */
	ck_assert_int_eq(records("run-3"), 2 + 4);
	shell_lab_reply(&lab, "tensorboard stop; round 1", FED_EXIT_OK);
	ck_assert_int_eq(records("run-3"), 2 + 4);
	assert_shows(shell_lab_reply(&lab, "tensorboard", FED_EXIT_OK), "no event files are written");
	assert_shows(shell_lab_reply(&lab, "tensorboard stop", FED_EXIT_IO), "no event files");
	assert_shows(shell_lab_reply(&lab, "tensorboard /no/such/folder", FED_EXIT_IO),
	             "/no/such/folder");
}
END_TEST

/* The composition is a table of Markdown, also with a name that has its bar. */
START_TEST(a_bar_does_not_break_the_table)
{
	struct fed_text file = {0};
	char line[400];

	fed_temp_write(&temp, "a|b.csv", "1,2,0\n2,1,1\n3,3,0\n4,1,1\n5,2,0\n6,1,1\n", 36);
	snprintf(line, sizeof line,
	         "dataset \"%s\"; model softmax; add-client 2 iid samples=2; round 1", temp.file);
	shell_lab_reply(&lab, line, FED_EXIT_OK);
	start();
	ck_assert(read_events("run-1", &file));
	ck_assert_ptr_nonnull(memmem(file.s, file.len, "a\\|b.csv", 8));
	ck_assert_ptr_null(memmem(file.s, file.len, "a|b.csv", 7));
	ck_assert_ptr_nonnull(memmem(file.s, file.len, "\n| seed | 1 |\n", 14));
	fed_text_release(&file);
}
END_TEST

static void exported(const char *name, struct fed_text *out)
{
	struct fed_error err;
	char line[400];

	snprintf(line, sizeof line, "export %s", fed_temp_file(&temp, name));
	shell_lab_reply(&lab, line, FED_EXIT_OK);
	fed_text_clear(out);
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, name), 1 << 24, out, &err), &err);
	fed_text_put(out, "", 1);
}

/* The composition in the rows is that of their rounds, though it has changed since. */
START_TEST(rows_have_what_made_them)
{
	struct fed_text json = {0};
	char line[400];

	shell_lab_reply(&lab,
	                MOONS "round 2; aggregator median; set lr 0.3; round 1; aggregator fedavg",
	                FED_EXIT_OK);
	exported("r.jsonl", &json);
	const char *second = strchr(json.s, '\n') + 1, *third = strchr(second, '\n') + 1;
	assert_shows(third, "\"composition_since\":3,");
	assert_shows(third, "\"aggregator\":\"median\"");
	assert_shows(third, "\"setting.lr\":0.3,");
	assert_shows(third, "\"program\":\"fedsh ");
	assert_lacks(third, "fedavg");
	ck_assert_ptr_nonnull(strstr(second, "\"aggregator\":\"fedavg\""));
	ck_assert(strstr(second, "\"aggregator\":\"fedavg\"") < third);
	/* A restored session knows its composition as it was saved. */
	snprintf(line, sizeof line, "save %s/s.fed; restore %s/s.fed", temp.dir, temp.dir);
	shell_lab_reply(&lab, line, FED_EXIT_OK);
	exported("r.csv", &json);
	assert_shows(json.s, ",composition_since,program,dataset,");
	fed_text_release(&json);
}
END_TEST

FED_SUITE(event_files)
{
	Suite *suite = suite_create("event_files");
	TCase *tests = tcase_create("event_files");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, each_round_is_written_when_it_is_made);
	tcase_add_test(tests, a_bar_does_not_break_the_table);
	tcase_add_test(tests, rows_have_what_made_them);
	suite_add_tcase(suite, tests);
	return suite;
}
