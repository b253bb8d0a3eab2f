/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/safetensors.c - write and read safetensors.
 *
 * Source: the format's description in Hugging Face's safetensors, "Format": u64 N little-endian, N
 * bytes of JSON, the buffer.  {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}};
 * "__metadata__" maps texts to texts; the ranges cover the buffer without holes.
 */
#include "formats/safetensors.h"

#include <ctype.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define HEADER_MAX 100000000u
#define TENSORS_MAX 65536u

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
	while (!json.failed && json.len % 8) /* readers map the numbers where they stand */
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
	struct fed_stored_tensor tensor;
	uint64_t begin, end;
};

struct parser {
	const char *start, *at, *end;
	struct item *item; /* [n] */
	size_t n, capacity;
	struct fed_error *err;
};

static int damaged(struct parser *p, const char *wanted)
{
	return fed_fail(p->err, "its header is damaged: %s should stand at byte %zu", wanted,
	                (size_t)(p->at - p->start) + 8);
}

static void skip_blank(struct parser *p)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
		p->at++;
}

static bool take(struct parser *p, char c)
{
	skip_blank(p);
	if (p->at == p->end || *p->at != c)
		return false;
	p->at++;
	return true;
}

/* A JSON string as it stands, escapes and all: layer names have none. */
static bool take_string(struct parser *p, const char **s, size_t *n)
{
	if (!take(p, '"'))
		return false;
	*s = p->at;
	for (; p->at < p->end && *p->at != '"'; p->at++) {
		if ((unsigned char)*p->at < ' ')
			return false;
		if (*p->at == '\\' && ++p->at == p->end)
			return false;
	}
	*n = (size_t)(p->at - *s);
	return take(p, '"');
}

static bool take_size(struct parser *p, uint64_t *x)
{
	skip_blank(p);
	const char *const begin = p->at;

	*x = 0;
	for (; p->at < p->end && isdigit((unsigned char)*p->at); p->at++)
		if (__builtin_mul_overflow(*x, 10, x) ||
		    __builtin_add_overflow(*x, (uint64_t)(*p->at - '0'), x))
			return false;
	return p->at > begin;
}

/* [a, b, ...] of at most `most` numbers */
static bool take_list(struct parser *p, uint64_t *v, uint32_t most, uint32_t *n)
{
	*n = 0;
	if (!take(p, '['))
		return false;
	if (take(p, ']'))
		return true;
	do {
		if (*n == most || !take_size(p, &v[(*n)++]))
			return false;
	} while (take(p, ','));
	return take(p, ']');
}

static bool is(const char *s, size_t n, const char *word)
{
	return n == strlen(word) && memcmp(s, word, n) == 0;
}

static int take_type(struct parser *p, struct item *x)
{
	static const struct {
		const char *name;
		enum fed_number_type type;
	} types[] = {{"F32", FED_NUMBER_F32},
	             {"F64", FED_NUMBER_F64},
	             {"F16", FED_NUMBER_F16},
	             {"BF16", FED_NUMBER_BF16}};
	const char *s;
	size_t n;

	if (!take_string(p, &s, &n))
		return damaged(p, "a type");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (is(s, n, types[i].name)) {
			x->tensor.type = types[i].type;
			return FED_OK;
		}
	}
	return fed_fail(p->err, "%.*s has type %.*s; F32, F64, F16 and BF16 are read",
	                (int)x->tensor.name_length, x->tensor.name, n < 16 ? (int)n : 16, s);
}

static int take_metadata(struct parser *p)
{
	const char *s;
	size_t n;

	if (!take(p, '{'))
		return damaged(p, "{");
	if (take(p, '}'))
		return FED_OK;
	do {
		if (!take_string(p, &s, &n) || !take(p, ':') || !take_string(p, &s, &n))
			return damaged(p, "a text");
	} while (take(p, ','));
	return take(p, '}') ? FED_OK : damaged(p, "}");
}

enum { HAS_TYPE = 1, HAS_SHAPE = 2, HAS_RANGE = 4, HAS_ALL = 7 };

