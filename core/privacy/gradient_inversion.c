/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/gradient_inversion.c - inversion of gradients through a dense layer or by matching.
 */
#include "privacy/gradient_inversion.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "nn/adam.h"
#include "nn/layers/layers.h"

/* Exactly -------------------------------------------------------------------------- */

/* The first layer with parameters, if all below only reshape; else the number of layers. */
static size_t first_dense(const struct fed_net *net)
{
	size_t l = 0;

	while (l < net->layers && net->layer[l].ops == &fed_layer_flatten)
		l++;
	return l < net->layers && net->layer[l].ops == &fed_layer_dense ? l : net->layers;
}

bool fed__inversion_is_exact(const struct fed_net *net)
{
	return first_dense(net) < net->layers;
}

int fed__gradient_invert_exactly(const struct fed_net *net, const float *gradient, float *x,
                                 struct fed_error *err)
{
	const struct fed_net_layer *layer = &net->layer[first_dense(net)];
	const size_t inputs = fed_shape_size(&layer->in), units = fed_shape_size(&layer->out);
	const float *by_w = gradient + layer->offset, *by_b = by_w + inputs * units;
	double square = 0;

	for (size_t k = 0; k < units; k++)
		square += (double)by_b[k] * by_b[k];
	if (!(square > 0))
		return fed_reject(err, "the gradient of %s is zero: there is nothing to see", layer->name);
	for (size_t i = 0; i < inputs; i++) {
		double product = 0;

		for (size_t k = 0; k < units; k++)
			product += (double)by_w[i * units + k] * by_b[k];
		x[i] = (float)(product / square);
	}
	return FED_OK;
}

/* By matching ------------------------------------------------------------------------ */

/* Length of the difference step, relative to that of the parameters. */
#define MOVE 1e-2

struct matcher {
	const struct fed_gradient_match_state *m;
	struct fed_workspace space;
	float *g;            /* [dim]: gradient at the present x */
	float *moved;        /* [dim]: parameters */
	float *unused;       /* [dim]: gradients that are not read */
	double seen, length; /* |g*|, |w| */
};

static double dot(const float *a, const float *b, size_t n)
{
	enum { LANES = 8 };
	double sum[LANES] = {0}, all = 0;
	size_t j = 0;

	for (; j + LANES <= n; j += LANES)
		for (size_t k = 0; k < LANES; k++)
			sum[k] += (double)a[j + k] * b[j + k];
	for (; j < n; j++)
		all += (double)a[j] * b[j];
	for (size_t k = 0; k < LANES; k++)
		all += sum[k];
	return all;
}

static void matcher_release(struct matcher *t)
{
	fed_workspace_release(&t->space);
	fed_free_floats(t->g);
	fed_free_floats(t->moved);
	fed_free_floats(t->unused);
}

static int matcher_init(struct matcher *t, const struct fed_gradient_match_state *m,
                        struct fed_error *err)
{
	const size_t dim = m->net->dim;

	*t = (struct matcher){.m = m};
	if (fed_workspace_init(&t->space, m->net, 0, m->net->layers, m->batch, true, err))
		return FED_FAIL;
	t->g = fed_alloc_floats(dim);
	t->moved = fed_alloc_floats(dim);
	t->unused = fed_alloc_floats(dim);
	if (!t->g || !t->moved || !t->unused) {
		matcher_release(t);
		return fed_fail_memory(err, 3 * dim * sizeof(float), "gradients");
	}
	t->seen = sqrt(dot(m->gradient, m->gradient, dim));
	t->length = sqrt(dot(m->params, m->params, dim));
	return FED_OK;
}

/* Add the gradient of the mean loss at x by the parameters to grads; leave that by x in the
 * workspace.
 */
static void differentiate(struct matcher *t, const float *params, const float *x, float *grads)
{
	const struct fed_gradient_match_state *m = t->m;
	const size_t size = m->batch * fed_shape_size(&m->net->input);
	float *dy = fed_workspace_output_gradient(&t->space);

	memcpy(fed_workspace_input(&t->space), x, size * sizeof *x);
	const float *y = fed_net_forward(&t->space, params, m->batch);
	fed_net_loss(m->net, y, m->label, m->target, m->batch, 1.0f / (float)m->batch, dy, NULL);
	fed_net_backward(&t->space, params, grads, dy, m->batch);
}

/* t->moved = w + scale * (along_g g + along_seen g*). */
static void move_params(struct matcher *t, double along_g, double along_seen)
{
	const struct fed_gradient_match_state *m = t->m;
	const float a = (float)along_g, b = (float)along_seen;

	for (size_t j = 0; j < m->net->dim; j++)
		t->moved[j] = m->params[j] + a * t->g[j] + b * m->gradient[j];
}

