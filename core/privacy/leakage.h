/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/leakage.h - what crosses a cut of the model tells about examples and labels.
 *
 * For each cut, with the present parameters and test examples: how much the smashed data (with the
 * setting `noise` on them) tell about the inputs, and how much the gradients that cross the cut in
 * the other direction tell about the labels.
 *
 *   inputs  distance correlation (privacy/distance_correlation.h)
 *   labels  of two classes: the area under the ROC curve of the gradient's Euclidean norm,
 * whichever way round is above 1/2 (Li et al. 2022, norm attack); of any number: the share of
 *           examples whose gradient has the largest cosine to their class's (Liu et al. 2022; here
 * a class is known by the mean of the unit gradients of half of the examples, and the other half is
 * told)
 */
#ifndef FED_PRIVACY_LEAKAGE_H
#define FED_PRIVACY_LEAKAGE_H

#include "privacy/distance_correlation.h"
#include "session/session.h"

enum { FED_LEAK_EXAMPLES_MIN = 8, FED_LEAK_EXAMPLES_MAX = 2000 };

struct fed_leakage_cut {
	size_t cut;     /* below layer [cut] */
	size_t numbers; /* that cross for each example */
	struct fed_correlation inputs;
	double norm_auc; /* NaN unless there are two classes with examples */
	double told;     /* share of labels told by cosine; NaN for regression */
};
struct fed_leakage {
	struct fed_leakage_cut *at; /* [n] */
	size_t n;
	uint32_t examples;
	double noise;
	double guess; /* the largest class's share among those told: what a guess would reach */
};

/* cut 0: all.  Completes the session and gives the model parameters, as a first round would.
 * FED_REJECT: interrupted.  The same bits for any number of threads. */
int fed_leakage_measure(struct fed_leakage *, struct fed_session *, size_t cut, uint32_t examples,
                        struct fed_error *);
void fed_leakage_release(struct fed_leakage *); /* zeroed is fine */

/* The figures alone.  AUC of `value` as a score for label 1 against label 0, or 1 - AUC, whichever
 * is larger; ties count half; NaN when a class is missing. */
double fed_norm_auc(const double *value, const int32_t *label, size_t n);
/* v (n, d): classes by the mean direction of rows 0 .. n/2 - 1, told for the rest. */
int fed_distinguishable_by_cosine(const float *v, size_t n, size_t d, const int32_t *label,
                                  uint32_t classes, double *told, struct fed_error *);

#endif
