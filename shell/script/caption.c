/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/caption.c - sorting of a script's lines into title, headings, captions and commands.
 */
#include "shell/script/caption.h"

#include <string.h>

enum { RULE_LEAST = 3 }; /* signs that make a rule */

static const char rule_signs[] = "-=*_~#";

/* Bytes of s without the blanks at its end. */
static size_t trimmed(const char *s, size_t n)
{
	while (n && strchr(" \t\r", s[n - 1]))
		n--;
	return n;
}

/* The words between the signs of a rule, "" for a rule alone; NULL: it is no rule. *n: bytes. */
static const char *words_of_rule(const char *s, size_t *n)
{
	const size_t signs = strspn(s, rule_signs);

	if (signs < RULE_LEAST || (s[signs] && s[signs] != ' '))
		return NULL;
	s += signs + strspn(s + signs, " ");
	*n = trimmed(s, strlen(s));
	while (*n && strchr(rule_signs, s[*n - 1]))
		--*n;
	*n = trimmed(s, *n);
	return s;
}

static void set_text(struct fed_text *text, const char *s, size_t n)
{
	fed_text_clear(text);
	fed_text_put(text, s, n);
}

/* Whether the paragraph is the script's title: a line of its own at the beginning. */
static bool is_title(const struct fed_caption *c)
{
	return !c->begun && c->lines == 1;
}

static void end_paragraph(struct fed_caption *c, bool by_comment)
{
	if (!c->text.len)
		return;
	c->over = true;
	if (!by_comment || !is_title(c)) {
		c->begun = true;
		return;
	}
	set_text(&c->title, c->text.s, c->text.len);
	c->begun = true;
	fed__caption_clear(c);
	c->titled = true;
}

/* Add a line to the paragraph. Lists and what is indented keep their lines. */
static void add_line(struct fed_caption *c, const char *s, size_t blanks, bool first_sign_stays)
{
	const size_t n = trimmed(s, strlen(s));

	if (c->text.len)
		fed_text_put(&c->text, first_sign_stays ? "\n" : " ", 1);
	if (first_sign_stays && blanks > 1)
		fed_text_add(&c->text, "%*s", (int)blanks - 1, "");
	fed_text_put(&c->text, s, n);
	c->lines++;
}

static bool is_left_out(const char *line)
{
	return strncmp(line, "#!", 2) == 0 || strstr(line, "SPDX-License-Identifier");
}

enum fed_caption_line fed__caption_take(struct fed_caption *c, const char *line)
{
	size_t n;

	line += strspn(line, " \t\r");
	if (!*line) {
		end_paragraph(c, false);
		return FED_CAPTION_TAKEN;
	}
	if (*line != '#') {
		c->begun = true;
		return FED_CAPTION_COMMAND;
	}
	if (is_left_out(line))
		return FED_CAPTION_TAKEN;
	const char *s = line + 1;
	const size_t blanks = strspn(s, " \t");
	s += blanks;
	if (!trimmed(s, strlen(s))) {
		end_paragraph(c, true);
		return FED_CAPTION_TAKEN;
	}
	const char *words = words_of_rule(blanks ? s : line, &n);
	if (words && c->text.len)
		return FED_CAPTION_FULL;
	if (words) {
		if (n) {
			set_text(&c->heading, words, n);
			c->headed = c->begun = true;
		}
		return FED_CAPTION_TAKEN;
	}
	if (c->over)
		return FED_CAPTION_FULL;
	add_line(c, s, blanks, blanks > 1 || strncmp(s, "- ", 2) == 0);
	return FED_CAPTION_TAKEN;
}

void fed__caption_clear(struct fed_caption *c)
{
	fed_text_clear(&c->text);
	c->lines = 0;
	c->over = c->titled = c->headed = false;
}

void fed__caption_release(struct fed_caption *c)
{
	fed_text_release(&c->title);
	fed_text_release(&c->heading);
	fed_text_release(&c->text);
}

void fed__caption_command(struct fed_text *out, const char *line)
{
	line += strspn(line, " \t");
	for (bool first = true; *line; first = false) { /* a group may be several lines */
		const size_t n = strcspn(line, "\n");
		const char *brief = memmem(line, n, "# short:", 8);

		fed_text_put(out, "\n", !first);
		fed_text_put(out, line, trimmed(line, brief ? (size_t)(brief - line) : n));
		line += n + (line[n] == '\n');
	}
}
