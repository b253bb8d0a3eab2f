/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a client is not connected is told, and the right reason. */
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
	star_serve_by_proxy(&star);
}

static void tear_down(void)
{
	star_end(&star);
}

static void without_proxy(void)
{
	snprintf(star.endpoint, sizeof star.endpoint, "tcp://127.0.0.1:%u", star.port);
}

static void assert_trouble(enum fed_network_trouble trouble, const char *text)
{
	const struct fed_network_event event = star_await(star.client[0], FED_NETWORK_TROUBLE);

	ck_assert_msg(event.trouble == trouble, "%d: %s", event.trouble, event.text);
	ck_assert_msg(strstr(event.text, text), "%s", event.text);
	ck_assert_uint_eq(event.peer, 0);
}

START_TEST(wrong_key_is_told)
{
	const struct fed_key_pair right = star.server_keys;

	star.server_keys = star.keys[5];
	star_connect(&star, 0);
	star.server_keys = right;
	assert_trouble(FED_TROUBLE_WRONG_KEY, "has another key");
	const struct fed_network_event event = star_await(star.server, FED_NETWORK_TROUBLE);
	ck_assert_int_eq(event.trouble, FED_TROUBLE_NOT_FEDSH);
	ck_assert_uint_eq(fed_network_peers(star.server), 0);
	/* It goes on trying, not without a pause. */
	usleep(500000);
	ck_assert_uint_le(fed_proxy_connections(star.proxy), 20);
}
END_TEST

START_TEST(shut_port_is_told)
{
	fed_network_free(star.server, 0);
	star.server = NULL;
	without_proxy();
	star_connect(&star, 0);
	assert_trouble(FED_TROUBLE_PORT_SHUT, "nothing listens");
	/* The server comes later. */
	star_serve(&star);
	star_await(star.client[0], FED_NETWORK_BEGAN);
}
END_TEST

START_TEST(unknown_name_is_told)
{
	snprintf(star.endpoint, sizeof star.endpoint, "tcp://no-such-host.invalid:5555");
	star_connect(&star, 0);
	assert_trouble(FED_TROUBLE_NO_NAME, "no address");
}
END_TEST

START_TEST(another_program_is_told)
{
	/* The port of the key speaks, and no ZMTP. */
	snprintf(star.endpoint, sizeof star.endpoint, "tcp://127.0.0.1:%u", star.port + 1);
	star_connect(&star, 0);
	assert_trouble(FED_TROUBLE_NOT_FEDSH, "another program");
}
END_TEST

/* No connection leads to a group of machines. */
START_TEST(no_route_is_told)
{
	char key[FED_KEY_TEXT];
	enum fed_network_trouble trouble;
	struct fed_error err;

	snprintf(star.endpoint, sizeof star.endpoint, "tcp://224.0.0.1:%u", star.port);
	star_connect(&star, 0);
	assert_trouble(FED_TROUBLE_NO_ROUTE, "there is no way there");
	ck_assert_int_eq(fed_network_ask_key("224.0.0.1", star.port, 2, key, &trouble, &err), FED_FAIL);
	ck_assert_int_eq(trouble, FED_TROUBLE_NO_ROUTE);
}
END_TEST

START_TEST(no_answer_is_told)
{
	char key[FED_KEY_TEXT];
	enum fed_network_trouble trouble;
	struct fed_error err;

	fed_proxy_cut(star.proxy, true);
	const double begin = fed_wall_seconds();
	ck_assert_int_eq(
		fed_network_ask_key("127.0.0.1", fed_proxy_port(star.proxy), 0.3, key, &trouble, &err),
		FED_FAIL);
	ck_assert_int_eq(trouble, FED_TROUBLE_NO_ANSWER);
	ck_assert_double_lt(fed_wall_seconds() - begin, 1.5);
}
END_TEST

START_TEST(refused_key_is_told)
{
	star_connect(&star, 0);
	fed_network_admit(star.server, star_await(star.server, FED_NETWORK_BEGAN).peer);
	star_send(star.client[0], 0, "unread", 6, 1);
	star_await(star.client[0], FED_NETWORK_DELIVERED);
	fed_network_refuse(star.server, 0);
	star_await_none(star.server, FED_NETWORK_MESSAGE, 0.1);
	assert_trouble(FED_TROUBLE_WRONG_KEY, "refuses this client's key");
	struct fed_error err;
	ck_assert_int_eq(fed_network_send(star.server, 0, "x", 1, 1, &err), FED_REJECT);
	struct fed_network_peer peer;
	ck_assert(fed_network_peer(star.server, 0, &peer));
	ck_assert(peer.refused && !peer.admitted && !peer.connected);
	/* What it says after it was pardoned is heard. */
	star_send(star.client[0], 0, "pardon", 6, 2);
	fed_network_pardon(star.server, star.keys[0].open);
	star_await_bytes(star.server, "pardon", 6);
	ck_assert(fed_network_peer(star.server, 0, &peer));
	ck_assert(!peer.refused && !peer.admitted);
}
END_TEST

START_TEST(full_room_is_told)
{
	fed_network_free(star.server, 0);
	star.limits.peers = 2;
	without_proxy();
	star_serve(&star);
	for (unsigned i = 1; i <= 2; i++) {
		star_connect(&star, i);
		star_await(star.server, FED_NETWORK_BEGAN);
	}
	star_connect(&star, 0);
	assert_trouble(FED_TROUBLE_ROOM_FULL, "the room is full");
	/* One leaves. */
	fed_network_free(star.client[1], 0);
	star.client[1] = NULL;
	star_await(star.client[0], FED_NETWORK_BEGAN);
}
END_TEST

FED_SUITE(troubles)
{
	Suite *suite = suite_create("troubles");
	TCase *tests = tcase_create("troubles");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, wrong_key_is_told);
	tcase_add_test(tests, shut_port_is_told);
	tcase_add_test(tests, unknown_name_is_told);
	tcase_add_test(tests, another_program_is_told);
	tcase_add_test(tests, no_route_is_told);
	tcase_add_test(tests, no_answer_is_told);
	tcase_add_test(tests, refused_key_is_told);
	tcase_add_test(tests, full_room_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
