/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/script/test_lessons.c - what the lessons of this tree show on a screen of 80 x 24. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "shell/lab.h"
#include "shell/language/line.h"
#include "shell/script/caption.h"
#include "shell/script/lessons.h"
#include "support/suite.h"
#include "tui/caption_area.h"

#define GOLDEN FED_SOURCE_DIR "/tests/shell/golden/captions.txt"

enum { COLUMNS = 80, ROWS = 24, SCREENS = 2 };

/* A lesson in the caption area of the watch. */
struct playing {
	struct fed_caption caption;
	struct fed_caption_area area;
	struct fed_canvas canvas;
	struct fed_text out; /* the first screens */
	int screens;
};

static void paint(struct playing *p, struct fed_text *out)
{
	fed__canvas_clear(&p->canvas);
	fed__caption_area_paint(&p->area, &p->canvas, 0, ROWS);
	fed__canvas_text(&p->canvas, out, false, false);
}

/* The words of the caption are on its pages, whole and in their order. */
static void check_pages(struct playing *p)
{
	struct fed_text shown = {0}, wanted = {0}, page = {0};
	char *line, *rest, *word;

	for (bool more = true; more;) {
		fed_text_clear(&page);
		paint(p, &page);
		rest = page.s;
		strsep(&rest, "\n"); /* the rule */
		for (int i = 0; i < p->canvas.rows - 3 && (line = strsep(&rest, "\n")); i++)
			while ((word = strsep(&line, " ")))
				fed_text_add(&shown, *word ? "%s " : "", word);
		more = fed__caption_area_has_more(&p->area, COLUMNS, ROWS);
		p->area.page += more;
	}
	p->area.page = 0;
	fed_text_clear(&page);
	fed_text_add(&page, "%s", fed_text_str(&p->area.text));
	rest = page.s;
	while ((word = strsep(&rest, " \n")))
		fed_text_add(&wanted, *word ? "%s " : "", word);
	/* A long command takes free rows behind it. */
	ck_assert_msg(strncmp(fed_text_str(&shown), fed_text_str(&wanted), wanted.len) == 0,
	              "%s\nis not\n%s", fed_text_str(&shown), fed_text_str(&wanted));
	ck_assert(shown.len == wanted.len || shown.s[wanted.len] == '>');
	fed_text_release(&shown);
	fed_text_release(&wanted);
	fed_text_release(&page);
}

static void show(struct playing *p, const char *command)
{
	struct fed_text line = {0};

	fed__caption_area_begin(&p->area, fed_text_str(&p->caption.title));
	fed__caption_area_heading(&p->area, fed_text_str(&p->caption.heading));
	if (p->caption.text.len)
		fed__caption_area_add(&p->area, fed_text_str(&p->caption.text));
	if (command)
		fed__caption_command(&line, command);
	if (line.len)
		fed__caption_area_command(&p->area, fed_text_str(&line));
	if (p->caption.text.len)
		check_pages(p);
	for (bool more = p->caption.text.len > 0; more && p->screens < SCREENS; p->screens++) {
		paint(p, &p->out);
		more = fed__caption_area_has_more(&p->area, COLUMNS, ROWS);
		p->area.page += more;
	}
	fed__caption_clear(&p->caption);
	fed_text_release(&line);
}

static void play(const struct fed_lesson *lesson, struct fed_text *out)
{
	struct fed_text line = {0};
	struct fed_error err;
	struct playing p = {.area.shown = true};
	FILE *f = fopen(lesson->path, "r");

	ck_assert_ptr_nonnull(f);
	fed_assert_ok(fed__canvas_init(&p.canvas, COLUMNS, fed__caption_area_rows(&p.area, ROWS), &err),
	              &err);
	while (fed__line_read(f, &line)) {
		enum fed_caption_line kind;

		while ((kind = fed__caption_take(&p.caption, fed_text_str(&line))) == FED_CAPTION_FULL)
			show(&p, NULL);
		if (kind == FED_CAPTION_COMMAND)
			show(&p, fed_text_str(&line));
	}
	ck_assert_msg(p.area.title.len, "%s has no title", lesson->path);
	fed_text_put(out, p.out.s, p.out.len);
	fclose(f);
	fed_text_release(&line);
	fed_text_release(&p.out);
	fed__caption_release(&p.caption);
	fed__caption_area_release(&p.area);
	fed__canvas_release(&p.canvas);
}

START_TEST(captions_on_a_screen)
{
	struct fed_lessons lessons = {0};
	struct fed_text seen = {0}, golden = {0};
	struct fed_error err;

	fed__lessons_read(&lessons, FED_SOURCE_DIR "/sessions");
	ck_assert_uint_ge(lessons.n, 14);
	for (size_t i = 0; i < lessons.n; i++)
		play(&lessons.lesson[i], &seen);
	if (getenv("FEDSH_GOLDEN")) {
		FILE *f = fopen(GOLDEN, "w");
		ck_assert_ptr_nonnull(f);
		fputs(fed_text_str(&seen), f);
		ck_assert_int_eq(fclose(f), 0);
	}
	fed_assert_ok(fed_file_read(GOLDEN, 1 << 20, &golden, &err), &err);
	size_t same = 0; /* up to the first line that differs */
	for (size_t at = 0; at < seen.len && seen.s[at] == fed_text_str(&golden)[at]; at++)
		same = seen.s[at] == '\n' ? at + 1 : same;
	ck_assert_msg(strcmp(fed_text_str(&seen), fed_text_str(&golden)) == 0,
	              "%.400s\nis not (FEDSH_GOLDEN=1 writes it anew)\n%.400s", seen.s + same,
	              fed_text_str(&golden) + same);
	for (const char *at = fed_text_str(&seen); *at; at += strcspn(at, "\n") + 1)
		ck_assert_uint_le(strcspn(at, "\n"), COLUMNS);
	fed_text_release(&seen);
	fed_text_release(&golden);
	fed__lessons_release(&lessons);
}
END_TEST

/* The height is that of the screen, whatever is said. */
START_TEST(the_height_is_constant)
{
	struct fed_caption_area area = {0};

	ck_assert_int_eq(fed__caption_area_rows(&area, ROWS), 0);
	fed__caption_area_begin(&area, "title");
	const int rows = fed__caption_area_rows(&area, ROWS);
	ck_assert_int_eq(rows, 7);
	fed__caption_area_heading(&area, "heading");
	for (int i = 0; i < 40; i++)
		fed__caption_area_add(&area, "a line of it");
	fed__caption_area_command(&area, "round");
	fed__caption_area_reply(&area, "two");
	ck_assert_int_eq(fed__caption_area_rows(&area, ROWS), rows);
	int pages = 1;
	while (fed__caption_area_has_more(&area, COLUMNS, ROWS))
		area.page++, pages++;
	ck_assert_int_eq(pages, 10);
	/* A page is read for as long as it is long. */
	const double long_page = fed__caption_area_seconds(&area, COLUMNS, ROWS);
	fed__caption_area_begin(&area, "title");
	const double command = fed__caption_area_seconds(&area, COLUMNS, ROWS);
	fed__caption_area_add(&area, "short");
	const double short_page = fed__caption_area_seconds(&area, COLUMNS, ROWS);
	ck_assert(command < short_page && short_page + 2 < long_page);
	fed__caption_area_release(&area);
}
END_TEST

FED_SUITE(lessons)
{
	Suite *suite = suite_create("lessons");
	TCase *tests = tcase_create("lessons");

	tcase_add_test(tests, captions_on_a_screen);
	tcase_add_test(tests, the_height_is_constant);
	suite_add_tcase(suite, tests);
	return suite;
}
