/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/decoder.c - construction, training and use of a decoder for a cut.
 */
#include "privacy/decoder.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "nn/adam.h"
#include "nn/layers/layers.h"
#include "nn/sgd.h"

enum {
	BATCH = 16,
	HIDDEN = 256,
	FILTERS = 16, /* on the cells of smashed data */
	PLANES = 8,   /* on pixels */
	LARGEST = 8,  /* pixels for one cell of the smashed data, in each direction */
};
#define RATE 2e-3 /* falls to 0 */

/* Geometry of smashed data ----------------------------------------------------------- */

/* An image of smashed data: cell i is centred on pixel scale * i + offset of the input. */
struct smashed_grid {
	bool is;
	struct fed_shape shape;
	double scale, offset;
};

static bool same_shape(const struct fed_shape *a, const struct fed_shape *b)
{
	return a->rank == b->rank && memcmp(a->dim, b->dim, a->rank * sizeof *a->dim) == 0;
}

static void pass_layer(struct smashed_grid *at, const struct fed_net_layer *l,
                       const struct fed_shape *input)
{
	if (l->ops == &fed_layer_conv) {
		const struct fed_conv_config *c = l->config;
		at->offset += at->scale * ((c->kernel - 1) / 2.0 - c->pad);
	} else if (l->ops == &fed_layer_max_pool || l->ops == &fed_layer_mean_pool) {
		const struct fed_pool_config *c = l->config;
		at->offset += at->scale * (c->size - 1) / 2.0;
		at->scale *= c->size;
	} else if (l->ops == &fed_layer_flatten || same_shape(&l->in, &l->out)) {
		return; /* the same cells, perhaps in one row */
	} else if (l->out.rank == 3) {
		at->scale =
			(double)input->dim[0] / l->out.dim[0]; /* layer of a plugin: cells evenly spread */
		at->offset = (at->scale - 1) / 2;
	} else {
		at->is = false;
	}
	if (l->out.rank == 3)
		at->shape = l->out;
}

static struct smashed_grid image_at(const struct fed_net *net, size_t cut)
{
	struct smashed_grid at = {.is = net->input.rank == 3, .shape = net->input, .scale = 1};

	for (size_t l = 0; at.is && l < cut; l++)
		pass_layer(&at, &net->layer[l], &net->input);
	at.is = at.is && round(at.scale) >= 1 && round(at.scale) <= LARGEST;
	return at;
}

/* The sub-pixel layer ---------------------------------------------------------------- */

/* (h, w, factor^2 planes) to (H, W, planes): each cell's numbers are factor x factor pixels, the
 * first cell's at (first, first); pixels of no cell are 0. */
struct enlarge {
	uint32_t height, width, planes, factor;
	int32_t first;
};

static int enlarge_shape(const void *config, const struct fed_shape *in, struct fed_shape *out,
                         struct fed_error *err)
{
	const struct enlarge *c = config;

	if (in->rank != 3 || in->dim[2] != c->factor * c->factor * c->planes)
		return fed_fail(err, "enlarge needs %u numbers a cell", c->factor * c->factor * c->planes);
	*out = (struct fed_shape){.rank = 3, .dim = {c->height, c->width, c->planes}};
	return FED_OK;
}

/* The cell of a pixel's row or column and the pixel's index in it; false: no cell. */
static bool cell_of(const struct enlarge *c, uint32_t pixel, uint32_t cells, uint32_t *cell,
                    uint32_t *part)
{
	const int64_t at = (int64_t)pixel - c->first;

	if (at < 0 || at >= (int64_t)cells * c->factor)
		return false;
	*cell = (uint32_t)at / c->factor;
	*part = (uint32_t)at % c->factor;
	return true;
}

