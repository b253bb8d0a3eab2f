/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The loop: keys, frames, and the events of the runner. */
#include "tui/watch.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "tui/views/messages.h"
#include "tui/app.h"
#include "tui/capture.h"
#include "tui/terminal.h"

#define FRAME_LEAST 0.05 /* seconds between two frames */
/* While training runs a frame is followed by a pause of so many times what it took, for which
 * training stood: looking costs training 1% of its time at most. */
#define FRAME_SHARE 100
#define IDLE_WAIT 0.25     /* seconds after which signals are looked for anyway */
enum { KEYS_MOST = 4096 }; /* a terminal keeps as many when nobody reads */

struct fed_watch {
	struct fed_watch_host host;
	struct fed_terminal *terminal;
	struct fed_runner *runner;
	struct fed_messages *messages;
	struct fed_app app;
	struct fed_press key[KEYS_MOST]; /* [n_keys] that wait for the session to stand */
	int n_keys;
	bool types;            /* one of them begins a line: those behind it are text */
	bool ours;             /* the session was taken from the runner */
	bool notified;         /* by the runner, and the session was not looked at since */
	bool dirty;            /* a key or a signal changed what is shown */
	double framed;         /* wall seconds of the last frame */
	double cost, spent;    /* wall seconds that it took, and what was looked at since */
	bool requests;         /* the runner stands at the next version */
	atomic_int view_asked; /* number of a view, from 1, that a command asks for; 0: none */
	atomic_uint_fast64_t last_event; /* of the session, as it was last seen */
};

/* The runner's side ---------------------------------------------------------------- */

void fed_watch_say(struct fed_watch *w, enum fed_saying saying, const char *bytes, size_t n)
{
	const uint64_t event = fed_session_status(w->host.session).events;

	atomic_store(&w->last_event, event);
	fed_messages_add(w->messages, saying, event, bytes, n);
}

int fed_watch_switch(struct fed_watch *w, const char *view, double pace, struct fed_error *err)
{
	size_t at = 0;

	if (view && fed_view_find(view, &at, err))
		return FED_FAIL;
	if (view)
		atomic_store(&w->view_asked, (int)at + 1);
	if (pace >= 0)
		fed_runner_pace(w->runner, pace);
	return FED_OK;
}

/* How long people need for it at a pace of one round a second. */
static double reading_time(const char *text)
{
	const size_t blank = strspn(text, " \t");

	return text[blank] == '#' ? 0.5 + (double)strlen(text) / 20 : 1.5;
}

bool fed_watch_line(struct fed_watch *w, const char *text)
{
	const double pace = fed_runner_state(w->runner).pace;

	if (!text[strspn(text, " \t\r\n")] || strstr(text, "SPDX-License-Identifier"))
		return fed_runner_line(w->runner, 0);
	fed_watch_say(w, FED_MESSAGE_LINE, text, strlen(text));
	fed_watch_say(w, FED_MESSAGE_LINE, "\n", 1);
	return fed_runner_line(w->runner, pace > 0 ? reading_time(text) / pace : 0);
}

bool fed_watch_after(struct fed_watch *w)
{
	return fed_runner_after(w->runner);
}

/* What keys ask for ------------------------------------------------------------------ */

static void submit(struct fed_watch *w, const char *line)
{
	struct fed_error err;

	if (fed_runner_submit(w->runner, line, &err))
		fed_app_tell(&w->app, true, err.text);
}

static void submit_view_command(void *ctx, const char *line)
{
	submit(ctx, line);
}

/* Nothing is executed: whether a run was stopped before its end. */
static bool is_something_left(struct fed_watch *w)
{
	const struct fed_session *s = w->host.session;

	if (!w->ours && !fed_runner_take(w->runner))
		return false;
	const bool left = fed_session_left(s);
	if (!w->ours)
		fed_runner_give(w->runner);
	return left;
}

