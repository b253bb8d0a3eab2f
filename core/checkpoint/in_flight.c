/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/in_flight.c - invitations, events, messages and trainings in a saved file.
 *
 * First the vectors, each once however many share it: a section with their number, one for each
 * parcel.  Then one section with all the tables, in which parcels are numbers from 1; 0 is none.
 */
#include "checkpoint/in_flight.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "session/internal.h"

enum {
	INVITATION_BYTES = 4 + 8 + 8 + 8 + 4 + 4,
	DUE_BYTES = 8 + 8 + 8 + 4 + 4,
	ENVELOPE_BYTES = 3 * 4 + 2 * 8 + 3 * 8 + 4 + 4 + 4 + 4 + 4 + 8 + 8,         /* and a string */
	TRAINING_BYTES = 4 + 4 + 4 + 4 + 8 + 8 + 4 + 8 + 8 + 4 + 8 + 8 + 4 + 4 + 1, /* likewise */
};

/* Each parcel once, in the order in which they are met. */
struct crate {
	struct fed_parcel **parcel; /* [n] */
	uint32_t n, room;
	bool full; /* no memory */
};

static uint32_t number_of(const struct crate *c, const struct fed_parcel *p)
{
	for (uint32_t i = p ? c->n : 0; i > 0; i--) /* those that share stand together */
		if (c->parcel[i - 1] == p)
			return i;
	return 0;
}

static void pack(struct crate *c, struct fed_parcel *p)
{
	if (!p || c->full || number_of(c, p))
		return;
	if (c->n == c->room) {
		const uint32_t room = c->room ? 2 * c->room : 64;
		struct fed_parcel **grown =
			fed_resize(c->parcel, c->room * sizeof *grown, room * sizeof *grown);

		c->full = !grown;
		if (!grown)
			return;
		c->parcel = grown;
		c->room = room;
	}
	c->parcel[c->n++] = p;
}

/* Writing ------------------------------------------------------------------------- */

static void pack_all(struct crate *c, const struct fed_underway *u)
{
	for (uint32_t i = 0; i < u->open_room; i++)
		pack(c, u->open[i].model);
	for (size_t i = 0; i < u->n_flying; i++) {
		pack(c, u->flying[i].envelope->parcel);
		pack(c, u->flying[i].envelope->labels);
	}
	for (size_t i = 0; i < u->n_held; i++) {
		pack(c, u->held[i].envelope.parcel);
		pack(c, u->held[i].envelope.labels);
	}
	for (size_t i = 0; i < u->n_known; i++)
		pack(c, u->known[i].parcel);
	for (uint32_t i = 0; i < u->slots; i++) {
		if (!u->training[i])
			continue;
		const struct fed_training_result o = fed_training_result(u->training[i]);
		pack(c, o.result);
		pack(c, o.left);
	}
}

static void save_parcels(struct fed_saver *f, const struct crate *c)
{
	fed_saver_begin(f, "parcels", 4);
	fed_put_u32(f, c->n);
	fed_saver_end(f);
	for (uint32_t i = 0; i < c->n; i++) {
		const struct fed_parcel *p = c->parcel[i];

		fed_saver_begin(f, "parcel", 4 + 8 + 4ull * p->n * p->dim);
		fed_put_u32(f, p->n);
		fed_put_u64(f, p->dim);
		for (uint32_t k = 0; k < p->n; k++)
			fed_put_f32s(f, p->vector[k], p->dim);
		fed_saver_end(f);
	}
}

static uint64_t size_envelope(const struct fed_envelope *e)
{
	return ENVELOPE_BYTES + fed_size_string(e->why);
}

