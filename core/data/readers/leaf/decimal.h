/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/decimal.h - numbers written in decimal, as doubles; for core/data alone.
 */
#ifndef FED_DATA_READERS_LEAF_DECIMAL_H
#define FED_DATA_READERS_LEAF_DECIMAL_H

#include <stddef.h>

#define FED_DECIMAL_MAX 500 /* characters of a number */

/* The number of JSON's grammar at the beginning of s: its characters, 0 if there is none or it is
 * longer than FED_DECIMAL_MAX; all of them if it may go on behind the end.  *x is the nearest
 * double, as strtod() finds it, and infinite where that is too large. */
size_t fed__decimal(const char *s, const char *end, double *x);

#endif
