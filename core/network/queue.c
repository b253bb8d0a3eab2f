/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/queue.c - what the threads that use a network and its own thread share.
 */
#include "network/queue.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"

void fed__event_raise(int fd)
{
	const uint64_t one = 1;
	const int error = errno;

	while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
		;
	errno = error;
}

bool fed__event_take(int fd)
{
	uint64_t count;

	return read(fd, &count, sizeof count) == sizeof count;
}

int fed__queue_init(struct fed__queue *q, struct fed_error *err)
{
	*q = (struct fed__queue){.readable = -1};
	pthread_mutex_init(&q->lock, NULL);
	q->readable = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->woken = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	q->call = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (q->readable >= 0 && q->woken >= 0 && q->call >= 0)
		return FED_OK;
	return fed_fail(err, "no descriptor: %s", strerror(errno));
}

static void free_node(struct fed__event_node *node)
{
	fed_network_event_release(&node->event);
	fed_free(node);
}

void fed__queue_release(struct fed__queue *q)
{
	while (q->first)
		free_node(fed__queue_pop(q));
	if (q->readable >= 0)
		close(q->readable);
	if (q->woken >= 0)
		close(q->woken);
	if (q->call >= 0)
		close(q->call);
	pthread_mutex_destroy(&q->lock);
}

void fed_network_event_release(struct fed_network_event *event)
{
	fed_free(event->bytes);
	event->bytes = NULL;
	event->len = 0;
}

/* Events ------------------------------------------------------------------------- */

void fed__queue_push(struct fed__queue *q, struct fed__event_node *node)
{
	node->next = NULL;
	if (q->last)
		q->last->next = node;
	else
		q->first = node;
	q->last = node;
	if (q->first == node)
		fed__event_raise(q->readable);
}

struct fed__event_node *fed__queue_pop(struct fed__queue *q)
{
	struct fed__event_node *node = q->first;

	if (!node)
		return NULL;
	q->first = node->next;
	if (!q->first) {
		q->last = NULL;
		fed__event_take(q->readable);
	}
	node->next = NULL;
	return node;
}

/* Remove those that match. */
static void forget(struct fed__queue *q,
                   bool (*is)(const struct fed_network_event *, uint32_t, uint64_t), uint32_t peer,
                   uint64_t tag)
{
	struct fed__event_node *const had = q->first;
	struct fed__event_node **at = &q->first;

	q->last = NULL;
	while (*at) {
		struct fed__event_node *node = *at;
		if (!is(&node->event, peer, tag)) {
			q->last = node;
			at = &node->next;
			continue;
		}
		*at = node->next;
		free_node(node);
	}
	if (had && !q->first)
		fed__event_take(q->readable);
}

static bool is_message(const struct fed_network_event *event, uint32_t peer, uint64_t tag)
{
	(void)tag;
	return event->kind == FED_NETWORK_MESSAGE && event->peer == peer;
}

static bool is_end(const struct fed_network_event *event, uint32_t peer, uint64_t tag)
{
	return (event->kind == FED_NETWORK_DELIVERED || event->kind == FED_NETWORK_LOST) &&
	       event->peer == peer && (tag == 0 || event->tag == tag);
}

void fed__queue_forget_messages(struct fed__queue *q, uint32_t peer)
{
	forget(q, is_message, peer, 0);
}

void fed__queue_forget_ends(struct fed__queue *q, uint32_t peer, uint64_t tag)
{
	forget(q, is_end, peer, tag);
}

/* What is sent ---------------------------------------------------------------------- */

void fed__queue_post(struct fed__queue *q, struct fed__posting *posting)
{
	posting->behind = q->all;
	if (q->all)
		q->all->before = posting;
	q->all = posting;
	if (q->new_last)
		q->new_last->waiting = posting;
	else
		q->new_first = posting;
	q->new_last = posting;
}

void fed__queue_cancel(struct fed__queue *q, uint32_t peer, uint64_t tag)
{
	for (struct fed__posting *p = q->all; p; p = p->behind) {
		if (p->peer == peer && (tag == 0 || p->tag == tag))
			p->cancelled = q->cancels = true;
	}
	fed__queue_forget_ends(q, peer, tag);
}

void fed__queue_end(struct fed__queue *q, struct fed__posting *posting, const char *why)
{
	if (posting->before)
		posting->before->behind = posting->behind;
	else
		q->all = posting->behind;
	if (posting->behind)
		posting->behind->before = posting->before;
	fed_free((void *)posting->letter.bytes);
	posting->letter.bytes = NULL;
	if (posting->cancelled) {
		fed_free(posting);
		return;
	}
	struct fed_network_event *event = &posting->node.event;
	*event = (struct fed_network_event){.kind = why ? FED_NETWORK_LOST : FED_NETWORK_DELIVERED,
	                                    .peer = posting->peer,
	                                    .tag = posting->tag,
	                                    .when = fed_wall_seconds()};
	if (why)
		snprintf(event->text, sizeof event->text, "%s", why);
	fed__queue_push(q, &posting->node);
}

/* The thread ---------------------------------------------------------------------------- */

void fed__queue_call(struct fed__queue *q)
{
	fed__event_raise(q->call);
}

void fed__queue_called(struct fed__queue *q)
{
	fed__event_take(q->call);
}
