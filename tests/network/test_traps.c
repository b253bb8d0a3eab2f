/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections of one key, full queues, ends; addresses. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "network/network.h"
#include "network/sockets.h"
#include "network/star.h"
#include "network/streams.h"
#include "support/suite.h"

static struct star star;

static void set_up(void)
{
	star_init(&star);
	star.limits.silent_after = 1.5;
	star_serve_by_proxy(&star);
}

static void tear_down(void)
{
	star_end(&star);
}

START_TEST(second_connection_takes_over)
{
	star_join(&star, 0);
	star.keys[1] = star.keys[0]; /* the same person, another process */
	star_connect(&star, 1);
	ck_assert_uint_eq(star_await(star.server, FED_NETWORK_BEGAN).peer, 0);
	star_send(star.server, 0, "to the new one", 14, 1);
	star_await_bytes(star.client[1], "to the new one", 14);
	/* The older one is heard no more, and does not take it back. */
	star_send(star.client[0], 0, "old", 3, 1);
	star_send(star.client[1], 0, "new", 3, 1);
	star_await_bytes(star.server, "new", 3);
	star_await_none(star.server, FED_NETWORK_MESSAGE, 1);
	star_send(star.server, 0, "still", 5, 1);
	star_await_bytes(star.client[1], "still", 5);
	star_await_none(star.client[0], FED_NETWORK_MESSAGE, 0.1);
}
END_TEST

/* The socket says what it does not take ------------------------------------------------------ */

struct pair {
	struct fed__sockets *server, *client;
	struct fed__route route; /* of the client */
	unsigned sent;
};

static const uint8_t chunk_head[FED__HEAD_BYTES] = {1, 1};

static enum fed__sending send_chunk(struct pair *pair, const struct fed__route *route, size_t n)
{
	static uint8_t body[FED_NETWORK_CHUNK];

	return fed__sockets_send(pair->server, route, chunk_head, sizeof chunk_head, body, n);
}

/* A server whose queue for a client that takes nothing is full. */
static void fill_queue(struct pair *pair)
{
	const struct fed__route nowhere = {3, {1, 2, 3}};
	struct fed_error err = {""};
	struct fed__delivery delivery;
	struct fed__knock knock;
	char endpoint[64];

	*pair = (struct pair){.sent = 0};
	fed_assert_ok(fed__sockets_open(&pair->server, &star.server_keys, NULL, &err), &err);
	fed_assert_ok(fed__sockets_open(&pair->client, &star.keys[0], star.server_keys.open, &err),
	              &err);
	snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", fed_proxy_port(star.proxy) + 2);
	fed_assert_ok(fed__sockets_bind(pair->server, endpoint, &err), &err);
	fed_assert_ok(fed__sockets_connect(pair->client, endpoint, &err), &err);
	ck_assert_int_eq(send_chunk(pair, &nowhere, 0), FED__GONE);
	while (fed__sockets_send(pair->client, &nowhere, chunk_head, sizeof chunk_head, NULL, 0) !=
	       FED__SENT) {
		fed__sockets_wait(pair->server, NULL, 0, 0.01);
		if (fed__sockets_knock(pair->server, &knock))
			fed__sockets_answer(pair->server, &knock, FED__COME_IN);
	}
	while (!fed__sockets_receive(pair->server, &delivery))
		fed__sockets_wait(pair->server, NULL, 0, 1);
	ck_assert_str_eq(delivery.key, star.keys[0].open);
	pair->route = delivery.route;
	/* Some are sent, then it is said that no more are. */
	for (unsigned full = 0; full < 20;) {
		const enum fed__sending how = send_chunk(pair, &pair->route, FED_NETWORK_CHUNK);
		ck_assert_int_ne(how, FED__GONE);
		pair->sent += how == FED__SENT;
		full += how == FED__FULL;
		if (how == FED__FULL)
			usleep(5000);
		ck_assert_uint_lt(pair->sent, 1000);
	}
}

START_TEST(full_queue_is_told)
{
	struct pair pair;
	struct fed__delivery delivery;

	fill_queue(&pair);
	/* Each that was taken comes. */
	for (unsigned came = 0; came < pair.sent; came += fed__sockets_receive(pair.client, &delivery))
		fed__sockets_wait(pair.client, NULL, 0, 5);
	ck_assert_int_eq(send_chunk(&pair, &pair.route, 0), FED__SENT);
	fed__sockets_close(pair.client, 0);
	/* And a connection that has gone is told, too. */
	for (int i = 0; send_chunk(&pair, &pair.route, 0) != FED__GONE; i++) {
		ck_assert_int_lt(i, 1000);
		usleep(5000);
	}
	fed__sockets_close(pair.server, 0);
}
END_TEST

START_TEST(full_queue_does_not_keep_a_socket)
{
	struct pair pair;

	fill_queue(&pair);
	const double begin = fed_wall_seconds();
	fed__sockets_close(pair.server, 0.2);
	ck_assert_double_lt(fed_wall_seconds() - begin, 1);
	fed__sockets_close(pair.client, 0);
}
END_TEST

/* To end takes no longer than it may, with a message on its way to a peer that hears nothing. */
START_TEST(end_is_bounded)
{
	star_join(&star, 0);
	void *bytes = star_bytes(5000000, 1);
	fed_proxy_cut(star.proxy, true);
	star_send(star.client[0], 0, bytes, 5000000, 1);
	star_send(star.server, 0, bytes, 5000000, 1);
	usleep(100000);
	double begin = fed_wall_seconds();
	fed_network_free(star.client[0], 0.2);
	star.client[0] = NULL;
	ck_assert_double_lt(fed_wall_seconds() - begin, 1.5);
	begin = fed_wall_seconds();
	fed_network_free(star.server, 0);
	star.server = NULL;
	ck_assert_double_lt(fed_wall_seconds() - begin, 1);
	free(bytes);
}
END_TEST

