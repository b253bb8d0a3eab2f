/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/progress.c - the progress line of running rounds, on a terminal only.
 *
 * It is drawn at most ten times a second and erased before other output.
 */
#include <math.h>
#include <unistd.h>

#include "base/cpu.h"
#include "report/next_event.h"
#include "shell/output/print.h"

#define DRAW_EVERY 0.1 /* seconds */

void fed__progress_begin(struct fed_shell *shell, uint64_t rounds, bool resumed)
{
	const double now = fed_wall_seconds();
	const struct fed_progress_line *old = &shell->progress;
	const uint64_t version = fed_session_version(shell->session);
	const bool goes_on = resumed && rounds && old->target > 0 && version >= old->first &&
	                     (double)(version - old->first) + (double)rounds == old->target;
	const uint64_t earlier = goes_on ? old->earlier + (version - old->first) : 0;

	shell->progress = (struct fed_progress_line){
		.on = shell->screen.terminal,
		.target = (double)rounds,
		.began = now,
		.first = version,
		.earlier = earlier,
	};
	fed__signals_running(FED_RUNNING_ROUNDS);
}

void fed__progress_begin_trials(struct fed_shell *shell, const struct fed_trials *trials,
                                const char *unit, double target, bool drawn)
{
	shell->progress = (struct fed_progress_line){
		.on = shell->screen.terminal && drawn,
		.target = target,
		.began = fed_wall_seconds(),
		.trials = trials,
		.unit = unit,
		.before = atomic_load(&trials->rounds),
		.played = trials->played,
	};
	fed__signals_running(FED_RUNNING_TRIALS);
}

void fed__progress_erase(struct fed_shell *shell)
{
	if (!shell->progress.shown)
		return;
	fputs("\r\033[K", shell->out);
	shell->progress.shown = false;
}

void fed__progress_end(struct fed_shell *shell)
{
	fed__progress_erase(shell);
	shell->progress.on = false;
	shell->progress.trials = NULL;
	fed__signals_running(FED_RUNNING_NOTHING);
	fflush(shell->out);
}

/* Part of the trials that is done since the line began, and of what is left: by rounds where their
 * number is known. */
static void parts_of_trials(const struct fed_progress_line *p, double *done, double *left)
{
	const struct fed_trials *t = p->trials;

	*done = t->played > p->played ? (double)(t->played - p->played) : 0;
	*left = (double)(t->n - t->played);
	/* rounds of a trial */
	const double each = p->target > 0 ? p->target / (double)t->n : (double)t->each;

	if (each > 0) {
		*done = (double)(atomic_load(&t->rounds) - p->before);
		*left = each * (double)(t->n - p->played) - *done;
	}
}

double fed__progress_left(const struct fed_progress_line *p)
{
	const double passed = fed_wall_seconds() - p->began;
	double done, left;

	if (!p->trials)
		return NAN;
	parts_of_trials(p, &done, &left);
	return done > 0 && left >= 0 ? left * passed / done : NAN;
}

/* "12 of 60 runs, about 3 s left" */
static void put_trials(const struct fed_shell *shell, struct fed_text *out)
{
	const struct fed_progress_line *p = &shell->progress;
	const double left = fed__progress_left(p);

	fed_text_add(out, "%zu of %zu %s", p->trials->played, p->trials->n, p->unit);
	if (isnan(left))
		return;
	fed_text_add(out, ", about ");
	fed_text_seconds(out, (double)(long)(left + 0.5));
	fed_text_add(out, " left");
}

/* "round 4 of 10: 7 of 10 clients, 2.1 rounds/s, about 3 s left" */
static void put_progress(const struct fed_shell *shell, double now, struct fed_text *out)
{
	const struct fed_progress_line *p = &shell->progress;
	const double made = (double)(fed_session_version(shell->session) - p->first);
	const double part = p->invited > 0 ? p->trained / p->invited : 0;
	const double done = made + (part < 1 ? part : 1), passed = now - p->began;

	fed_text_add(out, "round %.0f", (double)p->earlier + made + 1);
	if (p->target > 0)
		fed_text_add(out, " of %.0f", (double)p->earlier + p->target);
	if (p->invited > 0)
		fed_text_add(out, ": %.0f of %.0f clients", p->trained, p->invited);
	if (done <= 0 || passed <= 0)
		return;
	const double rate = done / passed;
	fed_text_add(out, rate >= 1 ? ", %.1f rounds/s" : ", %.2g rounds/s", rate);
	if (p->target > done) {
		fed_text_add(out, ", about ");
		fed_text_seconds(out, (double)(long)((p->target - done) / rate + 0.5));
		fed_text_add(out, " left");
	}
}

static void draw(struct fed_shell *shell, double now)
{
	struct fed_text line = {0};

	fed__screen_measure(shell);
	if (shell->progress.trials)
		put_trials(shell, &line);
	else
		put_progress(shell, now, &line);
	fed__progress_erase(shell);
	fprintf(shell->out, "%.*s", shell->screen.columns - 1, fed_text_str(&line));
	fflush(shell->out);
	fed_text_release(&line);
	shell->progress.shown = true;
	shell->progress.drawn = now;
}

void fed__progress_trials(struct fed_shell *shell)
{
	const double now = fed_wall_seconds();

	if (shell->progress.on && !fed__signals_are_behind() &&
	    now - shell->progress.drawn >= DRAW_EVERY)
		draw(shell, now);
	fed_session_hold(shell->session, false); /* the session can be looked at */
}

void fed__progress_event(struct fed_shell *shell, const struct fed_event *event)
{
	struct fed_progress_line *p = &shell->progress;

	if (!p->on || p->trials)
		return;
	if (event->kind == FED_EVENT_BEGIN || event->kind == FED_EVENT_ROUND) {
		p->trained = 0;
		p->invited =
			event->kind == FED_EVENT_BEGIN ? fed_session_clients_expected(shell->session) : 0;
	}
	if (event->kind == FED_EVENT_TRAINED)
		p->trained++;
	if (p->invited <= 0 || fed__signals_are_behind())
		return;
	const double now = fed_wall_seconds();
	if (now - p->drawn >= DRAW_EVERY)
		draw(shell, now);
}
