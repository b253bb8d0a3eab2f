/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/adam.c - Adam optimiser.
 */
#include "nn/adam.h"

#include <math.h>

#include "base/mem.h"

int fed_adam_init(struct fed_adam *a, size_t n, struct fed_error *err)
{
	*a = (struct fed_adam){.m = fed_alloc_floats(n), .s = fed_alloc_floats(n), .n = n};
	if (a->m && a->s)
		return FED_OK;
	fed_adam_release(a);
	return fed_fail_memory(err, 2 * n * sizeof(float), "an optimizer");
}

void fed_adam_release(struct fed_adam *a)
{
	fed_free_floats(a->m);
	fed_free_floats(a->s);
	*a = (struct fed_adam){0};
}

void fed_adam_step(struct fed_adam *a, double lr, float *w, const float *g)
{
	a->t++;

	const float step = (float)(lr / (1 - pow(0.9, a->t)));
	const float scale = (float)(1 / (1 - pow(0.999, a->t)));
	float *restrict m = a->m, *restrict s = a->s;

	for (size_t j = 0; j < a->n; j++) {
		m[j] = 0.9f * m[j] + 0.1f * g[j];
		s[j] = 0.999f * s[j] + 0.001f * g[j] * g[j];
		w[j] -= step * m[j] / (sqrtf(scale * s[j]) + 1e-8f);
	}
}
