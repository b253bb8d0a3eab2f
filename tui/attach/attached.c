/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/attach/attached.c - the session's side of attached terminals. */
#include "tui/attach/attached.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/system/local_socket.h"
#include "base/mem.h"
#include "session/composition.h"
#include "tui/app.h"
#include "tui/attach/wire.h"

#define FRAME_LEAST 0.05 /* seconds between two frames; while a run waits for them at least ... */
#define FRAME_SHARE 100  /* ... so many times what one costs */
enum {
	TERMINALS_MOST = 8,
	RECEIVED_MOST = 1 << 16, /* bytes that wait for the session */
	COLUMNS_MOST = 1000,
	ROWS_MOST = 500
};

struct onlooker {
	int fd; /* -1: none */
	bool greeted, opened, leaving;
	struct fed_text received;
	struct fed_wire_out out;
	bool waits; /* epoll waits for room to send, too */
	struct fed_app app;
	struct fed_wire_size size;
	bool dirty, clear;
	int theme;          /* of the last frame */
	double shown, cost; /* wall seconds of the last frame, and what it took */
};

struct fed_attached {
	struct fed_session *session;
	const struct fed_travel *travel;
	const struct fed_room_source *room;
	const int *theme;
	int listener, poller;
	struct fed_text path;
	struct onlooker onlooker[TERMINALS_MOST];
};

/* Coming and going -------------------------------------------------------------- */

static void add_descriptor(struct fed_attached *a, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	epoll_ctl(a->poller, EPOLL_CTL_ADD, fd, &event);
}

static void drop(struct onlooker *o)
{
	if (o->fd < 0)
		return;
	close(o->fd); /* epoll forgets it */
	if (o->opened)
		fed__app_release(&o->app);
	fed_text_release(&o->received);
	fed__wire_out_release(&o->out);
	*o = (struct onlooker){.fd = -1};
}

/* Say why, and leave when that is sent. */
static void end(struct onlooker *o, const char *why)
{
	if (!o->leaving)
		fed__wire_put(&o->out, FED_WIRE_END, why, strlen(why), NULL, 0);
	o->leaving = true;
}

static void refuse_one_more(int fd)
{
	static const char why[] = "as many terminals are attached as can be";
	struct fed_wire_out out = {.sent = 0};

	fed__wire_put(&out, FED_WIRE_END, why, sizeof why - 1, NULL, 0);
	fed__wire_send(&out, fd);
	fed__wire_out_release(&out);
	close(fd);
}

static void take_connections(struct fed_attached *a)
{
	for (int fd; (fd = fed_socket_accept(a->listener)) >= 0;) {
		size_t i = 0;

		while (i < TERMINALS_MOST && a->onlooker[i].fd >= 0)
			i++;
		if (i == TERMINALS_MOST) {
			refuse_one_more(fd);
			continue;
		}
		a->onlooker[i] = (struct onlooker){.fd = fd};
		add_descriptor(a, fd);
	}
}

static void send_more(struct fed_attached *a, struct onlooker *o)
{
	if (!fed__wire_send(&o->out, o->fd) || (o->leaving && !fed__wire_pends(&o->out))) {
		drop(o);
		return;
	}
	const bool waits = fed__wire_pends(&o->out);
	struct epoll_event event = {.events = waits ? EPOLLIN | EPOLLOUT : EPOLLIN};
	if (waits != o->waits)
		epoll_ctl(a->poller, EPOLL_CTL_MOD, o->fd, &event);
	o->waits = waits;
}

/* Packets ------------------------------------------------------------------------ */

static void greet(struct fed_attached *a, struct onlooker *o)
{
	const struct fed_composition *parts = fed_session_parts(a->session);
	const uint32_t version = FED_WIRE_VERSION;
	struct fed_text text = {0};

	fed_text_add(&text, "%u client%s, version %s", parts->clients.n_present,
	             parts->clients.n_present == 1 ? "" : "s",
	             fed_count((double)fed_session_version(a->session)).s);
	fed__wire_put(&o->out, FED_WIRE_GREETING, &version, sizeof version, fed_text_str(&text),
	              text.len);
	fed_text_release(&text);
	o->greeted = true;
}

static void refuse_command(void *ctx, const char *line)
{
	struct onlooker *o = ctx;

	(void)line;
	fed__app_refuse(&o->app);
}

