/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/sockets.c - libzmq in thin functions.
 */
#include "network/sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "base/mem.h"
#include "base/text.h"

enum {
	SEALED_BYTES = 64, /* what CURVE adds to a message, and more */
	HIGH_WATER = 128,  /* messages in the queue of a connection */
	SHAKE_MS = 2000,   /* a server's; silent connections end after it */
	SHAKE_OF_CLIENT_MS = 5000,
	CONNECT_MS = 5000,
	AGAIN_MS = 100,       /* between tries to connect, doubled ... */
	AGAIN_MOST_MS = 2000, /* ... up to this */
	BACKLOG = 256,
	OTHERS_MOST = 64, /* descriptors that are waited for as well */
	ID_MOST = 255,    /* bytes of an id of a request */
};
static const char zap_endpoint[] = "inproc://zeromq.zap.01";
static const char monitor_endpoint[] = "inproc://monitor";

struct fed__sockets {
	void *context, *star, *monitor, *zap; /* zap: NULL at a client */
	zmq_msg_t message;                    /* the last one received */
	char request[ID_MOST + 1];            /* id of the handshake that is asked about */
	size_t request_n;
};

/* Opening and closing --------------------------------------------------------- */

static int set_number(void *socket, int option, int value)
{
	return zmq_setsockopt(socket, option, &value, sizeof value);
}

static int set_text(void *socket, int option, const char *text)
{
	return zmq_setsockopt(socket, option, text, strlen(text));
}

static int set_common(void *star, const struct fed_key_pair *keys)
{
	const int64_t most = FED_NETWORK_CHUNK + 32 + SEALED_BYTES;

	return set_number(star, ZMQ_LINGER, 0) || set_number(star, ZMQ_IPV6, 1) ||
	       set_number(star, ZMQ_SNDHWM, HIGH_WATER) || set_number(star, ZMQ_RCVHWM, HIGH_WATER) ||
	       set_number(star, ZMQ_TCP_KEEPALIVE, 1) || set_number(star, ZMQ_TCP_KEEPALIVE_IDLE, 30) ||
	       set_number(star, ZMQ_TCP_KEEPALIVE_INTVL, 10) ||
	       set_number(star, ZMQ_TCP_KEEPALIVE_CNT, 3) ||
	       zmq_setsockopt(star, ZMQ_MAXMSGSIZE, &most, sizeof most) ||
	       set_text(star, ZMQ_CURVE_SECRETKEY, keys->secret);
}

static int set_server(void *star)
{
	return set_number(star, ZMQ_CURVE_SERVER, 1) || set_text(star, ZMQ_ZAP_DOMAIN, "fedsh") ||
	       set_number(star, ZMQ_ROUTER_MANDATORY, 1) ||
	       set_number(star, ZMQ_HANDSHAKE_IVL, SHAKE_MS) || set_number(star, ZMQ_BACKLOG, BACKLOG);
}

static int set_client(void *star, const struct fed_key_pair *keys, const char *server)
{
	return set_text(star, ZMQ_CURVE_PUBLICKEY, keys->open) ||
	       set_text(star, ZMQ_CURVE_SERVERKEY, server) || set_number(star, ZMQ_IMMEDIATE, 1) ||
	       set_number(star, ZMQ_HANDSHAKE_IVL, SHAKE_OF_CLIENT_MS) ||
	       set_number(star, ZMQ_CONNECT_TIMEOUT, CONNECT_MS) ||
	       set_number(star, ZMQ_RECONNECT_IVL, AGAIN_MS) ||
	       set_number(star, ZMQ_RECONNECT_IVL_MAX, AGAIN_MOST_MS);
}

/* The monitor's queue has no limit: the thread of libzmq that fills it would wait, and it is
 * emptied at each turn. */
