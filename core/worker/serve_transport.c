/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve_transport.c - a transport, on a host whose functions ask fedsh.
 */
#include <string.h>

#include "base/mem.h"
#include "worker/serve.h"

/* The host of the running request. */
struct distant_host {
	struct fed_transport_host face; /* first: the plugin passes it back */
	struct fed_server *server;
	struct fed_text bytes; /* of the message that bytes() gave last */
};

static struct distant_host *distant(const struct fed_transport_host *face)
{
	return (struct distant_host *)(uintptr_t)face;
}

static double clock_of(const struct fed_transport_host *face)
{
	struct fed_packet p = {0};
	struct fed_packet_reader r;
	double now = 0;

	fed_packet_clear(&p, FED_CLOCK);
	if (fed__serve_ask(distant(face)->server, &p, &r))
		FED_GET(&r, now);
	fed_packet_release(&p);
	return now;
}

static void link_of(const struct fed_transport_host *face, uint32_t client, struct fed_link *link,
                    size_t size)
{
	struct fed_packet p = {0};
	struct fed_packet_reader r;
	struct fed_link got = {0};

	fed_packet_clear(&p, FED_LINK);
	fed_put_number(&p, client);
	if (fed__serve_ask(distant(face)->server, &p, &r))
		FED_GET(&r, got);
	memcpy(link, &got, size < sizeof got ? size : sizeof got);
	fed_packet_release(&p);
}

static void deliver(const struct fed_transport_host *face, uint64_t id, double when)
{
	struct fed_packet p = {0};

	fed_packet_clear(&p, FED_DELIVER);
	fed_put_number(&p, id);
	FED_PUT(&p, when);
	fed__serve_ask(distant(face)->server, &p, NULL);
	fed_packet_release(&p);
}

static void drop(const struct fed_transport_host *face, uint64_t id, double when, const char *why)
{
	struct fed_packet p = {0};

	fed_packet_clear(&p, FED_DROP);
	fed_put_number(&p, id);
	FED_PUT(&p, when);
	fed_put_text(&p, why);
	fed__serve_ask(distant(face)->server, &p, NULL);
	fed_packet_release(&p);
}

static const void *bytes_of(const struct fed_transport_host *face, uint64_t id, size_t *len)
{
	struct distant_host *host = distant(face);
	struct fed_packet p = {0};
	struct fed_packet_reader r;
	const void *bytes = NULL;

	*len = 0;
	fed_packet_clear(&p, FED_BYTES);
	fed_put_number(&p, id);
	if (fed__serve_ask(host->server, &p, &r)) {
		const uint64_t n = fed_get_number(&r);

		bytes = n ? fed_get_bytes(&r, n) : NULL;
		fed_text_clear(&host->bytes);
		if (bytes)
			fed_text_put(&host->bytes, bytes, n);
		bytes = bytes && !host->bytes.failed ? host->bytes.s : NULL;
		*len = bytes ? n : 0;
	}
	fed_packet_release(&p);
	return bytes;
}

static int arrive(const struct fed_transport_host *face, const void *bytes, size_t len,
                  struct fed_error *err)
{
	struct fed_packet p = {0};
	struct fed_packet_reader r;
	const struct fed_instance *t = &distant(face)->server->instance;
	/* fedsh cannot ask for it while this call runs */
	const double now = t->entry->copy.transport.now ? fed_call_now(t, face) : 0;
	int rc = FED_FAIL;

	fed_packet_clear(&p, FED_ARRIVE);
	fed_put_number(&p, len);
	fed_put(&p, bytes, len);
	FED_PUT(&p, now);
	if (fed__serve_ask(distant(face)->server, &p, &r)) {
		rc = (int)(int64_t)fed_get_number(&r);
		const char *words = fed_get_text(&r);

		if (rc != FED_OK)
			fed_error_set(err, rc, "%s", words ? words : "");
	} else {
		fed_fail(err, "fedsh did not answer");
	}
	fed_packet_release(&p);
	return rc;
}

static int call(struct fed_server *s, uint64_t what, struct distant_host *host, double *number,
                const struct fed_message *message, struct fed_error *err)
{
	struct fed_instance *t = &s->instance;

	switch (what) {
	case FED_TRANSPORT_OPEN:
		return t->entry->copy.transport.open
		           ? t->entry->copy.transport.open(t->state, &host->face, err)
		           : FED_OK;
	case FED_TRANSPORT_SEND:
		return t->entry->copy.transport.send(t->state, &host->face, message, err);
	case FED_TRANSPORT_POLL:
		return t->entry->copy.transport.poll(t->state, &host->face, *number, err);
	case FED_TRANSPORT_NOW:
		*number = fed_call_now(t, &host->face);
		return FED_OK;
	case FED_TRANSPORT_CLOSE:
		fed_call_close(t, &host->face);
		return FED_OK;
	default:
		return fed_fail(err, "its process does not know what a transport is to do");
	}
}

int fed__serve_transport(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct distant_host host = {.face = {.size = sizeof host.face,
	                                     .clock = clock_of,
	                                     .link = link_of,
	                                     .deliver = deliver,
	                                     .drop = drop,
	                                     .bytes = bytes_of,
	                                     .arrive = arrive},
	                            .server = s};
	struct fed_message message = {0};
	double number;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	const uint64_t what = fed_get_number(r);
	host.face.seed = fed_get_number(r);
	FED_GET(r, number);
	if (what == FED_TRANSPORT_SEND)
		FED_GET(r, message);
	if (r->short_)
		return FED_FAIL;
	const int rc = call(s, what, &host, &number, &message, err);
	FED_PUT(&s->reply, number);
	fed_put_state(&s->reply, &s->instance);
	fed_text_release(&host.bytes);
	return rc;
}
