/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/invitation_log.c - ring buffer of invitation records, and a hash table of each client's
 * last one.
 */
#include "history/invitation_log.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define FIRST_CAPACITY 256u
#define AHEAD 4
#define CACHE_LINE 64

/* Hash table entry: last record of a client; ignored when that record was evicted. */
struct fed_invitation_hash {
	uint32_t key; /* client + 1; 0: a free place */
	uint64_t last;
};

void fed__invitation_log_release(struct fed_invitation_log *j)
{
	fed_free(j->invitation);
	fed_free(j->head);
	fed_free(j->changed);
	*j = (struct fed_invitation_log){.limit = j->limit};
}

size_t fed__invitation_log_bytes(const struct fed_invitation_log *r)
{
	return r->capacity * sizeof *r->invitation + r->heads * sizeof *r->head +
	       r->changed_capacity * sizeof *r->changed;
}

bool fed__invitation_log_copy(struct fed_invitation_log *to, const struct fed_invitation_log *j)
{
	*to = *j;
	to->changed_capacity = j->n_changed;
	to->invitation = fed_copy_array(j->invitation, j->capacity, sizeof *j->invitation);
	to->head = fed_copy_array(j->head, j->heads, sizeof *j->head);
	to->changed = fed_copy_array(j->changed, j->n_changed, sizeof *j->changed);
	const bool whole = (to->invitation || !j->capacity) && (to->head || !j->heads) &&
	                   (to->changed || !j->n_changed);
	if (!whole)
		fed__invitation_log_release(to);
	return whole;
}

void fed__invitation_log_renumber(struct fed_invitation_log *j, uint64_t more)
{
	for (uint64_t k = j->first; k && k <= j->n; k++) {
		struct fed_invitation_record *x = &j->invitation[k & (j->capacity - 1)];

		x->end += x->end ? more : 0;
	}
	for (size_t i = 0; i < j->n_changed; i++)
		j->changed[i].record.end += j->changed[i].record.end ? more : 0;
}

void fed__invitation_log_clear(struct fed_invitation_log *j)
{
	for (uint32_t i = 0; i < j->heads; i++)
		j->head[i] = (struct fed_invitation_hash){0};
	j->heads_used = 0;
	j->n = j->first = j->scheme = 0;
	fed__invitation_log_commit(j);
}

void fed_invitation_log_mark_scheme(struct fed_invitation_log *j)
{
	j->scheme = j->n + 1;
}

/* Lookup ------------------------------------------------------------------- */

static struct fed_invitation_record *row(const struct fed_invitation_log *j, uint64_t k)
{
	return &j->invitation[k & (j->capacity - 1)];
}

static bool is_kept(const struct fed_invitation_log *j, uint64_t k)
{
	return k && k >= j->first && k <= j->n;
}

const struct fed_invitation_record *fed_invitation_log_at(const struct fed_invitation_log *j,
                                                          uint64_t k)
{
	return is_kept(j, k) ? row(j, k) : NULL;
}

/* Entry of the client, or the free one where it would go. */
static struct fed_invitation_hash *head_of(const struct fed_invitation_log *j, uint32_t client)
{
	const uint32_t mask = j->heads - 1;
	/* Fibonacci hashing: Knuth, The Art of Computer Programming, section 6.4. */
	uint32_t at = (uint32_t)(client * 0x9e3779b97f4a7c15u >> 32) & mask;

	while (j->head[at].key && j->head[at].key != client + 1)
		at = (at + 1) & mask;
	return &j->head[at];
}

/* Record k, if it is this client's: numbers of removed records are used again. */
static struct fed_invitation_record *of_client(const struct fed_invitation_log *j, uint64_t k,
                                               uint32_t client)
{
	return is_kept(j, k) && row(j, k)->client == client ? row(j, k) : NULL;
}

static struct fed_invitation_record *last_of(const struct fed_invitation_log *j, uint32_t client)
{
	return j->heads ? of_client(j, head_of(j, client)->last, client) : NULL;
}

/* Number of a record, from its place. */
static uint64_t number_of(const struct fed_invitation_log *j, const struct fed_invitation_record *x)
{
	const uint64_t place = (uint64_t)(x - j->invitation);

	return j->n - ((j->n - place) & (j->capacity - 1));
}

static struct fed_invitation_record *before(const struct fed_invitation_log *j,
                                            const struct fed_invitation_record *x)
{
	const uint64_t k = number_of(j, x);

	return x->before && x->before < k ? of_client(j, k - x->before, x->client) : NULL;
}