static void take_size(struct onlooker *o, struct fed_wire_size size)
{
	o->size.columns = size.columns < 1              ? 1
	                  : size.columns < COLUMNS_MOST ? size.columns
	                                                : COLUMNS_MOST;
	o->size.rows = size.rows < 1 ? 1 : size.rows < ROWS_MOST ? size.rows : ROWS_MOST;
	o->dirty = true;
}

static void take_hello(struct fed_attached *a, struct onlooker *o, struct fed_wire_hello hello)
{
	struct fed_error err;

	hello.view[sizeof hello.view - 1] = 0;
	if (o->opened)
		return;
	if (hello.version != FED_WIRE_VERSION || hello.cell != sizeof(struct fed_cell)) {
		end(o, "the session runs another version of fedsh");
		return;
	}
	o->app.watched = (struct fed_watched){.session = a->session,
	                                      .travel = a->travel,
	                                      .room = a->room,
	                                      .utf8 = hello.utf8,
	                                      .tints = hello.tints,
	                                      .command = refuse_command,
	                                      .ctx = o};
	o->app.onlooker = o->app.readonly = true;
	o->opened = true;
	take_size(o, hello.size);
	if (fed__app_init(&o->app, *hello.view ? hello.view : NULL, &err))
		end(o, err.text);
}

static void take_key(struct onlooker *o, const struct fed_press *key)
{
	const enum fed_app_action action = fed__app_press(&o->app, key);

	if (action == FED_APP_ACTION_LEAVE)
		end(o, "");
	o->clear |= action == FED_APP_ACTION_REDRAW;
	o->dirty = true;
}

static void take_packet(struct fed_attached *a, struct onlooker *o, const struct fed_wire_packet *p)
{
	union {
		struct fed_wire_hello hello;
		struct fed_wire_size size;
		struct fed_press key;
	} body;
	const size_t size = p->kind == FED_WIRE_HELLO  ? sizeof body.hello
	                    : p->kind == FED_WIRE_SIZE ? sizeof body.size
	                    : p->kind == FED_WIRE_KEY  ? sizeof body.key
	                                               : SIZE_MAX;

	if (p->size != size || (p->kind != FED_WIRE_HELLO && !o->opened)) {
		end(o, "the session runs another version of fedsh");
		return;
	}
	memcpy(&body, p->payload, size);
	if (p->kind == FED_WIRE_HELLO)
		take_hello(a, o, body.hello);
	else if (p->kind == FED_WIRE_SIZE)
		take_size(o, body.size);
	else
		take_key(o, &body.key);
}

static void take_packets(struct fed_attached *a, struct onlooker *o)
{
	struct fed_wire_packet packet;
	int rc = FED_OK;

	while (!o->leaving &&
	       (rc = fed__wire_next(&o->received, FED_WIRE_KEY_MOST, &packet)) == FED_OK) {
		take_packet(a, o, &packet);
		fed__wire_drop(&o->received, &packet);
	}
	if (rc == FED_FAIL)
		end(o, "the session runs another version of fedsh");
}

/* Frames --------------------------------------------------------------------------- */

static bool is_due(const struct onlooker *o, bool busy)
{
	const double pause = fmax(FRAME_LEAST, busy ? FRAME_SHARE * o->cost : 0);

	return o->opened && !o->leaving && !fed__wire_pends(&o->out) &&
	       fed_wall_seconds() >= o->shown + (o->dirty ? FRAME_LEAST : pause);
}

static void put_frame(struct onlooker *o)
{
	const struct fed_canvas *canvas = &o->app.whole;
	const size_t cells = (size_t)canvas->columns * (size_t)canvas->rows;
	const struct fed_wire_frame frame = {.columns = canvas->columns,
	                                     .rows = canvas->rows,
	                                     .cursor = o->app.cursor,
	                                     .theme = o->theme,
	                                     .mouse = o->app.mouse,
	                                     .clear = o->clear};

	fed__wire_put(&o->out, FED_WIRE_FRAME, &frame, sizeof frame, canvas->cell,
	              cells * sizeof *canvas->cell);
	o->clear = false;
}

