/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/prompt.c - editing, completion, history and painting of one line. */
#include "tui/prompt.h"

#include <stdio.h>
#include <string.h>

enum { CONTROL = 0x1F, RETURN_SIGN = 0x23CE };

void fed__prompt_open(struct fed_prompt *p, const char *label, const char *line)
{
	p->label = label;
	snprintf(p->line, sizeof p->line, "%s", line);
	p->n = p->cursor = strlen(p->line);
	p->back = 0;
	p->pasting = false;
	fed_text_clear(&p->hint);
	fed_text_clear(&p->choices);
}

void fed__prompt_release(struct fed_prompt *p)
{
	fed_text_release(&p->hint);
	fed_text_release(&p->choices);
}

/* Editing ------------------------------------------------------------------------ */

static size_t character_before(const struct fed_prompt *p, size_t at)
{
	at -= at > 0;
	while (at > 0 && ((unsigned char)p->line[at] & 0xC0) == 0x80)
		at--;
	return at;
}

static size_t character_after(const struct fed_prompt *p, size_t at)
{
	at += at < p->n;
	while (at < p->n && ((unsigned char)p->line[at] & 0xC0) == 0x80)
		at++;
	return at;
}

static void cut(struct fed_prompt *p, size_t from, size_t to)
{
	memmove(p->line + from, p->line + to, p->n - to + 1);
	p->n -= to - from;
	p->cursor = from;
}

static void insert(struct fed_prompt *p, const char *bytes, size_t n)
{
	if (p->n + n >= sizeof p->line)
		return;
	memmove(p->line + p->cursor + n, p->line + p->cursor, p->n - p->cursor + 1);
	memcpy(p->line + p->cursor, bytes, n);
	p->cursor += n;
	p->n += n;
}

void fed__prompt_continue(struct fed_prompt *p)
{
	p->cursor = p->n;
	insert(p, "\n", 1);
}

void fed__prompt_insert(struct fed_prompt *p, char c)
{
	insert(p, &c, 1);
}

static void insert_code(struct fed_prompt *p, uint32_t code)
{
	struct fed_text bytes = {0};

	fed_text_put_code(&bytes, code);
	insert(p, fed_text_str(&bytes), bytes.len);
	fed_text_release(&bytes);
}

static size_t word_begin(const struct fed_prompt *p)
{
	size_t at = p->cursor;

	while (at > 0 && p->line[at - 1] == ' ')
		at--;
	while (at > 0 && p->line[at - 1] != ' ')
		at--;
	return at;
}

/* Handle keys that move the cursor or delete; false: another key. */
static bool edit(struct fed_prompt *p, uint32_t code)
{
	switch (code) {
	case FED_KEY_LEFT:
		p->cursor = character_before(p, p->cursor);
		return true;
	case FED_KEY_RIGHT:
		p->cursor = character_after(p, p->cursor);
		return true;
	case FED_KEY_HOME:
	case 'a' & CONTROL:
		p->cursor = 0;
		return true;
	case FED_KEY_END:
	case 'e' & CONTROL:
		p->cursor = p->n;
		return true;
	case FED_KEY_DELETE:
		cut(p, p->cursor, character_after(p, p->cursor));
		return true;
	case FED_KEY_BACKSPACE:
		cut(p, character_before(p, p->cursor), p->cursor);
		return true;
	case 'u' & CONTROL:
		cut(p, 0, p->cursor);
		return true;
	case 'k' & CONTROL:
		cut(p, p->cursor, p->n);
		return true;
	case 'w' & CONTROL:
		cut(p, word_begin(p), p->cursor);
		return true;
	default:
		return false;
	}
}

/* Insert a pasted character: no key has its function inside a paste. */
static enum fed_prompt_end paste(struct fed_prompt *p, uint32_t code)
{
	if (code == FED_KEY_PASTE_END)
		p->pasting = false;
	else if (code == FED_KEY_ENTER)
		insert(p, "\n", 1);
	else if (code == FED_KEY_TAB)
		insert(p, " ", 1);
	else if (code >= ' ' && code < FED_KEY_UP)
		insert_code(p, code);
	return FED_PROMPT_OPEN;
}

