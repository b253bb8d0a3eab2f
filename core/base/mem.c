/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/mem.c - counted, zeroed allocation that fails where a test injects it.
 */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/countdown.h"

enum { CACHE_LINE = 64 };
#define HUGE_PAGE ((size_t)2 << 20)
/* Below this a vector wastes more of a huge page than it saves in page faults. */
#define HUGE_FROM (2 * HUGE_PAGE)

/* On cache lines of their own: all threads write the first and read the second. */
static _Alignas(CACHE_LINE) _Atomic int64_t live;
/* Allocations until the one that fails; 0: none does. */
static _Alignas(CACHE_LINE) _Atomic uint64_t countdown;

/* Whether this allocation is the one that a test chose. */
static bool chosen_to_fail(void)
{
	return fed__countdown(&countdown);
}

void fed__mem_fail_at(uint64_t k)
{
	atomic_store(&countdown, k);
}

bool fed__mem_fail_ahead(void)
{
	return atomic_load(&countdown) > 0;
}

int64_t fed__mem_live(void)
{
	return atomic_load(&live);
}

static void *counted(void *block)
{
	if (block)
		atomic_fetch_add(&live, 1);
	return block;
}

void *fed_alloc(size_t bytes)
{
	/* calloc(0) may be NULL, which here means out of memory */
	return chosen_to_fail() ? NULL : counted(calloc(1, bytes ? bytes : 1));
}

void *fed_alloc_array(size_t n, size_t size)
{
	size_t bytes;

	return __builtin_mul_overflow(n, size, &bytes) ? NULL : fed_alloc(bytes);
}

void *fed_resize(void *block, size_t old_bytes, size_t bytes)
{
	if (!block)
		return fed_alloc(bytes);
	if (chosen_to_fail())
		return NULL;
	char *grown = realloc(block, bytes ? bytes : 1);
	if (grown && bytes > old_bytes)
		memset(grown + old_bytes, 0, bytes - old_bytes);
	return grown;
}

void *fed_copy_array(const void *from, size_t n, size_t size)
{
	void *to = from && n ? fed_alloc_array(n, size) : NULL;

	if (to)
		memcpy(to, from, n * size);
	return to;
}

char *fed_strdup(const char *s)
{
	const size_t bytes = strlen(s) + 1;
	char *copy = fed_alloc(bytes);

	return copy ? memcpy(copy, s, bytes) : NULL;
}

void fed_free(void *block)
{
	if (block)
		atomic_fetch_sub(&live, 1);
	free(block);
}

float *fed_alloc_floats_unset(size_t n)
{
	if (n > (SIZE_MAX - HUGE_PAGE) / sizeof(float) || chosen_to_fail())
		return NULL;
	const size_t wanted = n * sizeof(float);
	const size_t unit = wanted >= HUGE_FROM ? HUGE_PAGE : CACHE_LINE;
	/* aligned_alloc needs a multiple of the unit, at least one */
	const size_t bytes = ((wanted ? wanted : 1) + unit - 1) / unit * unit;
	void *v = aligned_alloc(unit, bytes);

	if (!v)
		return NULL;
	if (unit == HUGE_PAGE)
		(void)madvise(v, bytes, MADV_HUGEPAGE); /* a hint: without it the vector is only slower */
	return counted(v);
}

float *fed_alloc_floats(size_t n)
{
	float *const v = fed_alloc_floats_unset(n);

	if (v)
		memset(v, 0, n * sizeof *v);
	return v;
}

void fed_free_floats(float *v)
{
	fed_free(v);
}

int fed_fail_memory(struct fed_error *err, size_t bytes, const char *what)
{
	return fed_fail(err, "out of memory (%zu bytes for %s)", bytes, what);
}
