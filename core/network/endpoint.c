/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * network/endpoint.c - endpoints, "tcp://HOST:PORT".
 */
#include "network/endpoint.h"

#include <string.h>

#include "base/text.h"
#include "network/network.h"

static const char scheme[] = "tcp://";

int fed__endpoint_read(struct fed__endpoint *endpoint, const char *text, struct fed_error *err)
{
	const char *host = text + sizeof scheme - 1;
	const char *colon = strrchr(text, ':');
	long long port;

	*endpoint = (struct fed__endpoint){.port = 0};
	if (strncmp(text, scheme, sizeof scheme - 1) != 0 || !colon || colon < host)
		return fed_reject(err, "%s: is no endpoint; use tcp://HOST:PORT", fed_show(text).s);
	if (strspn(colon + 1, "0123456789") != strlen(colon + 1) || !fed_parse_int(colon + 1, &port) ||
	    port < 1 || port > UINT16_MAX - 1)
		return fed_reject(err, "%s: the port is %s; it is a number from 1 to %d", fed_show(text).s,
		                  fed_show(colon + 1).s, UINT16_MAX - 1);
	size_t n = (size_t)(colon - host);
	const bool brackets = n >= 2 && host[0] == '[' && host[n - 1] == ']';
	if (brackets) {
		host++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof endpoint->host || strcspn(host, "/ \t") < n ||
	    (!brackets && memchr(host, ':', n)))
		return fed_reject(err,
		                  "%s: names no host; use tcp://HOST:PORT, an IPv6 address in brackets",
		                  fed_show(text).s);
	memcpy(endpoint->host, host, n);
	endpoint->port = (uint16_t)port;
	return FED_OK;
}

void fed__endpoint_write(const char *host, uint16_t port, char out[FED__ENDPOINT_TEXT])
{
	snprintf(out, FED__ENDPOINT_TEXT, "%s%s", scheme, fed_network_host_port(host, port).s);
}

struct fed_host_port fed_network_host_port(const char *host, uint16_t port)
{
	const char *const fmt = strchr(host, ':') ? "[%.255s]:%u" : "%.255s:%u";
	struct fed_host_port text;

	snprintf(text.s, sizeof text.s, fmt, host, (unsigned)port);
	return text;
}