static void save_envelope(struct fed_saver *f, const struct crate *c, const struct fed_envelope *e)
{
	fed_put_u32(f, e->head.from);
	fed_put_u32(f, e->head.to);
	fed_put_u32(f, e->head.kind);
	fed_put_u64(f, e->head.id);
	fed_put_u64(f, e->head.bytes);
	fed_put_u64(f, e->version);
	fed_put_u64(f, e->round);
	fed_put_u64(f, e->samples);
	fed_put_u32(f, e->steps);
	fed_put_f32(f, e->loss);
	fed_put_u32(f, number_of(c, e->parcel));
	fed_put_u32(f, number_of(c, e->labels));
	fed_put_u32(f, (uint32_t)e->codec.kind);
	fed_put_f64(f, e->codec.share);
	fed_put_u64(f, e->coded);
	fed_put_string(f, e->why);
}

static void save_open(struct fed_saver *f, const struct crate *c, const struct fed_underway *u)
{
	fed_put_u32(f, u->open_room);
	fed_put_u32(f, u->n_open);
	for (uint32_t i = 0; i < u->open_room; i++) {
		const struct fed_invitation *x = &u->open[i];

		if (!x->number)
			continue;
		fed_put_u32(f, i);
		fed_put_u64(f, x->number);
		fed_put_u64(f, x->version);
		fed_put_f64(f, x->sent);
		fed_put_u32(f, x->client);
		fed_put_u32(f, number_of(c, x->model));
	}
}

static void save_due(struct fed_saver *f, const struct fed_underway *u)
{
	fed_put_u64(f, u->n_due);
	for (size_t i = 0; i < u->n_due; i++) {
		fed_put_f64(f, u->due[i].when);
		fed_put_u64(f, u->due[i].seq);
		fed_put_u64(f, u->due[i].ref);
		fed_put_u32(f, u->due[i].who);
		fed_put_u32(f, u->due[i].kind);
	}
}

static uint64_t size_training(const struct fed_training_result *o, size_t dim)
{
	return TRAINING_BYTES + 4ull * o->kept_vectors * dim + fed_size_string(o->why.text);
}

static void save_training(struct fed_saver *f, const struct crate *c, uint32_t slot,
                          const struct fed_training_result *o, size_t dim)
{
	fed_put_u32(f, slot);
	fed_put_u32(f, o->client);
	fed_put_u32(f, o->steps);
	fed_put_u32(f, o->kept_vectors);
	fed_put_u64(f, o->version);
	fed_put_u64(f, o->round);
	fed_put_u32(f, o->samples);
	fed_put_u64(f, (uint64_t)o->epochs);
	fed_put_f64(f, o->loss);
	fed_put_u32(f, (uint32_t)o->codec.kind);
	fed_put_f64(f, o->codec.share);
	fed_put_u64(f, o->coded);
	fed_put_u32(f, number_of(c, o->result));
	fed_put_u32(f, number_of(c, o->left));
	fed_put_u8(f, o->had_residual);
	for (uint32_t k = 0; k < o->kept_vectors; k++)
		fed_put_f32s(f, o->kept[k], dim);
	fed_put_string(f, o->why.text);
}

static uint64_t size_tables(const struct fed_underway *u, size_t dim, uint32_t *trainings)
{
	uint64_t bytes = 8 + (uint64_t)INVITATION_BYTES * u->n_open + 8 + DUE_BYTES * u->n_due;

	bytes += 8 + 8 + 16 + 8ull * u->n_known + 8;
	for (size_t i = 0; i < u->n_flying; i++)
		bytes += size_envelope(u->flying[i].envelope);
	for (size_t i = 0; i < u->n_held; i++)
		bytes += 8 + size_envelope(&u->held[i].envelope);
	*trainings = 0;
	for (uint32_t i = 0; i < u->slots; i++) {
		if (!u->training[i])
			continue;
		const struct fed_training_result o = fed_training_result(u->training[i]);
		bytes += size_training(&o, dim);
		++*trainings;
	}
	return bytes;
}