const struct fed_invitation_record *fed_invitation_log_last(const struct fed_invitation_log *j,
                                                            uint32_t client)
{
	return last_of(j, client);
}

const struct fed_invitation_record *fed_invitation_log_before(const struct fed_invitation_log *j,
                                                              const struct fed_invitation_record *x)
{
	return before(j, x);
}

static struct fed_invitation_record *find(const struct fed_invitation_log *j, uint32_t client,
                                          uint64_t invitation)
{
	struct fed_invitation_record *x = last_of(j, client);

	while (x && x->invitation > invitation)
		x = before(j, x);
	return x && x->invitation == invitation ? x : NULL;
}

/* Growing ------------------------------------------------------------------ */

/* Double the capacity, up to the limit; when memory is short, the oldest record is evicted. */
static bool reserve_record(struct fed_invitation_log *j)
{
	const uint32_t limit = j->limit ? j->limit : FED_INVITATION_LOG_MAX;
	const uint32_t capacity = j->capacity              ? 2 * j->capacity
	                          : FIRST_CAPACITY < limit ? FIRST_CAPACITY
	                                                   : limit;
	const uint64_t kept = j->n ? j->n - j->first + 1 : 0;

	if (kept < j->capacity)
		return true;
	if (j->capacity < limit) {
		struct fed_invitation_record *grown = fed_alloc_array(capacity, sizeof *grown);

		for (uint64_t k = j->first; grown && k && k <= j->n; k++)
			grown[k & (capacity - 1)] = *row(j, k);
		if (grown) {
			fed_free(j->invitation);
			j->invitation = grown;
			j->capacity = capacity;
			return true;
		}
	}
	j->first += j->capacity > 0;
	return j->capacity > 0;
}

/* Rebuild the hash table for the clients of kept records, at most half full. */
static bool make_heads(struct fed_invitation_log *j)
{
	if (2 * (j->heads_used + 1) <= j->heads)
		return true;
	const struct fed_invitation_log old = *j;
	uint32_t kept = 1;
	for (uint32_t i = 0; i < old.heads; i++)
		kept += old.head[i].key && of_client(j, old.head[i].last, old.head[i].key - 1);
	j->heads = FIRST_CAPACITY;
	while (j->heads < 3 * kept)
		j->heads *= 2;
	j->head = fed_alloc_array(j->heads, sizeof *j->head);
	if (!j->head) {
		*j = old;
		return j->heads_used + 1 < j->heads; /* more than half full, but usable */
	}
	j->heads_used = 0;
	for (uint32_t i = 0; i < old.heads; i++)
		if (old.head[i].key && of_client(j, old.head[i].last, old.head[i].key - 1)) {
			*head_of(j, old.head[i].key - 1) = old.head[i];
			j->heads_used++;
		}
	fed_free(old.head);
	return true;
}

/* Events --------------------------------------------------------------------- */

