/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/runner.c - the thread that executes command lines. */
#include "tui/runner.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/system/thread.h"

#define LINES_MAX 1000    /* in the queue */
#define EVENTS_A_CLIENT 3 /* received, trained, reported */
#define LATE_MOST 0.1     /* seconds by which events may catch up with the pace */
#define SCRIPT_PACE 2     /* rounds a second of scripts, if none was chosen */

enum phase { IDLE, BUSY, WAITING };

struct fed_runner {
	struct fed_watch_host host;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int event_fd;
	atomic_bool attention; /* the runner must wait or check its queue at the next event */
	atomic_bool requested; /* the terminal's thread wants the session at the next version */
	/* Guarded by `lock`. */
	enum phase phase;
	bool wanted, taken; /* the session, by the terminal's thread */
	bool paused, leaving, left, done;
	unsigned permits; /* events or lines permitted while paused */
	bool round_asked; /* and all events of version round_from + 1 */
	bool round_begun;
	uint64_t round_from;
	double pace, due; /* pace below 0: not chosen; due: monotonic seconds of the next event */
	unsigned scripts; /* that are being read, one inside the other */
	bool held;        /* until what a script shows is read: */
	struct fed_runner_hold hold;
	char **line; /* [n_lines] the queue */
	size_t n_lines;
	uint64_t executed;
	/* Used by the runner's thread alone. */
	int depth; /* nesting of lines executed inside an interrupted one */
};

/* Rounds a second; 0: full speed. Call with the lock held. */
static double pace_of(const struct fed_runner *r)
{
	if (r->pace >= 0)
		return r->pace;
	return r->scripts ? SCRIPT_PACE : 0;
}

/* Recompute `attention` and wake all waits. Call with the lock held. */
static void update_attention(struct fed_runner *r)
{
	atomic_store(&r->attention,
	             r->wanted || r->paused || r->leaving || pace_of(r) > 0 || r->n_lines > 0);
	pthread_cond_broadcast(&r->changed);
}

static void signal_event(struct fed_runner *r)
{
	const uint64_t one = 1;
	const ssize_t written = write(r->event_fd, &one, sizeof one);

	(void)written; /* EAGAIN: already signalled */
}

/* Waiting -------------------------------------------------------------------- */

static bool is_interrupted(const struct fed_runner *r)
{
	return atomic_load(fed_session_interrupts(r->host.session)) > 0;
}

/* Wait for a change, at most until the monotonic time `until` (0: no limit). Call with the lock
 * held. */
static void wait_change(struct fed_runner *r, double until)
{
	if (until <= 0) {
		pthread_cond_wait(&r->changed, &r->lock);
		return;
	}
	fed_condition_wait(&r->changed, &r->lock, until);
}

/* Give the session to the terminal's thread while it wants or has it. Call with the lock held. */
static void yield_session(struct fed_runner *r)
{
	if (r->wanted && !r->taken)
		signal_event(r);
	while (r->wanted || r->taken)
		wait_change(r, 0);
}

/* Whether the pause blocks the next event or line. */
static bool is_blocked(struct fed_runner *r)
{
	const uint64_t version = fed_session_version(r->host.session);

	if (!r->paused || r->permits)
		return false;
	if (!r->round_asked)
		return true;
	if (!r->round_begun) {
		r->round_begun = true;
		r->round_from = version;
	}
	r->round_asked = version == r->round_from;
	r->round_begun = r->round_asked;
	return !r->round_asked;
}

/* Wait until the next event or line may proceed; seconds: its duration at the pace. Returns whether
 * the run must be interrupted: lines are queued, or the runner ends. */
static bool wait_turn(struct fed_runner *r, double seconds)
{
	bool stop = false, told = false;

	pthread_mutex_lock(&r->lock);
	r->phase = WAITING;
	r->due = fmax(r->due, fed_wall_seconds() - LATE_MOST) + seconds;
	for (;;) {
		yield_session(r);
		stop = r->leaving || r->n_lines > 0;
		if (stop || is_interrupted(r))
			break;
		if (r->held || is_blocked(r)) {
			/* The terminal's thread may have given up on the session since: no frame is due by
			 * itself while nothing runs. */
			if (!told)
				signal_event(r);
			told = true;
			wait_change(r, 0);
		} else if (seconds > 0 && pace_of(r) > 0 && !r->permits && fed_wall_seconds() < r->due) {
			wait_change(r, r->due);
		} else {
			break;
		}
	}
	r->permits -= r->permits > 0;
	r->phase = BUSY;
	pthread_mutex_unlock(&r->lock);
	return stop;
}

/* The session's pause hook, called between events: a round lasts 1 / pace seconds, divided equally
 * among its events. */
