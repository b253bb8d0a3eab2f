/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/apply_step.c - the step from one version of the model to the next.
 */
#include "train/round/apply_step.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "nn/kernels/kernels.h"
#include "train/round/state.h"

/* Take the model of a scheme with `makes_model`: copy `made` to `to`, then replace it by the step
 * from the old model.  False when a number is not finite. */
static bool replace_model(const float *from, float *made, float *to, size_t dim, double *squares)
{
	double sum = 0;

	memcpy(to, made, dim * sizeof *to);
	for (size_t j = 0; j < dim; j++) {
		made[j] = to[j] - from[j];
		sum += (double)made[j] * made[j];
	}
	*squares = sum;
	return isfinite(sum);
}

int fed__apply_step(struct fed_federation *f, float *step, struct fed_error *err)
{
	const size_t dim = f->net->dim;
	struct fed_shared_vectors *next = fed_vector_free_list_take(&f->models, 1, dim);
	double squares;

	if (f->sharing)
		fed_sharing_copy_local(f->sharing, NULL, step);
	if (!next)
		return fed_fail_memory(err, dim * sizeof *step, "the model");
	const bool finite =
		f->scheme->makes_model
			? replace_model(f->params, step, next->vector[0], dim, &squares)
			: fed_kernels()->add_step(f->params, step, next->vector[0], dim, &squares);
	if (!finite) {
		size_t j = 0;
		while (isfinite(next->vector[0][j]))
			j++;
		fed_shared_vectors_unref(next);
		f->nan = true;
		return fed_fail(err, "%s: the step makes parameter %zu infinite; lower lr (now %g)",
		                f->aggregator->entry->head->name, j, f->plan.lr);
	}
	f->record.step_norm = sqrt(squares);
	fed_shared_vectors_unref(f->model);
	f->model = next;
	f->params = next->vector[0];
	return FED_OK;
}
