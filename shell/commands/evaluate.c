/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/evaluate.c - the command `evaluate`.
 */
#include "shell/commands/evaluate.h"

#include <math.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "report/client_models.h"
#include "report/quality.h"
#include "base/spread.h"
#include "session/composition.h"
#include "shell/output/print.h"
#include "tui/widgets/confusion.h"

enum show { SUMMARY, CLASSES, CONFUSION, ALL };
static const char *const shows[] = {"summary", "classes", "confusion", "all", NULL};

const struct fed_field fed__evaluate_rows[] = {
	FED_ARG_TEXT(struct fed_evaluate_args, who, FED_FIELD_POSITIONAL, "who",
                 "clients, on whose own examples it is evaluated; without it the test examples"),
	FED_ARG_CHOICE(struct fed_evaluate_args, show, 0, ALL, shows,
                   "of the test examples: the summary alone, with a table of the classes, with the "
                   "confusion matrix, or all"),
	FED_END,
};

/* Test examples ------------------------------------------------------------------ */

static void class_name(const struct fed_dataset *data, uint32_t c, struct fed_text *out)
{
	fed_text_clear(out);
	if (data->class_name)
		fed_text_add(out, "%s", data->class_name[c]);
	else
		fed_text_add(out, "%u", c);
}

static void print_summary(struct fed_shell *shell, const struct fed_quality *q)
{
	static const struct fed_table_column columns[] = {{.title = "metric", .key = "metric"},
	                                                  {.title = "value", .kind = FED_CELL_NUMBER}};
	struct fed_table t = {.name = "quality", .column = columns, .columns = 2, .untitled = true};
	const struct {
		const char *name;
		double x;
		bool share;
	} figure[] = {{"accuracy", q->accuracy, true},
	              {"loss", q->loss, false},
	              {"perplexity", q->perplexity, false},
	              {"macro F1", q->macro_f1, false},
	              {"AUC", q->auc, false},
	              {"MAE", q->mae, false},
	              {"RMSE", q->rmse, false},
	              {"R2", q->r2, false}};

	for (size_t i = 0; i < sizeof figure / sizeof *figure; i++) {
		if (isnan(figure[i].x))
			continue;
		fed__table_cell(&t, "%s", figure[i].name);
		if (figure[i].share)
			fed__table_share(&t, figure[i].x);
		else
			fed__table_real(&t, figure[i].x, "%.4g");
	}
	fed__table_print(shell, &t);
	if (q->unknown)
		fed__print(shell,
		           "  the answers to %u of the %u examples are not finite; they count as "
		           "wrong, and AUC has no value\n",
		           q->unknown, q->n);
}

static void print_classes(struct fed_shell *shell, const struct fed_quality *q)
{
	static const struct fed_table_column columns[] = {
		{.title = "class"},
		{.title = "examples", .kind = FED_CELL_NUMBER},
		{.title = "answers", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "class precision", .kind = FED_CELL_NUMBER},
		{.title = "class recall", .kind = FED_CELL_NUMBER},
		{.title = "F1", .kind = FED_CELL_NUMBER},
		{.title = "AUC", .kind = FED_CELL_NUMBER, .rank = 1}};
	struct fed_table t = {
		.name = "classes", .column = columns, .columns = sizeof columns / sizeof *columns};
	struct fed_text name = {0};

	for (uint32_t c = 0; c < q->classes; c++) {
		const struct fed_class_quality *of = &q->of[c];

		if (!of->examples && !of->answers)
			continue;
		class_name(fed_session_parts(shell->session)->data, c, &name);
		fed__table_cell(&t, "%s", fed_text_str(&name));
		fed__table_integer(&t, of->examples);
		fed__table_integer(&t, of->answers);
		fed__table_share(&t, of->precision);
		fed__table_share(&t, of->recall);
		fed__table_real(&t, of->f1, "%.3f");
		fed__table_real(&t, of->auc, "%.3f");
	}
	fed_text_release(&name);
	fed__table_print(shell, &t);
}