static bool between_events(void *ctx, bool version)
{
	struct fed_runner *r = ctx;
	const struct fed_session *s = r->host.session;

	const bool requested =
		atomic_load_explicit(&r->requested, memory_order_relaxed) && !fed_session_open(s);

	if (!requested && !atomic_load_explicit(&r->attention, memory_order_relaxed))
		return false;
	atomic_store(&r->requested, atomic_load(&r->requested) && !requested);
	pthread_mutex_lock(&r->lock);
	r->wanted |= requested && !r->taken;
	const double pace = pace_of(r);
	pthread_mutex_unlock(&r->lock);
	const double events = version ? 1 : EVENTS_A_CLIENT * fed_session_status(s).round.invited + 2;
	return wait_turn(r, pace > 0 ? 1 / (pace * events) : 0);
}

/* Lines ------------------------------------------------------------------------ */

/* Dequeue a line (the caller frees it), or NULL. */
static char *next_line(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	char *line = r->n_lines && !r->leaving ? r->line[0] : NULL;
	if (line) {
		r->n_lines--;
		memmove(r->line, r->line + 1, r->n_lines * sizeof *r->line);
		update_attention(r);
	}
	pthread_mutex_unlock(&r->lock);
	return line;
}

static void execute(struct fed_runner *r, const char *line)
{
	r->host.execute(r->host.ctx, line, true);
	const bool done = r->host.done(r->host.ctx);
	pthread_mutex_lock(&r->lock);
	r->executed++;
	r->done |= done;
	pthread_mutex_unlock(&r->lock);
	signal_event(r);
}

static void execute_waiting(struct fed_runner *r)
{
	for (char *line; (line = next_line(r)); fed_free(line))
		execute(r, line);
}

/* Execute the queued lines, then resume the interrupted run, until it is not interrupted again.
 * Returns false if the user leaves meanwhile. */
static bool finish_stopped(struct fed_runner *r)
{
	struct fed_text resume = {0};
	const char *text;
	bool left = false;

	r->depth++;
	while (!left && (text = r->host.resume(r->host.ctx))) {
		fed_text_clear(&resume);
		fed_text_add(&resume, "%s", text);
		execute_waiting(r);
		while (wait_turn(r, 0) && !(left = fed_runner_state(r).leaving))
			execute_waiting(r);
		const char *later = r->host.resume(r->host.ctx);
		if (later) {
			fed_text_clear(&resume);
			fed_text_add(&resume, "%s", later);
		}
		left = left || is_interrupted(r) || resume.failed || r->host.done(r->host.ctx);
		if (!left && fed_session_left(r->host.session))
			r->host.execute(r->host.ctx, fed_text_str(&resume), false);
	}
	r->depth--;
	fed_text_release(&resume);
	return !left;
}

/* Share the session between two commands, without pace or pause: scripts have many quick ones. */
static void yield_session_briefly(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->phase = WAITING;
	yield_session(r);
	r->phase = BUSY;
	pthread_mutex_unlock(&r->lock);
}

bool fed_runner_after(struct fed_runner *r)
{
	if (atomic_load(&r->attention))
		yield_session_briefly(r);
	return r->depth || finish_stopped(r);
}

static void hold(struct fed_runner *r, const struct fed_runner_hold *how)
{
	pthread_mutex_lock(&r->lock);
	r->held = how != NULL;
	if (how)
		r->hold = *how;
	pthread_mutex_unlock(&r->lock);
	if (how)
		signal_event(r);
}

bool fed__runner_part(struct fed_runner *r, const struct fed_runner_hold *how)
{
	bool left = false;

	hold(r, how);
	while (!left && wait_turn(r, 0)) {
		left = fed_runner_state(r).leaving;
		/* Lines that were typed meanwhile run at once, not when it is read. */
		hold(r, NULL);
		r->depth++;
		if (!left)
			execute_waiting(r);
		r->depth--;
		hold(r, how);
	}
	hold(r, NULL);
	return !left;
}

void fed__runner_script(struct fed_runner *r, bool begins)
{
	pthread_mutex_lock(&r->lock);
	r->scripts += begins ? 1 : -1u;
	update_attention(r);
	pthread_mutex_unlock(&r->lock);
}

static void end_pause(struct fed_runner *r)
{
	r->paused = r->round_asked = r->round_begun = false;
	r->permits = 0;
	update_attention(r);
}

static void *run_thread(void *arg)
{
	struct fed_runner *r = arg;

	for (;;) {
		pthread_mutex_lock(&r->lock);
		r->phase = IDLE;
		if (!r->n_lines)
			end_pause(r); /* a line that is typed later runs */
		signal_event(r);
		while (r->wanted || r->taken || (!r->n_lines && !r->leaving)) {
			if (r->wanted && !r->taken)
				r->wanted = false, signal_event(r);
			else
				wait_change(r, 0);
		}
		const bool leaving = r->leaving;
		r->phase = BUSY;
		pthread_mutex_unlock(&r->lock);
		if (leaving)
			break;
		char *line = next_line(r);
		if (line)
			execute(r, line);
		fed_free(line);
	}
	pthread_mutex_lock(&r->lock);
	r->phase = IDLE;
	r->left = true;
	pthread_mutex_unlock(&r->lock);
	signal_event(r);
	return NULL;
}

/* Life -------------------------------------------------------------------------- */

