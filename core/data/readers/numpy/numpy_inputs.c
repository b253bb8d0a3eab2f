/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/numpy/numpy_inputs.c - arrays of examples: shape, order of channels, scale.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "data/readers/numpy/numpy_options.h"
#include "data/readers/shape.h"
#include "data/source_internal.h"

enum {
	MNIST_CELLS = 784,
	LARGE = 10
}; /* numbers beyond are told: few models learn from them as they are */

static const struct fed_stored_tensor *tensor_of(const struct fed_numpy *m, int part)
{
	return &m->arrays.of[part ? FED_NUMPY_TEST_X : FED_NUMPY_X].tensor;
}

static int parts_of(const struct fed_numpy *m)
{
	return m->test ? 2 : 1;
}

/* Shape ----------------------------------------------------------------------------------- */

static bool is_channels(uint64_t n)
{
	return n == 1 || n == 3;
}

/* Whether the channels come first; told where it is a guess. */
static int find_channels(struct fed_numpy *m, bool *first, struct fed_error *err)
{
	const uint64_t *const shape = tensor_of(m, 0)->shape;
	const int order = m->options->order;

	*first = order == FED_NUMPY_CHW ||
	         (order == FED_NUMPY_LAYOUT_AUTO && is_channels(shape[1]) && !is_channels(shape[3]));
	if (order != FED_NUMPY_LAYOUT_AUTO)
		return fed__note(&m->notes, FED_NOTE_LISTED, "channels", NULL, err, "%s",
		                 *first ? "first" : "last");
	return fed__note(&m->notes, FED_NOTE_TOLD, "channels", *first ? "order=hwc" : "order=chw", err,
	                 *first ? "first, %llu of %llux%llu" : "last, %llu of %llux%llu",
	                 (unsigned long long)shape[*first ? 1 : 3],
	                 (unsigned long long)shape[*first ? 2 : 1],
	                 (unsigned long long)shape[*first ? 3 : 2]);
}

static int check_dimensions(const struct fed_numpy *m, struct fed_error *err)
{
	const struct fed_stored_tensor *const t = tensor_of(m, 0);

	for (int part = 0; part < parts_of(m); part++) {
		const struct fed_stored_tensor *const other = tensor_of(m, part);
		const char *const name = m->arrays.of[part ? FED_NUMPY_TEST_X : FED_NUMPY_X].name;

		if (other->type >= FED_NUMBER_BYTES)
			return fed_fail(err, "%s: %s holds texts; examples are numbers", fed_show(m->name).s,
			                name);
		if (other->rank < 1 || other->rank > 4)
			return fed_fail(err,
			                "%s: %s has %u dimensions; examples are (n, features), (n, height, "
			                "width) or with channels",
			                fed_show(m->name).s, name, other->rank);
		if (other->n == 0)
			return fed_fail(err, "%s: %s is empty", fed_show(m->name).s, name);
		for (uint32_t k = 1; k < other->rank; k++)
			if (other->rank != t->rank || other->shape[k] != t->shape[k] ||
			    other->shape[k] > UINT32_MAX)
				return fed_fail(err,
				                "%s: examples of %s and %s have different shapes, or have more "
				                "than 2^32 numbers",
				                fed_show(m->name).s, m->arrays.of[FED_NUMPY_X].name, name);
	}
	return FED_OK;
}

/* Steps between the neighbours of each dimension. */
static void strides_of(const struct fed_stored_tensor *t, size_t stride[FED_RANK_MAX])
{
	size_t step = 1;

	for (uint32_t k = 0; k < t->rank; k++) {
		const uint32_t axis = t->fortran ? k : t->rank - 1 - k;

		stride[axis] = step;
		step *= t->shape[axis];
	}
}

