/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/distance_correlation.h - distance correlation, a measure of dependence between two sets
 * of vectors.
 *
 * Székely, Rizzo, Bakirov 2007, definitions 3 to 5, of n pairs (x_k, y_k):
 *
 *     a_kl = |x_k - x_l|,  A_kl = a_kl - a_k. - a_.l + a_..   (less the means of row and column)
 *     dCov^2(x, y) = (1 / n^2) sum_kl A_kl B_kl,  dVar^2(x) = dCov^2(x, x)
 *     dCor^2 = dCov^2(x, y) / sqrt(dVar^2(x) dVar^2(y)),  0 where that is 0
 *
 * dCor is in [0, 1], and 1 when y is x moved, turned and scaled.  In the limit of many examples it
 * is 0 exactly for independent vectors; for few examples and long vectors it is far above.  So
 * there is also the bias-corrected one (Székely, Rizzo 2014, definition 2 and theorem 1): with
 *
 *     U_kl = a_kl - (n/(n-2)) (a_k. + a_.l) + (n^2/((n-1)(n-2))) a_..  for k != l, else 0
 *
 * in place of A, the ratio R* has mean 0 for independent vectors, for any n > 3.  It estimates
 * dCor^2 and may be negative; `corrected` is its root, or 0 if it is negative.
 */
#ifndef FED_PRIVACY_DISTANCE_CORRELATION_H
#define FED_PRIVACY_DISTANCE_CORRELATION_H

#include "fedsh/plugin.h"

/* dCor by both definitions. */
struct fed_correlation {
	double plain, corrected;
};
/* Correlation of two matrices a, b [n][n] of distances, symmetric, 0 on the diagonal; n > 3. */
int fed__distance_correlation(const double *a, const double *b, size_t n, struct fed_correlation *,
                              struct fed_error *);

#endif