int fed_runner_new(struct fed_runner **out, const struct fed_watch_host *host, double pace,
                   struct fed_error *err)
{
	struct fed_runner *r = fed_alloc(sizeof *r);

	if (!r)
		return fed_fail_memory(err, sizeof *r, "a thread");
	r->host = *host;
	r->pace = pace;
	r->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	pthread_mutex_init(&r->lock, NULL);
	fed_condition_init(&r->changed);
	update_attention(r);
	fed_session_set_pause_hook(host->session, (struct fed_pause_hook){between_events, r});
	const int error = r->event_fd < 0 ? 0 : fed_thread_start(&r->thread, run_thread, r);
	if (r->event_fd >= 0 && !error) {
		*out = r;
		return FED_OK;
	}
	fed_session_set_pause_hook(host->session, (struct fed_pause_hook){0});
	if (r->event_fd >= 0)
		close(r->event_fd);
	fed_free(r);
	return fed_fail(err, "the watch cannot start a thread: %s", strerror(error));
}

void fed_runner_free(struct fed_runner *r)
{
	if (!r)
		return;
	fed__runner_leave(r);
	pthread_join(r->thread, NULL);
	fed_session_set_pause_hook(r->host.session, (struct fed_pause_hook){0});
	for (size_t i = 0; i < r->n_lines; i++)
		fed_free(r->line[i]);
	fed_free(r->line);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	close(r->event_fd);
	fed_free(r);
}

/* Called by the terminal's thread -----------------------------------------------------------------
 */

int fed_runner_event_fd(const struct fed_runner *r)
{
	return r->event_fd;
}

void fed_runner_clear_event(struct fed_runner *r)
{
	uint64_t times;
	const ssize_t got = read(r->event_fd, &times, sizeof times);

	(void)got;
}

bool fed_runner_take(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->taken = r->phase != BUSY;
	r->wanted = !r->taken;
	update_attention(r);
	const bool taken = r->taken;
	pthread_mutex_unlock(&r->lock);
	return taken;
}

void fed_runner_request_pause(struct fed_runner *r)
{
	atomic_store(&r->requested, true);
}

void fed_runner_give(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->taken = r->wanted = false;
	update_attention(r);
	pthread_mutex_unlock(&r->lock);
}

void fed_runner_cancel(struct fed_runner *r)
{
	atomic_store(&r->requested, false);
	fed_runner_give(r);
}

int fed_runner_submit(struct fed_runner *r, const char *text, struct fed_error *err)
{
	char *line = fed_strdup(text);
	int rc = FED_OK;

	pthread_mutex_lock(&r->lock);
	const size_t n = r->n_lines, unit = sizeof *r->line;
	char **grown = line && n < LINES_MAX ? fed_resize(r->line, n * unit, (n + 1) * unit) : NULL;
	if (grown) {
		r->line = grown;
		r->line[r->n_lines++] = line;
	} else {
		rc = fed_fail(err, "%d lines wait already, or out of memory", LINES_MAX);
		fed_free(line);
	}
	update_attention(r);
	pthread_mutex_unlock(&r->lock);
	return rc;
}

void fed__runner_leave(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->leaving = true;
	r->taken = r->wanted = false;
	update_attention(r);
	pthread_mutex_unlock(&r->lock);
}

void fed_runner_notify_signal(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	pthread_cond_broadcast(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

struct fed_runner_state fed_runner_state(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	const struct fed_runner_state state = {
		.busy = r->phase != IDLE || r->n_lines > 0,
		.waiting = r->phase == WAITING,
		.held = r->held && r->phase == WAITING,
		.by_key = r->hold.by_key,
		.last = r->hold.last,
		.paused = r->paused && !r->permits && !r->round_asked,
		.leaving = r->leaving,
		.left = r->left,
		.done = r->done,
		.pace = pace_of(r),
		.lines = r->executed,
	};
	pthread_mutex_unlock(&r->lock);
	return state;
}

void fed__runner_pause(struct fed_runner *r, bool paused)
{
	pthread_mutex_lock(&r->lock);
	r->paused = paused;
	r->permits = 0;
	r->round_asked = r->round_begun = false;
	update_attention(r);
	pthread_mutex_unlock(&r->lock);
}

void fed__runner_pace(struct fed_runner *r, double pace)
{
	pthread_mutex_lock(&r->lock);
	r->pace = pace;
	r->due = 0;
	update_attention(r);
	pthread_mutex_unlock(&r->lock);
}

void fed__runner_release(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->held = false;
	update_attention(r);
	pthread_mutex_unlock(&r->lock);
}

void fed__runner_permit_one(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->paused = true;
	r->held = false;
	r->permits++;
	r->round_asked = r->round_begun = false;
	update_attention(r);
	pthread_mutex_unlock(&r->lock);
}

void fed__runner_permit_round(struct fed_runner *r)
{
	pthread_mutex_lock(&r->lock);
	r->paused = r->round_asked = true;
	r->round_begun = r->held = false;
	update_attention(r);
	pthread_mutex_unlock(&r->lock);
}