/* Where the numbers of an example stand, height by width by channels. */
static int find_places(struct fed_numpy_inputs *in, const struct fed_stored_tensor *t, int part,
                       bool channels_first, struct fed_error *err)
{
	static const uint32_t axes[2][3] = {{1, 2, 3}, {2, 3, 1}};
	size_t stride[FED_RANK_MAX] = {0}, cell = 0;

	strides_of(t, stride);
	in->step[part] = stride[0];
	in->from[part] = fed_alloc_array(in->cells, sizeof *in->from[part]);
	if (!in->from[part])
		return fed_fail_memory(err, in->cells * sizeof *in->from[part], "an example");

	const uint32_t *const axis = axes[channels_first];
	const size_t height = t->rank > 1 ? t->shape[axis[0]] : 1;
	const size_t width = t->rank > 2 ? t->shape[axis[1]] : 1;
	const size_t channels = t->rank > 3 ? t->shape[axis[2]] : 1;

	for (size_t y = 0; y < height; y++)
		for (size_t x = 0; x < width; x++)
			for (size_t c = 0; c < channels; c++)
				in->from[part][cell++] = y * stride[axis[0]] +
				                         x * (t->rank > 2 ? stride[axis[1]] : 0) +
				                         c * (t->rank > 3 ? stride[axis[2]] : 0);
	return FED_OK;
}

static int find_shape(struct fed_numpy_inputs *in, struct fed_numpy *m, struct fed_error *err)
{
	const struct fed_stored_tensor *const t = tensor_of(m, 0);
	const uint64_t *const n = t->shape;
	bool first = false;

	if (check_dimensions(m, err))
		return FED_FAIL;
	if (t->rank == 4 && find_channels(m, &first, err))
		return FED_FAIL;
	in->shape = (struct fed_shape){.rank = 1, .dim = {t->rank > 1 ? (uint32_t)n[1] : 1}};
	if (t->rank == 3)
		in->shape = (struct fed_shape){.rank = 3, .dim = {(uint32_t)n[1], (uint32_t)n[2], 1}};
	if (t->rank == 4)
		in->shape =
			(struct fed_shape){.rank = 3,
		                       .dim = {(uint32_t)n[first ? 2 : 1], (uint32_t)n[first ? 3 : 2],
		                               (uint32_t)n[first ? 1 : 3]}};
	in->cells = t->n / t->shape[0];
	if (*m->options->shape) {
		if (t->rank != 2)
			return fed_reject(err,
			                  "shape= is for examples that are rows of numbers; %s has %u "
			                  "dimensions: leave shape= out",
			                  m->arrays.of[FED_NUMPY_X].name, t->rank);
		const int rc = fed__shape_parse(m->options->shape, (uint32_t)in->cells, &in->shape, err);
		if (rc)
			return rc;
	} else if (t->rank == 2 && in->cells == MNIST_CELLS &&
	           fed__note(&m->notes, FED_NOTE_TOLD, "shape", "shape=28x28", err, "784 features"))
		return FED_FAIL;
	for (int part = 0; part < parts_of(m); part++)
		if (find_places(in, tensor_of(m, part), part, first, err))
			return FED_FAIL;
	return FED_OK;
}

/* Scale ----------------------------------------------------------------------------------- */

struct numpy_range {
	double least, most;
	bool whole, byte_type, flag_type;
};

/* The range of bytes, without a call for each. */
static void find_bytes(const struct fed_stored_tensor *t, struct numpy_range *r)
{
	uint8_t least = UINT8_MAX, most = 0;

	for (size_t i = 0; i < t->n; i++) {
		least = t->bytes[i] < least ? t->bytes[i] : least;
		most = t->bytes[i] > most ? t->bytes[i] : most;
	}
	r->least = fmin(r->least, least);
	r->most = fmax(r->most, most);
}

static int find_range(const struct fed_numpy *m, struct numpy_range *r, struct fed_error *err)
{
	*r = (struct numpy_range){INFINITY, -INFINITY, true, true, true};
	for (int part = 0; part < parts_of(m); part++) {
		const struct fed_stored_tensor *const t = tensor_of(m, part);

		r->byte_type &= t->type == FED_NUMBER_U8;
		r->flag_type &= t->type == FED_NUMBER_BOOL;
		if (t->type == FED_NUMBER_U8)
			find_bytes(t, r);
		for (size_t i = 0; t->type != FED_NUMBER_U8 && i < t->n; i++) {
			const double x = fed_stored_value(t, i);

			if (!(fabs(x) <= FLT_MAX))
				return fed_fail(
					err, "%s: %s is %g; replace such values before the array is saved",
					fed_show(m->name).s,
					fed__numpy_place(&m->arrays.of[part ? FED_NUMPY_TEST_X : FED_NUMPY_X], i).s, x);
			r->least = x < r->least ? x : r->least;
			r->most = x > r->most ? x : r->most;
			r->whole &= x == floor(x);
		}
	}
	return FED_OK;
}

