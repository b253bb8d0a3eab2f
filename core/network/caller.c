/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/caller.c - how a client comes to its server, and why it does not.
 *
 * The server's name is looked up and each of its addresses tried by a dial; libzmq is given the one
 * that answers, and connects to it again by itself.  Where it stays without success, another dial
 * says why: libzmq tells of a connection that it could not be made, and of a handshake that the
 * other end hung up, for which the wrong key is the reason when ZMTP is spoken there.
 */
#include <stdio.h>
#include <string.h>

#include "network/internal.h"

/* Seconds of a look; between looks, doubled from the least to the most; between events of the same
 * trouble; of silence after which a new connection is made, doubled likewise. */
#define DIAL_SECONDS 5.0
#define LOOK_LEAST 0.25
#define LOOK_MOST 2.0
#define TELL_AGAIN 10.0
#define REDIAL_LEAST 2.0
#define REDIAL_MOST 60.0

static void tell(struct fed_network *network, enum fed_network_trouble trouble, const char *why)
{
	struct fed__caller *caller = &network->caller;
	struct fed_network_event shape;
	char text[sizeof shape.text];

	if (caller->told == trouble && network->now - caller->told_at < TELL_AGAIN)
		return;
	if (!fed__events_refill(network))
		return;
	caller->told = trouble;
	caller->told_at = network->now;
	snprintf(text, sizeof text, "%.60s, port %u: %.80s", caller->endpoint.host,
	         (unsigned)caller->endpoint.port, why);
	fed__event_trouble(network, 0, trouble, text);
}

/* The time of the next look. */
static double next_look(struct fed_network *network)
{
	struct fed__caller *caller = &network->caller;
	const double pause = caller->pause > LOOK_LEAST ? caller->pause : LOOK_LEAST;

	caller->pause = 2 * pause < LOOK_MOST ? 2 * pause : LOOK_MOST;
	return network->now + pause;
}

static void look_at(struct fed_network *network, double when)
{
	if (when < network->next)
		network->next = when;
}

/* The handshake ------------------------------------------------------------------------- */

static void set_up(struct fed_network *network)
{
	struct fed__peer *server = network->peers[0];

	network->caller.up = true;
	network->caller.up_at = network->now;
	network->caller.told = FED_TROUBLE_NONE;
	network->caller.pause = 0;
	network->caller.not_shaken = 0;
	server->connected = true;
	server->since = network->now;
	server->full_until = 0;
	fed__stream_connected(&server->stream, network->now);
}

static void set_down(struct fed_network *network, double look_after)
{
	struct fed__caller *caller = &network->caller;

	if (caller->up)
		fed__peer_disconnected(network->peers[0]);
	if (caller->up || caller->dial_at > network->now + look_after)
		caller->dial_at = network->now + look_after;
	caller->up = false;
}

/* After such an answer libzmq does not connect again: the next look does. */
static void give_up(struct fed_network *network)
{
	struct fed__caller *caller = &network->caller;

	if (caller->connected[0])
		fed__sockets_disconnect(network->sockets, caller->connected);
	caller->connected[0] = '\0';
	caller->dial_at = next_look(network);
}

static void take_happenings(struct fed_network *network)
{
	struct fed__caller *caller = &network->caller;
	struct fed__happening happening;

	while (fed__sockets_happening(network->sockets, &happening)) {
		switch (happening.kind) {
		case FED__SHAKEN:
			set_up(network);
			break;
		case FED__ENDED:
			set_down(network, LOOK_MOST);
			break;
		case FED__NOT_SHAKEN:
			/* The first may be a server that ends; the second is looked into. */
			if (++caller->not_shaken == 2)
				caller->dial_at = network->now;
			break;
		case FED__NO_PROTOCOL:
			caller->not_shaken = 2;
			give_up(network);
			break;
		case FED__NOT_ADMITTED:
			caller->not_shaken = 0;
			give_up(network);
			if (happening.value == FED__ROOM_FULL)
				tell(network, FED_TROUBLE_ROOM_FULL, "the room is full");
			else
				tell(network, FED_TROUBLE_WRONG_KEY, "the server refuses this client's key");
			break;
		case FED__ACCEPTED:
		case FED__RETRIES:
			break;
		}
	}
}

/* Looking --------------------------------------------------------------------------------- */

static void connect_to(struct fed_network *network, const char *address)
{
	struct fed__caller *caller = &network->caller;
	char endpoint[FED__ENDPOINT_TEXT];
	struct fed_error err;

	fed__endpoint_write(address, caller->endpoint.port, endpoint);
	if (strcmp(endpoint, caller->connected) == 0)
		return;
	give_up(network);
	if (fed__sockets_connect(network->sockets, endpoint, &err))
		tell(network, FED_TROUBLE_NO_ROUTE, err.text);
	else
		memcpy(caller->connected, endpoint, sizeof endpoint);
	struct fed_network_peer *shown = &network->peers[0]->shown;
	pthread_mutex_lock(&network->queue.lock);
	snprintf(shown->address, sizeof shown->address, "%.63s", address);
	pthread_mutex_unlock(&network->queue.lock);
}

static void take_look(struct fed_network *network)
{
	struct fed__caller *caller = &network->caller;

	if (!caller->dial || !fed__dial_is_done(caller->dial))
		return;
	const struct fed__dialled seen = *fed__dial_result(caller->dial);
	fed__dial_end(caller->dial);
	caller->dial = NULL;
	caller->dial_at = next_look(network);
	if (caller->up)
		return;
	if (seen.trouble != FED_TROUBLE_NONE) {
		tell(network, seen.trouble, seen.text);
		return;
	}
	if (caller->not_shaken >= 2)
		tell(network, FED_TROUBLE_WRONG_KEY, "the server there has another key");
	caller->not_shaken = 0;
	connect_to(network, seen.address);
}

static void begin_look(struct fed_network *network)
{
	struct fed__caller *caller = &network->caller;
	struct fed_error err;

	if (caller->up || caller->dial)
		return;
	if (network->now < caller->dial_at) {
		look_at(network, caller->dial_at);
		return;
	}
	if (fed__dial_begin(&caller->dial, caller->endpoint.host, caller->endpoint.port, FED__GREETING,
	                    DIAL_SECONDS, &err)) {
		caller->dial_at = next_look(network);
		tell(network, FED_TROUBLE_NO_ROUTE, err.text);
	}
}

/* A connection by which nothing comes may be dead without an end: by another address of this
 * machine, after a cable was out. */
static void replace_silent(struct fed_network *network)
{
	struct fed__caller *caller = &network->caller;
	const struct fed__stream *stream = &network->peers[0]->stream;

	if (!caller->up)
		return;
	const double since = stream->heard > caller->up_at ? stream->heard : caller->up_at;
	const double least =
		network->limits.silent_after > REDIAL_LEAST ? network->limits.silent_after : REDIAL_LEAST;
	if (stream->heard > caller->up_at || caller->redial_after < least)
		caller->redial_after = least;
	if (network->now < since + caller->redial_after) {
		look_at(network, since + caller->redial_after);
		return;
	}
	const double doubled = 2 * caller->redial_after;
	caller->redial_after = doubled < REDIAL_MOST ? doubled : REDIAL_MOST;
	give_up(network);
	set_down(network, 0);
}

void fed__caller_turn(struct fed_network *network)
{
	take_happenings(network);
	take_look(network);
	replace_silent(network);
	begin_look(network);
}

void fed__caller_release(struct fed_network *network)
{
	fed__dial_end(network->caller.dial);
}
