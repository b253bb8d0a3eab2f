/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/sharing.c - stretches of shared and local parameters.
 */
#include "net/sharing.h"

#include <string.h>

#include "base/mem.h"

struct fed_sharing *fed_sharing_new(const bool *is_local, size_t dim)
{
	uint32_t n = 0;

	for (size_t j = 0; j < dim; j++)
		n += j == 0 || is_local[j] != is_local[j - 1];
	struct fed_sharing *s = fed_alloc(sizeof *s + n * sizeof s->stretch[0]);
	if (!s)
		return NULL;
	atomic_init(&s->references, 1);
	s->dim = dim;
	for (size_t j = 0; j < dim; j++) {
		if (j == 0 || is_local[j] != is_local[j - 1])
			s->stretch[s->n++] = (struct fed_stretch){.from = j, .local = is_local[j]};
		s->stretch[s->n - 1].to = j + 1;
		s->local += is_local[j];
	}
	return s;
}

struct fed_sharing *fed_sharing_ref(struct fed_sharing *s)
{
	if (s)
		atomic_fetch_add(&s->references, 1);
	return s;
}

void fed_sharing_unref(struct fed_sharing *s)
{
	if (s && atomic_fetch_sub(&s->references, 1) == 1)
		fed_free(s);
}

size_t fed_sharing_travels(const struct fed_sharing *s, size_t dim)
{
	return s && s->dim == dim ? dim - s->local : dim;
}

static size_t length(const struct fed_stretch *x)
{
	return x->to - x->from;
}

void fed_sharing_pack(const struct fed_sharing *s, const float *v, float *packed)
{
	size_t at = 0;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct fed_stretch *x = &s->stretch[i];

		if (x->local)
			continue;
		memmove(packed + at, v + x->from, length(x) * sizeof *v);
		at += length(x);
	}
}

void fed_sharing_unpack(const struct fed_sharing *s, const float *packed, float *v)
{
	size_t at = s->dim - s->local;

	for (uint32_t i = s->n; i-- > 0;) { /* the last first: within one vector they only move up */
		const struct fed_stretch *x = &s->stretch[i];

		if (x->local) {
			memset(v + x->from, 0, length(x) * sizeof *v);
			continue;
		}
		at -= length(x);
		memmove(v + x->from, packed + at, length(x) * sizeof *v);
	}
}

void fed_sharing_take_local(const struct fed_sharing *s, const float *v, float *own)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct fed_stretch *x = &s->stretch[i];

		if (!x->local)
			continue;
		memcpy(own, v + x->from, length(x) * sizeof *v);
		own += length(x);
	}
}

void fed_sharing_put_local(const struct fed_sharing *s, const float *own, float *v)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct fed_stretch *x = &s->stretch[i];

		if (!x->local)
			continue;
		memcpy(v + x->from, own, length(x) * sizeof *v);
		own += length(x);
	}
}

void fed_sharing_copy_local(const struct fed_sharing *s, const float *from, float *to)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct fed_stretch *x = &s->stretch[i];

		if (!x->local)
			continue;
		if (from)
			memcpy(to + x->from, from + x->from, length(x) * sizeof *to);
		else
			memset(to + x->from, 0, length(x) * sizeof *to);
	}
}

size_t fed_sharing_coordinate(const struct fed_sharing *s, size_t k)
{
	for (uint32_t i = 0; i < s->n; i++) {
		const struct fed_stretch *x = &s->stretch[i];

		if (x->local)
			continue;
		if (k < length(x))
			return x->from + k;
		k -= length(x);
	}
	return s->dim;
}
