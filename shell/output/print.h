/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/print.h - printing of text, tables and events; all output of the shell passes
 * through it.
 *
 * Control bytes are removed from data. Colour is used only if the screen has it and never carries
 * information alone.
 */
#ifndef FED_SHELL_OUTPUT_PRINT_H
#define FED_SHELL_OUTPUT_PRINT_H

#include "shell/shell.h"

enum fed_emphasis {
	FED_EMPHASIS_PLAIN,
	FED_EMPHASIS_BOLD,
	FED_EMPHASIS_DIM,
	FED_EMPHASIS_GOOD,
	FED_EMPHASIS_BAD
};

__attribute__((format(printf, 2, 3))) void fed__print(struct fed_shell *, const char *fmt, ...);
__attribute__((format(printf, 3, 4))) void fed__print_styled(struct fed_shell *, enum fed_emphasis,
                                                             const char *fmt, ...);
/* Print a drawing, whose escapes are kept. */
void fed__print_drawing(struct fed_shell *, const struct fed_text *);
/* Print "warning: text" or "error: where: text" to `errors`. */
void fed__print_warning(struct fed_shell *, const char *text);
void fed__print_error(struct fed_shell *, const char *where, const char *text);

/* A table; columns are as wide as their widest cell. */
struct fed_table {
	struct fed_text cells; /* NUL-ended, row by row */
	size_t columns, n;
	const char *right; /* a character for each column, 'r': right-aligned; NULL: none is */
};
void fed__table_cell(struct fed_table *, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Print and release the table. header: the first row is a header. */
void fed__table_print(struct fed_shell *, struct fed_table *, bool header);

/* Sinks of the session's events; shell is a struct fed_shell *. */
void fed__print_event(void *shell, const struct fed_event *);
void fed__json_event(void *shell, const struct fed_event *);
/* Write and release a line for --json; nothing without --json. */
void fed__print_json(struct fed_shell *, struct fed_text *);
/* Append ,"rounds":3,"test_accuracy":... and the end of the line. */
void fed__json_outcome(struct fed_text *, const struct fed_outcome *);

/* The progress line; rounds 0: no limit. */
void fed__progress_begin(struct fed_shell *, uint64_t rounds);
void fed__progress_event(struct fed_shell *, const struct fed_event *);
void fed__progress_erase(struct fed_shell *);
void fed__progress_end(struct fed_shell *);

#endif
