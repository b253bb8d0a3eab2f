/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/event_log.c - ring buffer of events.
 */
#include "history/event_log.h"

#include "base/mem.h"

#define FIRST_CAPACITY 256u
#define AHEAD 8 /* prefetch distance in events */

static const char *const names[FED_EVENT_KINDS] = {
	[FED_EVENT_NOTICE] = "notice",
	[FED_EVENT_WARNING] = "warning",
	[FED_EVENT_BEGIN] = "begin",
	[FED_EVENT_SENT] = "sent",
	[FED_EVENT_RECEIVED] = "received",
	[FED_EVENT_TRAINED] = "trained",
	[FED_EVENT_REPORTED] = "reported",
	[FED_EVENT_REFUSED] = "refused",
	[FED_EVENT_SMASHED] = "smashed",
	[FED_EVENT_GRADIENT] = "gradient",
	[FED_EVENT_ARRIVED] = "arrived",
	[FED_EVENT_LOST] = "lost",
	[FED_EVENT_LATE] = "late",
	[FED_EVENT_CANCELLED] = "cancelled",
	[FED_EVENT_ROUND] = "round",
	[FED_EVENT_ABORTED] = "aborted",
	[FED_EVENT_PLUGIN] = "plugin",
	[FED_EVENT_FAULT] = "fault",
	[FED_EVENT_STOP] = "stop",
	[FED_EVENT_ASKED] = "asked",
	[FED_EVENT_ANSWERED] = "answered",
	[FED_EVENT_REACHED] = "reached",
	[FED_EVENT_QUEUED] = "queued",
	[FED_EVENT_PASSES] = "passes",
	[FED_EVENT_EVALUATION] = "evaluation",
	[FED_EVENT_EVALUATING] = "evaluating",
	[FED_EVENT_EVALUATED] = "evaluated",
	[FED_EVENT_MEASURED] = "measured",
	[FED_EVENT_MISSING] = "missing",
};

const char *fed_event_name(size_t kind)
{
	return kind < FED_EVENT_KINDS ? names[kind] : NULL;
}

bool fed_event_is_step(enum fed_event_kind kind)
{
	return kind == FED_EVENT_BEGIN || kind == FED_EVENT_SENT || kind == FED_EVENT_RECEIVED ||
	       kind == FED_EVENT_TRAINED || kind == FED_EVENT_REPORTED || kind == FED_EVENT_CANCELLED ||
	       kind == FED_EVENT_ASKED || kind == FED_EVENT_ANSWERED || kind == FED_EVENT_SMASHED ||
	       kind == FED_EVENT_GRADIENT || kind == FED_EVENT_ARRIVED || kind == FED_EVENT_REACHED ||
	       kind == FED_EVENT_QUEUED || kind == FED_EVENT_PASSES || kind == FED_EVENT_EVALUATION ||
	       kind == FED_EVENT_EVALUATING || kind == FED_EVENT_EVALUATED ||
	       kind == FED_EVENT_MEASURED;
}

void fed_event_log_release(struct fed_event_log *r)
{
	fed_free(r->event);
	fed__string_pool_release(&r->texts);
	fed__invitation_log_release(&r->invitation_log);
	*r = (struct fed_event_log){0};
}

/* The ring ------------------------------------------------------------------- */

static struct fed_logged_event *row(const struct fed_event_log *r, uint64_t k)
{
	return &r->event[k & (r->capacity - 1)];
}

static uint64_t kept(const struct fed_event_log *r)
{
	return r->n + 1 - r->first;
}

static void forget_oldest(struct fed_event_log *r)
{
	fed__string_pool_drop(&r->texts, row(r, r->first)->text);
	r->first++;
}

/* Double the capacity, up to the limit. */
static bool reserve_event(struct fed_event_log *r)
{
	const uint32_t limit = r->limit ? r->limit : FED_EVENTS_MAX;
	const uint32_t capacity = r->capacity              ? 2 * r->capacity
	                          : limit < FIRST_CAPACITY ? limit
	                                                   : FIRST_CAPACITY;

	r->first += r->first == 0;
	if (kept(r) < r->capacity)
		return true;
	struct fed_logged_event *grown =
		r->capacity < limit ? fed_alloc_array(capacity, sizeof *grown) : NULL;
	if (!grown) {
		if (r->capacity)
			forget_oldest(r);
		return r->capacity > 0;
	}
	for (uint64_t k = r->first; k <= r->n; k++)
		grown[k & (capacity - 1)] = *row(r, k);
	fed_free(r->event);
	r->event = grown;
	r->capacity = capacity;
	return true;
}

