/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/attach/wire.c - packets between a session and an attached terminal.
 */
#include "tui/attach/wire.h"

#include <string.h>

#include "base/system/local_socket.h"

struct head {
	uint32_t size, kind;
};

void fed__wire_put(struct fed_wire_out *out, enum fed_wire_kind kind, const void *head,
                   size_t head_size, const void *body, size_t body_size)
{
	const struct head h = {(uint32_t)(head_size + body_size), (uint32_t)kind};

	fed_text_put(&out->bytes, (const char *)&h, sizeof h);
	fed_text_put(&out->bytes, head, head_size);
	if (body_size)
		fed_text_put(&out->bytes, body, body_size);
}

bool fed__wire_pends(const struct fed_wire_out *out)
{
	return out->sent < out->bytes.len;
}

bool fed__wire_send(struct fed_wire_out *out, int fd)
{
	if (out->bytes.failed)
		return false;
	if (!fed__wire_pends(out))
		return true;
	const ssize_t n = fed_socket_send(fd, out->bytes.s + out->sent, out->bytes.len - out->sent);
	if (n < 0)
		return false;
	out->sent += (size_t)n;
	if (!fed__wire_pends(out)) {
		fed_text_clear(&out->bytes);
		out->sent = 0;
	}
	return true;
}

void fed__wire_out_release(struct fed_wire_out *out)
{
	fed_text_release(&out->bytes);
	out->sent = 0;
}

int fed__wire_next(const struct fed_text *received, size_t most, struct fed_wire_packet *packet)
{
	struct head h;

	if (received->len < sizeof h)
		return FED_REJECT;
	memcpy(&h, received->s, sizeof h);
	if (h.size > most || h.kind < FED_WIRE_GREETING || h.kind > FED_WIRE_KEY)
		return FED_FAIL;
	if (received->len - sizeof h < h.size)
		return FED_REJECT;
	*packet = (struct fed_wire_packet){(enum fed_wire_kind)h.kind, received->s + sizeof h, h.size};
	return FED_OK;
}

void fed__wire_drop(struct fed_text *received, const struct fed_wire_packet *packet)
{
	const size_t n = sizeof(struct head) + packet->size;

	memmove(received->s, received->s + n, received->len - n + 1);
	received->len -= n;
}