static int take_tensor(struct parser *p, struct item *x)
{
	struct fed_stored_tensor *t = &x->tensor;
	uint64_t range[2];
	int seen = 0;

	if (!take(p, '{'))
		return damaged(p, "{");
	do {
		const char *key;
		size_t n;
		uint32_t count;
		int what;

		if (!take_string(p, &key, &n) || !take(p, ':'))
			return damaged(p, "a name");
		if (is(key, n, "dtype")) {
			what = HAS_TYPE;
			if (take_type(p, x))
				return FED_FAIL;
		} else if (is(key, n, "shape")) {
			what = HAS_SHAPE;
			if (!take_list(p, t->shape, FED_RANK_MAX, &t->rank))
				return damaged(p, "a shape");
		} else if (is(key, n, "data_offsets")) {
			what = HAS_RANGE;
			if (!take_list(p, range, 2, &count) || count != 2)
				return damaged(p, "two offsets");
		} else {
			return damaged(p, "dtype, shape or data_offsets");
		}
		if (seen & what)
			return damaged(p, "each of dtype, shape and data_offsets once");
		seen |= what;
	} while (take(p, ','));
	if (!take(p, '}') || seen != HAS_ALL)
		return damaged(p, "dtype, shape and data_offsets");
	x->begin = range[0];
	x->end = range[1];
	if (!fed_stored_count(t) || x->end < x->begin ||
	    x->end - x->begin != t->n * fed_number_size(t->type))
		return fed_fail(p->err, "%.*s does not have the bytes that its shape takes",
		                (int)t->name_length, t->name);
	return FED_OK;
}

static struct item *next_item(struct parser *p)
{
	if (p->n == p->capacity) {
		const size_t more = p->capacity ? 2 * p->capacity : 32;
		struct item *grown = NULL;

		if (more <= TENSORS_MAX)
			grown = fed_resize(p->item, p->n * sizeof *grown, more * sizeof *grown);
		if (!grown)
			return NULL;
		p->item = grown;
		p->capacity = more;
	}
	return &p->item[p->n++];
}

static int parse_header(struct parser *p)
{
	if (!take(p, '{'))
		return damaged(p, "{");
	if (!take(p, '}')) {
		do {
			const char *name;
			size_t n;

			if (!take_string(p, &name, &n) || !take(p, ':'))
				return damaged(p, "a name");
			if (is(name, n, "__metadata__")) {
				if (take_metadata(p))
					return FED_FAIL;
				continue;
			}
			struct item *x = next_item(p);
			if (!x)
				return fed_fail_memory(p->err, p->n * sizeof *x, "the tensors' names");
			x->tensor.name = name;
			x->tensor.name_length = n < 64 ? n : 64; /* no layer's name is as long */
			if (take_tensor(p, x))
				return FED_FAIL;
		} while (take(p, ','));
		if (!take(p, '}'))
			return damaged(p, "}");
	}
	skip_blank(p);
	return p->at == p->end ? FED_OK : damaged(p, "the end");
}

static int by_begin(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return (x->end > y->end) - (x->end < y->end);
}

/* The ranges cover the buffer: neither overlaps nor holes. */
static int check_ranges(struct parser *p, uint64_t size)
{
	uint64_t at = 0;

	if (p->n)
		qsort(p->item, p->n, sizeof *p->item, by_begin);
	for (size_t i = 0; i < p->n; i++) {
		const struct item *x = &p->item[i];

		if (x->begin != at)
			return fed_fail(p->err, "%.*s begins at byte %llu of the buffer, %s",
			                (int)x->tensor.name_length, x->tensor.name,
			                (unsigned long long)x->begin,
			                x->begin < at ? "inside of another tensor" : "behind a hole");
		at = x->end;
	}
	if (at != size)
		return fed_fail(p->err, "its tensors take %llu bytes, the file has %llu for them",
		                (unsigned long long)at, (unsigned long long)size);
	return FED_OK;
}

static int give_all(struct parser *p, const unsigned char *buffer,
                    const struct fed_tensor_taker *taker)
{
	for (size_t i = 0; i < p->n; i++) {
		p->item[i].tensor.bytes = buffer + p->item[i].begin;
		const int rc = taker->take(taker->ctx, &p->item[i].tensor, p->err);
		if (rc)
			return rc;
	}
	return FED_OK;
}

int fed_safetensors_read(const void *bytes, size_t len, const struct fed_tensor_taker *taker,
                         struct fed_error *err)
{
	uint64_t length;

	if (len < sizeof length)
		return fed_fail(err, "is no safetensors file: it has %zu bytes", len);
	memcpy(&length, bytes, sizeof length);
	length = le64toh(length);
	if (length > len - sizeof length || length > HEADER_MAX)
		return fed_fail(err,
		                "is no safetensors file, or cut off: its header should have %llu bytes",
		                (unsigned long long)length);

	const char *start = (const char *)bytes + sizeof length;
	struct parser p = {.start = start, .at = start, .end = start + length, .err = err};
	int rc = parse_header(&p);
	if (rc == FED_OK)
		rc = check_ranges(&p, len - sizeof length - length);
	if (rc == FED_OK)
		rc = give_all(&p, (const unsigned char *)start + length, taker);
	fed_free(p.item);
	return rc;
}
