/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/output/test_plane.c - what `plane` draws, and what it refuses. */
#include <string.h>

#include "base/file.h"
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

static const char *said(const char *line, enum fed_exit wanted)
{
	return shell_lab_reply(&lab, line, wanted);
}

/* Circles without noise and without a model: two rings of letters at 80 x 24. */
START_TEST(examples_before_there_is_a_model)
{
	static const char picture[] = "version 0, no model yet\n"
								  "the two features of circles\n"
								  "\n"
								  "            B    BBBBBBBB\n"
								  "                        B  B\n"
								  "                            BB\n"
								  "\n"
								  "    BB        A  AAAAAA         B\n"
								  "   B        AA                   B\n"
								  "  BB       A             A       BB\n"
								  "  B       AA              A       B\n"
								  "  B       A               A\n"
								  "  B       AA              A\n"
								  "   B       A             A       B\n"
								  "            A          AA        B\n"
								  "    B            AAAAAA        B\n"
								  "     BB                        B\n"
								  "                             B\n"
								  "         B                 B\n"
								  "               B BB  B  B\n"
								  "\n";

	said("dataset circles noise=0", FED_EXIT_OK);
	const char *drawn = said("plane", FED_EXIT_OK);
	ck_assert_msg(strncmp(drawn, picture, strlen(picture)) == 0, "%s", drawn);
	assert_shows(drawn, "\nA 0  B 1  (a: answer, .: unsure)\n");
}
END_TEST

START_TEST(a_client_before_and_after_its_training)
{
	said("dataset moons train=400 test=100; set lr 0.1; set momentum 0.9; set batch 10; "
	     "set epochs 3; add-client 6 noniid samples=30; inject byzantine 2 attack=sign-flip",
	     FED_EXIT_OK);
	assert_shows(said("plane 2", FED_EXIT_OK), "version 0, no model yet, client 2, Byzantine; ");
	said("round 2", FED_EXIT_OK);
	assert_shows(said("plane 2", FED_EXIT_OK), "version 2, client 2, Byzantine; the two features");
	assert_shows(said("plane 2", FED_EXIT_OK), "before local training");
	assert_shows(said("plane 2", FED_EXIT_OK), "after local training");
	assert_shows(said("plane", FED_EXIT_OK), "6 clients after local training");
	assert_shows(said("plane", FED_EXIT_OK), "client 2 Byzantine ");
	said("set participants 1; round 1", FED_EXIT_OK);
	assert_shows(said("plane", FED_EXIT_OK), "1 client after local training");
	assert_shows(said("plane through=classes", FED_EXIT_OK),
	             "the plane through test examples 0, 1 and 2");
}
END_TEST

/* As large as the screen, up to 120 columns: all ten clients, and nothing beyond its edge. */
START_TEST(it_takes_the_screen)
{
	static const int sizes[][2] = {{60, 24}, {80, 24}, {120, 40}, {200, 60}};

	said("dataset moons train=400 test=100; add-client 10 samples=30; round 1", FED_EXIT_OK);
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		int rows = 0, widest = 0;

		lab.shell.screen.columns = sizes[i][0];
		lab.shell.screen.rows = sizes[i][1];
		const char *drawn = said("plane", FED_EXIT_OK);
		for (const char *line = drawn; *line; line = strchr(line, '\n') + 1, rows++) {
			const int width = (int)strcspn(line, "\n");
			widest = width > widest ? width : widest;
		}
		ck_assert_int_lt(rows, sizes[i][1]);
		ck_assert_int_le(widest, sizes[i][0]);
		ck_assert_int_gt(widest, (sizes[i][0] < 120 ? sizes[i][0] : 120) * 3 / 4);
		if (sizes[i][0] >= 80)
			assert_shows(drawn, "  10 clients after local training");
	}
}
END_TEST

/* What it draws changes nothing: the next round is that of a session that never looked. */
START_TEST(looking_changes_nothing)
{
	static const char lines[] = "dataset xor train=200 test=50; add-client 4 samples=30; round 2";
	char first[512];

	said(lines, FED_EXIT_OK);
	snprintf(first, sizeof first, "%s", strrchr(said("round 1", FED_EXIT_OK), 'l'));
	said("reset", FED_EXIT_OK);
	said(lines, FED_EXIT_OK);
	said("plane; plane 1; plane through=0,1,5; step 3; plane", FED_EXIT_OK);
	ck_assert_str_eq(strrchr(said("continue", FED_EXIT_OK), 'l'), first);
}
END_TEST

static const struct {
	const char *line, *says;
} refused[] = {
	{"plane 77", "77"},
	{"plane 1-3", "1-3 are 3 clients; choose one"},
	{"plane through=1,2", "through=1,2 is not three test examples; say through=3,8,17"},
	{"plane through=1,1,2", "on one line"},
	{"plane through=1,2,50", "no test example 50; the last is 49"},
	{"plane to=/no/such/folder/x.svg", "/no/such/folder/x.svg"},
};

START_TEST(refusals_have_words)
{
	assert_shows(said("plane", FED_EXIT_USAGE), "no dataset yet; `dataset moons` chooses one");
	said("dataset moons train=200 test=50; add-client 5 samples=20; round 1; set participants 1",
	     FED_EXIT_OK);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_shows(
			said(refused[i].line, strstr(refused[i].line, "to=") ? FED_EXIT_IO : FED_EXIT_USAGE),
			refused[i].says);
	said("round 1", FED_EXIT_OK);
	int without = 0;
	for (int c = 0; c < 5; c++) {
		char line[16];

		snprintf(line, sizeof line, "plane %d", c);
		if (shell_lab_run(&lab, line) == FED_EXIT_OK)
			continue;
		without++;
		assert_shows(said(line, FED_EXIT_USAGE), "has sent no update in the last round");
	}
	ck_assert_int_eq(without, 4);
	said("reset; dataset markov users=3", FED_EXIT_OK);
	assert_shows(said("plane", FED_EXIT_USAGE), "tokens, which are on no plane");
}
END_TEST

START_TEST(a_picture_is_saved)
{
	struct fed_temp temp;
	struct fed_text svg = {0};
	struct fed_error err;
	char line[300];

	fed_temp_make(&temp);
	snprintf(line, sizeof line, "plane to=%s", fed_temp_file(&temp, "p.svg"));
	said("dataset moons train=200 test=50; add-client 3 samples=20; round 1", FED_EXIT_OK);
	assert_shows(said(line, FED_EXIT_OK), "wrote ");
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "p.svg"), 1 << 20, &svg, &err), &err);
	fed_text_put(&svg, "", 1);
	assert_shows(svg.s, "<svg ");
	assert_shows(svg.s, "crispEdges");
	assert_shows(svg.s, "wrong</text>"); /* the legend of colours */
	fed_text_release(&svg);
	fed_temp_remove(&temp);
}
END_TEST

FED_SUITE(plane)
{
	Suite *suite = suite_create("plane");
	TCase *tests = tcase_create("plane");

	tcase_add_checked_fixture(tests, open_world, close_world);
	tcase_add_test(tests, examples_before_there_is_a_model);
	tcase_add_test(tests, a_client_before_and_after_its_training);
	tcase_add_test(tests, it_takes_the_screen);
	tcase_add_test(tests, looking_changes_nothing);
	tcase_add_test(tests, refusals_have_words);
	tcase_add_test(tests, a_picture_is_saved);
	suite_add_tcase(suite, tests);
	return suite;
}
