/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/relay.c - rank 0 of the workers' job: passes messages between them and a shell.
 */
#include <poll.h>
#include <string.h>

#include "base/system/local_socket.h"
#include "base/mem.h"
#include "cluster/frames.h"
#include "cluster/mpi/table.h"
#include "cluster/protocol.h"

enum { AT_ONCE = 64 };

/* Messages of ranks, to the shell. */
static int pass_up(struct fed_rank_link *link, struct fed_frames *f, bool *moved,
                   struct fed_error *err)
{
	int from = 0;

	for (int i = 0; i < AT_ONCE; i++) {
		struct fed_text text = {0};

		if (link->row->poll(link, &from, &text, err) || fed__link_rest(link, &text, err)) {
			fed_text_release(&text);
			return FED_FAIL;
		}
		if (from < 0)
			return FED_OK;
		*moved = true;
		struct fed_bytes *b = fed__bytes_new(&text);
		if (!b)
			return fed_fail_memory(err, text.len, "a message");
		if (fed__frames_send(f, (uint32_t)from, b, err))
			return FED_FAIL;
	}
	return FED_OK;
}

/* Messages of the shell, to ranks; FED_REJECT: it has ended. */
static int pass_down(struct fed_rank_link *link, struct fed_frames *f, bool *moved,
                     struct fed_error *err)
{
	struct fed_error gone;
	int to = 0;

	for (int i = 0; i < AT_ONCE; i++) {
		struct fed_text text = {0};

		if (fed__frames_poll(f, &to, &text, &gone)) {
			fed_text_release(&text);
			return FED_REJECT;
		}
		*moved |= f->moved;
		if (to < 0)
			return FED_OK;
		struct fed_bytes *b = fed__bytes_new(&text);
		if (!b)
			return fed_fail_memory(err, text.len, "a message");
		if (to > 0 && to < link->ranks && link->row->send(link, to, b, err))
			return FED_FAIL;
	}
	return FED_OK;
}

/* Wait for the socket; the ranks are looked at again after the pause. */
static void rest(const struct fed_frames *f, double seconds)
{
	struct pollfd p = {.fd = f->fd, .events = POLLIN};
	const struct timespec t = {.tv_nsec = (long)(seconds * 1e9)};

	if (!fed__frames_idle(f))
		p.events |= POLLOUT;
	(void)ppoll(&p, 1, &t, NULL);
}

static int greet(const struct fed_rank_link *link, struct fed_frames *f, struct fed_error *err)
{
	const struct fed_mpi_place place = {0, link->ranks, link->on_node};
	struct fed_packet p = {0};

	fed_packet_clear(&p, FED_RANK_RELAY);
	FED_PUT(&p, place);
	fed_put_text(&p, link->name);
	struct fed_bytes *b = fed__bytes_new(&p.bytes);
	return b ? fed__frames_send(f, 0, b, err) : fed_fail_memory(err, sizeof place, "a message");
}

/* The shell has gone, and may not have said so: send all home. */
static void send_home(struct fed_rank_link *link)
{
	struct fed_error unused;

	for (int i = 1; i < link->ranks; i++) {
		struct fed_packet p = {0};

		fed_packet_clear(&p, FED_RANK_LEAVE);
		fed_put_number(&p, 0);
		fed__send_packet(link, i, &p, &unused);
	}
}

int fed__relay(struct fed_rank_link *link, const char *socket, struct fed_error *err)
{
	struct fed_frames f;
	struct fed_link_pause pause = {0};
	int fd;

	if (fed_socket_connect(&fd, socket, err))
		return FED_FAIL;
	fed__frames_init(&f, fd);
	int rc = greet(link, &f, err);
	while (rc == FED_OK) {
		bool moved = false;

		rc = pass_up(link, &f, &moved, err);
		if (rc == FED_OK)
			rc = pass_down(link, &f, &moved, err);
		const double seconds = fed__link_pause(&pause, moved, FED_WAIT_IDLE);
		if (!moved && rc == FED_OK)
			rest(&f, seconds);
	}
	fed__frames_release(&f);
	if (rc != FED_REJECT)
		return FED_FAIL;
	send_home(link);
	return FED_OK;
}
