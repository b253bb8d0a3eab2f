/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/memory_budget.c - memory estimate of a round of updates.
 *
 * A streaming aggregator does not keep updates, but each takes memory from the end of its training
 * until it has arrived: those of equal clients are in flight all at once.
 */
#include "train/memory_budget.h"

#include <stdlib.h>

#include "base/mem.h"
#include "base/text.h"
#include "train/round/coding.h"
#include "train/faults/faults.h"
#include "train/participants.h"
#include "train/local/internal.h"

/* Estimates below this are not checked: reading the free memory takes as long as a small round. */
#define SMALL_BYTES ((double)(64 << 20))

/* Updates for each thread beside those in flight: one in training, two that wait to be joined (more
 * of a small model, which is little memory). */
#define AHEAD 3.0

int fed__memory_check(const struct fed_federation *f, double need, uint32_t n, const char *who,
                      const char *advice, struct fed_error *err)
{
	struct fed_text text = {0};

	if (need < SMALL_BYTES)
		return FED_OK;
	/* Updates of earlier rounds in the free list. */
	const double have =
		fed_mem_available() + (double)fed_vector_free_list_bytes(&f->trainer->results);
	const double share = f->memory_share ? have / f->memory_share->sharers : have;
	if (need <= share)
		return FED_OK;
	if (f->memory_share)
		f->memory_share->refused = need <= have;
	fed_text_count(&text, n);
	fed_text_add(&text, " %s need ", who);
	fed_text_bytes(&text, need);
	fed_text_add(&text, " of memory and ");
	fed_text_bytes(&text, share);
	fed_text_add(&text, " are free; %s", advice);
	const int rc = fed_reject(err, "%s", fed_text_str(&text));
	fed_text_release(&text);
	return rc;
}

/* In flight at the same time ------------------------------------------------------------- */

/* Virtual times in a round without faults: when each client's update leaves it, and arrives. */
struct flights {
	double *leaves, *arrives; /* [n], each in ascending order */
	uint32_t n;
};

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void time_flights(const struct fed_federation *f, const uint32_t *clients,
                         struct flights *all)
{
	const uint64_t down = fed_frame_size(1 + fed_instance_broadcasts(f->aggregator), f->net->dim);
	const struct fed_coding coding = fed__coding_of(f, 0, f->version, f->net->dim);
	const uint64_t up = fed_frame_size(1 + fed_returned_vectors(f->aggregator), f->net->dim) -
	                    f->net->dim * sizeof(float) + fed_codec_bound(f->codec, &coding);
	struct fed_link link;

	for (uint32_t i = 0; i < all->n; i++) {
		const struct fed_client row = fed__row_of(f, clients[i], f->version);
		const double slow =
			fed__faults_factor(f->faults, FED_FAULT_STRAGGLER, clients[i], f->version);
		const double flops = fed__trainer_flops(f->trainer, &row);

		f->messenger.link(f->messenger.ctx, clients[i], &link);
		all->leaves[i] = link.latency + (double)down / link.down +
		                 (row.device > 0 ? slow * flops / row.device : 0);
		all->arrives[i] = all->leaves[i] + link.latency + (double)up / link.up;
	}
	qsort(all->leaves, all->n, sizeof *all->leaves, ascending);
	qsort(all->arrives, all->n, sizeof *all->arrives, ascending);
}

/* Largest number of updates in memory: in flight at the same time, kept by the aggregator, and both
 * together. */
struct load {
	double flying, taken, sent;
};

/* Largest load over all moments; at equal times departures count before arrivals. */
static struct load load_of(const struct flights *all, uint32_t enough, double deadline)
{
	uint32_t most = 0, arrived = 0, n = 0;

	while (n < all->n && !(deadline > 0 && all->leaves[n] > deadline)) {
		while (all->arrives[arrived] < all->leaves[n])
			arrived++;
		if (arrived >= enough)
			break;
		n++;
		most = n - arrived > most ? n - arrived : most;
	}
	return (struct load){.flying = most, .taken = n < enough ? n : enough, .sent = n};
}

static int measure_load(const struct fed_federation *f, const uint32_t *clients, uint32_t n,
                        uint32_t enough, double deadline, struct load *load, struct fed_error *err)
{
	struct flights all = {
		.leaves = fed_alloc_array(n, sizeof *all.leaves),
		.arrives = fed_alloc_array(n, sizeof *all.arrives),
		.n = n,
	};
	int rc = FED_OK;

	if (all.leaves && all.arrives) {
		time_flights(f, clients, &all);
		*load = load_of(&all, enough, deadline);
	} else {
		rc = fed_fail_memory(err, n * sizeof *all.leaves, "the participants");
	}
	fed_free(all.leaves);
	fed_free(all.arrives);
	return rc;
}

