/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/sequences.h - datasets of next-token prediction, from windows over rows of tokens; for
 * core/data alone.
 *
 * Each owner has one row of tokens.  Its first part is for training, the rest for the test; an
 * example is a window of tokens and its label the token behind it, both in the same part.
 */
#ifndef FED_DATA_SEQUENCES_H
#define FED_DATA_SEQUENCES_H

#include "data/dataset.h"

struct fed_sequence {
	uint8_t *token; /* [n], below the number of classes */
	size_t n;
};

struct fed_sequences_plan {
	const char *name;
	uint32_t classes; /* at most 256 */
	uint32_t window, stride;
	double test; /* share of each row */
	const struct fed_generation *making;
};

/* Tokens that a row needs for one example of either part. */
size_t fed__sequence_least(uint32_t window);
/* A dataset of rows that are all long enough; row k belongs to owner k.  Not sealed.  On failure
 * the caller frees *out, as after a source's load. */
int fed__sequences_make(struct fed_dataset **, const struct fed_sequences_plan *,
                        const struct fed_sequence *rows, uint32_t n, struct fed_error *);

#endif
