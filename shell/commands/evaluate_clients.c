/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/evaluate_clients.c - the global model on each client's examples, beside the model
 * that the client sent and the global one after local fine-tuning.
 */
#include <math.h>

#include "base/mem.h"
#include "base/spread.h"
#include "experiments/alone.h"
#include "history/client_selector.h"
#include "report/client_models.h"
#include "report/evaluator.h"
#include "session/composition.h"
#include "shell/commands/evaluate.h"
#include "shell/output/print.h"

enum model { GLOBAL, OWN, TUNED, MODELS };

struct measured_client {
	uint32_t examples; /* that it is evaluated on */
	struct fed_quality of[MODELS];
};

struct evaluated_clients {
	uint32_t n;
	uint32_t *id;                 /* [n] */
	struct measured_client *line; /* [n] */
	bool classes;
	struct fed_evaluator *evaluator;
	const struct fed_clients *all;
	bool shown[MODELS]; /* whether there is such a model of any client */
	bool personal;      /* OWN are models that clients use, not what they sent */
};

/* Quality of a model on what client i holds out or, where it holds out nothing, trains on. */
static int measure(struct evaluated_clients *e, uint32_t i, enum model model, const float *params,
                   struct fed_error *err)
{
	const struct fed_client *c = fed_clients_get(e->all, e->id[i]);
	const struct fed_evaluation wanted = {.id = c->examples + (c->holdout ? c->count : 0),
	                                      .n = c->holdout ? c->holdout : c->count,
	                                      .shift = c->shifted ? &c->shift : NULL,
	                                      .brief = true};

	e->line[i].examples = wanted.n;
	e->shown[model] = true;
	return fed_evaluator_run(e->evaluator, params, &wanted, &e->line[i].of[model], err);
}

/* The index of a client's last update, or n. */
static size_t find_update(const struct fed_client_models *m, uint32_t client)
{
	size_t i = m->n;

	while (i-- > 0)
		if (m->update[i]->client == client)
			return i;
	return m->n;
}

static int measure_all(struct evaluated_clients *e, struct fed_client_models *m,
                       struct fed_error *err)
{
	for (uint32_t i = 0; i < e->n; i++) {
		const size_t update = find_update(m, e->id[i]);

		for (int k = 0; k < MODELS; k++)
			e->line[i].of[k] = (struct fed_quality){.accuracy = NAN, .loss = NAN, .r2 = NAN};
		const float *own = e->personal     ? fed_client_models_used(m, e->id[i])
		                   : update < m->n ? fed_client_models_own(m, update)
		                                   : NULL;

		if (measure(e, i, GLOBAL, m->global, err) || (own && measure(e, i, OWN, own, err)))
			return FED_FAIL;
	}
	return FED_OK;
}

static int take_tuned(void *ctx, uint32_t i, const struct fed_session *copy, struct fed_error *err)
{
	return measure(ctx, i, TUNED, fed_session_params(copy), err);
}

/* Train the global model further on each client's own examples. */
static int tune(struct evaluated_clients *e, const struct fed_session *s, int64_t epochs,
                struct fed_error *err)
{
	const struct fed_alone_plan plan = {.client = e->id,
	                                    .n = e->n,
	                                    .rounds = 1,
	                                    .epochs = epochs,
	                                    .silent = true,
	                                    .done = take_tuned,
	                                    .ctx = e};
	bool interrupted;

	fed__signals_running(FED_RUNNING_TRIALS);
	const int rc = fed_alone_play(s, &plan, &interrupted, err);
	fed__signals_running(FED_RUNNING_NOTHING);
	return rc == FED_OK && interrupted ? fed_fail(err, "was interrupted") : rc;
}

/* Accuracy, or the loss of a regression. */
static double figure_of(const struct evaluated_clients *e, uint32_t i, enum model model)
{
	const struct fed_quality *q = &e->line[i].of[model];

	return e->classes ? q->accuracy : q->loss;
}

static int print_spread(struct fed_shell *shell, const struct evaluated_clients *e,
                        enum model model, struct fed_error *err)
{
	static const char *const names[] = {"the global model", "their own models",
	                                    "the fine-tuned models"};
	const double scale = e->classes ? 100 : 1;
	const char *unit = e->classes ? " %" : "";
	double *x = fed_alloc_array(2 * (size_t)e->n, sizeof *x), *weight = x + e->n;
	struct fed_spread s;
	char index[16];

