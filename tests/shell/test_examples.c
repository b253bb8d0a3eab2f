/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_examples.c - every example of every command runs, in a fresh session and folder. */
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "lab.h"
#include "session/insight.h"
#include "support/suite.h"

static int draw_nothing(const struct fed_plot *plot, const struct fed_screen *screen,
                        struct fed_text *out, struct fed_error *err)
{
	(void)screen, (void)err;
	ck_assert_uint_gt(plot->n, 0);
	fed_text_add(out, "a chart\n");
	return FED_OK;
}

static int draw_no_map(const struct fed_insight *in, const char *title,
                       const struct fed_screen *screen, struct fed_text *out, struct fed_error *err)
{
	(void)screen, (void)err, (void)title;
	ck_assert_uint_gt(in->n, 0);
	fed_text_add(out, "a map\n");
	return FED_OK;
}

static int draw_no_heat(const struct fed_grid *grid, const struct fed_screen *screen,
                        struct fed_text *out, struct fed_error *err)
{
	(void)screen, (void)err;
	ck_assert_uint_gt(grid->rows * grid->columns, 0);
	fed_text_add(out, "a heat map\n");
	return FED_OK;
}

static int draw_no_time(const struct fed_schedule *schedule, const struct fed_screen *screen,
                        struct fed_text *out, struct fed_error *err)
{
	(void)screen, (void)err;
	ck_assert_uint_gt(schedule->n, 0);
	fed_text_add(out, "a timeline\n");
	return FED_OK;
}

START_TEST(examples_run)
{
	const struct fed_command *command = fed_command_at((size_t)_i, NULL);

	for (const char *const *example = command->examples; *example; example++) {
		struct fed_temp temp;
		struct shell_lab lab;

		fed_temp_make(&temp);
		ck_assert_int_eq(chdir(temp.dir), 0);
		shell_lab_open(&lab, FED_PLUGIN_DIR);
		lab.shell.plot = draw_nothing;
		lab.shell.timeline = draw_no_time;
		lab.shell.map = draw_no_map;
		lab.shell.heat = draw_no_heat;
		lab.shell.include = fed_strdup(FED_BUILD_DIR "/include");
		const enum fed_exit result = shell_lab_run(&lab, *example);
		ck_assert_msg(result == FED_EXIT_OK, "%s\n%s", *example, shell_lab_said(&lab));
		shell_lab_close(&lab);
		ck_assert_int_eq(chdir("/"), 0);
		fed_temp_remove(&temp);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("examples");
	TCase *tests = tcase_create("examples");
	int n = 0;

	while (fed_command_at((size_t)n, NULL))
		n++;
	tcase_add_loop_test(tests, examples_run, 0, n);
	suite_add_tcase(suite, tests);
	return fed_run_suite(suite);
}