static void save_tables(struct fed_saver *f, const struct crate *c, const struct fed_underway *u,
                        size_t dim)
{
	uint32_t trainings;

	fed_saver_begin(f, "under way", size_tables(u, dim, &trainings));
	save_open(f, c, u);
	save_due(f, u);
	fed_put_u64(f, u->n_flying);
	for (size_t i = 0; i < u->n_flying; i++)
		save_envelope(f, c, u->flying[i].envelope);
	fed_put_u64(f, u->n_held);
	for (size_t i = 0; i < u->n_held; i++) {
		fed_put_u64(f, u->held[i].release);
		save_envelope(f, c, &u->held[i].envelope);
	}
	fed_put_u64(f, u->n_known);
	fed_put_u64(f, u->oldest);
	for (size_t i = 0; i < u->n_known; i++) {
		fed_put_u32(f, u->known[i].client);
		fed_put_u32(f, number_of(c, u->known[i].parcel));
	}
	fed_put_u32(f, u->slots);
	fed_put_u32(f, trainings);
	for (uint32_t i = 0; i < u->slots; i++) {
		if (!u->training[i])
			continue;
		const struct fed_training_result o = fed_training_result(u->training[i]);
		save_training(f, c, i, &o, dim);
	}
	fed_saver_end(f);
}

int fed_save_underway(struct fed_saver *f, const struct fed_underway *u, size_t dim,
                      struct fed_error *err)
{
	struct crate c = {0};

	pack_all(&c, u);
	if (!c.full) {
		save_parcels(f, &c);
		save_tables(f, &c, u, dim);
	}
	fed_free(c.parcel);
	return c.full ? fed_fail_memory(err, c.room * sizeof(void *), "what is under way") : FED_OK;
}

/* Reading ------------------------------------------------------------------------- */

/* n rows of `size` bytes, each of which takes `least` bytes of the file; NULL: not so. */
static void *make_rows(struct fed_loader *f, uint64_t n, size_t size, uint64_t least)
{
	if (!fed_loader_holds(f, n, least))
		return NULL;
	void *rows = fed_alloc_array(n + 1, size);
	if (!rows)
		fed_loader_fail(f, "out of memory for %llu items", (unsigned long long)n);
	return rows;
}

static void load_parcel(struct fed_loader *f, struct crate *c)
{
	if (fed_loader_begin(f, "parcel"))
		return;
	const uint32_t n = fed_get_u32(f);
	const uint64_t dim = fed_get_u64(f);
	if (n > FED_LIST_MAX + 1 || dim > SIZE_MAX / sizeof(float) / (n + 1)) {
		fed_loader_fail(f, "%u vectors of %llu numbers", n, (unsigned long long)dim);
		return;
	}
	if (n && dim && !fed_loader_holds(f, n * dim, sizeof(float)))
		return;
	struct fed_parcel *p = fed_parcel_new(n, dim);
	if (!p) {
		fed_loader_fail(f, "out of memory for %llu numbers", (unsigned long long)dim);
		return;
	}
	c->parcel[c->n++] = p;
	for (uint32_t k = 0; k < n; k++)
		fed_get_f32s(f, p->vector[k], dim);
	fed_loader_end(f);
}

static void load_parcels(struct fed_loader *f, struct crate *c)
{
	if (fed_loader_begin(f, "parcels"))
		return;
	const uint32_t n = fed_get_u32(f);
	if (fed_loader_end(f))
		return;
	if (n > f->in_file / 16) {
		fed_loader_fail(f, "%u of them", n);
		return;
	}
	c->parcel = fed_alloc_array((size_t)n + 1, sizeof(struct fed_parcel *));
	if (!c->parcel)
		fed_loader_fail(f, "out of memory for %u parcels", n);
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_parcel(f, c);
}

/* A share of the parcel of this number. */
static struct fed_parcel *get_parcel(struct fed_loader *f, const struct crate *c)
{
	const uint32_t number = fed_get_u32(f);

	if (number > c->n)
		fed_loader_fail(f, "parcel %u of %u", number, c->n);
	return number && number <= c->n ? fed_parcel_share(c->parcel[number - 1]) : NULL;
}

