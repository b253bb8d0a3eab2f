/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/leakage.h - leakage of inputs and labels through the messages at a cut.
 *
 * For each cut, with the present parameters and test examples: the information of the smashed data
 * (with the setting `noise`) on the inputs, and that of the gradients in the other direction on the
 * labels.
 *
 *   inputs  distance correlation (privacy/distance_correlation.h)
 *   labels  of two classes: the area under the ROC curve of the gradient's Euclidean norm, or
 *           1 - area if it is larger (Li et al. 2022, norm attack); of any number: the share of
 *           examples whose gradient has the largest cosine to that of their class (Liu et al. 2022;
 *           here a class is the mean of the unit gradients of half of the examples, and the other
 *           half is classified)
 *
 * Under scheme `vertical` each party has its figures: its share of the smashed data against its own
 * columns of the inputs, and the gradients that it is sent.
 */
#ifndef FED_PRIVACY_LEAKAGE_H
#define FED_PRIVACY_LEAKAGE_H

#include "privacy/distance_correlation.h"
#include "privacy/parties.h"
#include "session/session.h"

enum { FED_LEAK_EXAMPLES_MIN = 8, FED_LEAK_EXAMPLES_MAX = 2000 };

struct fed_leakage_cut {
	size_t cut;               /* below layer [cut] */
	uint32_t party;           /* FED_NO_PARTY: all columns are in one place */
	struct fed_range columns; /* of the inputs */
	size_t numbers;           /* sent for each example */
	struct fed_correlation inputs;
	double norm_auc;        /* NaN unless there are two classes with examples */
	double cosine_accuracy; /* share of labels found by cosine; NaN for regression */
};
struct fed_leakage {
	struct fed_leakage_cut *at; /* [n] */
	size_t n;
	uint32_t examples;
	double noise;
	double guess; /* share of the largest class: the accuracy of a constant guess */
};

/* Measure one cut; 0: all.  Starts the session, as a first round does.  FED_REJECT: interrupted.
 * The same bits for any number of threads. */
int fed_leakage_measure(struct fed_leakage *, struct fed_session *, size_t cut, uint32_t examples,
                        struct fed_error *);
void fed_leakage_release(struct fed_leakage *); /* zeroed is fine */

/* AUC of `value` as a score for label 1 against label 0, or 1 - AUC if it is larger; ties count
 * half; NaN if a class is missing. */
double fed__norm_auc(const double *value, const int32_t *label, size_t n);
/* Accuracy of a classification of v (n, d) by cosine: classes by the mean direction of rows 0 ..
 * n/2 - 1, *accuracy of the rest. */
int fed__distinguishable_by_cosine(const float *v, size_t n, size_t d, const int32_t *label,
                                   uint32_t classes, double *accuracy, struct fed_error *);

#endif
