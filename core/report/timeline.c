/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/timeline.c - selection of rounds and clients of a time window, and the phases of turns.
 */
#include "report/timeline.h"

#include <math.h>
#include <stdlib.h>

#include "history/event_log.h"
#include "base/mem.h"
#include "session/composition.h"
#include "history/metrics.h"

/* Intersect the window's clients with who; both ascend. */
static void intersect_clients(struct fed_timeline *w, const uint32_t *who, uint32_t n_who)
{
	uint32_t kept = 0, k = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		while (k < n_who && who[k] < w->client[i])
			k++;
		if (k < n_who && who[k] == w->client[i])
			w->client[kept++] = w->client[i];
	}
	w->n = kept;
}

static int by_id(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Whether an event of the window sends a model to be evaluated, which is no invitation. */
static bool sends_evaluation(const struct fed_timeline *w, const struct fed_logged_event *e)
{
	return e->kind == FED_EVENT_EVALUATION && !e->undone && e->clock >= w->from &&
	       e->clock <= w->to;
}

/* Add the clients that evaluate in the window. */
static int add_evaluating(struct fed_timeline *w, struct fed_error *err)
{
	const struct fed_logged_event *e;
	uint32_t more = 0, kept = 0;

	for (uint64_t k = w->first; (e = fed_event_log_at(w->event_log, k)); k++)
		more += sends_evaluation(w, e);
	if (!more)
		return FED_OK;
	const size_t before = w->n * sizeof *w->client, bytes = before + more * sizeof *w->client;
	uint32_t *grown = fed_resize(w->client, before, bytes);
	if (!grown)
		return fed_fail_memory(err, bytes, "the participants");
	w->client = grown;
	for (uint64_t k = w->first; (e = fed_event_log_at(w->event_log, k)); k++)
		if (sends_evaluation(w, e))
			grown[w->n++] = e->client;
	qsort(grown, w->n, sizeof *grown, by_id);
	for (uint32_t i = 0; i < w->n; i++)
		if (i == 0 || grown[i] != grown[i - 1])
			grown[kept++] = grown[i];
	w->n = kept;
	return FED_OK;
}

double fed_timeline_start(const struct fed_session *s)
{
	const struct fed_history *h = fed_session_history(s);
	const struct fed_invitation_log *j = &fed_session_event_log(s)->invitation_log;
	const struct fed_invitation_record *oldest = fed_invitation_log_at(j, j->first);

	return oldest && (!h->n || h->record[0].clock < oldest->sent) ? oldest->sent : 0;
}

/* The first version that was made at this time or later; n: none. */
static size_t first_since(const struct fed_history *h, double clock)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (h->record[middle].clock < clock)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int fed_timeline_between(struct fed_timeline *w, const struct fed_session *s, double from,
                         double to, const uint32_t *who, uint32_t n_who, struct fed_error *err)
{
	const struct fed_event_log *log = fed_session_event_log(s);
	const struct fed_history *h = fed_session_history(s);
	const size_t first = first_since(h, from);

	*w = (struct fed_timeline){
		.invitation_log = &log->invitation_log,
		.clients = &fed_session_parts(s)->clients,
		.event_log = log,
		.first = fed_event_log_since(log, first < h->n ? (uint64_t)h->record[first].round - 1
	                                                   : fed_session_version(s)),
		.round = h->n ? h->record + first : NULL,
		.rounds = h->n - first,
		.from = from,
		.to = to,
		.now = fed_session_time(s),
	};
	if (fed_invitation_log_clients(w->invitation_log, w->from, w->to, &w->client, &w->n, err))
		return FED_FAIL;
	if (add_evaluating(w, err)) {
		fed_timeline_release(w);
		return FED_FAIL;
	}
	if (who)
		intersect_clients(w, who, n_who);
	return FED_OK;
}

int fed_timeline_init(struct fed_timeline *w, const struct fed_session *s, uint64_t rounds,
                      const uint32_t *who, uint32_t n_who, struct fed_error *err)
{
	const struct fed_history *h = fed_session_history(s);
	const size_t before = h->n > rounds ? h->n - (size_t)rounds : 0;
	const double from = before ? h->record[before - 1].clock : fed_timeline_start(s);

	if (fed_timeline_between(w, s, from, fed_session_time(s), who, n_who, err))
		return FED_FAIL;
	w->round = h->n ? h->record + before : NULL;
	w->rounds = h->n - before; /* without the version at which the window begins */
	return FED_OK;
}

/* Turns ------------------------------------------------------------------------ */

/* What waits at the server's link. */
struct turn_transfer {
	enum fed_phase phase;
	uint64_t bytes;
};

/* The open phase of a client's turn. */
struct turn_phase {
	double since; /* NaN: none */
	enum fed_phase phase;
	bool turn; /* true once it sent activations */
	uint64_t invitation, version, bytes;
	struct turn_transfer queued;
};

struct turn_scan {
	const struct fed_timeline *schedule;
	struct turn_phase *phase; /* [schedule->n] */
	void (*take)(void *ctx, const struct fed_timeline_span *);
	void *ctx;
};

/* End the client's phase at `clock`, and begin the next one; bytes: of its message. */
static void next_phase(const struct turn_scan *f, uint32_t at, double clock, enum fed_phase phase,
                       uint64_t bytes)
{
	struct turn_phase *d = &f->phase[at];
	const struct fed_timeline_span span = {
		.at = at,
		.span = {d->phase, d->since, clock},
		.invitation = d->invitation,
		.version = d->version,
		.bytes = d->bytes,
	};

	if (d->turn && clock > d->since)
		f->take(f->ctx, &span);
	d->since = clock;
	d->phase = phase;
	d->bytes = bytes;
}

static void scan_event(const struct turn_scan *f, uint32_t at, const struct fed_logged_event *e)
{
	struct turn_phase *d = &f->phase[at];

	if (e->kind == FED_EVENT_RECEIVED)
		*d = (struct turn_phase){.since = e->clock,
		                         .phase = FED_PHASE_COMPUTE,
		                         .invitation = e->invitation,
		                         .version = e->version};
	if (e->kind == FED_EVENT_EVALUATION)
		*d = (struct turn_phase){.since = e->clock,
		                         .phase = FED_PHASE_DOWNLOAD,
		                         .turn = true,
		                         .version = e->version,
		                         .bytes = e->bytes};
	if (isnan(d->since) || e->invitation != d->invitation)
		return;
	switch ((enum fed_event_kind)e->kind) {
	case FED_EVENT_EVALUATED:
	case FED_EVENT_SMASHED:
		d->turn = true;
		next_phase(f, at, e->clock, FED_PHASE_UPLOAD, e->bytes);
		break;
	case FED_EVENT_REACHED:
		next_phase(f, at, e->clock, FED_PHASE_WAIT, 0);
		break;
	case FED_EVENT_QUEUED:
		d->queued = (struct turn_transfer){d->phase, d->bytes};
		next_phase(f, at, e->clock, FED_PHASE_QUEUE, 0);
		break;
	case FED_EVENT_PASSES:
		next_phase(f, at, e->clock, d->queued.phase, d->queued.bytes);
		break;
	case FED_EVENT_GRADIENT:
		next_phase(f, at, e->clock, FED_PHASE_DOWNLOAD, e->bytes);
		break;
	case FED_EVENT_ARRIVED:
	case FED_EVENT_EVALUATING:
		next_phase(f, at, e->clock, FED_PHASE_COMPUTE, 0);
		break;
	case FED_EVENT_TRAINED:
	case FED_EVENT_REPORTED:
	case FED_EVENT_REFUSED:
	case FED_EVENT_LOST:
	case FED_EVENT_LATE:
	case FED_EVENT_MEASURED:
	case FED_EVENT_MISSING:
		next_phase(f, at, e->clock, FED_PHASE_COMPUTE, 0);
		d->since = NAN;
		break;
	default:
		break;
	}
}

/* The client's index; n: it is not in the window. */
static uint32_t client_index(const struct fed_timeline *w, uint32_t client)
{
	uint32_t low = 0, high = w->n;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;

		if (w->client[middle] < client)
			low = middle + 1;
		else
			high = middle;
	}
	return low < w->n && w->client[low] == client ? low : w->n;
}

