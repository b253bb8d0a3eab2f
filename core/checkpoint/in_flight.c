/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/in_flight.c - saver and loader of invitations, events, messages and trainings in
 * flight.
 *
 * First the shared vectors (vectors.c), to which the tables that follow refer by numbers from 1; 0
 * is none.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "checkpoint/parts.h"
#include "checkpoint/vectors.h"

static const struct fed_record_column invitation_columns[] = {
	FED_COLUMN(struct fed_invitation, number),
	FED_COLUMN(struct fed_invitation, version),
	FED_COLUMN(struct fed_invitation, sent),
	FED_COLUMN(struct fed_invitation, client),
	FED_COLUMN_END,
};

static const struct fed_record_column event_columns[] = {
	FED_COLUMN_RULE(struct fed_queued_event, when, FED_COLUMN_FINITE),
	FED_COLUMN(struct fed_queued_event, seq),
	FED_COLUMN(struct fed_queued_event, ref),
	FED_COLUMN(struct fed_queued_event, who),
	FED_COLUMN(struct fed_queued_event, kind),
	FED_COLUMN_END,
};

/* What a file has of a vector's codec: its bytes are not in it, only their number. */
struct saved_codec {
	uint32_t kind; /* 0: none; 1 to 3 in older files */
	double share;  /* of older files; 1 where the sender could choose a codec and chose none */
	uint64_t bytes;
};
enum { CODED = 4, CODED_BYTES_MOST = 16 /* a number */ };

struct saved_message {
	struct fed_envelope e;
	struct saved_codec codec;
};
struct saved_training {
	struct fed_training_result o;
	struct saved_codec codec;
};

static const struct fed_record_column message_columns[] = {
	FED_COLUMN(struct saved_message, e.head.from),
	FED_COLUMN(struct saved_message, e.head.to),
	FED_COLUMN(struct saved_message, e.head.kind),
	FED_COLUMN(struct saved_message, e.head.id),
	FED_COLUMN(struct saved_message, e.head.bytes),
	FED_COLUMN(struct saved_message, e.version),
	FED_COLUMN(struct saved_message, e.round),
	FED_COLUMN(struct saved_message, e.samples),
	FED_COLUMN(struct saved_message, e.steps),
	FED_COLUMN(struct saved_message, e.loss),
	FED_COLUMN_BELOW(struct saved_message, codec.kind, CODED + 1),
	FED_COLUMN(struct saved_message, codec.share),
	FED_COLUMN(struct saved_message, codec.bytes),
	FED_COLUMN(struct saved_message, e.why),
	FED_COLUMN_END,
};

static const struct fed_record_column training_columns[] = {
	FED_COLUMN(struct saved_training, o.client),
	FED_COLUMN(struct saved_training, o.steps),
	FED_COLUMN_BELOW(struct saved_training, o.kept_vectors, FED_LIST_MAX + 1),
	FED_COLUMN(struct saved_training, o.version),
	FED_COLUMN(struct saved_training, o.round),
	FED_COLUMN(struct saved_training, o.samples),
	FED_COLUMN(struct saved_training, o.epochs),
	FED_COLUMN(struct saved_training, o.loss),
	FED_COLUMN_BELOW(struct saved_training, codec.kind, CODED + 1),
	FED_COLUMN(struct saved_training, codec.share),
	FED_COLUMN(struct saved_training, codec.bytes),
	FED_COLUMN(struct saved_training, o.had_residual),
	FED_COLUMN(struct saved_training, o.why.text),
	FED_COLUMN_END,
};

/* Writing -------------------------------------------------------------------------- */

static void add_message_vectors(struct fed_vectors_table *p, const struct fed_envelope *e)
{
	fed__vectors_add(p, e->payload);
	fed__vectors_add(p, e->labels);
}