static void print_confusion_rows(struct fed_shell *shell, const struct fed_quality *q)
{
	static const struct fed_table_column columns[] = {
		{.title = "class"}, {.title = "answer"}, {.title = "examples", .kind = FED_CELL_NUMBER}};
	struct fed_table t = {.name = "confusion", .column = columns, .columns = 3};
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;
	struct fed_text name = {0};

	for (uint32_t c = 0; c < q->classes; c++)
		for (uint32_t k = 0; k < q->classes; k++) {
			class_name(data, c, &name);
			fed__table_cell(&t, "%s", fed_text_str(&name));
			class_name(data, k, &name);
			fed__table_cell(&t, "%s", fed_text_str(&name));
			fed__table_integer(&t, q->confusion[(size_t)c * q->classes + k]);
		}
	fed_text_release(&name);
	fed__table_print(shell, &t);
}

static int print_confusion(struct fed_shell *shell, const struct fed_quality *q,
                           struct fed_error *err)
{
	const struct fed_screen *screen = &shell->screen;
	const struct fed_confusion c = {
		.count = q->confusion,
		.name = (const char *const *)fed_session_parts(shell->session)->data->class_name,
		.classes = q->classes};
	struct fed_text drawing = {0};

	if (shell->form != FED_FORM_TEXT) {
		print_confusion_rows(shell, q);
		return FED_OK;
	}
	fed__screen_measure(shell);
	const int rc =
		fed_confusion_draw(&c, screen->columns, screen->utf8, screen->color, &drawing, err);
	if (rc == FED_OK) {
		fed__print(shell, "confusion matrix: a row a class, a column the model's answer\n");
		fed__print_drawing(shell, &drawing);
	}
	fed_text_release(&drawing);
	return rc;
}

static int on_test(struct fed_shell *shell, enum show show, struct fed_evaluator *tryout,
                   const float *params, struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;
	const bool as_data = shell->form != FED_FORM_TEXT;
	const struct fed_evaluation trial = {.first = data->train, .n = data->test};
	struct fed_quality q;
	int rc = FED_OK;

	if (!data->test)
		return fed_fail(err, "dataset %s has no test examples; `evaluate all` takes the clients'",
		                data->name);
	if (fed_evaluator_run(tryout, params, &trial, &q, err))
		return FED_FAIL;
	fed__print(shell, "the global model of version %llu on %u test examples\n",
	           (unsigned long long)fed_session_version(shell->session), data->test);
	/* As data one table: of a regression there is but the summary. */
	if (!as_data || show == SUMMARY || !q.classes)
		print_summary(shell, &q);
	if (q.classes && (show == CLASSES || show == ALL))
		print_classes(shell, &q);
	if (q.classes && (show == CONFUSION || (show == ALL && !as_data)))
		rc = print_confusion(shell, &q, err);
	fed_quality_release(&q);
	return rc;
}

/* Clients ------------------------------------------------------------------------- */

struct evaluated_clients {
	uint32_t n;
	uint32_t *id;              /* [n] */
	double *examples, *figure; /* [n]; figure: accuracy, or the loss of a regression */
	bool classes;
};

static int quality_of(struct fed_evaluator *t, const float *params, const struct fed_client *c,
                      struct fed_quality *q, struct fed_error *err)
{
	const struct fed_evaluation trial = {.id = c->examples + (c->holdout ? c->count : 0),
	                                     .n = c->holdout ? c->holdout : c->count,
	                                     .shift = c->shifted ? &c->shift : NULL,
	                                     .brief = true};

	return fed_evaluator_run(t, params, &trial, q, err);
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

static int add_client(struct fed_table *t, struct evaluated_clients *f, uint32_t i,
                      struct fed_evaluator *tryout, struct fed_client_models *m,
                      const struct fed_client *c, struct fed_error *err)
{
	const size_t update = find_update(m, f->id[i]);
	struct fed_quality q, own = {.accuracy = NAN, .loss = NAN, .r2 = NAN};

	if (quality_of(tryout, m->global, c, &q, err) ||
	    (update < m->n && quality_of(tryout, fed_client_models_own(m, update), c, &own, err)))
		return FED_FAIL;
	f->examples[i] = q.n;
	f->figure[i] = f->classes ? q.accuracy : q.loss;
	fed__table_integer(t, f->id[i]);
	fed__table_integer(t, q.n);
	for (int k = 0; k < 2; k++) {
		const struct fed_quality *of = k ? &own : &q;

		if (f->classes)
			fed__table_share(t, of->accuracy);
		else
			fed__table_real(t, of->r2, "%.3f");
		fed__table_real(t, of->loss, "%.4g");
	}
	return FED_OK;
}

static int print_spread(struct fed_shell *shell, const struct evaluated_clients *f,
                        struct fed_error *err)
{
	const char *of = f->classes ? "accuracy" : "loss";
	const double scale = f->classes ? 100 : 1;
	const char *unit = f->classes ? " %" : "";
	struct fed_spread s;

