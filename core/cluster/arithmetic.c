/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/arithmetic.c - arithmetic of a round on ranks.
 */
#include "cluster/arithmetic.h"

#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "nn/sgd.h"

#define MEASURED 0.1  /* seconds of measuring */
#define MESSAGE 20e-6 /* seconds of rank 0 for a training's messages (tests/bench/bench_ranks) */
enum { COPIES = 2 };  /* a copy passes through memory twice */

struct fed_round_rates fed_round_rates(const struct fed_round_shape *r, double ranks,
                                       double threads, double bytes_second)
{
	const double training = r->examples * r->epochs * r->second_example;
	const double down = ranks * r->model + r->participants * r->job;
	const double up = r->participants * r->update;
	struct fed_round_rates x = {
		.training = ceil(r->participants / (ranks * threads)) * training,
		.network = fmax(down, up) / bytes_second,
		.rank0 = r->participants * r->second_update,
	};

	x.seconds = fmax(x.training, fmax(x.network, x.rank0));
	x.efficiency = r->participants * training / (ranks * threads * x.seconds);
	return x;
}

/* A thread that trains on the first examples of a dataset again and again. */
struct measured {
	struct fed_workspace space;
	float *params, *target;
	int32_t *label;
	uint32_t *ids;
};

static int prepare(struct measured *m, const struct fed_net *net, uint32_t batch,
                   struct fed_error *err)
{
	if (fed_workspace_init(&m->space, net, 0, net->layers, batch, false, err))
		return FED_FAIL;
	m->params = fed_alloc_floats(net->dim);
	m->target = fed_alloc_array((size_t)batch * net->outputs, sizeof *m->target);
	m->label = fed_alloc_array(batch, sizeof *m->label);
	m->ids = fed_alloc_array(batch, sizeof *m->ids);
	if (!m->params || !m->target || !m->label || !m->ids)
		return fed_fail_memory(err, net->dim * sizeof(float), "a measurement");
	fed_net_init_params(net, m->params, 1);
	return FED_OK;
}

static void step(struct measured *m, const struct fed_net *net, const struct fed_dataset *data,
                 uint32_t first, uint32_t batch)
{
	const struct fed_sgd sgd = {.lr = 0.001};

	for (uint32_t i = 0; i < batch; i++)
		m->ids[i] = (first + i * 97) % data->train;
	fed_dataset_gather(data, m->ids, batch, NULL, fed_workspace_input(&m->space),
	                   net->classes ? m->label : NULL, net->classes ? NULL : m->target);
	fed_sgd_step(&m->space, &sgd, m->params, m->label, m->target, batch);
}

int fed_measure_example(const struct fed_net *net, const struct fed_dataset *data, uint32_t batch,
                        double *seconds, struct fed_error *err)
{
	struct measured m = {0};
	int rc;

	batch = batch > FED_DIRECT_EXAMPLES || batch == 0 ? FED_DIRECT_EXAMPLES : batch;
	rc = prepare(&m, net, batch, err);
	if (rc == FED_OK) {
		double best = INFINITY;

		step(&m, net, data, 0, batch);
		for (const double end = fed_wall_seconds() + MEASURED; fed_wall_seconds() < end;) {
			const double began = fed_wall_seconds();
			uint32_t n = 0;

			do
				step(&m, net, data, n++ * batch, batch);
			while (fed_wall_seconds() - began < MEASURED / 16);
			best = fmin(best, (fed_wall_seconds() - began) / n / batch);
		}
		*seconds = best;
	}
	fed_workspace_release(&m.space);
	fed_free_floats(m.params);
	fed_free(m.target);
	fed_free(m.label);
	fed_free(m.ids);
	return rc;
}

int fed_measure_update(size_t dim, double *seconds, struct fed_error *err)
{
	/* copies of several vectors, so that none is in a cache because of the last one */
	const size_t n = dim > ((size_t)1 << 23) ? 1 : ((size_t)1 << 24) / dim,
				 bytes = dim * sizeof(float);
	float *a = fed_alloc_floats(n * dim), *b = fed_alloc_floats(n * dim);
	double best = INFINITY;

	for (int i = 0; a && b && i < 5; i++) {
		const double began = fed_wall_seconds();

		for (size_t k = 0; k < n; k++)
			memcpy((i % 2 ? a : b) + k * dim, (i % 2 ? b : a) + k * dim, bytes);
		best = fmin(best, (fed_wall_seconds() - began) / (double)n);
	}
	const bool there = a && b;
	fed_free_floats(a);
	fed_free_floats(b);
	*seconds = MESSAGE + COPIES * best;
	return there ? FED_OK : fed_fail_memory(err, n * bytes, "a measurement");
}