static void add_all_vectors(struct fed_vectors_table *p, const struct fed_in_flight *u)
{
	for (uint32_t i = 0; i < u->open_capacity; i++)
		fed__vectors_add(p, u->open[i].model);
	for (size_t i = 0; i < u->n_flying; i++)
		add_message_vectors(p, u->flying[i].envelope);
	for (size_t i = 0; i < u->n_held; i++)
		add_message_vectors(p, &u->held[i].envelope);
	for (size_t i = 0; i < u->n_known; i++)
		fed__vectors_add(p, u->known[i].payload);
	for (uint32_t i = 0; i < u->slots; i++) {
		if (!u->training[i])
			continue;
		const struct fed_training_result o = fed_training_result(u->training[i]);
		fed__vectors_add(p, o.result);
		fed__vectors_add(p, o.left);
	}
}

static void save_invitations(struct fed_saver *f, const struct fed_vectors_table *p,
                             const struct fed_in_flight *u)
{
	fed_saver_begin(f, "invitations");
	fed_put_u32(f, u->open_capacity);
	fed_put_u32(f, u->n_open);
	for (uint32_t i = 0; i < u->open_capacity; i++) {
		if (!u->open[i].number)
			continue;
		fed_put_u32(f, i);
		fed_put_row(f, invitation_columns, &u->open[i]);
		fed_put_u32(f, fed__vectors_number(p, u->open[i].model));
	}
	fed_saver_end(f);
}

static void save_events(struct fed_saver *f, const struct fed_in_flight *u)
{
	fed_saver_begin(f, "events");
	fed_put_u64(f, u->n_due);
	for (size_t i = 0; i < u->n_due; i++)
		fed_put_row(f, event_columns, &u->due[i]);
	fed_saver_end(f);
}

/* chooses: the sender could choose a codec. */
static struct saved_codec saved_codec(const struct fed_code *code, bool chooses)
{
	if (code && code->kind)
		return (struct saved_codec){code->kind, code->share, code->len};
	return (struct saved_codec){
		.kind = code ? CODED : 0, .share = chooses, .bytes = code ? code->len : 0};
}

static void put_message(struct fed_saver *f, const struct fed_vectors_table *p,
                        const struct fed_envelope *e)
{
	const bool chooses = e->head.kind != FED_MESSAGE_MODEL && e->head.kind != FED_MESSAGE_HEAD;
	const struct saved_message row = {.e = *e, .codec = saved_codec(e->code, chooses)};

	fed_put_row(f, message_columns, &row);
	fed_put_u32(f, fed__vectors_number(p, e->payload));
	fed_put_u32(f, fed__vectors_number(p, e->labels));
}

static void save_messages(struct fed_saver *f, const struct fed_vectors_table *p,
                          const struct fed_in_flight *u)
{
	fed_saver_begin(f, "messages");
	fed_put_u64(f, u->n_flying);
	for (size_t i = 0; i < u->n_flying; i++)
		put_message(f, p, u->flying[i].envelope);
	fed_put_u64(f, u->n_held);
	for (size_t i = 0; i < u->n_held; i++) {
		fed_put_u64(f, u->held[i].release);
		put_message(f, p, &u->held[i].envelope);
	}
	fed_saver_end(f);
}

static bool any_rms(const struct fed_in_flight *u)
{
	size_t i = 0;

	while (i < u->n_held && !u->held[i].envelope.reports_rms)
		i++;
	return i < u->n_held;
}

/* Root mean square losses in held updates: a section that a file without any lacks. */
static void save_held_losses(struct fed_saver *f, const struct fed_in_flight *u)
{
	if (!any_rms(u))
		return;
	fed_saver_begin(f, "held losses");
	for (size_t i = 0; i < u->n_held; i++) {
		fed_put_u8(f, u->held[i].envelope.reports_rms);
		fed_put_f32(f, u->held[i].envelope.loss_rms);
	}
	fed_saver_end(f);
}

/* When the server's link is free again: a section that a file without such a link lacks. */
static void save_server_link(struct fed_saver *f, const struct fed_in_flight *u)
{
	if (!(u->server_link.up > 0) && !(u->server_link.down > 0))
		return;
	fed_saver_begin(f, "server link");
	fed_put_f64(f, u->server_link.up);
	fed_put_f64(f, u->server_link.down);
	fed_saver_end(f);
}

