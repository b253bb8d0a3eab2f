/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train/remotes.c - federations of a server and of its clients, and the network between them.
 */
#include "train/remotes.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "support/suite.h"
#include "train/client_work.h"
#include "train/schemes/schemes.h"
#include "train/schemes/split_internal.h"

#define BLOBS "blobs classes=4 train=600 test=60"
#define FOREVER UINT64_MAX
enum { CLIENTS = 6 };

/* The network ---------------------------------------------------------------------- */

static void push(struct remote_client *c, uint64_t id, const void *bytes, size_t len)
{
	const uint32_t capacity = sizeof c->queue / sizeof *c->queue;
	struct remote_frame *frame = &c->queue[(c->front + c->n++) % capacity];

	ck_assert_uint_le(c->n, capacity);
	*frame = (struct remote_frame){.id = id, .bytes = malloc(len ? len : 1), .len = len};
	memcpy(frame->bytes, bytes, len);
}

static struct remote_frame pop(struct remote_client *c)
{
	const struct remote_frame frame = c->queue[c->front];

	c->front = (c->front + 1) % (sizeof c->queue / sizeof *c->queue);
	c->n--;
	return frame;
}

void remotes_send(struct remotes *r, uint32_t client, const void *bytes, size_t len)
{
	push(&r->client[client], 0, bytes, len);
}

/* Sealing without keys: boxes for all clients, as network/protocol.md has them, and the numbers
 * changed. */
enum { SEAL_COUNT = 56, SEAL_BOXES = 60, SEAL_BOX = 116, SEAL_MASK = 0x5a };

static bool seals(const struct remotes *r)
{
	return fed_split_seals(r->server.federation.scheme, r->server.federation.scheme_state);
}

static void seal(struct remotes *r, uint32_t client, struct fed_envelope *e)
{
	const size_t from = SEAL_BOXES + (size_t)r->n * SEAL_BOX;
	const size_t len = from + e->payload->dim * sizeof(float);
	unsigned char *bytes = calloc(1, len);
	struct remote_client *c = &r->client[client];

	bytes[SEAL_COUNT] = (unsigned char)r->n;
	for (uint32_t i = 0; i < r->n; i++)
		bytes[SEAL_BOXES + i * SEAL_BOX] = (unsigned char)i;
	if (e->payload->n)
		memcpy(bytes + from, e->payload->vector[0], len - from);
	for (size_t i = from; i < len; i++)
		bytes[i] ^= SEAL_MASK;
	fed_shared_vectors_unref(c->head);
	c->head = fed_shared_vectors_ref(e->payload);
	e->head.kind = FED_MESSAGE_SEALED;
	e->payload = fed_shared_vectors_new(0, 0);
	e->code = fed_code_new(bytes, len);
	free(bytes);
}

/* The frame with the head that a sealed one brings. */
static void open_sealed(const struct remotes *r, struct remote_frame *frame)
{
	const size_t from = FED_FRAME_BYTES + SEAL_BOXES + (size_t)r->n * SEAL_BOX;
	const size_t dim = (frame->len - from) / sizeof(float);
	struct fed_envelope e;
	struct fed_error err = {""};
	struct fed_text text = {0};

	fed_assert_ok(fed_frame_head(frame->bytes, frame->len, &e, &err), &err);
	for (size_t i = from; i < frame->len; i++)
		frame->bytes[i] ^= SEAL_MASK;
	e.head.kind = FED_MESSAGE_HEAD;
	e.payload = fed_shared_vectors_new(dim ? 1 : 0, dim);
	if (dim)
		memcpy(e.payload->vector[0], frame->bytes + from, dim * sizeof(float));
	fed_assert_ok(fed_messenger_encode(&e, &text, &err), &err);
	fed_shared_vectors_unref(e.payload);
	free(frame->bytes);
	frame->bytes = malloc(text.len);
	frame->len = text.len;
	memcpy(frame->bytes, text.s, text.len);
	fed_text_release(&text);
}

void remotes_answer(struct remotes *r, uint32_t client, const struct fed_envelope *answer)
{
	struct fed_error err = {""};
	struct fed_text frame = {0};

	if (answer->head.kind == FED_MESSAGE_HEAD && seals(r)) {
		struct fed_envelope sealed = *answer;

		sealed.code = NULL;
		seal(r, client, &sealed);
		fed_assert_ok(fed_messenger_encode(&sealed, &frame, &err), &err);
		fed_envelope_release(
			&(struct fed_envelope){.payload = sealed.payload, .code = sealed.code});
		remotes_send(r, client, frame.s, frame.len);
		fed_text_release(&frame);
		return;
	}
	fed_assert_ok(fed_messenger_encode(answer, &frame, &err), &err);
	remotes_send(r, client, frame.s, frame.len);
	fed_text_release(&frame);
}

