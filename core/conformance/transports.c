/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/transports.c - the checks of transports: a host that keeps count of every message.
 */
#include <math.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "conformance/checker.h"
#include "plug/calls/call.h"

enum { CLIENTS = 6, MESSAGES = 60, FRAME = 64 };
/* Seconds that real messages may take in all. */
#define PATIENCE 3.0

struct letter {
	struct fed_message head;
	uint32_t settled; /* deliveries, arrivals and drops */
	bool dropped, refused;
	double sent, when;
};

/* The host, and the conversation that it keeps count of. */
struct post {
	struct fed_transport_host wire; /* first member: a pointer to it is one to this struct */
	struct fed_checker *checker;
	struct fed_guarded plugin;
	struct letter *letter; /* [n] */
	size_t n, settled;
	unsigned char *bytes; /* of a frame, made on demand */
	size_t longest;
	double clock, loss; /* loss of the lossy links */
	bool open;
	struct fed_network_service network; /* whose clients get every message at once */
	uint64_t *given;                    /* [n_given] ids that were given to it, and not told yet */
	size_t n_given;
};

static struct post *post_of(const struct fed_transport_host *wire)
{
	return (struct post *)(uintptr_t)wire;
}

static double wire_clock(const struct fed_transport_host *wire)
{
	return post_of(wire)->clock;
}

static void wire_link(const struct fed_transport_host *wire, uint32_t client, struct fed_link *out,
                      size_t size)
{
	const double loss = post_of(wire)->loss;
	const struct fed_link links[CLIENTS] = {
		{0, 0, INFINITY, INFINITY, 0}, {0.05, 0, 1e6, 1e6, 0},     {0.1, 0.08, 1e5, 1e7, 0},
		{0, 0, 1e3, 1e3, loss},        {0.3, 0.5, 1e4, 1e4, loss}, {10, 0, INFINITY, 1, 0},
	};

	memcpy(out, &links[client % CLIENTS], size < sizeof *out ? size : sizeof *out);
}

/* The message of an id that the transport names. */
static struct letter *find(struct post *p, uint64_t id, const char *function)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->letter[i].head.id == id)
			return &p->letter[i];
	fed__failed(p->checker, "ids of messages that it was given",
	            "%s() of message %llu, which was never sent", function, (unsigned long long)id);
	return NULL;
}

static void settle(struct post *p, struct letter *l, const char *function, double when)
{
	if (l->settled++)
		fed__failed(p->checker, "each message is delivered or dropped exactly once",
		            "%s() of message %llu, which was already %s", function,
		            (unsigned long long)l->head.id, l->dropped ? "dropped" : "delivered");
	else
		p->settled++;
	if (!isfinite(when) || when < p->clock)
		fed__failed(p->checker, "a time that is finite and not before host->clock()",
		            "%s() of message %llu at %g, %s", function, (unsigned long long)l->head.id,
		            when, when < p->clock ? "before it was sent" : "which is no time");
	l->when = when;
}

static void wire_deliver(const struct fed_transport_host *wire, uint64_t id, double when)
{
	struct letter *l = find(post_of(wire), id, "deliver");

	if (l)
		settle(post_of(wire), l, "deliver", when);
}

static void wire_drop(const struct fed_transport_host *wire, uint64_t id, double when,
                      const char *why)
{
	struct letter *l = find(post_of(wire), id, "drop");

	if (!l)
		return;
	settle(post_of(wire), l, "drop", when);
	l->dropped = true;
	if (!why || !*why)
		fed__failed(post_of(wire)->checker, "a reason that reads well after \"lost: \"",
		            "drop() of message %llu without a reason", (unsigned long long)id);
}

/* Fill the frame of a message; its numbers depend on the id. */
static void frame(const struct post *p, const struct fed_message *m)
{
	memcpy(p->bytes, &m->id, sizeof m->id);
	for (size_t i = sizeof m->id; i < m->bytes; i++)
		p->bytes[i] = (unsigned char)fed_random(m->id, i / 8);
}

static const void *wire_bytes(const struct fed_transport_host *wire, uint64_t id, size_t *len)
{
	struct post *p = post_of(wire);
	const struct letter *l = find(p, id, "bytes");

	*len = 0;
	if (!l || l->settled || l->head.bytes > p->longest)
		return NULL;
	frame(p, &l->head);
	*len = l->head.bytes;
	return p->bytes;
}