/* Updates known to colluding attackers. */
static void save_known(struct fed_saver *f, const struct fed_vectors_table *p,
                       const struct fed_in_flight *u)
{
	fed_saver_begin(f, "known updates");
	fed_put_u64(f, u->n_known);
	fed_put_u64(f, u->oldest);
	for (size_t i = 0; i < u->n_known; i++) {
		fed_put_u32(f, u->known[i].client);
		fed_put_u32(f, fed__vectors_number(p, u->known[i].payload));
	}
	fed_saver_end(f);
}

static void save_trainings(struct fed_saver *f, const struct fed_vectors_table *p,
                           const struct fed_in_flight *u, size_t dim)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < u->slots; i++)
		n += u->training[i] != NULL;
	fed_saver_begin(f, "trainings");
	fed_put_u32(f, u->slots);
	fed_put_u32(f, n);
	fed_saver_end(f);
	for (uint32_t i = 0; i < u->slots; i++) {
		if (!u->training[i])
			continue;
		const struct fed_training_result o = fed_training_result(u->training[i]);
		const struct saved_training row = {.o = o, .codec = saved_codec(o.code, true)};
		fed_saver_begin(f, "training");
		fed_put_u32(f, i);
		fed_put_row(f, training_columns, &row);
		fed_put_u32(f, fed__vectors_number(p, o.result));
		fed_put_u32(f, fed__vectors_number(p, o.left));
		for (uint32_t k = 0; k < o.kept_vectors; k++)
			fed_put_f32s(f, o.kept->vector[k], dim);
		fed_saver_end(f);
	}
}

void fed__save_in_flight(struct fed_saver *f, const struct fed_last_version *v)
{
	const struct fed_in_flight *u = v->in_flight;
	struct fed_vectors_table p = {0};

	add_all_vectors(&p, u);
	if (p.failed)
		f->failed = true;
	fed__save_vectors(f, &p, v->session->running ? v->session->federation.model : NULL);
	save_invitations(f, &p, u);
	save_events(f, u);
	save_messages(f, &p, u);
	save_held_losses(f, u);
	save_server_link(f, u);
	save_known(f, &p, u);
	save_trainings(f, &p, u, v->session->parts.net_built ? v->session->parts.net.dim : 0);
	fed__save_personal(f, u);
	fed_free(p.payload);
}

/* Reading -------------------------------------------------------------------------- */

/* Arguments of the loaders below. */
struct loading {
	struct fed_loader *f;
	const struct fed_session *s;
	struct fed_in_flight *u;
	struct fed_vectors_table p;
	struct fed_sharing *sharing; /* of the messages with the model's length */
};

/* Read a number, and return a reference to those vectors; NULL: none. */
static struct fed_shared_vectors *get_vectors_ref(struct loading *l)
{
	const uint32_t number = fed_get_u32(l->f);

	if (number > l->p.n)
		fed_loader_fail(l->f, "shared vectors %u of %u", number, l->p.n);
	return number && number <= l->p.n ? fed_shared_vectors_ref(l->p.payload[number - 1]) : NULL;
}

static bool is_address(uint32_t who, const struct fed_session *s)
{
	return who == FED_SERVER || who < s->parts.clients.n;
}

/* One entry of the hash table of open invitations. */
static void load_invitation(struct loading *l)
{
	struct fed_in_flight *u = l->u;
	const uint32_t at = fed_get_u32(l->f);
	struct fed_invitation x = {0};

	fed_get_row(l->f, invitation_columns, &x);
	x.model = get_vectors_ref(l);
	if (l->f->failed || at >= u->open_capacity || u->open[at].number || !x.number || !x.model ||
	    x.model->n == 0 || x.model->dim != l->s->parts.net.dim ||
	    x.client >= l->s->parts.clients.n) {
		fed_shared_vectors_unref(x.model);
		fed_loader_fail(l->f, "invitation %llu", (unsigned long long)x.number);
		return;
	}
	u->open[at] = x;
	u->n_open++;
}

/* The table is at most half full, so that a search ends, and not much larger than the number of
 * clients. */
