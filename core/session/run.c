/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/run.c - make versions, in one go or an event at a time, and stop when told to.
 *
 * Everything goes through step(): it opens a round or handles one event of the open one, or makes
 * the whole round at once where nobody wants to look between two events.
 */
#include <math.h>

#include "base/mem.h"
#include "session/internal.h"

/* A diverging loss -------------------------------------------------------- */

/* This many times the first is lost for good. */
#define DIVERGED 10.0

static const struct fed_record *first_with_loss(const struct fed_history *h)
{
	for (size_t i = 0; i + 1 < h->n; i++)
		if (isfinite(h->record[i].train_loss))
			return &h->record[i];
	return NULL;
}

/* What a loss is held against: the first one, or what guessing would give if that is less. */
static double reference(const struct fed_session *s, double first)
{
	const double guessing = s->parts.net.classes > 1 ? log(s->parts.net.classes) : INFINITY;

	return first < guessing ? first : guessing;
}

static bool is_diverged(const struct fed_session *s)
{
	const struct fed_history *h = &s->history;
	const struct fed_record *last = &h->record[h->n - 1];
	const struct fed_record *first = first_with_loss(h);

	if (fed_record_is_lost(last))
		return true;
	return last->train_loss > DIVERGED * reference(s, first ? first->train_loss : INFINITY) ||
	       last->test_loss > DIVERGED * reference(s, first ? first->test_loss : INFINITY);
}

/* Told once, until it recovers. */
static void watch_loss(struct fed_session *s)
{
	const bool now = s->history.n > 0 && is_diverged(s);

	if (now && !s->diverged) {
		const struct fed_record *r = &s->history.record[s->history.n - 1];

		fed_session_tell(
			s, FED_EVENT_WARNING,
			"the loss diverges at version %.0f (train %.4g, test %.4g): try a lower "
			"learning rate, `set lr %.3g`; the way back is `restart`, or `restore` of a "
			"saved file",
			r->round, r->train_loss, r->test_loss, s->parts.settings.lr / 10);
	}
	s->diverged = now;
}

/* Steps ------------------------------------------------------------------- */

/* The opening of a round, or one event of the open one; or what is missing of a whole one. */
static int advance(struct fed_session *s, bool whole, bool *made, struct fed_error *err)
{
	struct fed_federation *f = &s->federation;

	*made = whole;
	if (whole)
		return fed_federation_round(f, err);
	return f->in_round ? fed_federation_advance(f, made, err) : fed_federation_begin(f, err);
}

/* The same, with what belongs to it here. */
static int step(struct fed_session *s, bool whole, struct fed_run_result *r, bool *made,
                struct fed_error *err)
{
	struct fed_breakpoints *d = &s->breakpoints;

	if (!fed_session_open(s)) {
		if (fed_history_reserve(&s->history, err))
			return FED_FAIL;
		fed_round_edits_clear(&s->changes);
	}
	d->listening = true;
	const int rc = advance(s, whole, made, err);
	d->listening = false;
	if (!fed_session_open(s))
		fed_round_edits_clear(&s->changes);
	if (rc) {
		r->outcome = FED_RUN_ABORTED;
		return rc;
	}
	if (*made) {
		r->versions++;
		s->rest.versions -= s->rest.versions > 0;
		watch_loss(s);
	}
	return FED_OK;
}

/* Aborted by a second interrupt: no failure.  What was left to do is given up. */
static int give_up(struct fed_session *s, int rc, struct fed_run_result *r)
{
	r->interrupted = rc == FED_REJECT && atomic_load(&s->interrupts) > 1;
	fed_remaining_run_clear(&s->rest);
	fed_breakpoints_check(s, false); /* the end itself may be what a breakpoint waits for */
	return r->interrupted ? FED_OK : rc;
}

static int get_ready(struct fed_session *s, struct fed_run_result *r, struct fed_error *err)
{
	*r = (struct fed_run_result){.open_before = fed_session_open(s) ? s->federation.steps : 0};
	if (s->parts.clients.n_present == 0)
		return fed_reject(err, "there are no clients; `add-client 10` makes some");
	return fed_session_start(s, err);
}

bool fed_session_left(const struct fed_session *s)
{
	return fed_session_open(s) || fed_remaining_run_pending(&s->rest, &s->history);
}

/* After a step: a breakpoint is hit, or the pause has come. */
static bool is_stopped(struct fed_session *s, bool stands)
{
	const bool hit = fed_breakpoints_check(s, stands);

	return (stands && fed_breakpoints_pause_due(s)) || hit;
}

