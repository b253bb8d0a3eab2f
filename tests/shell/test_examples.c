/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_examples.c - every example of every command runs, in a fresh session and folder, and
 * every command is in the man page. */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "lab.h"
#include "shell/language/reference.h"
#include "support/suite.h"

START_TEST(examples_run)
{
	const struct fed_command *command = fed__command_at(&shell_lab_table, (size_t)_i, NULL);

	for (const char *const *example = command->examples; *example; example++) {
		struct fed_temp temp;
		struct shell_lab lab;

		fed_temp_make(&temp);
		ck_assert_int_eq(chdir(temp.dir), 0);
		shell_lab_open(&lab, FED_PLUGIN_DIR);
		lab.shell.include = fed_strdup(FED_BUILD_DIR "/include");
		if (strcmp(command->name, "verify") == 0) { /* it runs the program, with its kernels */
			static struct program_run run;

			program_run(&run, FED_BUILD_DIR "/fedsh", temp.dir,
			            (const char *const[]){"-c", *example, NULL}, NULL, 0);
			ck_assert_msg(run.code == FED_EXIT_OK, "%s\n%s%s", *example, run.out, run.err);
		} else {
			const enum fed_exit result = shell_lab_run(&lab, *example);
			ck_assert_msg(result == FED_EXIT_OK, "%s\n%s", *example, shell_lab_said(&lab));
		}
		shell_lab_close(&lab);
		ck_assert_int_eq(chdir("/"), 0);
		fed_temp_remove(&temp);
	}
}
END_TEST

/* Whether the part of the text from `head` to the next `end` has the name as a word of its own. */
static bool lists(const char *text, const char *head, const char *end, const char *name)
{
	const char *at = strstr(text, head), *stop = at ? strstr(at + strlen(head), end) : NULL;
	const size_t n = strlen(name);

	if (!stop)
		return false;
	for (at = strstr(at + strlen(head) - 1, name); at && at < stop; at = strstr(at + n, name))
		if (strchr("`\n ", at[-1]) && strchr("`,\n ", at[n]))
			return true;
	return false;
}

static void read_page(const char *path, struct fed_text *out)
{
	struct fed_text page = {0};
	struct fed_error err;

	fed_assert_ok(fed_file_read(path, 1 << 20, &page, &err), &err);
	for (size_t i = 0; i < page.len; i++) /* "new\-plugin" */
		if (page.s[i] != '\\')
			fed_text_put(out, &page.s[i], 1);
	fed_text_release(&page);
}

START_TEST(the_man_page_lists_all_commands)
{
	struct fed_text manual = {0};
	const struct fed_command *command;
	enum fed_group group;

	read_page(FED_SOURCE_DIR "/shell/fedsh.1", &manual);
	for (size_t i = 0; (command = fed__command_at(&shell_lab_table, i, &group)); i++) {
		char head[64];

		snprintf(head, sizeof head, "\n.B %s\n", fed__group_names[group]);
		ck_assert_msg(lists(fed_text_str(&manual), head, "\n.", command->name), "fedsh.1 has no %s",
		              command->name);
	}
	fed_text_release(&manual);
}
END_TEST

/* `fedsh --language >shell/language.md` makes it anew. */
START_TEST(the_language_reference_is_that_of_the_table)
{
	struct fed_text made = {0}, kept = {0};
	struct fed_error err;

	fed__reference_put(&shell_lab_table, &made);
	fed_assert_ok(fed_file_read(FED_SOURCE_DIR "/shell/language.md", 1 << 20, &kept, &err), &err);
	ck_assert_msg(made.len == kept.len && memcmp(made.s, kept.s, made.len) == 0,
	              "shell/language.md is old: `fedsh --language >shell/language.md` makes it anew");
	fed_text_release(&made);
	fed_text_release(&kept);
}
END_TEST

FED_SUITE(examples)
{
	Suite *suite = suite_create("examples");
	TCase *tests = tcase_create("examples");
	int n = 0;

	while (fed__command_at(&shell_lab_table, (size_t)n, NULL))
		n++;
	tcase_add_loop_test(tests, examples_run, 0, n);
	tcase_add_test(tests, the_man_page_lists_all_commands);
	tcase_add_test(tests, the_language_reference_is_that_of_the_table);
	suite_add_tcase(suite, tests);
	return suite;
}