	if (fed_spread_of(&s, f->figure, f->examples, f->n, f->classes, err))
		return FED_FAIL;
	if (s.n < 2)
		return FED_OK;
	fed__print(shell,
	           "%s of the global model over %u clients: mean %.4g%s, by examples %.4g%s, deviation "
	           "%.3g%s, worst tenth %.4g%s, worst client %u with %.4g%s, Jain's index %.3f\n",
	           of, s.n, scale * s.mean, unit, scale * s.weighted, unit, scale * s.deviation, unit,
	           scale * s.worst_tenth, unit, f->id[s.worst_at], scale * s.worst, unit, s.jain);
	return FED_OK;
}

static int list_clients(struct fed_shell *shell, struct evaluated_clients *f,
                        struct fed_evaluator *tryout, struct fed_client_models *m,
                        struct fed_error *err)
{
	const struct fed_table_column columns[] = {
		{.title = "client", .kind = FED_CELL_NUMBER},
		{.title = "examples", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = f->classes ? "accuracy" : "R2", .kind = FED_CELL_NUMBER},
		{.title = "loss", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = f->classes ? "own accuracy" : "own R2", .kind = FED_CELL_NUMBER},
		{.title = "own loss", .kind = FED_CELL_NUMBER, .rank = 2}};
	struct fed_table table = {
		.name = "evaluation", .column = columns, .columns = sizeof columns / sizeof *columns};
	const struct fed_clients *all = &fed_session_parts(shell->session)->clients;

	for (uint32_t i = 0; i < f->n; i++)
		if (add_client(&table, f, i, tryout, m, fed_clients_get(all, f->id[i]), err)) {
			fed__table_release(&table);
			return FED_FAIL;
		}
	fed__print(shell, "the global model of version %llu on the examples that each client %s%s\n",
	           (unsigned long long)fed_session_version(shell->session),
	           fed_clients_evaluating(all) ? "holds out" : "trains on",
	           m->n ? ", beside the model that it sent" : "");
	fed__table_print(shell, &table);
	return print_spread(shell, f, err);
}

static int on_clients(struct fed_shell *shell, const char *who, struct fed_evaluator *tryout,
                      struct fed_client_models *m, struct fed_error *err)
{
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	uint64_t drawn = fed_session_draws(s); /* a copy: the session's random stream is not advanced */
	struct evaluated_clients f = {.classes = parts->net.classes};
	int rc = FED_FAIL;

	if (fed_client_selector_parse(who, &parts->clients, (uint64_t)parts->settings.seed, &drawn,
	                              &f.id, &f.n, err))
		return FED_FAIL;
	f.examples = fed_alloc_array(f.n, sizeof *f.examples);
	f.figure = fed_alloc_array(f.n, sizeof *f.figure);
	if (f.examples && f.figure)
		rc = list_clients(shell, &f, tryout, m, err);
	else
		fed_fail_memory(err, 2 * f.n * sizeof *f.figure, "the clients' figures");
	fed_free(f.id);
	fed_free(f.examples);
	fed_free(f.figure);
	return rc;
}

int fed__run_evaluate(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_evaluate_args *a = call->args;
	const struct fed_composition *parts = fed_session_parts(shell->session);
	struct fed_client_models models = {0};
	struct fed_evaluator *tryout = NULL;
	int rc;

	if (!parts->data || !parts->net_built)
		return fed_fail(err, "there is no %s yet; `%s` chooses one, `round` a default",
		                parts->data ? "model" : "dataset",
		                parts->data ? "model mlp" : "dataset glyphs");
	rc = fed_client_models_init(&models, shell->session, err);
	if (rc == FED_OK)
		rc = fed_evaluator_init(&tryout, shell->session, err);
	if (rc == FED_OK)
		rc = *a->who ? on_clients(shell, a->who, tryout, &models, err)
		             : on_test(shell, (enum show)a->show, tryout, models.global, err);
	fed_evaluator_free(tryout);
	fed_client_models_release(&models);
	return rc ? FED_FAIL : FED_OK;
}