/* Bytes ------------------------------------------------------------------------------ */

static double update_bytes(const struct fed_federation *f)
{
	return (1.0 + fed_returned_vectors(f->aggregator)) * (double)f->net->dim * sizeof(float);
}

/* Bytes of n clients at work beside their updates: records, kept vectors, residuals. */
static double clients_bytes(const struct fed_federation *f, uint32_t n)
{
	const struct fed_coding coding = fed__coding_of(f, 0, f->version, f->net->dim);
	const bool memory = fed_codec_memory(f->codec, &coding) > 0;
	const bool residual = fed_codec_has_residual(f->codec) && f->feedback;
	const double vectors = fed_client_vectors(f->aggregator) + (memory ? 2.0 : (double)residual);
	const size_t records = sizeof(struct fed_training) + sizeof(struct fed_envelope) +
	                       sizeof(struct fed_message_in_flight) + sizeof(struct fed_queued_event) +
	                       4 * sizeof(struct fed_invitation) +
	                       2 * sizeof(struct fed_client_verdict);

	return n * (vectors * (double)f->net->dim * sizeof(float) + (double)records);
}

/* Bytes of n clients' updates: those in flight, and the last round's, which are kept for the views.
 */
static double updates_bytes(const struct fed_federation *f, uint32_t n, struct load load)
{
	const double ahead = AHEAD * fed_pool_threads(f->pool), one = update_bytes(f);
	const double flying = load.flying + ahead, sent = load.sent + ahead, seen = load.taken * one;
	const double all =
		(flying < n ? flying : n) * one +
		(seen < FED_VERDICT_UPDATES_BYTES ? seen : (double)FED_VERDICT_UPDATES_BYTES);
	const double round = (sent < n ? sent : n) * one;

	return !f->scheme->overlaps && all > round ? round : all;
}

/* Check n clients, an aggregation of at most `most` updates, and the updates themselves during
 * their arrival or its end. */
static int check(const struct fed_federation *f, uint32_t n, uint32_t most, struct load load,
                 struct fed_error *err)
{
	const size_t dim = f->net->dim;
	const struct load end = {.taken = load.taken, .sent = load.taken};
	const double arriving = updates_bytes(f, n, load);
	const double ending = updates_bytes(f, n, end) + fed_finish_bytes(f->aggregator, dim, most);
	const double need = clients_bytes(f, n) + fed_aggregation_bytes(f->aggregator, dim, most) +
	                    (arriving > ending ? arriving : ending);

	if (f->scheme->overlaps)
		return fed__memory_check(f, need, n, "clients at work", "take fewer with `set concurrency`",
		                         err);
	return fed__memory_check(
		f, need, n, "clients in a round",
		fed_aggregation_keeps(f->aggregator)
			? "take fewer with `set participants`, or an aggregator that keeps "
			  "no updates, as `aggregator fedavg`"
			: "take fewer with `set participants`",
		err);
}

int fed__memory_for_round(const struct fed_federation *f, const uint32_t *clients, uint32_t n,
                          uint32_t enough, double deadline, struct fed_error *err)
{
	struct load load = {.flying = n, .taken = n, .sent = n};

	/* Most rounds fit with all updates in memory; colluders keep all updates. */
	if (check(f, n, n, load, err) == FED_OK)
		return FED_OK;
	if (!fed__has_colluders(f) && measure_load(f, clients, n, enough, deadline, &load, err))
		return FED_FAIL;
	return check(f, n, n, load, err);
}

int fed__memory_for_concurrency(const struct fed_federation *f, uint32_t places, uint32_t enough,
                                struct fed_error *err)
{
	const uint32_t population = f->n_seen;
	const uint32_t called = places > f->n_open ? places - f->n_open : 0;
	struct load load = {.flying = called, .taken = enough};

	if (check(f, called, enough, load, err) == FED_OK)
		return FED_OK;
	/* The participants are not known yet: any present client. */
	if (measure_load(f, f->seen, population, UINT32_MAX, 0, &load, err))
		return FED_FAIL;
	load.flying *= (double)called / population;
	load.taken = enough;
	return check(f, called, enough, load, err);
}
