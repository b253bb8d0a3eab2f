/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/doorman.c - who may connect to a server, and for how long: what a stranger can make it do
 * is bounded.
 *
 * libzmq cannot end one connection of a socket; but it tells the descriptor of each, and one that
 * is shut down ends.  A descriptor may be another's by the time: it is shut down only while
 * the address at its other end is the one that was accepted.
 */
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "network/internal.h"

enum {
	UNKNOWN_MOST = 256, /* connections of which nothing has come */
	BURST = 256,        /* strangers that may come at once ... */
	A_SECOND = 64,      /* ... and in each second after that */
	KNOCKS_AT_ONCE = 32,
};
#define UNKNOWN_SECONDS 5.0
#define TELL_SECONDS 1.0

int fed__doorman_init(struct fed_network *network, struct fed_error *err)
{
	struct fed__doorman *doorman = &network->doorman;

	doorman->allowance = BURST;
	doorman->allowance_at = network->now;
	doorman->told_at = -TELL_SECONDS;
	doorman->most_expected = network->limits.peers;
	doorman->expected = fed_alloc_array(doorman->most_expected, sizeof *doorman->expected);
	return doorman->expected || !doorman->most_expected
	           ? FED_OK
	           : fed_fail_memory(err, doorman->most_expected * sizeof *doorman->expected,
	                             "connections");
}

void fed__doorman_release(struct fed_network *network)
{
	fed_free(network->doorman.connections);
	fed_free(network->doorman.expected);
}

/* Connections -------------------------------------------------------------------------- */

static struct fed__connection *find(struct fed__doorman *doorman, int fd)
{
	return fd >= 0 && (size_t)fd < doorman->n && doorman->connections[fd].open
	           ? &doorman->connections[fd]
	           : NULL;
}

/* Without memory the connection is not watched. */
static void accepted(struct fed_network *network, int fd)
{
	struct fed__doorman *doorman = &network->doorman;

	if (fd < 0)
		return;
	if ((size_t)fd >= doorman->n) {
		const size_t had = doorman->n * sizeof *doorman->connections, n = (size_t)fd + 64;
		struct fed__connection *more =
			fed_resize(doorman->connections, had, n * sizeof *doorman->connections);
		if (!more)
			return;
		doorman->connections = more;
		doorman->n = n;
	}
	struct fed__connection *connection = &doorman->connections[fd];
	if (connection->open && connection->peer == FED__NO_PEER)
		doorman->unknown--;
	*connection = (struct fed__connection){.open = true,
	                                       .peer = FED__NO_PEER,
	                                       .since = network->now,
	                                       .address_size = sizeof connection->address};
	if (getpeername(fd, (struct sockaddr *)&connection->address, &connection->address_size))
		connection->address_size = 0;
	doorman->unknown++;
}

static struct fed__peer *peer_of(const struct fed_network *network, uint32_t number)
{
	return number < network->n_peers ? network->peers[number] : NULL;
}

static void ended(struct fed_network *network, int fd)
{
	struct fed__doorman *doorman = &network->doorman;
	struct fed__connection *connection = find(doorman, fd);

	if (!connection)
		return;
	connection->open = false;
	if (connection->peer == FED__NO_PEER) {
		doorman->unknown--;
		return;
	}
	struct fed__peer *peer = peer_of(network, connection->peer);
	if (peer && peer->fd == fd)
		fed__peer_disconnected(peer);
}

static void shut_down(struct fed__connection *connection, int fd)
{
	struct sockaddr_storage address = {0};
	socklen_t size = sizeof address;

	if (connection->dropped || !connection->address_size ||
	    getpeername(fd, (struct sockaddr *)&address, &size) || size != connection->address_size ||
	    memcmp(&address, &connection->address, size) != 0)
		return;
	connection->dropped = true;
	shutdown(fd, SHUT_RDWR);
}

static void take_happenings(struct fed_network *network);

void fed__doorman_drop(struct fed_network *network, int fd)
{
	if (!network->serves)
		return;
	take_happenings(network);
	struct fed__connection *connection = find(&network->doorman, fd);
	if (connection)
		shut_down(connection, fd);
}

void fed__doorman_heard(struct fed_network *network, const struct fed__peer *peer, int fd)
{
	struct fed__doorman *doorman = &network->doorman;
	struct fed__connection *connection = find(doorman, fd);

	if (!connection || connection->peer == peer->number)
		return;
	if (connection->peer == FED__NO_PEER)
		doorman->unknown--;
	connection->peer = peer->number;
	for (size_t i = 0; i < doorman->n_expected; i++) {
		if (strcmp(doorman->expected[i].key, peer->key) == 0) {
			doorman->expected[i] = doorman->expected[--doorman->n_expected];
			return;
		}
	}
}

