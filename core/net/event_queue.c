/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/event_queue.c - the event queue as a 4-ary heap ordered by (when, seq).
 *
 * It is half as deep as a binary heap, and the four children of a node are adjacent.
 */
#include "net/event_queue.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

enum { WIDTH = 4, FIRST_CAPACITY = 64 };

static bool earlier(const struct fed_queued_event *a, const struct fed_queued_event *b)
{
	return a->when < b->when || (a->when == b->when && a->seq < b->seq);
}

/* Sift up: move the hole at i until `d` fits into it. */
static void sift_up(struct fed_queued_event *heap, size_t i, struct fed_queued_event d)
{
	while (i > 0) {
		const size_t parent = (i - 1) / WIDTH;
		if (!earlier(&d, &heap[parent]))
			break;
		heap[i] = heap[parent];
		i = parent;
	}
	heap[i] = d;
}

/* Sift down: move the hole at the root until `d` fits into it. */
static void sift_down(struct fed_queued_event *heap, size_t n, struct fed_queued_event d)
{
	size_t i = 0;

	for (;;) {
		const size_t first = i * WIDTH + 1;
		const size_t end = first + WIDTH < n ? first + WIDTH : n;
		size_t least = first;

		if (first >= n)
			break;
		for (size_t c = first + 1; c < end; c++)
			if (earlier(&heap[c], &heap[least]))
				least = c;
		if (!earlier(&heap[least], &d))
			break;
		heap[i] = heap[least];
		i = least;
	}
	heap[i] = d;
}

void fed_event_queue_init(struct fed_event_queue *clock)
{
	memset(clock, 0, sizeof *clock);
}

void fed_event_queue_release(struct fed_event_queue *clock)
{
	fed_free(clock->heap);
	memset(clock, 0, sizeof *clock);
}

int fed_event_queue_add(struct fed_event_queue *clock, double when, enum fed_queued_event_kind kind,
                        uint64_t ref, uint32_t who, struct fed_error *err)
{
	if (isnan(when) || when == INFINITY)
		return fed_fail(err, "an event is due at %f seconds; its time must be finite", when);
	if (clock->n == clock->capacity) {
		const size_t more = clock->capacity ? 2 * clock->capacity : FIRST_CAPACITY;
		struct fed_queued_event *heap =
			fed_resize(clock->heap, clock->capacity * sizeof *heap, more * sizeof *heap);
		if (!heap)
			return fed_fail_memory(err, more * sizeof *heap, "the virtual clock");
		clock->heap = heap;
		clock->capacity = more;
	}
	sift_up(clock->heap, clock->n++,
	        (struct fed_queued_event){.when = when < clock->now ? clock->now : when,
	                                  .seq = clock->next_seq++,
	                                  .ref = ref,
	                                  .who = who,
	                                  .kind = kind});
	return FED_OK;
}

bool fed__event_queue_next(struct fed_event_queue *clock, struct fed_queued_event *due)
{
	if (clock->n == 0)
		return false;
	*due = clock->heap[0];
	clock->now = due->when;
	if (--clock->n > 0)
		sift_down(clock->heap, clock->n, clock->heap[clock->n]);
	return true;
}

double fed__event_queue_earliest(const struct fed_event_queue *queue)
{
	return queue->n ? queue->heap[0].when : INFINITY;
}

void fed_event_queue_clear(struct fed_event_queue *clock)
{
	clock->n = 0;
}
