/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/safetensors.c - reading and writing of safetensors files.
 *
 * Source: the format's description in Hugging Face's safetensors, "Format": u64 N little-endian, N
 * bytes of JSON, the buffer.  {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}};
 * "__metadata__" maps texts to texts; the ranges cover the buffer without holes.
 */
#include "formats/safetensors.h"

#include <endian.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Limit of the header, far above that of a model.  A header of empty objects takes 80 times its
 * size once parsed. */
#define HEADER_MAX (1u << 20)

/* Writing ---------------------------------------------------------------- */

int fed_safetensors_header(struct fed_file_writer *file, const struct fed_tensor_list *list,
                           struct fed_error *err)
{
	struct fed_text json = {0};
	uint64_t at = 0;

	fed_text_add(&json, "{\"__metadata__\":{\"format\":\"pt\"}");
	for (size_t i = 0; i < list->n; i++) {
		const struct fed_named_tensor *t = &list->tensor[i];
		const uint64_t end = at + t->n * sizeof(float);

		fed_text_add(&json, ",");
		fed_text_json_string(&json, t->name);
		fed_text_add(&json, ":{\"dtype\":\"F32\",\"shape\":[");
		for (uint32_t k = 0; k < t->walk.file_rank; k++)
			fed_text_add(&json, "%s%u", k ? "," : "", t->walk.file_shape[k]);
		fed_text_add(&json, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
		             (unsigned long long)end);
		at = end;
	}
	fed_text_add(&json, "}");
	while (!json.failed && json.len % 8) /* alignment for readers that map the file */
		fed_text_add(&json, " ");
	const uint64_t length = htole64(json.len);
	const bool failed = json.failed;
	if (!failed) {
		fed_file_write(file, &length, sizeof length);
		fed_file_write(file, json.s, json.len);
	}
	fed_text_release(&json);
	return failed ? fed_fail_memory(err, HEADER_MAX, "the header") : FED_OK;
}

/* Reading ---------------------------------------------------------------- */

struct item {
	struct fed_stored_tensor tensor; /* its name is the header's */
	uint64_t begin, end;
};

/* Lock of jansson's allocator, a global of the library that a plugin may use too: the counted
 * allocator is installed only while a header is parsed or freed. */
static pthread_mutex_t allocator = PTHREAD_MUTEX_INITIALIZER;
struct allocator {
	json_malloc_t get;
	json_free_t give;
};

static struct allocator count_memory(void)
{
	struct allocator before;

	pthread_mutex_lock(&allocator);
	json_get_alloc_funcs(&before.get, &before.give);
	json_set_alloc_funcs(fed_alloc, fed_free);
	return before;
}

static void count_no_more(struct allocator before)
{
	json_set_alloc_funcs(before.get, before.give);
	pthread_mutex_unlock(&allocator);
}

static int damaged(struct fed_error *err, const char *why)
{
	return fed_fail(err, "its header is damaged: %s", why);
}

/* Parse one JSON object without duplicate names at any level; NULL and an error on failure. */
static json_t *parse_header(const char *bytes, size_t len, struct fed_error *err)
{
	json_error_t why = {.text = ""};
	const struct allocator before = count_memory();
	json_t *const header = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &why);

	count_no_more(before);
	if (header)
		return header;
	if (!*why.text || json_error_code(&why) == json_error_out_of_memory)
		fed_fail_memory(err, len, "the header");
	else
		fed_fail(err, "its header is damaged at byte %zu: %s", (size_t)why.position + 8,
		         fed_show(why.text).s);
	return NULL;
}

static void free_header(json_t *header)
{
	const struct allocator before = count_memory();

	json_decref(header);
	count_no_more(before);
}

/* An array of at most `most` numbers, none negative. */
static bool read_list(const json_t *list, uint64_t *v, uint32_t most, uint32_t *n)
{
	if (!json_is_array(list) || json_array_size(list) > most)
		return false;
	*n = (uint32_t)json_array_size(list);
	for (uint32_t i = 0; i < *n; i++) {
		const json_t *const x = json_array_get(list, i);

		if (!json_is_integer(x) || json_integer_value(x) < 0)
			return false;
		v[i] = (uint64_t)json_integer_value(x);
	}
	return true;
}

static int read_type(const json_t *type, struct fed_stored_tensor *t, bool any,
                     struct fed_error *err)
{
	static const struct {
		const char *name;
		enum fed_number_type type;
	} types[] = {{"F32", FED_NUMBER_F32},
	             {"F64", FED_NUMBER_F64},
	             {"F16", FED_NUMBER_F16},
	             {"BF16", FED_NUMBER_BF16},
	             {"I64", FED_NUMBER_I64}}; /* for a taker of any numbers */

	if (!json_is_string(type))
		return damaged(err, "dtype should be a text");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if ((any || types[i].type != FED_NUMBER_I64) &&
		    strcmp(json_string_value(type), types[i].name) == 0) {
			t->type = types[i].type;
			return FED_OK;
		}
	}
	return fed_fail(err, "%s has type %s; F32, F64, F16 and BF16 are read", fed_show(t->name).s,
	                fed_show(json_string_value(type)).s);
}