/* Those who connect and say nothing: after their time, or the oldest when there are many. */
static void drop_unknown(struct fed_network *network)
{
	struct fed__doorman *doorman = &network->doorman;
	struct fed__connection *oldest = NULL;
	unsigned n = 0;

	if (!doorman->unknown)
		return;
	for (size_t fd = 0; fd < doorman->n; fd++) {
		struct fed__connection *c = &doorman->connections[fd];
		if (!c->open || c->dropped || c->peer != FED__NO_PEER)
			continue;
		n++;
		if (network->now - c->since > UNKNOWN_SECONDS)
			shut_down(c, (int)fd);
		else if (!oldest || c->since < oldest->since)
			oldest = c;
	}
	if (oldest && n > UNKNOWN_MOST)
		shut_down(oldest, (int)(oldest - doorman->connections));
	const double again = network->now + (n > UNKNOWN_MOST + 1 ? 0 : 1);
	network->next = again < network->next ? again : network->next;
}

/* Handshakes ---------------------------------------------------------------------------- */

static void drop_expected(struct fed_network *network)
{
	struct fed__doorman *doorman = &network->doorman;

	for (size_t i = 0; i < doorman->n_expected;) {
		if (doorman->expected[i].until <= network->now)
			doorman->expected[i] = doorman->expected[--doorman->n_expected];
		else
			i++;
	}
}

static size_t count_connected(const struct fed_network *network)
{
	size_t n = 0;

	for (uint32_t i = 0; i < network->n_peers; i++)
		n += network->peers[i] && network->peers[i]->connected;
	return n;
}

static bool has_allowance(struct fed_network *network)
{
	struct fed__doorman *doorman = &network->doorman;

	doorman->allowance += A_SECOND * (network->now - doorman->allowance_at);
	doorman->allowance = doorman->allowance < BURST ? doorman->allowance : BURST;
	doorman->allowance_at = network->now;
	if (doorman->allowance < 1)
		return false;
	doorman->allowance--;
	return true;
}

static enum fed__answer judge(struct fed_network *network, const struct fed__knock *knock)
{
	struct fed__doorman *doorman = &network->doorman;
	const struct fed__peer *peer = fed__peer_of_key(network, knock->key);

	if (!knock->key[0] || (peer && peer->shown.refused))
		return FED__REFUSED;
	if (peer && peer->barred_until > network->now)
		return FED__ROOM_FULL; /* until then */
	if (peer && (peer->shown.admitted || peer->connected))
		return FED__COME_IN;
	if (count_connected(network) + doorman->n_expected >= network->limits.peers ||
	    !has_allowance(network))
		return FED__ROOM_FULL;
	struct fed__expected *expected = &doorman->expected[doorman->n_expected++];
	memcpy(expected->key, knock->key, sizeof expected->key);
	expected->until = network->now + UNKNOWN_SECONDS;
	return FED__COME_IN;
}

/* At most one a second: strangers do not fill the events. */
static void tell(struct fed_network *network, enum fed_network_trouble trouble, const char *text)
{
	if (network->now - network->doorman.told_at < TELL_SECONDS)
		return;
	network->doorman.told_at = network->now;
	if (fed__events_refill(network))
		fed__event_trouble(network, FED__NO_PEER, trouble, text);
}

static void take_happenings(struct fed_network *network)
{
	struct fed__happening happening;

	while (fed__sockets_happening(network->sockets, &happening)) {
		if (happening.kind == FED__ACCEPTED)
			accepted(network, happening.fd);
		else if (happening.kind == FED__ENDED)
			ended(network, happening.fd);
		else if (happening.kind == FED__NO_PROTOCOL)
			tell(network, FED_TROUBLE_NOT_FEDSH,
			     "a connection was refused: its other end is no fedsh, or has the key of another "
			     "server");
	}
}

static void answer_knocks(struct fed_network *network)
{
	struct fed__knock knock;
	char text[160];

	for (int i = 0; i < KNOCKS_AT_ONCE && fed__sockets_knock(network->sockets, &knock); i++) {
		const enum fed__answer answer = judge(network, &knock);
		fed__sockets_answer(network->sockets, &knock, answer);
		if (answer == FED__COME_IN)
			continue;
		snprintf(text, sizeof text, "%s was refused: %s", knock.address,
		         answer == FED__REFUSED ? "its key is" : "the room is full");
		tell(network, answer == FED__REFUSED ? FED_TROUBLE_WRONG_KEY : FED_TROUBLE_ROOM_FULL, text);
	}
}

void fed__doorman_turn(struct fed_network *network)
{
	take_happenings(network);
	drop_expected(network);
	answer_knocks(network);
	drop_unknown(network);
}