bool remotes_compute(struct remotes *r, uint32_t client, const struct fed_envelope *in,
                     struct fed_envelope *answer)
{
	struct fed_error err = {""};
	bool answers;

	fed_assert_ok(
		fed_client_work(&r->client[client].lab.federation, client, in, answer, &answers, &err),
		&err);
	return answers;
}

void remotes_work(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	struct fed_envelope answer;

	if (!remotes_compute(r, client, in, &answer))
		return;
	remotes_answer(r, client, &answer);
	fed_envelope_release(&answer);
}

static void receive(struct remotes *r, uint32_t client, struct remote_frame *frame)
{
	struct remote_client *c = &r->client[client];
	struct fed_error err = {""};
	struct fed_envelope in;

	if (frame->bytes[4] == FED_MESSAGE_SEALED)
		open_sealed(r, frame);

	const int rc =
		fed_client_decode(&c->lab.federation, client, frame->bytes, frame->len, &in, &err);
	if (rc && r->may_fail) {
		remotes_leave(r, client);
		return;
	}
	ck_assert_msg(rc == FED_OK, "%s", err.text);
	c->work++;
	if (r->behave)
		r->behave(r, client, &in);
	else
		remotes_work(r, client, &in);
	fed_envelope_release(&in);
}

static int give(void *ctx, const struct fed_message *m, const void *bytes, size_t len,
                struct fed_error *err)
{
	struct remotes *r = ctx;

	ck_assert_uint_lt(m->to, r->n);
	ck_assert_uint_eq(m->bytes, len);
	if (r->client[m->to].gone)
		return fed_reject(err, "client %u is not connected", m->to);
	push(&r->client[m->to], m->id, bytes, len);
	return FED_OK;
}

/* The client that is next, or n: nothing is on its way. */
static uint32_t next_client(struct remotes *r)
{
	uint32_t busy[REMOTES_MOST], n = 0;

	for (uint32_t k = 1; k <= r->n; k++) {
		const uint32_t i = (r->last + k) % r->n;
		const struct remote_client *c = &r->client[i];

		if (c->n || (c->gone && !c->told))
			busy[n++] = i;
	}
	return n == 0 ? r->n : busy[r->in_turn ? 0 : fed_stream_below(&r->draw, n)];
}

static int take(void *ctx, double timeout, struct fed_network_news *news)
{
	struct remotes *r = ctx;

	r->now += r->tick;
	free(r->held.bytes);
	r->held.bytes = NULL;
	const uint32_t i = next_client(r);
	if (i == r->n) {
		r->now += timeout;
		usleep((useconds_t)(1e6 * timeout) + 1); /* the host's wait is one of real seconds */
		return 0;
	}
	if (r->idles && fed_stream_below(&r->draw, 3) == 0)
		return 0;
	struct remote_client *c = &r->client[i];
	*news = (struct fed_network_news){.size = sizeof *news, .client = i};
	r->last = i;
	if (!c->n) {
		c->told = true;
		news->kind = FED_NEWS_GONE;
		news->why = "its connection ended";
		return 1;
	}
	r->held = pop(c);
	if (r->held.id) {
		news->kind = c->gone ? FED_NEWS_LOST : FED_NEWS_DELIVERED;
		news->id = r->held.id;
		news->why = "it left";
		if (!c->gone)
			receive(r, i, &r->held);
		return 1;
	}
	news->kind = FED_NEWS_ARRIVED;
	news->bytes = r->held.bytes;
	news->len = r->held.len;
	return 1;
}

static double now(void *ctx)
{
	const struct remotes *r = ctx;

	return r->real ? fed_wall_seconds() : r->now;
}

void remotes_leave(struct remotes *r, uint32_t client)
{
	r->client[client].gone = true;
}

/* Federations ---------------------------------------------------------------------- */

/* Replace the clients by remote ones that hold as much. */
static void make_remote(struct lab *lab)
{
	struct fed_clients remote;
	struct fed_error err = {""};
	uint32_t id;

	fed_assert_ok(fed_clients_init(&remote, lab->data->train, &err), &err);
	for (uint32_t i = 0; i < lab->clients.n; i++) {
		const struct fed_client *c = &lab->clients.client[i];

		fed_assert_ok(fed_clients_add_remote(&remote, NULL, "", c->count, c->holdout, &id, &err),
		              &err);
		ck_assert_uint_eq(id, i);
	}
	fed_clients_release(&lab->clients);
	lab->clients = remote;
}

