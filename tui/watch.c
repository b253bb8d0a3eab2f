/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/watch.c - the event loop of the watch: keys, frames, messages, and the runner's events. */
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
/* The least time between frames while training runs, in multiples of a frame's own time, during
 * which training waits: frames slow training by 1% at most. */
#define FRAME_SHARE 100
#define FRAME_MOST 2.0 /* seconds: a frame may have been dear because others used the machine */
#define IDLE_WAIT 0.25 /* seconds between checks for signals */
#define PACE_READING 2 /* rounds a second at which captions take their reading time ... */
#define SLOWEST_READING 0.5 /* ... divided by this at slower paces */
enum { KEYS_MOST = 4096 };  /* the input buffer of a terminal has as many */

struct fed_watch {
	struct fed_watch_host host;
	struct fed_terminal *terminal;
	struct fed_runner *runner;
	bool borrowed, left; /* the runner is the caller's; the user left */
	struct fed_messages *messages;
	struct fed_app app;
	struct fed_press key[KEYS_MOST]; /* [n_keys] keys that wait for the session */
	int n_keys;
	bool hints;                         /* are shown behind what is typed */
	bool prompt_pending;                /* one of them opens a prompt: those behind it are text */
	bool has_session;                   /* this thread has taken the session */
	bool event_pending;                 /* the runner signalled since the session was last taken */
	bool dirty;                         /* a key or a signal changed what is shown */
	double last_frame;                  /* wall seconds of the last frame */
	double cost, cost_so_far;           /* wall seconds of the last frame, and those used since */
	bool pause_requested;               /* the runner was asked to wait at the next version */
	atomic_int pane_columns, pane_rows; /* of what commands print */
	uint64_t part;                      /* of a script, whose reading time runs */
	double reading, read_at;            /* seconds left of it; wall seconds when that was so */
	atomic_int view_asked;              /* view requested by a command, from 1; 0: none */
	atomic_uint_fast64_t last_event;    /* number of the session's last event when last read */
};

/* The runner's side ---------------------------------------------------------------- */

void fed_watch_message(struct fed_watch *w, enum fed_watch_stream stream, const char *bytes,
                       size_t n)
{
	const uint64_t event = fed_session_status(w->host.session).events;

	atomic_store(&w->last_event, event);
	fed__messages_add(w->messages, stream, event, bytes, n);
}

int fed_watch_switch(struct fed_watch *w, const char *view, double pace, struct fed_error *err)
{
	size_t at = 0;

	if (view && fed__view_find(view, &at, err))
		return FED_FAIL;
	if (view)
		atomic_store(&w->view_asked, (int)at + 1);
	if (pace >= 0)
		fed__runner_pace(w->runner, pace);
	return FED_OK;
}

void fed_watch_script(struct fed_watch *w, bool begins)
{
	fed__runner_script(w->runner, begins);
}

/* A message of one line. */
static void tell(struct fed_watch *w, enum fed_watch_stream stream, const char *line)
{
	fed_watch_message(w, stream, line, strlen(line));
	fed_watch_message(w, stream, "\n", 1);
}

bool fed_watch_part(struct fed_watch *w, const struct fed_watch_part *part)
{
	const bool paced = fed_runner_state(w->runner).pace > 0;
	const bool shows = *part->caption || *part->command || *part->heading;
	const struct fed_runner_hold how = {.by_key = part->step, .last = part->last};

	if (shows) {
		tell(w, FED_STREAM_PART, part->title);
		tell(w, FED_STREAM_HEADING, part->heading);
		if (*part->caption)
			tell(w, FED_STREAM_CAPTION, part->caption);
		if (*part->command)
			tell(w, FED_STREAM_LINE, part->command);
	}
	return fed__runner_part(w->runner, shows && (paced || part->step) ? &how : NULL);
}

void fed_watch_pane(const struct fed_watch *w, int *columns, int *rows)
{
	*columns = atomic_load(&w->pane_columns);
	*rows = atomic_load(&w->pane_rows);
}

bool fed_watch_after(struct fed_watch *w)
{
	return fed_runner_after(w->runner);
}

/* Actions of keys ------------------------------------------------------------------ */

static void submit(struct fed_watch *w, const char *line)
{
	struct fed_error err;

	if (fed_runner_submit(w->runner, line, &err))
		fed__app_notice(&w->app, true, err.text);
}