static int find_scale(struct fed_numpy_inputs *in, struct fed_numpy *m, struct fed_error *err)
{
	const bool pictures = in->shape.rank == 3;
	struct numpy_range r;

	if (find_range(m, &r, err))
		return FED_FAIL;
	in->bytes = r.flag_type || r.byte_type ||
	            (pictures && r.whole && r.least >= 0 && r.most <= UINT8_MAX && r.most > 1);
	in->largest = r.most > 0 ? (uint32_t)fmin(r.most, UINT32_MAX) : 0;
	if (m->options->task == FED_NUMPY_TASK_TOKENS) {
		if (pictures)
			return fed_fail(err, "%s: %s has %u dimensions; tokens are (n, length)",
			                fed_show(m->name).s, m->arrays.of[FED_NUMPY_X].name,
			                tensor_of(m, 0)->rank);
		in->bytes = true;
		in->divisor = 1;
		return r.whole && r.least >= 0 && r.most <= UINT8_MAX
		           ? fed__note(&m->notes, FED_NOTE_LISTED, "inputs", NULL, err, "tokens")
		           : fed_fail(err,
		                      "%s: tokens are whole numbers from 0 to %d; these are from %g to "
		                      "%g; leave task=tokens out to take them as numbers",
		                      fed_show(m->name).s, UINT8_MAX, r.least, r.most);
	}
	in->divisor = m->options->scale != 0      ? m->options->scale
	              : in->bytes && !r.flag_type ? UINT8_MAX
	                                          : 1;
	if (m->options->scale != 0)
		return fed__note(&m->notes, FED_NOTE_LISTED, "scaling", NULL, err, "divided by %g",
		                 in->divisor);
	if (in->divisor != 1)
		return fed__note(&m->notes, FED_NOTE_TOLD, "scaling", "scale=1", err,
		                 "bytes from %g to %g, divided by 255", r.least, r.most);
	return fed__note(
		&m->notes, fabs(r.least) > LARGE || r.most > LARGE ? FED_NOTE_TOLD : FED_NOTE_LISTED,
		"scaling", "scale=", err, "none; numbers are from %.4g to %.4g", r.least, r.most);
}

int fed__numpy_inputs(struct fed_numpy_inputs *in, struct fed_numpy *m, struct fed_error *err)
{
	*in = (struct fed_numpy_inputs){0};

	const int rc = find_shape(in, m, err);

	return rc == FED_OK ? find_scale(in, m, err) : rc;
}

/* Filling --------------------------------------------------------------------------------- */

static void fill_bytes(const struct fed_numpy_inputs *in, const struct fed_stored_tensor *t,
                       int part, size_t base, uint8_t *to)
{
	const size_t *const from = in->from[part];

	if (t->type == FED_NUMBER_U8)
		for (size_t j = 0; j < in->cells; j++)
			to[j] = t->bytes[base + from[j]];
	else
		for (size_t j = 0; j < in->cells; j++)
			to[j] = (uint8_t)fed_stored_value(t, base + from[j]);
}

int fed__numpy_inputs_fill(const struct fed_numpy_inputs *in, const struct fed_numpy *m,
                           struct fed_dataset *data, const uint32_t *row, struct fed_error *err)
{
	const uint32_t all = data->train + data->test;
	int rc = FED_OK;

	for (uint32_t id = 0; rc == FED_OK && id < all; id++) {
		const uint32_t r = row ? row[id] : id;
		const int part = r >= m->train;
		const struct fed_stored_tensor *const t = tensor_of(m, part);
		const size_t base = (size_t)(part ? r - m->train : r) * in->step[part];

		if (in->bytes)
			fill_bytes(in, t, part, base, data->bytes + (size_t)id * in->cells);
		else
			for (size_t j = 0; j < in->cells; j++)
				data->values[(size_t)id * in->cells + j] =
					(float)(fed_stored_value(t, base + in->from[part][j]) / in->divisor);
		rc = fed__generation_check(m->making, id + 1, err);
	}
	if (in->bytes)
		data->scale = in->divisor == UINT8_MAX ? 1.0f / 255.0f : (float)(1 / in->divisor);
	return rc;
}

void fed__numpy_inputs_release(struct fed_numpy_inputs *in)
{
	fed_free(in->from[0]);
	fed_free(in->from[1]);
	*in = (struct fed_numpy_inputs){0};
}
