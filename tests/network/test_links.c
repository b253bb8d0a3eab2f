/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bad links: slow ones, a cable that is out, connections that hang or are reset. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "network/network.h"
#include "network/star.h"
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

/* At 2 Mbit/s a message takes three seconds; meanwhile each side hears the other all the time, and
 * a word in the other direction passes it. */
START_TEST(large_message_on_a_slow_link)
{
	enum { N = 700000 };

	star_join(&star, 0);
	fed_proxy_set(star.proxy, 0.02, 250000);
	void *bytes = star_bytes(N, 1);
	star_send(star.client[0], 0, bytes, N, 1);
	const double begin = fed_wall_seconds();
	double longest = 0;
	for (bool came = false; !came;) {
		struct fed_network_event event;
		struct fed_network_peer server, client;
		const bool any = fed_network_next(star.server, 0.05, &event);
		ck_assert(!any || event.kind == FED_NETWORK_MESSAGE);
		came = any;
		ck_assert(fed_network_peer(star.server, 0, &client));
		ck_assert(fed_network_peer(star.client[0], 0, &server));
		ck_assert(!client.silent && !server.silent);
		const double now = fed_wall_seconds();
		longest = now - server.heard > longest ? now - server.heard : longest;
		longest = now - client.heard > longest ? now - client.heard : longest;
		if (any) {
			ck_assert(event.len == N && memcmp(event.bytes, bytes, N) == 0);
			ck_assert_uint_eq(server.repeated, 0);
			fed_network_event_release(&event);
		}
	}
	ck_assert_double_gt(fed_wall_seconds() - begin, 2);
	ck_assert_double_lt(longest, 1.4);
	free(bytes);
}
END_TEST

/* The cable is out for longer than the silence that is told; nothing is lost. */
START_TEST(cable_is_out)
{
	enum { N = 3000000 };

	star_join(&star, 0);
	fed_proxy_set(star.proxy, 0.01, 4000000);
	void *bytes = star_bytes(N, 1);
	star_send(star.client[0], 0, bytes, N, 1);
	usleep(200000);
	fed_proxy_cut(star.proxy, true);
	star_await(star.server, FED_NETWORK_SILENT);
	star_await(star.client[0], FED_NETWORK_SILENT);
	fed_proxy_cut(star.proxy, false);
	star_await(star.server, FED_NETWORK_BACK);
	star_await_bytes(star.server, bytes, N);
	star_await(star.client[0], FED_NETWORK_DELIVERED);
	star_await_none(star.server, FED_NETWORK_MESSAGE, 0.2);
	free(bytes);
}
END_TEST

/* A connection that stays dead without an end is replaced by the client. */
START_TEST(connection_hangs)
{
	star_join(&star, 0);
	const unsigned before = fed_proxy_connections(star.proxy);
	fed_proxy_forget(star.proxy);
	star_send(star.client[0], 0, "after", 5, 1);
	star_send(star.server, 0, "answer", 6, 1);
	star_await(star.client[0], FED_NETWORK_SILENT);
	star_await_bytes(star.server, "after", 5);
	star_await_bytes(star.client[0], "answer", 6);
	ck_assert_uint_gt(fed_proxy_connections(star.proxy), before);
}
END_TEST

/* Resets at random moments, messages in both directions: all come, in order, once. */
START_TEST(connections_are_reset)
{
	enum { MESSAGES = 40, N = 300000 };

	star_join(&star, 0);
	fed_proxy_set(star.proxy, 0.002, 0);
	for (unsigned i = 0; i < MESSAGES; i++) {
		uint8_t *bytes = star_bytes(N, i);
		star_send(star.client[0], 0, bytes, i % 4 ? 1000 : N, i + 1);
		star_send(star.server, 0, bytes, i % 4 ? 1000 : N, i + 1);
		free(bytes);
	}
	const double end = fed_wall_seconds() + 20;
	unsigned came[2] = {0}, delivered[2] = {0}, resets = 0;
	double reset_at = fed_wall_seconds() + 0.01;
	while (came[0] + came[1] + delivered[0] + delivered[1] < 4 * MESSAGES) {
		ck_assert_double_lt(fed_wall_seconds(), end);
		if (resets < 6 && fed_wall_seconds() > reset_at) {
			fed_proxy_reset(star.proxy);
			reset_at = fed_wall_seconds() + 0.3 * fed_random_real(7, resets++);
		}
		for (int side = 0; side < 2; side++) {
			struct fed_network_event event;
			if (!fed_network_next(side ? star.client[0] : star.server, 0.005, &event))
				continue;
			if (event.kind == FED_NETWORK_MESSAGE) {
				const unsigned i = came[side]++;
				uint8_t *bytes = star_bytes(N, i);
				ck_assert_uint_eq(event.len, i % 4 ? 1000 : N);
				ck_assert(memcmp(event.bytes, bytes, event.len) == 0);
				free(bytes);
			} else if (event.kind == FED_NETWORK_DELIVERED) {
				ck_assert_uint_eq(event.tag, ++delivered[side]);
			} else {
				ck_assert_int_ne(event.kind, FED_NETWORK_LOST);
			}
			fed_network_event_release(&event);
		}
	}
	ck_assert_uint_ge(fed_proxy_connections(star.proxy), 2);
}
END_TEST

FED_SUITE(links)
{
	Suite *suite = suite_create("links");
	TCase *tests = tcase_create("links");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, large_message_on_a_slow_link);
	tcase_add_test(tests, cable_is_out);
	tcase_add_test(tests, connection_hangs);
	tcase_add_test(tests, connections_are_reset);
	suite_add_tcase(suite, tests);
	return suite;
}