static void submit_view_command(void *ctx, const char *line)
{
	submit(ctx, line);
}

static bool line_looks(void *ctx, const char *line)
{
	const struct fed_watch *w = ctx;

	return w->host.looks(w->host.ctx, line);
}

/* Whether an interrupted run can be continued. Call while nothing is executed. */
static bool has_interrupted_run(struct fed_watch *w)
{
	const struct fed_session *s = w->host.session;

	if (!w->has_session && !fed_runner_take(w->runner))
		return false;
	const bool left = fed_session_left(s);
	if (!w->has_session)
		fed_runner_give(w->runner);
	return left;
}

static void press_pause(struct fed_watch *w)
{
	const struct fed_runner_state now = fed_runner_state(w->runner);

	if (now.busy) {
		fed__runner_pause(w->runner, !now.paused);
		return;
	}
	if (has_interrupted_run(w))
		submit(w, "continue");
	else
		fed__app_notice(&w->app, false, "nothing runs; press r for a round, : for a command");
}

/* What a script shows is read: the next page, or the command behind it. */
static void next_part(struct fed_watch *w)
{
	if (fed__app_turn(&w->app))
		w->reading = fed__app_reading_time(&w->app);
	else if (fed_runner_state(w->runner).paused)
		fed__runner_permit_one(w->runner);
	else
		fed__runner_release(w->runner);
	w->dirty = true;
}

/* Let the reading time run: at the pace, but never so slowly that one waits for it. */
static void read_on(struct fed_watch *w, const struct fed_runner_state *now)
{
	const double wall = fed_wall_seconds();
	const double speed = fmax(now->pace / PACE_READING, SLOWEST_READING);
	const bool stands = now->by_key || now->paused || w->app.prompting || w->app.helping;

	if (w->part != w->app.captions.parts) {
		w->part = w->app.captions.parts;
		w->reading = fed__app_reading_time(&w->app);
	} else if (now->held && !stands) {
		w->reading -= speed * (wall - w->read_at);
	}
	w->read_at = wall;
	if (now->held && !stands && w->reading <= 0)
		next_part(w);
	else if (now->held && now->last && !fed__app_has_more(&w->app))
		fed__runner_release(w->runner);
}

static void press_step(struct fed_watch *w)
{
	if (fed_runner_state(w->runner).busy)
		fed__runner_permit_one(w->runner);
	else
		submit(w, "step");
}

static void press_round(struct fed_watch *w)
{
	const bool busy = fed_runner_state(w->runner).busy;

	fed__runner_permit_round(w->runner);
	if (!busy)
		submit(w, has_interrupted_run(w) ? "continue" : "round");
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
	fed__runner_pace(w->runner, isfinite(next) ? next : 0);
	snprintf(text, sizeof text, isfinite(next) ? "%g rounds a second at most" : "full speed", next);
	fed__app_notice(&w->app, false, text);
}

static void leave(struct fed_watch *w)
{
	w->left = true;
	if (w->borrowed)
		return;
	fed__runner_leave(w->runner);
	fed__app_notice(&w->app, false,
	                "leaves when the running command can be stopped; ctrl-C aborts it");
}

static void complete_prompt(struct fed_watch *w)
{
	struct fed_prompt *p = &w->app.prompt;
	struct fed_text candidates = {0};
	size_t start = 0;

	w->host.complete(w->host.ctx, p->line, p->cursor, &candidates, &start);
	fed__prompt_complete(p, fed_text_str(&candidates), start);
	fed_text_release(&candidates);
}

static void ask_help(struct fed_watch *w)
{
	struct fed_prompt *p = &w->app.prompt;
	struct fed_text help = {0};

	w->host.help(w->host.ctx, p->line, p->n, &help);
	if (help.len && !help.failed)
		fed__pane_answer(&w->app.pane, p->line, help.s, w->app.whole.columns);
	else
		fed__prompt_insert(p, '?');
	fed_text_release(&help);
}

/* Hints need the session, and colour to be told from what was typed. */
static void hint_prompt(struct fed_watch *w, bool still)
{
	struct fed_prompt *p = &w->app.prompt;

	fed_text_clear(&p->hint);
	if (still && w->hints && w->app.prompting == FED_PROMPTING_COMMAND && !strchr(p->line, '\n'))
		w->host.hint(w->host.ctx, p->line, p->n, &p->hint);
}

