/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/attach/attach.c - the terminal's side of an attached terminal. */
#include "tui/attach/attach.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/system/local_socket.h"
#include "tui/attach/wire.h"
#include "tui/terminal.h"

#define ANSWER_WAIT 0.3 /* seconds in which a session that is asked what it is may answer */
#define POLL_MS 250
enum { FRAME_MOST = 1 << 23, UNSENT_MOST = 1 << 16 }; /* bytes */

/* Sessions --------------------------------------------------------------------------- */

/* What a session says of itself; "busy" without an answer. */
static void ask(const char *path, struct fed_text *out)
{
	const double began = fed_wall_seconds();
	struct fed_text received = {0};
	struct fed_wire_packet packet = {.size = 0};
	struct fed_error unused;
	int fd, rc = FED_REJECT;

	if (fed_socket_connect(&fd, path, &unused) != FED_OK)
		return;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (rc == FED_REJECT && fed_wall_seconds() < began + ANSWER_WAIT) {
		if (poll(&p, 1, 50) > 0 && !fed_socket_receive(fd, &received, FED_WIRE_KEY_MOST))
			break;
		rc = fed__wire_next(&received, FED_WIRE_KEY_MOST, &packet);
	}
	if (rc == FED_OK && packet.kind == FED_WIRE_GREETING && packet.size >= sizeof(uint32_t))
		fed_text_put_clean(out, packet.payload + sizeof(uint32_t), packet.size - sizeof(uint32_t),
		                   false);
	else
		fed_text_add(out, "busy");
	fed_text_release(&received);
	close(fd);
}

struct session_search {
	struct fed_text *path, *list;
	size_t n;
};

static void take_session(void *ctx, const char *path)
{
	struct session_search *s = ctx;
	const char *name = strrchr(path, '/') + 1;

	fed_text_clear(s->path);
	fed_text_add(s->path, "%s", path);
	s->n++;
	fed_text_add(s->list, "%.*s  ", (int)strcspn(name, "."), name);
	ask(path, s->list);
	fed_text_add(s->list, "\n");
}

int fed_attach_find(const char *who, struct fed_text *path, struct fed_text *list,
                    struct fed_error *err)
{
	struct fed_text folder = {0};
	struct session_search s = {path, list, 0};
	long long number;

	if (strchr(who, '/')) {
		fed_text_add(path, "%s", who);
		return FED_OK;
	}
	if (*who && !fed_parse_int(who, &number))
		return fed_fail(err,
		                "%s: give the number of a session's process, or the path of its socket",
		                fed_show(who).s);
	if (fed_socket_folder(&folder, err)) {
		fed_text_release(&folder);
		return FED_FAIL;
	}
	int rc = FED_OK;
	if (*who)
		fed_text_add(path, "%s%lld.sock", fed_text_str(&folder), number);
	else
		fed_sockets_each(fed_text_str(&folder), take_session, &s);
	if (!*who && s.n == 0)
		rc = fed_fail(err, "no session of yours runs at a prompt on this computer; `fedsh` starts "
		                   "one");
	else if (s.n > 1)
		rc = fed_reject(err, "%zu sessions run; name one by its number", s.n);
	fed_text_release(&folder);
	return rc;
}

/* Showing ---------------------------------------------------------------------------- */

struct attached_terminal {
	int fd;
	struct fed_terminal *terminal;
	struct fed_text received, *why;
	struct fed_wire_out out;
	struct fed_wire_size size;
	enum fed_theme own; /* FED_THEME_AUTO: the session's */
	bool ended;
};

static volatile sig_atomic_t leaving;

static void on_leave(int number)
{
	leaving = number;
}

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
enum { ENDS = sizeof ends / sizeof *ends };

static void connect_signals(void)
{
	struct sigaction action = {.sa_handler = on_leave}; /* poll() must return */

	leaving = 0;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < ENDS; i++)
		sigaction(ends[i], &action, NULL);
}

static void show_frame(struct attached_terminal *t, const struct fed_wire_packet *p)
{
	struct fed_wire_frame frame;
	struct fed_canvas canvas;
	struct fed_error unused;
	int columns, rows;

	if (p->size < sizeof frame)
		return;
	memcpy(&frame, p->payload, sizeof frame);
	if (frame.columns < 1 || frame.rows < 1 || frame.columns > FED_CANVAS_MAX ||
	    frame.rows > FED_CANVAS_MAX)
		return;
	const size_t bytes = (size_t)frame.columns * (size_t)frame.rows * sizeof *canvas.cell;
	if (p->size - sizeof frame != bytes ||
	    fed__canvas_init(&canvas, frame.columns, frame.rows, &unused))
		return;
	memcpy(canvas.cell, p->payload + sizeof frame, bytes);
	if (frame.clear)
		fed__terminal_clear(t->terminal);
	if (t->own == FED_THEME_AUTO && frame.theme >= 0 && frame.theme <= FED_THEME_TERMINAL)
		fed__terminal_theme(t->terminal, (enum fed_theme)frame.theme);
	fed__terminal_mouse(t->terminal, frame.mouse);
	fed__terminal_size(t->terminal, &columns, &rows);
	fed__terminal_show(t->terminal, &canvas, frame.cursor, frame.rows - 1);
	fed__canvas_release(&canvas);
}

