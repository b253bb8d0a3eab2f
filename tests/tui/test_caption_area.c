/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/test_caption_area.c - replies and commands below a caption: wrapped into rows that it leaves
 * free, else cut at a blank. */
#include <string.h>

#include "support/suite.h"
#include "tui/caption_area.h"

static void paint(const struct fed_caption_area *a, int columns, const char *wanted)
{
	struct fed_canvas canvas;
	struct fed_text out = {0};
	struct fed_error err;

	fed_assert_ok(fed__canvas_init(&canvas, columns, fed__caption_area_rows(a, 24), &err), &err);
	fed__caption_area_paint(a, &canvas, 0, 24);
	fed__canvas_text(&canvas, &out, false, false);
	const char *below = strchr(fed_text_str(&out), '\n') + 1; /* the rule */
	ck_assert_msg(strcmp(below, wanted) == 0, "%s\nis not\n%s", below, wanted);
	fed_text_release(&out);
	fed__canvas_release(&canvas);
}

START_TEST(long_replies)
{
	struct fed_caption_area a = {0};

	fed__caption_area_begin(&a, "Lesson");
	fed__caption_area_add(&a, "A caption.");
	fed__caption_area_command(&a, "restart");
	fed__caption_area_reply(&a, "restarted at version 0; the run of 20 versions is kept");
	paint(&a, 60,
	      " A caption.\n\n\n\n > restart\n"
	      "   restarted at version 0; the run of 20 versions is kept\n");
	paint(&a, 40,
	      " A caption.\n\n\n > restart\n"
	      "   restarted at version 0; the run\n     of 20 versions is kept\n");
	/* Two pages; no row is free but the blank one: at least the words that fit. */
	fed__caption_area_command(&a, "round 5");
	fed__caption_area_add(&a, "one\ntwo\nthree\nfour");
	paint(&a, 40,
	      " A caption.\n one\n two\n\n   restarted at version 0; the run ...\n"
	      " > round 5\n");
	fed__caption_area_release(&a);
}
END_TEST

FED_SUITE(caption_area)
{
	Suite *suite = suite_create("caption_area");
	TCase *tests = tcase_create("caption_area");

	tcase_add_test(tests, long_replies);
	suite_add_tcase(suite, tests);
	return suite;
}