/* Addresses --------------------------------------------------------------------------- */

static unsigned reached;

/* By this address of this machine. */
static void reach(void *ctx, const char *interface, const char *address, const char *kind)
{
	(void)ctx;
	if (reached >= 8)
		return;
	ck_assert(interface[0] && address[0]);
	ck_assert(!kind[0] || strcmp(kind, "wifi") == 0 || strcmp(kind, "virtual") == 0);
	snprintf(star.endpoint, sizeof star.endpoint,
	         strchr(address, ':') ? "tcp://[%.40s]:%u" : "tcp://%.40s:%u", address, star.port);
	star_connect(&star, reached);
	star_await(star.client[reached], FED_NETWORK_BEGAN);
	star_send(star.client[reached], 0, &reached, sizeof reached, 1);
	struct fed_network_event event = star_await(star.server, FED_NETWORK_MESSAGE);
	struct fed_network_peer peer;
	fed_network_peer(star.server, event.peer, &peer);
	fed_network_event_release(&event);
	ck_assert_str_eq(peer.key, star.keys[reached].open);
	/* it comes from where it went to, as a machine's connections to itself do */
	ck_assert_str_eq(peer.address, address);
	fed_network_peer(star.client[reached], 0, &peer);
	ck_assert_str_eq(peer.address, address);
	reached++;
}

START_TEST(each_address_is_reached)
{
	fed_network_free(star.server, 0);
	const struct fed_network_server server = {
		.endpoint = star.endpoint, .keys = &star.server_keys, .tells_key = true};
	struct fed_error err = {""};
	snprintf(star.endpoint, sizeof star.endpoint, "tcp://*:%u", star.port);
	fed_assert_ok(fed_network_serve(&star.server, &server, &err), &err);
	reached = 0;
	fed_network_each_address(reach, NULL, true);
	ck_assert_uint_ge(reached, 1);
	/* and by a name */
	snprintf(star.endpoint, sizeof star.endpoint, "tcp://localhost:%u", star.port);
	star_connect(&star, reached);
	star_await(star.client[reached], FED_NETWORK_BEGAN);
	char key[FED_KEY_TEXT];
	enum fed_network_trouble trouble;
	fed_assert_ok(fed_network_ask_key("localhost", star.port, 5, key, &trouble, &err), &err);
}
END_TEST

/* What is there and not used takes no processor: beats alone. */
START_TEST(idle_network_sleeps)
{
	struct rusage before, after;

	star.limits.silent_after = 15;
	for (unsigned i = 0; i < 4; i++)
		star_connect(&star, i);
	for (unsigned i = 0; i < 4; i++)
		star_await(star.server, FED_NETWORK_BEGAN);
	usleep(200000);
	getrusage(RUSAGE_SELF, &before);
	usleep(1000000);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_lt(after.ru_nvcsw - before.ru_nvcsw, 500);
}
END_TEST

/* Memory fails ------------------------------------------------------------------------ */

static int serve_once(void *ctx, struct fed_error *err)
{
	const struct fed_network_server server = {.endpoint = star.endpoint, .keys = &star.server_keys};
	struct fed_network *network;

	(void)ctx;
	const int rc = fed_network_serve(&network, &server, err);
	fed_network_free(network, 0);
	return rc;
}

static int connect_once(void *ctx, struct fed_error *err)
{
	const struct fed_network_client client = {
		.endpoint = "tcp://127.0.0.1:1", .server = star.server_keys.open, .keys = &star.keys[0]};
	struct fed_network *network;

	(void)ctx;
	int rc = fed_network_connect(&network, &client, err);
	if (rc == FED_OK)
		rc = fed_network_send(network, 0, "word", 4, 1, err);
	fed_network_free(network, 0);
	return rc;
}

START_TEST(beginning_survives_every_failing_allocation)
{
	fed_network_free(star.server, 0);
	star.server = NULL;
	snprintf(star.endpoint, sizeof star.endpoint, "tcp://127.0.0.1:%u", star.port);
	ck_assert_uint_ge(fed_each_allocation(serve_once, NULL), 3);
	ck_assert_uint_ge(fed_each_allocation(connect_once, NULL), 5);
}
END_TEST

/* Each allocation of a server and a client that work fails once: late, never lost. */
START_TEST(messages_survive_failing_allocations)
{
	star_join(&star, 0);
	for (unsigned i = 0; i < 60; i++) {
		uint8_t *bytes = star_bytes(400000, i);
		struct fed_error err;
		fed__mem_fail_at(1 + i / 4);
		while (fed_network_send(star.client[0], 0, bytes, i % 4 ? 30 : 400000, 1, &err) != FED_OK)
			;
		star_await_bytes(star.server, bytes, i % 4 ? 30 : 400000);
		fed__mem_fail_at(0);
		free(bytes);
	}
}
END_TEST

FED_SUITE(traps)
{
	Suite *suite = suite_create("traps");
	TCase *tests = tcase_create("traps");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, second_connection_takes_over);
	tcase_add_test(tests, full_queue_is_told);
	tcase_add_test(tests, full_queue_does_not_keep_a_socket);
	tcase_add_test(tests, end_is_bounded);
	tcase_add_test(tests, each_address_is_reached);
	tcase_add_test(tests, idle_network_sleeps);
	tcase_add_test(tests, beginning_survives_every_failing_allocation);
	tcase_add_test(tests, messages_survive_failing_allocations);
	suite_add_tcase(suite, tests);
	return suite;
}
