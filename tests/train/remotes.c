/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train/remotes.c - federations of a server and of its clients, and the network between them.
 */
#include "train/remotes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "support/suite.h"
#include "train/client_work.h"

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

void remotes_answer(struct remotes *r, uint32_t client, const struct fed_envelope *answer)
{
	struct fed_error err = {""};
	struct fed_text frame = {0};

	fed_assert_ok(fed_messenger_encode(answer, &frame, &err), &err);
	remotes_send(r, client, frame.s, frame.len);
	fed_text_release(&frame);
}

void remotes_work(struct remotes *r, uint32_t client, const struct fed_envelope *in)
{
	struct fed_envelope answer;
	struct fed_error err = {""};
	bool answers;

	fed_assert_ok(
		fed_client_work(&r->client[client].lab.federation, client, in, &answer, &answers, &err),
		&err);
	if (!answers)
		return;
	remotes_answer(r, client, &answer);
	fed_envelope_release(&answer);
}

static void receive(struct remotes *r, uint32_t client, const struct remote_frame *frame)
{
	struct remote_client *c = &r->client[client];
	struct fed_error err = {""};
	struct fed_envelope in;

	fed_assert_ok(
		fed_client_decode(&c->lab.federation, client, frame->bytes, frame->len, &in, &err), &err);
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

	const double began = fed_wall_seconds();

	r->now += r->tick;
	free(r->held.bytes);
	r->held.bytes = NULL;
	const uint32_t i = next_client(r);
	if (i == r->n) {
		r->now += timeout;
		while (r->real && fed_wall_seconds() < began + timeout)
			;
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
	fed_assert_ok(fed_registry_load(r->server.plugins, FED_PLUGIN_DIR "/zmq.so", &entry, &err),
	              &err);
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
		lab_release(&r->client[i].lab);
	}
}