static void end_phases(const struct turn_scan *f, double clock)
{
	for (uint32_t at = 0; at < f->schedule->n; at++) {
		next_phase(f, at, clock, FED_PHASE_COMPUTE, 0);
		f->phase[at].since = NAN;
	}
}

int fed_timeline_turns(const struct fed_timeline *w,
                       void (*take)(void *ctx, const struct fed_timeline_span *), void *ctx,
                       struct fed_error *err)
{
	struct turn_scan f = {w, fed_alloc_array(w->n + 1, sizeof *f.phase), take, ctx};
	const struct fed_logged_event *e;

	if (!f.phase)
		return fed_fail_memory(err, w->n * sizeof *f.phase, "the turns");
	for (uint32_t at = 0; at < w->n; at++)
		f.phase[at].since = NAN;
	for (uint64_t k = w->first; (e = fed_event_log_at(w->event_log, k)); k++) {
		if (e->undone)
			continue;
		if (e->kind == FED_EVENT_CANCELLED)
			end_phases(&f, e->clock);
		const uint32_t at = client_index(w, e->client);
		if (at < w->n)
			scan_event(&f, at, e);
	}
	end_phases(&f, w->now);
	fed_free(f.phase);
	return FED_OK;
}

void fed_timeline_release(struct fed_timeline *w)
{
	fed_free(w->client);
	*w = (struct fed_timeline){0};
}