static void submit_prompt(struct fed_watch *w)
{
	const char *line = w->app.prompt.line;

	if (w->host.continues(w->host.ctx, line)) {
		fed__prompt_continue(&w->app.prompt);
		w->app.prompting = FED_PROMPTING_COMMAND;
		w->app.asked = false;
		return;
	}
	w->host.remember(w->host.ctx, line);
	fed__messages_add(w->messages, FED_STREAM_TYPED, atomic_load(&w->last_event), line,
	                  strlen(line));
	fed__messages_add(w->messages, FED_STREAM_TYPED, atomic_load(&w->last_event), "\n", 1);
	submit(w, line);
}

static void press(struct fed_watch *w, const struct fed_press *key)
{
	switch (fed__app_press(&w->app, key)) {
	case FED_APP_ACTION_LEAVE:
		leave(w);
		break;
	case FED_APP_ACTION_PAUSE:
		press_pause(w);
		break;
	case FED_APP_ACTION_NEXT:
		next_part(w);
		break;
	case FED_APP_ACTION_STEP:
		press_step(w);
		break;
	case FED_APP_ACTION_ROUND:
		press_round(w);
		break;
	case FED_APP_ACTION_FASTER:
	case FED_APP_ACTION_SLOWER:
		change_pace(w, key->code != '-');
		break;
	case FED_APP_ACTION_MOUSE:
		fed__terminal_mouse(w->terminal, w->app.mouse);
		break;
	case FED_APP_ACTION_REDRAW:
		fed__terminal_clear(w->terminal);
		break;
	case FED_APP_ACTION_LINE:
		submit_prompt(w);
		break;
	case FED_APP_ACTION_COMPLETE:
		complete_prompt(w);
		break;
	case FED_APP_ACTION_ASK:
		ask_help(w);
		break;
	case FED_APP_ACTION_OLDER:
	case FED_APP_ACTION_NEWER:
		fed__prompt_recall(&w->app.prompt, key->code == FED_KEY_UP, w->host.history, w->host.ctx);
		break;
	case FED_APP_ACTION_NONE:
		break;
	}
	w->dirty = true;
}

/* Read keys. Those that need the session are queued until it is taken, and those behind them; pause
 * and quit are handled at once. */
static void read_keys(struct fed_watch *w)
{
	struct fed_press key;
	bool gone = false;

	while (w->n_keys < KEYS_MOST && fed__terminal_key(w->terminal, &key, &gone)) {
		const bool waits = fed__app_needs_session(&w->app, &key) || w->n_keys > 0;
		const bool text = w->app.prompting || w->prompt_pending;
		const bool urgent = !text && (key.code == 'q' || key.code == ' ');

		if (!waits || urgent) {
			press(w, &key);
		} else {
			w->key[w->n_keys++] = key;
			w->prompt_pending |= fed__app_begins_line(&key);
		}
	}
	if (gone)
		leave(w);
}

/* Frames -------------------------------------------------------------------------------- */

static void measure_pane(struct fed_watch *w, int columns, int rows)
{
	int pane_columns, pane_rows;

	fed__app_pane_size(&w->app, columns, rows, &pane_columns, &pane_rows);
	atomic_store(&w->pane_columns, pane_columns);
	atomic_store(&w->pane_rows, pane_rows);
}

/* still: this thread has the session. */
static void paint(struct fed_watch *w, bool still)
{
	const struct fed_runner_state now = fed_runner_state(w->runner);
	int columns, rows;
	struct fed_error err;

	fed__terminal_size(w->terminal, &columns, &rows);
	measure_pane(w, columns, rows);
	hint_prompt(w, still);
	if (fed__app_paint(&w->app, &now, still, columns, rows, &err))
		w->app.cursor = -1; /* out of memory: the screen is unchanged */
	w->dirty = false;
}

static void show_frame(struct fed_watch *w)
{
	int columns, rows;

	fed__terminal_size(w->terminal, &columns, &rows);
	fed__terminal_show(w->terminal, &w->app.whole, w->app.cursor, rows - 1);
	w->last_frame = fed_wall_seconds();
}

