/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A TCP proxy on loopback with a latency, a rate, cuts and resets. */
#include "support/proxy.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cpu.h"

enum {
	CONNECTIONS = 256,
	SEGMENT = 16 << 10,
	QUEUE_LEAST = 64 << 10, /* bytes that are on the way in a direction at least */
	QUEUE_MOST = 4 << 20,
	BUFFER = 64 << 10, /* of the kernel, for each socket */
	LISTENERS = 2,
};

struct segment {
	struct segment *next;
	double due;
	size_t n, sent;
	uint8_t bytes[SEGMENT];
};
/* From one socket to another. */
struct lane {
	int from, to;
	struct segment *first, *last;
	size_t queued;
	bool ended, told; /* `from` ended; `to` was told */
};
struct connection {
	bool open, forgotten;
	struct lane lane[2]; /* to the port, back */
};

struct fed_proxy {
	pthread_t thread;
	uint16_t own, port;
	int listener[LISTENERS], wake[2];
	pthread_mutex_t lock; /* of what follows */
	bool ends, cut, reset, forget;
	double next_latency, next_rate;
	/* The thread's: */
	double latency, rate;
	struct connection connection[CONNECTIONS];
	double free_at[2];
	double now;
	atomic_uint connections;
	atomic_ullong bytes[2];
};

/* Sockets ------------------------------------------------------------------------------ */

static struct sockaddr_in loopback(unsigned port)
{
	return (struct sockaddr_in){.sin_family = AF_INET,
	                            .sin_port = htons((uint16_t)port),
	                            .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* With buffers of the kernel that hide no slow network. */
static int make_socket(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int size = BUFFER;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	return fd;
}

static int listen_at(unsigned port)
{
	const struct sockaddr_in address = loopback(port);
	const int fd = make_socket(), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 64) == 0)
		return fd;
	close(fd);
	return -1;
}

static void close_with_reset(int fd)
{
	const struct linger now = {.l_onoff = 1};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(fd);
}

/* Connections --------------------------------------------------------------------------- */

static void end_connection(struct connection *c, bool reset)
{
	for (int i = 0; i < 2; i++) {
		while (c->lane[i].first) {
			struct segment *segment = c->lane[i].first;
			c->lane[i].first = segment->next;
			free(segment);
		}
		if (reset)
			close_with_reset(c->lane[i].from);
		else
			close(c->lane[i].from);
	}
	*c = (struct connection){.open = false};
}

