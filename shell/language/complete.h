/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/complete.h - what may stand at the cursor.
 *
 * A pure function of the line, the session and (for paths) the file system; it writes nothing to
 * the terminal and knows no readline.
 */
#ifndef FED_SHELL_LANGUAGE_COMPLETE_H
#define FED_SHELL_LANGUAGE_COMPLETE_H

#include "shell/language/command.h"

struct fed_candidates {
	char **text; /* [n] sorted, distinct: each replaces line [start, point) */
	size_t n, capacity;
	size_t start;
	bool failed; /* memory ran out */
};
/* A candidate that ends in = or / wants more; the others want a blank behind them. */
void fed_complete(const struct fed_shell *, const char *line, size_t point,
                  struct fed_candidates *);
void fed_candidates_release(struct fed_candidates *);

#endif