static void put(struct fed_logged_event *past, const struct fed_event *event, uint32_t text)
{
	past->clock = event->clock;
	past->version = event->version;
	past->client = event->client;
	past->kind = (uint32_t)event->kind;
	past->undone = 0;
	past->text = text;
	if (event->kind == FED_EVENT_ROUND) {
		past->accuracy = event->record->test_accuracy;
		past->loss = event->record->test_loss;
		past->used = (uint32_t)event->record->used;
		past->invited = (uint32_t)event->record->invited;
	} else {
		past->invitation = event->invitation;
		past->bytes = event->bytes;
	}
}

/* Mark the events of an aborted round as undone. */
static void mark_undone(struct fed_event_log *r)
{
	for (uint64_t k = r->opened > r->first ? r->opened : r->first; k < r->n; k++)
		row(r, k)->undone = 1;
	fed__invitation_log_undo(&r->invitation_log);
}

void fed_event_log_take(struct fed_event_log *r, const struct fed_event *event)
{
	if (!reserve_event(r))
		return;
	r->n++;
	put(row(r, r->n), event, fed__string_pool_take(&r->texts, event->text));
	__builtin_prefetch(row(r, r->n + AHEAD), 1); /* a full ring's next row is in no cache */
	while (r->texts.bytes > FED_TEXTS_BYTES && kept(r) > 1)
		forget_oldest(r);

	const bool ends = event->kind == FED_EVENT_ROUND || event->kind == FED_EVENT_ABORTED;
	if (!r->opened && (event->kind == FED_EVENT_BEGIN || event->invitation)) {
		r->opened = r->n;
		fed__invitation_log_open(&r->invitation_log);
	}
	if (event->kind == FED_EVENT_ABORTED && r->opened)
		mark_undone(r);
	else
		fed__invitation_log_take(&r->invitation_log, event, r->n);
	if (!ends)
		return;
	r->opened = 0;
	fed__invitation_log_commit(&r->invitation_log);
}

void fed_event_log_restart(struct fed_event_log *r)
{
	r->run = r->n + 1;
	r->runs++;
	r->opened = 0;
	fed__invitation_log_clear(&r->invitation_log);
}

size_t fed_event_log_bytes(const struct fed_event_log *r)
{
	return r->capacity * sizeof *r->event + r->texts.bytes +
	       fed__invitation_log_bytes(&r->invitation_log);
}

int fed_event_log_copy(struct fed_event_log *to, const struct fed_event_log *r,
                       struct fed_error *err)
{
	*to = *r;
	to->event = fed_copy_array(r->event, r->capacity, sizeof *r->event);
	to->texts = (struct fed_string_pool){0};
	to->invitation_log = (struct fed_invitation_log){0};
	if ((to->event || !r->capacity) && fed__string_pool_copy(&to->texts, &r->texts) &&
	    fed__invitation_log_copy(&to->invitation_log, &r->invitation_log))
		return FED_OK;
	fed_event_log_release(to);
	return fed_fail_memory(err, r->capacity * sizeof *r->event, "a copy of the event log");
}

/* By a multiple of the capacity, so that events stay at their places in the ring. */
void fed_event_log_return(struct fed_event_log *r, struct fed_event_log *copy)
{
	const uint64_t runs = r->runs, unit = copy->capacity ? copy->capacity : 1;
	const uint64_t more = (r->n / unit + 1) * unit;

	fed_event_log_release(r);
	*r = *copy;
	*copy = (struct fed_event_log){0};
	r->runs = (runs > r->runs ? runs : r->runs) + 1;
	r->first += r->first ? more : 0;
	r->n += more;
	r->run += more;
	r->opened += r->opened ? more : 0;
	if (!r->capacity)
		r->first = r->n + 1;
	fed__invitation_log_renumber(&r->invitation_log, more);
}

/* Reading ---------------------------------------------------------------------- */

const struct fed_logged_event *fed_event_log_at(const struct fed_event_log *r, uint64_t k)
{
	return k && k >= r->first && k <= r->n ? row(r, k) : NULL;
}

const char *fed_event_log_text(const struct fed_event_log *r, const struct fed_logged_event *past)
{
	return fed__string_pool_text(&r->texts, past->text);
}

uint64_t fed_event_log_since(const struct fed_event_log *r, uint64_t version)
{
	uint64_t lo = r->run > r->first ? r->run : r->first, hi = r->n + 1;

	lo += lo == 0;
	/* Versions ascend in a run: an aborted round does not change its version. */
	while (lo < hi) {
		const uint64_t mid = lo + (hi - lo) / 2;

		if (row(r, mid)->version < version)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

uint64_t fed_event_log_begins(const struct fed_event_log *r, uint64_t version)
{
	const struct fed_logged_event *first =
		fed_event_log_at(r, r->run > r->first ? r->run : r->first);

	return first ? first->version : version;
}
