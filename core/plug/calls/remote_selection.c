/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_selection.c - calls of a selection rule in a worker process.
 *
 * The rule asks for candidates while it runs: they come in batches, so that one that looks at all
 * of them does not wait for each.
 */
#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/calls/remote.h"
#include "plug/calls/remote_selection.h"
#include "plug/wire.h"

static const char *const functions[] = {[FED_SELECTION_ASKS] = "asks()",
                                        [FED_SELECTION_ASK] = "ask()",
                                        [FED_SELECTION_SELECT] = "select()"};

/* What the rule may ask of the host. */
struct remote_services {
	const struct fed_selection_services *services;
	uint32_t candidates;
};

static void answer_candidates(const struct remote_services *s, struct fed_packet_reader *r,
                              struct fed_packet *answer)
{
	const uint64_t first = fed_get_number(r), n = fed_get_number(r);

	for (uint64_t i = first; i < first + n && i < s->candidates && n <= FED_CANDIDATE_BATCH; i++) {
		struct fed_candidate c = {0};
		const bool here = s->services->describe(s->services->ctx, (uint32_t)i, &c);

		FED_PUT(answer, here);
		FED_PUT(answer, c);
	}
}

static void answer_draw(const struct remote_services *s, struct fed_packet_reader *r,
                        struct fed_packet *answer)
{
	uint32_t n = (uint32_t)fed_get_number(r);
	struct fed_error err = {{0}};
	uint32_t *ids = n <= s->candidates ? fed_alloc_array(n, sizeof *ids) : NULL;
	const int rc = ids ? s->services->draw(s->services->ctx, ids, &n, &err)
	                   : fed_fail_memory(&err, n * sizeof *ids, "a draw");

	fed_put_number(answer, (uint64_t)(int64_t)rc);
	fed_put_text(answer, err.text);
	if (rc == FED_OK) {
		fed_put_number(answer, n);
		fed_put(answer, ids, n * sizeof *ids);
	}
	fed_free(ids);
}

static bool asked(void *ctx, struct fed_packet_reader *r, struct fed_packet *answer)
{
	const struct remote_services *s = ctx;
	const char *text;

	switch (r->kind) {
	case FED_CANDIDATES:
		answer_candidates(s, r, answer);
		return true;
	case FED_DRAW:
		answer_draw(s, r, answer);
		return true;
	case FED_NOTE:
		text = fed_get_text(r);
		if (text)
			s->services->note(s->services->ctx, text);
		return false;
	default:
		r->short_ = true;
		return false;
	}
}

static void put_round(struct fed_worker *w, const struct fed_selection_round *round)
{
	struct fed_selection_round copy = *round;

	copy.asked = NULL;
	copy.answer = NULL;
	copy.host = NULL;
	FED_PUT(&w->packet, copy);
	fed_put(&w->packet, round->asked, round->n_asked * sizeof *round->asked);
	fed_put(&w->packet, round->answer, round->n_asked * sizeof *round->answer);
}

/* Ids of the reply, at most `most`; for asks() only their number. */
static int take_ids(struct fed_packet_reader *r, enum fed_selection_call what, uint32_t most,
                    uint32_t *ids, uint32_t *n, struct fed_error *err)
{
	*n = (uint32_t)fed_get_number(r);
	if (what != FED_SELECTION_ASKS && *n <= most)
		fed_get(r, ids, *n * sizeof *ids);
	return r->short_ ? fed_fail(err, "the worker process gave no choice") : FED_OK;
}

int fed__remote_selection(struct fed_instance *rule, enum fed_selection_call what,
                          const struct fed_selection_round *round,
                          const struct fed_selection_services *services, uint32_t *ids, uint32_t *n,
                          struct fed_error *err)
{
	struct remote_services its = {services, round->candidates};
	const struct fed_worker_host host = {asked, &its};
	struct fed_worker *w = rule->worker;
	const uint32_t most = *n;
	struct fed_packet_reader reply;

	if (fed__remote_request(rule, FED_ASK_SELECTION, err))
		return FED_FAIL;
	fed_put_number(&w->packet, what);
	fed_put_number(&w->packet, most);
	put_round(w, round);
	int rc = fed__remote_send(rule, functions[what], &host, &reply, err);
	if (rc != FED_OK)
		return rc;
	if (take_ids(&reply, what, most, ids, n, err) || fed_get_state(&reply, rule, err))
		rc = FED_FAIL;
	fed__remote_leave(rule);
	return rc;
}
