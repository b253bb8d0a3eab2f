/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/run.c - runs, steps and aborts of rounds, with stops, interrupts and divergence warnings.
 *
 * All go through run_step(), which opens a round or handles one event of the open one, or makes a
 * whole round at once if no breakpoint and no pause hook needs the events.
 */
#include <math.h>

#include "base/mem.h"
#include "plug/guard/guard.h"
#include "session/internal.h"
#include "session/reach.h"

/* A diverging loss -------------------------------------------------------- */

/* A loss of this many times the reference has diverged. */
#define DIVERGENCE_FACTOR 10.0

static const struct fed_record *first_with_loss(const struct fed_history *h)
{
	for (size_t i = 0; i + 1 < h->n; i++)
		if (isfinite(h->record[i].train_loss))
			return &h->record[i];
	return NULL;
}

/* The reference of a loss: the first one, or that of random guessing if it is less. */
static double reference_loss(const struct fed_session *s, double first)
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
	return last->train_loss >
	           DIVERGENCE_FACTOR * reference_loss(s, first ? first->train_loss : INFINITY) ||
	       last->test_loss >
	           DIVERGENCE_FACTOR * reference_loss(s, first ? first->test_loss : INFINITY);
}

/* Warn once, until the loss recovers. */
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

/* Open a round, or handle one event of the open one; or make a whole round. */
static int advance_round(struct fed_session *s, bool whole, bool *made, struct fed_error *err)
{
	struct fed_federation *f = &s->federation;

	*made = whole;
	if (whole)
		return fed_federation_round(f, err);
	return f->in_round ? fed_federation_advance(f, made, err) : fed_federation_begin(f, err);
}

/* The same, with the session's journal, breakpoints and counters. */
static int run_step(struct fed_session *s, bool whole, struct fed_run_result *r, bool *made,
                    struct fed_error *err)
{
	struct fed_breakpoints *d = &s->breakpoints;

	if (!fed_session_open(s)) {
		if (s->settle)
			s->settle(s->settle_ctx);
		if (fed_history_reserve(&s->history, err))
			return FED_FAIL;
		fed_round_edits_clear(&s->edits);
		if (fed_session_prepare_substitute(s, err))
			return FED_FAIL;
	}
	if (s->probe && s->probe->step)
		s->probe->step(s->probe->ctx);
	d->in_step = true;
	const int rc = advance_round(s, whole, made, err);
	d->in_step = false;
	fed__session_report_plugins(s);
	if (!fed_session_open(s))
		fed_round_edits_clear(&s->edits);
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

/* Whether a run whose step failed changed nothing: no version, and no work that was there before.
 */
static bool left_no_trace(const struct fed_run_result *r)
{
	return r->outcome == FED_RUN_ABORTED && r->versions == 0 && r->open_before == 0 && !r->lost;
}

/* After a failed step: drop the rest of the run, unless it left no trace.  A second interrupt is no
 * failure. */
static int end_failed_run(struct fed_session *s, int rc, struct fed_run_result *r)
{
	r->interrupted = rc == FED_REJECT && atomic_load(&s->interrupts) > 1;
	r->lost = r->outcome == FED_RUN_ABORTED && s->federation.started.lost;
	r->outcome = FED_RUN_ABORTED; /* also where there was no memory to begin one */
	if (r->lost)
		fed_session_tell(s, FED_EVENT_NOTICE,
		                 "the abort cancels the work in flight; its clients are invited again");
	if (!left_no_trace(r))
		fed_remaining_run_clear(&s->rest);
	fed__breakpoints_check(s, false); /* a breakpoint may hit at the abort */
	return r->interrupted ? FED_OK : rc;
}

static int prepare_run(struct fed_session *s, struct fed_run_result *r, struct fed_error *err)
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

/* After a step: true if a breakpoint is hit or the pause is due.  The version hook comes last: what
 * it saves is as it was when the version was complete. */
static bool check_stops(struct fed_session *s, bool made)
{
	const bool hit = fed__breakpoints_check(s, made);
	const bool due = made && fed__breakpoints_pause_due(s);

	if (made && s->version_hook.made)
		s->version_hook.made(s->version_hook.ctx);
	return due || hit;
}

bool fed_session_hold(struct fed_session *s, bool version)
{
	return s->pause_hook.wants_pause && s->pause_hook.wants_pause(s->pause_hook.ctx, version);
}

/* Why a run stops after a step; FED_RUN_ENDED: it continues, or is complete. */
static enum fed_run_outcome stop_reason(struct fed_session *s, bool made)
{
	if (check_stops(s, made))
		return FED_RUN_STOPPED;
	return fed_session_left(s) && fed_session_hold(s, false) ? FED_RUN_HELD : FED_RUN_ENDED;
}

static void count_steps(const struct fed_session *s, struct fed_run_result *r)
{
	if (fed_session_open(s) || r->outcome == FED_RUN_ABORTED)
		r->steps = s->federation.steps - (r->versions ? 0 : r->open_before);
}

/* Whether a number is 1, 2 or 5 times a power of ten from 100 on. */
static bool is_round_number(uint64_t n)
{
	while (n >= 1000 && n % 10 == 0)
		n /= 10;
	return n == 100 || n == 200 || n == 500;
}

/* After a version of a run that only its condition ends: whether that can come still, and where the
 * run is, now and then. */
static int check_endless(struct fed_session *s, uint64_t made, struct fed_error *err)
{
	struct fed_text values = {0};
	const bool thoroughly = (made & (made - 1)) == 0; /* at 1, 2, 4, ... */
	const int rc = fed__session_can_reach(s, s->rest.until, thoroughly, err);

	if (rc != FED_OK || !is_round_number(made))
		return rc;
	const bool limited = fed_condition_names(s->rest.until, fed_metrics /* round */);
	fed_condition_values(s->rest.until, &s->history, &values);
	fed_session_tell(s, FED_EVENT_NOTICE, "%s does not hold after %s more versions (%s); %s",
	                 fed_show(fed_condition_text(s->rest.until)).s, fed_count((double)made).s,
	                 fed_text_str(&values),
	                 limited ? "Ctrl-C stops" : "Ctrl-C stops, and `or round>=N` sets a limit");
	fed_text_release(&values);
	return FED_OK;
}

/* Make the open round, if any, and the rest of the run, until a stop. */
static int run_until_stop(struct fed_session *s, struct fed_run_result *r, struct fed_error *err)
{
	int rc = FED_OK;

	if (!fed_session_open(s) && fed__breakpoints_pause_due(s))
		r->outcome = FED_RUN_STOPPED;
	while (r->outcome == FED_RUN_ENDED && fed_session_left(s)) {
		bool made;

		r->interrupted = !fed_session_open(s) && atomic_load(&s->interrupts) > 0;
		if (r->interrupted) {
			r->outcome = FED_RUN_INTERRUPTED;
			break;
		}
		rc = run_step(s, !fed__breakpoints_need_steps(s) && !s->pause_hook.wants_pause, r, &made,
		              err);
		if (rc) {
			rc = end_failed_run(s, rc, r);
			break;
		}
		r->outcome = stop_reason(s, made);
		if (made && r->outcome == FED_RUN_ENDED && s->rest.endless && fed_session_left(s) &&
		    (rc = check_endless(s, r->versions, err)) != FED_OK) {
			r->outcome = FED_RUN_POINTLESS;
			fed_remaining_run_clear(&s->rest);
		}
	}
	count_steps(s, r);
	return rc;
}

int fed_session_run(struct fed_session *s, uint64_t n, const struct fed_condition *until,
                    struct fed_run_result *result, struct fed_error *err)
{
	struct fed_remaining_run rest = {.versions = n, .endless = n == 0};

