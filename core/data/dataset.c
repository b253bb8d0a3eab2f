/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/dataset.c - allocation, fingerprint and gather of datasets.
 */
#include "data/dataset.h"

#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/rows.h"
#include "data/source_internal.h"

static int allocate(struct fed_dataset *data, const struct fed_dataset_plan *plan,
                    struct fed_error *err)
{
	const bool bytes = plan->bytes;
	size_t all = (size_t)data->train + data->test;
	size_t cells = all * fed_shape_size(&data->shape);
	size_t targets = all * data->outputs;

	if (bytes)
		data->bytes = fed_alloc(cells);
	else
		data->values = plan->unset ? fed_alloc_floats_unset(cells) : fed_alloc_floats(cells);
	if (!data->bytes && !data->values)
		return fed_fail_memory(err, bytes ? cells : cells * sizeof(float), "the examples");
	if (data->classes)
		data->label = fed_alloc_array(all, sizeof *data->label);
	else
		data->target = fed_alloc_floats(targets);
	if (!data->label && !data->target)
		return fed_fail_memory(err, targets * sizeof(float), "the labels");
	return FED_OK;
}

int fed__dataset_new(struct fed_dataset **out, const struct fed_dataset_plan *plan,
                     struct fed_error *err)
{
	uint64_t all = (uint64_t)plan->train + plan->test;
	uint64_t cell = plan->bytes ? 1 : sizeof(float);
	uint64_t size = fed_shape_size(&plan->shape) * cell + plan->outputs * sizeof(float);

	if (plan->classes > FED_DATASET_MAX_CLASSES)
		return fed_reject(err, "has %u classes; at most %u are possible", plan->classes,
		                  FED_DATASET_MAX_CLASSES);
	if (!size || !plan->train || all > UINT32_MAX || all > FED_DATASET_MAX_BYTES / size)
		return fed_reject(err,
		                  "%llu examples of %llu bytes are refused: there must be at least 1, and "
		                  "at most 16 GiB in all",
		                  (unsigned long long)all, (unsigned long long)size);

	struct fed_dataset *data = fed_alloc(sizeof *data);

	if (!data)
		return fed_fail_memory(err, sizeof *data, "a dataset");
	snprintf(data->name, sizeof data->name, "%.31s", fed_show(plan->name).s);
	data->shape = plan->shape;
	data->classes = plan->classes;
	data->outputs = plan->classes ? plan->classes : plan->outputs;
	data->train = plan->train;
	data->test = plan->test;
	data->scale = plan->bytes ? 1.0f / 255.0f : 1.0f;
	if (allocate(data, plan, err)) {
		fed_dataset_free(data);
		return FED_FAIL;
	}
	*out = data;
	return FED_OK;
}

int fed__names_copy(char ***to, size_t n, const char *const *names, struct fed_error *err)
{
	*to = fed_alloc_array(n, sizeof **to);
	if (!*to)
		return fed_fail_memory(err, n * sizeof **to, "names");
	for (size_t i = 0; i < n; i++) {
		(*to)[i] = fed_strdup(fed_show(names[i]).s);
		if (!(*to)[i])
			return fed_fail_memory(err, strlen(names[i]) + 1, "a name");
	}
	return FED_OK;
}

void fed__names_free(char **names, size_t n)
{
	for (size_t i = 0; names && i < n; i++)
		fed_free(names[i]);
	fed_free(names);
}

int fed__dataset_name_classes(struct fed_dataset *data, const char *const *names,
                              struct fed_error *err)
{
	return fed__names_copy(&data->class_name, data->classes, names, err);
}

int fed__dataset_name_owners(struct fed_dataset *data, const char *const *names,
                             struct fed_error *err)
{
	return fed__names_copy(&data->owner_name, data->owners, names, err);
}

int fed__dataset_name_inputs(struct fed_dataset *data, const char *const *names,
                             struct fed_error *err)
{
	return fed__names_copy(&data->input_name, fed_shape_size(&data->shape), names, err);
}

void fed_dataset_free(struct fed_dataset *data)
{
	if (!data)
		return;
	fed_free(data->spec);
	fed_free(data->bytes);
	fed_free_floats(data->values);
	fed_free(data->label);
	fed_free_floats(data->target);
	fed_free(data->owner);
	fed__names_free(data->class_name, data->classes);
	fed__names_free(data->owner_name, data->owners);
	fed__names_free(data->input_name, fed_shape_size(&data->shape));
	fed_free(data->scaling);
	fed__notes_release(&data->notes);
	fed_free_floats(data->truth);
	fed_free(data);
}

int fed__generation_check(const struct fed_generation *making, uint64_t done, struct fed_error *err)
{
	if (!making->stopped || !atomic_load_explicit(making->stopped, memory_order_relaxed))
		return FED_OK;
	return fed_reject(err, "stopped after %s examples; nothing has changed",
	                  fed_count((double)done).s);
}