/* Leave the client alone among its own rows. */
static void keep_one(struct lab *lab, uint32_t client)
{
	for (uint32_t i = 0; i < lab->clients.n; i++)
		if (i != client)
			fed_clients_remove(&lab->clients, &i, 1);
}

static void note(void *ctx, const struct fed_event *e)
{
	struct remotes *r = ctx;
	const bool trouble = e->kind == FED_EVENT_REFUSED || e->kind == FED_EVENT_LOST ||
	                     e->kind == FED_EVENT_LATE || e->kind == FED_EVENT_MISSING;
	const size_t left = sizeof r->log - r->log_len;

	if (!trouble || !e->text || left < 256)
		return;
	r->log_len += (size_t)snprintf(r->log + r->log_len, left, "%u: %s\n", e->client, e->text);
}

void remotes_compose(struct remotes *r, void (*compose)(struct lab *, void *), void *ctx,
                     uint64_t order)
{
	struct fed_error err = {""};
	const struct fed_entry *entry;

	memset(r, 0, sizeof *r);
	r->draw = fed_stream_open(order, 1, 2, 3);
	r->idles = true;
	r->tick = 1e-4;
	r->network = (struct fed_network_service){
		.size = sizeof r->network, .ctx = r, .give = give, .take = take, .now = now};
	compose(&r->server, ctx);
	r->n = r->server.clients.n;
	ck_assert_uint_le(r->n, REMOTES_MOST);
	r->last = r->n - 1;
	make_remote(&r->server);
	fed_instance_release(&r->server.transport);
	entry = lab_load(&r->server, FED_PLUGIN_DIR "/zmq.so");
	fed_assert_ok(fed_instance_init(&r->server.transport, entry, NULL, 0, &err), &err);
	r->server.network = &r->network;
	r->server.sink = (struct fed_sink){.take = note, .ctx = r};
	for (uint32_t i = 0; i < r->n; i++) {
		compose(&r->client[i].lab, ctx);
		keep_one(&r->client[i].lab, i);
		r->client[i].lab.settings.threads = 1;
	}
}

void remotes_start(struct remotes *r)
{
	lab_start(&r->server);
	for (uint32_t i = 0; i < r->n; i++)
		lab_start(&r->client[i].lab);
}

void remotes_release(struct remotes *r)
{
	lab_release(&r->server);
	free(r->held.bytes);
	for (uint32_t i = 0; i < r->n; i++) {
		while (r->client[i].n)
			free(pop(&r->client[i]).bytes);
		fed_shared_vectors_unref(r->client[i].head);
		lab_release(&r->client[i].lab);
	}
}

/* Comparisons ------------------------------------------------------------------------ */

static void hold_out(struct lab *lab, double share)
{
	for (uint32_t i = 0; i < lab->clients.n; i++) {
		struct fed_client *c = &lab->clients.client[i];

		c->holdout = (uint32_t)(share * c->count);
		c->count -= c->holdout;
	}
}

void way_compose(struct lab *lab, void *ctx)
{
	const struct way *w = ctx;
	const struct fed_scheme *scheme;
	struct fed_error err = {""};

	lab_compose(lab, w->dataset ? w->dataset : BLOBS, w->model ? w->model : "mlp hidden=7,5",
	            w->aggregator, "local", 0, 0, FED_PARTITION_IID);
	lab_add(lab, CLIENTS, 40, w->uneven ? FED_PARTITION_QUANTITY : FED_PARTITION_NONIID,
	        w->uneven ? 0 : 1e9);
	hold_out(lab, w->holdout);
	fed_assert_ok(fed_scheme_find(w->scheme ? w->scheme : "sync", &scheme, &err), &err);
	lab_scheme(lab, scheme, NULL, NULL);
	for (int k = 0; k < WAY_PAIRS && w->scheme_set[k][0]; k++)
		lab_scheme(lab, scheme, w->scheme_set[k][0], w->scheme_set[k][1]);
	for (int k = 0; k < WAY_PAIRS && w->set[k][0]; k++)
		fed_assert_ok(
			fed_fields_set(fed_settings_fields, &lab->settings, w->set[k][0], w->set[k][1], &err),
			&err);
	if (w->rule)
		lab_select(lab, w->rule);
}