/* Copy cells (small) to pixels (large) if `forward`, else pixels to cells. */
static void copy_cells(const struct fed_pass *p, bool forward, float *small, float *large)
{
	const struct enlarge *c = p->config;
	const uint32_t h = p->in.dim[0], w = p->in.dim[1];

	for (uint32_t b = 0; b < p->batch; b++, small += fed_shape_size(&p->in))
		for (uint32_t y = 0; y < c->height; y++)
			for (uint32_t x = 0; x < c->width; x++, large += c->planes) {
				uint32_t row, column, down, right;
				const bool there =
					cell_of(c, y, h, &row, &down) && cell_of(c, x, w, &column, &right);
				float *cell = there ? small + ((row * w + column) * c->factor * c->factor +
				                               down * c->factor + right) *
				                                  c->planes
				                    : NULL;

				if (forward && !cell)
					memset(large, 0, c->planes * sizeof *large);
				else if (cell)
					memcpy(forward ? large : cell, forward ? cell : large,
					       c->planes * sizeof *large);
			}
}

static void enlarge_forward(const struct fed_pass *p)
{
	copy_cells(p, true, (float *)p->x, p->y);
}

static void enlarge_backward(const struct fed_pass *p)
{
	if (!p->dx)
		return;
	memset(p->dx, 0, p->batch * fed_shape_size(&p->in) * sizeof *p->dx);
	copy_cells(p, false, p->dx, (float *)p->dy);
}

static double enlarge_flops(const void *config, const struct fed_shape *in)
{
	(void)config, (void)in;
	return 0;
}

static const struct fed_layer enlarge = {
	.size = sizeof(struct fed_layer),
	.name = "enlarge",
	.shape = enlarge_shape,
	.forward = enlarge_forward,
	.backward = enlarge_backward,
	.flops = enlarge_flops,
};

/* Building --------------------------------------------------------------------------- */

static int build_for_image(struct fed_builder *b, const struct smashed_grid *at,
                           const struct fed_shape *input, struct fed_error *err)
{
	const struct enlarge e = {
		.height = input->dim[0],
		.width = input->dim[1],
		.planes = PLANES,
		.factor = (uint32_t)round(at->scale),
		.first = (int32_t)round(at->offset - (round(at->scale) - 1) / 2),
	};

	if (b->conv(b, e.factor > 1 ? 2 * FILTERS : FILTERS, 3, 1, err) || b->relu(b, err) ||
	    b->conv(b, e.factor * e.factor * PLANES, 3, 1, err) || b->relu(b, err) ||
	    b->layer(b, &enlarge, &e, sizeof e, err) || b->conv(b, input->dim[2], 5, 2, err))
		return FED_FAIL;
	return b->flatten(b, err);
}

static int build_decoder(struct fed_decoder *d, const struct fed_net *of, size_t cut,
                         struct fed_error *err)
{
	const struct smashed_grid at = image_at(of, cut);
	const struct fed_shape *smashed = at.is ? &at.shape : &of->layer[cut].in;
	const uint32_t inputs = (uint32_t)fed_shape_size(&of->input);
	struct fed_net_builder storage;

	fed_net_init(&d->net, smashed, 0, inputs);
	struct fed_builder *b = fed_net_builder(&storage, &d->net);
	const int rc = at.is ? build_for_image(b, &at, &of->input, err)
	                     : b->dense(b, HIDDEN, err) || b->relu(b, err) || b->dense(b, inputs, err);
	if (rc || b->loss(b, FED_LOSS_SQUARED, err))
		return FED_FAIL;
	return fed_net_finish(&d->net, err);
}

int fed__decoder_init(struct fed_decoder *d, const struct fed_net *of, size_t cut, uint64_t seed,
                      struct fed_pool *pool, struct fed_error *err)
{
	*d = (struct fed_decoder){.spread = 1};
	if (build_decoder(d, of, cut, err) ||
	    fed_thread_scratch_init(&d->thread_scratch, &d->net, pool, err) ||
	    fed_workspace_init_for(&d->space, &d->thread_scratch, 0, d->net.layers, BATCH, false,
	                           err)) {
		fed__decoder_release(d);
		return FED_FAIL;
	}
	d->space.worker = fed_pool_threads(pool) - 1;
	d->params = fed_alloc_floats(d->net.dim);
	d->mean = fed_alloc_floats(d->net.outputs);
	d->middle = fed_alloc_floats(fed_shape_size(&d->net.input));
	if (!d->params || !d->mean || !d->middle) {
		const size_t bytes = d->net.dim * sizeof *d->params;

		fed__decoder_release(d);
		return fed_fail_memory(err, bytes, "a decoder");
	}
	fed_net_init_params(&d->net, d->params, seed);
	return FED_OK;
}

