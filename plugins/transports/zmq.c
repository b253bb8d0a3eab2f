/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugins/transports/zmq.c - transport zmq: clients on other machines, in real time.
 *
 * The host owns the network (command `serve`); this transport gives it messages to clients and
 * hands over what comes.  What a client sends enters the session at the server's door, where faults
 * are injected, so a message to the server has arrived when it is sent.
 */
#include <fedsh/transport.h>

struct zmq {
	double opened, clock; /* when it was opened: the network's seconds, the session's */
};

static const struct fed_field fields[] = {FED_END};

static double zmq_now(const void *state, const struct fed_transport_host *host)
{
	const struct zmq *z = state;

	return z->clock + host->network->now(host->network->ctx) - z->opened;
}

static int zmq_open(void *state, const struct fed_transport_host *host, struct fed_error *err)
{
	struct zmq *z = state;

	if (!FED_HAS(host, network) || !host->network)
		return fed_fail(err, "no room is open; `serve` opens one, `transport local` simulates");
	z->opened = host->network->now(host->network->ctx);
	z->clock = host->clock(host);
	return FED_OK;
}

static int zmq_send(void *state, const struct fed_transport_host *host, const struct fed_message *m,
                    struct fed_error *err)
{
	size_t len;

	if (m->to == FED_SERVER) {
		host->deliver(host, m->id, zmq_now(state, host));
		return FED_OK;
	}
	const void *bytes = host->bytes(host, m->id, &len);
	if (!bytes)
		return fed_fail(err, "out of memory for a message of %llu bytes",
		                (unsigned long long)m->bytes);
	return host->network->give(host->network->ctx, m, bytes, len, err);
}

static int zmq_poll(void *state, const struct fed_transport_host *host, double timeout,
                    struct fed_error *err)
{
	const struct fed_network_service *network = host->network;
	struct fed_network_news news = {.size = sizeof news};
	struct fed_error unused;

	(void)err;
	for (; network->take(network->ctx, timeout, &news); timeout = 0) {
		const double now = zmq_now(state, host);

		switch (news.kind) {
		case FED_NEWS_ARRIVED: /* one that is refused is counted by the host */
			(void)host->arrive(host, news.bytes, news.len, &unused);
			break;
		case FED_NEWS_DELIVERED:
			host->deliver(host, news.id, now);
			break;
		case FED_NEWS_LOST:
			host->drop(host, news.id, now, news.why);
			break;
		case FED_NEWS_GONE:
			host->gone(host, news.client, news.why);
			break;
		}
	}
	return FED_OK;
}

static const char doc[] =
	"Clients are programs on other machines, which joined a room (`fedsh join`).\n"
	"They train on data of their own; time is real time. `serve` chooses this\n"
	"transport.\n"
	"\n"
	"Faults are injected at the server's door: a message that is dropped, delayed\n"
	"or damaged is so when it has come. What each client took is recorded, and\n"
	"`record-room` writes it as devices and links that the simulation replays.\n"
	"\n"
	"For: a class whose laptops are the clients, with data that stay with them.\n"
	"Source: ZeroMQ RFC 23 (ZMTP 3.1), RFC 26 (CurveZMQ).\n";

FED_PLUGIN struct fed_transport fed_plugin = {
	.head =
		FED_TRANSPORT(struct zmq, "zmq", "clients on other machines, in real time", doc, fields),
	.open = zmq_open,
	.send = zmq_send,
	.poll = zmq_poll,
	.now = zmq_now,
};