static void press_pause(struct fed_watch *w)
{
	const struct fed_runner_state now = fed_runner_state(w->runner);

	if (now.busy) {
		fed_runner_pause(w->runner, !now.paused);
		return;
	}
	fed_runner_pause(w->runner, false);
	if (is_something_left(w))
		submit(w, "continue");
	else if (!now.paused)
		fed_app_tell(&w->app, false, "nothing runs: r makes a round, : takes a command");
}

static void press_round(struct fed_watch *w)
{
	const bool busy = fed_runner_state(w->runner).busy;

	fed_runner_let_round(w->runner);
	if (!busy)
		submit(w, is_something_left(w) ? "continue" : "round");
}

static void change_pace(struct fed_watch *w, bool faster)
{
	static const double paces[] = {0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, INFINITY};
	enum { PACES = sizeof paces / sizeof *paces };
	const double pace = fed_runner_state(w->runner).pace, now = pace > 0 ? pace : INFINITY;
	double next = faster ? INFINITY : paces[0];
	char text[80];

	for (int i = 0; i < PACES; i++) {
		const double p = paces[faster ? PACES - 1 - i : i];
		next = (faster ? p > now : p < now) ? p : next;
	}
	fed_runner_pace(w->runner, isfinite(next) ? next : 0);
	snprintf(text, sizeof text, isfinite(next) ? "%g rounds a second at most" : "full speed", next);
	fed_app_tell(&w->app, false, text);
}

static void leave(struct fed_watch *w)
{
	fed_runner_leave(w->runner);
	fed_app_tell(&w->app, false, "leaves when what runs can be stopped; ctrl-C stops it");
}

static void complete(struct fed_watch *w)
{
	struct fed_prompt *p = &w->app.prompt;
	struct fed_text candidates = {0};
	size_t start = 0;

	w->host.complete(w->host.ctx, p->line, p->cursor, &candidates, &start);
	fed_prompt_complete(p, fed_text_str(&candidates), start);
	fed_text_release(&candidates);
}

static void execute(struct fed_watch *w)
{
	const char *line = w->app.prompt.line;

	w->host.remember(w->host.ctx, line);
	fed_messages_add(w->messages, FED_MESSAGE_LINE, atomic_load(&w->last_event), line,
	                 strlen(line));
	fed_messages_add(w->messages, FED_MESSAGE_LINE, atomic_load(&w->last_event), "\n", 1);
	w->app.heard = fed_messages_count(w->messages); /* whoever typed it knows */
	submit(w, line);
}

static void press(struct fed_watch *w, const struct fed_press *key)
{
	switch (fed_app_press(&w->app, key)) {
	case FED_APP_ACTION_LEAVE:
		leave(w);
		break;
	case FED_APP_ACTION_PAUSE:
		press_pause(w);
		break;
	case FED_APP_ACTION_STEP:
		if (!fed_runner_state(w->runner).busy)
			submit(w, "step");
		fed_runner_let_one(w->runner);
		break;
	case FED_APP_ACTION_ROUND:
		press_round(w);
		break;
	case FED_APP_ACTION_FASTER:
	case FED_APP_ACTION_SLOWER:
		change_pace(w, key->code != '-');
		break;
	case FED_APP_ACTION_MOUSE:
		fed_terminal_mouse(w->terminal, w->app.mouse);
		break;
	case FED_APP_ACTION_REDRAW:
		fed_terminal_clear(w->terminal);
		break;
	case FED_APP_ACTION_LINE:
		execute(w);
		break;
	case FED_APP_ACTION_COMPLETE:
		complete(w);
		break;
	case FED_APP_ACTION_OLDER:
	case FED_APP_ACTION_NEWER:
		fed_prompt_recall(&w->app.prompt, key->code == FED_KEY_UP, w->host.history, w->host.ctx);
		break;
	case FED_APP_ACTION_NONE:
		break;
	}
	w->dirty = true;
}

/* Keys that look at the session wait until it stands, and those behind them with them; but pausing
 * and leaving never wait. */
