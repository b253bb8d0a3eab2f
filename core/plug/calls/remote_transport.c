/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_transport.c - calls of a transport in a worker process, and what it asks of the
 * host meanwhile.
 */
#include <math.h>
#include <string.h>

#include "plug/guard/worker.h"
#include "plug/calls/remote.h"
#include "plug/result_checks.h"
#include "plug/wire.h"

static const char *const functions[] = {[FED_TRANSPORT_OPEN] = "open()",
                                        [FED_TRANSPORT_SEND] = "send()",
                                        [FED_TRANSPORT_POLL] = "poll()",
                                        [FED_TRANSPORT_NOW] = "now()",
                                        [FED_TRANSPORT_CLOSE] = "close()"};

/* A call, seen from the functions of its host. */
struct running {
	const struct fed_transport_host *host;
	struct fed_worker *worker;
};

/* Answers ------------------------------------------------------------------ */

static void answer_arrival(const struct running *run, struct fed_packet_reader *r,
                           struct fed_packet *answer)
{
	const uint64_t n = fed_get_number(r);
	const void *bytes = fed_get_bytes(r, n);
	struct fed_error err = {{0}};
	int rc = FED_FAIL;

	FED_GET(r, run->worker->now);
	run->worker->arrives = true;
	if (!r->short_)
		rc = run->host->arrive(run->host, bytes, n, &err);
	run->worker->arrives = false;
	fed_put_number(answer, (uint64_t)(int64_t)rc);
	fed_put_text(answer, err.text);
}

static void answer_bytes(const struct fed_transport_host *host, uint64_t id,
                         struct fed_packet *answer)
{
	size_t n = 0;
	const void *bytes = host->bytes(host, id, &n);

	fed_put_number(answer, bytes ? n : 0);
	if (bytes)
		fed_put(answer, bytes, n);
}

/* True: an answer is due. */
static bool asked(void *ctx, struct fed_packet_reader *r, struct fed_packet *answer)
{
	const struct running *run = ctx;
	const struct fed_transport_host *host = run->host;
	struct fed_link link = {0};
	uint64_t id = 0;
	double when = 0;

	switch (r->kind) {
	case FED_LINK:
		host->link(host, (uint32_t)fed_get_number(r), &link, sizeof link);
		FED_PUT(answer, link);
		return true;
	case FED_CLOCK:
		when = host->clock(host);
		FED_PUT(answer, when);
		return true;
	case FED_BYTES:
		answer_bytes(host, fed_get_number(r), answer);
		return true;
	case FED_ARRIVE:
		answer_arrival(run, r, answer);
		return true;
	case FED_DELIVER:
	case FED_DROP:
		id = fed_get_number(r);
		FED_GET(r, when);
		if (r->kind == FED_DROP) {
			const char *why = fed_get_text(r);

			if (!r->short_)
				host->drop(host, id, when, why ? why : "");
		} else if (!r->short_) {
			host->deliver(host, id, when);
		}
		return false;
	default:
		r->short_ = true;
		return false;
	}
}

/* Calls -------------------------------------------------------------------- */

/* One call; the worker is entered. */
static int call(struct fed_instance *transport, enum fed_transport_call what,
                const struct fed_transport_host *host, const struct fed_message *message,
                double *number, struct fed_error *err)
{
	struct fed_worker *w = transport->worker;
	struct running run = {host, w};
	const struct fed_worker_host services = {asked, &run};
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	fed_worker_request(w, FED_ASK_TRANSPORT);
	fed_put_state(&w->packet, transport);
	fed_put_number(&w->packet, what);
	fed_put_number(&w->packet, host->seed);
	FED_PUT(&w->packet, *number);
	if (message)
		FED_PUT(&w->packet, *message);
	if (fed_worker_call(w, functions[what], &services, &reply, &rc, &words, err))
		return FED_FAIL;
	FED_GET(&reply, *number);
	if (fed_get_state(&reply, transport, err))
		return FED_FAIL;
	*err = words;
	return rc;
}

int fed__remote_transport(struct fed_instance *transport, enum fed_transport_call what,
                          const struct fed_transport_host *host, const struct fed_message *message,
                          double *number, struct fed_error *err)
{
	struct fed_worker *w = transport->worker;
	double unused = 0;
	int rc = FED_OK;

	if (what == FED_TRANSPORT_NOW && w->arrives) {
		*number = w->now;
		return FED_OK;
	}
	/* nothing is open in a process that has ended */
	if (what == FED_TRANSPORT_CLOSE && !w->pid)
		return FED_OK;
	if (fed_worker_enter(w, err))
		return FED_FAIL;
	if (what == FED_TRANSPORT_OPEN || (w->opened != w->starts && what != FED_TRANSPORT_CLOSE))
		rc = call(transport, FED_TRANSPORT_OPEN, host, NULL, &unused, err);
	if (rc == FED_OK)
		w->opened = w->starts;
	if (rc == FED_OK && what != FED_TRANSPORT_OPEN)
		rc = call(transport, what, host, message, number ? number : &unused, err);
	fed_worker_leave(w);
	return rc;
}
