/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nn/layers/init.h - initialisation of parameters. */
#ifndef FED_NN_INIT_H
#define FED_NN_INIT_H

#include <math.h>

#include "fedsh/plugin.h"

/* Uniform in +-1/sqrt(fan_in), value j from number j of the stream `key`. */
static inline void fed_init_uniform(float *params, size_t n, size_t fan_in, uint64_t key)
{
	const double bound = 1 / sqrt((double)fan_in);

	for (size_t j = 0; j < n; j++)
		params[j] = (float)(bound * (2 * fed_random_real(key, j) - 1));
}

#endif