static int open_monitor(struct fed__sockets *s)
{
	if (zmq_socket_monitor(s->star, monitor_endpoint, ZMQ_EVENT_ALL))
		return -1;
	s->monitor = zmq_socket(s->context, ZMQ_PAIR);
	return !s->monitor || set_number(s->monitor, ZMQ_RCVHWM, 0) ||
	       set_number(s->monitor, ZMQ_LINGER, 0) || zmq_connect(s->monitor, monitor_endpoint);
}

static int open_all(struct fed__sockets *s, const struct fed_key_pair *keys, const char *server)
{
	s->context = zmq_ctx_new();
	if (!s->context)
		return -1;
	if (!server) { /* before anything can knock */
		s->zap = zmq_socket(s->context, ZMQ_REP);
		if (!s->zap || set_number(s->zap, ZMQ_LINGER, 0) || zmq_bind(s->zap, zap_endpoint))
			return -1;
	}
	s->star = zmq_socket(s->context, server ? ZMQ_DEALER : ZMQ_ROUTER);
	if (!s->star || set_common(s->star, keys) ||
	    (server ? set_client(s->star, keys, server) : set_server(s->star)))
		return -1;
	return open_monitor(s);
}

int fed__sockets_open(struct fed__sockets **out, const struct fed_key_pair *keys,
                      const char *server, struct fed_error *err)
{
	struct fed__sockets *s = fed_alloc(sizeof *s);

	*out = NULL;
	if (!s)
		return fed_fail_memory(err, sizeof *s, "sockets");
	zmq_msg_init(&s->message);
	if (open_all(s, keys, server)) {
		fed_fail(err, "no socket: %s", zmq_strerror(zmq_errno()));
		fed__sockets_close(s, 0);
		return FED_FAIL;
	}
	*out = s;
	return FED_OK;
}

int fed__sockets_bind(struct fed__sockets *s, const char *endpoint, struct fed_error *err)
{
	if (zmq_bind(s->star, endpoint) == 0)
		return FED_OK;
	const int error = zmq_errno();
	if (error == EADDRINUSE)
		return fed_reject(err, "%s: another program listens at this port; name another one",
		                  fed_show(endpoint).s);
	return fed_reject(err, "%s: %s; use an address of this machine, or * for all",
	                  fed_show(endpoint).s, zmq_strerror(error));
}

int fed__sockets_connect(struct fed__sockets *s, const char *endpoint, struct fed_error *err)
{
	if (zmq_connect(s->star, endpoint) == 0)
		return FED_OK;
	return fed_fail(err, "%s: %s", fed_show(endpoint).s, zmq_strerror(zmq_errno()));
}

void fed__sockets_disconnect(struct fed__sockets *s, const char *endpoint)
{
	zmq_disconnect(s->star, endpoint);
}

void fed__sockets_close(struct fed__sockets *s, double linger)
{
	if (!s)
		return;
	zmq_msg_close(&s->message);
	if (s->star) {
		set_number(s->star, ZMQ_LINGER, linger > 0 ? (int)(1e3 * linger) : 0);
		zmq_socket_monitor(s->star, NULL, 0);
		zmq_close(s->star);
	}
	if (s->monitor)
		zmq_close(s->monitor);
	if (s->zap)
		zmq_close(s->zap);
	if (s->context)
		zmq_ctx_term(s->context);
	fed_free(s);
}

/* Waiting ---------------------------------------------------------------------- */