static void accept_one(struct fed_proxy *proxy, unsigned listener)
{
	const struct sockaddr_in address = loopback(proxy->port + listener);
	const int near = accept4(proxy->listener[listener], NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *c = proxy->connection;

	if (near < 0)
		return;
	while (c < proxy->connection + CONNECTIONS && c->open)
		c++;
	const int far = make_socket();
	if (c == proxy->connection + CONNECTIONS ||
	    (connect(far, (const struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS)) {
		close_with_reset(near);
		close(far);
		return;
	}
	*c = (struct connection){.open = true, .lane = {{near, far}, {far, near}}};
	atomic_fetch_add(&proxy->connections, 1);
}

static size_t queue_most(const struct fed_proxy *proxy)
{
	const double on_wire = QUEUE_LEAST + 2 * proxy->latency * proxy->rate;

	return proxy->rate > 0 && on_wire < QUEUE_MOST ? (size_t)on_wire : QUEUE_MOST;
}

/* False: the connection is over. */
static bool read_lane(struct fed_proxy *proxy, struct lane *lane, int way)
{
	while (!lane->ended && lane->queued < queue_most(proxy)) {
		struct segment *segment = malloc(sizeof *segment);
		const ssize_t n = read(lane->from, segment->bytes, SEGMENT);
		if (n <= 0) {
			free(segment);
			lane->ended = n == 0;
			return n == 0 || errno == EAGAIN || errno == ENOTCONN || errno == EINTR;
		}
		*(struct segment **)(lane->last ? (void *)&lane->last->next : (void *)&lane->first) =
			segment;
		lane->last = segment;
		segment->next = NULL;
		segment->n = (size_t)n;
		segment->sent = 0;
		double *free_at = &proxy->free_at[way];
		*free_at = *free_at > proxy->now ? *free_at : proxy->now;
		*free_at += proxy->rate > 0 ? (double)n / proxy->rate : 0;
		segment->due = *free_at + proxy->latency;
		lane->queued += (size_t)n;
	}
	return true;
}

static bool write_lane(struct fed_proxy *proxy, struct lane *lane, int way)
{
	while (lane->first && lane->first->due <= proxy->now) {
		struct segment *segment = lane->first;
		const ssize_t n = send(lane->to, segment->bytes + segment->sent, segment->n - segment->sent,
		                       MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN || errno == ENOTCONN || errno == EINTR;
		atomic_fetch_add(&proxy->bytes[way], (unsigned long long)n);
		segment->sent += (size_t)n;
		if (segment->sent < segment->n)
			return true;
		lane->queued -= segment->n;
		lane->first = segment->next;
		if (!lane->first)
			lane->last = NULL;
		free(segment);
	}
	if (lane->ended && !lane->first && !lane->told) {
		shutdown(lane->to, SHUT_WR);
		lane->told = true;
	}
	return true;
}

/* The thread ------------------------------------------------------------------------------ */

static void pass(struct fed_proxy *proxy)
{
	for (unsigned i = 0; i < CONNECTIONS; i++) {
		struct connection *c = &proxy->connection[i];
		if (!c->open || c->forgotten)
			continue;
		bool fine = true;
		for (int way = 0; way < 2 && fine; way++)
			fine = read_lane(proxy, &c->lane[way], way) && write_lane(proxy, &c->lane[way], way);
		if (!fine || (c->lane[0].told && c->lane[1].told))
			end_connection(c, !fine);
	}
}

/* Wait until something may pass, or a millisecond where time decides. */
static void wait(struct fed_proxy *proxy, bool cut)
{
	struct pollfd fds[1 + LISTENERS + 2 * CONNECTIONS] = {{proxy->wake[0], POLLIN, 0}};
	nfds_t n = 1;
	int timeout = -1;

	for (unsigned i = 0; i < LISTENERS && !cut; i++)
		fds[n++] = (struct pollfd){proxy->listener[i], POLLIN, 0};
	for (unsigned i = 0; i < CONNECTIONS && !cut; i++) {
		const struct connection *c = &proxy->connection[i];
		if (!c->open || c->forgotten)
			continue;
		for (int way = 0; way < 2; way++) {
			const struct lane *lane = &c->lane[way];
			if (lane->first)
				timeout = 1;
			if (!lane->ended && lane->queued < queue_most(proxy))
				fds[n++] = (struct pollfd){lane->from, POLLIN, 0};
		}
	}
	poll(fds, n, timeout);
	char bytes[64];
	while (read(proxy->wake[0], bytes, sizeof bytes) > 0)
		;
}

static void *run(void *arg)
{
	struct fed_proxy *proxy = arg;

	for (;;) {
		pthread_mutex_lock(&proxy->lock);
		const bool ends = proxy->ends, cut = proxy->cut, reset = proxy->reset;
		for (unsigned i = 0; proxy->forget && i < CONNECTIONS; i++)
			proxy->connection[i].forgotten = proxy->connection[i].open;
		proxy->reset = proxy->forget = false;
		proxy->latency = proxy->next_latency;
		proxy->rate = proxy->next_rate;
		proxy->now = fed_wall_seconds();
		for (unsigned i = 0; (ends || reset) && i < CONNECTIONS; i++)
			if (proxy->connection[i].open)
				end_connection(&proxy->connection[i], true);
		if (!ends && !cut) {
			for (unsigned i = 0; i < LISTENERS; i++)
				accept_one(proxy, i);
			pass(proxy);
		}
		pthread_mutex_unlock(&proxy->lock);
		if (ends)
			return NULL;
		wait(proxy, cut);
	}
}

/* For tests ---------------------------------------------------------------------------------- */

struct fed_proxy *fed_proxy_new(uint16_t port)
{
	struct fed_proxy *proxy = calloc(1, sizeof *proxy);

	proxy->port = port;
	pthread_mutex_init(&proxy->lock, NULL);
	ck_assert_int_eq(pipe2(proxy->wake, O_CLOEXEC | O_NONBLOCK), 0);
	for (unsigned turn = 0; turn < 200; turn++) {
		proxy->own = (uint16_t)(42000 + (2 * (unsigned)getpid() + 107 * turn) % 18000);
		proxy->listener[0] = listen_at(proxy->own);
		proxy->listener[1] = listen_at(proxy->own + 1u);
		if (proxy->listener[0] >= 0 && proxy->listener[1] >= 0)
			break;
		for (unsigned i = 0; i < LISTENERS; i++)
			if (proxy->listener[i] >= 0)
				close(proxy->listener[i]);
		proxy->own = 0;
	}
	ck_assert_msg(proxy->own != 0, "no port is free");
	ck_assert_int_eq(pthread_create(&proxy->thread, NULL, run, proxy), 0);
	return proxy;
}

static void wake(struct fed_proxy *proxy)
{
	pthread_mutex_unlock(&proxy->lock);
	ck_assert_int_eq(write(proxy->wake[1], "", 1), 1);
}

void fed_proxy_free(struct fed_proxy *proxy)
{
	if (!proxy)
		return;
	pthread_mutex_lock(&proxy->lock);
	proxy->ends = true;
	wake(proxy);
	pthread_join(proxy->thread, NULL);
	for (unsigned i = 0; i < LISTENERS; i++)
		close(proxy->listener[i]);
	close(proxy->wake[0]);
	close(proxy->wake[1]);
	pthread_mutex_destroy(&proxy->lock);
	free(proxy);
}

uint16_t fed_proxy_port(const struct fed_proxy *proxy)
{
	return proxy->own;
}

void fed_proxy_set(struct fed_proxy *proxy, double latency, double rate)
{
	pthread_mutex_lock(&proxy->lock);
	proxy->next_latency = latency;
	proxy->next_rate = rate;
	wake(proxy);
}

void fed_proxy_cut(struct fed_proxy *proxy, bool out)
{
	pthread_mutex_lock(&proxy->lock);
	proxy->cut = out;
	wake(proxy);
}

void fed_proxy_forget(struct fed_proxy *proxy)
{
	pthread_mutex_lock(&proxy->lock);
	proxy->forget = true;
	wake(proxy);
}

void fed_proxy_reset(struct fed_proxy *proxy)
{
	pthread_mutex_lock(&proxy->lock);
	proxy->reset = true;
	wake(proxy);
}

unsigned fed_proxy_connections(const struct fed_proxy *proxy)
{
	return atomic_load(&proxy->connections);
}

uint64_t fed_proxy_bytes(const struct fed_proxy *proxy, bool back)
{
	return atomic_load(&proxy->bytes[back]);
}
