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

bool fed__selects_by_query(struct fed_federation *f, uint32_t wanted)
{
	const struct fed_selection_services services = services_of(f);
	const struct fed_selection_round round = round_of(f, wanted);

	return fed__has_selection(f) && fed_call_asks(f->selection, &round, &services) > 0;
}

int fed__select_asked(struct fed_federation *f, uint32_t wanted, uint32_t **asked, uint32_t *n,
                      struct fed_error *err)
{
	const struct fed_selection_services services = services_of(f);
	const struct fed_selection_round round = round_of(f, wanted);

	*asked = NULL;
	*n = fed__has_selection(f) ? fed_call_asks(f->selection, &round, &services) : 0;
	if (*n == 0)
		return FED_OK;
	*asked = fed_alloc_array(*n, sizeof **asked);
	if (!*asked)
		return fed_fail_memory(err, *n * sizeof **asked, "the candidates");
	const int rc = fed_call_ask(f->selection, &round, &services, *asked, n, err);
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
	const int rc = fed__has_selection(f)
	                   ? choose(f, wanted, chosen, got, err)
	                   : fed__draw_places(f, f->draws++, wanted, chosen, got, err);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < *got; i++)
		chosen[i] = f->seen[chosen[i]];
	if (*got)
		return FED_OK;
	if (fed__has_selection(f) && !fed__faults_any(f->faults, FED_FAULT_CHURN))
		return fed_reject(err, "selection %s chooses no client", f->selection->entry->head->name);
	return fed_reject(err, "no client is present: churn took away all %u; `heal` brings them back",
	                  f->n_seen);
}
