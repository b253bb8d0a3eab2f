/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/gate.c - validation of size, claims and finiteness of an update.
 */
#include "train/round/gate.h"

#include <math.h>

#include "base/rows.h"

int fed__gate_check(const struct fed_envelope *e, uint32_t returned, size_t dim,
                    struct fed_error *err)
{
	const struct fed_shared_vectors *p = e->payload;

	if (!p || p->n != 1 + returned || p->dim != dim)
		return fed_reject(err, "brings %u vectors of %zu numbers, the model takes %u of %zu",
		                  p ? p->n : 0, p ? p->dim : 0, 1 + returned, dim);
	if (e->samples == 0 || e->steps == 0)
		return fed_reject(err, "claims %llu samples and %u steps", (unsigned long long)e->samples,
		                  e->steps);
	for (uint32_t k = 0; k < p->n; k++) {
		if (fed_rows_kernels()->finite(p->vector[k], dim))
			continue;
		size_t j = 0;
		while (isfinite(p->vector[k][j]))
			j++;
		return fed_reject(err, "its %s is %s at coordinate %zu", k ? "returned vector" : "update",
		                  isnan(p->vector[k][j]) ? "NaN" : "infinite", j);
	}
	return FED_OK;
}

bool fed__update_is_finite(const struct fed_envelope *e)
{
	for (uint32_t k = 0; e->payload && k < e->payload->n; k++)
		if (!fed_rows_kernels()->finite(e->payload->vector[k], e->payload->dim))
			return false;
	return isfinite(e->loss);
}
