/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strangers: honest clients notice nothing, and what a server does for the others is bounded. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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
	star.limits.stranger_most_seconds = 60;
}

static void tear_down(void)
{
	star_end(&star);
}

/* Honest client 0 has its word heard and answered within this. */
static void assert_honest(double seconds)
{
	const uint32_t honest = star_peer_of(star.server, star.keys[0].open);
	const double begin = fed_wall_seconds();
	struct fed_network_event event;

	star_send(star.client[0], 0, "word", 4, 1);
	do {
		event = star_await(star.server, FED_NETWORK_MESSAGE);
		fed_network_event_release(&event);
	} while (event.peer != honest);
	star_send(star.server, honest, "answer", 6, 1);
	star_await_bytes(star.client[0], "answer", 6);
	ck_assert_double_lt(fed_wall_seconds() - begin, seconds);
}

/* The connection ends within five seconds. */
static void assert_ended(int fd)
{
	const double end = fed_wall_seconds() + 5;
	char bytes[256];

	while (fed_wall_seconds() < end) {
		struct pollfd p = {fd, POLLIN, 0};
		const ssize_t n = poll(&p, 1, 100) > 0 ? recv(fd, bytes, sizeof bytes, MSG_DONTWAIT) : 1;
		if (n == 0 || (n < 0 && errno != EAGAIN)) {
			close(fd);
			return;
		}
	}
	ck_abort_msg("a connection is still there");
}

START_TEST(other_protocols_are_hung_up)
{
	static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	static const uint8_t tls[] = {0x16, 3, 1, 0, 0x31, 1, 0, 0, 0x2d, 3,    3, 1,
	                              2,    3, 4, 5, 6,    7, 8, 9, 0,    0xff, 0, 0};
	/* ZMTP 3 without encryption; and with a mechanism that there is not. */
	uint8_t plain[64] = {0xff, [9] = 0x7f, 3, 0, 'N', 'U', 'L', 'L'};
	uint8_t greeting[64] = {0xff, [9] = 0x7f, 3, 0, 'C', 'U', 'R', 'V', 'E'};
	int fd[5];

	star_begin(&star, 1);
	for (int i = 0; i < 5; i++)
		fd[i] = star_tcp(star.port);
	ck_assert(send(fd[0], http, sizeof http - 1, MSG_NOSIGNAL) > 0);
	ck_assert(send(fd[1], tls, sizeof tls, MSG_NOSIGNAL) > 0);
	ck_assert(send(fd[2], plain, sizeof plain, MSG_NOSIGNAL) > 0);
	/* A greeting, and then a command that is announced as 2^62 bytes. */
	static const uint8_t endless[] = {6, 0x40, 0, 0, 0, 0, 0, 0, 0};
	ck_assert(send(fd[3], greeting, sizeof greeting, MSG_NOSIGNAL) > 0);
	ck_assert(send(fd[3], endless, sizeof endless, MSG_NOSIGNAL) > 0);
	/* A greeting, and a hello that is none. */
	static const uint8_t hello[202] = {4, 200, 5, 'H', 'E', 'L', 'L', 'O', 1, 0};
	ck_assert(send(fd[4], greeting, sizeof greeting, MSG_NOSIGNAL) > 0);
	ck_assert(send(fd[4], hello, sizeof hello, MSG_NOSIGNAL) > 0);
	assert_honest(1);
	for (int i = 0; i < 5; i++)
		assert_ended(fd[i]);
	assert_honest(1);
	ck_assert_uint_eq(fed_network_peers(star.server), 1);
}
END_TEST

/* Clients come and go on while others hold connections open; those end. */
START_TEST(silent_connections_end)
{
	enum { SILENT = 200 };
	int fd[SILENT];

	star_begin(&star, 1);
	for (int i = 0; i < SILENT; i++)
		fd[i] = star_tcp(star.port);
	assert_honest(1);
	const double begin = fed_wall_seconds();
	star_connect(&star, 1);
	star_await(star.server, FED_NETWORK_BEGAN);
	ck_assert_double_lt(fed_wall_seconds() - begin, 1.5);
	assert_honest(1);
	for (int i = 0; i < SILENT; i++)
		assert_ended(fd[i]);
	ck_assert_double_lt(fed_wall_seconds() - begin, 5);
}
END_TEST

/* A client of its own making, which knows the server's key. */
struct stranger {
	struct fed__sockets *sockets;
	uint32_t life;
};

static struct stranger stranger_connect(unsigned key)
{
	struct stranger stranger = {.life = 1000 + key};
	struct fed_error err = {""};

	fed_assert_ok(
		fed__sockets_open(&stranger.sockets, &star.keys[key], star.server_keys.open, &err), &err);
	fed_assert_ok(fed__sockets_connect(stranger.sockets, star.endpoint, &err), &err);
	return stranger;
}

/* Until its socket takes it; the body is zeroes. */
static void stranger_say(struct stranger *stranger, struct fed__head head, size_t n)
{
	static const uint8_t zeroes[FED_NETWORK_CHUNK + 4096];
	const struct fed__route none = {0};
	const double end = fed_wall_seconds() + 10;
	uint8_t bytes[FED__HEAD_BYTES];
	struct fed__delivery delivery;

	head.life = stranger->life;
	fed__head_write(&head, bytes);
	while (fed__sockets_send(stranger->sockets, &none, bytes, sizeof bytes, zeroes, n) !=
	       FED__SENT) {
		while (fed__sockets_receive(stranger->sockets, &delivery))
			;
		fed__sockets_wait(stranger->sockets, NULL, 0, 0.001);
		if (fed_wall_seconds() > end)
			return;
	}
}

