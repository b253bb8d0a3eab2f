/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A room on loopback, encrypted: megabytes a second of one message of 100 MB, joins a second, and
 * messages of 64 bytes a second, one behind the other and of many clients at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cpu.h"
#include "network/network.h"

enum { CLIENTS = 40, SMALL = 20000 };
static const size_t large = 100000000;

static struct fed_key_pair server_keys, keys[CLIENTS];
static struct fed_network *server, *client[CLIENTS];
static char endpoint[64];

static void or_die(int rc, const struct fed_error *err)
{
	if (rc == FED_OK)
		return;
	fprintf(stderr, "bench_network: %s\n", err->text);
	exit(1);
}

static double processor_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void make_keys(void)
{
	char folder[] = "/tmp/fedsh-bench-XXXXXX", path[64];
	struct fed_error err = {""};

	if (!mkdtemp(folder))
		exit(1);
	for (int i = -1; i < CLIENTS; i++) {
		snprintf(path, sizeof path, "%s/key", folder);
		or_die(fed_key_pair_of(path, i < 0 ? &server_keys : &keys[i], &err), &err);
		unlink(path);
	}
	rmdir(folder);
}

static void begin_server(void)
{
	const struct fed_network_server it = {.endpoint = endpoint, .keys = &server_keys};
	struct fed_error err = {""};
	int rc = FED_REJECT;

	for (unsigned port = 25000; port < 26000 && rc == FED_REJECT; port += 2) {
		snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", port);
		rc = fed_network_serve(&server, &it, &err);
	}
	or_die(rc, &err);
}

/* The next event of a kind. */
static struct fed_network_event await(struct fed_network *network, enum fed_network_event_kind kind)
{
	struct fed_network_event event;

	for (;;) {
		if (!fed_network_next(network, 30, &event)) {
			fprintf(stderr, "bench_network: nothing comes\n");
			exit(1);
		}
		if (event.kind == kind)
			return event;
		fed_network_event_release(&event);
	}
}

static void bench_joins(void)
{
	struct fed_error err = {""};
	const double begin = fed_wall_seconds();

	for (int i = 0; i < CLIENTS; i++) {
		const struct fed_network_client it = {
			.endpoint = endpoint, .server = server_keys.open, .keys = &keys[i]};
		or_die(fed_network_connect(&client[i], &it, &err), &err);
	}
	for (int i = 0; i < CLIENTS; i++)
		fed_network_admit(server, await(server, FED_NETWORK_BEGAN).peer);
	printf("{\"bench\":\"network joins\",\"clients\":%d,\"seconds\":%.3f}\n", CLIENTS,
	       fed_wall_seconds() - begin);
}

static void bench_large(bool up)
{
	struct fed_network *from = up ? client[0] : server, *to = up ? server : client[0];
	struct fed_error err = {""};
	char *bytes = malloc(large);
	uint32_t peer = 0;
	struct fed_network_peer known;

	memset(bytes, 1, large);
	while (!up && (!fed_network_peer(server, peer, &known) || strcmp(known.key, keys[0].open) != 0))
		peer++;
	for (int turn = 0; turn < 3; turn++) {
		const double begin = fed_wall_seconds(), work = processor_seconds();
		or_die(fed_network_send(from, peer, bytes, large, 1, &err), &err);
		struct fed_network_event event = await(to, FED_NETWORK_MESSAGE);
		const double seconds = fed_wall_seconds() - begin;
		fed_network_event_release(&event);
		printf("{\"bench\":\"network large\",\"way\":\"%s\",\"megabytes\":%.0f,\"seconds\":%.3f,"
		       "\"megabytes_per_second\":%.0f,\"processor_seconds\":%.3f}\n",
		       up ? "to the server" : "from it", 1e-6 * (double)large, seconds,
		       1e-6 * (double)large / seconds, processor_seconds() - work);
		await(from, FED_NETWORK_DELIVERED);
	}
	free(bytes);
}

/* n clients, which have `ahead` messages in the queue each. */
static void bench_small(int n, int ahead)
{
	struct fed_error err = {""};
	const char bytes[64] = "";
	int sent[CLIENTS] = {0};
	const int each = SMALL / n;

	const double begin = fed_wall_seconds(), work = processor_seconds();
	for (int i = 0; i < n; i++)
		for (; sent[i] < ahead; sent[i]++)
			or_die(fed_network_send(client[i], 0, bytes, sizeof bytes, 1, &err), &err);
	for (int came = 0; came < each * n; came++) {
		struct fed_network_event event = await(server, FED_NETWORK_MESSAGE);
		fed_network_event_release(&event);
		const int i = came % n;
		if (sent[i] < each) {
			sent[i]++;
			or_die(fed_network_send(client[i], 0, bytes, sizeof bytes, 1, &err), &err);
		}
	}
	const double seconds = fed_wall_seconds() - begin;
	printf("{\"bench\":\"network small\",\"clients\":%d,\"messages\":%d,\"seconds\":%.3f,"
	       "\"messages_per_second\":%.0f,\"processor_us_each\":%.1f}\n",
	       n, each * n, seconds, each * n / seconds,
	       1e6 * (processor_seconds() - work) / (each * n));
}

int main(void)
{
	make_keys();
	begin_server();
	bench_joins();
	bench_large(true);
	bench_large(false);
	bench_small(1, 16);
	bench_small(10, 16);
	for (int i = 0; i < CLIENTS; i++)
		fed_network_free(client[i], 0);
	fed_network_free(server, 0);
	return 0;
}