static int wire_arrive(const struct fed_transport_host *wire, const void *bytes, size_t len,
                       struct fed_error *err)
{
	struct post *p = post_of(wire);
	struct letter *l = NULL;
	uint64_t id;

	if (len >= sizeof id) {
		memcpy(&id, bytes, sizeof id);
		for (size_t i = 0; i < p->n; i++)
			if (p->letter[i].head.id == id)
				l = &p->letter[i];
	}
	if (l && len == l->head.bytes)
		frame(p, &l->head);
	if (!l || len != l->head.bytes || memcmp(bytes, p->bytes, len) != 0) {
		fed__failed(p->checker, "the bytes that host->bytes() gave, whole and unchanged",
		            "arrive() of %zu bytes that are no message that was sent", len);
		return fed_reject(err, "not a message");
	}
	settle(p, l, "arrive", fmax(p->clock, fed_call_now(&p->plugin.instance, wire)));
	return l->settled > 1 ? fed_reject(err, "it came twice") : FED_OK;
}

/* The network ---------------------------------------------------------------- */

static int network_give(void *ctx, const struct fed_message *m, const void *bytes, size_t len,
                        struct fed_error *err)
{
	struct post *p = ctx;
	const struct letter *l = find(p, m->id, "give");

	(void)err;
	if (!l)
		return FED_OK;
	frame(p, &l->head);
	if (len != l->head.bytes || memcmp(bytes, p->bytes, len) != 0)
		fed__failed(p->checker, "the bytes that host->bytes() gave, whole and unchanged",
		            "give() of %zu bytes of message %llu, which has others", len,
		            (unsigned long long)m->id);
	p->given[p->n_given++ % MESSAGES] = m->id;
	return FED_OK;
}

static int network_take(void *ctx, double timeout, struct fed_network_news *news)
{
	struct post *p = ctx;

	(void)timeout;
	if (!p->n_given)
		return 0;
	*news = (struct fed_network_news){
		.size = sizeof *news, .kind = FED_NEWS_DELIVERED, .id = p->given[--p->n_given % MESSAGES]};
	return 1;
}

static double network_now(void *ctx)
{
	(void)ctx;
	return fed_wall_seconds();
}

/* The conversation ---------------------------------------------------------- */

static bool post_init(struct post *p, struct fed_checker *c, const struct fed_assign *extra,
                      size_t n, size_t longest)
{
	struct fed_error err;

	*p = (struct post){
		.wire = {.size = sizeof p->wire,
	             .seed = fed_random(c->options.seed, 6),
	             .clock = wire_clock,
	             .link = wire_link,
	             .deliver = wire_deliver,
	             .drop = wire_drop,
	             .bytes = wire_bytes,
	             .arrive = wire_arrive},
		.checker = c,
		.n = 0,
		.longest = longest,
		.loss = 0.3,
		.network = {.size = sizeof p->network,
	                .ctx = p,
	                .give = network_give,
	                .take = network_take,
	                .now = network_now},
	};
	p->wire.network = &p->network;
	p->given = fed__buffer(c, "the messages", MESSAGES * sizeof *p->given);
	if (fed__guarded_init(c, &p->plugin, extra, 0, &err)) {
		if (!c->no_memory)
			fed__failed(c, "an instance with this setting", "%s", err.text);
		return false;
	}
	p->letter = fed__buffer(c, "the messages", n * sizeof *p->letter);
	p->bytes = fed__buffer(c, "the bytes of a message", longest + 1);
	int rc = c->no_memory ? FED_FAIL : fed_call_open(&p->plugin.instance, &p->wire, &err);
	if (rc == FED_OK) {
		p->open = true;
		return true;
	}
	if (!c->no_memory) {
		fed__check_words(c, &err);
		if (!extra)
			fed__failed(c, "a transport that opens", "%s", err.text);
	}
	fed__guarded_release(&p->plugin);
	return false;
}

static void post_release(struct post *p)
{
	fed_call_close(&p->plugin.instance, &p->wire);
	fed__guarded_release(&p->plugin);
}

/* Real transports: let messages arrive. */
static void post_poll(struct post *p, double timeout)
{
	struct fed_error err;

	if (fed_call_poll(&p->plugin.instance, &p->wire, timeout, &err) == FED_OK)
		return;
	fed__check_words(p->checker, &err);
	fed__failed(p->checker, "messages that arrive", "%s", err.text);
}