START_TEST(stranger_is_taken_little_of)
{
	star_begin(&star, 1);
	struct stranger stranger = stranger_connect(1);
	struct fed_network_peer peer;

	/* A message that is longer than what a stranger may send. */
	const struct fed__head head = {.type = FED__CHUNK, .number = 1, .total = 1 << 30};
	stranger_say(&stranger, head, FED_NETWORK_CHUNK);
	const uint32_t number = star_await(star.server, FED_NETWORK_BEGAN).peer;
	ck_assert_uint_eq(number, star_peer_of(star.server, star.keys[1].open));
	/* Short ones that are not taken are not acknowledged, so no more are kept. */
	for (uint32_t i = 2; i < 200; i++)
		stranger_say(&stranger, (struct fed__head){.type = FED__CHUNK, .number = i, .total = 10},
		             10);
	usleep(200000);
	struct fed_network_event event;
	unsigned waiting = 0;
	while (fed_network_next(star.server, 0, &event)) {
		waiting += event.kind == FED_NETWORK_MESSAGE;
		fed_network_event_release(&event);
	}
	ck_assert(waiting > 0 && waiting <= 4);
	ck_assert(fed_network_peer(star.server, number, &peer));
	ck_assert(!peer.admitted);
	/* What is no head at all ends the connection. */
	for (uint32_t i = 0; i < 30; i++)
		stranger_say(&stranger, (struct fed__head){.type = 9}, 10);
	for (double end = fed_wall_seconds() + 5; peer.connected && fed_wall_seconds() < end;) {
		ck_assert(fed_network_peer(star.server, number, &peer));
		fed__sockets_wait(stranger.sockets, NULL, 0, 0.01);
	}
	ck_assert(!peer.connected && !peer.refused);
	assert_honest(1);
	fed__sockets_close(stranger.sockets, 0);
}
END_TEST

/* What is larger than a chunk never comes to be read. */
START_TEST(oversize_ends_the_connection)
{
	star_begin(&star, 1);
	struct stranger stranger = stranger_connect(1);

	stranger_say(&stranger, (struct fed__head){.type = FED__BEAT}, 0);
	const uint32_t number = star_await(star.server, FED_NETWORK_BEGAN).peer;
	stranger_say(&stranger, (struct fed__head){.type = FED__CHUNK, .number = 1, .total = 300000},
	             FED_NETWORK_CHUNK + 1000);
	struct fed_network_peer peer = {.connected = true};
	for (double end = fed_wall_seconds() + 5; peer.connected && fed_wall_seconds() < end;) {
		ck_assert(fed_network_peer(star.server, number, &peer));
		fed__sockets_wait(stranger.sockets, NULL, 0, 0.01);
	}
	ck_assert(!peer.connected);
	ck_assert_uint_lt(peer.received, 1000);
	assert_honest(1);
	fed__sockets_close(stranger.sockets, 0);
}
END_TEST

/* A hundred thousand chunks of a byte from a peer that is admitted: the others are heard meanwhile.
 */
START_TEST(tiny_chunks)
{
	enum { CHUNKS = FED_SANITIZED ? 3000 : 100000 };
	const size_t blocks = (size_t)fed__mem_live();

	star_begin(&star, 1);
	struct stranger stranger = stranger_connect(1);
	stranger_say(&stranger, (struct fed__head){.type = FED__BEAT}, 0);
	fed_network_admit(star.server, star_await(star.server, FED_NETWORK_BEGAN).peer);
	for (uint32_t i = 0; i < CHUNKS; i++) {
		stranger_say(
			&stranger,
			(struct fed__head){.type = FED__CHUNK, .number = 1, .offset = i, .total = CHUNKS}, 1);
		if (i % (CHUNKS / 10) == 0)
			assert_honest(1);
	}
	struct fed_network_event event = star_await(star.server, FED_NETWORK_MESSAGE);
	ck_assert_uint_eq(event.len, CHUNKS);
	fed_network_event_release(&event);
	ck_assert_uint_lt((size_t)fed__mem_live() - blocks, 100);
	fed__sockets_close(stranger.sockets, 0);
}
END_TEST

/* One that is let in and not admitted in time. */
START_TEST(stranger_has_its_time)
{
	star.limits.stranger_most_seconds = 0.5;
	star_begin(&star, 1);
	star_connect(&star, 1);
	const uint32_t number = star_await(star.server, FED_NETWORK_BEGAN).peer;
	struct fed_network_peer peer = {.connected = true};
	for (double end = fed_wall_seconds() + 5; peer.connected && fed_wall_seconds() < end;) {
		usleep(20000);
		ck_assert(fed_network_peer(star.server, number, &peer));
	}
	ck_assert(!peer.connected);
	const struct fed_network_event event = star_await(star.client[1], FED_NETWORK_TROUBLE);
	ck_assert_int_eq(event.trouble, FED_TROUBLE_ROOM_FULL);
	assert_honest(1);
}
END_TEST

FED_SUITE(strangers)
{
	Suite *suite = suite_create("strangers");
	TCase *tests = tcase_create("strangers");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, other_protocols_are_hung_up);
	tcase_add_test(tests, silent_connections_end);
	tcase_add_test(tests, stranger_is_taken_little_of);
	tcase_add_test(tests, oversize_ends_the_connection);
	tcase_add_test(tests, tiny_chunks);
	tcase_add_test(tests, stranger_has_its_time);
	suite_add_tcase(suite, tests);
	return suite;
}
