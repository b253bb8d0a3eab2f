/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/factors.h - factors of an experiment, their levels, and the cells of their grid.
 *
 *     factors = factor { (";" | NEWLINE) factor };   factor = KEY "=" levels
 *     levels = level { "," level }  or, where levels hold commas,  level { "|" level }
 *     level = VALUE | INTEGER ".." INTEGER
 *
 * Cells are numbered so that the levels of `dataset` and `seed` change most slowly: neighbours
 * share their examples.  Otherwise the last factor changes fastest.
 */
#ifndef FED_EXPERIMENTS_FACTORS_H
#define FED_EXPERIMENTS_FACTORS_H

#include <stdbool.h>

#include "base/text.h"
#include "fedsh/plugin.h"

#define FED_FACTORS_MAX 8
#define FED_LEVELS_MAX 256 /* of a factor */
#define FED_CELLS_MAX 100000
#define FED_LEVEL_BYTES 200 /* of a level, with its NUL */

struct fed_factor {
	char key[64];
	char **level; /* [n] as typed */
	size_t n;
};
struct fed_factors {
	struct fed_factor factor[FED_FACTORS_MAX];
	size_t n;
};

/* *f must be zeroed; it is released on failure. */
int fed_factors_parse(struct fed_factors *f, const char *text, struct fed_error *);
/* Append a level as it is: no ranges. */
int fed__factor_add(struct fed_factor *, const char *level, size_t len, struct fed_error *);
void fed_factors_release(struct fed_factors *); /* zeroed is fine */
size_t fed__factors_cells(const struct fed_factors *);
/* Level of a factor in a cell, as an index. */
size_t fed_factors_level(const struct fed_factors *, size_t cell, size_t factor);
/* The cell with these levels [n]. */
size_t fed__factors_cell(const struct fed_factors *, const size_t *level);
/* The factor's index; FED_FAIL: the error has the factors there are. */
int fed__factors_find(const struct fed_factors *, const char *key, size_t *factor,
                      struct fed_error *);
/* Append "aggregator=fedavg seed=3". */
void fed__factors_put_cell(const struct fed_factors *, size_t cell, struct fed_text *);
/* Append the text that fed_factors_parse() reads back, in one form for all ways to type it. */
void fed__factors_put(const struct fed_factors *, struct fed_text *);

#endif
