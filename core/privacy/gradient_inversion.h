/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/gradient_inversion.h - gradient inversion: reconstruction of examples from their
 * gradient.
 *
 * An update of one step on a few examples is their gradient.  It is inverted in two ways:
 *
 * Exact, of one example, where the model begins with a dense layer y = x W + b: row i of the
 * gradient by W is x_i dy and the gradient by b is dy, so x_i = <row i, dy> / <dy, dy> (Phong et
 * al. 2017 divide one column; least squares over all columns are more robust to noise).
 *
 * By matching (Zhu, Liu, Han 2019; Geiping et al. 2020, equation 4): a search for examples
 * x whose gradient g(x) has the direction of the observed gradient g*:
 *
 *     D(x) = 1 - <g(x), g*> / (|g(x)| |g*|) + smooth * (mean over neighbours |x_i - x_j|)
 *
 * The gradient of D by x needs second derivatives of the loss l(w, x), in one direction v only, and
 * this is a difference of two gradients by x:
 *
 *     grad_x <g(x), v> = (grad_x l(w + e v, x) - grad_x l(w - e v, x)) / 2 e,  v = grad_g D.
 */
#ifndef FED_PRIVACY_GRADIENT_INVERSION_H
#define FED_PRIVACY_GRADIENT_INVERSION_H

#include <stdatomic.h>

#include "nn/net.h"

/* True if the first layer with parameters is dense and gets the unchanged inputs. */
bool fed__inversion_is_exact(const struct fed_net *);
/* Invert the gradient [dim] of one example; x [input].  FED_REJECT: it is zero in the first layer.
 */
int fed__gradient_invert_exactly(const struct fed_net *, const float *gradient, float *x,
                                 struct fed_error *);

struct fed_gradient_match_state {
	const struct fed_net *net;
	const float *params;   /* [dim] */
	const float *gradient; /* [dim], observed: of the mean loss over the batch */
	const int32_t *label;  /* [batch], known; or NULL */
	const float *target;   /* (batch, outputs), or NULL */
	uint32_t batch, steps;
	double smooth;             /* weight of the differences between neighbours, images only */
	float low, high;           /* range of inputs */
	const float *start;        /* [input]: the search begins around it */
	const atomic_int *stopped; /* not 0: the search ends with its best examples */
	uint64_t seed;
};
/* Search x (batch, input) from random points around `start`; *distance: D without smoothness at the
 * result; *made: steps. */
int fed__gradient_match(const struct fed_gradient_match_state *, float *x, double *distance,
                        uint32_t *made, struct fed_error *);
/* One evaluation: D without smoothness, and its gradient by x into dx (batch, input). */
int fed__gradient_match_state_slope(const struct fed_gradient_match_state *, const float *x,
                                    double *distance, float *dx, struct fed_error *);

#endif
