/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/events.c - the events that a network's thread makes.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "network/internal.h"

/* False: there is no memory now; nothing that makes events may be done. */
bool fed__events_refill(struct fed_network *network)
{
	while (network->n_spare < FED__SPARE_EVENTS) {
		struct fed__event_node *node = fed_alloc(sizeof *node);
		if (!node)
			return false;
		node->next = network->spare;
		network->spare = node;
		network->n_spare++;
	}
	return true;
}

void fed__events_release(struct fed_network *network)
{
	while (network->spare) {
		struct fed__event_node *node = network->spare;
		network->spare = node->next;
		fed_free(node);
	}
	network->n_spare = 0;
}

/* NULL: more came of one message than was thought, which no caller of ours does. */
static struct fed__event_node *take_spare(struct fed_network *network,
                                          enum fed_network_event_kind kind, uint32_t peer)
{
	struct fed__event_node *node = network->spare;

	if (!node)
		return NULL;
	network->spare = node->next;
	network->n_spare--;
	node->event = (struct fed_network_event){.kind = kind, .peer = peer, .when = network->now};
	return node;
}

static void push(struct fed_network *network, struct fed__event_node *node)
{
	pthread_mutex_lock(&network->queue.lock);
	fed__queue_push(&network->queue, node);
	pthread_mutex_unlock(&network->queue.lock);
}

void fed__event_tell(struct fed_network *network, enum fed_network_event_kind kind, uint32_t peer)
{
	struct fed__event_node *node = take_spare(network, kind, peer);

	if (node)
		push(network, node);
}

void fed__event_trouble(struct fed_network *network, uint32_t peer,
                        enum fed_network_trouble trouble, const char *text)
{
	struct fed__event_node *node = take_spare(network, FED_NETWORK_TROUBLE, peer);

	if (!node)
		return;
	node->event.trouble = trouble;
	snprintf(node->event.text, sizeof node->event.text, "%s", text);
	push(network, node);
}

void fed__event_message(struct fed__peer *peer, void *bytes, size_t len)
{
	struct fed_network *network = peer->network;
	struct fed__event_node *node = take_spare(network, FED_NETWORK_MESSAGE, peer->number);

	if (!node) {
		fed_free(bytes);
		return;
	}
	node->event.bytes = bytes;
	node->event.len = len;
	pthread_mutex_lock(&network->queue.lock);
	if (peer->wants_refusal) {
		fed_network_event_release(&node->event);
		fed_free(node);
	} else {
		peer->waiting++;
		fed__queue_push(&network->queue, node);
	}
	pthread_mutex_unlock(&network->queue.lock);
}
