/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/messenger.c - the host's side of a transport: what flies, and what becomes of it.
 */
#include "net/messenger.h"

#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/random.h"

enum { FIRST_CAPACITY = 64 };

/* The post that a wire is part of; transports only ever get &post->wire. */
static struct fed_post *post_of(const struct fed_transport_host *wire)
{
	return (struct fed_post *)((char *)wire - offsetof(struct fed_post, wire));
}

static const char *name_of(const struct fed_post *post)
{
	return post->transport->entry->head->name;
}

/* What flies ---------------------------------------------------------------- */

/* The place of an id, which may be given up: see fed_post_clear. */
static struct fed_flying *find_place(const struct fed_post *post, uint64_t id)
{
	size_t low = 0, high = post->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		if (post->flying[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < post->n && post->flying[low].id == id ? &post->flying[low] : NULL;
}

static struct fed_flying *find(const struct fed_post *post, uint64_t id)
{
	struct fed_flying *f = find_place(post, id);

	return f && f->envelope ? f : NULL;
}

/* Move together the places that are still needed. */
static void sweep(struct fed_post *post)
{
	size_t kept = 0;

	for (size_t i = 0; i < post->n; i++)
		if (post->flying[i].envelope || post->flying[i].bytes.s)
			post->flying[kept++] = post->flying[i];
	post->n = kept;
	post->taken = 0;
}

static struct fed_envelope *take(struct fed_post *post, struct fed_flying *f)
{
	struct fed_envelope *e = f->envelope;

	fed_text_release(&f->bytes);
	f->envelope = NULL;
	if (2 * ++post->taken > post->n) /* so each place moves but once for each one taken */
		sweep(post);
	return e;
}

void fed_post_done(struct fed_post *post, struct fed_envelope *e)
{
	if (post->n_idle == FED_POST_IDLE) {
		fed_envelope_free(e);
		return;
	}
	fed_envelope_let_go(e);
	post->idle[post->n_idle++] = e;
}

uint64_t fed_envelope_bytes(const struct fed_envelope *e)
{
	const struct fed_parcel *p = e->parcel;

	if (!p)
		return FED_FRAME_BYTES;
	const uint64_t labels = e->labels ? e->labels->dim * sizeof(float) : 0;
	if (e->codec.kind == FED_CODEC_NONE || p->n == 0)
		return fed_frame_size(p->n, p->dim) + labels;
	return fed_frame_size(p->n - 1, p->dim) + e->coded + labels;
}

/* A copy of *envelope that flies under the next id; NULL: no memory. */
static struct fed_flying *launch(struct fed_post *post, const struct fed_envelope *envelope)
{
	if (post->n == post->capacity) {
		const size_t more = post->capacity ? 2 * post->capacity : FIRST_CAPACITY;
		struct fed_flying *grown =
			fed_resize(post->flying, post->capacity * sizeof *grown, more * sizeof *grown);
		if (!grown)
			return NULL;
		post->flying = grown;
		post->capacity = more;
	}
	struct fed_envelope *e = post->n_idle ? post->idle[--post->n_idle] : fed_alloc(sizeof *e);
	if (!e)
		return NULL;
	*e = *envelope;
	e->head.id = post->next_id++;
	e->head.bytes = fed_envelope_bytes(e);
	if (e->parcel && e->parcel->dim > post->longest)
		post->longest = e->parcel->dim;
	struct fed_flying *f = &post->flying[post->n++];
	*f = (struct fed_flying){.id = e->head.id, .envelope = e};
	return f;
}

/* What the transport asks for ----------------------------------------------- */

/* A callback that cannot return an error leaves it here. */
static void trouble(struct fed_post *post, const struct fed_error *why)
{
	if (post->troubled)
		return;
	post->troubled = true;
	fed_error_set(&post->trouble, FED_FAIL, "transport %s: %s", name_of(post), why->text);
}

static int end_of_call(struct fed_post *post, struct fed_error *err)
{
	if (!post->troubled)
		return FED_OK;
	post->troubled = false;
	*err = post->trouble;
	return FED_FAIL;
}

static double wire_clock(const struct fed_transport_host *wire)
{
	return post_of(wire)->clock->now;
}

static void wire_link(const struct fed_transport_host *wire, uint32_t client, struct fed_link *out,
                      size_t size)
{
	const struct fed_post *post = post_of(wire);
	struct fed_link link = {.up = INFINITY, .down = INFINITY};

	if (post->link)
		post->link(post->ctx, client, &link);
	memcpy(out, &link, size < sizeof link ? size : sizeof link);
}

/* Put the fate of a flying message into the clock, exactly once. */
static int settle(struct fed_post *post, struct fed_flying *f, double when, enum fed_due_kind kind,
                  struct fed_error *err)
{
	const struct fed_message *m = &f->envelope->head;

	if (fed_vclock_add(post->clock, when, kind, f->id, m->to == FED_SERVER ? m->from : m->to, err))
		return FED_FAIL;
	f->settled = true;
	post->settled++;
	fed_text_release(&f->bytes);
	return FED_OK;
}

/* The message that waits for its fate.  One that was given up has its fate now: its bytes go. */
static struct fed_flying *find_unsettled(struct fed_post *post, uint64_t id)
{
	struct fed_flying *f = find_place(post, id);

	if (f && f->envelope && !f->settled)
		return f;
	if (f)
		fed_text_release(&f->bytes);
	return NULL;
}

static void wire_deliver(const struct fed_transport_host *wire, uint64_t id, double when)
{
	struct fed_post *post = post_of(wire);
	struct fed_flying *f = find_unsettled(post, id);
	struct fed_error why;

	if (!f)
		post->misdelivered++;
	else if (settle(post, f, when, FED_DUE_MESSAGE, &why))
		trouble(post, &why);
}

static void wire_drop(const struct fed_transport_host *wire, uint64_t id, double when,
                      const char *reason)
{
	struct fed_post *post = post_of(wire);
	struct fed_flying *f = find_unsettled(post, id);
	struct fed_error why;

	if (!f) {
		post->misdelivered++;
		return;
	}
	snprintf(f->envelope->why, sizeof f->envelope->why, "%s",
	         reason && *reason ? reason : "the transport gave no reason");
	if (settle(post, f, when, FED_DUE_LOST, &why))
		trouble(post, &why);
}

static const void *wire_bytes(const struct fed_transport_host *wire, uint64_t id, size_t *len)
{
	struct fed_post *post = post_of(wire);
	struct fed_flying *f = find(post, id);
	struct fed_error why;

	*len = 0;
	if (!f || f->settled)
		return NULL;
	if (f->bytes.len == 0 && fed_post_encode(f->envelope, &f->bytes, &why)) {
		fed_text_release(&f->bytes);
		trouble(post, &why);
		return NULL;
	}
	*len = f->bytes.len;
	return f->bytes.s;
}

/* Whether a decoded message is the one that flies under its id. */
static int recognise(struct fed_post *post, const struct fed_message *m, struct fed_flying **out,
                     struct fed_error *err)
{
	struct fed_flying *f = find_unsettled(post, m->id);

	if (m->id == 0 || m->id >= post->next_id)
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

static int wire_arrive(const struct fed_transport_host *wire, const void *bytes, size_t len,
                       struct fed_error *err)
{
	struct fed_post *post = post_of(wire);
	struct fed_envelope came = {0};
	struct fed_flying *f = NULL;
	int rc = fed_post_decode(bytes, len, post->longest, &came, err);

	if (rc == FED_OK)
		rc = recognise(post, &came.head, &f, err);
	if (rc == FED_REJECT)
		post->misdelivered++;
	if (rc == FED_OK)
		rc = settle(post, f, fed_call_now(post->transport, wire), FED_DUE_MESSAGE, err);
	if (rc != FED_OK) {
		fed_envelope_let_go(&came);
		return rc;
	}
	/* The receiver gets what came over the wire, not what was sent. */
	fed_envelope_let_go(f->envelope);
	*f->envelope = came;
	return FED_OK;
}

/* The post ------------------------------------------------------------------ */

int fed_post_init(struct fed_post *post, struct fed_instance *transport, struct fed_vclock *clock,
                  uint64_t seed, void (*link)(void *ctx, uint32_t client, struct fed_link *),
                  void *ctx, struct fed_error *err)
{
	(void)err;
	*post = (struct fed_post){
		.transport = transport,
		.clock = clock,
		.wire = {.size = sizeof(struct fed_transport_host),
	             .seed = fed_stream_key(seed, FED_FOR_WIRE, 0, 0),
	             .clock = wire_clock,
	             .link = wire_link,
	             .deliver = wire_deliver,
	             .drop = wire_drop,
	             .bytes = wire_bytes,
	             .arrive = wire_arrive},
		.link = link,
		.ctx = ctx,
		.next_id = 1,
	};
	return FED_OK;
}

/* A transport may still have the bytes of a message in its queue: they stay until it names the
 * message's fate or is closed. */
void fed_post_clear(struct fed_post *post)
{
	for (size_t i = 0; i < post->n; i++) {
		fed_envelope_free(post->flying[i].envelope);
		post->flying[i].envelope = NULL;
	}
	sweep(post);
}

void fed_post_release(struct fed_post *post)
{
	if (post->open)
		fed_call_close(post->transport, &post->wire);
	fed_post_clear(post);
	for (size_t i = 0; i < post->n; i++)
		fed_text_release(&post->flying[i].bytes);
	fed_free(post->flying);
	while (post->n_idle)
		fed_free(post->idle[--post->n_idle]);
	memset(post, 0, sizeof *post);
}

static int ensure_open(struct fed_post *post, struct fed_error *err)
{
	if (post->open)
		return FED_OK;
	if (fed_call_open(post->transport, &post->wire, err))
		return FED_FAIL;
	post->open = true;
	return end_of_call(post, err);
}

/* The transport's part of sending message `id`, which flies already. */
static int hand_over(struct fed_post *post, const struct fed_message *message,
                     struct fed_error *err)
{
	struct fed_error why;
	int rc = fed_call_send(post->transport, &post->wire, message, &why);

	if (rc == FED_REJECT) {
		wire_drop(&post->wire, message->id, post->clock->now, why.text);
		rc = FED_OK;
	}
	if (rc == FED_OK)
		rc = end_of_call(post, &why);
	else
		post->troubled = false; /* the send failed for a reason of its own */
	if (rc != FED_OK)
		*err = why;
	return rc;
}

int fed_post_send(struct fed_post *post, const struct fed_envelope *envelope, uint64_t *bytes,
                  struct fed_error *err)
{
	struct fed_flying *f = NULL;

	if (ensure_open(post, err) == FED_OK) {
		f = launch(post, envelope);
		if (!f)
			fed_fail_memory(err, sizeof *envelope, "a message");
	}
	if (!f) {
		fed_envelope_let_go(envelope);
		return FED_FAIL;
	}
	const struct fed_message message = f->envelope->head;
	if (bytes)
		*bytes = message.bytes;
	if (hand_over(post, &message, err) == FED_OK)
		return FED_OK;
	f = find(post, message.id);
	if (f)
		fed_envelope_free(take(post, f));
	return FED_FAIL;
}

int fed_post_lose(struct fed_post *post, const struct fed_envelope *envelope, double delay,
                  const char *why, struct fed_error *err)
{
	struct fed_flying *f = launch(post, envelope);

	if (!f) {
		fed_envelope_let_go(envelope);
		return fed_fail_memory(err, sizeof *envelope, "a message");
	}
	snprintf(f->envelope->why, sizeof f->envelope->why, "%s", why);
	if (settle(post, f, post->clock->now + delay, FED_DUE_LOST, err) == FED_OK)
		return FED_OK;
	fed_envelope_free(take(post, f));
	return FED_FAIL;
}

struct fed_envelope *fed_post_take(struct fed_post *post, uint64_t id)
{
	struct fed_flying *f = find(post, id);

	return f ? take(post, f) : NULL;
}

const struct fed_envelope *fed_post_peek(const struct fed_post *post, uint64_t id)
{
	const struct fed_flying *f = find(post, id);

	return f ? f->envelope : NULL;
}

int fed_post_poll(struct fed_post *post, double timeout, struct fed_error *err)
{
	const double end = fed_wall_seconds() + timeout;
	const uint64_t before = post->settled;
	double left = timeout;

	if (ensure_open(post, err))
		return FED_FAIL;
	do {
		if (fed_call_poll(post->transport, &post->wire, left, err) || end_of_call(post, err))
			return FED_FAIL;
		left = end - fed_wall_seconds();
	} while (post->settled == before && left > 0 && !fed_is_simulated(post->transport));
	return FED_OK;
}
