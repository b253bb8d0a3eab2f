/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/tensors.c - conversion between a flat vector and the layout of files, by strides.
 */
#include "formats/tensors.h"

#include <endian.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"

/* Whether every index of the walk is inside the vector. */
static bool fits(const struct fed_tensor *t, size_t dim, size_t *n)
{
	size_t last = t->offset, in_file = 1;

	*n = 1;
	if (t->rank < 1 || t->rank > 4 || t->file_rank < 1 || t->file_rank > 4)
		return false;
	for (uint32_t k = 0; k < t->rank; k++) {
		size_t reach;

		if (t->dim[k] == 0 || __builtin_mul_overflow(*n, t->dim[k], n) ||
		    __builtin_mul_overflow(t->dim[k] - 1, t->stride[k], &reach) ||
		    __builtin_add_overflow(last, reach, &last))
			return false;
	}
	for (uint32_t k = 0; k < t->file_rank; k++)
		if (__builtin_mul_overflow(in_file, t->file_shape[k], &in_file))
			return false;
	return last < dim && *n == in_file;
}

/* Append a tensor of a vector of `dim` numbers. */
static int add_tensor(struct fed_tensor_list *list, struct fed_named_tensor *next, size_t dim,
                      struct fed_error *err)
{
	struct fed_named_tensor *grown =
		fed_resize(list->tensor, list->n * sizeof *grown, (list->n + 1) * sizeof *grown);

	if (!grown)
		return fed_fail_memory(err, sizeof *grown, "the tensors");
	list->tensor = grown;
	if (!fits(&next->walk, dim, &next->n))
		return fed_fail(err, "%s: the layer describes a tensor outside of its parameters",
		                next->name);
	list->tensor[list->n++] = *next;
	return FED_OK;
}

/* Append the tensors of layer l, the frozen ones or the others. */
static int add_layer(struct fed_tensor_list *list, const struct fed_net *net, size_t l, bool frozen,
                     struct fed_error *err)
{
	for (uint32_t t = 0;; t++) {
		struct fed_named_tensor next = {.frozen = frozen};

		if (!(frozen ? fed_net_frozen_tensor : fed_net_tensor)(net, l, t, next.name, &next.walk))
			return FED_OK;
		if (add_tensor(list, &next, frozen ? net->frozen_dim : net->dim, err))
			return FED_FAIL;
	}
}

int fed_tensor_list(struct fed_tensor_list *list, const struct fed_net *net, struct fed_error *err)
{
	*list = (struct fed_tensor_list){0};
	for (size_t l = 0; l < net->layers; l++)
		if (add_layer(list, net, l, true, err) || add_layer(list, net, l, false, err)) {
			fed_tensor_list_release(list);
			return FED_FAIL;
		}
	return FED_OK;
}

void fed_tensor_list_release(struct fed_tensor_list *list)
{
	fed_free(list->tensor);
	*list = (struct fed_tensor_list){0};
}

/* The flat vector's index of each number in turn: an odometer over the walk. */
struct odometer {
	const struct fed_tensor *walk;
	uint32_t index[4];
	size_t at;
};

static void turn(struct odometer *o)
{
	for (uint32_t k = o->walk->rank; k-- > 0;) {
		o->at += o->walk->stride[k];
		if (++o->index[k] < o->walk->dim[k])
			return;
		o->at -= o->walk->stride[k] * o->walk->dim[k];
		o->index[k] = 0;
	}
}

void fed_tensor_gather(const struct fed_named_tensor *t, const float *params, float *out)
{
	struct odometer o = {.walk = &t->walk, .at = t->walk.offset};

	for (size_t i = 0; i < t->n; i++, turn(&o))
		out[i] = params[o.at];
}

void fed_tensor_scatter(const struct fed_named_tensor *t, const float *in, float *params)
{
	struct odometer o = {.walk = &t->walk, .at = t->walk.offset};

	for (size_t i = 0; i < t->n; i++, turn(&o))
		params[o.at] = in[i];
}

