/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/gru.c - gated recurrent unit over (T, width); its output is the last state (U).
 *
 *     r  = sigmoid(x[t] Wr + br + h Ur + cr)        h is 0 before the first step
 *     z  = sigmoid(x[t] Wz + bz + h Uz + cz)
 *     n  = tanh(x[t] Wn + bn + r (h Un + cn))
 *     h <- (1 - z) n + z h
 *
 * Cho et al. 2014 in the form of PyTorch and cuDNN: r scales the product h Un + cn, not h.
 * Parameters: W (width, 3U), U (U, 3U), b (3U), c (3U), columns in the order r, z, n.
 *
 * All inputs pass W in one product; the states pass U step by step, the whole batch at a time.
 * Backward the gates' gradients take the place of the gates in the cache, so that W and U get
 * theirs in one product over all steps, after the last use of both.
 */
#include <string.h>

#include "base/blas.h"
#include "nn/layers/init.h"
#include "nn/kernels/kernels.h"
#include "nn/layers/layers.h"

#define UNITS_MAX 32768u

struct sizes {
	size_t batch, steps, width, units, gates; /* gates: 3 units */
};

static struct sizes sizes_of(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const size_t units = ((const struct fed_gru_config *)config)->units;

	return (struct sizes){batch, in->dim[0], in->dim[1], units, 3 * units};
}

/* The parts of the parameters, or of their gradients. */
struct parts {
	float *w, *u, *b, *c;
};

static struct parts parts_of(const struct sizes *s, const float *params)
{
	float *w = (float *)params;
	float *u = w + s->width * s->gates;

	return (struct parts){w, u, u + s->units * s->gates, u + (s->units + 1) * s->gates};
}

/* Values of all steps, kept from forward to backward; (B, T, ...). */
struct cache {
	float *gate;  /* (B, T, 3U): r, z, n */
	float *inner; /* (B, T, U): h Un + cn */
	float *state; /* (B, T, U): h before the step */
};

static struct cache cache_of(const struct sizes *s, float *cache)
{
	const size_t rows = s->batch * s->steps;

	return (struct cache){cache, cache + rows * s->gates, cache + rows * (s->gates + s->units)};
}

static int gru_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                     struct fed_error *err)
{
	const uint32_t units = ((const struct fed_gru_config *)config)->units;

	if (units < 1 || units > UNITS_MAX)
		return fed_fail(err, "gru %u: the units are 1 to %u", units, UNITS_MAX);
	if (in->rank != 2)
		return fed_fail(err, "gru needs a sequence (T, width), gets examples of rank %u", in->rank);
	*out = (struct fed_shape){.rank = 1, .dim = {units}};
	return FED_OK;
}

static size_t gru_params(const void *config, const struct fed_shape *in)
{
	const struct sizes s = sizes_of(config, in, 1);

	return (s.width + s.units + 2) * s.gates;
}

/* All of them uniform in +-1/sqrt(units), PyTorch's default. */
static void gru_init(const void *config, const struct fed_shape *in, float *params, uint64_t key)
{
	fed_init_uniform(params, gru_params(config, in), sizes_of(config, in, 1).units, key);
}

static size_t gru_cache(const void *config, const struct fed_shape *in)
{
	const struct sizes s = sizes_of(config, in, 1);

	return s.steps * (s.gates + 2 * s.units);
}

/* Scratch memory of backward; forward needs `step` only. */
struct scratch {
	float *step;      /* (B, 3U): h U + c, backward its gradient */
	float *dh;        /* (B, U) */
	float *transpose; /* (3U, U): U' */
	float *sum;       /* (3U) */
	float *product;   /* for x's gradient */
};

static struct scratch scratch_of(const struct sizes *s, float *at)
{
	struct scratch v = {.step = at};

	v.dh = v.step + s->batch * s->gates;
	v.transpose = v.dh + s->batch * s->units;
	v.sum = v.transpose + s->gates * s->units;
	v.product = v.sum + s->gates;
	return v;
}

