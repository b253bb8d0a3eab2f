/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/invite.c - invitations, and updates as an aggregator sees them.
 */
#include "train/invite.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"

int fed_invite(struct fed_federation *f, const uint32_t *clients, uint32_t n, struct fed_error *err)
{
	uint32_t *invited = fed_alloc_array(n, sizeof *invited);
	bool *open = fed_alloc_array(n, sizeof *open);

	if (!invited || !open) {
		fed_free(invited);
		fed_free(open);
		return fed_fail_memory(err, n * (sizeof *invited + sizeof *open), "the invitations");
	}
	memcpy(invited, clients, n * sizeof *invited);
	memset(open, true, n * sizeof *open);
	fed_free(f->invited);
	fed_free(f->open);
	f->invited = invited;
	f->open = open;
	f->n_invited = f->n_open = n;
	f->record.invited = n;
	fed_emit(f, FED_EVENT_BEGIN, FED_SERVER, NULL);

	for (uint32_t i = 0; i < n; i++) {
		const struct fed_envelope model = {
			.head = {.from = FED_SERVER, .to = clients[i], .kind = FED_MESSAGE_MODEL},
			.version = f->version,
			.round = f->rounds,
			.loss = NAN,
			.parcel = fed_parcel_share(f->outgoing),
		};
		uint64_t bytes;
		if (fed_post_send(&f->post, &model, &bytes, err))
			return FED_FAIL;
		f->record.bytes_down += (double)bytes;
		f->record.messages++;
		fed_emit(f, FED_EVENT_SENT, clients[i], NULL);
	}
	return FED_OK;
}

uint32_t fed_invitations_open(const struct fed_federation *f)
{
	return f->n_open;
}

bool fed_invitation_close(struct fed_federation *f, uint32_t client)
{
	uint32_t low = 0, high = f->n_invited;

	while (low < high) {
		const uint32_t mid = low + (high - low) / 2;
		if (f->invited[mid] < client)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == f->n_invited || f->invited[low] != client || !f->open[low])
		return false;
	f->open[low] = false;
	f->n_open--;
	return true;
}

int fed_begin_aggregation(struct fed_federation *f, struct fed_aggregation *a, uint32_t most,
                          struct fed_error *err)
{
	const struct fed_round round = {
		.version = f->version,
		.seed = fed_stream_key((uint64_t)f->settings->seed, FED_FOR_PLUGIN, f->version, 0),
		.dim = f->net->dim,
		.params = f->params,
		.invited = most,
		.population = f->clients->n_present,
		.lr = f->plan.lr,
		.host = &f->host,
	};

	return fed_aggregation_begin(a, f->aggregator, &round, most, f->pool, err);
}

struct fed_update fed_update_of(const struct fed_federation *f, const struct fed_envelope *e)
{
	const bool equal = f->settings->weighting == FED_WEIGHT_EQUAL;

	return (struct fed_update){
		.delta = e->parcel->vector[0],
		.base = f->params,
		.weight = equal ? 1 : (double)e->samples,
		.samples = e->samples,
		.client = e->head.from,
		.steps = e->steps,
		.staleness = (uint32_t)(f->version - e->version),
		.loss = e->loss,
		.returned = (const float *const *)(e->parcel->vector + 1),
	};
}

int fed_keep_verdicts(struct fed_federation *f, const struct fed_aggregation *a,
                      struct fed_error *err)
{
	struct fed_update *judged = fed_alloc_array(a->n, sizeof *judged);
	struct fed_verdict *verdict = fed_alloc_array(a->n, sizeof *verdict);
	double loss = 0, weight = 0;

	if (!judged || !verdict) {
		fed_free(judged);
		fed_free(verdict);
		return fed_fail_memory(err, a->n * (sizeof *judged + sizeof *verdict), "the verdicts");
	}
	f->record.used = 0;
	for (size_t i = 0; i < a->n; i++) {
		judged[i] = a->update[i];
		judged[i].delta = judged[i].base = NULL;
		judged[i].returned = NULL;
		verdict[i] = a->verdict[i];
		if (!verdict[i].used)
			continue;
		f->record.used++;
		loss += (double)verdict[i].weight * judged[i].loss;
		weight += verdict[i].weight;
	}
	f->record.train_loss = weight > 0 ? loss / weight : NAN;
	fed_free(f->judged);
	fed_free(f->verdict);
	f->judged = judged;
	f->verdict = verdict;
	f->n_judged = a->n;
	return FED_OK;
}
