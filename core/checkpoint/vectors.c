/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/vectors.c - saver and loader of shared vectors, each once.
 *
 * A snapshot that stays in this program can be taken apart: then it refers to the vectors instead
 * of having a copy of their numbers, and a session that is restored from it shares them.
 */
#include "checkpoint/vectors.h"

#include <string.h>

#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "checkpoint/format.h"

#define INLINE "parcel"
#define APART "parcel in memory" /* its number in struct fed_vectors_apart */

uint32_t fed__vectors_number(const struct fed_vectors_table *p,
                             const struct fed_shared_vectors *payload)
{
	for (uint32_t i = payload ? p->n : 0; i > 0;
	     i--) /* references to the same vectors are near each other */
		if (p->payload[i - 1] == payload)
			return i;
	return 0;
}

/* Append a pointer to an array. */
static bool append(struct fed_shared_vectors ***array, uint32_t *n, uint32_t *capacity,
                   struct fed_shared_vectors *x)
{
	if (*n == *capacity) {
		const uint32_t more = *capacity ? 2 * *capacity : 64;
		struct fed_shared_vectors **grown =
			fed_resize(*array, *capacity * sizeof *grown, more * sizeof *grown);

		if (!grown)
			return false;
		*array = grown;
		*capacity = more;
	}
	(*array)[(*n)++] = x;
	return true;
}

void fed__vectors_add(struct fed_vectors_table *p, struct fed_shared_vectors *payload)
{
	if (payload && !p->failed && !fed__vectors_number(p, payload))
		p->failed = !append(&p->payload, &p->n, &p->capacity, payload);
}

void fed_vectors_apart_release(struct fed_vectors_apart *a)
{
	for (uint32_t i = 0; i < a->n; i++)
		fed_shared_vectors_unref(a->vectors[i]);
	fed_free(a->vectors);
	*a = (struct fed_vectors_apart){0};
}

/* Writing ---------------------------------------------------------------------------------- */

static void save_inline(struct fed_saver *f, const struct fed_shared_vectors *x)
{
	fed_saver_begin(f, INLINE);
	fed_put_u32(f, x->n);
	fed_put_u64(f, x->dim);
	for (uint32_t k = 0; k < x->n; k++)
		fed_put_f32s(f, x->vector[k], x->dim);
	fed_saver_end(f);
}

/* Refer to vectors; false: they lie in the memory of worker processes, or there is none for the
 * reference. */
static bool save_apart(struct fed_saver *f, struct fed_shared_vectors *x)
{
	struct fed_vectors_apart *a = f->apart;

	if (!a || x->memory || !append(&a->vectors, &a->n, &a->capacity, x))
		return false;
	fed_shared_vectors_ref(x);
	fed_shared_vectors_leave_list(x); /* it may outlive that */
	f->elsewhere += x->n * x->dim * sizeof(float);
	fed_saver_begin(f, APART);
	fed_put_u32(f, a->n - 1);
	fed_saver_end(f);
	return true;
}

void fed__save_vectors(struct fed_saver *f, const struct fed_vectors_table *p,
                       const struct fed_shared_vectors *model)
{
	fed_saver_begin(f, "parcels");
	fed_put_u32(f, p->n);
	fed_saver_end(f);
	for (uint32_t i = 0; i < p->n; i++)
		if (p->payload[i] == model || !save_apart(f, p->payload[i]))
			save_inline(f, p->payload[i]);
}

/* Reading ----------------------------------------------------------------------------------- */

static void load_inline(struct fed_loader *f, struct fed_vectors_table *p)
{
	if (fed__loader_begin(f, INLINE))
		return;
	const uint32_t n = fed_get_u32(f);
	const uint64_t dim = fed_get_u64(f);
	struct fed_shared_vectors *x = NULL;
	if (n > FED_LIST_MAX + 1 || dim > SIZE_MAX / sizeof(float) / (n + 1))
		fed_loader_fail(f, "%u vectors of %llu numbers", n, (unsigned long long)dim);
	else if (fed_loader_holds(f, n * dim, sizeof(float)) && !(x = fed_shared_vectors_new(n, dim)))
		fed_loader_fail(f, "out of memory for %llu numbers", (unsigned long long)dim);
	if (x)
		p->payload[p->n++] = x;
	for (uint32_t k = 0; x && k < n; k++)
		fed_get_f32s(f, x->vector[k], dim);
	fed_loader_end(f);
}

/* A file has none of these sections. */
static bool load_apart(struct fed_loader *f, struct fed_vectors_table *p)
{
	const struct fed_vectors_apart *a = f->apart;

	if (!a || !fed_loader_begin_optional(f, APART))
		return false;
	const uint32_t number = fed_get_u32(f);
	if (number < a->n)
		p->payload[p->n++] = fed_shared_vectors_ref(a->vectors[number]);
	else
		fed_loader_fail(f, "%u of %u", number, a->n);
	fed_loader_end(f);
	return true;
}

void fed__load_vectors(struct fed_loader *f, struct fed_vectors_table *p)
{
	if (fed__loader_begin(f, "parcels"))
		return;
	const uint32_t n = fed_get_u32(f);
	fed_loader_end(f);
	if (n > f->in_file / 16)
		fed_loader_fail(f, "%u of them", n);
	p->payload =
		f->failed ? NULL : fed_alloc_array((size_t)n + 1, sizeof(struct fed_shared_vectors *));
	if (!p->payload)
		fed_loader_fail(f, "out of memory for %u shared vectors", n);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		if (!load_apart(f, p))
			load_inline(f, p);
}

/* Joining ------------------------------------------------------------------------------------ */

static uint64_t section_length(const char *at)
{
	uint64_t n;

	memcpy(&n, at + FED_SECTION_NAME, sizeof n);
	return le64toh(n);
}

int fed_snapshot_join(const struct fed_text *text, const struct fed_vectors_apart *a,
                      struct fed_text *out, struct fed_error *err)
{
	const char *at = text->s + FED_FILE_HEAD + 4, *const end = text->s + text->len;
	const char *copied = text->s;
	struct fed_saver f;

	fed__saver_open_text(&f, out);
	out->len = f.start;
	for (size_t n; at < end; at += n) {
		n = FED_SECTION_HEAD + 4 + section_length(at) + 4;
		if (strncmp(at, APART, FED_SECTION_NAME) != 0)
			continue;
		uint32_t number;
		memcpy(&number, at + FED_SECTION_HEAD + 4, sizeof number);
		fed_text_put(out, copied, (size_t)(at - copied));
		copied = at + n;
		save_inline(&f, a->vectors[le32toh(number)]);
	}
	fed_text_put(out, copied, (size_t)(end - copied));
	const bool failed = f.failed || f.section.failed || out->failed;
	fed_text_release(&f.section);
	return failed ? fed_fail_memory(err, text->len, "a snapshot") : FED_OK;
}
