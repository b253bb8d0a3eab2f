/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/baseline.c - the same data at one place, and each client alone.
 */
#include "experiments/baseline.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/spread.h"
#include "experiments/alone.h"
#include "session/internal.h"

const char *const fed_baseline_names[] = {"central", "local", NULL};

/* Central ------------------------------------------------------------------------------- */

/* Replace the last record's figures over clients: those of the session's clients, on the examples
 * that they hold out, of the central model. */
static int measure_clients(struct fed_session *copy, struct fed_clients *clients,
                           struct fed_record *r, struct fed_error *err)
{
	struct fed_federation *f = &copy->federation;
	struct fed_clients *alone = f->clients;

	f->clients = clients;
	const int rc = fed_federation_evaluate_clients(f, f->params, r, err);
	f->clients = alone;
	return rc;
}

static int play_central(struct fed_session *copy, const struct fed_session *s, uint64_t rounds,
                        struct fed_history *out, void (*progress)(void *, uint64_t, uint64_t),
                        void *ctx, bool *interrupted, struct fed_error *err)
{
	struct fed_clients clients;
	struct fed_run_result result;
	int rc = fed_clients_borrow(&clients, &s->parts.clients, err);

	for (uint64_t k = 0; rc == FED_OK && k < rounds; k++) {
		*interrupted = fed__alone_interrupted(s);
		if (*interrupted)
			break;
		rc = fed_session_run(copy, 1, NULL, &result, err);
		if (rc == FED_OK) {
			struct fed_record r = copy->history.record[copy->history.n - 1];

			rc = measure_clients(copy, &clients, &r, err);
			if (rc == FED_OK)
				rc = fed_history_add(out, &r, err);
		}
		progress(ctx, k + 1, rounds);
	}
	fed_clients_release(&clients);
	return rc;
}

/* Local --------------------------------------------------------------------------------- */

/* The records of all clients. */
struct local_rounds {
	const struct fed_session *session;
	uint64_t rounds;
	struct fed_record *record; /* [clients][rounds] */
};

static void take_record(void *ctx, uint32_t i, uint64_t round, const struct fed_session *copy)
{
	const struct local_rounds *l = ctx;

	l->record[i * l->rounds + round] = copy->history.record[copy->history.n - 1];
}

/* The mean over the clients of a member of their records of a round; NaNs are left out. */
static double mean_of(const struct local_rounds *l, uint64_t round, size_t member)
{
	const uint32_t n = l->session->parts.clients.n_present;
	double sum = 0, some = 0;

	for (uint32_t i = 0; i < n; i++) {
		const struct fed_record *r = &l->record[i * l->rounds + round];
		double x;

		memcpy(&x, (const char *)r + member, sizeof x);
		if (isnan(x))
			continue;
		sum += x;
		some++;
	}
	return some > 0 ? sum / some : NAN;
}

/* How the clients' own models serve them, on what they hold out. */
static int spread_of(const struct local_rounds *l, uint64_t round, struct fed_record *out,
                     struct fed_error *err)
{
	const struct fed_clients *c = &l->session->parts.clients;
	const uint32_t n = c->n_present;
	double *x = fed_alloc_array(2 * (size_t)n, sizeof *x), *weight = x + n;
	struct fed_spread s;

	if (!x)
		return fed_fail_memory(err, 2 * n * sizeof *x, "the clients' figures");
	for (uint32_t i = 0; i < n; i++) {
		x[i] = l->record[i * l->rounds + round].clients_accuracy;
		weight[i] = c->client[c->present[i]].holdout;
	}
	const int rc = fed_spread_of(&s, x, weight, n, true, err);
	fed_free(x);
	out->clients_accuracy = s.mean;
	out->clients_weighted = s.weighted;
	out->clients_deviation = s.deviation;
	out->clients_worst = s.worst;
	out->clients_worst_tenth = s.worst_tenth;
	out->clients_fairness = s.jain;
	return rc;
}

/* The record of a round of all clients. */
static int combine(const struct local_rounds *l, uint64_t round, struct fed_history *out,
                   struct fed_error *err)
{
#define MEAN(m) r.m = mean_of(l, round, offsetof(struct fed_record, m))
	const uint32_t n = l->session->parts.clients.n_present;
	struct fed_record r = l->record[round];

	MEAN(test_accuracy);
	MEAN(test_loss);
	MEAN(train_loss);
	MEAN(step_norm);
	MEAN(parameter_error);
	MEAN(clients_loss);
	for (const struct fed_field *row = fed_metrics; row->type; row++)
		if (fed_chosen_metric_needs(row->offset)) {
			const double mean = mean_of(l, round, row->offset);
			memcpy((char *)&r + row->offset, &mean, sizeof mean);
		}
	MEAN(clock);
	MEAN(client_flops);
	r.client_flops *= n;
	r.perplexity = fed_federation_perplexity(&l->session->federation, r.test_loss);
	MEAN(wall);
	r.wall *= n;
	r.invited = r.reported = r.used = n;
	r.updates = (double)n * (double)(round + 1);
	r.bytes_up = r.bytes_down = r.messages = r.server_flops = 0; /* nothing has to travel */
	if (spread_of(l, round, &r, err))
		return FED_FAIL;
	return fed_history_add(out, &r, err);
#undef MEAN
}

static int play_local(const struct fed_session *s, uint64_t rounds, struct fed_history *out,
                      void (*progress)(void *, uint64_t, uint64_t), void *ctx, bool *interrupted,
                      struct fed_error *err)
{
	const struct fed_clients *c = &s->parts.clients;
	const size_t bytes = c->n_present * rounds * sizeof(struct fed_record);
	struct local_rounds l = {.session = s, .rounds = rounds, .record = fed_alloc(bytes)};
	const struct fed_alone_plan plan = {.client = c->present,
	                                    .n = c->n_present,
	                                    .rounds = rounds,
	                                    .afresh = true,
	                                    .round = take_record,
	                                    .ctx = &l,
	                                    .progress = progress,
	                                    .progress_ctx = ctx};

	if (!l.record)
		return fed_fail_memory(err, bytes, "the clients' rounds");
	int rc = fed_alone_play(s, &plan, interrupted, err);
	for (uint64_t k = 0; rc == FED_OK && !*interrupted && k < rounds; k++)
		rc = combine(&l, k, out, err);
	fed_free(l.record);
	return rc;
}

int fed_baseline_play(struct fed_session *s, enum fed_baseline kind, uint64_t rounds,
                      struct fed_history *out, void (*progress)(void *, uint64_t, uint64_t),
                      void *ctx, bool *interrupted, struct fed_error *err)
{
	struct fed_session *copy;
	int rc;

	*interrupted = false;
	if (kind == FED_BASELINE_LOCAL)
		return play_local(s, rounds, out, progress, ctx, interrupted, err);
	copy = fed_alloc(sizeof *copy);
	if (!copy)
		return fed_fail_memory(err, sizeof *copy, "a baseline");
	rc = fed__session_copy_plain(copy, s, true, fed_pool_threads(s->federation.pool), err);
	if (rc == FED_OK)
		rc = fed__session_gather(copy, s, err);
	if (rc == FED_OK)
		rc = fed_session_start(copy, err);
	if (rc == FED_OK)
		rc = play_central(copy, s, rounds, out, progress, ctx, interrupted, err);
	fed__session_drop(copy);
	fed_free(copy);
	return rc;
}
