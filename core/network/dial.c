/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/dial.c - one look at a port by plain TCP, in a thread of its own.
 *
 * Its beginner and the thread both hold the dial; the last one frees it.
 */
#include "network/dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/system/thread.h"
#include "network/sockets.h"

enum {
	GREETING_BYTES = 64, /* of ZMTP 3 */
	ANSWER_BYTES = 128,
};
static const char key_line[] = "fedsh-key 1 ";

struct fed__dial {
	char host[FED__HOST_TEXT], port[8];
	enum fed__dial_want want;
	double end;
	int done, stop; /* eventfds: of the thread, to the thread */
	atomic_int holders;
	atomic_bool finished;
	pthread_t thread;
	struct fed__dialled result;
};

static void let_go(struct fed__dial *dial)
{
	if (atomic_fetch_sub(&dial->holders, 1) > 1)
		return;
	close(dial->done);
	close(dial->stop);
	fed_free(dial);
}

static void raise_event(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* Connecting --------------------------------------------------------------------- */

static void set_trouble(struct fed__dial *dial, enum fed_network_trouble trouble, const char *text)
{
	dial->result.trouble = trouble;
	snprintf(dial->result.text, sizeof dial->result.text, "%s", text);
}

/* Wait for the socket; false: the time is over, or the result is not wanted any more. */
static bool await(const struct fed__dial *dial, int fd, short events)
{
	struct pollfd fds[2] = {{fd, events, 0}, {dial->stop, POLLIN, 0}};

	for (;;) {
		const double left = dial->end - fed_wall_seconds();
		const int n = left > 0 ? poll(fds, 2, (int)(1e3 * left) + 1) : 0;
		if (n < 0 && errno == EINTR)
			continue;
		return n > 0 && !fds[1].revents;
	}
}

/* A connected socket; -1 and errno. */
static int connect_one(const struct fed__dial *dial, const struct addrinfo *a)
{
	int error = 0;
	socklen_t size = sizeof error;
	const int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
		return fd;
	if (errno != EINPROGRESS)
		error = errno;
	else if (!await(dial, fd, POLLOUT))
		error = ETIMEDOUT;
	else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size))
		error = errno;
	if (error == 0)
		return fd;
	close(fd);
	errno = error;
	return -1;
}

static void set_connect_trouble(struct fed__dial *dial, int error)
{
	char text[160];

	if (error == ECONNREFUSED) {
		set_trouble(dial, FED_TROUBLE_PORT_SHUT,
		            "the machine answers, and nothing listens at the port");
	} else if (error == ETIMEDOUT) {
		set_trouble(dial, FED_TROUBLE_NO_ANSWER, "nothing answers there");
	} else {
		snprintf(text, sizeof text, "there is no way there (%s)", strerror(error));
		set_trouble(dial, FED_TROUBLE_NO_ROUTE, text);
	}
}

/* What one port says by several addresses: that nothing listens says more than that there is no
 * way. */
static bool says_more(int error, int than)
{
	const int rank[] = {error == ECONNREFUSED ? 2 : error == ETIMEDOUT,
	                    than == ECONNREFUSED ? 2 : than == ETIMEDOUT};

	return than == 0 || rank[0] > rank[1];
}

static int connect_any(struct fed__dial *dial)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	const double whole = dial->end;
	struct addrinfo *all = NULL;
	unsigned left = 0;
	int fd = -1, error = 0;

	if (getaddrinfo(dial->host, dial->port, &hints, &all) || !all) {
		set_trouble(dial, FED_TROUBLE_NO_NAME, "the name has no address");
		return -1;
	}
	for (const struct addrinfo *a = all; a; a = a->ai_next)
		left++;
	for (const struct addrinfo *a = all; a && fd < 0; a = a->ai_next, left--) {
		const double now = fed_wall_seconds();
		dial->end = now + (whole - now) / left; /* its share of the time */
		fd = connect_one(dial, a);
		if (fd < 0 && says_more(errno, error))
			error = errno;
		else if (fd >= 0)
			getnameinfo(a->ai_addr, a->ai_addrlen, dial->result.address,
			            sizeof dial->result.address, NULL, 0, NI_NUMERICHOST);
	}
	dial->end = whole;
	freeaddrinfo(all);
	if (fd < 0)
		set_connect_trouble(dial, error);
	return fd;
}

/* What is said there -------------------------------------------------------------- */

/* Read until there are n bytes, a newline where a key is wanted, or no more. */
static size_t read_answer(const struct fed__dial *dial, int fd, char *bytes, size_t n)
{
	size_t got = 0;

	while (got < n && !(dial->want == FED__KEY && memchr(bytes, '\n', got))) {
		const ssize_t some = recv(fd, bytes + got, n - got, MSG_DONTWAIT);
		if (some > 0)
			got += (size_t)some;
		else if (some == 0 || (errno != EAGAIN && errno != EINTR) || !await(dial, fd, POLLIN))
			break;
	}
	return got;
}

