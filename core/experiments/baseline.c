/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/baseline.c - the same data at one place, and each client alone.
 */
#include "experiments/baseline.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/spread.h"
#include "session/internal.h"

const char *const fed_baseline_names[] = {"central", "local", NULL};

/* Make a copy from version 0 that differs from the federation's beginning in nothing but how
 * updates are combined. */
static int copy_plain(struct fed_session *copy, const struct fed_session *s, int threads,
                      struct fed_error *err)
{
	struct fed_settings *set = &copy->parts.settings;

	if (fed__session_copy(copy, s, true, err) || fed_session_scheme(copy, "sync", NULL, 0, err) ||
	    fed_session_aggregator(copy, "fedavg", NULL, 0, err) ||
	    fed_session_transport(copy, "local", NULL, 0, err) ||
	    fed_session_select(copy, "uniform", NULL, 0, err))
		return FED_FAIL;
	fed_faults_release(&copy->parts.faults);
	set->participants = 0;
	set->fraction = 1;
	set->noise = 0;
	snprintf(set->codec, sizeof set->codec, "none");
	snprintf(set->server_link, sizeof set->server_link, "none");
	set->eval_every = 1;
	set->threads = threads;
	return FED_OK;
}

static bool is_interrupted(const struct fed_session *s)
{
	return atomic_load(&s->interrupts) > 0;
}

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
		*interrupted = is_interrupted(s);
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

/* All clients, each alone. */
struct loners {
	const struct fed_session *session;
	uint64_t rounds;
	struct fed_session *copy;  /* [n] of a few clients at once */
	uint32_t first;            /* client of the first of them, as an index among the present */
	struct fed_record *record; /* [clients][rounds] */
	struct fed_error *why;     /* [n]; "": it went well */
};

static void play_loner(void *ctx, size_t i, int worker)
{
	struct loners *l = ctx;
	struct fed_session *copy = &l->copy[i];
	struct fed_record *to = l->record + (l->first + i) * l->rounds;
	struct fed_run_result result;

	(void)worker;
	for (uint64_t k = 0; k < l->rounds && !is_interrupted(l->session); k++) {
		if (fed_session_run(copy, 1, NULL, &result, &l->why[i]))
			return;
		to[k] = copy->history.record[copy->history.n - 1];
	}
	l->why[i].text[0] = '\0';
}

static int make_loner(struct fed_session *copy, const struct fed_session *s, uint32_t at,
                      struct fed_error *err)
{
	if (copy_plain(copy, s, 1, err))
		return FED_FAIL;
	copy->parts.clients.present[0] = s->parts.clients.present[at];
	copy->parts.clients.n_present = 1;
	return fed_session_start(copy, err);
}

/* Play n clients at once. */
static int play_some(struct loners *l, uint32_t n, struct fed_error *err)
{
	int rc = FED_OK;

	for (uint32_t i = 0; rc == FED_OK && i < n; i++) {
		snprintf(l->why[i].text, sizeof l->why[i].text, "it failed without a reason");
		rc = make_loner(&l->copy[i], l->session, l->first + i, err);
	}
	if (rc == FED_OK)
		rc = fed_pool_each(l->session->federation.pool, n, play_loner, l, err);
	for (uint32_t i = 0; rc == FED_OK && i < n; i++)
		if (l->why[i].text[0])
			rc = fed_fail(err, "client %u alone: %s",
			              l->session->parts.clients.present[l->first + i], l->why[i].text);
	for (uint32_t i = 0; i < n; i++)
		fed__session_drop(&l->copy[i]);
	return rc;
}

/* The mean over the clients of a member of their records of a round; NaNs are left out. */
static double mean_of(const struct loners *l, uint64_t round, size_t member)
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
static int spread_of(const struct loners *l, uint64_t round, struct fed_record *out,
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
static int combine(const struct loners *l, uint64_t round, struct fed_history *out,
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
	MEAN(clock);
	MEAN(client_flops);
	r.client_flops *= n;
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

static int play_loners(struct loners *l, struct fed_history *out,
                       void (*progress)(void *, uint64_t, uint64_t), void *ctx, bool *interrupted,
                       struct fed_error *err)
{
	const uint32_t all = l->session->parts.clients.n_present;
	const uint32_t threads = (uint32_t)fed_pool_threads(l->session->federation.pool);

	while (l->first < all) {
		const uint32_t n = all - l->first < threads ? all - l->first : threads;

		if (play_some(l, n, err))
			return FED_FAIL;
		*interrupted = is_interrupted(l->session);
		if (*interrupted)
			return FED_OK;
		l->first += n;
		progress(ctx, l->first, all);
	}
	for (uint64_t k = 0; k < l->rounds; k++)
		if (combine(l, k, out, err))
			return FED_FAIL;
	return FED_OK;
}

static int play_local(const struct fed_session *s, uint64_t rounds, struct fed_history *out,
                      void (*progress)(void *, uint64_t, uint64_t), void *ctx, bool *interrupted,
                      struct fed_error *err)
{
	const size_t threads = (size_t)fed_pool_threads(s->federation.pool);
	const size_t bytes = s->parts.clients.n_present * rounds * sizeof(struct fed_record);
	struct loners l = {.session = s,
	                   .rounds = rounds,
	                   .copy = fed_alloc_array(threads, sizeof *l.copy),
	                   .record = fed_alloc(bytes),
	                   .why = fed_alloc_array(threads, sizeof *l.why)};

	const int rc = l.copy && l.record && l.why
	                   ? play_loners(&l, out, progress, ctx, interrupted, err)
	                   : fed_fail_memory(err, bytes, "the clients' rounds");
	fed_free(l.copy);
	fed_free(l.record);
	fed_free(l.why);
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
	rc = copy_plain(copy, s, fed_pool_threads(s->federation.pool), err);
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
