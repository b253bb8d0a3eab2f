/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/line_memory.c - the allocator that readline uses in place of its own.
 */
#include "shell/terminal/line_memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

/* A long line is in memory several times: as typed, to be undone, as drawn and as it was drawn. */
#define RESERVE ((size_t)4 << 20)

static _Atomic(void *) reserve;
static _Thread_local sigjmp_buf *way_out;

/* Called by readline. */
__attribute__((visibility("default"))) void *xmalloc(size_t bytes);
__attribute__((visibility("default"))) void *xrealloc(void *p, size_t bytes);

sigjmp_buf *fed__line_memory_exit(sigjmp_buf *place)
{
	sigjmp_buf *const before = way_out;

	way_out = place;
	return before;
}

void fed__line_memory_refill(void)
{
	if (!atomic_load(&reserve))
		atomic_store(&reserve, malloc(RESERVE));
}

void fed__line_memory_release(void)
{
	free(atomic_exchange(&reserve, NULL));
}

/* After a failure: returns when another attempt makes sense. */
static void find_memory(void)
{
	static const struct timespec moment = {.tv_nsec = 100000000};
	void *kept = atomic_exchange(&reserve, NULL);

	if (kept)
		free(kept);
	else if (way_out)
		siglongjmp(*way_out, 1);
	else
		nanosleep(&moment, NULL);
}

void *xrealloc(void *p, size_t bytes)
{
	for (;;) {
		void *more = realloc(p, bytes ? bytes : 1);

		if (more)
			return more;
		find_memory();
	}
}

void *xmalloc(size_t bytes)
{
	return xrealloc(NULL, bytes);
}
