/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/network.c - a network as other threads see it: beginning and ending, sending, events.
 */
#include "network/network.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/text.h"
#include "base/system/thread.h"
#include "network/internal.h"
#include "network/key_port.h"
#include "network/keys.h"

#define LAST_CREDITS_SECONDS 0.3

const struct fed_network_limits fed_network_default_limits = {
	.peers = 256,
	.message_most = 4ull << 30,
	.stranger_most = 64 << 10,
	.stranger_most_seconds = 30,
	.silent_after = 15,
};

/* Beginning and ending ---------------------------------------------------------------- */

static int begin(struct fed_network **out, const struct fed_key_pair *keys, const char *server,
                 struct fed_error *err)
{
	struct fed_network *network = fed_alloc(sizeof *network);

	*out = NULL;
	if (!network)
		return fed_fail_memory(err, sizeof *network, "a network");
	fed__keys_begin();
	network->serves = !server;
	network->keys = *keys;
	network->limits = fed_network_default_limits;
	network->sink = fed__peer_sink;
	network->life = fed__keys_life();
	network->key_port = -1;
	network->now = fed_wall_seconds();
	if (fed__queue_init(&network->queue, err) ||
	    fed__sockets_open(&network->sockets, keys, server, err)) {
		fed_network_free(network, 0);
		return FED_FAIL;
	}
	*out = network;
	return FED_OK;
}

static int start(struct fed_network *network, struct fed_error *err)
{
	const int error = fed_thread_start(&network->thread, fed__network_run, network);

	network->runs = error == 0;
	return error ? fed_fail(err, "no thread for the network: %s", strerror(error)) : FED_OK;
}

/* Bind, as libzmq understands the endpoint, and the next port. */
static int listen_at(struct fed_network *network, const struct fed_network_server *server,
                     struct fed_error *err)
{
	struct fed__endpoint endpoint;
	char text[FED__ENDPOINT_TEXT];

	int rc = fed__endpoint_read(&endpoint, server->endpoint, err);
	if (rc == FED_OK) {
		fed__endpoint_write(endpoint.host, endpoint.port, text);
		rc = fed__sockets_bind(network->sockets, text, err);
	}
	if (rc == FED_OK && server->tells_key)
		rc = fed__key_port_open(&network->key_port, &endpoint, err);
	return rc;
}

int fed_network_serve(struct fed_network **out, const struct fed_network_server *server,
                      struct fed_error *err)
{
	struct fed_network *network;

	*out = NULL;
	if (begin(&network, server->keys, NULL, err))
		return FED_FAIL;
	if (server->limits)
		network->limits = *server->limits;
	network->sink.check = server->check;
	int rc = fed__doorman_init(network, err);
	if (rc == FED_OK)
		rc = listen_at(network, server, err);
	if (rc == FED_OK)
		rc = start(network, err);
	if (rc == FED_OK)
		*out = network;
	else
		fed_network_free(network, 0);
	return rc;
}

int fed_network_connect(struct fed_network **out, const struct fed_network_client *client,
                        struct fed_error *err)
{
	struct fed_network *network;
	struct fed__endpoint endpoint;

	*out = NULL;
	const int rc = fed__endpoint_read(&endpoint, client->endpoint, err);
	if (rc)
		return rc;
	if (begin(&network, client->keys, client->server, err))
		return FED_FAIL;
	network->caller.endpoint = endpoint;
	network->sink.check = client->check;
	if (client->message_most)
		network->limits.message_most = client->message_most;
	if (client->silent_after > 0)
		network->limits.silent_after = client->silent_after;
	if (!fed__peer_new(network, client->server))
		fed_fail_memory(err, sizeof(struct fed__peer), "a peer");
	else if (start(network, err) == FED_OK) {
		*out = network;
		return FED_OK;
	}
	fed_network_free(network, 0);
	return FED_FAIL;
}

static void stop(struct fed_network *network, double linger)
{
	if (!network->runs)
		return;
	pthread_mutex_lock(&network->queue.lock);
	network->ends = true;
	network->linger = linger;
	pthread_mutex_unlock(&network->queue.lock);
	fed__queue_call(&network->queue);
	pthread_join(network->thread, NULL);
}

void fed_network_free(struct fed_network *network, double linger)
{
	if (!network)
		return;
	stop(network, linger);
	fed__caller_release(network);
	fed__sockets_close(network->sockets,
	                   linger < LAST_CREDITS_SECONDS ? linger : LAST_CREDITS_SECONDS);
	for (uint32_t i = 0; i < network->n_peers; i++)
		if (network->peers[i])
			fed__peer_free(network->peers[i]);
	fed_free(network->peers);
	for (struct fed__posting *p = network->queue.new_first; p;) {
		struct fed__posting *const next = p->waiting;
		fed__queue_end(&network->queue, p, "the network ended");
		p = next;
	}
	fed__doorman_release(network);
	fed__events_release(network);
	fed__queue_release(&network->queue);
	if (network->key_port >= 0)
		close(network->key_port);
	fed_key_pair_forget(&network->keys);
	fed_free(network);
}

/* Sending -------------------------------------------------------------------------------- */

/* NULL: there is none of this number; the lock is held. */
static struct fed__peer *find(const struct fed_network *network, uint32_t peer)
{
	return peer < network->n_peers ? network->peers[peer] : NULL;
}

