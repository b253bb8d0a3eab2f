/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugins/told.h - a round, what its aggregator tells of it, and how to read that.
 */
#ifndef FED_TEST_TOLD_H
#define FED_TEST_TOLD_H

#include "rounds.h"

enum { N = 13, DIMENSION = 40, LONGEST = 500, MANY = 60 };

/* All of the round that a test is about. */
struct told {
	struct rule rule;
	struct round r;
	float step[LONGEST];
	struct fed_verdict verdict[MANY];
	struct fed_trust trust[MANY];
	struct fed_text raw;
	char text[16384]; /* the lines, broken ones put together */
};
extern struct told told;

/* Random updates, of which one is far away; weights 10, 11, ..., staleness 0 to 6. */
void told_round(size_t n, size_t dim);
/* The aggregator's step and verdicts, in the same state again and again. */
void told_play(const char *name, const char *settings, const char *pre, const char *pre_settings);
void told_again(void);
struct fed_telling told_telling(void);
/* Into text; it must succeed. */
void told_tell(bool pre_aggregation);
void told_close(void);

/* A number told to four digits. */
void told_near(double number, double want);
/* What follows these words, which must be there; the number there. */
const char *told_behind(const char *from, const char *words);
double told_number(const char *from, const char *words);
/* The update of the client whose id stands at s. */
size_t told_whose(const char *s, char **end);
/* " 3, 17, 5" until the end of the line. */
size_t told_clients(const char *s, size_t *who);

/* Plain loops: a number of an update, the squared distance of two, the distance of one from z
 * (NULL: the origin), the length of the step. */
double told_at(size_t i, size_t j);
double told_square(size_t a, size_t b);
double told_distance(size_t i, const float *z);
double told_step_length(void);
int told_by_value(const void *a, const void *b); /* for qsort, of doubles */

#endif