static void take_packets(struct attached_terminal *t)
{
	struct fed_wire_packet packet;
	int rc;

	while (!t->ended && (rc = fed__wire_next(&t->received, FRAME_MOST, &packet)) != FED_REJECT) {
		if (rc == FED_FAIL) {
			fed_text_add(t->why, "the session runs another version of fedsh");
			t->ended = true;
			break;
		}
		if (packet.kind == FED_WIRE_FRAME)
			show_frame(t, &packet);
		else if (packet.kind == FED_WIRE_END)
			fed_text_put_clean(t->why, packet.payload, packet.size, false);
		t->ended = packet.kind == FED_WIRE_END;
		fed__wire_drop(&t->received, &packet);
	}
}

static void take_keys(struct attached_terminal *t)
{
	struct fed_press key;
	bool gone = false;

	while (fed__terminal_key(t->terminal, &key, &gone))
		if (t->out.bytes.len < UNSENT_MOST)
			fed__wire_put(&t->out, FED_WIRE_KEY, &key, sizeof key, NULL, 0);
	t->ended |= gone;
}

static void put_size(struct attached_terminal *t)
{
	struct fed_wire_size size;

	fed__terminal_size(t->terminal, &size.columns, &size.rows);
	if (memcmp(&size, &t->size, sizeof size) != 0)
		fed__wire_put(&t->out, FED_WIRE_SIZE, &size, sizeof size, NULL, 0);
	t->size = size;
}

static void say_hello(struct attached_terminal *t, const char *view)
{
	struct fed_wire_hello hello = {.version = FED_WIRE_VERSION,
	                               .cell = sizeof(struct fed_cell),
	                               .utf8 = fed__terminal_utf8(t->terminal),
	                               .tints = fed__terminal_tints(t->terminal)};

	fed__terminal_size(t->terminal, &t->size.columns, &t->size.rows);
	hello.size = t->size;
	snprintf(hello.view, sizeof hello.view, "%s", view);
	fed__wire_put(&t->out, FED_WIRE_HELLO, &hello, sizeof hello, NULL, 0);
}

static void loop(struct attached_terminal *t)
{
	while (!t->ended && !leaving) {
		if (fed__terminal_attend(t->terminal))
			put_size(t);
		take_keys(t);
		bool there = fed__wire_send(&t->out, t->fd);
		struct pollfd p[] = {
			{.fd = STDIN_FILENO, .events = POLLIN},
			{.fd = t->fd, .events = fed__wire_pends(&t->out) ? POLLIN | POLLOUT : POLLIN}};
		if (poll(p, 2, POLL_MS) > 0 && p[1].revents)
			there &= fed_socket_receive(t->fd, &t->received, FRAME_MOST);
		take_packets(t);
		if (!there && !t->ended) {
			fed_text_add(t->why, "the session has ended");
			t->ended = true;
		}
	}
}

/* A picture before the session has time for one. */
static void show_waiting(struct attached_terminal *t)
{
	struct fed_canvas canvas;
	struct fed_error unused;

	if (fed__canvas_init(&canvas, t->size.columns, t->size.rows, &unused))
		return;
	fed__canvas_write(&canvas, 0, 0, "waits for the session; ctrl-C leaves", (struct fed_style){0});
	fed__terminal_show(t->terminal, &canvas, -1, 0);
	fed__canvas_release(&canvas);
}

int fed_attach_run(const char *path, const char *view, bool color, enum fed_theme theme,
                   struct fed_text *why, struct fed_error *err)
{
	struct attached_terminal t = {.why = why, .own = theme};

	if (fed__terminal_check(STDOUT_FILENO, err))
		return FED_FAIL;
	const int rc = fed_socket_connect(&t.fd, path, err);
	if (rc)
		return rc;
	connect_signals();
	if (fed__terminal_open(&t.terminal, STDOUT_FILENO, color, theme, err)) {
		close(t.fd);
		return FED_FAIL;
	}
	say_hello(&t, view);
	show_waiting(&t);
	loop(&t);
	fed__terminal_close(t.terminal);
	fed_text_release(&t.received);
	fed__wire_out_release(&t.out);
	close(t.fd);
	return FED_OK;
}