void fed__decoder_release(struct fed_decoder *d)
{
	fed_workspace_release(&d->space);
	fed_thread_scratch_release(&d->thread_scratch);
	fed_net_release(&d->net);
	fed_free_floats(d->params);
	fed_free_floats(d->mean);
	fed_free_floats(d->middle);
	*d = (struct fed_decoder){0};
}

/* Training --------------------------------------------------------------------------- */

/* Means of n rows of v. */
static void find_means(const float *v, uint32_t n, size_t size, float *mean)
{
	for (size_t j = 0; j < size; j++) {
		double sum = 0;

		for (uint32_t i = 0; i < n; i++)
			sum += v[i * size + j];
		mean[j] = (float)(sum / n);
	}
}

static void measure_publics(struct fed_decoder *d, const float *z, const float *x, uint32_t n)
{
	const size_t numbers = fed_shape_size(&d->net.input);
	double square = 0;

	find_means(x, n, d->net.outputs, d->mean);
	find_means(z, n, numbers, d->middle);
	for (uint32_t i = 0; i < n; i++)
		for (size_t j = 0; j < numbers; j++)
			square += pow((double)z[i * numbers + j] - d->middle[j], 2);
	d->spread = square > 0 ? sqrt(square / ((double)n * (double)numbers)) : 1;
}

static void standardize(const struct fed_decoder *d, const float *z, float *to)
{
	const float scale = (float)(1 / d->spread);

	for (size_t j = 0; j < fed_shape_size(&d->net.input); j++)
		to[j] = (z[j] - d->middle[j]) * scale;
}

/* State of training. */
struct decoder_training {
	struct fed_adam adam;
	struct fed_stream r;
	float *gradient, *target;
};

static void train_step(struct fed_decoder *d, struct decoder_training *l, const float *z,
                       const float *x, uint32_t n, double rate)
{
	const struct fed_sgd sgd = {.gradient = l->gradient};
	const size_t numbers = fed_shape_size(&d->net.input), inputs = d->net.outputs;

	for (uint32_t i = 0; i < BATCH; i++) {
		const uint32_t k = fed_stream_below(&l->r, n);

		standardize(d, z + k * numbers, fed_workspace_input(&d->space) + i * numbers);
		for (size_t j = 0; j < inputs; j++)
			l->target[i * inputs + j] = x[k * inputs + j] - d->mean[j];
	}
	memset(l->gradient, 0, d->net.dim * sizeof *l->gradient);
	fed_sgd_accumulate(&d->space, &sgd, d->params, NULL, l->target, BATCH, BATCH);
	fed_adam_step(&l->adam, rate, d->params, l->gradient);
}

int64_t fed__decoder_train(struct fed_decoder *d, const float *z, const float *x, uint32_t n,
                           uint32_t steps, uint64_t seed, const atomic_int *stopped,
                           struct fed_error *err)
{
	struct decoder_training l = {.r = fed_stream_open(seed, FED_FOR_OBSERVER, 0, 1)};
	int64_t made = -1;

	l.gradient = fed_alloc_floats(d->net.dim);
	l.target = fed_alloc_floats((size_t)BATCH * d->net.outputs);
	if (!l.gradient || !l.target)
		fed_fail_memory(err, d->net.dim * sizeof(float), "a decoder's training");
	else if (fed_adam_init(&l.adam, d->net.dim, err) == FED_OK) {
		measure_publics(d, z, x, n);
		for (made = 0; made < steps && !atomic_load(stopped); made++)
			train_step(d, &l, z, x, n, RATE * (1 - (double)made / steps));
	}
	fed_adam_release(&l.adam);
	fed_free_floats(l.gradient);
	fed_free_floats(l.target);
	return made;
}

void fed__decoder_draw(struct fed_decoder *d, const float *z, float *x)
{
	standardize(d, z, fed_workspace_input(&d->space));
	const float *y = fed_net_forward(&d->space, d->params, 1);
	for (size_t j = 0; j < d->net.outputs; j++)
		x[j] = y[j] + d->mean[j];
}
