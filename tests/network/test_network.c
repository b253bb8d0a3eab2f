/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server and clients over real sockets: messages of all lengths, lives that end, who is let in.
 */
#include "network/network.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "network/star.h"
#include "support/suite.h"

static struct star star;

static void set_up(void)
{
	star_init(&star);
}

static void tear_down(void)
{
	star_end(&star);
}

/* Both ways, to and from four clients at once, and each end is told. */
START_TEST(messages_of_all_lengths_arrive)
{
	static const size_t lengths[] = {
		0, 1, 64, 65536, 65537, 262144, 262145, 1000000, FED_SANITIZED ? 2000000 : 20000000};
	enum { N = sizeof lengths / sizeof *lengths, CLIENTS = 4 };

	star_begin(&star, CLIENTS);
	for (unsigned c = 0; c < CLIENTS; c++) {
		for (unsigned i = 0; i < N; i++) {
			void *bytes = star_bytes(lengths[i], 100 * c + i);
			star_send(star.client[c], 0, bytes, lengths[i], i + 1);
			star_send(star.server, star_peer_of(star.server, star.keys[c].open), bytes, lengths[i],
			          i + 1);
			free(bytes);
		}
	}
	unsigned came[CLIENTS] = {0}, delivered[CLIENTS] = {0};
	for (unsigned left = 2 * N * CLIENTS; left > 0;) {
		struct fed_network_event event;
		ck_assert(fed_network_next(star.server, 20, &event));
		unsigned c = 0;
		struct fed_network_peer peer;
		ck_assert(fed_network_peer(star.server, event.peer, &peer));
		while (strcmp(star.keys[c].open, peer.key) != 0)
			c++;
		if (event.kind == FED_NETWORK_MESSAGE) {
			const unsigned i = came[c]++;
			void *bytes = star_bytes(lengths[i], 100 * c + i);
			ck_assert_uint_eq(event.len, lengths[i]);
			ck_assert(event.len == 0 || memcmp(event.bytes, bytes, event.len) == 0);
			free(bytes);
			left--;
		} else if (event.kind == FED_NETWORK_DELIVERED) {
			ck_assert_uint_eq(event.tag, ++delivered[c]);
			left--;
		}
		fed_network_event_release(&event);
	}
	for (unsigned c = 0; c < CLIENTS; c++) {
		for (unsigned i = 0; i < N; i++) {
			void *bytes = star_bytes(lengths[i], 100 * c + i);
			star_await_bytes(star.client[c], bytes, lengths[i]);
			free(bytes);
		}
	}
	struct fed_network_peer peer;
	do /* the last acknowledgement is shown a moment after its event */
		ck_assert(fed_network_peer(star.server, 0, &peer));
	while (peer.sent < lengths[N - 1] || peer.outgoing > 0);
	ck_assert_str_eq(peer.address, "127.0.0.1");
	ck_assert(peer.connected && peer.admitted && !peer.silent && !peer.refused);
	ck_assert_msg(peer.round_trip > 0 && peer.round_trip < 10, "%g", peer.round_trip);
	ck_assert(peer.sent > lengths[N - 1] && peer.received > lengths[N - 1]);
	ck_assert(!fed_network_peer(star.server, CLIENTS, &peer));
}
END_TEST

/* A client's process that begins again is the same peer, another life; its server is told what
 * was lost. */
START_TEST(client_begins_again)
{
	star_begin(&star, 1);
	fed_network_free(star.client[0], 0);
	star.client[0] = NULL;
	star_send(star.server, 0, "lost", 4, 7);
	star_connect(&star, 0);
	struct fed_network_event event = star_await(star.server, FED_NETWORK_LOST);
	ck_assert_uint_eq(event.tag, 7);
	event = star_await(star.server, FED_NETWORK_BEGAN);
	ck_assert_uint_eq(event.peer, 0);
	star_send(star.server, 0, "new", 3, 8);
	star_await_bytes(star.client[0], "new", 3);
	event = star_await(star.server, FED_NETWORK_DELIVERED);
	ck_assert_uint_eq(event.tag, 8);
}
END_TEST

/* Likewise a server's; its clients come back by themselves. */
START_TEST(server_begins_again)
{
	star_begin(&star, 3);
	void *bytes = star_bytes(20000000, 1);
	star_send(star.client[0], 0, bytes, 20000000, 1);
	free(bytes);
	while (fed_network_next(star.server, 0.05, &(struct fed_network_event){0}))
		;
	fed_network_free(star.server, 0);
	star_serve(&star);
	for (unsigned c = 0; c < 3; c++) {
		const struct fed_network_event event = star_await(star.server, FED_NETWORK_BEGAN);
		fed_network_admit(star.server, event.peer);
	}
	for (unsigned c = 0; c < 3; c++) {
		star_await(star.client[c], FED_NETWORK_BEGAN);
		star_send(star.client[c], 0, "again", 5, 2);
		star_await_bytes(star.server, "again", 5);
	}
}
END_TEST

START_TEST(end_gives_away_what_was_sent)
{
	star_begin(&star, 1);
	void *bytes = star_bytes(5000000, 1);
	star_send(star.client[0], 0, bytes, 5000000, 1);
	fed_network_free(star.client[0], 10);
	star.client[0] = NULL;
	star_await_bytes(star.server, bytes, 5000000);
	free(bytes);
	/* And where the other end has gone, no longer than it may take. */
	const double begin = fed_wall_seconds();
	star_send(star.server, 0, "x", 1, 1);
	fed_network_free(star.server, 0.2);
	star.server = NULL;
	ck_assert(fed_wall_seconds() - begin < 2);
}
END_TEST

