/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/messenger.c - messages in flight, and the host's side of a transport.
 */
#include "net/messenger.h"

#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/random.h"

enum { FIRST_CAPACITY = 64 };

/* The messenger that contains a wire; transports only ever get &messenger->wire. */
static struct fed_messenger *messenger_of(const struct fed_transport_host *wire)
{
	return (struct fed_messenger *)((char *)wire - offsetof(struct fed_messenger, wire));
}

static const char *name_of(const struct fed_messenger *messenger)
{
	return messenger->transport->entry->head->name;
}

/* Messages in flight ---------------------------------------------------------------- */

/* The message with an id, which may be cancelled: see fed_messenger_clear. */
static struct fed_message_in_flight *find_place(const struct fed_messenger *messenger, uint64_t id)
{
	size_t low = 0, high = messenger->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (messenger->in_flight[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < messenger->n && messenger->in_flight[low].id == id ? &messenger->in_flight[low]
	                                                                : NULL;
}

static struct fed_message_in_flight *find_in_flight(const struct fed_messenger *messenger,
                                                    uint64_t id)
{
	struct fed_message_in_flight *f = find_place(messenger, id);

	return f && f->envelope ? f : NULL;
}

/* Compact the array: remove the messages that are no longer needed. */
static void compact(struct fed_messenger *messenger)
{
	size_t kept = 0;

	for (size_t i = 0; i < messenger->n; i++)
		if (messenger->in_flight[i].envelope || messenger->in_flight[i].bytes.s)
			messenger->in_flight[kept++] = messenger->in_flight[i];
	messenger->n = kept;
	messenger->taken = 0;
}

static struct fed_envelope *take_envelope(struct fed_messenger *messenger,
                                          struct fed_message_in_flight *f)
{
	struct fed_envelope *e = f->envelope;

	fed_text_release(&f->bytes);
	f->envelope = NULL;
	if (2 * ++messenger->taken > messenger->n) /* amortised: one move for each one taken */
		compact(messenger);
	return e;
}

void fed_messenger_done(struct fed_messenger *messenger, struct fed_envelope *e)
{
	if (messenger->n_idle == FED_MESSENGER_IDLE) {
		fed_envelope_free(e);
		return;
	}
	fed_envelope_release(e);
	messenger->idle[messenger->n_idle++] = e;
}

uint64_t fed_envelope_bytes(const struct fed_envelope *e)
{
	const struct fed_shared_vectors *p = e->payload;

	if (!p)
		return FED_FRAME_BYTES;
	const uint64_t labels = (e->labels ? e->labels->dim * sizeof(float) : 0) + fed_claim_bytes(e);
	const size_t dim = fed_envelope_travels(e);
	if (e->head.kind == FED_MESSAGE_SEALED && e->code)
		return FED_FRAME_BYTES + e->code->len;
	if (!e->code || p->n == 0)
		return fed_frame_size(p->n, dim) + labels;
	return fed_frame_size(p->n - 1, dim) + e->code->len + labels;
}

/* Add a copy of *envelope under the next id to the messages in flight; NULL: no memory. */
static struct fed_message_in_flight *add_in_flight(struct fed_messenger *messenger,
                                                   const struct fed_envelope *envelope)
{
	if (messenger->n == messenger->capacity) {
		const size_t more = messenger->capacity ? 2 * messenger->capacity : FIRST_CAPACITY;
		struct fed_message_in_flight *grown = fed_resize(
			messenger->in_flight, messenger->capacity * sizeof *grown, more * sizeof *grown);
		if (!grown)
			return NULL;
		messenger->in_flight = grown;
		messenger->capacity = more;
	}
	struct fed_envelope *e =
		messenger->n_idle ? messenger->idle[--messenger->n_idle] : fed_alloc(sizeof *e);
	if (!e)
		return NULL;
	*e = *envelope;
	e->head.id = messenger->next_id++;
	e->head.bytes = fed_envelope_bytes(e);
	if (e->payload && e->payload->dim > messenger->longest)
		messenger->longest = e->payload->dim;
	struct fed_message_in_flight *f = &messenger->in_flight[messenger->n++];
	*f = (struct fed_message_in_flight){.id = e->head.id, .envelope = e};
	return f;
}

/* Callbacks of the transport ----------------------------------------------- */

/* Store the error of a callback that cannot return one. */
static void keep_error(struct fed_messenger *messenger, const struct fed_error *why)
{
	if (messenger->failed)
		return;
	messenger->failed = true;
	fed_error_set(&messenger->error, FED_FAIL, "transport %s: %s", name_of(messenger), why->text);
}

static int end_of_call(struct fed_messenger *messenger, struct fed_error *err)
{
	if (!messenger->failed)
		return FED_OK;
	messenger->failed = false;
	*err = messenger->error;
	return FED_FAIL;
}

static double wire_clock(const struct fed_transport_host *wire)
{
	return messenger_of(wire)->clock->now;
}

static void wire_link(const struct fed_transport_host *wire, uint32_t client, struct fed_link *out,
                      size_t size)
{
	const struct fed_messenger *messenger = messenger_of(wire);
	struct fed_link link = {.up = INFINITY, .down = INFINITY};

	if (messenger->link)
		messenger->link(messenger->ctx, client, &link);
	memcpy(out, &link, size < sizeof link ? size : sizeof link);
}

static int schedule(struct fed_messenger *messenger, const struct fed_message_in_flight *f,
                    double when, enum fed_queued_event_kind kind, struct fed_error *err)
{
	const struct fed_message *m = &f->envelope->head;

	return fed_event_queue_add(messenger->clock, when, kind, f->id,
	                           m->to == FED_SERVER ? m->from : m->to, err);
}

static bool has_server_link(const struct fed_messenger *messenger)
{
	return fed_server_link_exists(&messenger->server) && fed_is_simulated(messenger->transport);
}

/* Schedule the arrival or loss of a message in flight, exactly once. */
static int settle_message(struct fed_messenger *messenger, struct fed_message_in_flight *f,
                          double when, enum fed_queued_event_kind kind, struct fed_error *err)
{
	const bool queues = kind == FED_QUEUED_MESSAGE && f->envelope->head.to == FED_SERVER &&
	                    has_server_link(messenger);

	if (schedule(messenger, f, when, queues ? FED_QUEUED_AT_SERVER_LINK : kind, err))
		return FED_FAIL;
	f->settled = true;
	messenger->settled++;
	fed_text_release(&f->bytes);
	return FED_OK;
}

/* The unsettled message of an id.  A cancelled one is settled now: its bytes are released. */
static struct fed_message_in_flight *find_unsettled(struct fed_messenger *messenger, uint64_t id)
{
	struct fed_message_in_flight *f = find_place(messenger, id);

	if (f && f->envelope && !f->settled)
		return f;
	if (f)
		fed_text_release(&f->bytes);
	return NULL;
}

static void wire_deliver(const struct fed_transport_host *wire, uint64_t id, double when)
{
	struct fed_messenger *messenger = messenger_of(wire);
	struct fed_message_in_flight *f = find_unsettled(messenger, id);
	struct fed_error why;

	if (!f)
		messenger->misdelivered++;
	else if (settle_message(messenger, f, when, FED_QUEUED_MESSAGE, &why))
		keep_error(messenger, &why);
}

static void wire_drop(const struct fed_transport_host *wire, uint64_t id, double when,
                      const char *reason)
{
	struct fed_messenger *messenger = messenger_of(wire);
	struct fed_message_in_flight *f = find_unsettled(messenger, id);
	struct fed_error why;

	if (!f) {
		messenger->misdelivered++;
		return;
	}
	snprintf(f->envelope->why, sizeof f->envelope->why, "%s",
	         reason && *reason ? reason : "the transport gave no reason");
	if (settle_message(messenger, f, when, FED_QUEUED_LOST, &why))
		keep_error(messenger, &why);
}

static const void *wire_bytes(const struct fed_transport_host *wire, uint64_t id, size_t *len)
{
	struct fed_messenger *messenger = messenger_of(wire);
	struct fed_message_in_flight *f = find_in_flight(messenger, id);
	struct fed_error why;

	*len = 0;
	if (!f || f->settled)
		return NULL;
	if (f->bytes.len == 0 && fed_messenger_encode(f->envelope, &f->bytes, &why)) {
		fed_text_release(&f->bytes);
		keep_error(messenger, &why);
		return NULL;
	}
	*len = f->bytes.len;
	return f->bytes.s;
}

/* Match a decoded message with the one in flight under its id. */
static int match_in_flight(struct fed_messenger *messenger, const struct fed_message *m,
                           struct fed_message_in_flight **out, struct fed_error *err)
{
	struct fed_message_in_flight *f = find_unsettled(messenger, m->id);

	if (m->id == 0 || m->id >= messenger->next_id)
		return fed_reject(err, "message %llu was never sent", (unsigned long long)m->id);
	if (!f)
		return fed_reject(err, "message %llu came twice, or after it was given up",
		                  (unsigned long long)m->id);
	const struct fed_message *sent = &f->envelope->head;
	if (m->from != sent->from || m->to != sent->to || m->kind != sent->kind)
		return fed_reject(err, "message %llu is not from whom or to whom it was sent",
		                  (unsigned long long)m->id);
	*out = f;
	return FED_OK;
}

/* Add a message that was not sent here, which `kind` brings on.  Takes its references. */
static int add_foreign(struct fed_messenger *messenger, const struct fed_envelope *e, double when,
                       enum fed_queued_event_kind kind, struct fed_error *err)
{
	const size_t longest = messenger->longest;
	struct fed_message_in_flight *f = add_in_flight(messenger, e);

	messenger->longest = longest;
	if (!f) {
		fed_envelope_release(e);
		return fed_fail_memory(err, sizeof *e, "a message");
	}
	if (settle_message(messenger, f, when, kind, err) == FED_OK)
		return FED_OK;
	fed_envelope_free(take_envelope(messenger, f));
	return FED_FAIL;
}

int fed_messenger_report(struct fed_messenger *messenger, const struct fed_envelope *e, double when,
                         struct fed_error *err)
{
	return add_foreign(messenger, e, when, FED_QUEUED_REPORT, err);
}

int fed_messenger_gone(struct fed_messenger *messenger, const struct fed_envelope *e, double when,
                       struct fed_error *err)
{
	return add_foreign(messenger, e, when, FED_QUEUED_GONE, err);
}

double fed_messenger_now(const struct fed_messenger *messenger)
{
	return messenger->open ? fed_call_now(messenger->transport, &messenger->wire)
	                       : messenger->clock->now;
}

/* Tell that a whole message of a client on another machine is refused: it will send no other. */
static int refuse_foreign(struct fed_messenger *messenger, const struct fed_envelope *head,
                          const struct fed_error *why)
{
	struct fed_envelope e = {
		.head = head->head, .version = head->version, .round = head->round, .steps = head->steps};
	struct fed_error failed;

	messenger->misdelivered++;
	snprintf(e.why, sizeof e.why, "%.*s", (int)sizeof e.why - 1, why->text);
	if (fed_messenger_gone(messenger, &e, fed_messenger_now(messenger), &failed))
		keep_error(messenger, &failed);
	return FED_REJECT;
}

/* A client says that it cannot do what it was asked, in its own words: its message will not come.
 */
static int read_unable(const void *bytes, size_t len, struct fed_error *err)
{
	char words[80];
	const char *text;
	size_t n;

	if (fed_frame_get_text(bytes, len, &text, &n, err))
		return FED_REJECT;
	for (size_t i = 0; i < n && i < sizeof words; i++) /* they are shown */
		words[i] = (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	return fed_reject(err, "it cannot: %.*s", (int)(n < sizeof words ? n : sizeof words), words);
}

/* Take a message of a client on another machine. */
static int take_foreign(struct fed_messenger *messenger, const struct fed_envelope *head,
                        const void *bytes, size_t len, struct fed_error *err)
{
	struct fed_envelope sent = *head, came = {0};

	if (!fed_frame_is_whole(bytes, len)) { /* nothing in it can be trusted */
		messenger->misdelivered++;
		return fed_reject(err, "is damaged: its checksum does not match");
	}
	if (head->head.kind == FED_FRAME_UNABLE) {
		read_unable(bytes, len, err);
		return refuse_foreign(messenger, head, err);
	}
	const size_t most = messenger->expect(messenger->ctx, &sent);
	const int rc =
		most ? fed_messenger_decode(bytes, len, most, &sent, &came, err)
			 : fed_reject(err, "is of kind %u, which is not expected here", head->head.kind);
	if (rc == FED_REJECT)
		return refuse_foreign(messenger, head, err);
	if (rc || fed_messenger_report(messenger, &came, fed_messenger_now(messenger), err)) {
		keep_error(messenger, err); /* its sender has sent it, and will not again */
		return FED_FAIL;
	}
	return FED_OK;
}

static void wire_gone(const struct fed_transport_host *wire, uint32_t client, const char *reason)
{
	struct fed_messenger *messenger = messenger_of(wire);
	struct fed_envelope e = {.head = {.from = client, .to = FED_SERVER}};
	struct fed_error why;

	snprintf(e.why, sizeof e.why, "%s", reason && *reason ? reason : "it is gone");
	e.told = fed_messenger_now(messenger);
	if (fed_messenger_gone(messenger, &e, e.told, &why))
		keep_error(messenger, &why);
}

static int wire_arrive(const struct fed_transport_host *wire, const void *bytes, size_t len,
                       struct fed_error *err)
{
	struct fed_messenger *messenger = messenger_of(wire);
	struct fed_envelope came = {0};
	struct fed_envelope head = {0};

	if (fed_frame_head(bytes, len, &head, err)) {
		messenger->misdelivered++;
		return FED_REJECT;
	}
	if (messenger->expect && head.head.to == FED_SERVER && messenger->wire.network)
		return take_foreign(messenger, &head, bytes, len, err);
	struct fed_message_in_flight *f = find_unsettled(messenger, head.head.id);
	int rc =
		fed_messenger_decode(bytes, len, messenger->longest, f ? f->envelope : NULL, &came, err);

	if (rc == FED_OK)
		rc = match_in_flight(messenger, &came.head, &f, err);
	if (rc == FED_REJECT)
		messenger->misdelivered++;
	if (rc == FED_OK)
		rc = settle_message(messenger, f, fed_messenger_now(messenger), FED_QUEUED_MESSAGE, err);
	if (rc != FED_OK) {
		fed_envelope_release(&came);
		return rc;
	}
	/* the receiver gets the decoded message, not the one that was sent */
	fed_envelope_release(f->envelope);
	*f->envelope = came;
	return FED_OK;
}

/* The messenger ------------------------------------------------------------------ */

int fed_messenger_init(struct fed_messenger *messenger, struct fed_instance *transport,
                       struct fed_event_queue *clock, uint64_t seed,
                       void (*link)(void *ctx, uint32_t client, struct fed_link *), void *ctx,
                       struct fed_error *err)
{
	(void)err;
	*messenger = (struct fed_messenger){
		.transport = transport,
		.clock = clock,
		.wire = {.size = sizeof(struct fed_transport_host),
	             .seed = fed_stream_key(seed, FED_FOR_TRANSPORT, 0, 0),
	             .clock = wire_clock,
	             .link = wire_link,
	             .deliver = wire_deliver,
	             .drop = wire_drop,
	             .bytes = wire_bytes,
	             .arrive = wire_arrive,
	             .gone = wire_gone},
		.link = link,
		.ctx = ctx,
		.next_id = 1,
	};
	return FED_OK;
}

/* A transport may still have the bytes of a message in its queue: they are kept until it settles
 * the message or is closed. */
void fed_messenger_cancel(struct fed_messenger *messenger, uint64_t first_id)
{
	for (size_t i = 0; i < messenger->n; i++) {
		if (messenger->in_flight[i].id < first_id)
			continue;
		fed_envelope_free(messenger->in_flight[i].envelope);
		messenger->in_flight[i].envelope = NULL;
	}
	compact(messenger);
}

void fed_messenger_clear(struct fed_messenger *messenger)
{
	fed_messenger_cancel(messenger, 0);
	messenger->server.busy = (struct fed_server_link_busy){0};
}

void fed_messenger_release(struct fed_messenger *messenger)
{
	if (messenger->open)
		fed_call_close(messenger->transport, &messenger->wire);
	fed_messenger_clear(messenger);
	for (size_t i = 0; i < messenger->n; i++)
		fed_text_release(&messenger->in_flight[i].bytes);
	fed_free(messenger->in_flight);
	while (messenger->n_idle)
		fed_free(messenger->idle[--messenger->n_idle]);
	memset(messenger, 0, sizeof *messenger);
}

/* Lose the messages that the transport had when it failed. */
static void lose_unsettled(struct fed_messenger *messenger, const char *why)
{
	for (size_t i = 0; i < messenger->n; i++) {
		const struct fed_message_in_flight *f = &messenger->in_flight[i];

		if (f->envelope && !f->settled)
			wire_drop(&messenger->wire, f->id, messenger->clock->now, why);
	}
}

/* The code of a call of the transport, which counts as a call at a client: FED_REJECT where it
 * failed, the caller goes on, and all that the transport had is lost. */
static int outlive(struct fed_messenger *messenger, int rc, const struct fed_error *why)
{
	fed_count_client_call(messenger->transport, rc == FED_FAIL);
	if (rc != FED_FAIL || !messenger->outlives_transport)
		return rc;
	messenger->outlived = *why;
	lose_unsettled(messenger, why->text);
	return FED_REJECT;
}

/* FED_REJECT: it does not open, and the caller goes on without it. */
static int ensure_open(struct fed_messenger *messenger, struct fed_error *err)
{
	if (fed_check_client_failures(messenger->transport, err))
		return FED_FAIL;
	if (messenger->open)
		return FED_OK;
	const int rc = fed_call_open(messenger->transport, &messenger->wire, err);
	if (rc)
		return outlive(messenger, rc, err);
	messenger->open = true;
	return end_of_call(messenger, err);
}

/* Pass a message that is in flight to the transport. */
static int call_transport(struct fed_messenger *messenger, const struct fed_message *message,
                          struct fed_error *err)
{
	struct fed_error why;
	int rc = ensure_open(messenger, &why);

	if (rc == FED_OK) {
		rc = fed_call_send(messenger->transport, &messenger->wire, message, &why);
		if (rc == FED_REJECT && messenger->wire.network && message->to != FED_SERVER)
			wire_gone(&messenger->wire, message->to, why.text); /* first: it is asked no more */
		if (rc == FED_REJECT)
			wire_drop(&messenger->wire, message->id, messenger->clock->now, why.text);
		else
			rc = outlive(messenger, rc, &why);
	}
	if (rc != FED_FAIL)
		rc = end_of_call(messenger, &why);
	else
		messenger->failed = false; /* the call failed for a reason of its own */
	if (rc != FED_OK)
		*err = why;
	return rc;
}

/* Pass a message on to the transport; on failure it is no longer in flight. */
static int give_to_transport(struct fed_messenger *messenger, const struct fed_message_in_flight *f,
                             struct fed_error *err)
{
	const struct fed_message message = f->envelope->head;

	if (call_transport(messenger, &message, err) == FED_OK)
		return FED_OK;
	struct fed_message_in_flight *left = find_in_flight(messenger, message.id);
	if (left)
		fed_envelope_free(take_envelope(messenger, left));
	return FED_FAIL;
}

/* A message from the server comes to its link before it meets the transport. */
static int reach_server_link(struct fed_messenger *messenger, struct fed_message_in_flight *f,
                             struct fed_error *err)
{
	f->settled = true;
	if (schedule(messenger, f, messenger->clock->now, FED_QUEUED_AT_SERVER_LINK, err) == FED_OK)
		return FED_OK;
	fed_envelope_free(take_envelope(messenger, f));
	return FED_FAIL;
}

int fed_messenger_send(struct fed_messenger *messenger, const struct fed_envelope *envelope,
                       uint64_t *bytes, struct fed_error *err)
{
	struct fed_message_in_flight *f = add_in_flight(messenger, envelope);

	if (!f) {
		fed_envelope_release(envelope);
		return fed_fail_memory(err, sizeof *envelope, "a message");
	}
	if (bytes)
		*bytes = f->envelope->head.bytes;
	return f->envelope->head.from == FED_SERVER && has_server_link(messenger)
	           ? reach_server_link(messenger, f, err)
	           : give_to_transport(messenger, f, err);
}

int fed_messenger_lose(struct fed_messenger *messenger, const struct fed_envelope *envelope,
                       double delay, const char *why, struct fed_error *err)
{
	struct fed_message_in_flight *f = add_in_flight(messenger, envelope);

	if (!f) {
		fed_envelope_release(envelope);
		return fed_fail_memory(err, sizeof *envelope, "a message");
	}
	snprintf(f->envelope->why, sizeof f->envelope->why, "%s", why);
	if (settle_message(messenger, f, messenger->clock->now + delay, FED_QUEUED_LOST, err) == FED_OK)
		return FED_OK;
	fed_envelope_free(take_envelope(messenger, f));
	return FED_FAIL;
}

/* The server's link --------------------------------------------------------------- */

void fed_messenger_set_server_link(struct fed_messenger *messenger,
                                   const struct fed_server_link_rates *rates)
{
	messenger->server.rates = *rates;
}

int fed_messenger_queue(struct fed_messenger *messenger, uint64_t id, double *waits,
                        struct fed_error *err)
{
	const struct fed_message_in_flight *f = find_in_flight(messenger, id);
	const double now = messenger->clock->now;

	*waits = 0;
	if (!f)
		return FED_OK;
	const bool up = f->envelope->head.to == FED_SERVER;
	const struct fed_server_link_turn turn =
		fed__server_link_join(&messenger->server, up, now, f->envelope->head.bytes);
	*waits = turn.begins - now;
	if (*waits > 0 && schedule(messenger, f, turn.begins, FED_QUEUED_PASSES, err))
		return FED_FAIL;
	return schedule(messenger, f, turn.arrives, up ? FED_QUEUED_MESSAGE : FED_QUEUED_DEPARTS, err);
}

int fed_messenger_depart(struct fed_messenger *messenger, uint64_t id, struct fed_error *err)
{
	struct fed_message_in_flight *f = find_in_flight(messenger, id);

	if (!f)
		return FED_OK;
	f->settled = false;
	return give_to_transport(messenger, f, err);
}

struct fed_envelope *fed_messenger_take(struct fed_messenger *messenger, uint64_t id)
{
	struct fed_message_in_flight *f = find_in_flight(messenger, id);

	return f ? take_envelope(messenger, f) : NULL;
}

const struct fed_envelope *fed_messenger_peek(const struct fed_messenger *messenger, uint64_t id)
{
	const struct fed_message_in_flight *f = find_in_flight(messenger, id);

	return f ? f->envelope : NULL;
}

static int poll_transport(struct fed_messenger *messenger, double timeout, struct fed_error *err)
{
	int rc = ensure_open(messenger, err);

	if (rc == FED_OK)
		rc = outlive(messenger, fed_call_poll(messenger->transport, &messenger->wire, timeout, err),
		             err);
	if (rc == FED_FAIL)
		return FED_FAIL;
	return end_of_call(messenger, err);
}

/* Seconds by the wall clock that a transport's own clock may be late. */
#define CLOCK_SLACK 1.0

/* Seconds until the next event is due by the transport's own clock; 0 or less: it is, or the clock
 * is virtual.  A clock that goes back, or stands, as that of a transport that crashed and began
 * again may, holds no event up. */
static double seconds_to_next(struct fed_messenger *messenger)
{
	const struct fed_transport *t = &messenger->transport->entry->copy.transport;

	if (!messenger->open || !t->now || fed_is_simulated(messenger->transport))
		return -1;
	const double earliest = fed__event_queue_earliest(messenger->clock);
	if (isinf(earliest))
		return earliest; /* the transport is not asked for what is not needed: it may crash */
	const double now = fed_messenger_now(messenger), left = earliest - now;
	if (!(left > 0))
		return left;
	if (now < messenger->clock->now)
		return 0;
	if (messenger->awaited != earliest) {
		messenger->awaited = earliest;
		messenger->awaited_until = fed_wall_seconds() + left + CLOCK_SLACK;
	}
	return fed_wall_seconds() < messenger->awaited_until ? left : 0;
}

bool fed_messenger_next(struct fed_messenger *messenger, struct fed_queued_event *due)
{
	return seconds_to_next(messenger) <= 0 && fed__event_queue_next(messenger->clock, due);
}

int fed_messenger_poll(struct fed_messenger *messenger, double timeout, struct fed_error *err)
{
	const uint64_t before = messenger->settled;
	const double next = seconds_to_next(messenger);
	double left = next > 0 && next < timeout ? next : timeout;
	const double end = fed_wall_seconds() + left;

	do {
		if (poll_transport(messenger, left, err))
			return FED_FAIL;
		left = end - fed_wall_seconds();
	} while (messenger->settled == before && left > 0 && !fed_is_simulated(messenger->transport));
	return FED_OK;
}