static void load_invitations(struct loading *l)
{
	if (fed__loader_begin(l->f, "invitations"))
		return;
	const uint32_t capacity = fed_get_u32(l->f), n = fed_get_u32(l->f);
	if (n > capacity / 2 || (capacity & (capacity - 1)) || capacity / 64 > l->s->parts.clients.n)
		fed_loader_fail(l->f, "%u invitations in a table of %u", n, capacity);
	l->u->open = l->f->failed ? NULL : fed_alloc_array((size_t)capacity + 1, sizeof *l->u->open);
	if (l->u->open)
		l->u->open_capacity = capacity;
	else
		fed_loader_fail(l->f, "out of memory for %u invitations", capacity);
	for (uint32_t i = 0; i < n && !l->f->failed; i++)
		load_invitation(l);
	fed_loader_end(l->f);
}

/* Whether an event of this kind can be due between two versions. */
static bool is_between_versions(uint32_t kind)
{
	return (kind > 0 && kind < FED_QUEUED_WORK) ||
	       (kind >= FED_QUEUED_AT_SERVER_LINK && kind <= FED_QUEUED_LAST);
}

/* Events are in flight between versions only if the scheme overlaps them; none is of the scheme. */
static void load_events(struct loading *l)
{
	struct fed_in_flight *u = l->u;

	if (fed__loader_begin(l->f, "events"))
		return;
	const uint64_t n = fed_get_u64(l->f);
	if (n && !l->s->parts.scheme->overlaps)
		fed_loader_fail(l->f, "%llu events under scheme %s", (unsigned long long)n,
		                l->s->parts.scheme->name);
	u->due = fed_get_array(l->f, n, sizeof *u->due, fed__row_bytes(event_columns));
	while (u->n_due < n && !l->f->failed) {
		struct fed_queued_event *d = &u->due[u->n_due++];

		fed_get_row(l->f, event_columns, d);
		if (!l->f->failed && (!is_between_versions(d->kind) || !is_address(d->who, l->s)))
			fed_loader_fail(l->f, "event %llu", (unsigned long long)d->seq);
	}
	fed_loader_end(l->f);
}

/* True for a valid message.  A client does not check the number of a model's vectors; the server
 * checks updates on arrival. */
static bool is_valid_message(const struct fed_envelope *e, const struct fed_session *s)
{
	const struct fed_shared_vectors *p = e->payload;

	if (!p || p->n == 0 || e->head.kind == 0 || e->head.kind > FED_MESSAGE_START ||
	    !is_address(e->head.from, s) || !is_address(e->head.to, s) || fed_invited(e) == FED_SERVER)
		return false;
	if (e->head.kind != FED_MESSAGE_MODEL)
		return p->dim <= s->parts.net.dim;
	return p->dim == s->parts.net.dim && p->n == 1 + fed_instance_broadcasts(&s->parts.aggregator);
}

/* Bytes of a vector of so many numbers, whose contents nothing needs any more; NULL: no codec. */
static struct fed_code *get_code(struct loading *l, const struct saved_codec *c, size_t dim)
{
	if (l->f->failed || c->kind == 0)
		return NULL;
	if (c->bytes > 64 + (uint64_t)CODED_BYTES_MOST * dim) {
		fed_loader_fail(l->f, "%llu bytes for %zu numbers", (unsigned long long)c->bytes, dim);
		return NULL;
	}
	struct fed_code *code = fed_code_new(NULL, (size_t)c->bytes);
	if (!code)
		fed_loader_fail(l->f, "out of memory for %llu bytes", (unsigned long long)c->bytes);
	if (code && c->kind != CODED) {
		code->kind = c->kind;
		code->share = c->share;
	}
	return code;
}

static void get_message(struct loading *l, struct fed_envelope *e)
{
	struct saved_message row = {.e = *e};

	fed_get_row(l->f, message_columns, &row);
	*e = row.e;
	e->loss_rms = NAN; /* unless it is among the held losses */
	e->payload = get_vectors_ref(l);
	e->labels = get_vectors_ref(l);
	if (e->payload)
		e->code = get_code(l, &row.codec, e->payload->dim);
	if (e->payload && e->payload->dim == l->s->parts.net.dim)
		e->sharing = fed_sharing_ref(l->sharing);
	if (!l->f->failed && !is_valid_message(e, l->s))
		fed_loader_fail(l->f, "message %llu is none", (unsigned long long)e->head.id);
}