/* Fingerprint ------------------------------------------------------------ */

/* A 64-bit hash, eight bytes a step, so that 55 MB do not slow down loading.  Not cryptographic. */
static uint64_t mix(uint64_t h, const void *block, size_t n)
{
	const unsigned char *p = block;
	uint64_t word;

	if (!block)
		return h * 3;
	for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
		memcpy(&word, p, sizeof word);
		h = (h ^ word) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	word = n;
	memcpy(&word, p, n);
	return (h ^ word) * 0xbf58476d1ce4e5b9u + n;
}

void fed__dataset_seal(struct fed_dataset *data)
{
	size_t all = (size_t)data->train + data->test;
	size_t cells = all * fed_shape_size(&data->shape);
	uint64_t h = 0;

	const uint32_t sizes[] = {data->shape.rank,   data->shape.dim[0], data->shape.dim[1],
	                          data->shape.dim[2], data->classes,      data->outputs,
	                          data->train,        data->test,         data->owners};
	h = mix(h, sizes, sizeof sizes);
	h = mix(h, &data->scale, sizeof data->scale);
	if (data->tokens)
		h = mix(h, &data->tokens, sizeof data->tokens);
	h = mix(h, data->bytes, cells);
	h = mix(h, data->values, cells * sizeof(float));
	h = mix(h, data->label, all * sizeof *data->label);
	h = mix(h, data->target, all * data->outputs * sizeof(float));
	h = mix(h, data->owner, data->train * sizeof *data->owner);
	data->fingerprint = h;
}

/* Gather ------------------------------------------------------------------ */

static void shift_floats(const float *restrict from, size_t n, float gain, float offset,
                         float *restrict to)
{
	for (size_t i = 0; i < n; i++)
		to[i] = gain * from[i] + offset;
}

#define CACHE_LINE 64u
#define ROWS_AHEAD 3u   /* prefetch distance of gathering */
#define SMALL_BATCH 64u /* the caller has prefetched the whole batch already */

void fed_dataset_prefetch(const struct fed_dataset *data, const uint32_t *ids, uint32_t n)
{
	const size_t width = data->bytes ? sizeof *data->bytes : sizeof *data->values;
	const size_t row = fed_shape_size(&data->shape) * width;
	const char *rows = data->bytes ? (const char *)data->bytes : (const char *)data->values;

	for (uint32_t i = 0; i < n; i++)
		for (size_t at = 0; at < row; at += CACHE_LINE)
			__builtin_prefetch(rows + ids[i] * row + at, 0, 2);
}

static void gather_inputs(const struct fed_dataset *data, const uint32_t *ids, uint32_t n,
                          const struct fed_shift *shift, float *x)
{
	size_t size = fed_shape_size(&data->shape);
	float gain = shift ? shift->gain : 1.0f, offset = shift ? shift->offset : 0.0f;
	void (*expand)(const uint8_t *, float, float, float *, size_t) = fed_rows_kernels()->expand;

	for (uint32_t i = 0; i < n; i++, x += size) {
		size_t from = (size_t)ids[i] * size;

		if (n > SMALL_BATCH && i + ROWS_AHEAD < n)
			fed_dataset_prefetch(data, ids + i + ROWS_AHEAD, 1);
		if (data->bytes)
			expand(data->bytes + from, gain * data->scale, offset, x, size);
		else if (shift)
			shift_floats(data->values + from, size, gain, offset, x);
		else
			memcpy(x, data->values + from, size * sizeof *x);
	}
}

void fed_dataset_gather(const struct fed_dataset *data, const uint32_t *ids, uint32_t n,
                        const struct fed_shift *shift, float *x, int32_t *label, float *target)
{
	if (x)
		gather_inputs(data, ids, n, shift, x);
	for (uint32_t i = 0; label && data->label && i < n; i++)
		label[i] = data->label[ids[i]];
	for (uint32_t i = 0; target && data->target && i < n; i++)
		memcpy(target + (size_t)i * data->outputs, data->target + (size_t)ids[i] * data->outputs,
		       data->outputs * sizeof *target);
}

/* Streams of the generators ------------------------------------------------ */

struct fed_stream fed__example_stream(uint64_t seed, enum fed_generator generator,
                                      const struct fed_dataset *data, uint32_t i)
{
	uint64_t b = i < data->train ? i : ((uint64_t)1 << 32) + (i - data->train);

	return fed_stream_open(seed, FED_FOR_DATA, generator, b);
}

struct fed_stream fed__common_stream(uint64_t seed, enum fed_generator generator, uint32_t a)
{
	return fed_stream_open(seed, FED_FOR_DATA, generator, ((uint64_t)2 << 32) + a);
}