static void load_codec(struct fed_loader *f, struct fed_codec *codec)
{
	const uint32_t kind = fed_get_u32(f);

	codec->share = fed_get_f64(f);
	if (kind >= FED_CODECS)
		fed_loader_fail(f, "codec %u", kind);
	else
		codec->kind = (enum fed_codec_kind)kind;
}

static bool is_somebody(uint32_t who, const struct fed_session *s)
{
	return who == FED_SERVER || who < s->parts.clients.n;
}

/* A client reads a model's vectors without a look at their number; updates meet the gate. */
static bool is_message(const struct fed_envelope *e, const struct fed_session *s)
{
	const struct fed_parcel *p = e->parcel;

	if (!p || p->n == 0 || e->head.kind == 0 || e->head.kind > FED_MESSAGE_LAST ||
	    !is_somebody(e->head.from, s) || !is_somebody(e->head.to, s) ||
	    fed_invited(e) == FED_SERVER)
		return false;
	if (e->head.kind != FED_MESSAGE_MODEL)
		return p->dim <= s->parts.net.dim;
	return p->dim == s->parts.net.dim && p->n == 1 + fed_instance_broadcasts(&s->parts.aggregator);
}

static void load_envelope(struct fed_loader *f, const struct crate *c, const struct fed_session *s,
                          struct fed_envelope *e)
{
	struct fed_text why = {0};

	*e = (struct fed_envelope){0};
	e->head.from = fed_get_u32(f);
	e->head.to = fed_get_u32(f);
	e->head.kind = fed_get_u32(f);
	e->head.id = fed_get_u64(f);
	e->head.bytes = fed_get_u64(f);
	e->version = fed_get_u64(f);
	e->round = fed_get_u64(f);
	e->samples = fed_get_u64(f);
	e->steps = fed_get_u32(f);
	e->loss = fed_get_f32(f);
	e->parcel = get_parcel(f, c);
	e->labels = get_parcel(f, c);
	load_codec(f, &e->codec);
	e->coded = fed_get_u64(f);
	fed_get_string(f, &why);
	snprintf(e->why, sizeof e->why, "%s", fed_text_str(&why));
	fed_text_release(&why);
	if (!f->failed && !is_message(e, s))
		fed_loader_fail(f, "message %llu is none", (unsigned long long)e->head.id);
}

static void load_open(struct fed_loader *f, const struct crate *c, const struct fed_session *s,
                      struct fed_underway *u)
{
	const uint32_t clients = s->parts.clients.n;
	const uint32_t room = fed_get_u32(f), n = fed_get_u32(f);

	/* At most half full, so that a search ends. */
	if (f->failed || n > room / 2 || (room & (room - 1)) || room / 64 > clients) {
		fed_loader_fail(f, "%u invitations in a table of %u", n, room);
		return;
	}
	u->open = fed_alloc_array((size_t)room + 1, sizeof *u->open);
	if (!u->open) {
		fed_loader_fail(f, "out of memory for %u invitations", room);
		return;
	}
	u->open_room = room;
	for (uint32_t i = 0; i < n && !f->failed; i++) {
		const uint32_t at = fed_get_u32(f);
		struct fed_invitation x = {.number = fed_get_u64(f), .version = fed_get_u64(f)};

		x.sent = fed_get_f64(f);
		x.client = fed_get_u32(f);
		x.model = get_parcel(f, c);
		if (f->failed || at >= room || u->open[at].number || !x.number || !x.model ||
		    x.model->n == 0 || x.model->dim != s->parts.net.dim || x.client >= clients) {
			fed_parcel_drop(x.model);
			fed_loader_fail(f, "invitation %llu", (unsigned long long)x.number);
			return;
		}
		u->open[at] = x;
		u->n_open++;
	}
}

