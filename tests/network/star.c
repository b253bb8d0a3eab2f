/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server and its clients on loopback. */
#include "network/star.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cpu.h"
#include "support/suite.h"

#define AWAIT_SECONDS 20.0

static void make_keys(struct fed_temp *temp, const char *name, struct fed_key_pair *keys)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_key_pair_of(fed_temp_file(temp, name), keys, &err), &err);
}

void star_init(struct star *star)
{
	struct fed_temp temp;
	char name[16];

	*star = (struct star){.limits = fed_network_default_limits};
	fed_temp_make(&temp);
	make_keys(&temp, "server", &star->server_keys);
	for (unsigned i = 0; i < STAR_MOST; i++) {
		snprintf(name, sizeof name, "client%u", i);
		make_keys(&temp, name, &star->keys[i]);
	}
	fed_temp_remove(&temp);
}

void star_serve(struct star *star)
{
	struct fed_network_server server = {.endpoint = star->endpoint,
	                                    .keys = &star->server_keys,
	                                    .limits = &star->limits,
	                                    .tells_key = true,
	                                    .check = star->check};
	struct fed_error err = {""};
	const unsigned turns = star->port ? 1 : 200;
	int rc = FED_REJECT;

	for (unsigned turn = 0; turn < turns && rc == FED_REJECT; turn++) {
		if (turns > 1)
			star->port = (uint16_t)(20000 + (2 * (unsigned)getpid() + 101 * turn) % 20000);
		snprintf(star->endpoint, sizeof star->endpoint, "tcp://127.0.0.1:%u", star->port);
		rc = fed_network_serve(&star->server, &server, &err);
	}
	ck_assert_msg(rc == FED_OK, "%s", err.text);
}

void star_serve_by_proxy(struct star *star)
{
	star_serve(star);
	star->proxy = fed_proxy_new(star->port);
	snprintf(star->endpoint, sizeof star->endpoint, "tcp://127.0.0.1:%u",
	         fed_proxy_port(star->proxy));
}

void star_connect(struct star *star, unsigned i)
{
	const struct fed_network_client client = {.endpoint = star->endpoint,
	                                          .server = star->server_keys.open,
	                                          .keys = &star->keys[i],
	                                          .silent_after = star->limits.silent_after,
	                                          .check = star->check};
	struct fed_error err = {""};

	fed_assert_ok(fed_network_connect(&star->client[i], &client, &err), &err);
}

void star_join(struct star *star, unsigned i)
{
	star_connect(star, i);
	fed_network_admit(star->server, star_await(star->server, FED_NETWORK_BEGAN).peer);
	star_await(star->client[i], FED_NETWORK_BEGAN);
}

void star_begin(struct star *star, unsigned n)
{
	star_serve(star);
	for (unsigned i = 0; i < n; i++)
		star_connect(star, i);
	for (unsigned i = 0; i < n; i++) {
		const struct fed_network_event event = star_await(star->server, FED_NETWORK_BEGAN);
		fed_network_admit(star->server, event.peer);
	}
	for (unsigned i = 0; i < n; i++)
		star_await(star->client[i], FED_NETWORK_BEGAN);
}

void star_end(struct star *star)
{
	for (unsigned i = 0; i < STAR_MOST; i++)
		fed_network_free(star->client[i], 0);
	fed_network_free(star->server, 0);
	fed_proxy_free(star->proxy);
	*star = (struct star){.port = 0};
}

struct fed_network_event star_await(struct fed_network *network, enum fed_network_event_kind kind)
{
	const double end = fed_wall_seconds() + AWAIT_SECONDS;
	struct fed_network_event event;

	while (fed_wall_seconds() < end) {
		if (!fed_network_next(network, end - fed_wall_seconds(), &event))
			continue;
		if (event.kind == kind)
			return event;
		fed_network_event_release(&event);
	}
	ck_abort_msg("no event %d came", kind);
	return event;
}

void star_await_none(struct fed_network *network, enum fed_network_event_kind kind, double seconds)
{
	const double end = fed_wall_seconds() + seconds;
	struct fed_network_event event;

	while (fed_wall_seconds() < end) {
		if (!fed_network_next(network, end - fed_wall_seconds(), &event))
			continue;
		ck_assert_msg(event.kind != kind, "event %d: %s", kind, event.text);
		fed_network_event_release(&event);
	}
}

uint32_t star_peer_of(const struct fed_network *network, const char *key)
{
	struct fed_network_peer peer;

	for (uint32_t i = 0; i < fed_network_peers(network); i++)
		if (fed_network_peer(network, i, &peer) && strcmp(peer.key, key) == 0)
			return i;
	ck_abort_msg("no peer has the key %s", key);
	return 0;
}

void star_send(struct fed_network *network, uint32_t peer, const void *bytes, size_t n,
               uint64_t tag)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_network_send(network, peer, bytes, n, tag, &err), &err);
}

void *star_bytes(size_t n, uint64_t key)
{
	uint8_t *bytes = malloc(n + 8);

	for (size_t i = 0; i < n; i += 8) {
		const uint64_t word = fed_random(key, i);
		memcpy(bytes + i, &word, 8);
	}
	return bytes;
}

void star_await_bytes(struct fed_network *network, const void *bytes, size_t n)
{
	struct fed_network_event event = star_await(network, FED_NETWORK_MESSAGE);

	ck_assert_uint_eq(event.len, n);
	ck_assert(n == 0 || memcmp(event.bytes, bytes, n) == 0);
	fed_network_event_release(&event);
}

int star_tcp(uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}