static void read_keys(struct fed_watch *w)
{
	struct fed_press key;
	bool gone = false;

	while (w->n_keys < KEYS_MOST && fed_terminal_key(w->terminal, &key, &gone)) {
		const bool waits = fed_app_needs_session(&w->app, &key) || w->n_keys > 0;
		const bool text = w->app.prompting || w->types;
		const bool urgent = !text && (key.code == 'q' || key.code == ' ');

		if (!waits || urgent) {
			press(w, &key);
		} else {
			w->key[w->n_keys++] = key;
			w->types |= fed_app_begins_line(&key);
		}
	}
	if (gone)
		leave(w);
}

/* Frames -------------------------------------------------------------------------------- */

/* still: the session stands, and is ours. */
static void paint(struct fed_watch *w, bool still)
{
	const struct fed_runner_state now = fed_runner_state(w->runner);
	int columns, rows;
	struct fed_error err;

	fed_terminal_size(w->terminal, &columns, &rows);
	if (fed_app_paint(&w->app, &now, still, columns, rows, &err))
		w->app.cursor = -1; /* no memory: what is there stays */
	w->dirty = false;
}

static void show(struct fed_watch *w)
{
	int columns, rows;

	fed_terminal_size(w->terminal, &columns, &rows);
	fed_terminal_show(w->terminal, &w->app.whole, w->app.cursor, rows - 1);
	w->framed = fed_wall_seconds();
}

/* The session is ours: keys that waited for it, a view that a command asked for. */
static void look(struct fed_watch *w)
{
	const int asked = atomic_exchange(&w->view_asked, 0);
	struct fed_error err;

	atomic_store(&w->last_event, fed_session_status(w->host.session).events);
	if (asked && fed_app_switch(&w->app, fed_view_at((size_t)asked - 1)->name, &err))
		fed_app_tell(&w->app, true, err.text);
	w->dirty |= asked > 0;
	for (int i = 0; i < w->n_keys; i++)
		press(w, &w->key[i]);
	w->n_keys = 0;
	w->types = false;
	fed_app_look(&w->app);
}

/* Seconds between two frames. */
static double pause_of(const struct fed_watch *w, bool lively)
{
	return fmax(FRAME_LEAST, lively ? FRAME_SHARE * w->cost : 0);
}

/* Something runs, and goes on by itself. */
static bool is_lively(const struct fed_runner_state *state)
{
	return state->busy && !(state->paused && state->standing);
}

/* Look at the session, and paint if a frame is due that would show something else.  Training stands
 * meanwhile, also where it stands at a version because of a request to pause: one is made a frame.
 */
static bool take_frame(struct fed_watch *w, bool due, bool soon)
{
	const struct fed_runner_state state = fed_runner_state(w->runner);

	w->notified = false;
	w->ours = true;
	w->app.watched.busy = is_lively(&state);
	look(w);
	const bool paints =
		(due || (w->dirty && soon)) && (w->dirty || fed_app_is_changed(&w->app, &state));
	if (paints)
		paint(w, true);
	w->requests = due && fed_app_awaits_versions(&w->app);
	if (w->requests)
		fed_runner_request_pause(w->runner);
	w->ours = false;
	fed_runner_give(w->runner);
	return paints;
}

/* A frame, if there is a reason for one. */
static void frame(struct fed_watch *w, bool lively)
{
	const double now = fed_wall_seconds();
	const bool soon = now >= w->framed + FRAME_LEAST;
	const bool due = (lively || w->notified) && now >= w->framed + pause_of(w, lively);
	const bool requested = w->notified && w->requests;
	bool painted = false;

	if ((w->n_keys || (w->dirty && soon) || due || requested) && fed_runner_take(w->runner)) {
		painted = take_frame(w, due, soon);
	} else if (w->dirty && soon) {
		paint(w, false);
		painted = true;
	}
	if (painted)
		show(w);
	w->spent += fed_wall_seconds() - now;
	if (painted) {
		w->cost = w->spent;
		w->spent = 0;
	}
}

/* Loop ------------------------------------------------------------------------------------ */