/* Keep a record of an earlier version that the open round is about to change. */
static void keep_before(struct fed_invitation_log *j, const struct fed_invitation_record *x)
{
	const uint64_t k = number_of(j, x);

	if (!j->opened || k >= j->opened)
		return;
	if (j->n_changed == j->changed_capacity) {
		const size_t capacity = j->changed_capacity ? 2 * j->changed_capacity : 16;
		struct fed_invitation_before *grown =
			fed_resize(j->changed, j->changed_capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return;
		j->changed = grown;
		j->changed_capacity = capacity;
	}
	j->changed[j->n_changed++] = (struct fed_invitation_before){k, *x};
}

static void begin(struct fed_invitation_log *j, const struct fed_event *event)
{
	if (!make_heads(j) || !reserve_record(j))
		return; /* later events of this invitation find no record */
	struct fed_invitation_hash *head = head_of(j, event->client);
	struct fed_invitation_record *last = of_client(j, head->last, event->client);
	const uint64_t k = j->n + 1, ago = last ? k - head->last : 0;

	if (last && last->state == FED_INVITATION_REPORTED && isnan(last->until)) {
		keep_before(j, last);
		last->until = event->clock;
	}
	*row(j, k) = (struct fed_invitation_record){
		.sent = event->clock,
		.received = NAN,
		.trained = NAN,
		.left = NAN,
		.ended = NAN,
		.until = NAN,
		.invitation = event->invitation,
		.version = event->version,
		.bytes_down = event->bytes,
		.weight = NAN,
		.score = NAN,
		.client = event->client,
		.before = (uint32_t)ago,
	};
	j->heads_used += head->key == 0;
	*head = (struct fed_invitation_hash){event->client + 1, k};
	j->n = k;
	j->first += j->first == 0;
	for (size_t i = 0; i < sizeof(struct fed_invitation_record);
	     i += CACHE_LINE) /* as in the event log */
		__builtin_prefetch((const char *)row(j, k + AHEAD) + i, 1);
}

static void end(struct fed_invitation_record *x, enum fed_invitation_state state, double clock,
                uint64_t number)
{
	x->state = (uint8_t)state;
	x->ended = clock;
	x->end = number;
}

/* End all open invitations as cancelled. */
static void cancel_record(struct fed_invitation_log *j, double clock, uint64_t number)
{
	for (uint64_t k = j->first; k && k <= j->n; k++) {
		if (row(j, k)->state >= FED_INVITATION_REPORTED)
			continue;
		keep_before(j, row(j, k));
		end(row(j, k), FED_INVITATION_CANCELLED, clock, number);
	}
}

/* Start or stop the client's computing time. */
static void set_computing(struct fed_invitation_record *x, bool begins, double clock)
{
	if (x->computing == begins)
		return;
	x->computed += begins ? -clock : clock;
	x->computing = begins;
}

double fed_invitation_computed_seconds(const struct fed_invitation_record *x)
{
	return isnan(x->trained) ? NAN : x->computed;
}

/* Departure of an update, trained or no longer held.  Its bytes count even if the invitation has
 * ended. */
static void record_departure(struct fed_invitation_record *x, const struct fed_event *event)
{
	x->bytes_up += event->bytes;
	if (x->state >= FED_INVITATION_REPORTED)
		return;
	if (isnan(x->trained)) {
		set_computing(x, false, event->clock);
		x->trained = event->clock;
	}
	if (isinf(x->up_waited))
		x->up_waited = 0; /* it waited for its turn before it was sent on */
	x->left = event->bytes ? event->clock : NAN;
	x->state = event->bytes ? FED_INVITATION_UPLOADS : FED_INVITATION_HELD;
}

/* The update has come from another machine and waits for its turn; what turns of split learning
 * exchange is no update. */
static void record_wait(struct fed_invitation_record *x, const struct fed_event *event)
{
	if (x->turn || x->state != FED_INVITATION_COMPUTES)
		return;
	set_computing(x, false, event->clock);
	x->trained = x->left = event->clock;
	x->state = FED_INVITATION_UPLOADS;
	x->up_reached = 0;
	x->up_waited = INFINITY;
}

/* The model or the update at the server's link.  What turns of split learning exchange in between
 * is left to fed_timeline_turns(). */
static void record_queue(struct fed_invitation_record *x, const struct fed_event *event)
{
	const bool waits = event->kind == FED_EVENT_QUEUED;

	if (x->state == FED_INVITATION_DOWNLOADS) {
		x->down_waited = waits ? INFINITY : (float)(event->clock - x->sent);
	} else if (x->state == FED_INVITATION_UPLOADS) {
		const double since = event->clock - x->left;

		if (waits)
			x->up_reached = (float)since;
		x->up_waited = waits ? INFINITY : (float)since - x->up_reached;
	}
}

bool fed_invitation_is_queued(const struct fed_invitation_record *x)
{
	return (x->state == FED_INVITATION_DOWNLOADS && isinf(x->down_waited)) ||
	       (x->state == FED_INVITATION_UPLOADS && isinf(x->up_waited));
}

/* End of an invitation, or an event after its end. */
static void record_end(const struct fed_invitation_log *j, struct fed_invitation_record *x,
                       const struct fed_event *event, uint64_t number)
{
	static const uint8_t states[FED_EVENT_KINDS] = {
		[FED_EVENT_REPORTED] = FED_INVITATION_REPORTED,
		[FED_EVENT_REFUSED] = FED_INVITATION_REFUSED,
		[FED_EVENT_LOST] = FED_INVITATION_LOST,
		[FED_EVENT_LATE] = FED_INVITATION_LATE,
	};

	if (fed_event_is_stray(event)) {
		x->extra_answers += x->extra_answers < UINT16_MAX;
	} else if (x->state < FED_INVITATION_REPORTED) {
		end(x, states[event->kind], event->clock, number);
		if (x != last_of(j, x->client))
			x->until = event->clock; /* its client was invited again before this event */
	} else if (x->state == FED_INVITATION_REPORTED && event->kind == FED_EVENT_REFUSED) {
		end(x, FED_INVITATION_REFUSED, x->ended, number); /* by the aggregator, after the arrival */
	}
}

void fed__invitation_log_take(struct fed_invitation_log *j, const struct fed_event *event,
                              uint64_t number)
{
	if (event->kind == FED_EVENT_SENT)
		begin(j, event);
	if (event->kind == FED_EVENT_CANCELLED)
		cancel_record(j, event->clock, number);
	struct fed_invitation_record *x =
		event->invitation ? find(j, event->client, event->invitation) : NULL;
	if (!x)
		return;
	keep_before(j, x);
	switch (event->kind) {
	case FED_EVENT_RECEIVED:
		x->received = event->clock;
		x->state = FED_INVITATION_COMPUTES;
		set_computing(x, true, event->clock);
		break;
	case FED_EVENT_QUEUED:
	case FED_EVENT_PASSES:
		record_queue(x, event);
		break;
	case FED_EVENT_SMASHED:
		x->turn = true;
		set_computing(x, false, event->clock);
		break;
	case FED_EVENT_ARRIVED:
		set_computing(x, true, event->clock);
		break;
	case FED_EVENT_REACHED:
		record_wait(x, event);
		break;
	case FED_EVENT_TRAINED:
		record_departure(x, event);
		break;
	case FED_EVENT_FAULT:
		if (event->bytes)
			record_departure(x, event);
		break;
	case FED_EVENT_REPORTED:
	case FED_EVENT_REFUSED:
	case FED_EVENT_LOST:
	case FED_EVENT_LATE:
		record_end(j, x, event, number);
		break;
	default:
		break;
	}
}

void fed_invitation_log_set_verdicts(struct fed_invitation_log *j, uint64_t version, double clock,
                                     const struct fed_verdicts *verdicts)
{
	for (size_t i = 0; i < verdicts->n; i++) {
		const struct fed_client_verdict *of = &verdicts->of[i];
		struct fed_invitation_record *x = find(j, of->client, of->invitation);

		if (!x)
			continue; /* evicted */
		x->step = version;
		x->used = of->verdict.used;
		x->skipped = fed_step_was_skipped(verdicts);
		x->trusted = fed_client_verdict_trusted(of);
		x->weight = of->verdict.weight;
		x->score = of->verdict.score;
		x->byzantine = of->byzantine;
		x->until = isnan(x->until) ? clock : x->until;
	}
}

void fed_invitation_log_relay(struct fed_invitation_log *j, uint64_t version, double clock)
{
	for (uint64_t k = j->n; k && k >= j->first && row(j, k)->version + 1 == version; k--) {
		struct fed_invitation_record *x = row(j, k);

		if (x->state != FED_INVITATION_REPORTED)
			continue;
		x->step = version;
		x->used = x->trusted = true;
		x->until = isnan(x->until) ? clock : x->until;
	}
}

/* The open round --------------------------------------------------------------- */

void fed__invitation_log_open(struct fed_invitation_log *j)
{
	j->opened = j->n + 1;
	j->n_changed = 0;
}

void fed__invitation_log_commit(struct fed_invitation_log *j)
{
	j->opened = 0;
	j->n_changed = 0;
}

void fed__invitation_log_undo(struct fed_invitation_log *j)
{
	for (; j->n >= j->opened && j->n >= j->first && j->n; j->n--) {
		const struct fed_invitation_record *x = row(j, j->n);

		head_of(j, x->client)->last = x->before < j->n ? j->n - x->before : 0;
	}
	if (j->n < j->first)
		j->n = j->first = j->scheme = 0;
	while (j->n_changed) {
		const struct fed_invitation_before *b = &j->changed[--j->n_changed];

		if (is_kept(j, b->k))
			*row(j, b->k) = b->record;
	}
	j->opened = 0;
}

static void put_back(struct fed_invitation_log *j, const struct fed_invitation_before *b,
                     uint64_t more)
{
	if (!is_kept(j, b->k))
		return;
	*row(j, b->k) = b->record;
	row(j, b->k)->end += b->record.end ? more : 0;
}

void fed__invitation_log_cut(struct fed_invitation_log *j, const struct fed_invitation_mark *m,
                             uint64_t more)
{
	j->n = m->n;
	j->scheme = m->scheme;
	if (j->n < j->first || m->n == 0)
		j->n = j->first = 0;
	for (size_t i = 0; i < m->n_pending; i++)
		put_back(j, &m->pending[i], more);
	for (uint32_t i = 0; i < j->heads; i++)
		j->head[i] = (struct fed_invitation_hash){0};
	j->heads_used = 0;
	for (uint64_t k = j->first; k && k <= j->n; k++) {
		struct fed_invitation_hash *head = head_of(j, row(j, k)->client);

		j->heads_used += head->key == 0;
		*head = (struct fed_invitation_hash){row(j, k)->client + 1, k};
	}
	fed_free(j->changed);
	j->changed = fed_copy_array(m->changed, m->n_changed, sizeof *m->changed);
	j->n_changed = j->changed_capacity = j->changed ? m->n_changed : 0;
	for (size_t i = 0; i < j->n_changed; i++)
		j->changed[i].record.end += j->changed[i].record.end ? more : 0;
	j->opened = m->opened;
}

/* Views ---------------------------------------------------------------------- */

/* Whether the client was busy with an invitation between two times. */
static bool is_busy(const struct fed_invitation_log *j, uint32_t client, double from, double to)
{
	for (const struct fed_invitation_record *x = last_of(j, client); x; x = before(j, x)) {
		if (x->sent > to)
			continue;
		if (isnan(x->ended) || x->ended > from || x->sent >= from)
			return true;
		/* A client that waits for a step has reported. */
		return x->state == FED_INVITATION_REPORTED && (isnan(x->until) || x->until > from);
	}
	return false;
}

static int by_id(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

int fed_invitation_log_clients(const struct fed_invitation_log *j, double from, double to,
                               uint32_t **client, uint32_t *n, struct fed_error *err)
{
	*n = 0;
	*client = fed_alloc_array(j->heads_used + 1, sizeof **client);
	if (!*client)
		return fed_fail_memory(err, j->heads_used * sizeof **client, "the participants");
	for (uint32_t i = 0; i < j->heads; i++)
		if (j->head[i].key && is_busy(j, j->head[i].key - 1, from, to))
			(*client)[(*n)++] = j->head[i].key - 1;
	qsort(*client, *n, sizeof **client, by_id);
	return FED_OK;
}

const char *const fed_phase_names[FED_PHASES] = {"download", "compute", "upload", "queued",
                                                 "waiting"};

/* Spans of a transfer that waits at the server's link, `reached` seconds after its beginning. */
static int put_transfer(struct fed_span *span, enum fed_phase phase, double from, double to,
                        double reached, double waited)
{
	const double queues = fmin(from + reached, to), passes = fmin(queues + waited, to);
	int n = 0;

	if (!(waited > 0)) {
		*span = (struct fed_span){phase, from, to};
		return 1;
	}
	if (queues > from)
		span[n++] = (struct fed_span){phase, from, queues};
	span[n++] = (struct fed_span){FED_PHASE_QUEUE, queues, passes};
	if (to > passes)
		span[n++] = (struct fed_span){phase, passes, to};
	return n;
}

int fed_invitation_spans(const struct fed_invitation_record *x, double now,
                         struct fed_span span[FED_SPANS_MAX])
{
	static const enum fed_phase phases[] = {FED_PHASE_DOWNLOAD, FED_PHASE_COMPUTE, FED_PHASE_WAIT,
	                                        FED_PHASE_UPLOAD};
	const double begins[] = {x->sent, x->received, x->trained, x->left, NAN};
	const double end = isnan(x->ended) ? now : x->ended;
	int n = 0;

	for (int k = 0; k < 4 && !isnan(begins[k]); k++) {
		const double to = isnan(begins[k + 1]) ? end : begins[k + 1];

		if (phases[k] == FED_PHASE_DOWNLOAD)
			n += put_transfer(span + n, phases[k], begins[k], to, 0, (double)x->down_waited);
		else if (phases[k] == FED_PHASE_UPLOAD)
			n += put_transfer(span + n, phases[k], begins[k], to, (double)x->up_reached,
			                  (double)x->up_waited);
		else if (phases[k] == FED_PHASE_WAIT ? to > begins[k] : !x->turn)
			span[n++] = (struct fed_span){phases[k], begins[k], to};
	}
	const double until = isnan(x->until) ? now : x->until;
	if (x->state == FED_INVITATION_REPORTED && !x->turn && until > x->ended)
		span[n++] = (struct fed_span){FED_PHASE_WAIT, x->ended, until};
	return n;
}