static void show_frame(struct onlooker *o, bool busy)
{
	const struct fed_runner_state now = {.busy = busy};
	const double began = fed_wall_seconds();
	struct fed_error err;

	o->app.now = now;
	o->app.watched.busy = busy;
	fed__app_notify_version(&o->app);
	if (!is_due(o, busy))
		return;
	o->shown = began;
	if (!o->dirty && !fed__app_is_changed(&o->app, &now))
		return;
	o->dirty = false;
	if (fed__app_paint(&o->app, &now, true, o->size.columns, o->size.rows, &err)) {
		end(o, err.text);
		return;
	}
	put_frame(o);
	o->cost = fed_wall_seconds() - began;
}

bool fed_attached_read(struct fed_attached *a, bool busy)
{
	struct fed_wire_packet packet;
	bool due = false;

	take_connections(a);
	for (size_t i = 0; i < TERMINALS_MOST; i++) {
		struct onlooker *o = &a->onlooker[i];

		if (o->fd < 0)
			continue;
		send_more(a, o);
		o->dirty |= o->theme != *a->theme;
		o->theme = *a->theme;
		if (o->fd >= 0 && o->received.len < RECEIVED_MOST &&
		    (!fed_socket_receive(o->fd, &o->received, RECEIVED_MOST - o->received.len) ||
		     o->received.failed))
			drop(o);
		due |=
			o->fd >= 0 && (!o->greeted || is_due(o, busy) ||
		                   fed__wire_next(&o->received, FED_WIRE_KEY_MOST, &packet) != FED_REJECT);
	}
	return due;
}

void fed_attached_show(struct fed_attached *a, bool busy)
{
	for (size_t i = 0; i < TERMINALS_MOST; i++) {
		struct onlooker *o = &a->onlooker[i];

		if (o->fd < 0)
			continue;
		if (!o->greeted)
			greet(a, o);
		take_packets(a, o);
		if (o->opened && !o->leaving)
			show_frame(o, busy);
		send_more(a, o);
	}
}

bool fed_attached_awaits_version(const struct fed_attached *a)
{
	for (size_t i = 0; i < TERMINALS_MOST; i++) {
		const struct onlooker *o = &a->onlooker[i];

		if (o->fd >= 0 && o->opened && !o->leaving && is_due(o, true) &&
		    fed__app_awaits_versions(&o->app))
			return true;
	}
	return false;
}

/* Life ------------------------------------------------------------------------------- */

int fed_attached_new(struct fed_attached **out, struct fed_session *session,
                     const struct fed_travel *travel, const struct fed_room_source *room,
                     const int *theme, struct fed_error *err)
{
	struct fed_attached *a = fed_alloc(sizeof *a);

	if (!a)
		return fed_fail_memory(err, sizeof *a, "attached terminals");
	a->session = session;
	a->travel = travel;
	a->room = room;
	a->theme = theme;
	a->listener = -1;
	for (size_t i = 0; i < TERMINALS_MOST; i++)
		a->onlooker[i].fd = -1;
	a->poller = epoll_create1(EPOLL_CLOEXEC);
	int rc =
		a->poller < 0 ? fed_fail(err, "no descriptor is left") : fed_socket_folder(&a->path, err);
	fed_text_add(&a->path, "%ld.sock", (long)getpid());
	if (rc == FED_OK && a->path.failed)
		rc = fed_fail(err, "out of memory (a path)");
	if (rc == FED_OK)
		rc = fed_socket_listen(&a->listener, a->path.s, err);
	if (rc) {
		fed_attached_free(a);
		return FED_FAIL;
	}
	add_descriptor(a, a->listener);
	*out = a;
	return FED_OK;
}

void fed_attached_free(struct fed_attached *a)
{
	if (!a)
		return;
	if (a->listener >= 0) {
		unlink(a->path.s);
		close(a->listener);
	}
	for (size_t i = 0; i < TERMINALS_MOST; i++) {
		struct onlooker *o = &a->onlooker[i];

		if (o->fd < 0)
			continue;
		end(o, "the session has ended");
		fed__wire_send(&o->out, o->fd);
		drop(o);
	}
	if (a->poller >= 0)
		close(a->poller);
	fed_text_release(&a->path);
	fed_free(a);
}

int fed_attached_descriptor(const struct fed_attached *a)
{
	return a->poller;
}

size_t fed_attached_count(const struct fed_attached *a)
{
	size_t n = 0;

	for (size_t i = 0; i < TERMINALS_MOST; i++)
		n += a->onlooker[i].fd >= 0 && a->onlooker[i].opened;
	return n;
}
