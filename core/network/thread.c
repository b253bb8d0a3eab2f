/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/thread.c - the loop of a network's thread, which owns its sockets.
 */
#include "base/cpu.h"
#include "base/mem.h"
#include "network/internal.h"
#include "network/key_port.h"

enum {
	RECEIVED_AT_ONCE = 64, /* messages of libzmq's a turn */
};
#define LONGEST_WAIT 1.0
#define NO_MEMORY_WAIT 0.02

/* What other threads want -------------------------------------------------------------- */

static void take_wishes(struct fed_network *network)
{
	pthread_mutex_lock(&network->queue.lock);
	const bool any = network->wishes;
	network->wishes = false;
	pthread_mutex_unlock(&network->queue.lock);
	for (uint32_t i = 0; any && i < network->n_peers; i++) {
		struct fed__peer *peer = network->peers[i];
		if (!peer)
			continue;
		pthread_mutex_lock(&network->queue.lock);
		const bool admission = peer->wants_admission, refusal = peer->wants_refusal;
		const bool pardon = peer->wants_pardon;
		if (pardon)
			peer->shown.refused = false;
		if (admission && !peer->shown.refused)
			peer->shown.admitted = true;
		peer->wants_admission = peer->wants_pardon = false;
		pthread_mutex_unlock(&network->queue.lock);
		if (pardon || admission)
			peer->barred_until = 0;
		if (pardon)
			peer->since = network->now;
		peer->stream.most =
			peer->shown.admitted ? network->limits.message_most : network->limits.stranger_most;
		if (!refusal)
			continue;
		fed__peer_refuse(peer);
		pthread_mutex_lock(&network->queue.lock);
		peer->wants_refusal = false;
		pthread_mutex_unlock(&network->queue.lock);
	}
}

static void take_postings(struct fed_network *network)
{
	struct fed__queue *q = &network->queue;

	pthread_mutex_lock(&q->lock);
	struct fed__posting *posting = q->new_first;
	q->new_first = q->new_last = NULL;
	pthread_mutex_unlock(&q->lock);
	while (posting) {
		struct fed__posting *const next = posting->waiting;
		struct fed__peer *peer = network->peers[posting->peer];
		if (peer && !peer->shown.refused) {
			fed__stream_send(&peer->stream, &posting->letter);
		} else {
			pthread_mutex_lock(&q->lock);
			fed__queue_end(q, posting, "the peer has gone");
			pthread_mutex_unlock(&q->lock);
		}
		posting = next;
	}
}

static void take_cancels(struct fed_network *network)
{
	struct fed__queue *q = &network->queue;

	pthread_mutex_lock(&q->lock);
	const bool any = q->cancels;
	for (struct fed__posting *p = any ? q->all : NULL; p; p = p->behind)
		p->letter.dropped = p->cancelled;
	q->cancels = false;
	pthread_mutex_unlock(&q->lock);
	for (uint32_t i = 0; any && i < network->n_peers; i++)
		if (network->peers[i])
			fed__stream_sweep(&network->peers[i]->stream, "cancelled");
}

/* What comes ------------------------------------------------------------------------------ */

static void take_delivery(struct fed_network *network, const struct fed__delivery *delivery)
{
	struct fed__peer *peer;

	if (!network->serves) {
		fed__peer_heard(network->peers[0], delivery);
		return;
	}
	if (!delivery->key[0])
		return;
	peer = fed__peer_of_key(network, delivery->key);
	if (!peer)
		peer = fed__peer_new(network, delivery->key);
	if (peer)
		fed__peer_heard(peer, delivery);
}

/* Whether there may be more. */
static bool receive(struct fed_network *network)
{
	struct fed__delivery delivery;

	for (int i = 0; i < RECEIVED_AT_ONCE; i++) {
		if (!fed__events_refill(network) || !fed__sockets_receive(network->sockets, &delivery))
			return false;
		take_delivery(network, &delivery);
	}
	return true;
}

/* What goes ------------------------------------------------------------------------------- */

static bool send_all(struct fed_network *network)
{
	bool more = false;

	for (uint32_t i = 0; i < network->n_peers; i++) {
		if (network->peers[i] && fed__events_refill(network))
			fed__peer_tick(network->peers[i]);
		if (network->peers[i])
			more |= fed__peer_send(network->peers[i]);
	}
	pthread_mutex_lock(&network->queue.lock);
	for (uint32_t i = 0; i < network->n_peers; i++)
		if (network->peers[i])
			fed__peer_show(network->peers[i]);
	pthread_mutex_unlock(&network->queue.lock);
	return more;
}

/* The loop ----------------------------------------------------------------------------------- */

static void wait(struct fed_network *network, bool more)
{
	struct pollfd others[3] = {{network->queue.call, POLLIN, 0}};
	size_t n = 1;
	double seconds = network->next - fed_wall_seconds();

	if (network->key_port >= 0)
		others[n++] = (struct pollfd){network->key_port, POLLIN, 0};
	if (network->caller.dial)
		others[n++] = (struct pollfd){fed__dial_descriptor(network->caller.dial), POLLIN, 0};
	if (network->n_spare < FED__SPARE_EVENTS && !fed__events_refill(network))
		seconds = NO_MEMORY_WAIT;
	fed__sockets_wait(network->sockets, others, n, more ? 0 : seconds);
	if (others[0].revents)
		fed__queue_called(&network->queue);
	if (network->key_port >= 0 && others[1].revents)
		fed__key_port_answer(network->key_port, network->keys.open);
}

/* One turn; whether there is more to do at once. */
static bool turn(struct fed_network *network)
{
	network->now = fed_wall_seconds();
	network->next = network->now + LONGEST_WAIT;
	take_wishes(network);
	take_postings(network);
	take_cancels(network);
	if (network->serves)
		fed__doorman_turn(network);
	else
		fed__caller_turn(network);
	const bool more = receive(network);
	return send_all(network) || more;
}

/* Whether the thread is to end: it was told to, and all is delivered or the time is over. */
static bool is_over(struct fed_network *network, double *end)
{
	pthread_mutex_lock(&network->queue.lock);
	const bool ends = network->ends;
	const bool delivered = !network->queue.all;
	const double linger = network->linger;
	pthread_mutex_unlock(&network->queue.lock);
	if (!ends)
		return false;
	if (*end == 0)
		*end = network->now + linger;
	if (*end < network->next)
		network->next = *end;
	return delivered || network->now >= *end;
}

void *fed__network_run(void *arg)
{
	struct fed_network *network = arg;
	double end = 0;

	for (;;) {
		const bool more = turn(network);
		if (is_over(network, &end))
			return NULL;
		wait(network, more);
	}
}
