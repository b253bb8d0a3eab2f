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

/* No-break spaces, as pasted from web pages and slides: U+00A0, U+2007, U+202F. */
static const char *const no_break_spaces[] = {"\xC2\xA0", "\xE2\x80\x87", "\xE2\x80\xAF"};

/* Bytes of the backslash and the end of line at the beginning of text [0, len); 0: there are none.
 */
static size_t break_size(const char *text, size_t len)
{
	if (len >= 2 && memcmp(text, "\\\n", 2) == 0)
		return 2;
	return len >= 3 && memcmp(text, "\\\r\n", 3) == 0 ? 3 : 0;
}

/* Bytes of the blank at the beginning of text [0, len); 0: there is none. */
static size_t blank_size(const char *text, size_t len)
{
	if (len && (*text == ' ' || *text == '\t' || *text == '\r'))
		return 1;
	if (break_size(text, len))
		return break_size(text, len);
	for (size_t i = 0; i < sizeof no_break_spaces / sizeof *no_break_spaces; i++) {
		const size_t n = strlen(no_break_spaces[i]);

		if (n <= len && memcmp(text, no_break_spaces[i], n) == 0)
			return n;
	}
	return 0;
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

/* The last character of a group so far that is no blank. */
static char last_of(const struct fed_text *bytes, size_t begin)
{
	size_t n = bytes->len;

	while (n > begin && bytes->s[n - 1] == ' ')
		n--;
	return n > begin ? bytes->s[n - 1] : 0;
}

/* Skip the ends of lines, blanks and comments at c->at, and put what stands for them: `; `, or a
 * blank where one of both sides separates already. */
static void take_ends_of_lines(struct cut *c, size_t begin)
{
	const char before = last_of(&c->words->bytes, begin);

	while (c->at < c->len) {
		const size_t blank = blank_size(c->text + c->at, c->len - c->at);

		if (c->text[c->at] == '#')
			while (c->at < c->len && c->text[c->at] != '\n')
				c->at++;
		else if (blank || c->text[c->at] == '\n')
			c->at += blank ? blank : 1;
		else
			break;
	}
	const char after = c->at < c->len ? c->text[c->at] : 0;
	while (c->words->bytes.len > begin && c->words->bytes.s[c->words->bytes.len - 1] == ' ')
		c->words->bytes.len--;
	const bool separate = before && !strchr("{;,=|", before) && !(after && strchr("};,=|", after));
	fed_text_put(&c->words->bytes, separate ? "; " : " ", separate ? 2 : 1);
}

/* Whether a comment begins at c->at in a group: in its first line only where the group goes on. */
static bool is_comment(const struct cut *c, bool first_line)
{
	const char *at = c->text + c->at;

	if (*at != '#' || !strchr(" \t\n{;", at[-1]))
		return false;
	const char *end = memchr(at, '\n', c->len - c->at);
	const size_t n = end ? (size_t)(end - at) : c->len - c->at;
	return !first_line || !memchr(at, '}', n);
}

/* Read a group up to the brace that closes it, over several lines if it has such, whose ends
 * separate as ; does; the opening one is at c->at. */
static bool take_group(struct cut *c)
{
	const size_t begin = c->words->bytes.len;
	bool first_line = true;
	unsigned depth = 0;

	while (c->at < c->len) {
		const char ch = c->text[c->at];
		const size_t broken = break_size(c->text + c->at, c->len - c->at);

		if (ch == '\n' || is_comment(c, first_line)) {
			take_ends_of_lines(c, begin);
			first_line = false;
			continue;
		}
		if (!broken && ch == '\\' && c->at + 1 == c->len)
			break; /* the line goes on */
		fed_text_put(&c->words->bytes, broken || ch == '\r' ? " " : &ch, 1);
		c->at += broken ? broken : 1;
		depth += ch == '{';
		depth -= ch == '}';
		if (depth == 0)
			return true;
	}
	c->at = c->len;
	return false;
}

static int take_word(struct cut *c)
{
	struct fed_word word = {.text = c->words->bytes.len, .begin = c->at};

	if (c->text[c->at] == '{') {
		word.quoted = true;
		if (!take_group(c)) {
			c->words->open = c->words->continued = true;
			word.end = c->at;
			if (add_word(c, word))
				return FED_FAIL;
			return fed_fail(c->err, "the brace { at column %zu has no end", word.begin + 1);
		}
	}
	while (c->at < c->len && !blank_size(c->text + c->at, c->len - c->at) &&
	       !ends_command(c->text[c->at])) {
		const size_t begin = c->at;

		if (c->text[c->at] == '"' || c->text[c->at] == '\'') {
			word.quoted = true;
			if (take_quoted(c))
				continue;
			c->words->open = true;
			word.end = c->at;
			if (add_word(c, word))
				return FED_FAIL;
			const bool letter = c->text[begin] == '\'' && begin > word.begin;
			return fed_fail(c->err, "the quote %c at column %zu has no end%s", c->text[begin],
			                begin + 1, letter ? "; \\' is an apostrophe" : "");
		}
		if (c->text[c->at] == '\\') {
			word.quoted = true;
			if (++c->at == c->len) {
				c->words->open = c->words->continued = true;
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
	w->open = w->continued = false;
	fed_text_clear(&w->bytes);
	while (rc == FED_OK && c.at < len && !ends_command(text[c.at])) {
		const size_t blank = blank_size(text + c.at, len - c.at);

		if (blank)
			c.at += blank;
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

bool fed__line_continues(const char *line, size_t len)
{
	struct fed_words words = {0};
	struct fed_error unused;
	size_t used = 0;

	if (len && line[len - 1] == '\r')
		len--;
	if (!len || (line[len - 1] != '\\' && !memchr(line, '{', len)))
		return false;
	while (len && fed__words_split(&words, line, len, &used, &unused) == FED_OK) {
		line += used;
		len -= used;
	}
	const bool result = words.continued;
	fed__words_release(&words);
	return result;
}

bool fed__line_read(FILE *f, struct fed_text *line)
{
	int c;

	fed_text_clear(line);
	while ((c = getc(f)) != EOF && c != '\n') {
		const char byte = (char)c;

		if (line->len <= FED_LINE_MAX)
			fed_text_put(line, &byte, 1);
	}
	return c != EOF || line->len > 0;
}

bool fed__line_read_continued(FILE *f, struct fed_text *line, unsigned *lines,
                              bool (*ask)(void *ctx), void *ctx)
{
	struct fed_text next = {0};

	*lines = 0;
	if (!fed__line_read(f, line))
		return false;
	*lines = 1;
	while (line->len <= FED_LINE_MAX && fed__line_continues(fed_text_str(line), line->len)) {
		if (ask && !ask(ctx)) {
			fed_text_release(&next);
			return false;
		}
		if (!fed__line_read(f, &next))
			break;
		++*lines;
		fed_text_put(line, "\n", 1);
		fed_text_put(line, fed_text_str(&next), next.len);
		line->failed |= next.failed;
	}
	fed_text_release(&next);
	return true;
}

/* Append the text with each group of several lines as one line. */
static void join_groups(struct fed_text *out, const char *text, size_t len)
{
	struct fed_words words = {0};
	struct fed_error unused;
	size_t used = 0;
	bool whole = true;

	for (; whole && len; text += used, len -= used) {
		size_t at = 0;

		whole = fed__words_split(&words, text, len, &used, &unused) == FED_OK;
		used = whole ? used : len;
		for (size_t i = 0; whole && i < words.n; i++) {
			const struct fed_word *w = &words.word[i];
			const size_t n = w->end - w->begin;

			if (text[w->begin] != '{' || !memchr(text + w->begin, '\n', n))
				continue;
			fed_text_put(out, text + at, w->begin - at);
			fed_text_add(out, "%s", fed__words_at(&words, i));
			at = w->end;
		}
		fed_text_put(out, text + at, used - at);
	}
	out->failed |= words.bytes.failed;
	fed__words_release(&words);
}

/* The same of lines that end in a backslash. */
static void join_lines(struct fed_text *out, const char *text, size_t len)
{
	while (len) {
		const char *end = memchr(text, '\n', len);
		const size_t n = end ? (size_t)(end - text) : len;
		const size_t back = n && text[n - 1] == '\r' ? n - 1 : n;
		const bool goes_on = end && back && fed__line_continues(text, n);
		size_t blanks = 0;

		while (goes_on && n + 1 + blanks < len && strchr(" \t", text[n + 1 + blanks]))
			blanks++;
		fed_text_put(out, text, goes_on ? back - 1 : n);
		if (end && !goes_on)
			fed_text_put(out, "\n", 1);
		else if (goes_on && (back < 2 || text[back - 2] != ' '))
			fed_text_put(out, " ", 1);
		len -= n + (end != NULL) + blanks;
		text += n + (end != NULL) + blanks;
	}
}

void fed__line_join(struct fed_text *out, const char *text, size_t len)
{
	struct fed_text joined = {0};

	join_groups(&joined, text, len);
	join_lines(out, fed_text_str(&joined), joined.len);
	out->failed |= joined.failed;
	fed_text_release(&joined);
}

/* Whether a character of a word, of which n bytes follow, stands for itself outside quotes. */
static bool is_plain(const char *s, size_t n)
{
	return !blank_size(s, n) && !strchr("\n;#'\"\\{", *s); /* a brace would begin a group */
}

static void spell_escaped(struct fed_text *out, const char *s)
{
	for (; *s; s++)
		fed_text_add(out, "%s%c", is_plain(s, strlen(s)) ? "" : "\\", *s);
}

static void spell_quoted(struct fed_text *out, const char *s, char quote, bool whole)
{
	fed_text_put(out, &quote, 1);
	for (; *s; s++) {
		if (quote == '"' && (*s == '"' || *s == '\\'))
			fed_text_put(out, "\\", 1);
		if (quote == '\'' && *s == '\'')
			fed_text_add(out, "'\\''");
		else
			fed_text_put(out, s, 1);
	}
	if (whole)
		fed_text_put(out, &quote, 1);
}

void fed__word_spell(struct fed_text *out, const char *s, char quote, bool whole)
{
	if (quote)
		spell_quoted(out, s, quote, whole);
	else
		spell_escaped(out, s);
}

void fed__word_quote(struct fed_text *out, const char *s)
{
	const char *at = s;

	while (*at && is_plain(at, strlen(at)))
		at++;
	fed__word_spell(out, s, *s && !*at ? 0 : '"', true);
}