/* Neither now nor later does a word of a cancelled message come. */
START_TEST(cancelled_messages_end_silently)
{
	star_begin(&star, 1);
	void *bytes = star_bytes(20000000, 1);
	star_send(star.client[0], 0, bytes, 20000000, 1);
	star_send(star.client[0], 0, "two", 3, 2);
	star_send(star.client[0], 0, "three", 5, 3);
	fed_network_cancel(star.client[0], 0, 1);
	fed_network_cancel(star.client[0], 0, 2);
	free(bytes);
	struct fed_network_event event = star_await(star.client[0], FED_NETWORK_DELIVERED);
	ck_assert_uint_eq(event.tag, 3);
	event = star_await(star.server, FED_NETWORK_MESSAGE);
	if (event.len == 20000000) { /* it was faster */
		fed_network_event_release(&event);
		event = star_await(star.server, FED_NETWORK_MESSAGE);
	}
	ck_assert(event.len == 5 || event.len == 3);
	fed_network_event_release(&event);
}
END_TEST

static struct fed_network *woken;

static void on_alarm(int signal)
{
	(void)signal;
	fed_network_wake(woken);
}

START_TEST(wake_ends_a_wait)
{
	struct fed_network_event event;

	star_begin(&star, 1);
	woken = star.server;
	signal(SIGALRM, on_alarm);
	fed_network_wake(star.server); /* before the wait */
	double begin = fed_wall_seconds();
	ck_assert(!fed_network_next(star.server, 10, &event));
	raise(SIGALRM);
	ck_assert(!fed_network_next(star.server, 10, &event));
	alarm(1); /* within it */
	ck_assert(!fed_network_next(star.server, 10, &event));
	ck_assert(fed_wall_seconds() - begin < 5);
	ck_assert_int_eq(event.kind, FED_NETWORK_NONE);
	begin = fed_wall_seconds();
	ck_assert(!fed_network_next(star.server, 0.05, &event)); /* each ends one */
	ck_assert(fed_wall_seconds() - begin >= 0.05);
}
END_TEST

START_TEST(descriptor_tells_of_events)
{
	star_begin(&star, 1);
	struct pollfd fd = {fed_network_descriptor(star.server), POLLIN, 0};
	struct fed_network_event event;

	ck_assert_int_eq(poll(&fd, 1, 0), 0);
	star_send(star.client[0], 0, "x", 1, 1);
	ck_assert_int_eq(poll(&fd, 1, 10000), 1);
	ck_assert(fed_network_next(star.server, 0, &event));
	fed_network_event_release(&event);
	ck_assert_int_eq(poll(&fd, 1, 0), 0);
}
END_TEST

START_TEST(key_is_told_at_the_next_port)
{
	char key[FED_KEY_TEXT];
	enum fed_network_trouble trouble;
	struct fed_error err = {""};

	star_serve(&star);
	fed_assert_ok(fed_network_ask_key("127.0.0.1", star.port, 5, key, &trouble, &err), &err);
	ck_assert_str_eq(key, star.server_keys.open);
	ck_assert_int_eq(trouble, FED_TROUBLE_NONE);
	fed_network_free(star.server, 0);
	star.server = NULL;
	ck_assert_int_eq(fed_network_ask_key("localhost", star.port, 5, key, &trouble, &err), FED_FAIL);
	ck_assert_int_eq(trouble, FED_TROUBLE_PORT_SHUT);
}
END_TEST

START_TEST(endpoints_are_checked)
{
	static const char *const wrong[] = {"",           "x",         "tcp://",      "tcp://a",
	                                    "tcp://a:",   "tcp://a:0", "tcp://:1",    "tcp://a:65535",
	                                    "tcp://a:1x", "ipc://a:1", "tcp://::1:5", "tcp://a b:5",
	                                    "tcp://[]:5"};
	struct fed_error err;
	struct fed_network *network;

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const struct fed_network_server server = {.endpoint = wrong[i], .keys = &star.server_keys};
		const struct fed_network_client client = {
			.endpoint = wrong[i], .keys = &star.keys[0], .server = star.server_keys.open};
		ck_assert_msg(fed_network_serve(&network, &server, &err) == FED_REJECT, "%s", wrong[i]);
		ck_assert_msg(fed_network_connect(&network, &client, &err) == FED_REJECT, "%s", wrong[i]);
	}
	star_serve(&star);
	const struct fed_network_server same = {.endpoint = star.endpoint, .keys = &star.server_keys};
	ck_assert_int_eq(fed_network_serve(&network, &same, &err), FED_REJECT);
	ck_assert_ptr_null(network);
	ck_assert(strstr(err.text, "another program listens"));
}
END_TEST

FED_SUITE(network)
{
	Suite *suite = suite_create("network");
	TCase *tests = tcase_create("network");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, messages_of_all_lengths_arrive);
	tcase_add_test(tests, client_begins_again);
	tcase_add_test(tests, server_begins_again);
	tcase_add_test(tests, end_gives_away_what_was_sent);
	tcase_add_test(tests, cancelled_messages_end_silently);
	tcase_add_test(tests, wake_ends_a_wait);
	tcase_add_test(tests, descriptor_tells_of_events);
	tcase_add_test(tests, key_is_told_at_the_next_port);
	tcase_add_test(tests, endpoints_are_checked);
	suite_add_tcase(suite, tests);
	return suite;
}
