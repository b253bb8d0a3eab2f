/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/selection.c - what a selection rule may know of the clients, and its choice.
 */
#include "train/selection.h"

#include <math.h>

#include "base/mem.h"
#include "base/random.h"
#include "plug/calls/call_selection.h"
#include "train/faults/faults.h"
#include "train/local/trainer.h"
#include "train/participants.h"
#include "train/round/invitations.h"

/* Seconds of a round at the client's device and over its link, as these promise. */
static double expected_seconds(const struct fed_federation *f, const struct fed_client *row)
{
	const struct fed_link link = fed__link_of(&row->link);
	const double bytes = (double)fed_frame_size(1, f->net->dim);
	const double flops = fed__trainer_flops(f->trainer, row);

	return 2 * link.latency + bytes / link.down + bytes / link.up +
	       (row->device > 0 ? flops / (double)row->device : 0);
}

static bool describe(void *ctx, uint32_t i, struct fed_candidate *out)
{
	const struct fed_federation *f = ctx;
	const uint32_t id = f->seen[i];
	const struct fed_participation *part =
		f->ledger ? fed_ledger_participation(f->ledger, id) : NULL;

	out->client = id;
	if (!fed_faults_present(f->faults, id, f->version))
		return false;
	const struct fed_client row = fed__row_of(f, id, f->version);
	*out = (struct fed_candidate){
		.client = id,
		.samples = row.count,
		.loss = part ? (double)part->loss : NAN,
		.loss_rms = part ? (double)part->loss_rms : NAN,
		.expected = expected_seconds(f, &row),
		.seconds = part ? part->seconds : NAN,
		.last = part ? part->last : 0,
		.times = part ? part->times : 0,
	};
	return true;
}

static int draw(void *ctx, uint32_t *chosen, uint32_t *n, struct fed_error *err)
{
	struct fed_federation *f = ctx;

	return fed__draw_places(f, f->draws++, *n, chosen, n, err);
}

static void take_note(void *ctx, const char *text)
{
	const struct fed_federation *f = ctx;

	fed__emit(f, FED_EVENT_PLUGIN, FED_SERVER, text);
}

static struct fed_selection_services services_of(struct fed_federation *f)
{
	return (struct fed_selection_services){
		.ctx = f, .describe = describe, .draw = draw, .note = take_note};
}

bool fed__has_selection(const struct fed_federation *f)
{
	return f->selection && f->selection->entry;
}

static struct fed_selection_round round_of(const struct fed_federation *f, uint32_t wanted)
{
	return (struct fed_selection_round){
		.candidates = f->n_seen,
		.wanted = wanted,
		.version = f->version,
		.seed = fed_stream_key((uint64_t)f->settings->seed, FED_FOR_SELECTION, f->version, 0),
	};
}

/* Whether the rule is called for this choice. */
static bool uses_rule(const struct fed_federation *f)
{
	return fed__has_selection(f) && !f->selection_failed;
}

/* Call the rule, which counts as a call at a client; a failure for which the round need not end
 * (on-plugin-error) is told, and leaves the clients to a uniform draw, as if nothing had been drawn
 * before. */
static int call_rule(struct fed_federation *f, uint32_t wanted,
                     int (*ask)(struct fed_federation *, uint32_t wanted, uint32_t *ids,
                                uint32_t *n, struct fed_error *),
                     uint32_t *ids, uint32_t *n, struct fed_error *err)
{
	struct fed_text text = {0};
	int rc = fed_check_client_failures(f->selection, err);

	if (rc == FED_OK) {
		rc = ask(f, wanted, ids, n, err);
		if (rc == FED_FAIL)
			fed_count_client_call(f->selection, true);
	}
	if (rc != FED_FAIL || fed__excuse(f, f->selection, rc) == FED_FAIL)
		return rc;
	fed_text_add(&text, "%s; the clients of this round are drawn uniformly", err->text);
	take_note(f, fed_text_str(&text));
	fed_text_release(&text);
	f->draws = 0;
	f->selection_failed = true;
	return FED_OK;
}

bool fed__selects_by_query(struct fed_federation *f, uint32_t wanted)
{
	const struct fed_selection_services services = services_of(f);
	const struct fed_selection_round round = round_of(f, wanted);

	return fed__has_selection(f) && fed_call_asks(f->selection, &round, &services) > 0;
}

static int ask(struct fed_federation *f, uint32_t wanted, uint32_t *asked, uint32_t *n,
               struct fed_error *err)
{
	const struct fed_selection_services services = services_of(f);
	const struct fed_selection_round round = round_of(f, wanted);

	return fed_call_ask(f->selection, &round, &services, asked, n, err);
}

int fed__select_asked(struct fed_federation *f, uint32_t wanted, uint32_t **asked, uint32_t *n,
                      struct fed_error *err)
{
	const struct fed_selection_services services = services_of(f);
	const struct fed_selection_round round = round_of(f, wanted);

	f->selection_failed = false;
	*asked = NULL;
	*n = fed__has_selection(f) ? fed_call_asks(f->selection, &round, &services) : 0;
	if (*n == 0)
		return FED_OK;
	*asked = fed_alloc_array(*n, sizeof **asked);
	if (!*asked)
		return fed_fail_memory(err, *n * sizeof **asked, "the candidates");
	const int rc = call_rule(f, wanted, ask, *asked, n, err);
	if (f->selection_failed)
		*n = 0;
	if (rc == FED_OK && *n)
		return FED_OK;
	fed_free(*asked);
	*asked = NULL;
	return rc;
}

/* The rule's choice, with the answers to what it asked. */
static int choose(struct fed_federation *f, uint32_t wanted, uint32_t *chosen, uint32_t *got,
                  struct fed_error *err)
{
	const struct fed_selection_services services = services_of(f);
	const struct fed_loss_queries *q = &f->queries;
	struct fed_selection_round round = round_of(f, wanted);
	uint32_t *asked = fed_alloc_array(q->n + 1, sizeof *asked);
	double *answer = fed_alloc_array(q->n + 1, sizeof *answer);
	int rc = FED_OK;

	for (uint32_t k = 0; asked && answer && k < q->n; k++) {
		asked[k] = q->of[k].place;
		answer[k] = q->of[k].answered ? q->of[k].loss : NAN;
	}
	round.n_asked = q->n;
	round.asked = asked;
	round.answer = answer;
	if (asked && answer)
		rc = fed_call_select(f->selection, &round, &services, chosen, got, err);
	else
		rc = fed_fail_memory(err, q->n * sizeof *answer, "the answers of candidates");
	fed_free(asked);
	fed_free(answer);
	return rc;
}

int fed__select_clients(struct fed_federation *f, uint32_t wanted, uint32_t *chosen, uint32_t *got,
                        struct fed_error *err)
{
	int rc = uses_rule(f) ? call_rule(f, wanted, choose, chosen, got, err) : FED_OK;

	if (rc == FED_OK && !uses_rule(f))
		rc = fed__draw_places(f, f->draws++, wanted, chosen, got, err);
	const bool ruled = uses_rule(f);
	if (ruled && rc != FED_FAIL)
		fed_count_client_call(f->selection, false);
	f->selection_failed = false;
	if (rc)
		return rc;
	for (uint32_t i = 0; i < *got; i++)
		chosen[i] = f->seen[chosen[i]];
	if (*got)
		return FED_OK;
	if (ruled && !fed__faults_any(f->faults, FED_FAULT_CHURN))
		return fed_reject(err, "selection %s chooses no client", f->selection->entry->head->name);
	return fed_reject(err, "no client is present: churn took away all %u; `heal` brings them back",
	                  f->n_seen);
}
