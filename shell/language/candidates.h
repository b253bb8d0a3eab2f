/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/candidates.h - what may be typed at the cursor, as a list of texts.
 */
#ifndef FED_SHELL_LANGUAGE_CANDIDATES_H
#define FED_SHELL_LANGUAGE_CANDIDATES_H

#include <stdbool.h>
#include <stddef.h>

struct fed_candidates {
	char **text; /* [n] sorted, distinct; each replaces bytes [start, point) of the line */
	size_t n, capacity;
	size_t start;
	bool failed; /* out of memory */
};
void fed__candidates_add(struct fed_candidates *, const char *text);
/* Sort them, and drop those that are there twice. */
void fed__candidates_sort(struct fed_candidates *);
void fed__candidates_release(struct fed_candidates *);

#endif
