/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/pane.c - lines of output, their scrolling and painting.
 */
#include "tui/pane.h"

#include <stdio.h>
#include <string.h>

#include "base/wrap.h"
#include "tui/widgets/styled_text.h"

enum {
	LINES_LEAST = 3,   /* of a pane */
	LINES_MOST = 2000, /* kept; the log has more */
	SHIFT = 20,        /* columns of a step to the side */
};

static const double seconds_least = 2, seconds_a_line = 0.3, seconds_most = 12;

static const struct fed_style bold = {.bold = true}, plain = {0},
							  keys = {.color = FED_COLOR_CYAN, .bold = true};

void fed__pane_release(struct fed_pane *p)
{
	fed_text_release(&p->head);
	fed_text_release(&p->text);
	fed_text_release(&p->next.head);
	fed_text_release(&p->next.first);
	*p = (struct fed_pane){0};
}

static void set(struct fed_text *text, const char *s)
{
	fed_text_clear(text);
	fed_text_add(text, "%s", s);
}

void fed__pane_begin(struct fed_pane *p, const char *command, bool scripted, uint64_t event)
{
	if (!p->scripted)
		fed__pane_close(p);
	set(&p->next.head, command);
	p->next.scripted = scripted;
	p->next.lines = 0;
	fed_text_clear(&p->next.first);
	p->next.event = event;
}

/* Show the running command's output instead of what is shown. */
static void open_pane(struct fed_pane *p)
{
	set(&p->head, fed_text_str(&p->next.head));
	fed_text_clear(&p->text);
	fed_text_add(&p->text, "%s", fed_text_str(&p->next.first));
	p->lines = LINES_LEAST - 1;
	p->top = p->left = 0;
	p->scripted = p->next.scripted;
	p->open = true;
}

bool fed__pane_add(struct fed_pane *p, const char *line, uint64_t event)
{
	if (event > p->next.event)
		return false;
	if (++p->next.lines < LINES_LEAST) {
		fed_text_add(&p->next.first, "%s\n", line);
		return false;
	}
	if (p->next.lines == LINES_LEAST)
		open_pane(p);
	if (!p->open || p->lines == LINES_MOST)
		return p->open;
	fed_text_add(&p->text, "%s\n", line);
	p->lines++;
	p->last = event;
	return true;
}

void fed__pane_reply(const struct fed_pane *p, struct fed_text *out)
{
	const char *at = fed_text_str(&p->next.first);
	bool sentence = false; /* indented lines go on with one that is not */

	for (const char *between = ""; *at;) {
		const size_t indent = strspn(at, " ");
		const bool goes_on = indent && sentence && *between;

		at += indent;
		const size_t n = strcspn(at, "\n");

		fed_text_add(out, "%s%.*s", goes_on ? " " : between, (int)n, at);
		between = n && strchr(":;,.", at[n - 1]) ? " " : "; ";
		sentence = !indent || goes_on;
		at += n + (at[n] != 0);
	}
}

void fed__pane_tell(struct fed_pane *p, const char *text, int columns)
{
	struct fed_text lines = {0};

	fed_wrap_line(&lines, text, strlen(text), columns, 2);
	set(&p->next.first, fed_text_str(&lines));
	fed_text_put(&p->next.first, "\n", 1);
	open_pane(p);
	p->lines = 0;
	for (const char *at = fed_text_str(&p->text); *at; at++)
		p->lines += *at == '\n';
	p->scripted = false;
	fed_text_release(&lines);
}

void fed__pane_answer(struct fed_pane *p, const char *head, const char *lines, int columns)
{
	set(&p->head, head);
	fed_text_clear(&p->text);
	for (size_t n; *lines; lines += n + (lines[n] == '\n')) {
		n = strcspn(lines, "\n");
		fed_wrap_line(&p->text, lines, n, columns, 2);
		fed_text_put(&p->text, "\n", 1);
	}
	p->lines = p->top = p->left = 0;
	for (const char *at = fed_text_str(&p->text); *at; at++)
		p->lines += *at == '\n';
	p->scripted = false;
	p->open = true;
}