bool fed_session_hold(struct fed_session *s)
{
	return s->between.stand && s->between.stand(s->between.ctx);
}

/* Why a run stops after a step; FED_RUN_ENDED: it goes on, or nothing is left. */
static enum fed_run_outcome why_stop(struct fed_session *s, bool stands)
{
	if (is_stopped(s, stands))
		return FED_RUN_STOPPED;
	return fed_session_left(s) && fed_session_hold(s) ? FED_RUN_HELD : FED_RUN_ENDED;
}

static void count_steps(const struct fed_session *s, struct fed_run_result *r)
{
	if (fed_session_open(s) || r->outcome == FED_RUN_ABORTED)
		r->steps = s->federation.steps - (r->versions ? 0 : r->open_before);
}

/* The open round, if any, and what is left to do. */
static int go_on(struct fed_session *s, struct fed_run_result *r, struct fed_error *err)
{
	int rc = FED_OK;

	if (!fed_session_open(s) && fed_breakpoints_pause_due(s))
		r->outcome = FED_RUN_STOPPED;
	while (r->outcome == FED_RUN_ENDED && fed_session_left(s)) {
		bool stands;

		r->interrupted = !fed_session_open(s) && atomic_load(&s->interrupts) > 0;
		if (r->interrupted) {
			r->outcome = FED_RUN_INTERRUPTED;
			break;
		}
		rc = step(s, s->breakpoints.n == 0 && !s->between.stand, r, &stands, err);
		if (rc) {
			rc = give_up(s, rc, r);
			break;
		}
		r->outcome = why_stop(s, stands);
	}
	count_steps(s, r);
	return rc;
}

int fed_session_run(struct fed_session *s, uint64_t n, const struct fed_condition *until,
                    struct fed_run_result *result, struct fed_error *err)
{
	struct fed_remaining_run rest = {.versions = n, .endless = n == 0};

	int rc = get_ready(s, result, err);
	if (rc == FED_OK && until)
		rc = fed_condition_copy(&rest.until, until, err);
	if (rc || !fed_remaining_run_pending(&rest, &s->history)) {
		fed_remaining_run_clear(&rest);
		return rc;
	}
	fed_remaining_run_clear(&s->rest);
	s->rest = rest;
	return go_on(s, result, err);
}

int fed_session_continue(struct fed_session *s, struct fed_run_result *result,
                         struct fed_error *err)
{
	const int rc = get_ready(s, result, err);

	if (rc)
		return rc;
	if (!fed_session_left(s))
		return fed_reject(err, "nothing was stopped before its end; `round` makes a version");
	return go_on(s, result, err);
}

int fed_session_step(struct fed_session *s, struct fed_run_result *result, struct fed_error *err)
{
	bool stands;
	int rc = get_ready(s, result, err);

	if (rc)
		return rc;
	s->breakpoints.heard = false;
	/* Over real connections nothing may have come yet. */
	do {
		rc = step(s, false, result, &stands, err);
	} while (rc == FED_OK && !s->breakpoints.heard && !fed_is_simulated(&s->parts.transport) &&
	         atomic_load(&s->interrupts) == 0);
	if (rc) {
		rc = give_up(s, rc, result);
	} else {
		const bool hit = is_stopped(s, stands);

		result->interrupted = atomic_load(&s->interrupts) > 0;
		result->outcome = result->interrupted ? FED_RUN_INTERRUPTED
		                  : hit               ? FED_RUN_STOPPED
		                                      : FED_RUN_ENDED;
	}
	count_steps(s, result);
	return rc;
}

int fed_session_abort(struct fed_session *s, struct fed_error *err)
{
	if (!fed_session_open(s))
		return fed_reject(err, "no round is open; `step` opens one");
	fed_remaining_run_clear(&s->rest);
	fed_federation_abort(&s->federation, "aborted by a command");
	fed_round_edits_clear(&s->changes);
	return FED_OK;
}

/* Interrupts --------------------------------------------------------------- */

/* Nothing but lock-free atomics here: it runs in signal handlers. */
void fed_session_interrupt(struct fed_session *s)
{
	const int count = atomic_fetch_add(&s->interrupts, 1) + 1;

	atomic_store(&s->federation.stop, count < 2 ? count : 2);
}

bool fed_session_evaluates(const struct fed_session *s)
{
	return atomic_load(&s->federation.evaluating);
}

void fed_session_clear_interrupt(struct fed_session *s)
{
	atomic_store(&s->interrupts, 0);
	atomic_store(&s->federation.stop, 0);
}
