/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/spread.h - how a figure spreads over clients: mean, the worst of them, fairness.
 *
 * Jain's index: Jain, Chiu and Hawe, A Quantitative Measure of Fairness, DEC TR-301, 1984.
 */
#ifndef FED_BASE_SPREAD_H
#define FED_BASE_SPREAD_H

#include <stdbool.h>

#include "fedsh/plugin.h"

struct fed_spread {
	uint32_t n;
	double mean, weighted, deviation; /* weighted: by examples; the deviation of a sample */
	double worst_tenth;               /* mean of the worst tenth, of one client at least */
	double worst;
	uint32_t worst_at; /* index of the worst */
	double jain;       /* (sum x)^2 / (n sum x^2): 1 if all are equal, 1/n if one has all */
};
/* x [n], weight [n]; rising: a larger x is better. Figures that are NaN are left out. */
int fed_spread_of(struct fed_spread *, const double *x, const double *weight, uint32_t n,
                  bool rising, struct fed_error *);

#endif
