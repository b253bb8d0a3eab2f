/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/buffers.c - memory that a plugin is given, between guard bytes; comparisons of it.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "conformance/checker.h"

/* Guard bytes before and after each buffer: a plugin that is off by a few thousand numbers is still
 * told, and not a corrupted heap. */
enum { BEFORE = 4096, AFTER = 32768 };
/* A NaN as float and as double, so that what is read from there shows in the result. */
#define GUARD 0xfff5a7d3u

struct fed_buffer {
	struct fed_buffer *next;
	const char *what;
	size_t bytes;
	float *block;   /* guards, content, guards */
	void *original; /* content when it was sealed; NULL: an output */
};

static unsigned char *content_of(const struct fed_buffer *b)
{
	return (unsigned char *)b->block + BEFORE;
}

static unsigned char guard_byte(size_t i)
{
	return (unsigned char)(GUARD >> 8 * (i % 4));
}

/* Guard bytes [from, to), at least four: the first ones, then copies of all before. */
static void fill_guard(unsigned char *byte, size_t from, size_t to)
{
	size_t done = 4;

	for (size_t i = 0; i < done; i++)
		byte[from + i] = guard_byte(from + i);
	while (done < to - from) {
		const size_t more = done < to - from - done ? done : to - from - done;
		memcpy(byte + from + done, byte + from, more);
		done += more;
	}
}

/* Whether all of them are there: the first ones, and each equals that four before it. */
static bool is_guard(const unsigned char *byte, size_t from, size_t to)
{
	for (size_t i = from; i < from + 4; i++)
		if (byte[i] != guard_byte(i))
			return false;
	return memcmp(byte + from, byte + from + 4, to - from - 4) == 0;
}

static void *no_memory(struct fed_checker *c, size_t bytes)
{
	c->no_memory = true;
	fed_fail_memory(&c->why, bytes, "a check's vectors");
	return NULL;
}

void *fed__buffer(struct fed_checker *c, const char *what, size_t bytes)
{
	const size_t all = BEFORE + (bytes + 3) / 4 * 4 + AFTER;
	struct fed_buffer *b = fed_alloc(sizeof *b);
	float *block = b ? fed_alloc_floats(all / sizeof *block) : NULL;

	if (!block) {
		fed_free(b);
		return no_memory(c, all);
	}
	*b = (struct fed_buffer){.next = c->buffers, .what = what, .bytes = bytes, .block = block};
	c->buffers = b;
	fill_guard((unsigned char *)block, 0, BEFORE);
	fill_guard((unsigned char *)block, BEFORE + bytes, all);
	return content_of(b);
}

float *fed__floats(struct fed_checker *c, const char *what, size_t n)
{
	return fed__buffer(c, what, n * sizeof(float));
}

void fed__seal(struct fed_checker *c, void *content)
{
	struct fed_buffer *b = c->buffers;

	while (b && content_of(b) != content)
		b = b->next;
	if (!b)
		return;
	if (!b->original)
		b->original = fed_alloc(b->bytes ? b->bytes : 1);
	if (!b->original)
		no_memory(c, b->bytes);
	else
		memcpy(b->original, content, b->bytes);
}

void fed__check_seals(struct fed_checker *c)
{
	for (const struct fed_buffer *b = c->buffers; b; b = b->next) {
		const unsigned char *now = content_of(b), *was = b->original;
		size_t i = 0;

		if (!was || memcmp(now, was, b->bytes) == 0)
			continue;
		while (now[i] == was[i])
			i++;
		fed__failed(c, "inputs are left as they were", "%s was changed, at byte %zu of %zu",
		            b->what, i, b->bytes);
	}
}