/* `set theme` was run: draw with its colours. */
static void follow_theme(struct fed_watch *w)
{
	const enum fed_look before = w->app.look;

	fed__terminal_theme(w->terminal, (enum fed_theme)w->host.theme(w->host.ctx));
	w->app.look = fed__terminal_look(w->terminal);
	w->dirty |= w->app.look != before;
}

/* Handle the queued keys and a requested view. Call with the session taken. */
static void handle_session(struct fed_watch *w)
{
	const int asked = atomic_exchange(&w->view_asked, 0);
	struct fed_error err;

	atomic_store(&w->last_event, fed_session_status(w->host.session).events);
	if (asked && fed__app_switch(&w->app, fed__view_at((size_t)asked - 1)->name, &err))
		fed__app_notice(&w->app, true, err.text);
	w->dirty |= asked > 0;
	follow_theme(w);
	for (int i = 0; i < w->n_keys; i++)
		press(w, &w->key[i]);
	w->n_keys = 0;
	w->prompt_pending = false;
	fed__app_notify_version(&w->app);
	w->dirty |= fed__app_read_events(&w->app);
}

/* Least seconds between two frames. */
static double pause_of(const struct fed_watch *w, bool lively)
{
	return fmax(FRAME_LEAST, lively ? fmin(FRAME_MOST, FRAME_SHARE * w->cost) : 0);
}

/* Whether a line runs and is not paused. */
static bool is_lively(const struct fed_runner_state *state)
{
	return state->busy && !state->held && !(state->paused && state->waiting);
}

/* With the session taken, handle keys and paint if a frame is due and would differ; returns whether
 * it painted. Training waits meanwhile, so a pause at the next version is requested once a frame.
 */
static bool take_frame(struct fed_watch *w, bool due, bool soon)
{
	const struct fed_runner_state state = fed_runner_state(w->runner);

	w->event_pending = false;
	w->has_session = true;
	w->app.watched.busy = is_lively(&state);
	handle_session(w);
	if (w->host.beside)
		w->host.beside(w->host.ctx, true, is_lively(&state));
	/* What is done beside shows, too: a room's members come and go while nothing runs. */
	const bool idle = soon && !is_lively(&state);
	const bool paints =
		(due || idle || (w->dirty && soon)) && (w->dirty || fed__app_is_changed(&w->app, &state));
	if (paints)
		paint(w, true);
	w->pause_requested = due && fed__app_awaits_versions(&w->app);
	if (w->pause_requested)
		fed_runner_request_pause(w->runner);
	w->has_session = false;
	fed_runner_give(w->runner);
	return paints;
}

/* Paint and show a frame if one is due. */
static void frame(struct fed_watch *w, bool lively)
{
	const double now = fed_wall_seconds();
	const bool soon = now >= w->last_frame + FRAME_LEAST;
	const bool due = (lively || w->event_pending) && now >= w->last_frame + pause_of(w, lively);
	const bool requested = w->event_pending && w->pause_requested;
	const bool beside = w->host.beside && w->host.beside(w->host.ctx, false, lively);
	bool painted = false;

	if ((beside || w->n_keys || (w->dirty && soon) || due || requested) &&
	    fed_runner_take(w->runner)) {
		painted = take_frame(w, due, soon);
	} else if (w->dirty && soon) {
		paint(w, false);
		painted = true;
		/* The next one may be far away, and the runner would wait for it. */
		if (!beside && !w->n_keys)
			fed_runner_give(w->runner);
	}
	if (painted)
		show_frame(w);
	w->cost_so_far += fed_wall_seconds() - now;
	if (painted) {
		w->cost = w->cost_so_far;
		w->cost_so_far = 0;
	}
}

/* Loop ------------------------------------------------------------------------------------ */

static void read_captured(struct fed_watch *w)
{
	char bytes[4096];

	for (size_t n; (n = fed__capture_read(bytes, sizeof bytes)) > 0;)
		fed__messages_add(w->messages, FED_STREAM_STDERR, atomic_load(&w->last_event), bytes, n);
}

