/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/noise.c - Gaussian noise on a vector.
 */
#include "train/clients/noise.h"

void fed_noise_add(struct fed_stream *r, double sigma, float *v, size_t n)
{
	for (size_t i = 0; sigma > 0 && i < n; i++)
		v[i] += (float)(sigma * fed_stream_normal(r));
}