void fed__check_guards(struct fed_checker *c)
{
	for (const struct fed_buffer *b = c->buffers; b; b = b->next) {
		const unsigned char *byte = (const unsigned char *)b->block;
		const size_t end = BEFORE + b->bytes, all = BEFORE + (b->bytes + 3) / 4 * 4 + AFTER;
		size_t before = 0, after = 0;

		if (is_guard(byte, 0, BEFORE) && is_guard(byte, end, all))
			continue;
		for (size_t i = 0; i < BEFORE; i++)
			if (!before && byte[i] != guard_byte(i))
				before = BEFORE - i;
		for (size_t i = end; i < all; i++)
			if (byte[i] != guard_byte(i))
				after = i - end + 1;
		if (before || after)
			fed__failed(c, "nothing is written outside of what was given",
			            "wrote up to %zu bytes %s %s, which has %zu bytes", before ? before : after,
			            before ? "before" : "past the end of", b->what, b->bytes);
	}
}

void fed__buffers_release(struct fed_checker *c)
{
	while (c->buffers) {
		struct fed_buffer *b = c->buffers;

		c->buffers = b->next;
		fed_free_floats(b->block);
		fed_free(b->original);
		fed_free(b);
	}
}

/* Content ----------------------------------------------------------------- */

void fed__fill_uniform(float *v, size_t n, uint64_t key, double lo, double hi)
{
	for (size_t j = 0; j < n; j++)
		v[j] = (float)(lo + (hi - lo) * fed_random_real(key, j));
}

/* A sum of uniform numbers: near enough to normal, and quick. */
void fed__fill_normal(float *v, size_t n, uint64_t key, double deviation)
{
	for (size_t j = 0; j < n; j++) {
		const uint64_t bits = fed_random(key, j);
		double sum = -2;

		for (int k = 0; k < 4; k++)
			sum += (double)(bits >> 16 * k & 0xffff) / 65536;
		v[j] = (float)(deviation * sum * sqrt(3));
	}
}

double fed__largest_difference(const float *a, const float *b, size_t n, size_t *where)
{
	double largest = 0;

	*where = 0;
	for (size_t j = 0; j < n; j++) {
		double apart = fabs((double)a[j] - (double)b[j]);

		if (isnan(apart))
			apart = isfinite(a[j]) || isfinite(b[j]) ? INFINITY : 0;
		if (apart > largest) {
			largest = apart;
			*where = j;
		}
	}
	return largest;
}

size_t fed__first_difference(const float *a, const float *b, size_t n)
{
	size_t j = 0;

	while (j < n && memcmp(&a[j], &b[j], sizeof *a) == 0)
		j++;
	return j;
}

size_t fed__first_nonfinite(const float *v, size_t n)
{
	size_t j = 0;

	while (j < n && isfinite(v[j]))
		j++;
	return j;
}

/* Instances --------------------------------------------------------------- */

int fed__guarded_init(struct fed_checker *c, struct fed_guarded *g, const struct fed_assign *extra,
                      size_t dim, struct fed_error *err)
{
	const struct fed_head *head = c->entry->head;
	const size_t n = c->options.n_assign, size = head->state_size;

	*g = (struct fed_guarded){0};
	if (fed_instance_init(&g->instance, c->entry, c->options.assign, n, err))
		return FED_FAIL;
	g->state = g->instance.state;
	if ((extra && fed_fields_set(head->fields, g->state, extra->key, extra->value, err)) ||
	    fed_instance_size(&g->instance, dim, err)) {
		fed__guarded_release(g);
		return FED_FAIL;
	}
	char *state = fed__buffer(c, "its state", size ? size : 1);
	if (!state) {
		*err = c->why;
		fed__guarded_release(g);
		return FED_FAIL;
	}
	memcpy(state, g->state, size);
	g->instance.state = state;
	for (const struct fed_field *row = head->fields; row->type != FED_TYPE_END; row++)
		if (fed_field_vector(row)) {
			double *vector = fed__buffer(c, row->name, dim * sizeof *vector);

			memcpy(state + row->offset, &vector, sizeof vector);
		}
	if (c->no_memory) {
		*err = c->why;
		fed__guarded_release(g);
		return FED_FAIL;
	}
	return FED_OK;
}

void fed__guarded_release(struct fed_guarded *g)
{
	if (g->state)
		g->instance.state = g->state;
	fed_instance_release(&g->instance);
	g->state = NULL;
}