static void judge_greeting(struct fed__dial *dial, const uint8_t *bytes, size_t n)
{
	static const uint8_t mechanism[20] = "CURVE";

	if (n == 0)
		set_trouble(dial, FED_TROUBLE_NO_ANSWER, "a connection is taken there, and nothing comes");
	else if (bytes[0] != 0xff || (n >= 10 && !(bytes[9] & 1)) || (n >= 11 && bytes[10] < 3) ||
	         (n >= 32 && memcmp(bytes + 12, mechanism, sizeof mechanism) != 0))
		set_trouble(dial, FED_TROUBLE_NOT_FEDSH, "another program than fedsh answers there");
	else if (n < GREETING_BYTES)
		set_trouble(dial, FED_TROUBLE_NO_ANSWER, "the connection ended before it began");
}

static void ask_greeting(struct fed__dial *dial, int fd)
{
	uint8_t greeting[GREETING_BYTES] = {0xff, [9] = 0x7f, [10] = 3, [12] = 'C', 'U', 'R', 'V', 'E'};
	uint8_t answer[GREETING_BYTES];

	if (send(fd, greeting, sizeof greeting, MSG_NOSIGNAL | MSG_DONTWAIT) != sizeof greeting) {
		set_trouble(dial, FED_TROUBLE_NO_ANSWER, "the connection ended before it began");
		return;
	}
	judge_greeting(dial, answer, read_answer(dial, fd, (char *)answer, sizeof answer));
}

static void ask_key(struct fed__dial *dial, int fd)
{
	char line[ANSWER_BYTES];
	uint8_t key[32];
	const size_t n = read_answer(dial, fd, line, sizeof line);
	const size_t head = sizeof key_line - 1;

	if (n == 0) {
		set_trouble(dial, FED_TROUBLE_NO_ANSWER, "a connection is taken there, and nothing comes");
		return;
	}
	if (n == head + FED_KEY_TEXT && memcmp(line, key_line, head) == 0 && line[n - 1] == '\n') {
		memcpy(dial->result.key, line + head, FED_KEY_TEXT - 1);
		if (fed__key_bytes(dial->result.key, key))
			return;
	}
	dial->result.key[0] = '\0';
	set_trouble(dial, FED_TROUBLE_NOT_FEDSH, "what answers there does not say a key as fedsh does");
}

static void *run(void *arg)
{
	struct fed__dial *dial = arg;
	const int fd = connect_any(dial);

	if (fd >= 0) {
		if (dial->want == FED__KEY)
			ask_key(dial, fd);
		else
			ask_greeting(dial, fd);
		close(fd);
	}
	atomic_store(&dial->finished, true);
	raise_event(dial->done);
	let_go(dial);
	return NULL;
}

/* Beginning and ending ------------------------------------------------------------- */

int fed__dial_begin(struct fed__dial **out, const char *host, uint16_t port,
                    enum fed__dial_want want, double timeout, struct fed_error *err)
{
	struct fed__dial *dial = fed_alloc(sizeof *dial);

	*out = NULL;
	if (!dial)
		return fed_fail_memory(err, sizeof *dial, "a connection");
	snprintf(dial->host, sizeof dial->host, "%s", host);
	snprintf(dial->port, sizeof dial->port, "%u", (unsigned)port);
	dial->want = want;
	dial->end = fed_wall_seconds() + timeout;
	dial->done = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	dial->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	atomic_init(&dial->holders, 2);
	int error = dial->done < 0 || dial->stop < 0 ? errno : 0;
	if (!error)
		error = fed_thread_start(&dial->thread, run, dial);
	if (error) {
		atomic_store(&dial->holders, 1);
		let_go(dial);
		return fed_fail(err, "no thread to connect with: %s", strerror(error));
	}
	*out = dial;
	return FED_OK;
}

int fed__dial_descriptor(const struct fed__dial *dial)
{
	return dial->done;
}

void fed__dial_wait(const struct fed__dial *dial, double seconds)
{
	const double end = fed_wall_seconds() + seconds;
	struct pollfd done = {dial->done, POLLIN, 0};

	for (;;) {
		const double left = end - fed_wall_seconds();
		const int n = poll(&done, 1, left > 0 ? (int)(1e3 * left) + 1 : 0);
		if (n > 0 || (n == 0 && left <= 0) || (n < 0 && errno != EINTR))
			return;
	}
}

bool fed__dial_is_done(const struct fed__dial *dial)
{
	return atomic_load(&dial->finished);
}

const struct fed__dialled *fed__dial_result(const struct fed__dial *dial)
{
	return &dial->result;
}

/* A thread that waits for a name server cannot be stopped: it is left to itself. */
void fed__dial_end(struct fed__dial *dial)
{
	if (!dial)
		return;
	raise_event(dial->stop);
	fed__dial_wait(dial, 0.2);
	if (fed__dial_is_done(dial))
		pthread_join(dial->thread, NULL);
	else
		pthread_detach(dial->thread);
	let_go(dial);
}
