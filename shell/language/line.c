/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/line.c - tokeniser of command lines.
 */
#include "shell/language/line.h"

#include <string.h>

#include "base/mem.h"

/* State of the tokeniser. */
struct cut {
	struct fed_words *words;
	const char *text;
	size_t len, at;
	struct fed_error *err;
};

const char *fed__words_at(const struct fed_words *w, size_t i)
{
	return w->bytes.s + w->word[i].text;
}

void fed__words_release(struct fed_words *w)
{
	fed_text_release(&w->bytes);
	fed_free(w->word);
	*w = (struct fed_words){0};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static bool ends_command(char c)
{
	return c == ';' || c == '\n';
}

static int add_word(struct cut *c, struct fed_word word)
{
	struct fed_words *w = c->words;

	if (w->n == FED_WORDS_MAX)
		return fed_fail(c->err, "more than %u words in one command", FED_WORDS_MAX);
	if (w->n == w->capacity) {
		const size_t more = w->capacity ? 2 * w->capacity : 16;
		struct fed_word *grown =
			fed_resize(w->word, w->capacity * sizeof *grown, more * sizeof *grown);

		if (!grown)
			return fed_fail_memory(c->err, more * sizeof *grown, "the words of a line");
		w->word = grown;
		w->capacity = more;
	}
	fed_text_put(&w->bytes, "", 1);
	if (w->bytes.failed)
		return fed_fail_memory(c->err, c->len, "the words of a line");
	w->word[w->n++] = word;
	return FED_OK;
}

/* Read up to the closing quote; the opening one is at c->at. */
static bool take_quoted(struct cut *c)
{
	const char quote = c->text[c->at++];

	for (; c->at < c->len && c->text[c->at] != '\n'; c->at++) {
		char ch = c->text[c->at];

		if (ch == quote) {
			c->at++;
			return true;
		}
		/* Inside "..." a backslash only protects a quote or another backslash. */
		if (quote == '"' && ch == '\\' && c->at + 1 < c->len &&
		    (c->text[c->at + 1] == '"' || c->text[c->at + 1] == '\\'))
			ch = c->text[++c->at];
		fed_text_put(&c->words->bytes, &ch, 1);
	}
	return false;
}

static int take_word(struct cut *c)
{
	struct fed_word word = {.text = c->words->bytes.len, .begin = c->at};

	while (c->at < c->len && !is_blank(c->text[c->at]) && !ends_command(c->text[c->at])) {
		const size_t begin = c->at;

		if (c->text[c->at] == '"' || c->text[c->at] == '\'') {
			word.quoted = true;
			if (take_quoted(c))
				continue;
			c->words->open = true;
			word.end = c->at;
			if (add_word(c, word))
				return FED_FAIL;
			return fed_fail(c->err, "the quote %c at column %zu has no end", c->text[begin],
			                begin + 1);
		}
		if (c->text[c->at] == '\\') {
			word.quoted = true;
			if (++c->at == c->len || c->text[c->at] == '\n') {
				c->words->open = true;
				word.end = c->at;
				if (add_word(c, word))
					return FED_FAIL;
				return fed_fail(c->err, "nothing follows the backslash at column %zu", begin + 1);
			}
		}
		fed_text_put(&c->words->bytes, &c->text[c->at++], 1);
	}
	word.end = c->at;
	return add_word(c, word);
}

int fed__words_split(struct fed_words *w, const char *text, size_t len, size_t *used,
                     struct fed_error *err)
{
	struct cut c = {.words = w, .text = text, .len = len, .err = err};
	int rc = FED_OK;

	w->n = 0;
	w->open = false;
	fed_text_clear(&w->bytes);
	while (rc == FED_OK && c.at < len && !ends_command(text[c.at])) {
		if (is_blank(text[c.at]))
			c.at++;
		else if (text[c.at] == '#')
			while (c.at < len && text[c.at] != '\n')
				c.at++;
		else
			rc = take_word(&c);
	}
	if (rc == FED_OK && c.at < len)
		c.at++;
	*used = c.at;
	return rc;
}

void fed__word_quote(struct fed_text *out, const char *s)
{
	if (*s && !strpbrk(s, " \t\r\n;#'\"\\")) {
		fed_text_add(out, "%s", s);
		return;
	}
	fed_text_put(out, "\"", 1);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fed_text_put(out, "\\", 1);
		fed_text_put(out, s, 1);
	}
	fed_text_put(out, "\"", 1);
}
