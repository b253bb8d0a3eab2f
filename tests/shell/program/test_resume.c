/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_resume.c - scripts inside scripts that fail, and go on where they were saved.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "shell/lab.h"
#include "shell/program/terminal.h"
#include "support/suite.h"

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct fed_temp temp;
static struct program_run run;

static void put(const char *name, const char *text)
{
	fed_temp_write(&temp, name, text, strlen(text));
}

static void go(const char *const *arguments)
{
	program_run(&run, FED_BUILD_DIR "/fedsh", temp.dir, arguments, NULL, 0);
}

/* late.fedsh is missing until the script has failed for want of it. */
static void set_up(void)
{
	fed_temp_make(&temp);
	setenv("HOME", temp.dir, 1);
	put("main.fedsh", "dataset blobs train=200 test=40\nmodel softmax\nadd-client 4 samples=20\n"
	                  "round 1; source part.fedsh; round 1\nexport model.npz\n");
	put("part.fedsh", "# two\nround 2; round 2\nsource late.fedsh; round 1\n");
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

static void fail_at_late(const char *every)
{
	unlink(fed_temp_file(&temp, "late.fedsh"));
	go(ARGUMENTS("--autosave", every, "main.fedsh"));
	ck_assert_int_ne(run.code, 0);
	put("late.fedsh", "round 2\n");
}

static void read_model(struct fed_text *out)
{
	struct fed_error err;

	fed_text_clear(out);
	ck_assert_msg(fed_file_read(fed_temp_file(&temp, "model.npz"), 1 << 20, out, &err) == FED_OK,
	              "%s", err.text);
}

/* Between two commands of a line and within one, at each depth, the versions are those of one go.
 */
START_TEST(nested_scripts_go_on)
{
	static const struct {
		const char *every, *at;
	} rows[] = {
		{"1", "goes on at line 4, part.fedsh line 2, version 5"},
		{"2", "goes on at line 4, part.fedsh line 2, version 4"},
		{"3", "goes on at line 4, part.fedsh line 2, version 3"},
		{"6", NULL},
	};
	struct fed_text wanted = {0}, got = {0};

	put("late.fedsh", "round 2\n");
	go(ARGUMENTS("main.fedsh"));
	ck_assert_int_eq(run.code, 0);
	read_model(&wanted);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fail_at_late(rows[i].every);
		unlink(fed_temp_file(&temp, "model.npz"));
		go(ARGUMENTS("--autosave", rows[i].every, "--resume", "main.fedsh"));
		ck_assert_msg(run.code == 0, "every %s: %s", rows[i].every, run.err);
		if (rows[i].at)
			ck_assert_msg(strstr(run.out, rows[i].at) != NULL, "every %s: %s", rows[i].every,
			              run.out);
		read_model(&got);
		ck_assert_uint_eq(got.len, wanted.len);
		ck_assert_mem_eq(got.s, wanted.s, wanted.len);
		ck_assert_int_ne(access(fed_temp_file(&temp, "main.fedsh.resume"), F_OK), 0);
	}
	fed_text_release(&wanted);
	fed_text_release(&got);
}
END_TEST

START_TEST(scripts_that_changed_are_refused)
{
	fail_at_late("2");
	put("part.fedsh", "round 2; round 3\nsource late.fedsh\n");
	go(ARGUMENTS("--resume", "main.fedsh"));
	ck_assert_int_ne(run.code, 0);
	ck_assert_ptr_nonnull(strstr(run.err, "part.fedsh has changed since main.fedsh.resume"));
	unlink(fed_temp_file(&temp, "part.fedsh"));
	go(ARGUMENTS("--resume", "main.fedsh"));
	ck_assert_ptr_nonnull(strstr(run.err, "part.fedsh: No such file"));
	put("main.fedsh.resume", "fedsh resume 2\nfile 0\nversion 4\nat zz\n");
	go(ARGUMENTS("--resume", "main.fedsh"));
	ck_assert_ptr_nonnull(strstr(run.err, "main.fedsh.resume is damaged"));
}
END_TEST

/* A version that a group makes is not saved: nothing could go on behind it. */
START_TEST(groups_make_no_save)
{
	put("main.fedsh", "dataset blobs train=200 test=40\nadd-client 4 samples=20\n"
	                  "define two\nsource part.fedsh\nend\ntwo\nxyzzy\n");
	put("part.fedsh", "round 2\n");
	go(ARGUMENTS("--autosave", "1", "main.fedsh"));
	ck_assert_int_ne(run.code, 0);
	ck_assert_int_ne(access(fed_temp_file(&temp, "main.fedsh.resume"), F_OK), 0);
}
END_TEST

FED_SUITE(resume)
{
	Suite *suite = suite_create("resume");
	TCase *tests = tcase_create("resume");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, nested_scripts_go_on);
	tcase_add_test(tests, scripts_that_changed_are_refused);
	tcase_add_test(tests, groups_make_no_save);
	suite_add_tcase(suite, tests);
	return suite;
}
