/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/packet.c - packets over a stream socket: u32 length, u32 kind, values.
 */
#include "plug/guard/packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cpu.h"

#define HEAD (2 * sizeof(uint32_t))
#define MOMENT 50e-6 /* seconds: about what it takes to wake the other end */
enum { MISSES_MOST = 6 };

/* Writing ---------------------------------------------------------------- */

void fed_packet_clear(struct fed_packet *p, uint32_t kind)
{
	const uint32_t head[2] = {0, kind};

	fed_text_clear(&p->bytes);
	fed_put(p, head, sizeof head);
}

void fed_packet_release(struct fed_packet *p)
{
	fed_text_release(&p->bytes);
}

void fed_put(struct fed_packet *p, const void *value, size_t bytes)
{
	if (bytes)
		fed_text_put(&p->bytes, value, bytes);
}

void fed_put_number(struct fed_packet *p, uint64_t n)
{
	FED_PUT(p, n);
}

void fed_put_text(struct fed_packet *p, const char *s)
{
	/* one more than the length with its NUL; 0: NULL */
	fed_put_number(p, s ? strlen(s) + 1 : 0);
	if (s)
		fed_put(p, s, strlen(s) + 1);
}

int fed_packet_send(const struct fed_packet *p, int socket)
{
	const size_t n = p->bytes.len;
	const uint32_t length = (uint32_t)n;

	if (p->bytes.failed)
		return ENOMEM;
	if (n > UINT32_MAX)
		return EMSGSIZE;
	memcpy(p->bytes.s, &length, sizeof length);
	for (size_t at = 0; at < n;) {
		const ssize_t done = send(socket, p->bytes.s + at, n - at, MSG_NOSIGNAL);

		if (done < 0 && errno != EINTR)
			return errno;
		at += done > 0 ? (size_t)done : 0;
	}
	return 0;
}

/* Reading ---------------------------------------------------------------- */

const void *fed_get_bytes(struct fed_packet_reader *r, size_t bytes)
{
	const char *at = r->at;

	if (r->short_ || bytes > (size_t)(r->end - at)) {
		r->short_ = true;
		return NULL;
	}
	r->at += bytes;
	return at;
}

void fed_get(struct fed_packet_reader *r, void *value, size_t bytes)
{
	const void *at = fed_get_bytes(r, bytes);

	if (!bytes)
		return;
	if (at)
		memcpy(value, at, bytes);
	else
		memset(value, 0, bytes);
}

uint64_t fed_get_number(struct fed_packet_reader *r)
{
	uint64_t n;

	FED_GET(r, n);
	return n;
}

const char *fed_get_text(struct fed_packet_reader *r)
{
	const uint64_t n = fed_get_number(r);
	const char *s = n ? fed_get_bytes(r, n) : NULL;

	if (s && s[n - 1] != '\0') {
		r->short_ = true;
		return NULL;
	}
	return s;
}

struct fed_packet_reader fed_packet_open(const char *bytes, size_t n)
{
	struct fed_packet_reader r = {.at = bytes + HEAD, .end = bytes + n};
	uint32_t head[2];

	if (n < HEAD)
		return (struct fed_packet_reader){.short_ = true};
	memcpy(head, bytes, sizeof head);
	r.kind = head[1];
	return r;
}

static int receive(int socket, char *out, size_t n, const struct fed_packet_patience *patience)
{
	for (size_t at = 0; at < n;) {
		const ssize_t got = recv(socket, out + at, n - at, patience ? MSG_DONTWAIT : 0);

		if (got == 0)
			return ECONNRESET;
		if (got < 0 && patience && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (!patience->wait(patience->ctx))
				return ETIMEDOUT;
			continue;
		}
		if (got < 0 && errno != EINTR)
			return errno;
		at += got > 0 ? (size_t)got : 0;
	}
	return 0;
}

int fed_packet_receive(int socket, struct fed_text *bytes, size_t most,
                       const struct fed_packet_patience *patience, struct fed_packet_reader *r)
{
	uint32_t head[2];
	int why = receive(socket, (char *)head, sizeof head, patience);

	*r = (struct fed_packet_reader){0};
	if (why)
		return why;
	if (head[0] < HEAD || head[0] - HEAD > most)
		return EMSGSIZE;
	const size_t n = head[0] - HEAD;
	fed_text_clear(bytes);
	char *s = fed_text_reserve(bytes, n);
	if (!s)
		return ENOMEM;
	why = receive(socket, s, n, patience);
	if (why)
		return why;
	bytes->len = n;
	*r = (struct fed_packet_reader){.kind = head[1], .at = s, .end = s + n};
	return 0;
}

bool fed_packet_comes(int socket, struct fed_packet_wait *w)
{
	char first;

	if (w->rest > 0) {
		w->rest--;
		return false;
	}
	for (const double until = fed_wall_seconds() + MOMENT; fed_wall_seconds() < until;) {
		if (recv(socket, &first, 1, MSG_PEEK | MSG_DONTWAIT) >= 0) {
			w->misses = 0;
			return true;
		}
	}
	w->misses += w->misses < MISSES_MOST;
	w->rest = (1u << w->misses) - 1;
	return false;
}
