/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/growth.c - memory that the process holds more after many calls.
 */
#include <malloc.h>

#include "conformance/checker.h"

/* A span of calls that leaves less than this behind is no leak: a block of any size that is lost at
 * each call is more.  The C library keeps freed blocks for later, and takes some spans to settle.
 */
enum { CALLS = 100, FIRST_CALLS = 10, SPANS = 5, BYTES = 1600 };

/* So much at each of these calls is a leak at once: hundreds of them would take minutes, or meet a
 * limit of memory first. */
enum { FEW_CALLS = 4, MANY_BYTES = 4 << 20 };

/* The sanitizers have allocators of their own. */
__attribute__((weak)) size_t __sanitizer_get_current_allocated_bytes(void);

static size_t allocated(void)
{
	if (__sanitizer_get_current_allocated_bytes)
		return __sanitizer_get_current_allocated_bytes();
	const struct mallinfo2 info = mallinfo2();
	return info.uordblks + info.hblkhd;
}

static void tell(struct fed_checker *c, size_t before, size_t after, size_t calls)
{
	fed__failed(c, "the memory that was held before: what malloc() gives is freed",
	            "%zu bytes more than before, %zu at each call", after - before,
	            (after - before) / calls);
}

/* Whether each of a few calls leaves much behind, which is told. */
static bool grows_fast(struct fed_checker *c, const char *what, void (*call)(void *ctx), void *ctx)
{
	const size_t before = allocated();
	size_t last = before, after = before;

	for (int k = 0; k < FEW_CALLS && fed_check_goes_on(c); k++, last = after) {
		call(ctx);
		after = allocated();
		if (after < last + MANY_BYTES)
			return false;
	}
	fed__given(c, "%d %s", FEW_CALLS, what);
	tell(c, before, after, FEW_CALLS);
	return true;
}

void fed__check_growth(struct fed_checker *c, const char *what, void (*call)(void *ctx), void *ctx)
{
	size_t before = 0, after = 0;

	fed__given(c, "%d %s", CALLS, what);
	call(ctx); /* what the first one allocates may stay */
	if (grows_fast(c, what, call, ctx))
		return;
	for (int k = 1 + FEW_CALLS; k < FIRST_CALLS && fed_check_goes_on(c); k++)
		call(ctx);
	for (int span = 0; span < SPANS && fed_check_goes_on(c); span++) {
		before = allocated();
		for (int k = 0; k < CALLS && fed_check_goes_on(c); k++)
			call(ctx);
		after = allocated();
		if (after < before + BYTES)
			return;
	}
	tell(c, before, after, CALLS);
}
