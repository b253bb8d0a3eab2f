/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/shared_vectors.c - reference counts and the free list of float vectors.
 */
#include "net/shared_vectors.h"

#include <math.h>
#include <stdbool.h>

#include "base/mem.h"

#define WIDE_MOST (4096.0 * (1 << 20)) /* bytes that a share of the free memory is at most */

enum {
	VECTORS_MOST = UINT16_MAX,
	SHARED_LEAST = 1 << 14 /* floats: a copy of fewer costs less than a block */
};

static void free_vectors(struct fed_shared_vectors *p)
{
	for (uint32_t k = 0; k < p->n; k++)
		if (p->memory)
			fed_shared_memory_return(p->memory, p->vector[k]);
		else
			fed_free_floats(p->vector[k]);
	fed_free(p);
}

/* memory: NULL, the heap.  The vectors of the heap are zeroed, or not. */
static struct fed_shared_vectors *new_in(struct fed_shared_memory *memory, uint32_t n, size_t dim,
                                         bool zeroed)
{
	const size_t floats = dim ? dim : 1;

	struct fed_shared_vectors *p =
		n <= VECTORS_MOST ? fed_alloc(sizeof *p + n * sizeof p->vector[0]) : NULL;

	if (!p)
		return NULL;
	atomic_init(&p->references, 1);
	p->n = n;
	p->dim = dim;
	p->memory = memory;
	for (uint32_t k = 0; k < n; k++) {
		p->vector[k] = memory   ? fed_shared_memory_take(memory, dim * sizeof(float))
		               : zeroed ? fed_alloc_floats(floats)
		                        : fed_alloc_floats_unset(floats);
		if (!p->vector[k]) {
			free_vectors(p);
			return NULL;
		}
	}
	return p;
}

struct fed_shared_vectors *fed_shared_vectors_new(uint32_t n, size_t dim)
{
	return new_in(NULL, n, dim, true);
}

struct fed_shared_vectors *fed_shared_vectors_ref(struct fed_shared_vectors *p)
{
	if (p)
		atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
	return p;
}

static size_t bytes_of(const struct fed_shared_vectors *p)
{
	return p->n * p->dim * sizeof(float);
}

/* Where the free list's vectors of this length lie. */
static struct fed_shared_memory *memory_for(const struct fed_vector_free_list *s, size_t dim)
{
	return dim >= SHARED_LEAST ? s->memory : NULL;
}

/* Whether so many more bytes are within the limit.  The free memory is looked up once, and only for
 * lists that grow so long: that takes as long as a small round. */
static bool has_place(struct fed_vector_free_list *s, size_t bytes)
{
	if (s->bytes + bytes > s->most && s->share > 0) {
		const double wide = s->share * (fed_mem_available() + (double)s->bytes);

		s->most = wide > (double)s->most ? (size_t)fmin(wide, WIDE_MOST) : s->most;
		s->share = 0;
	}
	return s->bytes + bytes <= s->most;
}

/* Return vectors to the free list; false if it is full or for another size. */
static bool recycle(struct fed_vector_free_list *s, struct fed_shared_vectors *p)
{
	pthread_mutex_lock(&s->lock);
	const bool wanted = p->n == s->n && p->dim == s->dim && p->memory == memory_for(s, p->dim) &&
	                    has_place(s, bytes_of(p));
	if (wanted) {
		p->next = s->first;
		s->first = p;
		s->bytes += bytes_of(p);
	}
	pthread_mutex_unlock(&s->lock);
	return wanted;
}

void fed_shared_vectors_unref(struct fed_shared_vectors *p)
{
	/* acquire and release: the last owner sees the writes of the others */
	if (!p || atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) != 1)
		return;
	if (!p->free_list || !recycle(p->free_list, p))
		free_vectors(p);
}

void fed_shared_vectors_leave_list(struct fed_shared_vectors *p)
{
	p->free_list = NULL; /* who releases the last reference sees it: the caller's comes before */
}

float *fed_shared_vectors_detach(struct fed_shared_vectors *p)
{
	float *v = p->vector[0];

	p->vector[0] = NULL;
	free_vectors(p);
	return v;
}

/* The free list ----------------------------------------------------------------- */

static void empty_list(struct fed_vector_free_list *s)
{
	while (s->first) {
		struct fed_shared_vectors *p = s->first;

		s->first = p->next;
		free_vectors(p);
	}
	s->bytes = 0;
}

void fed_vector_free_list_init(struct fed_vector_free_list *s, size_t most_bytes)
{
	*s = (struct fed_vector_free_list){.most = most_bytes};
	pthread_mutex_init(&s->lock, NULL);
}

void fed_vector_free_list_widen(struct fed_vector_free_list *s, double share)
{
	s->share = share;
}

void fed_vector_free_list_release(struct fed_vector_free_list *s)
{
	empty_list(s);
	pthread_mutex_destroy(&s->lock);
}

void fed_vector_free_list_place(struct fed_vector_free_list *s, struct fed_shared_memory *memory)
{
	pthread_mutex_lock(&s->lock);
	if (memory != s->memory) {
		empty_list(s);
		s->memory = memory;
	}
	pthread_mutex_unlock(&s->lock);
}

size_t fed_vector_free_list_bytes(struct fed_vector_free_list *s)
{
	pthread_mutex_lock(&s->lock);
	const size_t bytes = s->bytes;
	pthread_mutex_unlock(&s->lock);
	return bytes;
}

struct fed_shared_vectors *fed_vector_free_list_take(struct fed_vector_free_list *s, uint32_t n,
                                                     size_t dim)
{
	pthread_mutex_lock(&s->lock);
	if (n != s->n || dim != s->dim) {
		empty_list(s);
		s->n = n;
		s->dim = dim;
	}
	struct fed_shared_memory *memory = memory_for(s, dim);
	struct fed_shared_vectors *p = s->first;
	if (p) {
		s->first = p->next;
		s->bytes -= bytes_of(p);
	}
	pthread_mutex_unlock(&s->lock);
	if (p) {
		atomic_store_explicit(&p->references, 1, memory_order_relaxed);
		return p;
	}
	p = new_in(memory, n, dim, false);
	if (p)
		p->free_list = s;
	return p;
}