/* Send the next message.  big: a refusal is fine. */
static void post_send(struct post *p, uint64_t id, uint32_t from, uint32_t to, uint64_t bytes,
                      bool big)
{
	struct letter *l = &p->letter[p->n++];
	struct fed_error err;

	*l = (struct letter){
		.head =
			{.size = sizeof l->head, .id = id, .from = from, .to = to, .kind = 1, .bytes = bytes},
		.sent = p->clock};
	const int rc = fed_call_send(&p->plugin.instance, &p->wire, &l->head, &err);
	if (rc == FED_OK) {
		post_poll(p, 0); /* a queue between two sockets is soon full */
		return;
	}
	fed__check_words(p->checker, &err);
	l->refused = true;
	if (l->settled)
		fed__failed(p->checker, "FED_OK where the message was delivered or dropped",
		            "it settled message %llu and then failed: %s", (unsigned long long)id,
		            err.text);
	else if (!big)
		fed__failed(p->checker, "a message that is carried or dropped", "%s", err.text);
	l->settled = 1;
	p->settled++;
}

/* Wait until every message is settled, and say which is not. */
static void post_wait(struct post *p)
{
	const struct fed_instance *transport = &p->plugin.instance;
	const double begun = fed_wall_seconds();
	double now = fed_call_now(transport, &p->wire);

	while (!fed_is_simulated(transport) && p->settled < p->n &&
	       fed_wall_seconds() < begun + PATIENCE && fed_check_goes_on(p->checker)) {
		post_poll(p, 0.02);
		const double then = fed_call_now(transport, &p->wire);
		if (!(then >= now))
			fed__failed(p->checker, "a clock that never goes back", "now() went from %g to %g", now,
			            then);
		now = then;
	}
	for (size_t i = 0; i < p->n; i++)
		if (p->letter[i].settled == 0)
			fed__failed(p->checker, "each message is delivered or dropped exactly once",
			            "message %llu of %llu bytes was neither, after all were sent%s",
			            (unsigned long long)p->letter[i].head.id,
			            (unsigned long long)p->letter[i].head.bytes,
			            fed_is_simulated(transport) ? "" : " and 3 seconds of poll()");
}

/* A conversation of MESSAGES of many sizes over all links and between clients. */
static void converse(struct post *p)
{
	for (uint32_t k = 0; k < MESSAGES; k++) {
		const uint32_t client = k % CLIENTS;
		const uint64_t bytes = FRAME + (k % 7) * 400;

		if (fed_is_simulated(&p->plugin.instance)) /* a real one has a clock of its own */
			p->clock += 0.01 * (k % 3);
		if (k % 5 == 4)
			post_send(p, k + 1, client, (client + 2) % CLIENTS, bytes, false);
		else
			post_send(p, k + 1, k % 2 ? client : FED_SERVER, k % 2 ? FED_SERVER : client, bytes,
			          false);
	}
	post_wait(p);
}

static void check_delivery(struct fed_checker *c, void *ctx)
{
	struct post p;

	(void)ctx;
	fed__given(c, "%d messages between the server and %d clients", MESSAGES, CLIENTS);
	if (!post_init(&p, c, NULL, MESSAGES, 4096))
		return;
	converse(&p);
	post_release(&p);
}

static void check_loss(struct fed_checker *c, void *ctx)
{
	struct post p;
	size_t dropped = 0;

	(void)ctx;
	fed__given(c, "%d messages, a third of them over links that lose 99 in 100", MESSAGES);
	if (!post_init(&p, c, NULL, MESSAGES, 4096))
		return;
	p.loss = 0.99;
	converse(&p);
	for (size_t i = 0; i < p.n; i++)
		dropped += p.letter[i].dropped;
	fed__remark(c, "%zu were dropped", dropped);
	post_release(&p);
}

static void check_ids(struct fed_checker *c, void *ctx)
{
	struct post p;

	(void)ctx;
	fed__given(c, "40 messages whose ids are large and fall");
	if (!post_init(&p, c, NULL, 40, 4096))
		return;
	for (uint64_t k = 0; k < 40; k++)
		post_send(&p, (1ull << 40) - k * k, FED_SERVER, (uint32_t)(k % CLIENTS), FRAME + k, false);
	post_wait(&p);
	post_release(&p);
}

