/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/partition_dirichlet.c - partition `dirichlet`: each client's class mix is drawn from a
 * Dirichlet distribution.
 *
 * Mix ~ Dirichlet(alpha * K * share of each class), K classes: with equal classes the usual
 * symmetric Dirichlet(alpha); Hsu, Qi, Brown 2019 write alpha for our alpha * K.  A client's
 * examples are drawn one by one by its mix; a class that is used up drops out of the mix, and a mix
 * without any class left becomes the mix of what is left.  So every draw makes progress:
 * implementations that draw whole mixes again until the sizes fit may never end.
 */
#include <math.h>

#include "base/mem.h"
#include "data/sampling.h"

struct mix {
	double *share;  /* [K] of the examples when the partition began */
	double *weight; /* [K] of the current client */
	double total;   /* of the weights of classes that are not used up */
};

/* Gamma variates over their sum; of a tiny alpha all may be 0 in double, where the distribution's
 * limit is one class, drawn by its share. */
static void mix_draw(struct mix *m, uint32_t k, double alpha, struct fed_stream *r)
{
	double total = 0;

	for (uint32_t c = 0; c < k; c++) {
		const double shape = alpha * k * m->share[c];

		m->weight[c] = shape > 0 ? fed_stream_gamma(r, shape) : 0;
		total += m->weight[c];
	}
	if (total > 1e-290)
		return;

	double u = fed_stream_real(r);
	uint32_t one = 0;

	for (uint32_t c = 0; c < k && u >= 0; c++)
		if (m->share[c] > 0) {
			one = c;
			u -= m->share[c];
		}
	for (uint32_t c = 0; c < k; c++)
		m->weight[c] = c == one;
}

/* Remove the classes that are used up. */
static void mix_renew(struct mix *m, const struct fed_sampler *u)
{
	m->total = 0;
	for (uint32_t c = 0; c < u->classes; c++)
		m->total += u->left[c] ? m->weight[c] : 0;
	if (m->total > 0)
		return;
	for (uint32_t c = 0; c < u->classes; c++)
		m->weight[c] = u->left[c];
	m->total = u->total;
}

/* Draw a class; the last one with weight takes the rounding error. */
static uint32_t mix_class(const struct mix *m, const struct fed_sampler *u, struct fed_stream *r)
{
	double x = fed_stream_real(r) * m->total;
	uint32_t last = 0;

	for (uint32_t c = 0; c < u->classes; c++) {
		if (!u->left[c] || m->weight[c] <= 0)
			continue;
		last = c;
		x -= m->weight[c];
		if (x < 0)
			break;
	}
	return last;
}

static void partition_client(struct fed_partition_job *d, struct fed_sampler *u, struct mix *m,
                             uint32_t client)
{
	struct fed_stream r = fed_client_stream(d, client);

	if (d->shared)
		fed__sampler_refill(u);
	mix_draw(m, u->classes, d->how->alpha, &r);
	mix_renew(m, u);
	for (uint64_t k = d->result->start[client]; k < d->result->start[client + 1]; k++) {
		/* a client larger than the pool gets all, then starts again */
		if (!u->total) {
			fed__sampler_refill(u);
			mix_renew(m, u);
		}

		const uint32_t c = mix_class(m, u, &r);

		d->result->ids[k] = fed_sampler_draw(u, c, &r);
		if (!u->left[c])
			mix_renew(m, u);
	}
}

static int partition_all(struct fed_partition_job *d, struct fed_sampler *u, struct fed_error *err)
{
	struct mix m = {.share = fed_alloc_array(u->classes, sizeof *m.share),
	                .weight = fed_alloc_array(u->classes, sizeof *m.weight)};
	int rc = FED_OK;

	if (!m.share || !m.weight) {
		rc = fed_fail_memory(err, u->classes * sizeof *m.share, "a class mix");
	} else {
		for (uint32_t c = 0; c < u->classes; c++)
			m.share[c] = (double)u->left[c] / u->total;
		for (uint32_t i = 0; i < d->n; i++)
			partition_client(d, u, &m, i);
	}
	fed_free(m.share);
	fed_free(m.weight);
	return rc;
}

int fed__partition_dirichlet(struct fed_partition_job *d, struct fed_error *err)
{
	int32_t *class_of;
	uint32_t classes;
	struct fed_sampler u;

	if (!(d->how->alpha > 0) || isinf(d->how->alpha))
		return fed_fail(err, "alpha=%g; it must be above 0 and finite", d->how->alpha);
	if (fed__partition_by_classes(d->data, &class_of, &classes, err))
		return FED_FAIL;

	int rc = fed__sampler_init(&u, d, class_of, classes, err);

	fed_free(class_of);
	if (rc)
		return FED_FAIL;
	rc = partition_all(d, &u, err);
	fed__sampler_release(&u);
	return rc;
}