	if (!x)
		return fed_fail_memory(err, 2 * e->n * sizeof *x, "the clients' figures");
	for (uint32_t i = 0; i < e->n; i++) {
		x[i] = figure_of(e, i, model);
		weight[i] = e->line[i].examples;
	}
	const int rc = fed_spread_of(&s, x, weight, e->n, e->classes, err);
	fed_free(x);
	if (rc || s.n < 2)
		return rc;
	snprintf(index, sizeof index, isnan(s.jain) ? "-" : "%.3f", s.jain); /* of zeros alone */
	fed__print(shell,
	           "%s of %s over %u clients: mean %.4g%s, by examples %.4g%s, deviation %.3g%s, worst "
	           "tenth %.4g%s, worst client %u with %.4g%s, Jain's index %s\n",
	           e->classes ? "accuracy" : "loss", names[model], s.n, scale * s.mean, unit,
	           scale * s.weighted, unit, scale * s.deviation, unit, scale * s.worst_tenth, unit,
	           e->id[s.worst_at], scale * s.worst, unit, index);
	return FED_OK;
}

static void add_line(struct fed_table *t, const struct evaluated_clients *e, uint32_t i)
{
	fed__table_integer(t, e->id[i]);
	fed__table_integer(t, e->line[i].examples);
	for (int k = 0; k < MODELS; k++) {
		const struct fed_quality *q = &e->line[i].of[k];

		if (k == TUNED && !e->shown[k])
			continue;
		if (e->classes)
			fed__table_share(t, q->accuracy);
		else
			fed__table_real(t, q->r2, "%.3f");
		fed__table_real(t, q->loss, "%#.4g");
	}
}

/* Whether none of them takes part in training. */
static bool all_unseen(const struct evaluated_clients *e)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->n; i++)
		n += fed_clients_get(e->all, e->id[i])->unseen;
	return n == e->n;
}

static void print_table(struct fed_shell *shell, const struct evaluated_clients *e)
{
	const bool classes = e->classes;
	const struct fed_table_column columns[] = {
		{.title = "client", .kind = FED_CELL_NUMBER},
		{.title = "examples", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = classes ? "accuracy" : "R2", .kind = FED_CELL_NUMBER},
		{.title = "loss", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = classes ? "own accuracy" : "own R2", .kind = FED_CELL_NUMBER},
		{.title = "own loss", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = classes ? "tuned accuracy" : "tuned R2", .kind = FED_CELL_NUMBER},
		{.title = "tuned loss", .kind = FED_CELL_NUMBER, .rank = 2}};
	struct fed_table table = {.name = "evaluation",
	                          .column = columns,
	                          .columns =
	                              sizeof columns / sizeof *columns - (e->shown[TUNED] ? 0 : 2)};

	for (uint32_t i = 0; i < e->n; i++)
		add_line(&table, e, i);
	fed__print(shell, "the global model of version %llu on the examples that each client %s%s\n",
	           (unsigned long long)fed_session_version(shell->session),
	           fed_clients_evaluating(e->all) ? "holds out"
	           : all_unseen(e)                ? "has"
	                                          : "trains on",
	           e->personal     ? ", beside its own model"
	           : e->shown[OWN] ? ", beside the model that it sent"
	                           : "");
	fed__table_print(shell, &table);
	if (fed_session_parts(shell->session)->settings.evaluate_over == FED_EVALUATE_NETWORK)
		fed__print(shell,
		           "  the laboratory looked at their examples; rounds ask the clients, over the "
		           "network\n");
}

static int evaluate(struct fed_shell *shell, struct evaluated_clients *e, int64_t epochs,
                    struct fed_client_models *m, struct fed_error *err)
{
	e->line = fed_alloc_array(e->n, sizeof *e->line);
	if (!e->line)
		return fed_fail_memory(err, e->n * sizeof *e->line, "the clients' figures");
	if (measure_all(e, m, err) || (epochs && tune(e, shell->session, epochs, err)))
		return FED_FAIL;
	print_table(shell, e);
	for (int k = 0; k < MODELS; k++)
		if ((k != OWN || e->personal) && e->shown[k] && print_spread(shell, e, (enum model)k, err))
			return FED_FAIL;
	return FED_OK;
}

int fed__evaluate_clients(struct fed_shell *shell, const char *who, int64_t epochs,
                          struct fed_evaluator *evaluator, struct fed_client_models *m,
                          struct fed_error *err)
{
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	uint64_t drawn = fed_session_draws(s); /* a copy: the session's random stream is not advanced */
	struct evaluated_clients e = {.classes = parts->net.classes,
	                              .evaluator = evaluator,
	                              .all = &parts->clients,
	                              .personal = fed_session_has_own_models(s)};

	if (fed_client_selector_parse(who, e.all, (uint64_t)parts->settings.seed, &drawn, &e.id, &e.n,
	                              err))
		return FED_FAIL;
	const int rc = evaluate(shell, &e, epochs, m, err);
	fed_free(e.id);
	fed_free(e.line);
	return rc;
}
