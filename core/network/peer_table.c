/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/peer_table.c - which peers there are: by number and by key.
 */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "network/internal.h"

static unsigned bucket_of(const char *key)
{
	return (unsigned)(fed_hash_64(key, strlen(key), 0) % FED__BUCKETS);
}

struct fed__peer *fed__peer_of_key(const struct fed_network *network, const char *key)
{
	struct fed__peer *peer = network->bucket[bucket_of(key)];

	while (peer && strcmp(peer->key, key) != 0)
		peer = peer->same;
	return peer;
}

/* A place in the table of numbers; the lock is held. */
static bool add_number(struct fed_network *network, struct fed__peer *peer)
{
	if (network->n_peers == network->peers_capacity) {
		const size_t had = network->peers_capacity * sizeof(struct fed__peer *);
		struct fed__peer **more = fed_resize(network->peers, had, had ? 2 * had : 512);
		if (!more)
			return false;
		network->peers = more;
		network->peers_capacity = had ? 2 * network->peers_capacity : 512 / sizeof *more;
	}
	peer->number = network->n_peers;
	network->peers[network->n_peers++] = peer;
	return true;
}

struct fed__peer *fed__peer_new(struct fed_network *network, const char *key)
{
	struct fed__peer *peer = fed_alloc(sizeof *peer);

	if (!peer)
		return NULL;
	peer->network = network;
	peer->fd = -1;
	peer->since = network->now;
	snprintf(peer->key, sizeof peer->key, "%s", key);
	snprintf(peer->shown.key, sizeof peer->shown.key, "%s", key);
	const bool stranger = network->serves;
	peer->shown.admitted = !stranger;
	fed__stream_init(&peer->stream, &network->sink, peer, network->life,
	                 stranger ? network->limits.stranger_most : network->limits.message_most,
	                 network->now);
	peer->shown.round_trip = peer->stream.round_trip;
	pthread_mutex_lock(&network->queue.lock);
	const bool added = add_number(network, peer);
	pthread_mutex_unlock(&network->queue.lock);
	if (!added) {
		fed_free(peer);
		return NULL;
	}
	struct fed__peer **bucket = &network->bucket[bucket_of(key)];
	peer->same = *bucket;
	*bucket = peer;
	return peer;
}

void fed__peer_free(struct fed__peer *peer)
{
	fed__stream_release(&peer->stream, "the network ended");
	fed_free(peer);
}

/* A stranger that has gone; the number is not given again. */
void fed__peer_forget(struct fed__peer *peer)
{
	struct fed_network *network = peer->network;
	struct fed__peer **at = &network->bucket[bucket_of(peer->key)];

	while (*at != peer)
		at = &(*at)->same;
	*at = peer->same;
	fed__stream_release(&peer->stream, "the peer has gone");
	pthread_mutex_lock(&network->queue.lock);
	network->peers[peer->number] = NULL;
	pthread_mutex_unlock(&network->queue.lock);
	fed_free(peer);
}

void fed__peer_disconnected(struct fed__peer *peer)
{
	if (!peer->connected)
		return;
	peer->connected = false;
	peer->since = peer->network->now;
	peer->fd = -1;
}