static size_t gru_scratch(const void *config, const struct fed_shape *in, uint32_t batch)
{
	const struct sizes s = sizes_of(config, in, batch);

	return s.batch * (s.gates + s.units) + s.gates * (s.units + 1) +
	       fed_gemm_nt_scratch((int)s.width, (int)s.gates);
}

static void fill_rows(float *rows, size_t n, const float *row, size_t width)
{
	for (size_t i = 0; i < n; i++)
		memcpy(rows + i * width, row, width * sizeof *row);
}

/* One example's step.  gate comes with the input's part, hidden is h U + c. */
static void step_forward(size_t units, float *gate, const float *hidden, float *inner,
                         const float *h, float *next)
{
	const float *r = gate, *z = gate + units;
	float *n = gate + 2 * units;

	/* sigmoid(a) = 1/2 + 1/2 tanh(a/2) */
	for (size_t j = 0; j < 2 * units; j++)
		gate[j] = 0.5f * (gate[j] + hidden[j]);
	fed_kernels()->tanh(gate, gate, 2 * units);
	for (size_t j = 0; j < 2 * units; j++)
		gate[j] = 0.5f + 0.5f * gate[j];
	for (size_t j = 0; j < units; j++) {
		inner[j] = hidden[2 * units + j];
		n[j] += r[j] * inner[j];
	}
	fed_kernels()->tanh(n, n, units);
	for (size_t j = 0; j < units; j++)
		next[j] = n[j] + z[j] * (h[j] - n[j]);
}

static void gru_forward(const struct fed_pass *p)
{
	const struct sizes s = sizes_of(p->config, &p->in, p->batch);
	const struct parts w = parts_of(&s, p->params);
	const struct cache c = cache_of(&s, p->cache);
	const int batch = (int)s.batch, units = (int)s.units, gates = (int)s.gates;
	const size_t rows = s.batch * s.steps;

	fill_rows(c.gate, rows, w.b, s.gates);
	fed_gemm_nn((int)rows, gates, (int)s.width, p->x, (int)s.width, w.w, gates, c.gate, gates);
	for (size_t b = 0; b < s.batch; b++)
		memset(c.state + b * s.steps * s.units, 0, s.units * sizeof *c.state);
	for (size_t t = 0; t < s.steps; t++) {
		fill_rows(p->scratch, s.batch, w.c, s.gates);
		if (t > 0)
			fed_gemm_nn(batch, gates, units, c.state + t * s.units, (int)(s.steps * s.units), w.u,
			            gates, p->scratch, gates);
		for (size_t b = 0; b < s.batch; b++) {
			const size_t at = b * s.steps + t;
			float *h = c.state + at * s.units;

			step_forward(s.units, c.gate + at * s.gates, p->scratch + b * s.gates,
			             c.inner + at * s.units, h,
			             t + 1 < s.steps ? h + s.units : p->y + b * s.units);
		}
	}
}

/* One example's step back.  gate and inner become their gradients, hidden that of h U + c; dh
 * becomes what passes to the state before beside U. */
static void step_backward(size_t units, float *gate, float *inner, const float *h, float *hidden,
                          float *dh)
{
	for (size_t j = 0; j < units; j++) {
		const float r = gate[j], z = gate[units + j], n = gate[2 * units + j];
		const float dn = dh[j] * (1 - z) * (1 - n * n);

		gate[j] = hidden[j] = dn * inner[j] * r * (1 - r);
		gate[units + j] = hidden[units + j] = dh[j] * (h[j] - n) * z * (1 - z);
		gate[2 * units + j] = dn;
		inner[j] = hidden[2 * units + j] = dn * r;
		dh[j] *= z;
	}
}

/* All gates' gradients, from the last step to the first. */
static void back_through_time(const struct fed_pass *p, const struct sizes *s,
                              const struct cache *c, const struct scratch *v)
{
	const int units = (int)s->units, gates = (int)s->gates;

	memset(v->transpose, 0, s->gates * s->units * sizeof *v->transpose);
	fed_kernels()->add_transposed(parts_of(s, p->params).u, s->gates, s->units, s->gates,
	                              v->transpose, s->units);
	memcpy(v->dh, p->dy, s->batch * s->units * sizeof *v->dh);
	for (size_t t = s->steps; t-- > 0;) {
		for (size_t b = 0; b < s->batch; b++) {
			const size_t at = b * s->steps + t;

			step_backward(s->units, c->gate + at * s->gates, c->inner + at * s->units,
			              c->state + at * s->units, v->step + b * s->gates, v->dh + b * s->units);
		}
		if (t > 0)
			fed_gemm_nn((int)s->batch, units, gates, v->step, gates, v->transpose, units, v->dh,
			            units);
	}
}