void fed__pane_close(struct fed_pane *p)
{
	p->open = false;
}

void fed__pane_follow(struct fed_pane *p, uint64_t event)
{
	if (p->open && p->scripted && event != p->last)
		fed__pane_close(p);
}

/* Rows of text: the first row is the head. */
static int text_rows(int rows)
{
	return rows > 2 ? rows - 1 : 1;
}

static int last_top(const struct fed_pane *p, int rows)
{
	return p->lines > text_rows(rows) ? p->lines - text_rows(rows) : 0;
}

bool fed__pane_has_more(const struct fed_pane *p, int rows)
{
	return p->open && p->top < last_top(p, rows);
}

static void move_to(struct fed_pane *p, int top, int rows)
{
	const int last = last_top(p, rows);

	p->top = top < 0 ? 0 : top > last ? last : top;
}

bool fed__pane_press(struct fed_pane *p, uint32_t code, int rows)
{
	const int page = text_rows(rows) > 1 ? text_rows(rows) - 1 : 1;

	switch (code) {
	case FED_KEY_UP:
	case FED_KEY_DOWN:
		move_to(p, p->top + (code == FED_KEY_DOWN ? 1 : -1), rows);
		return true;
	case FED_KEY_PAGE_UP:
	case FED_KEY_PAGE_DOWN:
		move_to(p, p->top + (code == FED_KEY_PAGE_DOWN ? page : -page), rows);
		return true;
	case FED_KEY_HOME:
	case FED_KEY_END:
		move_to(p, code == FED_KEY_HOME ? 0 : p->lines, rows);
		return true;
	case FED_KEY_RIGHT:
		p->left += SHIFT;
		return true;
	case FED_KEY_LEFT:
		p->left -= p->left < SHIFT ? p->left : SHIFT;
		return true;
	case FED_KEY_ESCAPE:
	case 'q':
		fed__pane_close(p);
		return true;
	default:
		return false;
	}
}

double fed__pane_seconds(const struct fed_pane *p)
{
	const double seconds = seconds_least + seconds_a_line * p->lines;

	return p->open ? (seconds < seconds_most ? seconds : seconds_most) : 0;
}

/* "> plot accuracy      lines 1 to 13 of 30: up, down   esc closes" */
static void paint_head(const struct fed_pane *p, struct fed_canvas *canvas)
{
	const int shown = text_rows(canvas->rows);
	char where[80] = "";
	int column = fed__canvas_write(canvas, 0, 0, "> ", bold);

	fed__canvas_write(canvas, column, 0, fed_text_str(&p->head), bold);
	if (p->lines > shown)
		snprintf(where, sizeof where, "lines %d to %d of %d: arrows  ", p->top + 1,
		         p->top + shown < p->lines ? p->top + shown : p->lines, p->lines);
	column = canvas->columns - fed_text_width(where) - fed_text_width("  esc close");
	column = fed__canvas_write(canvas, column > 0 ? column : 0, 0, "  ", plain);
	column = fed__canvas_write(canvas, column, 0, where, plain);
	column = fed__canvas_write(canvas, column, 0, "esc", keys);
	fed__canvas_write(canvas, column, 0, " close", plain);
}

void fed__pane_paint(struct fed_pane *p, struct fed_canvas *canvas)
{
	const char *at = fed_text_str(&p->text);
	struct fed_text line = {0};

	move_to(p, p->top, canvas->rows);
	fed__canvas_clear(canvas);
	paint_head(p, canvas);
	for (int skip = p->top; skip > 0 && *at; skip--)
		at += strcspn(at, "\n") + 1;
	for (int row = 1; row < canvas->rows && *at; row++) {
		const size_t n = strcspn(at, "\n");

		fed_text_clear(&line);
		fed_text_put(&line, at, n);
		fed__styled_write(canvas, 0, row, fed_text_str(&line), p->left, plain);
		at += n + 1;
	}
	fed_text_release(&line);
}
