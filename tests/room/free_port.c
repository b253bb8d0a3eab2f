/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A port that is free, with the next one. */
#include "room/free_port.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/suite.h"

static bool is_free(unsigned port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET,
	                                    .sin_port = htons((uint16_t)port),
	                                    .sin_addr = {htonl(INADDR_LOOPBACK)}};
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	const int rc = bind(fd, (const struct sockaddr *)&address, sizeof address);
	const int listens = rc ? rc : listen(fd, 1);
	close(fd);
	return listens == 0;
}

uint16_t free_port(void)
{
	static unsigned turn;

	for (unsigned i = 0; i < 200; i++) {
		const unsigned port = 20000 + (2 * (unsigned)getpid() + 101 * turn++) % 12000;
		if (is_free(port) && is_free(port + 1))
			return (uint16_t)port;
	}
	ck_abort_msg("no port is free");
	return 0;
}