	int rc = prepare_run(s, result, err);
	if (rc == FED_OK && until)
		rc = fed_condition_copy(&rest.until, until, err);
	if (rc || !fed_remaining_run_pending(&rest, &s->history)) {
		fed_remaining_run_clear(&rest);
		return rc;
	}
	struct fed_remaining_run before = s->rest;

	s->rest = rest;
	rc = run_until_stop(s, result, err);
	if (left_no_trace(result)) { /* as if it had not been begun */
		rest = s->rest;
		s->rest = before;
		before = rest;
	}
	fed_remaining_run_clear(&before);
	return rc;
}

int fed_session_continue(struct fed_session *s, struct fed_run_result *result,
                         struct fed_error *err)
{
	const int rc = prepare_run(s, result, err);

	if (rc)
		return rc;
	if (!fed_session_left(s))
		return fed_reject(err, "nothing is left to continue; `round` makes a version");
	return run_until_stop(s, result, err);
}

int fed_session_step(struct fed_session *s, struct fed_run_result *result, struct fed_error *err)
{
	bool made;
	int rc = prepare_run(s, result, err);

	if (rc)
		return rc;
	s->breakpoints.saw_event = false;
	/* Over real connections no message may have arrived yet. */
	do {
		rc = run_step(s, false, result, &made, err);
	} while (rc == FED_OK && !s->breakpoints.saw_event && !fed_is_simulated(&s->parts.transport) &&
	         atomic_load(&s->interrupts) == 0);
	if (rc) {
		rc = end_failed_run(s, rc, result);
	} else {
		const bool hit = check_stops(s, made);

		result->interrupted = atomic_load(&s->interrupts) > 0;
		result->outcome = result->interrupted ? FED_RUN_INTERRUPTED
		                  : hit               ? FED_RUN_STOPPED
		                                      : FED_RUN_ENDED;
	}
	count_steps(s, result);
	return rc;
}

int fed_session_abort(struct fed_session *s, bool all, struct fed_error *err)
{
	if (!fed_session_open(s))
		return fed_reject(err, "no round is open; `step` opens one");
	fed_remaining_run_clear(&s->rest);
	fed_federation_abort(&s->federation, "aborted by a command");
	fed_round_edits_clear(&s->edits);
	if (all)
		fed__session_cancel_in_flight(s, "the abort");
	return FED_OK;
}

/* Interrupts --------------------------------------------------------------- */

/* Only lock-free atomics: called in signal handlers. */
void fed_session_interrupt(struct fed_session *s)
{
	const int count = atomic_fetch_add(&s->interrupts, 1) + 1;

	atomic_store(&s->federation.stop, count < 2 ? count : 2);
	if (count >= 2)
		atomic_store(&fed_registry_guard_of(s->plugins)->interrupted, true);
}

bool fed_session_evaluates(const struct fed_session *s)
{
	return atomic_load(&s->federation.evaluating);
}

void fed_session_clear_interrupt(struct fed_session *s)
{
	atomic_store(&s->interrupts, 0);
	atomic_store(&s->federation.stop, 0);
	atomic_store(&fed_registry_guard_of(s->plugins)->interrupted, false);
}