static void read_captured(struct fed_watch *w)
{
	char bytes[4096];

	for (size_t n; (n = fed_capture_read(bytes, sizeof bytes)) > 0;)
		fed_messages_add(w->messages, FED_SAID_STDERR, atomic_load(&w->last_event), bytes, n);
}

/* Until a key, a message or an event of the runner; at most until the next frame is due. */
static void wait_for_more(struct fed_watch *w, bool lively)
{
	struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
	                     {.fd = fed_capture_descriptor(), .events = POLLIN},
	                     {.fd = fed_runner_event_fd(w->runner), .events = POLLIN}};
	const double pause = w->dirty ? FRAME_LEAST : pause_of(w, lively);
	const double left = w->framed + pause - fed_wall_seconds();
	const bool expects = w->dirty || lively || w->notified;
	/* Where a frame was due already, the session could not be taken: an event says when it can. */
	const double wait = expects && left > 0 ? fmin(left, IDLE_WAIT) : IDLE_WAIT;

	if (poll(p, 3, (int)ceil(1000 * wait)) <= 0 || !(p[2].revents & POLLIN))
		return;
	fed_runner_clear_event(w->runner);
	w->notified = true;
}

static void loop(struct fed_watch *w)
{
	bool leaving = false;

	w->dirty = w->notified = true;
	for (struct fed_runner_state now; now = fed_runner_state(w->runner), !now.left;) {
		const bool lively = is_lively(&now);

		leaving = leaving || now.leaving;
		if ((now.done || w->host.ending()) && !leaving)
			leave(w);
		if (atomic_load(fed_session_interrupts(w->host.session)))
			fed_runner_notify_signal(w->runner);
		w->dirty |= fed_terminal_attend(w->terminal);
		read_keys(w);
		read_captured(w);
		w->dirty |= fed_app_listen(&w->app);
		frame(w, lively);
		wait_for_more(w, lively);
	}
}

/* Life -------------------------------------------------------------------------------------- */

static int open_watch(struct fed_watch *w, const struct fed_watch_options *o, struct fed_error *err)
{
	w->messages = fed_messages_new();
	if (!w->messages)
		return fed_fail_memory(err, sizeof(void *), "the messages");
	w->app.watched = (struct fed_watched){.session = w->host.session,
	                                      .command = submit_view_command,
	                                      .ctx = w,
	                                      .messages = w->messages};
	if (fed_terminal_open(&w->terminal, o->terminal, o->color, err))
		return FED_FAIL;
	w->app.watched.utf8 = fed_terminal_utf8(w->terminal);
	w->app.alone = o->alone;
	if (fed_app_init(&w->app, o->view, err) || fed_capture_begin(err))
		return FED_FAIL;
	if (w->host.opened(w->host.ctx, w, err) || fed_runner_new(&w->runner, &w->host, o->pace, err))
		return FED_FAIL;
	for (const char *const *line = o->script; line && *line; line++)
		if (fed_runner_submit(w->runner, *line, err))
			return FED_FAIL;
	return FED_OK;
}

static void close_watch(struct fed_watch *w)
{
	struct fed_error unused;

	fed_runner_free(w->runner);
	w->host.opened(w->host.ctx, NULL, &unused);
	fed_app_release(&w->app);
	fed_terminal_close(w->terminal);
	fed_capture_end();
	fed_messages_free(w->messages);
}

int fed_watch_check(const struct fed_watch_options *o, struct fed_error *err)
{
	size_t at;

	if (o->view && fed_view_find(o->view, &at, err))
		return FED_FAIL;
	return fed_terminal_check(o->terminal, err);
}

int fed_watch_run(const struct fed_watch_options *options, const struct fed_watch_host *host,
                  struct fed_error *err)
{
	struct fed_watch *w = fed_alloc(sizeof *w);

	if (!w)
		return fed_fail_memory(err, sizeof *w, "the watch");
	w->host = *host;
	const int rc = open_watch(w, options, err);
	if (rc == FED_OK)
		loop(w);
	close_watch(w);
	fed_free(w);
	return rc;
}