static void gru_backward(const struct fed_pass *p)
{
	const struct sizes s = sizes_of(p->config, &p->in, p->batch);
	const struct parts w = parts_of(&s, p->params), g = parts_of(&s, p->grads);
	const struct cache c = cache_of(&s, p->cache);
	const struct scratch v = scratch_of(&s, p->scratch);
	const int units = (int)s.units, gates = (int)s.gates, width = (int)s.width;
	const int rows = (int)(s.batch * s.steps);

	back_through_time(p, &s, &c, &v);
	if (p->dx)
		fed_gemm_nt(rows, width, gates, c.gate, gates, w.w, gates, p->dx, width, v.product);
	fed_gemm_tn(width, gates, rows, p->x, width, c.gate, gates, g.w, gates);
	/* of U: r and z have the gradients of the gates themselves, n those behind r */
	fed_gemm_tn(units, 2 * units, rows, c.state, units, c.gate, gates, g.u, gates);
	fed_gemm_tn(units, units, rows, c.state, units, c.inner, units, g.u + 2 * units, gates);
	memset(v.sum, 0, s.gates * sizeof *v.sum);
	fed_kernels()->add_rows(c.gate, (size_t)rows, s.gates, v.sum);
	for (size_t j = 0; j < s.gates; j++)
		g.b[j] += v.sum[j];
	for (size_t j = 0; j < 2 * s.units; j++)
		g.c[j] += v.sum[j];
	fed_kernels()->add_rows(c.inner, (size_t)rows, s.units, g.c + 2 * s.units);
}

/* FLOPs of the products; gates cost little beside them. */
static double gru_flops(const void *config, const struct fed_shape *in)
{
	const struct sizes s = sizes_of(config, in, 1);

	return 2.0 * (double)s.steps * (double)s.gates * (double)(s.width + s.units);
}

/* Tensors with the names of torch.nn.GRU: (3U, width), (3U, U), (3U), (3U). */
static bool gru_tensor(const void *config, const struct fed_shape *in, uint32_t k,
                       struct fed_tensor *t)
{
	static const char *const names[] = {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"};
	const struct sizes s = sizes_of(config, in, 1);
	const uint32_t gates = (uint32_t)s.gates, inputs = (uint32_t)(k == 0 ? s.width : s.units);
	const size_t after[] = {0, s.width, s.width + s.units, s.width + s.units + 1};

	if (k > 3)
		return false;
	*t = (struct fed_tensor){.offset = after[k] * s.gates,
	                         .rank = k < 2 ? 2 : 1,
	                         .dim = {gates, inputs},
	                         .stride = {1, s.gates},
	                         .file_rank = k < 2 ? 2 : 1,
	                         .file_shape = {gates, inputs}};
	if (k >= 2)
		t->dim[1] = t->file_shape[1] = 0;
	snprintf(t->name, sizeof t->name, "%s", names[k]);
	return true;
}

static void gru_describe(const void *config, const struct fed_shape *in, char *text, size_t size)
{
	const struct sizes s = sizes_of(config, in, 1);

	snprintf(text, size, "%zu steps of %zu to %zu", s.steps, s.width, s.units);
}

const struct fed_layer fed__layer_gru = {
	.size = sizeof(struct fed_layer),
	.name = "gru",
	.shape = gru_shape,
	.param_count = gru_params,
	.init = gru_init,
	.forward = gru_forward,
	.backward = gru_backward,
	.flops = gru_flops,
	.cache_floats = gru_cache,
	.scratch_floats = gru_scratch,
	.tensor = gru_tensor,
	.describe = gru_describe,
};