static void get_flying(struct loading *l, struct fed_message_in_flight *flying, uint64_t last)
{
	struct fed_envelope *e = fed_alloc(sizeof *e);

	*flying = (struct fed_message_in_flight){.envelope = e, .settled = true};
	if (!e) {
		fed_loader_fail(l->f, "out of memory for a message");
		return;
	}
	get_message(l, e);
	flying->id = e->head.id;
	if (!l->f->failed && flying->id <= last)
		fed_loader_fail(l->f, "message %llu appears twice", (unsigned long long)flying->id);
}

static void load_messages(struct loading *l)
{
	struct fed_in_flight *u = l->u;
	const uint64_t least = fed__row_bytes(message_columns);
	uint64_t last = 0;

	if (fed__loader_begin(l->f, "messages"))
		return;
	const uint64_t flying = fed_get_u64(l->f);
	u->flying = fed_get_array(l->f, flying, sizeof *u->flying, least);
	while (u->n_flying < flying && !l->f->failed) {
		get_flying(l, &u->flying[u->n_flying], last);
		last = u->flying[u->n_flying++].id;
	}
	const uint64_t held = fed_get_u64(l->f);
	u->held = fed_get_array(l->f, held, sizeof *u->held, least);
	while (u->n_held < held && !l->f->failed) {
		struct fed_held *h = &u->held[u->n_held++];

		h->release = fed_get_u64(l->f);
		get_message(l, &h->envelope);
	}
	fed_loader_end(l->f);
}

static void load_held_losses(struct loading *l)
{
	if (!fed_loader_begin_optional(l->f, "held losses"))
		return;
	for (size_t i = 0; i < l->u->n_held && !l->f->failed; i++) {
		l->u->held[i].envelope.reports_rms = fed_get_flag(l->f);
		l->u->held[i].envelope.loss_rms = fed_get_f32(l->f);
	}
	fed_loader_end(l->f);
}

static void load_server_link(struct loading *l)
{
	if (!fed_loader_begin_optional(l->f, "server link"))
		return;
	l->u->server_link.up = fed_get_f64(l->f);
	l->u->server_link.down = fed_get_f64(l->f);
	if (!isfinite(l->u->server_link.up) || !isfinite(l->u->server_link.down))
		fed_loader_fail(l->f, "a time that is not finite");
	fed_loader_end(l->f);
}

static void load_known(struct loading *l)
{
	struct fed_in_flight *u = l->u;

	if (fed__loader_begin(l->f, "known updates"))
		return;
	const uint64_t n = fed_get_u64(l->f);
	u->oldest = fed_get_u64(l->f);
	u->known = fed_get_array(l->f, n, sizeof *u->known, 8);
	while (u->n_known < n && !l->f->failed) {
		struct fed_known_update *k = &u->known[u->n_known++];

		k->client = fed_get_u32(l->f);
		k->payload = get_vectors_ref(l);
		if (!k->payload || k->payload->n == 0 || k->payload->dim != l->s->parts.net.dim)
			fed_loader_fail(l->f, "update %zu has another length than the model", u->n_known);
	}
	if (u->oldest && u->oldest >= u->n_known)
		fed_loader_fail(l->f, "the oldest is %zu of %zu", u->oldest, u->n_known);
	fed_loader_end(l->f);
}

static void get_kept(struct fed_loader *f, struct fed_training_result *o, size_t dim)
{
	if (f->failed || o->kept_vectors == 0 ||
	    !fed_loader_holds(f, o->kept_vectors * (uint64_t)dim, sizeof(float)))
		return;
	o->kept = fed_shared_vectors_new(o->kept_vectors, dim);
	if (!o->kept)
		fed_loader_fail(f, "out of memory for what client %u keeps", o->client);
	for (uint32_t k = 0; o->kept && k < o->kept_vectors; k++)
		fed_get_f32s(f, o->kept->vector[k], dim);
}

