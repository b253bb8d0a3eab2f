/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/frames.c - messages of ranks over a local socket.
 */
#include "cluster/frames.h"

#include <string.h>
#include <unistd.h>

#include "base/system/local_socket.h"
#include "base/mem.h"

enum { READ_MOST = 4 << 20 }; /* bytes at once */

void fed__frames_init(struct fed_frames *f, int fd)
{
	*f = (struct fed_frames){.fd = fd};
	f->last = &f->first;
}

static void drop_first(struct fed_frames *f)
{
	struct fed_frame_out *o = f->first;

	f->first = o->next;
	if (!f->first)
		f->last = &f->first;
	fed__bytes_unref(o->bytes);
	fed_free(o);
}

void fed__frames_release(struct fed_frames *f)
{
	while (f->first)
		drop_first(f);
	fed_text_release(&f->in);
	close(f->fd);
}

/* Where the rest of a message begins, and bytes that lie there together. */
static const char *unsent(const struct fed_frame_out *o, size_t *most)
{
	const struct fed_bytes *b = o->bytes;
	size_t at = o->sent;

	if (at < sizeof o->head) {
		*most = sizeof o->head - at;
		return (const char *)&o->head + at;
	}
	at -= sizeof o->head;
	if (at < b->text.len || !b->body) {
		*most = b->text.len - at;
		return b->text.s + at;
	}
	at -= b->text.len;
	const size_t bytes = b->body->dim * sizeof(float), k = at / bytes;
	*most = bytes - at % bytes;
	return (const char *)b->body->vector[b->first + k] + at % bytes;
}

/* Send what the socket takes; false: the other end is gone. */
static bool flush(struct fed_frames *f)
{
	struct fed_frame_out *o;

	while ((o = f->first)) {
		size_t most;
		const char *from = unsent(o, &most);
		const ssize_t n = fed_socket_send(f->fd, from, most);

		if (n < 0)
			return false;
		o->sent += (size_t)n;
		f->moved |= n > 0;
		if (o->sent == sizeof o->head + o->head.length)
			drop_first(f);
		else if (n == 0)
			return true;
	}
	return true;
}

static int gone(struct fed_error *err)
{
	return fed_fail(err, "the connection has ended");
}

int fed__frames_send(struct fed_frames *f, uint32_t rank, struct fed_bytes *b,
                     struct fed_error *err)
{
	struct fed_frame_out *o = fed_alloc(sizeof *o);

	if (!o) {
		fed__bytes_unref(b);
		return fed_fail_memory(err, sizeof *o, "a message");
	}
	o->head = (struct fed_frame_head){.rank = rank, .length = fed__bytes_length(b)};
	o->bytes = b;
	*f->last = o;
	f->last = &o->next;
	return flush(f) ? FED_OK : gone(err);
}

/* Take a whole message off what was read. */
static int take(struct fed_frames *f, int *rank, struct fed_text *out, struct fed_error *err)
{
	struct fed_frame_head head;
	const size_t there = f->in.len - f->taken;

	if (there < sizeof head)
		return FED_OK;
	memcpy(&head, f->in.s + f->taken, sizeof head);
	if (there - sizeof head < head.length) {
		/* the rest is to come: its place is made now, not doubling by doubling */
		if (f->taken) {
			memmove(f->in.s, f->in.s + f->taken, there);
			f->in.len = there;
			f->taken = 0;
		}
		if (!fed_text_reserve(&f->in, head.length + sizeof head - there))
			return fed_fail_memory(err, head.length, "a message");
		return FED_OK;
	}
	fed_text_clear(out);
	fed_text_put(out, f->in.s + f->taken + sizeof head, head.length);
	if (out->failed)
		return fed_fail_memory(err, head.length, "a message");
	*rank = (int)head.rank;
	f->taken += sizeof head + head.length;
	if (f->taken == f->in.len) {
		fed_text_clear(&f->in);
		f->taken = 0;
	}
	return FED_OK;
}

int fed__frames_poll(struct fed_frames *f, int *rank, struct fed_text *out, struct fed_error *err)
{
	*rank = -1;
	f->moved = false;
	if (!flush(f))
		return gone(err);
	if (take(f, rank, out, err) || *rank >= 0)
		return *rank >= 0 ? FED_OK : FED_FAIL;
	const size_t before = f->in.len;
	if (!fed_socket_receive(f->fd, &f->in, READ_MOST))
		return gone(err);
	f->moved |= f->in.len > before;
	return take(f, rank, out, err);
}

bool fed__frames_idle(const struct fed_frames *f)
{
	return !f->first;
}
