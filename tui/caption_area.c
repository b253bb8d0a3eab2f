/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/caption_area.c - painting and paging of captions.
 */
#include "tui/caption_area.h"

#include <stdio.h>
#include <string.h>

#include "base/wrap.h"
#include "tui/widgets/styled_text.h"

enum {
	SHARE = 6,      /* a caption takes rows / SHARE ... */
	ROWS_LEAST = 2, /* ... at least this many, */
	ROWS_MOST = 8,  /* at most this many */
	OTHER_ROWS = 1 + FED_CAPTION_AREA_SAID,
	MARGIN = 1,          /* columns at the left and at the right */
	HANG = 4,            /* before the second row of a reply or command */
	HORIZONTAL = 0x2500, /* of the rule; ASCII: - */
	PAGE_COLUMNS = 12,   /* of " 1 of 2 " at its right end */
};

/* How fast a hall reads: subtitles for adults have 12 to 17 characters a second. */
static const double characters_a_second = 16, seconds_a_page = 1.5, seconds_a_command = 1.2;

static const struct fed_style bold = {.bold = true}, grey = {.color = FED_COLOR_GREY},
							  words = {.color = FED_COLOR_YELLOW}, plain = {0};

void fed__caption_area_release(struct fed_caption_area *a)
{
	fed_text_release(&a->title);
	fed_text_release(&a->heading);
	fed_text_release(&a->text);
	for (int i = 0; i < FED_CAPTION_AREA_SAID; i++)
		fed_text_release(&a->said[i]);
	*a = (struct fed_caption_area){0};
}

static void set(struct fed_text *text, const char *s)
{
	fed_text_clear(text);
	fed_text_add(text, "%s", s);
}

/* Change title or heading, below which the caption was. */
static void set_head(struct fed_caption_area *a, struct fed_text *head, const char *s)
{
	if (strcmp(s, fed_text_str(head)) == 0)
		return;
	set(head, s);
	fed_text_clear(&a->text);
	a->page = 0;
}

void fed__caption_area_begin(struct fed_caption_area *a, const char *title)
{
	set_head(a, &a->title, title);
	a->shown = true;
	a->parts++;
	a->fresh = false;
}

void fed__caption_area_heading(struct fed_caption_area *a, const char *heading)
{
	set_head(a, &a->heading, heading);
}

void fed__caption_area_add(struct fed_caption_area *a, const char *line)
{
	if (!a->fresh) {
		fed_text_clear(&a->text);
		a->page = 0;
	}
	a->fresh = true;
	fed_text_add(&a->text, "%s%s", a->text.len ? "\n" : "", line);
}

/* Move the lines up, to make the newest empty. */
static void move_up(struct fed_caption_area *a)
{
	struct fed_text first = a->said[0];

	memmove(a->said, a->said + 1, sizeof a->said - sizeof *a->said);
	fed_text_clear(&first);
	a->said[FED_CAPTION_AREA_SAID - 1] = first;
}

static void move_down(struct fed_caption_area *a)
{
	struct fed_text last = a->said[FED_CAPTION_AREA_SAID - 1];

	memmove(a->said + 1, a->said, sizeof a->said - sizeof *a->said);
	fed_text_clear(&last);
	a->said[0] = last;
}

void fed__caption_area_command(struct fed_caption_area *a, const char *command)
{
	move_up(a);
	fed_text_add(&a->said[FED_CAPTION_AREA_SAID - 1], "\033[1m> %s", command);
	a->replied = false;
}

void fed__caption_area_reply(struct fed_caption_area *a, const char *line)
{
	if (a->replied)
		move_down(a);
	a->replied = *line;
	if (!*line)
		return;
	move_up(a);
	fed_text_add(&a->said[FED_CAPTION_AREA_SAID - 1], "  %s", line);
}

/* Pages -------------------------------------------------------------------- */

static int caption_rows(int rows)
{
	const int share = rows / SHARE;

	return share < ROWS_LEAST ? ROWS_LEAST : share > ROWS_MOST ? ROWS_MOST : share;
}

int fed__caption_area_rows(const struct fed_caption_area *a, int rows)
{
	return a->shown ? caption_rows(rows) + OTHER_ROWS : 0;
}

/* The caption as lines, and how they are spread over pages. */
struct pages {
	struct fed_text lines;
	int n, each; /* pages, and lines on each but the last */
};

static void make_pages(struct pages *p, const struct fed_caption_area *a, int columns,
                       int screen_rows)
{
	const int most = caption_rows(screen_rows);
	int lines = 0;

	*p = (struct pages){0};
	for (const char *at = fed_text_str(&a->text); *at;) {
		const size_t n = strcspn(at, "\n");

		fed_wrap_line(&p->lines, at, n, columns - 2 * MARGIN, 0);
		fed_text_put(&p->lines, "\n", 1);
		at += n + (at[n] != 0);
	}
	for (const char *at = fed_text_str(&p->lines); *at; at++)
		lines += *at == '\n';
	p->n = lines > most ? (lines + most - 1) / most : 1;
	p->each = (lines + p->n - 1) / p->n;
}

/* The lines of the area's page; *n: bytes. */
static const char *page_of(const struct pages *p, const struct fed_caption_area *a, size_t *n)
{
	const char *at = fed_text_str(&p->lines);
	const int page = a->page < p->n ? a->page : p->n - 1;

	for (int skip = page * p->each; skip > 0 && *at; skip--)
		at += strcspn(at, "\n") + 1;
	*n = 0;
	for (int i = 0; i < p->each && at[*n]; i++)
		*n += strcspn(at + *n, "\n") + 1;
	return at;
}