static struct fed__posting *new_posting(uint32_t peer, const void *bytes, size_t len, uint64_t tag)
{
	struct fed__posting *posting = fed_alloc(sizeof *posting);
	void *copy = len ? fed_copy_array(bytes, len, 1) : NULL;

	if (!posting || (len && !copy)) {
		fed_free(posting);
		fed_free(copy);
		return NULL;
	}
	posting->letter = (struct fed__letter){.bytes = copy, .len = len, .owner = posting};
	posting->peer = peer;
	posting->tag = tag;
	return posting;
}

int fed_network_send(struct fed_network *network, uint32_t peer, const void *bytes, size_t len,
                     uint64_t tag, struct fed_error *err)
{
	struct fed__posting *posting = new_posting(peer, bytes, len, tag);

	if (!posting)
		return fed_fail_memory(err, len, "a message");
	pthread_mutex_lock(&network->queue.lock);
	const struct fed__peer *to = find(network, peer);
	const bool can = to && !to->shown.refused && !to->wants_refusal;
	if (can)
		fed__queue_post(&network->queue, posting);
	pthread_mutex_unlock(&network->queue.lock);
	if (can) {
		fed__queue_call(&network->queue);
		return FED_OK;
	}
	fed_free((void *)posting->letter.bytes);
	fed_free(posting);
	return fed_reject(err, to ? "peer %u was refused" : "there is no peer %u", (unsigned)peer);
}

void fed_network_cancel(struct fed_network *network, uint32_t peer, uint64_t tag)
{
	pthread_mutex_lock(&network->queue.lock);
	fed__queue_cancel(&network->queue, peer, tag);
	pthread_mutex_unlock(&network->queue.lock);
	fed__queue_call(&network->queue);
}

/* Events ------------------------------------------------------------------------------------ */

static bool pop(struct fed_network *network, struct fed_network_event *event)
{
	pthread_mutex_lock(&network->queue.lock);
	struct fed__event_node *node = fed__queue_pop(&network->queue);
	struct fed__peer *peer = node ? find(network, node->event.peer) : NULL;
	if (peer && node->event.kind == FED_NETWORK_MESSAGE && peer->waiting > 0)
		peer->waiting--;
	pthread_mutex_unlock(&network->queue.lock);
	if (!node)
		return false;
	*event = node->event;
	fed_free(node);
	return true;
}

bool fed_network_next(struct fed_network *network, double timeout, struct fed_network_event *event)
{
	const double end = fed_wall_seconds() + timeout;
	struct pollfd fds[2] = {{network->queue.readable, POLLIN, 0},
	                        {network->queue.woken, POLLIN, 0}};

	*event = (struct fed_network_event){.kind = FED_NETWORK_NONE};
	for (;;) {
		if (pop(network, event))
			return true;
		if (fed__event_take(network->queue.woken))
			return false;
		const double left = end - fed_wall_seconds();
		if (left <= 0)
			return false;
		poll(fds, 2, left < 1e6 ? (int)(1e3 * left) + 1 : 1000000000);
	}
}

int fed_network_descriptor(const struct fed_network *network)
{
	return network->queue.readable;
}

void fed_network_wake(struct fed_network *network)
{
	fed__event_raise(network->queue.woken);
}

/* Peers --------------------------------------------------------------------------------------- */

void fed_network_admit(struct fed_network *network, uint32_t number)
{
	pthread_mutex_lock(&network->queue.lock);
	struct fed__peer *peer = find(network, number);
	if (peer)
		peer->wants_admission = network->wishes = true;
	pthread_mutex_unlock(&network->queue.lock);
	fed__queue_call(&network->queue);
}

void fed_network_refuse(struct fed_network *network, uint32_t number)
{
	pthread_mutex_lock(&network->queue.lock);
	struct fed__peer *peer = find(network, number);
	if (peer) {
		peer->wants_refusal = network->wishes = true;
		peer->wants_admission = false;
		fed__queue_forget_messages(&network->queue, number);
		fed__queue_cancel(&network->queue, number, 0);
	}
	pthread_mutex_unlock(&network->queue.lock);
	fed__queue_call(&network->queue);
}

void fed_network_pardon(struct fed_network *network, const char *key)
{
	pthread_mutex_lock(&network->queue.lock);
	for (uint32_t i = 0; i < network->n_peers; i++)
		if (network->peers[i] && strcmp(network->peers[i]->key, key) == 0)
			network->peers[i]->wants_pardon = network->wishes = true;
	pthread_mutex_unlock(&network->queue.lock);
	fed__queue_call(&network->queue);
}

bool fed_network_peer(const struct fed_network *network, uint32_t number,
                      struct fed_network_peer *out)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&network->queue.lock;

	pthread_mutex_lock(lock);
	const struct fed__peer *peer = find(network, number);
	*out = peer ? peer->shown : (struct fed_network_peer){.key = ""};
	pthread_mutex_unlock(lock);
	return peer != NULL;
}

uint32_t fed_network_peers(const struct fed_network *network)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&network->queue.lock;

	pthread_mutex_lock(lock);
	const uint32_t n = network->n_peers;
	pthread_mutex_unlock(lock);
	return n;
}
