/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/serve_selection.c - a selection rule, whose host asks fedsh for candidates.
 */
#include <string.h>

#include "base/mem.h"
#include "plug/calls/call_selection.h"
#include "worker/serve.h"

/* Services of the running request, with the last batch of candidates. */
struct distant_services {
	struct fed_server *server;
	uint32_t first, n; /* of the batch */
	bool here[FED_CANDIDATE_BATCH];
	struct fed_candidate batch[FED_CANDIDATE_BATCH];
};

static void fetch(struct distant_services *s, uint32_t i)
{
	const uint32_t first = i - i % FED_CANDIDATE_BATCH;
	struct fed_packet p = {0};
	struct fed_packet_reader r;

	s->first = first;
	s->n = 0;
	fed_packet_clear(&p, FED_CANDIDATES);
	fed_put_number(&p, first);
	fed_put_number(&p, FED_CANDIDATE_BATCH);
	if (fed__serve_ask(s->server, &p, &r)) {
		while (r.at < r.end && !r.short_ && s->n < FED_CANDIDATE_BATCH) {
			FED_GET(&r, s->here[s->n]);
			FED_GET(&r, s->batch[s->n]);
			s->n++;
		}
	}
	fed_packet_release(&p);
}

static bool describe(void *ctx, uint32_t i, struct fed_candidate *c)
{
	struct distant_services *s = ctx;

	if (s->n == 0 || i < s->first || i - s->first >= s->n)
		fetch(s, i);
	if (i < s->first || i - s->first >= s->n)
		return false;
	*c = s->batch[i - s->first];
	return s->here[i - s->first];
}

static int draw(void *ctx, uint32_t *chosen, uint32_t *n, struct fed_error *err)
{
	struct distant_services *s = ctx;
	const uint32_t most = *n;
	struct fed_packet p = {0};
	struct fed_packet_reader r = {.short_ = true};
	int rc = FED_FAIL;

	fed_packet_clear(&p, FED_DRAW);
	fed_put_number(&p, most);
	if (fed__serve_ask(s->server, &p, &r)) {
		rc = (int)(int64_t)fed_get_number(&r);
		const char *words = fed_get_text(&r);

		if (rc != FED_OK)
			fed_error_set(err, rc, "%s", words ? words : "");
		else
			*n = (uint32_t)fed_get_number(&r);
		if (rc == FED_OK && *n <= most)
			fed_get(&r, chosen, *n * sizeof *chosen);
	}
	if (r.short_ || *n > most)
		rc = fed_fail(err, "fedsh did not draw");
	fed_packet_release(&p);
	return rc;
}

static void note(void *ctx, const char *text)
{
	struct distant_services *s = ctx;
	struct fed_packet p = {0};

	fed_packet_clear(&p, FED_NOTE);
	fed_put_text(&p, text);
	fed__serve_ask(s->server, &p, NULL);
	fed_packet_release(&p);
}

static int call(struct fed_server *s, enum fed_selection_call what,
                const struct fed_selection_round *round, uint32_t *ids, uint32_t *n,
                struct fed_error *err)
{
	struct distant_services *its = fed_alloc(sizeof *its);
	int rc = FED_OK;

	if (!its)
		return fed_fail_memory(err, sizeof *its, "candidates");
	its->server = s;
	const struct fed_selection_services services = {its, describe, draw, note};
	if (what == FED_SELECTION_ASKS)
		*n = fed_call_asks(&s->instance, round, &services);
	else if (what == FED_SELECTION_ASK)
		rc = fed_call_ask(&s->instance, round, &services, ids, n, err);
	else
		rc = fed_call_select(&s->instance, round, &services, ids, n, err);
	fed_free(its);
	return rc;
}

int fed__serve_selection(struct fed_server *s, struct fed_packet_reader *r, struct fed_error *err)
{
	struct fed_selection_round round;

	if (fed__serve_state(s, r, err))
		return FED_FAIL;
	const uint64_t what = fed_get_number(r);
	uint32_t n = (uint32_t)fed_get_number(r);
	FED_GET(r, round);
	const size_t asked = r->short_ ? 0 : round.n_asked;
	uint32_t *ids = fed_alloc_array(n, sizeof *ids);
	uint32_t *asked_ids = fed_alloc_array(asked, sizeof *asked_ids);
	double *answer = fed_alloc_array(asked, sizeof *answer);
	int rc = FED_FAIL;
	if (ids && asked_ids && answer) {
		fed_get(r, asked_ids, asked * sizeof *asked_ids);
		fed_get(r, answer, asked * sizeof *answer);
		round.asked = asked_ids;
		round.answer = answer;
		rc = r->short_ ? FED_FAIL : call(s, (enum fed_selection_call)what, &round, ids, &n, err);
	} else {
		fed_fail_memory(err, n * sizeof *ids, "a selection");
	}
	if (rc == FED_OK) {
		fed_put_number(&s->reply, n);
		if (what != FED_SELECTION_ASKS)
			fed_put(&s->reply, ids, n * sizeof *ids);
		fed_put_state(&s->reply, &s->instance);
	}
	fed_free(ids);
	fed_free(asked_ids);
	fed_free(answer);
	return rc;
}
