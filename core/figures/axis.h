/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * figures/axis.h - ticks and labels of an axis, with steps of 1, 2 or 5 times a power of ten;
 * of a logarithmic one with ticks at powers of ten, or at 1, 2 and 5 times
 * these, or within a factor of ten as on others.
 *
 * Callers pass values through fed_axis_limit first, so that no difference overflows or becomes
 * subnormal.
 */
#ifndef FED_FIGURES_AXIS_H
#define FED_FIGURES_AXIS_H

#include <stdbool.h>

struct fed_axis {
	double lo, hi;   /* the range of the axis, lo < hi */
	double step;     /* tick i is (first + i) * step */
	long long first; /* ticks 0 .. n - 1 are within [lo, hi] */
	int n;
	int scale;      /* labels are values / 10^scale ... */
	int decimals;   /* ... with so many decimals ... */
	char suffix[8]; /* ... followed by "k", "M", "e-7" */
	bool log;       /* logarithmic */
	bool powers;    /* tick i is number first + i of every `step`th power of ten; step 0: of 1, 2
	                   and 5 times each */
};

/* Clamp to [-1e300, 1e300]; 0 for magnitudes below 1e-300 and NaN. */
double fed_axis_limit(double value);
/* At most `most` ticks (>= 3) with steps not below `least` (0: any).  An empty range is widened;
 * with `extend` it is widened to ticks at both ends. */
void fed_axis_init(struct fed_axis *, double lo, double hi, int most, double least, bool extend);
/* The same with a logarithmic scale; lo > 0. */
void fed_axis_init_log(struct fed_axis *, double lo, double hi, int most, bool extend);
/* Where a value is between lo and hi, as a share. */
double fed_axis_share(const struct fed_axis *, double value);
double fed_axis_value(const struct fed_axis *, int i);
/* "0.25", "150k", "2e-7": all labels of an axis have the same unit and decimals. */
void fed_axis_label(const struct fed_axis *, int i, char label[32]);

#endif