enum fed_prompt_end fed__prompt_press(struct fed_prompt *p, const struct fed_press *press)
{
	if (p->pasting)
		return paste(p, press->code);
	fed_text_clear(&p->choices);
	if (press->code == FED_KEY_BACKSPACE && p->n == 0)
		return FED_PROMPT_LEFT;
	if (edit(p, press->code))
		return FED_PROMPT_OPEN;
	switch (press->code) {
	case FED_KEY_ENTER:
		return FED_PROMPT_DONE;
	case FED_KEY_ESCAPE:
		return FED_PROMPT_LEFT;
	case FED_KEY_TAB:
		return FED_PROMPT_TAB;
	case FED_KEY_UP:
		return FED_PROMPT_OLDER;
	case FED_KEY_DOWN:
		return FED_PROMPT_NEWER;
	case FED_KEY_PASTE:
		p->pasting = true;
		return FED_PROMPT_OPEN;
	default:
		if (press->code >= ' ' && press->code < FED_KEY_UP)
			insert_code(p, press->code);
		return FED_PROMPT_OPEN;
	}
}

/* Completion and history ----------------------------------------------------------- */

/* Length of the longest common prefix of the candidates; *n: their number. */
static size_t common_prefix(const char *candidates, size_t *n)
{
	const size_t first = strcspn(candidates, "\n");
	size_t same = first;

	*n = 0;
	for (const char *at = candidates; *at; ++*n) {
		const size_t length = strcspn(at, "\n");
		size_t k = 0;

		while (k < same && k < length && at[k] == candidates[k])
			k++;
		same = k;
		at += length + (at[length] == '\n');
	}
	while (same > 0 && ((unsigned char)candidates[same] & 0xC0) == 0x80)
		same--;
	return same;
}

void fed__prompt_complete(struct fed_prompt *p, const char *candidates, size_t start)
{
	size_t n;
	const size_t same = common_prefix(candidates, &n);

	fed_text_clear(&p->choices);
	if (n == 0 || start > p->cursor)
		return;
	if (n > 1 && same <= p->cursor - start) {
		for (const char *c = candidates; *c; c++)
			fed_text_add(&p->choices, "%s", *c == '\n' ? "  " : (char[]){*c, 0});
		return;
	}
	cut(p, start, p->cursor);
	insert(p, candidates, same);
	if (n == 1 && same && !strchr("=/:", candidates[same - 1]))
		insert(p, " ", 1);
}

void fed__prompt_recall(struct fed_prompt *p, bool older,
                        const char *(*line)(void *ctx, size_t back), void *ctx)
{
	const char *found;

	if (!older && p->back == 0)
		return;
	if (p->back == 0)
		memcpy(p->typed, p->line, sizeof p->typed);
	const size_t back = older ? p->back + 1 : p->back - 1;
	found = back ? line(ctx, back) : p->typed;
	if (!found)
		return;
	snprintf(p->line, sizeof p->line, "%s", found);
	p->n = p->cursor = strlen(p->line);
	p->back = back;
}

/* Painting ---------------------------------------------------------------------------- */

/* Bytes of the character at `at`; *columns: its width, 1 for bytes shown as a replacement. */
static size_t character_at(const struct fed_prompt *p, size_t at, int *columns)
{
	uint32_t code;
	const size_t n = fed_utf8_next(p->line + at, p->n - at, &code);

	*columns = n ? fed_utf8_columns(code) : 1;
	return n ? n : 1;
}

int fed__prompt_paint(const struct fed_prompt *p, struct fed_canvas *canvas, int row)
{
	const int left = fed__canvas_write(canvas, 0, row, p->label, (struct fed_style){.bold = true});
	const int capacity = canvas->columns - left - 1;
	size_t begin = 0;
	int wide = 0, column = left, columns;

	/* Scroll left text out until the cursor is visible. */
	for (size_t at = 0; at < p->cursor;) {
		at += character_at(p, at, &columns);
		wide += columns;
	}
	while (wide > capacity && begin < p->cursor) {
		begin += character_at(p, begin, &columns);
		wide -= columns;
	}
	for (size_t at = begin, n; at < p->n && column < canvas->columns; at += n) {
		char text[8] = "";

		n = character_at(p, at, &columns);
		memcpy(text, p->line + at, n);
		if (*text == '\n') {
			fed__canvas_put(canvas, column++, row, RETURN_SIGN,
			                (struct fed_style){.color = FED_COLOR_GREY});
			continue;
		}
		column = fed__canvas_write(canvas, column, row, text, (struct fed_style){0});
	}
	const int width = fed_text_width(fed_text_str(&p->hint));
	if (p->cursor == p->n && column + width < canvas->columns)
		fed__canvas_write(canvas, column, row, fed_text_str(&p->hint),
		                  (struct fed_style){.color = FED_COLOR_GREY});
	return left + wide;
}