void fed__sockets_wait(struct fed__sockets *s, struct pollfd *others, size_t n, double seconds)
{
	zmq_pollitem_t items[3 + OTHERS_MOST] = {
		{.socket = s->star, .events = ZMQ_POLLIN},
		{.socket = s->monitor, .events = ZMQ_POLLIN},
		{.socket = s->zap, .fd = -1, .events = ZMQ_POLLIN},
	};
	const size_t own = s->zap ? 3 : 2;

	n = n < OTHERS_MOST ? n : OTHERS_MOST;
	for (size_t i = 0; i < n; i++) {
		items[own + i].fd = others[i].fd;
		items[own + i].events = (others[i].events & POLLIN ? ZMQ_POLLIN : 0) |
		                        (others[i].events & POLLOUT ? ZMQ_POLLOUT : 0);
		others[i].revents = 0;
	}
	const double ms = seconds > 0 ? 1e3 * seconds : 0;
	if (zmq_poll(items, (int)(own + n), ms < 1e6 ? (long)(ms + 0.999) : 1000000) <= 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (items[own + i].revents)
			others[i].revents = others[i].events;
}

/* Messages --------------------------------------------------------------------- */

bool fed__route_is(const struct fed__route *a, const struct fed__route *b)
{
	return a->n == b->n && memcmp(a->id, b->id, a->n) == 0;
}

/* An IPv4 address as a socket of both families writes it: without ::ffff: before it. */
static void put_address(char out[FED__ADDRESS_TEXT], const char *address, size_t n)
{
	static const char mapped[] = "::ffff:";

	if (n > sizeof mapped - 1 && memcmp(address, mapped, sizeof mapped - 1) == 0 &&
	    memchr(address, '.', n)) {
		address += sizeof mapped - 1;
		n -= sizeof mapped - 1;
	}
	n = n < FED__ADDRESS_TEXT ? n : FED__ADDRESS_TEXT - 1;
	memcpy(out, address, n);
	out[n] = '\0';
}

static void put_properties(struct fed__delivery *delivery, zmq_msg_t *message)
{
	const char *key = zmq_msg_gets(message, "User-Id");
	const char *address = zmq_msg_gets(message, "Peer-Address");

	if (key && strlen(key) == FED_KEY_TEXT - 1)
		memcpy(delivery->key, key, FED_KEY_TEXT);
	if (address)
		put_address(delivery->address, address, strlen(address));
	delivery->fd = zmq_msg_get(message, ZMQ_SRCFD);
}

/* The next part into the message that is kept; false: there is none. */
static bool receive_part(struct fed__sockets *s, void *socket)
{
	zmq_msg_close(&s->message);
	zmq_msg_init(&s->message);
	while (zmq_msg_recv(&s->message, socket, ZMQ_DONTWAIT) < 0)
		if (zmq_errno() != EINTR)
			return false;
	return true;
}

bool fed__sockets_receive(struct fed__sockets *s, struct fed__delivery *delivery)
{
	*delivery = (struct fed__delivery){.fd = -1};
	if (!receive_part(s, s->star))
		return false;
	if (s->zap) {
		const size_t n = zmq_msg_size(&s->message);
		delivery->route.n = (uint8_t)n;
		memcpy(delivery->route.id, zmq_msg_data(&s->message), n & 0xff);
		if (!zmq_msg_more(&s->message) || !receive_part(s, s->star))
			return true; /* of no bytes: junk */
	}
	put_properties(delivery, &s->message);
	if (!zmq_msg_more(&s->message)) {
		delivery->bytes = zmq_msg_data(&s->message);
		delivery->n = zmq_msg_size(&s->message);
		return true;
	}
	while (zmq_msg_more(&s->message) && receive_part(s, s->star))
		; /* a message of several parts is none of ours */
	return true;
}

enum fed__sending fed__sockets_send(struct fed__sockets *s, const struct fed__route *route,
                                    const uint8_t *head, size_t head_n, const uint8_t *body,
                                    size_t n)
{
	zmq_msg_t message;

	/* The first part of a ROUTER's message is refused where there is no room for the rest. */
	if (s->zap && zmq_send(s->star, route->id, route->n, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
		return zmq_errno() == EAGAIN ? FED__FULL : FED__GONE;
	if (zmq_msg_init_size(&message, head_n + n)) {
		if (!s->zap)
			return FED__FULL;
		zmq_msg_init(&message); /* the begun message must end: as one of no bytes, which is junk */
	} else {
		memcpy(zmq_msg_data(&message), head, head_n);
		if (n > 0)
			memcpy((uint8_t *)zmq_msg_data(&message) + head_n, body, n);
	}
	const bool empty = zmq_msg_size(&message) == 0;
	if (zmq_msg_send(&message, s->star, ZMQ_DONTWAIT) < 0) {
		zmq_msg_close(&message);
		return zmq_errno() == EHOSTUNREACH ? FED__GONE : FED__FULL;
	}
	return empty ? FED__FULL : FED__SENT;
}

/* The monitor --------------------------------------------------------------------- */

static bool translate(struct fed__happening *happening, unsigned event, unsigned value)
{
	static const struct {
		unsigned event;
		enum fed__happening_kind kind;
	} rows[] = {
		{ZMQ_EVENT_ACCEPTED, FED__ACCEPTED},
		{ZMQ_EVENT_DISCONNECTED, FED__ENDED},
		{ZMQ_EVENT_HANDSHAKE_SUCCEEDED, FED__SHAKEN},
		{ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, FED__NOT_SHAKEN},
		{ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, FED__NO_PROTOCOL},
		{ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, FED__NOT_ADMITTED},
		{ZMQ_EVENT_CONNECT_RETRIED, FED__RETRIES},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (rows[i].event != event)
			continue;
		*happening = (struct fed__happening){rows[i].kind, (int)value, value};
		return true;
	}
	return false;
}

bool fed__sockets_happening(struct fed__sockets *s, struct fed__happening *happening)
{
	while (receive_part(s, s->monitor)) {
		uint8_t bytes[6] = {0};
		uint16_t event;
		uint32_t value;

		if (zmq_msg_size(&s->message) == sizeof bytes)
			memcpy(bytes, zmq_msg_data(&s->message), sizeof bytes);
		memcpy(&event, bytes, sizeof event);
		memcpy(&value, bytes + sizeof event, sizeof value);
		while (zmq_msg_more(&s->message) && receive_part(s, s->monitor))
			; /* the address, which is the server's own */
		if (translate(happening, event, value))
			return true;
	}
	return false;
}

/* Handshakes ----------------------------------------------------------------------- */

/* Parts of a request: version, id, domain, address, routing id, mechanism, key. */
bool fed__sockets_knock(struct fed__sockets *s, struct fed__knock *knock)
{
	*knock = (struct fed__knock){.key = ""};
	s->request_n = 0;
	if (!s->zap || !receive_part(s, s->zap))
		return false;
	for (int part = 0;; part++) {
		const char *bytes = zmq_msg_data(&s->message);
		const size_t n = zmq_msg_size(&s->message);

		if (part == 1 && n <= ID_MOST)
			memcpy(s->request, bytes, s->request_n = n);
		else if (part == 3)
			put_address(knock->address, bytes, n);
		else if (part == 6 && n == 32)
			fed__key_text((const uint8_t *)bytes, knock->key);
		if (!zmq_msg_more(&s->message) || !receive_part(s, s->zap))
			return true;
	}
}

void fed__sockets_answer(struct fed__sockets *s, const struct fed__knock *knock,
                         enum fed__answer answer)
{
	const char *status = answer == FED__COME_IN ? "200" : answer == FED__REFUSED ? "400" : "500";
	const char *key = answer == FED__COME_IN ? knock->key : "";

	zmq_send(s->zap, "1.0", 3, ZMQ_SNDMORE);
	zmq_send(s->zap, s->request, s->request_n, ZMQ_SNDMORE);
	zmq_send(s->zap, status, 3, ZMQ_SNDMORE);
	zmq_send(s->zap, "", 0, ZMQ_SNDMORE);
	zmq_send(s->zap, key, strlen(key), ZMQ_SNDMORE);
	zmq_send(s->zap, "", 0, 0);
}

/* Keys ------------------------------------------------------------------------------- */

void fed__key_text(const uint8_t bytes[32], char out[FED_KEY_TEXT])
{
	zmq_z85_encode(out, bytes, 32);
}

bool fed__key_bytes(const char *text, uint8_t out[32])
{
	return strlen(text) == FED_KEY_TEXT - 1 && zmq_z85_decode(out, text) != NULL;
}