/* v = grad_g D = (cosine g / |g| - g* / |g*|) / |g|; |v| = sqrt(1 - cosine^2) / |g|. */
static double matching_gradient(struct matcher *t, const float *x, float *dx)
{
	const struct fed_gradient_match_state *m = t->m;
	const size_t dim = m->net->dim, size = m->batch * fed_shape_size(&m->net->input);

	memset(t->g, 0, dim * sizeof *t->g);
	differentiate(t, m->params, x, t->g);
	const double length = sqrt(dot(t->g, t->g, dim));
	memset(dx, 0, size * sizeof *dx);
	if (!(length > 0) || !(t->seen > 0))
		return 1;
	const double cosine = fmin(1, dot(t->g, m->gradient, dim) / length / t->seen);
	const double sine = sqrt(1 - cosine * cosine);
	if (sine < 1e-7)
		return 1 - cosine;

	/* e |v| = MOVE |w| */
	const double e = MOVE * t->length / (sine / length);
	for (int side = 1; side >= -1; side -= 2) {
		const float part = (float)(side / (2 * e));

		move_params(t, side * e * cosine / length / length, -side * e / t->seen / length);
		differentiate(t, t->moved, x, t->unused);
		const float *by_x = fed_workspace_input_gradient(&t->space);
		for (size_t j = 0; j < size; j++)
			dx[j] += part * by_x[j];
	}
	return 1 - cosine;
}

/* Add the gradient of weight * mean |difference| of neighbouring pixels. */
static void smoothen(const struct fed_gradient_match_state *m, const float *x, float *dx)
{
	const struct fed_shape *s = &m->net->input;
	const size_t size = fed_shape_size(s);
	const float weight = (float)(m->smooth / (double)(size * m->batch));

	if (s->rank < 2 || m->smooth == 0)
		return;
	const size_t rows = s->dim[0], row = size / rows, step = s->rank == 3 ? s->dim[2] : 1;

	for (size_t k = 0; k < m->batch; k++)
		for (size_t i = 0; i < size; i++) {
			const float *p = x + k * size + i;
			float *d = dx + k * size + i;

			if (i + row < size) {
				const float up = p[0] > p[row] ? weight : p[0] < p[row] ? -weight : 0;
				d[0] += up;
				d[row] -= up;
			}
			if (i % row + step < row) {
				const float left = p[0] > p[step] ? weight : p[0] < p[step] ? -weight : 0;
				d[0] += left;
				d[step] -= left;
			}
		}
}

int fed__gradient_match_state_slope(const struct fed_gradient_match_state *m, const float *x,
                                    double *distance, float *dx, struct fed_error *err)
{
	struct matcher t;

	if (matcher_init(&t, m, err))
		return FED_FAIL;
	*distance = matching_gradient(&t, x, dx);
	matcher_release(&t);
	return FED_OK;
}

/* The rate falls to a tenth after 3/8, 5/8 and 7/8 of the steps (Geiping et al. 2020). */
static double rate_at(uint32_t step, uint32_t steps)
{
	const double done = (double)step / steps;

	return 0.1 * (done > 0.375 ? 0.1 : 1) * (done > 0.625 ? 0.1 : 1) * (done > 0.875 ? 0.1 : 1);
}

static uint32_t search_examples(struct matcher *t, struct fed_adam *adam, float *x, float *dx,
                                float *best, double *distance)
{
	const struct fed_gradient_match_state *m = t->m;
	const size_t size = adam->n;
	struct fed_stream r = fed_stream_open(m->seed, FED_FOR_OBSERVER, 0, 0);
	uint32_t step = 0;

	for (size_t j = 0; j < size; j++)
		x[j] = m->start[j % fed_shape_size(&m->net->input)] +
		       0.1f * (m->high - m->low) * (float)fed_stream_normal(&r);
	*distance = INFINITY;
	for (; step == 0 || (step < m->steps && !atomic_load(m->stopped)); step++) {
		const double d = matching_gradient(t, x, dx);

		if (d < *distance) {
			*distance = d;
			memcpy(best, x, size * sizeof *x);
		}
		smoothen(m, x, dx);
		/* use signs only: gradients shrink by orders of magnitude during the search */
		for (size_t j = 0; j < size; j++)
			dx[j] = dx[j] > 0 ? 1.0f : dx[j] < 0 ? -1.0f : 0.0f;
		fed_adam_step(adam, (m->high - m->low) * rate_at(step, m->steps), x, dx);
		for (size_t j = 0; j < size; j++)
			x[j] = fminf(m->high, fmaxf(m->low, x[j]));
	}
	return step;
}

int fed__gradient_match(const struct fed_gradient_match_state *m, float *x, double *distance,
                        uint32_t *made, struct fed_error *err)
{
	const size_t size = m->batch * fed_shape_size(&m->net->input);
	float *tried = fed_alloc_floats(2 * size);
	struct fed_adam adam = {0};
	struct matcher t = {0};
	int rc = FED_FAIL;

	if (!tried)
		fed_fail_memory(err, 2 * size * sizeof *tried, "examples");
	else if (matcher_init(&t, m, err) == FED_OK) {
		rc = fed_adam_init(&adam, size, err);
		if (rc == FED_OK)
			*made = search_examples(&t, &adam, tried, tried + size, x, distance);
		matcher_release(&t);
	}
	fed_adam_release(&adam);
	fed_free_floats(tried);
	return rc;
}
