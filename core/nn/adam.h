/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/adam.h - Adam optimiser, for optimisations of the program itself; no setting of clients
 * affects it.
 *
 * Kingma, Ba 2015, algorithm 1, with its defaults 0.9, 0.999 and 1e-8:
 *
 *     m <- 0.9 m + 0.1 g;  s <- 0.999 s + 0.001 g^2
 *     w <- w - lr (m / (1 - 0.9^t)) / (sqrt(s / (1 - 0.999^t)) + 1e-8)
 */
#ifndef FED_NN_ADAM_H
#define FED_NN_ADAM_H

#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_adam {
	float *m, *s; /* [n] */
	size_t n;
	uint32_t t; /* steps so far */
};

int fed_adam_init(struct fed_adam *, size_t n, struct fed_error *);
void fed_adam_release(struct fed_adam *); /* zeroed is fine */
void fed_adam_step(struct fed_adam *, double lr, float *w, const float *g);

#endif