static void check_big(struct fed_checker *c, void *ctx)
{
	const bool simulated = !c->entry->copy.transport.poll;
	static const uint64_t real[] = {FRAME, 40000, 1 << 20, 4 << 20};
	static const uint64_t virtual[] = {FRAME, 1000000, 10000000000ull, 1ull << 50};
	const uint64_t *size = simulated ? virtual : real;
	struct post p;

	(void)ctx;
	fed__given(c, "messages of 64 to %llu bytes", (unsigned long long)size[3]);
	if (!post_init(&p, c, NULL, 8, simulated ? 4096 : real[3]))
		return;
	for (uint32_t k = 0; k < 8 && fed_check_goes_on(c); k++) {
		post_send(&p, k + 1, k % 2 ? 1 : FED_SERVER, k % 2 ? FED_SERVER : 1, size[k / 2], k >= 2);
		if (!simulated)
			post_wait(&p);
	}
	post_wait(&p);
	for (size_t i = 0; i < p.n; i++)
		if (p.letter[i].refused)
			fed__remark(c, "messages of %llu bytes are refused",
			            (unsigned long long)p.letter[i].head.bytes);
	post_release(&p);
}

static void check_determinism(struct fed_checker *c, void *ctx)
{
	struct post p, other;

	(void)ctx;
	if (c->entry->copy.transport.poll) {
		fed__skipped(c, "a real transport, which has poll(), keeps real time");
		return;
	}
	fed__given(c, "%d messages with the same seed, over two instances", MESSAGES);
	if (!post_init(&p, c, NULL, MESSAGES, 4096))
		return;
	converse(&p);
	if (fed_check_goes_on(c) && post_init(&other, c, NULL, MESSAGES, 4096)) {
		converse(&other);
		for (size_t i = 0; i < p.n; i++)
			if (p.letter[i].dropped != other.letter[i].dropped ||
			    p.letter[i].when != other.letter[i].when)
				fed__failed(c, "the same fate: randomness is fed_random(host->seed, ...)",
				            "message %zu was %s at %.9g the first time and %s at %.9g then", i + 1,
				            p.letter[i].dropped ? "dropped" : "delivered", p.letter[i].when,
				            other.letter[i].dropped ? "dropped" : "delivered",
				            other.letter[i].when);
		post_release(&other);
	}
	post_release(&p);
}

static void check_memory(struct fed_checker *c, void *ctx)
{
	struct post p;

	(void)ctx;
	fed__given(c, "%d messages", MESSAGES);
	if (!post_init(&p, c, NULL, MESSAGES, 4096))
		return;
	converse(&p);
	post_release(&p);
	fed__check_guards(c);
}

static void converse_shortly(void *ctx)
{
	struct fed_checker *c = ctx;
	struct post p;

	if (!post_init(&p, c, NULL, 2, 4096))
		return;
	post_send(&p, 1, FED_SERVER, 1, FRAME, false);
	post_send(&p, 2, 1, FED_SERVER, FRAME, false);
	post_wait(&p);
	post_release(&p);
	fed__buffers_release(c);
}

static void check_growth(struct fed_checker *c, void *ctx)
{
	(void)ctx;
	fed__check_growth(c, "conversations, each opened and closed", converse_shortly, c);
}

static void converse_at_end(struct fed_checker *c, void *ctx, const struct fed_assign *setting)
{
	struct post p;

	(void)ctx;
	fed__given(c, "%d messages", MESSAGES);
	if (!post_init(&p, c, setting, MESSAGES, 4096))
		return;
	converse(&p);
	post_release(&p);
	fed__check_guards(c);
	fed__buffers_release(c);
}

static void check_parameters(struct fed_checker *c, void *ctx)
{
	(void)ctx;
	fed__each_end(c, converse_at_end, NULL);
}

static const struct fed_check checks[] = {
	{"delivery", check_delivery},
	{"losses", check_loss},
	{"ids", check_ids},
	{"big messages", check_big},
	{"determinism", check_determinism},
	{"within its memory", check_memory},
	{"growth", check_growth},
	{"parameters", check_parameters},
	{0},
};

void fed__check_transport(struct fed_checker *c)
{
	fed__run_checks(c, checks, NULL);
}