/* Events are only due between versions where these overlap; there, none is the scheme's own. */
static void load_due(struct fed_loader *f, const struct fed_session *s, struct fed_underway *u)
{
	const uint64_t n = fed_get_u64(f);

	if (n && !s->parts.scheme->overlaps)
		fed_loader_fail(f, "%llu events under scheme %s", (unsigned long long)n,
		                s->parts.scheme->name);

	u->due = make_rows(f, n, sizeof *u->due, DUE_BYTES);
	for (; u->due && u->n_due < n && !f->failed; u->n_due++) {
		struct fed_due *d = &u->due[u->n_due];

		d->when = fed_get_f64(f);
		d->seq = fed_get_u64(f);
		d->ref = fed_get_u64(f);
		d->who = fed_get_u32(f);
		d->kind = fed_get_u32(f);
		if (!f->failed &&
		    (!isfinite(d->when) || !d->kind || d->kind >= FED_DUE_WORK || !is_somebody(d->who, s)))
			fed_loader_fail(f, "event %llu", (unsigned long long)d->seq);
	}
}

static void load_flying(struct fed_loader *f, const struct crate *c, const struct fed_session *s,
                        struct fed_underway *u)
{
	const uint64_t n = fed_get_u64(f);
	uint64_t last = 0;

	u->flying = make_rows(f, n, sizeof *u->flying, ENVELOPE_BYTES);
	while (u->flying && u->n_flying < n && !f->failed) {
		struct fed_envelope *e = fed_alloc(sizeof *e);

		if (!e) {
			fed_loader_fail(f, "out of memory for a message");
			return;
		}
		load_envelope(f, c, s, e);
		if (!f->failed && e->head.id <= last)
			fed_loader_fail(f, "message %llu comes twice", (unsigned long long)e->head.id);
		last = e->head.id;
		u->flying[u->n_flying++] = (struct fed_flying){.id = last, .envelope = e, .settled = true};
	}
}

static void load_held(struct fed_loader *f, const struct crate *c, const struct fed_session *s,
                      struct fed_underway *u)
{
	const uint64_t n = fed_get_u64(f);

	u->held = make_rows(f, n, sizeof *u->held, ENVELOPE_BYTES);
	while (u->held && u->n_held < n && !f->failed) {
		struct fed_held *h = &u->held[u->n_held++];

		h->release = fed_get_u64(f);
		load_envelope(f, c, s, &h->envelope);
	}
}

static void load_known(struct fed_loader *f, const struct crate *c, struct fed_underway *u,
                       size_t dim)
{
	const uint64_t n = fed_get_u64(f);

	u->oldest = fed_get_u64(f);
	u->known = make_rows(f, n, sizeof *u->known, 8);
	while (u->known && u->n_known < n && !f->failed) {
		struct fed_known *k = &u->known[u->n_known++];

		k->client = fed_get_u32(f);
		k->parcel = get_parcel(f, c);
		if (!k->parcel || k->parcel->n == 0 || k->parcel->dim != dim)
			fed_loader_fail(f, "an update that attackers have seen");
	}
	if (u->oldest && u->oldest >= u->n_known)
		fed_loader_fail(f, "%zu updates that attackers have seen", u->n_known);
}

static void load_kept(struct fed_loader *f, struct fed_training_result *o, size_t dim)
{
	struct fed_client holder = {0};

	if (o->kept_vectors == 0 || o->kept_vectors > FED_LIST_MAX ||
	    !fed_loader_holds(f, o->kept_vectors * dim, sizeof(float)))
		return;
	o->kept = fed_client_kept(&holder, o->kept_vectors, dim);
	if (!o->kept)
		fed_loader_fail(f, "out of memory for what client %u keeps", o->client);
	for (uint32_t k = 0; o->kept && k < o->kept_vectors; k++)
		fed_get_f32s(f, o->kept[k], dim);
}

