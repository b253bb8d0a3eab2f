/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/peers.c - what peers do: the connections that they come by, silence, their streams.
 */
#include <stdio.h>
#include <string.h>

#include "network/internal.h"

enum {
	WAITING_MOST = 256, /* messages of a peer that wait to be taken */
	WAITING_OF_STRANGER = 4,
	JUNK_OF_STRANGER = 16,     /* messages that are none */
	HEADS_OF_STRANGER = 20000, /* messages of libzmq's, good or bad */
	AT_ONCE = 16,              /* messages sent a turn */
};
#define BARRED_SECONDS 10.0
#define FULL_SECONDS 0.002

/* What a stream tells --------------------------------------------------------------- */

static void began(void *ctx)
{
	struct fed__peer *peer = ctx;

	peer->silent = false;
	fed__event_tell(peer->network, FED_NETWORK_BEGAN, peer->number);
}

static void message(void *ctx, void *bytes, size_t len)
{
	fed__event_message(ctx, bytes, len);
}

static void over(void *ctx, struct fed__letter *letter, const char *why)
{
	struct fed__queue *q = &((struct fed__peer *)ctx)->network->queue;

	pthread_mutex_lock(&q->lock);
	fed__queue_end(q, letter->owner, why);
	pthread_mutex_unlock(&q->lock);
}

static bool has_room(void *ctx)
{
	struct fed__peer *peer = ctx;
	struct fed__queue *q = &peer->network->queue;

	pthread_mutex_lock(&q->lock);
	const unsigned waiting = peer->waiting;
	pthread_mutex_unlock(&q->lock);
	return waiting < (peer->shown.admitted ? WAITING_MOST : WAITING_OF_STRANGER);
}

const struct fed__stream_sink fed__peer_sink = {
	.began = began,
	.message = message,
	.over = over,
	.has_room = has_room,
};

/* Connections ------------------------------------------------------------------------- */

static bool is_former(const struct fed__peer *peer, const struct fed__route *route)
{
	const unsigned n = peer->n_former < FED__ROUTES ? peer->n_former : FED__ROUTES;

	for (unsigned i = 0; i < n; i++)
		if (fed__route_is(&peer->former[i], route))
			return true;
	return false;
}

/* Another connection of the same key takes over. */
static void take_over(struct fed__peer *peer, const struct fed__delivery *delivery)
{
	struct fed_network *network = peer->network;

	if (peer->connected) {
		peer->former[peer->n_former++ % FED__ROUTES] = peer->route;
		if (peer->fd != delivery->fd)
			fed__doorman_drop(network, peer->fd);
	}
	peer->route = delivery->route;
	peer->fd = delivery->fd;
	peer->connected = true;
	peer->since = network->now;
	peer->full_until = 0;
	fed__stream_connected(&peer->stream, network->now);
	pthread_mutex_lock(&network->queue.lock);
	memcpy(peer->shown.address, delivery->address, sizeof peer->shown.address);
	pthread_mutex_unlock(&network->queue.lock);
}

static void bar(struct fed__peer *peer)
{
	peer->barred_until = peer->network->now + BARRED_SECONDS;
	fed__doorman_drop(peer->network, peer->fd);
	fed__peer_disconnected(peer);
}

void fed__peer_heard(struct fed__peer *peer, const struct fed__delivery *delivery)
{
	struct fed_network *network = peer->network;
	struct fed__stream *stream = &peer->stream;

	if (peer->shown.refused || peer->barred_until > network->now) {
		fed__doorman_drop(network, delivery->fd);
		return;
	}
	if (network->serves && !(peer->connected && fed__route_is(&peer->route, &delivery->route)) &&
	    !is_former(peer, &delivery->route))
		take_over(peer, delivery);
	if (network->serves)
		fed__doorman_heard(network, peer, delivery->fd);
	fed__stream_in(stream, delivery->bytes, delivery->n, network->now);
	if (peer->silent && stream->heard == network->now) {
		peer->silent = false;
		fed__event_tell(network, FED_NETWORK_BACK, peer->number);
	}
	if (!peer->shown.admitted &&
	    (stream->junk > JUNK_OF_STRANGER || stream->heads > HEADS_OF_STRANGER))
		bar(peer);
}

void fed__peer_refuse(struct fed__peer *peer)
{
	struct fed_network *network = peer->network;

	pthread_mutex_lock(&network->queue.lock);
	peer->shown.refused = true;
	peer->shown.admitted = false;
	fed__queue_forget_messages(&network->queue, peer->number);
	peer->waiting = 0;
	fed__queue_cancel(&network->queue, peer->number, 0);
	pthread_mutex_unlock(&network->queue.lock);
	fed__stream_release(&peer->stream, "the peer was refused");
	fed__doorman_drop(network, peer->fd);
	fed__peer_disconnected(peer);
}

/* Each turn --------------------------------------------------------------------------- */

void fed__peer_tick(struct fed__peer *peer)
{
	struct fed_network *network = peer->network;
	const struct fed_network_limits *limits = &network->limits;
	const double now = network->now;

	if (peer->shown.refused)
		return;
	if (peer->stream.life && !peer->silent) {
		const double silent = peer->stream.heard + limits->silent_after;
		if (now >= silent) {
			peer->silent = true;
			fed__event_tell(network, FED_NETWORK_SILENT, peer->number);
		} else if (silent < network->next) {
			network->next = silent;
		}
	}
	if (peer->shown.admitted)
		return;
	const double end = peer->since + limits->stranger_most_seconds;
	if (now < end)
		network->next = end < network->next ? end : network->next;
	else if (peer->connected)
		bar(peer);
	else if (now >= peer->barred_until)
		fed__peer_forget(peer);
}

bool fed__peer_send(struct fed__peer *peer)
{
	struct fed_network *network = peer->network;
	struct fed__parcel parcel;
	uint8_t head[FED__HEAD_BYTES];

	if (!peer->connected || peer->shown.refused)
		return false;
	for (int i = 0; i < AT_ONCE && network->now >= peer->full_until; i++) {
		if (!fed__stream_out(&peer->stream, network->now, &parcel)) {
			const double when = fed__stream_when(&peer->stream, network->now);
			network->next = when < network->next ? when : network->next;
			return false;
		}
		fed__head_write(&parcel.head, head);
		switch (fed__sockets_send(network->sockets, &peer->route, head, sizeof head, parcel.body,
		                          parcel.len)) {
		case FED__SENT:
			fed__stream_sent(&peer->stream, &parcel, network->now);
			break;
		case FED__FULL:
			peer->full_until = network->now + FULL_SECONDS;
			break;
		case FED__GONE:
			fed__peer_disconnected(peer);
			return false;
		}
	}
	if (network->now >= peer->full_until)
		return true;
	network->next = peer->full_until < network->next ? peer->full_until : network->next;
	return false;
}

void fed__peer_show(struct fed__peer *peer)
{
	const struct fed__stream *stream = &peer->stream;
	const struct fed__outgoing *out = &stream->out;
	struct fed_network_peer *shown = &peer->shown;

	shown->connected = peer->connected;
	shown->silent = peer->silent;
	shown->heard = stream->life ? stream->heard : 0;
	shown->round_trip = stream->round_trip;
	shown->sent = stream->sent;
	shown->received = stream->received;
	shown->repeated = stream->repeated;
	shown->outgoing = out->numbered ? out->first->len : 0;
	shown->acknowledged = out->numbered ? out->acknowledged : 0;
	shown->incoming = stream->in.done ? 0 : stream->in.total;
	shown->arrived = stream->in.done ? 0 : stream->in.arrived;
}
