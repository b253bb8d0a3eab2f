/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/line.h - typed text becomes words.
 *
 *     words are separated by blanks; "..." and '...' keep blanks, ; and #; \x is x itself
 *     ; and the end of a line end a command; # at the beginning of a word begins a comment
 */
#ifndef FED_SHELL_LANGUAGE_LINE_H
#define FED_SHELL_LANGUAGE_LINE_H

#include "base/text.h"
#include "fedsh/plugin.h"

#define FED_LINE_MAX 1000000u /* bytes in a line */
#define FED_WORDS_MAX 4096u   /* words in a command */

struct fed_word {
	size_t text;       /* offset of the unquoted word in fed_words.bytes, NUL-ended */
	size_t begin, end; /* where it stands in the source */
	bool quoted;       /* part of it was in quotes or behind a backslash */
};

/* One command.  {0} is valid and empty. */
struct fed_words {
	struct fed_text bytes;
	struct fed_word *word; /* [n] */
	size_t n, capacity;
	bool open; /* the text ended inside quotes or behind a backslash */
};

/* The first command of text [0, len): *used counts its bytes, the separator included.  An empty
 * command has no words.  The error names the column of a quote without end.  FED_FAIL leaves the
 * words read so far, so that completion can use them. */
int fed_words_split(struct fed_words *, const char *text, size_t len, size_t *used,
                    struct fed_error *);
const char *fed_words_at(const struct fed_words *, size_t i);
void fed_words_release(struct fed_words *);

/* Append s as one word that reads back to s. */
void fed_word_quote(struct fed_text *, const char *s);

#endif