static void load_outcome(struct fed_loader *f, const struct crate *c, struct fed_training_result *o,
                         const struct fed_session *s)
{
	const size_t dim = s->parts.net.dim;
	struct fed_text why = {0};

	o->client = fed_get_u32(f);
	if (o->client >= s->parts.clients.n)
		fed_loader_fail(f, "client %u trains", o->client);
	o->steps = fed_get_u32(f);
	o->kept_vectors = fed_get_u32(f);
	o->version = fed_get_u64(f);
	o->round = fed_get_u64(f);
	o->samples = fed_get_u32(f);
	o->epochs = (int64_t)fed_get_u64(f);
	o->loss = fed_get_f64(f);
	load_codec(f, &o->codec);
	o->coded = fed_get_u64(f);
	o->result = get_parcel(f, c);
	o->left = get_parcel(f, c);
	o->had_residual = fed_get_u8(f);
	load_kept(f, o, dim);
	fed_get_string(f, &why);
	snprintf(o->why.text, sizeof o->why.text, "%s", fed_text_str(&why));
	fed_text_release(&why);
	if (!f->failed && ((o->result && (o->result->n == 0 || o->result->dim != dim)) ||
	                   (o->left && (o->left->n != 1 || o->left->dim != dim))))
		fed_loader_fail(f, "the update of client %u has another length", o->client);
}

static void load_training(struct fed_loader *f, const struct crate *c, struct fed_underway *u,
                          const struct fed_session *s)
{
	const uint32_t slot = fed_get_u32(f);
	struct fed_training_result o = {0};

	load_outcome(f, c, &o, s);
	if (!f->failed && (slot >= u->slots || u->training[slot]))
		fed_loader_fail(f, "training %u of %u", slot, u->slots);
	struct fed_training *g = f->failed ? NULL : fed_training_of(&o);
	if (g) {
		u->training[slot] = g;
		return;
	}
	fed_parcel_drop(o.result);
	fed_parcel_drop(o.left);
	fed_free(o.kept);
	if (!f->failed)
		fed_loader_fail(f, "out of memory for a training");
}

/* Every event finds what it is about. */
static void check_trainings(struct fed_loader *f, const struct fed_underway *u)
{
	for (size_t i = 0; i < u->n_due && !f->failed; i++) {
		const struct fed_due *d = &u->due[i];

		if (d->kind == FED_DUE_TRAINED && (d->ref >= u->slots || !u->training[d->ref]))
			fed_loader_fail(f, "training %llu of %u", (unsigned long long)d->ref, u->slots);
	}
}

static void load_trainings(struct fed_loader *f, const struct crate *c, const struct fed_session *s,
                           struct fed_underway *u)
{
	const uint32_t slots = fed_get_u32(f), n = fed_get_u32(f);

	if (f->failed || n > slots || slots / 64 > s->parts.clients.n) {
		fed_loader_fail(f, "%u of %u trainings", n, slots);
		return;
	}
	u->training = fed_alloc_array((size_t)slots + 1, sizeof(struct fed_training *));
	if (!u->training) {
		fed_loader_fail(f, "out of memory for %u trainings", slots);
		return;
	}
	u->slots = slots;
	for (uint32_t i = 0; i < n && !f->failed; i++)
		load_training(f, c, u, s);
	if (!f->failed)
		check_trainings(f, u);
}

static void load_tables(struct fed_loader *f, const struct crate *c, const struct fed_session *s,
                        struct fed_underway *u)
{
	if (f->failed || fed_loader_begin(f, "under way"))
		return;
	load_open(f, c, s, u);
	if (!f->failed)
		load_due(f, s, u);
	if (!f->failed)
		load_flying(f, c, s, u);
	if (!f->failed)
		load_held(f, c, s, u);
	if (!f->failed)
		load_known(f, c, u, s->parts.net.dim);
	if (!f->failed)
		load_trainings(f, c, s, u);
	fed_loader_end(f);
}

int fed_load_underway(struct fed_loader *f, const struct fed_session *s, struct fed_underway *u)
{
	struct crate c = {0};

	if (f->version < 7)
		return FED_OK;
	load_parcels(f, &c);
	load_tables(f, &c, s, u);
	for (uint32_t i = 0; i < c.n; i++)
		fed_parcel_drop(c.parcel[i]);
	fed_free(c.parcel);
	return f->failed ? FED_FAIL : FED_OK;
}