/* Faults are the server's: at its door they strike what remote clients send. */
static void inject(struct lab *lab, const struct way *w)
{
	if (w->fault)
		lab_inject(lab, w->fault, 1, 2, 0, FOREVER);
	if (w->fault2)
		lab_inject(lab, w->fault2, 3, 1, 1, FOREVER);
}

#define SAME(field)                                                                           \
	ck_assert_msg(a->field == b->field || (isnan(a->field) && isnan(b->field)),               \
	              #field " of version %g: %.17g simulated, %.17g remote", a->round, a->field, \
	              b->field)

/* Heads that pass the server are charged as those that go from client to client, and what sealing
 * adds; the first of a run is the server's. */
static void same_relays(const struct way *w, const struct fed_record *a, const struct fed_record *b)
{
	const double adds = SEAL_BOXES + CLIENTS * SEAL_BOX;

	if (w->fault)
		return;
	ck_assert_double_eq(b->bytes_up - a->bytes_up, adds * (a->invited - (a->round == 1)));
	if (a->round > 1) {
		ck_assert_double_eq(b->bytes_down - a->bytes_down, adds * a->invited);
		SAME(messages);
	}
}

static void same_records(const struct way *w, const struct fed_record *a,
                         const struct fed_record *b)
{
	SAME(round);
	SAME(invited);
	SAME(reported);
	SAME(refused);
	SAME(lost);
	SAME(late);
	SAME(used);
	if (w->seals_heads)
		ck_assert(isnan(b->test_accuracy));
	else
		SAME(test_accuracy);
	if (w->loss_is_claimed)
		ck_assert_double_eq_tol(a->train_loss, b->train_loss, 1e-6 * fabs(a->train_loss));
	else
		SAME(train_loss);
	SAME(clients_accuracy);
	SAME(clients_weighted);
	SAME(clients_loss);
	SAME(clients_measured);
	SAME(client_flops);
	SAME(server_flops);
	if (w->seals_heads) {
		same_relays(w, a, b);
		return;
	}
	SAME(bytes_up);
	SAME(bytes_down);
	SAME(messages);
}

/* The layers of the server, and the head of the client that has it. */
static void same_joint_model(const struct lab *a, const struct remotes *r)
{
	const struct lab *b = &r->server;
	const struct fed_split *s = b->federation.scheme_state;
	const size_t bytes = a->net.dim * sizeof(float);
	float *joint = malloc(bytes);

	ck_assert_int_ge(s->holder, 0);
	ck_assert_ptr_nonnull(r->client[s->holder].head);
	memcpy(joint, b->federation.params, bytes);
	ck_assert_mem_ne(joint, a->federation.params, bytes);
	ck_assert(fed__unpack_client(s, &b->net, r->client[s->holder].head, joint));
	ck_assert_mem_eq(joint, a->federation.params, bytes);
	free(joint);
}

void ways_same_model(const struct lab *a, const struct lab *b)
{
	ck_assert_uint_eq(a->federation.version, b->federation.version);
	ck_assert_uint_eq(a->net.dim, b->net.dim);
	ck_assert_mem_eq(a->federation.params, b->federation.params, a->net.dim * sizeof(float));
}

/* The updates came to the aggregator in one order: a sum in double precision seldom shows it. */
static void same_order(const struct fed_verdicts *a, const struct fed_verdicts *b)
{
	ck_assert_uint_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++)
		ck_assert_uint_eq(a->of[i].client, b->of[i].client);
}

/* Run both, and compare each version. */
void way_is_simulation(const struct way *w, uint64_t order, int rounds)
{
	struct lab simulated;
	static struct remotes r;

	way_compose(&simulated, (void *)w);
	inject(&simulated, w);
	lab_start(&simulated);
	remotes_compose(&r, way_compose, (void *)w, order);
	r.in_turn = w->in_turn;
	inject(&r.server, w);
	remotes_start(&r);
	for (int k = 0; k < rounds; k++) {
		lab_run(&simulated, 1);
		lab_run(&r.server, 1);
		if (w->seals_heads)
			same_joint_model(&simulated, &r);
		else
			ways_same_model(&simulated, &r.server);
		same_order(&simulated.federation.verdicts, &r.server.federation.verdicts);
		same_records(w, &simulated.federation.record, &r.server.federation.record);
	}
	lab_release(&simulated);
	remotes_release(&r);
	ck_assert_int_eq(fed__mem_live(), 0);
}