static void get_result(struct loading *l, struct fed_training_result *o)
{
	const size_t dim = l->s->parts.net.dim;

	struct saved_training row = {.o = *o};

	fed_get_row(l->f, training_columns, &row);
	*o = row.o;
	o->result = get_vectors_ref(l);
	o->left = get_vectors_ref(l);
	o->code = get_code(l, &row.codec, dim);
	get_kept(l->f, o, dim);
	if (o->client >= l->s->parts.clients.n)
		fed_loader_fail(l->f, "there is no client %u", o->client);
	else if ((o->result && (o->result->n == 0 || o->result->dim != dim)) ||
	         (o->left && (o->left->n == 0 || o->left->n > 2 || o->left->dim != dim)))
		fed_loader_fail(l->f, "the update of client %u has another length", o->client);
}

static void load_training(struct loading *l)
{
	struct fed_training_result o = {0};
	struct fed_training *g = NULL;

	if (fed__loader_begin(l->f, "training"))
		return;
	const uint32_t slot = fed_get_u32(l->f);
	get_result(l, &o);
	if (slot >= l->u->slots || l->u->training[slot])
		fed_loader_fail(l->f, "place %u of %u", slot, l->u->slots);
	else if (!l->f->failed && !(g = fed_training_restore(&o)))
		fed_loader_fail(l->f, "out of memory for a training");
	if (g) {
		l->u->training[slot] = g;
	} else {
		fed_shared_vectors_unref(o.result);
		fed_shared_vectors_unref(o.left);
		fed_code_unref(o.code);
		fed_shared_vectors_unref(o.kept);
	}
	fed_loader_end(l->f);
}

/* Fail unless each event has its training. */
static void check_trainings(struct loading *l)
{
	for (size_t i = 0; i < l->u->n_due && !l->f->failed; i++) {
		const struct fed_queued_event *d = &l->u->due[i];

		if (d->kind == FED_QUEUED_TRAINED && (d->ref >= l->u->slots || !l->u->training[d->ref]))
			fed_loader_fail(l->f, "there is none at place %llu of %u", (unsigned long long)d->ref,
			                l->u->slots);
	}
}

static void load_trainings(struct loading *l)
{
	if (fed__loader_begin(l->f, "trainings"))
		return;
	const uint32_t slots = fed_get_u32(l->f), n = fed_get_u32(l->f);
	if (n > slots || slots / 64 > l->s->parts.clients.n)
		fed_loader_fail(l->f, "%u trainings at %u places", n, slots);
	fed_loader_end(l->f);
	l->u->training =
		l->f->failed ? NULL : fed_alloc_array((size_t)slots + 1, sizeof(struct fed_training *));
	if (l->u->training)
		l->u->slots = slots;
	else
		fed_loader_fail(l->f, "out of memory for %u trainings", slots);
	for (uint32_t i = 0; i < n && !l->f->failed; i++)
		load_training(l);
	check_trainings(l);
}

void fed__load_in_flight(struct fed_loader *f, const struct fed_session *s, struct fed_in_flight *u)
{
	struct loading l = {.f = f, .s = s, .u = u};
	struct fed_error why;

	/* Local layers that another model than the one they were set for does not have: no round can be
	 * made with them, so nothing is in flight. */
	if (s->parts.net_built &&
	    fed_local_layers_make(s->parts.settings.local_layers, &s->parts.net, &l.sharing, &why))
		l.sharing = NULL;
	fed__load_vectors(f, &l.p);
	load_invitations(&l);
	load_events(&l);
	load_messages(&l);
	load_held_losses(&l);
	load_server_link(&l);
	load_known(&l);
	load_trainings(&l);
	if (!f->failed)
		fed__load_personal(f, u, l.sharing);
	fed_sharing_unref(l.sharing);
	for (uint32_t i = 0; i < l.p.n; i++)
		fed_shared_vectors_unref(l.p.payload[i]);
	fed_free(l.p.payload);
}