static int read_tensor(const json_t *description, const char *name, struct item *x, bool any,
                       struct fed_error *err)
{
	struct fed_stored_tensor *const t = &x->tensor;
	const json_t *const type = json_object_get(description, "dtype");
	const json_t *const shape = json_object_get(description, "shape");
	const json_t *const range = json_object_get(description, "data_offsets");
	uint64_t offset[2];
	uint32_t n;

	t->name = name;
	t->name_length = strlen(name);
	if (!type || !shape || !range || json_object_size(description) != 3)
		return damaged(err, "a tensor should have dtype, shape and data_offsets");
	if (read_type(type, t, any, err))
		return FED_FAIL;
	if (!read_list(shape, t->shape, FED_RANK_MAX, &t->rank))
		return damaged(err, "shape should have at most 8 whole numbers");
	if (!read_list(range, offset, 2, &n) || n != 2)
		return damaged(err, "data_offsets should have two whole numbers");
	x->begin = offset[0];
	x->end = offset[1];
	if (!fed__stored_count(t) || x->end < x->begin ||
	    x->end - x->begin != t->n * fed__number_size(t->type))
		return fed_fail(err, "%s does not have the bytes that its shape takes", fed_show(name).s);
	return FED_OK;
}

/* Check that all values are strings; they are ignored. */
static int check_metadata(json_t *metadata, struct fed_error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(metadata))
		return damaged(err, "__metadata__ should be an object");
	json_object_foreach(metadata, key, value)
	{
		if (!json_is_string(value))
			return damaged(err, "__metadata__ should have texts");
	}
	return FED_OK;
}

/* item[] has capacity for all names of the header. */
static int read_items(json_t *header, struct item *item, size_t *n, bool any, struct fed_error *err)
{
	const char *name;
	json_t *value;

	*n = 0;
	json_object_foreach(header, name, value)
	{
		const int rc = strcmp(name, "__metadata__") == 0
		                   ? check_metadata(value, err)
		                   : read_tensor(value, name, &item[(*n)++], any, err);
		if (rc)
			return rc;
	}
	return FED_OK;
}

static int by_begin(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/* Sort the items; their ranges must cover the buffer: neither overlaps nor gaps. */
static int check_ranges(struct item *item, size_t n, uint64_t size, struct fed_error *err)
{
	uint64_t at = 0;

	qsort(item, n, sizeof *item, by_begin);
	for (size_t i = 0; i < n; i++) {
		if (item[i].begin != at)
			return fed_fail(err, "%s begins at byte %llu of the buffer, %s",
			                fed_show(item[i].tensor.name).s, (unsigned long long)item[i].begin,
			                item[i].begin < at ? "inside of another tensor" : "behind a hole");
		at = item[i].end;
	}
	if (at != size)
		return fed_fail(err, "its tensors take %llu bytes, the file has %llu for them",
		                (unsigned long long)at, (unsigned long long)size);
	return FED_OK;
}

static int give_all(json_t *header, const unsigned char *buffer, size_t size,
                    const struct fed_tensor_taker *taker, struct fed_error *err)
{
	if (!json_is_object(header))
		return damaged(err, "it should be an object");
	const size_t most = json_object_size(header);
	struct item *const item = fed_alloc_array(most, sizeof *item);
	size_t n;

	if (!item)
		return fed_fail_memory(err, most * sizeof *item, "the tensors' names");
	int rc = read_items(header, item, &n, taker->any, err);
	if (rc == FED_OK)
		rc = check_ranges(item, n, size, err);
	for (size_t i = 0; rc == FED_OK && i < n; i++) {
		item[i].tensor.bytes = buffer + item[i].begin;
		rc = taker->take(taker->ctx, &item[i].tensor, err);
	}
	fed_free(item);
	return rc;
}

int fed_safetensors_read(const void *bytes, size_t len, const struct fed_tensor_taker *taker,
                         struct fed_error *err)
{
	uint64_t length;

	if (len < sizeof length)
		return fed_fail(err, "is not a safetensors file: it has %zu bytes", len);
	memcpy(&length, bytes, sizeof length);
	length = le64toh(length);
	if (length > len - sizeof length)
		return fed_fail(err,
		                "is not a safetensors file, or cut off: its header should have %llu bytes",
		                (unsigned long long)length);
	if (length > HEADER_MAX)
		return fed_fail(err, "has a header of %llu bytes; at most %u are read",
		                (unsigned long long)length, HEADER_MAX);

	const char *const start = (const char *)bytes + sizeof length;
	json_t *const header = parse_header(start, length, err);
	if (!header)
		return FED_FAIL;
	const int rc = give_all(header, (const unsigned char *)start + length,
	                        len - sizeof length - length, taker, err);
	free_header(header);
	return rc;
}
