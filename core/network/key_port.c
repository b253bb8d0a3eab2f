/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/key_port.c - the port next to a server's, where its public key is told.
 */
#include "network/key_port.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "network/dial.h"

enum {
	BACKLOG = 64,
	AT_ONCE = 16, /* answers a turn of the thread */
};

/* Listening ------------------------------------------------------------------------- */

/* -1 and errno. */
static int listen_at(const struct sockaddr *address, socklen_t size)
{
	const int yes = 1, no = 0;
	const int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof no);
	if (bind(fd, address, size) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	const int error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int listen_everywhere(uint16_t port)
{
	const struct sockaddr_in6 both = {
		.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_ANY_INIT};
	const struct sockaddr_in old = {.sin_family = AF_INET, .sin_port = htons(port)};
	const int fd = listen_at((const struct sockaddr *)&both, sizeof both);

	if (fd >= 0 || errno == EADDRINUSE)
		return fd;
	return listen_at((const struct sockaddr *)&old, sizeof old);
}

static int listen_host(const char *host, uint16_t port)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
	                               .ai_flags = AI_NUMERICSERV | AI_PASSIVE};
	struct addrinfo *all = NULL;
	char text[8];
	int fd = -1;

	snprintf(text, sizeof text, "%u", (unsigned)port);
	errno = EADDRNOTAVAIL;
	if (getaddrinfo(host, text, &hints, &all) == 0 && all)
		fd = listen_at(all->ai_addr, all->ai_addrlen);
	const int error = errno;
	if (all)
		freeaddrinfo(all);
	errno = error;
	return fd;
}

int fed__key_port_open(int *fd, const struct fed__endpoint *endpoint, struct fed_error *err)
{
	const uint16_t port = (uint16_t)(endpoint->port + 1);

	*fd = strcmp(endpoint->host, "*") == 0 ? listen_everywhere(port)
	                                       : listen_host(endpoint->host, port);
	if (*fd >= 0)
		return FED_OK;
	return fed_reject(err, "port %u, at which the key is told: %s; name another port than %u",
	                  (unsigned)port, strerror(errno), (unsigned)endpoint->port);
}

/* Telling ---------------------------------------------------------------------------- */

void fed__key_port_answer(int listener, const char *key)
{
	char line[80];
	const int n = snprintf(line, sizeof line, "fedsh-key 1 %s\n", key);

	for (int i = 0; i < AT_ONCE; i++) {
		const int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		/* An empty queue takes a line; where it does not, the line is not for us to keep. */
		if (send(fd, line, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n)
			shutdown(fd, SHUT_WR);
		close(fd);
	}
}

/* Asking --------------------------------------------------------------------------------- */

int fed_network_ask_key(const char *host, uint16_t port, double timeout, char out[FED_KEY_TEXT],
                        enum fed_network_trouble *trouble, struct fed_error *err)
{
	struct fed__dial *dial;

	*trouble = FED_TROUBLE_NONE;
	out[0] = '\0';
	if (port == 0 || port == UINT16_MAX)
		return fed_reject(err, "the port is %u; it is a number from 1 to %d", (unsigned)port,
		                  UINT16_MAX - 1);
	if (fed__dial_begin(&dial, host, (uint16_t)(port + 1), FED__KEY, timeout, err))
		return FED_FAIL;
	/* A little longer than the dial itself, which says more. */
	fed__dial_wait(dial, timeout + 0.2);
	struct fed__dialled result = {.trouble = FED_TROUBLE_NO_ANSWER,
	                              .text = "the name server does not answer in time"};
	if (fed__dial_is_done(dial))
		result = *fed__dial_result(dial);
	fed__dial_end(dial);
	*trouble = result.trouble;
	if (result.trouble != FED_TROUBLE_NONE)
		return fed_fail(err, "%s, port %u: %s", fed_show(host).s, (unsigned)port + 1, result.text);
	memcpy(out, result.key, FED_KEY_TEXT);
	return FED_OK;
}
