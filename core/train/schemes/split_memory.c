/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/split_memory.c - memory estimate of a round of split learning.
 */
#include "train/memory_budget.h"
#include "train/schemes/split_internal.h"
#include "train/local/internal.h"

/* Estimate a turn with batches of `batch` examples, without the order of its examples.  After its
 * training it has an update in place of its workspaces. */
static int measure_turn(const struct fed_federation *f, const struct fed_split *s, uint32_t batch,
                        double *bytes, struct fed_error *err)
{
	const struct fed_net *net = f->net;
	const size_t below = fed__cut_width(net, s->at[0]), above = fed__cut_width(net, s->at[1]);
	const size_t width = s->labels == FED_LABELS_CLIENT && above > below ? above : below;
	const double example =
		net->positions + net->outputs + 2 * (double)width; /* data that arrived, and the result */
	double training = (double)sizeof(float) * batch * example;
	size_t from, to;

	for (enum fed_split_part part = FED_PART_HEAD; part < FED_PARTS; part++) {
		size_t first, last;
		double space;

		if (!fed__turn_has_memory(s, net, part))
			continue;
		fed__part_layers(s, net, part, &first, &last);
		if (fed_workspace_bytes(net, first, last, batch, part != FED_PART_HEAD, &space, err))
			return FED_FAIL;
		training += space;
	}
	fed__server_params(s, net, &from, &to);
	const double update = (double)sizeof(float) * (double)(net->dim - (to - from));
	*bytes = (double)sizeof(float) * (double)fed__turn_dim(s, net) +
	         (update > training ? update : training);
	return FED_OK;
}

/* Estimate the turns of these clients: their sum, and the largest.  *joined: examples of the joined
 * batch. */
static int measure_turns(const struct fed_federation *f, const struct fed_split *s,
                         const uint32_t *clients, uint32_t n, double *sum, double *most,
                         double *joined, struct fed_error *err)
{
	uint32_t measured = 0;
	double turn = 0;

	*sum = *most = *joined = 0;
	for (uint32_t i = 0; i < n; i++) {
		const uint32_t count = f->clients->client[clients[i]].count;
		const uint32_t full = fed__training_batch(&f->plan, count), batch = full ? full : 1;

		if (batch != measured && measure_turn(f, s, batch, &turn, err))
			return FED_FAIL;
		measured = batch;
		const double bytes = turn + (double)count * sizeof(uint32_t);
		*sum += bytes;
		*most = bytes > *most ? bytes : *most;
		*joined += batch;
	}
	return FED_OK;
}

static int measure_round(const struct fed_federation *f, const struct fed_split *s,
                         const uint32_t *clients, uint32_t n, double *bytes, struct fed_error *err)
{
	double sum, most, joined, space = 0;

	if (measure_turns(f, s, clients, n, &sum, &most, &joined, err))
		return FED_FAIL;
	*bytes = (double)n * (sizeof *s->turn + sizeof *s->queue);
	if (s->parallel == FED_PARALLEL_OFF) {
		*bytes += most;
		return FED_OK;
	}
	const double updates = (double)n * (double)f->net->dim * sizeof(float);
	*bytes += sum + fed_aggregation_bytes(f->aggregator, f->net->dim, n) +
	          fed_finish_bytes(f->aggregator, f->net->dim, n) +
	          (updates < FED_VERDICT_UPDATES_BYTES ? updates : FED_VERDICT_UPDATES_BYTES);
	if (s->smashed == FED_SMASHED_BATCH &&
	    fed_workspace_bytes(f->net, s->at[0], s->at[1],
	                        joined < UINT32_MAX ? (uint32_t)joined : UINT32_MAX, true, &space, err))
		return FED_FAIL;
	*bytes += space;
	return FED_OK;
}

int fed__split_check_memory(const struct fed_federation *f, const struct fed_split *s,
                            const uint32_t *clients, uint32_t n, struct fed_error *err)
{
	const bool in_turn = s->parallel == FED_PARALLEL_OFF;
	double need;

	if (measure_round(f, s, clients, n, &need, err))
		return FED_FAIL;
	return fed__memory_check(
		f, need, n, in_turn ? "clients in turn" : "clients at once",
		in_turn || s->smashed == FED_SMASHED_BATCH
			? "take fewer with `set participants`"
			: "take fewer with `set participants`, or one after the other with "
			  "`set parallel off`",
		err);
}