size_t fed__number_size(enum fed_number_type type)
{
	switch (type) {
	case FED_NUMBER_F64:
	case FED_NUMBER_U64:
	case FED_NUMBER_I64:
		return 8;
	case FED_NUMBER_F32:
	case FED_NUMBER_U32:
	case FED_NUMBER_I32:
	case FED_NUMBER_UNICODE:
		return 4;
	case FED_NUMBER_BOOL:
	case FED_NUMBER_U8:
	case FED_NUMBER_I8:
	case FED_NUMBER_BYTES:
		return 1;
	default:
		return 2;
	}
}

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. */
static float from_half(uint16_t h)
{
	const int exponent = h >> 10 & 31, fraction = h & 1023;
	double x;

	if (exponent == 31)
		x = fraction ? NAN : INFINITY;
	else if (exponent == 0)
		x = ldexp(fraction, -24);
	else
		x = ldexp(fraction + 1024, exponent - 25);
	return (float)(h >> 15 ? -x : x);
}

static float from_bits(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* The bits of unit i, of 1, 2, 4 or 8 bytes. */
static uint64_t unit_of(const struct fed_stored_tensor *t, size_t i)
{
	const size_t size = fed__number_size(t->type);
	const unsigned char *const p = t->bytes + i * size;
	uint64_t bits = 0;

	for (size_t k = 0; k < size; k++)
		bits |= (uint64_t)p[t->big_endian ? size - 1 - k : k] << (8 * k);
	return bits;
}

double fed_stored_value(const struct fed_stored_tensor *t, size_t i)
{
	const uint64_t bits = unit_of(t, i);
	double x;

	switch (t->type) {
	case FED_NUMBER_F64:
		memcpy(&x, &bits, sizeof x);
		return x;
	case FED_NUMBER_F32:
		return (double)from_bits((uint32_t)bits);
	case FED_NUMBER_F16:
		return (double)from_half((uint16_t)bits);
	case FED_NUMBER_BF16:
		return (double)from_bits((uint32_t)bits << 16);
	case FED_NUMBER_BOOL:
		return bits != 0;
	case FED_NUMBER_I8:
		return (int8_t)bits;
	case FED_NUMBER_I16:
		return (int16_t)bits;
	case FED_NUMBER_I32:
		return (int32_t)bits;
	case FED_NUMBER_I64:
		return (double)(int64_t)bits;
	default:
		return (double)bits;
	}
}

float fed_stored_number(const struct fed_stored_tensor *t, size_t i)
{
	uint32_t bits;

	if (t->type != FED_NUMBER_F32 || t->big_endian)
		return (float)fed_stored_value(t, i);
	memcpy(&bits, t->bytes + i * sizeof bits, sizeof bits);
	return from_bits(le32toh(bits));
}

void fed_stored_text(const struct fed_stored_tensor *t, size_t i, struct fed_text *out)
{
	for (size_t k = 0; k < t->width; k++) {
		const uint64_t unit = unit_of(t, i * t->width + k);

		if (unit == 0)
			return;
		if (t->type == FED_NUMBER_UNICODE)
			fed_text_put_code(
				out, unit < 0x110000 && (unit < 0xd800 || unit > 0xdfff) ? (uint32_t)unit : 0xfffd);
		else
			fed_text_put(out, &(char){(char)unit}, 1);
	}
}

bool fed__stored_count(struct fed_stored_tensor *t)
{
	const bool text = t->type == FED_NUMBER_BYTES || t->type == FED_NUMBER_UNICODE;
	size_t bytes = fed__number_size(t->type) * (text ? t->width : 1);

	t->n = 1;
	for (uint32_t k = 0; k < t->rank; k++)
		if (__builtin_mul_overflow(bytes, t->shape[k], &bytes) ||
		    __builtin_mul_overflow(t->n, t->shape[k], &t->n))
			return false;
	return true;
}