/* Wait for a key, captured output or a runner event, at most until the next frame is due. */
static void wait_for_more(struct fed_watch *w, bool lively)
{
	int beside[2] = {-1, -1};
	if (w->host.beside)
		w->host.beside_descriptors(w->host.ctx, lively, beside);
	struct pollfd p[] = {{.fd = STDIN_FILENO, .events = POLLIN},
	                     {.fd = fed__capture_descriptor(), .events = POLLIN},
	                     {.fd = fed_runner_event_fd(w->runner), .events = POLLIN},
	                     {.fd = beside[0], .events = POLLIN},
	                     {.fd = beside[1], .events = POLLIN}};
	const double pause = w->dirty ? FRAME_LEAST : pause_of(w, lively);
	const double left = w->last_frame + pause - fed_wall_seconds();
	const bool expects = w->dirty || lively || w->event_pending;
	/* If a frame is overdue, the session could not be taken: the runner signals when it can. */
	const double wait = expects && left > 0 ? fmin(left, IDLE_WAIT) : IDLE_WAIT;

	if (poll(p, 5, (int)ceil(1000 * wait)) <= 0 || !(p[2].revents & POLLIN))
		return;
	fed_runner_clear_event(w->runner);
	w->event_pending = true;
}

static void loop(struct fed_watch *w)
{
	bool leaving = false;

	w->dirty = w->event_pending = true;
	for (struct fed_runner_state now;
	     now = fed_runner_state(w->runner), !now.left && !(w->borrowed && w->left);) {
		const bool lively = is_lively(&now);

		leaving = leaving || now.leaving;
		w->app.now = now;
		if ((now.done || w->host.ending()) && !leaving)
			leave(w);
		if (atomic_load(fed_session_interrupts(w->host.session)))
			fed_runner_notify_signal(w->runner);
		w->dirty |= fed__terminal_attend(w->terminal);
		read_keys(w);
		read_captured(w);
		w->dirty |= fed__app_read_messages(&w->app);
		read_on(w, &now);
		frame(w, lively);
		wait_for_more(w, lively);
	}
}

/* Life -------------------------------------------------------------------------------------- */

static int open_watch(struct fed_watch *w, const struct fed_watch_options *o, struct fed_error *err)
{
	int columns, rows;

	w->messages = fed__messages_new();
	if (!w->messages)
		return fed_fail_memory(err, sizeof(void *), "the messages");
	w->app.watched = (struct fed_watched){.session = w->host.session,
	                                      .travel = w->host.travel,
	                                      .room = w->host.room,
	                                      .command = submit_view_command,
	                                      .looks = w->host.looks ? line_looks : NULL,
	                                      .ctx = w,
	                                      .messages = w->messages};
	if (fed__terminal_open(&w->terminal, o->terminal, o->color, (enum fed_theme)o->theme, err))
		return FED_FAIL;
	w->app.watched.utf8 = fed__terminal_utf8(w->terminal);
	w->app.watched.tints = fed__terminal_tints(w->terminal);
	w->app.alone = o->alone;
	w->app.readonly = o->readonly;
	w->app.look = fed__terminal_look(w->terminal);
	w->hints = o->color;
	if (fed__app_init(&w->app, o->view, err) || fed__capture_begin(err))
		return FED_FAIL;
	fed__terminal_size(w->terminal, &columns, &rows);
	measure_pane(w, columns, rows);
	w->runner = o->runner;
	w->borrowed = o->runner != NULL;
	if (w->host.opened(w->host.ctx, w, err) ||
	    (!w->borrowed && fed_runner_new(&w->runner, &w->host, o->pace, err)))
		return FED_FAIL;
	if (w->borrowed && o->pace >= 0)
		fed__runner_pace(w->runner, o->pace);
	for (const char *const *line = o->script; line && *line; line++)
		if (fed_runner_submit(w->runner, *line, err))
			return FED_FAIL;
	return FED_OK;
}

static void close_watch(struct fed_watch *w)
{
	struct fed_error unused;

	if (!w->borrowed)
		fed_runner_free(w->runner);
	w->host.opened(w->host.ctx, NULL, &unused);
	fed__app_release(&w->app);
	fed__terminal_close(w->terminal);
	fed__capture_end();
	fed__messages_free(w->messages);
}

int fed_watch_check(const struct fed_watch_options *o, struct fed_error *err)
{
	size_t at;

	if (o->view && fed__view_find(o->view, &at, err))
		return FED_FAIL;
	return fed__terminal_check(o->terminal, err);
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