bool fed__caption_area_has_more(const struct fed_caption_area *a, int columns, int screen_rows)
{
	struct pages p;

	make_pages(&p, a, columns, screen_rows);
	fed_text_release(&p.lines);
	return a->fresh && a->page + 1 < p.n;
}

double fed__caption_area_seconds(const struct fed_caption_area *a, int columns, int screen_rows)
{
	struct pages p;
	size_t n = 0;

	if (!a->fresh)
		return seconds_a_command;
	make_pages(&p, a, columns, screen_rows);
	page_of(&p, a, &n);
	fed_text_release(&p.lines);
	return seconds_a_page + (double)n / characters_a_second;
}

/* Painting ----------------------------------------------------------------- */

/* "-- Lesson 2: ... -- 1. The easy world ----------- 1 of 2 --"; the heading alone where both have
 * no room. */
static void paint_rule(const struct fed_caption_area *a, struct fed_canvas *canvas, int row,
                       const struct pages *p)
{
	const char *const parts[] = {fed_text_str(&a->title), fed_text_str(&a->heading)};
	const int widths[] = {fed_text_width(parts[0]), fed_text_width(parts[1])};
	const bool both = 2 + widths[0] + 4 + widths[1] + 2 + PAGE_COLUMNS <= canvas->columns;
	char page[32] = "";

	/* Not into the last column: some terminals wrap a repeated character there. */
	for (int i = 0; i < canvas->columns - 1; i++)
		fed__canvas_put(canvas, i, row, HORIZONTAL, grey);
	for (int i = 0, column = 2; i < 2; i++) {
		if (!widths[i] || (i == 0 && widths[1] && !both))
			continue;
		column = fed__canvas_write(canvas, column, row, " ", plain);
		column = fed__canvas_write(canvas, column, row, parts[i], bold);
		column = 1 + fed__canvas_write(canvas, column, row, " ", plain);
	}
	if (p->n > 1)
		snprintf(page, sizeof page, " %d of %d ", (a->page < p->n ? a->page : p->n - 1) + 1, p->n);
	fed__canvas_write(canvas, canvas->columns - 3 - fed_text_width(page), row, page, grey);
}

/* A line of what was said, wrapped to at most `most` rows: what has no room is left out at a blank.
 * Returns the rows, the text with a newline behind each. */
static int wrap_said(struct fed_text *out, const struct fed_text *said, int columns, int most)
{
	static const char more[] = " ...", bold_on[] = "\033[1m";
	const bool bold_said = strncmp(fed_text_str(said), bold_on, strlen(bold_on)) == 0;
	struct fed_text lines = {0};
	int rows = 0;

	if (!said->len)
		return 0;
	fed_wrap_line(&lines, said->s, said->len, columns, HANG);
	if (strchr(fed_text_str(&lines), '\n')) { /* with room for the mark */
		fed_text_clear(&lines);
		fed_wrap_line(&lines, said->s, said->len, columns - (int)strlen(more), HANG);
	}
	for (const char *at = fed_text_str(&lines); *at && rows < most; rows++) {
		const size_t n = strcspn(at, "\n");
		const bool cut = rows + 1 == most && at[n];

		fed_text_add(out, "%s%.*s%s\n", rows && bold_said ? bold_on : "", (int)n, at,
		             cut ? more : "");
		at += n + (at[n] != 0);
	}
	fed_text_release(&lines);
	return rows;
}

/* What was said last, at the end of the area; into the rows that the caption leaves free if it is
 * long. */
static void paint_said(const struct fed_caption_area *a, struct fed_canvas *canvas, int end,
                       int free_rows)
{
	struct fed_text lines = {0};
	const int columns = canvas->columns - 2 * MARGIN;
	int most = FED_CAPTION_AREA_SAID + free_rows, row = end;

	for (int i = FED_CAPTION_AREA_SAID - 1; i >= 0; i--) {
		fed_text_clear(&lines);
		const int rows = wrap_said(&lines, &a->said[i], columns, most - i);
		const char *at = fed_text_str(&lines);

		for (int k = 0; k < rows; k++) {
			char line[1024];
			const size_t n = strcspn(at, "\n");

			snprintf(line, sizeof line, "%.*s", (int)n, at);
			fed__styled_write(canvas, MARGIN, row - rows + k, line, 0, plain);
			at += n + 1;
		}
		row -= rows ? rows : 1; /* an empty line stays one */
		most -= rows ? rows : 1;
	}
	fed_text_release(&lines);
}

void fed__caption_area_paint(const struct fed_caption_area *a, struct fed_canvas *canvas, int row,
                             int screen_rows)
{
	const int rows = caption_rows(screen_rows);
	struct pages p;
	char line[1024];
	size_t n;

	make_pages(&p, a, canvas->columns, screen_rows);
	paint_rule(a, canvas, row, &p);
	const char *at = page_of(&p, a, &n), *const end = at + n;
	int used = 0;
	for (; used < rows && at < end; used++) {
		const size_t length = strcspn(at, "\n");

		snprintf(line, sizeof line, "%.*s", (int)length, at);
		fed__canvas_write(canvas, MARGIN, row + 1 + used, line, words);
		at += length + 1;
	}
	fed_text_release(&p.lines);
	/* A blank row stays between them. */
	paint_said(a, canvas, row + 1 + rows + FED_CAPTION_AREA_SAID,
	           rows - used > 1 ? rows - used - 1 : 0);
}
