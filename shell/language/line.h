/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/line.h - tokeniser: splits command lines into words.
 *
 *     words are separated by blanks, also no-break spaces; "..." and '...' keep blanks, ; and #;
 *     \x is x itself
 *     { begins a word that ends with its }, which has blanks and ; as they are; it may be several
 *     lines, whose ends separate as ; does, but not beside one of {;,=|}, and # begins a comment
 *     ; and the end of a line end a command; # at the beginning of a word begins a comment
 *     \ before the end of a line makes both a blank: the command goes on in the next line
 */
#ifndef FED_SHELL_LANGUAGE_LINE_H
#define FED_SHELL_LANGUAGE_LINE_H

#include "base/text.h"
#include "fedsh/plugin.h"

#define FED_LINE_MAX 1000000u /* bytes in a line */
#define FED_WORDS_MAX 4096u   /* words in a command */

struct fed_word {
	size_t text;       /* offset of the unquoted word in fed_words.bytes, NUL-ended */
	size_t begin, end; /* bytes of the source */
	bool quoted;       /* part of it was in quotes or behind a backslash */
};

/* One command.  {0} is valid and empty. */
struct fed_words {
	struct fed_text bytes;
	struct fed_word *word; /* [n] */
	size_t n, capacity;
	bool open;      /* the text ends inside quotes or behind a backslash */
	bool continued; /* behind a backslash, or inside braces */
};

/* Split off the first command of text [0, len); *used: its bytes, with the separator. An empty
 * command has no words. The error names the column of an unclosed quote. On failure the words read
 * so far remain, for completion. */
int fed__words_split(struct fed_words *, const char *text, size_t len, size_t *used,
                     struct fed_error *);
const char *fed__words_at(const struct fed_words *, size_t i);
void fed__words_release(struct fed_words *);

/* Read a line without its newline, truncated a little above FED_LINE_MAX bytes, because a file
 * without newlines must not fill memory; the text fails when there is none.  False at the end. */
bool fed__line_read(FILE *, struct fed_text *);
/* Whether a line, with those before that it continues, but without its newline, goes on in the next
 * one: it ends in a backslash, neither in quotes nor in a comment, or in an open brace. */
bool fed__line_continues(const char *line, size_t len);
/* Read a line and those that continue it, with the newlines between them; *lines: how many. ask, or
 * NULL, is called before each further one; where it returns false, there is no line. */
bool fed__line_read_continued(FILE *, struct fed_text *, unsigned *lines, bool (*ask)(void *ctx),
                              void *ctx);
/* Append continued lines as one line. */
void fed__line_join(struct fed_text *out, const char *text, size_t len);

/* Append s quoted, so that it is read back as one word s. */
void fed__word_quote(struct fed_text *, const char *s);
/* The same between quotes, " or ', or (quote 0) with backslashes; whole: the word ends here, else
 * the closing quote is left out. */
void fed__word_spell(struct fed_text *, const char *s, char quote, bool whole);

#endif
