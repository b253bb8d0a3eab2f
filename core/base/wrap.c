/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/wrap.c - wrapping of text at blanks.
 */
#include "base/wrap.h"

#include <string.h>

/* A line that is being filled. */
struct filling {
	struct fed_text *out;
	int width, hang;
	int column; /* behind what was put */
	bool empty; /* no word on this line yet */
};

/* Bytes of the escape of style at s; 0: there is none. */
static size_t escape_size(const char *s, size_t len)
{
	size_t n = 2;

	if (len < 3 || s[0] != '\033' || s[1] != '[')
		return 0;
	while (n < len && s[n] != 'm')
		n++;
	return n < len ? n + 1 : 0;
}

/* Bytes and columns of the character at s; an escape of style has no columns. */
static size_t character(const char *s, size_t len, int *columns)
{
	uint32_t code;
	size_t n = escape_size(s, len);

	*columns = 0;
	if (n)
		return n;
	n = fed_utf8_next(s, len, &code);
	*columns = n ? fed_utf8_columns(code) : 1;
	return n ? n : 1;
}

static int columns_of(const char *s, size_t len)
{
	int sum = 0, columns;

	for (size_t i = 0; i < len; sum += columns)
		i += character(s + i, len - i, &columns);
	return sum;
}

static void next_line(struct filling *f)
{
	fed_text_add(f->out, "\n%*s", f->hang, "");
	f->column = f->hang;
	f->empty = true;
}

/* How many bytes of a word that is longer than a line go on this one. */
static size_t broken_at(const struct filling *f, const char *word, size_t len)
{
	size_t fits = 0, good = 0;
	int columns, sum = f->column;

	while (fits < len) {
		const size_t n = character(word + fits, len - fits, &columns);

		if (sum + columns > f->width)
			break;
		sum += columns;
		fits += n;
		if (word[fits - 1] == '/' || word[fits - 1] == ',')
			good = fits;
	}
	return good ? good : fits ? fits : character(word, len, &columns);
}

static void put_word(struct filling *f, const char *word, size_t len, size_t blanks)
{
	const int columns = columns_of(word, len);

	if (!f->empty && f->column + (int)blanks + columns > f->width) {
		next_line(f);
		blanks = 0;
	}
	fed_text_add(f->out, "%*s", (int)blanks, "");
	f->column += (int)blanks;
	while (columns_of(word, len) > f->width - f->column) {
		const size_t n = broken_at(f, word, len);

		fed_text_put(f->out, word, n);
		word += n;
		len -= n;
		if (!len)
			return;
		next_line(f);
	}
	fed_text_put(f->out, word, len);
	f->column += columns_of(word, len);
	f->empty = false;
}

/* Put the words of a line behind what is there. */
static void fill(struct filling *f, const char *line, size_t len)
{
	for (size_t at = 0; at < len;) {
		size_t blanks = at, end;

		while (blanks < len && line[blanks] == ' ')
			blanks++;
		for (end = blanks; end < len && line[end] != ' ';)
			end++;
		if (end > blanks)
			put_word(f, line + blanks, end - blanks,
			         at || f->empty ? blanks - at : blanks - at + 1);
		at = end;
	}
}

void fed_wrap_line(struct fed_text *out, const char *line, size_t len, int width, int hang)
{
	struct filling f = {out, width, hang < width / 2 ? hang : width / 2, 0, true};

	if (width <= 0 || columns_of(line, len) <= width)
		fed_text_put(out, line, len);
	else
		fill(&f, line, len);
}

int fed_wrap_longest(const char *text)
{
	int most = 0;

	while (*text) {
		const size_t n = strcspn(text, " \n");
		const int columns = columns_of(text, n);

		most = columns > most ? columns : most;
		text += n + (text[n] != 0);
	}
	return most;
}

/* Bytes of a paragraph or of a line that stays alone, with its newline; *wide: a line of it is. */
static size_t paragraph_size(const char *text, int width, bool *wide)
{
	size_t n = 0;

	*wide = false;
	do {
		const size_t line = strcspn(text + n, "\n");

		*wide |= columns_of(text + n, line) > width;
		n += line + (text[n + line] != 0);
	} while (*text != ' ' && *text != '\n' && text[n] && text[n] != '\n' && text[n] != ' ');
	return n;
}

void fed_wrap_prose(struct fed_text *out, const char *text, int width)
{
	bool wide;

	for (size_t n; *text; text += n) {
		n = paragraph_size(text, width, &wide);
		if (width <= 0 || !wide) {
			fed_text_put(out, text, n);
			continue;
		}
		const int hang = *text == ' ' ? (int)strspn(text, " ") + 2 : 0;
		struct filling f = {out, width, hang < width / 2 ? hang : width / 2, 0, true};

		for (size_t at = 0; at < n;) {
			const size_t line = strcspn(text + at, "\n");

			fill(&f, text + at, line);
			at += line + 1;
		}
		fed_text_put(out, "\n", text[n - 1] == '\n');
	}
}
