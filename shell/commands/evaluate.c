/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/evaluate.c - the command `evaluate`.
 */
#include "shell/commands/evaluate.h"

#include <math.h>

#include "report/client_models.h"
#include "report/figures/figures.h"
#include "report/evaluator.h"
#include "session/composition.h"
#include "session/remote.h"
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
	FED_ARG_INT(struct fed_evaluate_args, tune, 0, 0, 0, 100000,
                "of clients: also after so many epochs of training on the client's own examples"),
	FED_FIGURE_ROWS(struct fed_evaluate_args, to),
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
			fed__table_real(&t, figure[i].x, "%#.4g");
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
	const int rc = fed_confusion_draw(&c, screen->columns, screen->utf8, fed__screen_palette(shell),
	                                  &drawing, err);
	if (rc == FED_OK) {
		fed__print(shell, "confusion matrix: a row a class, a column the model's answer\n");
		fed__print_drawing(shell, &drawing);
	}
	fed_text_release(&drawing);
	return rc;
}

static int save_confusion(struct fed_shell *shell, const struct fed_quality *q,
                          const struct fed_figure_form *form, struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;
	struct fed_drawing d;

	if (fed__figure_begin(&d, shell, form, err))
		return FED_FAIL;
	return fed__figure_end(&d, shell, form, fed_figure_confusion(q, data, form->title, &d, err),
	                       err);
}

static int on_test(struct fed_shell *shell, const struct fed_evaluate_args *a,
                   struct fed_evaluator *evaluator, const float *params, struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(shell->session)->data;
	const bool as_data = shell->form != FED_FORM_TEXT;
	const enum show show = (enum show)a->show;
	const struct fed_evaluation trial = {.first = data->train, .n = data->test};
	struct fed_quality q;
	int rc = FED_OK;

	if (!data->test)
		return fed_fail(err, "dataset %s has no test examples; `evaluate all` takes the clients'",
		                data->name);
	if (fed_evaluator_run(evaluator, params, &trial, &q, err))
		return FED_FAIL;
	if (*a->to.to) {
		rc = save_confusion(shell, &q, &a->to, err);
		fed_quality_release(&q);
		return rc;
	}
	fed__print(shell, "the global model of version %llu on %u test examples\n",
	           (unsigned long long)fed_session_version(shell->session), data->test);
	if (fed_session_hides_model(shell->session))
		fed__print(shell,
		           "note: the clients keep the head; these layers are the server's own copy of "
		           "it, from the seed\n");
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

int fed__run_evaluate(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_evaluate_args *a = call->args;
	const struct fed_composition *parts = fed_session_parts(shell->session);
	struct fed_session_chosen before;
	struct fed_client_models models = {0};
	struct fed_evaluator *evaluator = NULL;
	int rc = FED_OK;

	if (!parts->data || !parts->net_built)
		return fed_fail(err, "there is no %s yet; `%s` chooses one, `%s` a default",
		                parts->data ? "model" : "dataset",
		                parts->data ? "model mlp" : "dataset glyphs",
		                parts->clients.n_present ? "round" : "add-client 10");
	if (a->tune && !*a->who)
		return fed_fail(err, "tune= is of clients; `evaluate all tune=%lld` takes all of them",
		                (long long)a->tune);
	if (fed__figure_check_screen(shell, &a->to, err))
		return FED_FAIL;
	if (*a->to.to && *a->who) {
		shell->fault = FED_EXIT_USAGE;
		return fed_fail(err, "to= draws the confusion matrix of the test examples; leave %s out",
		                fed_show(a->who).s);
	}
	fed_session_chosen_init(&before, shell->session);
	if (a->tune) /* it trains */
		rc = fed_session_start(shell->session, err);
	if (rc == FED_OK)
		rc = fed_client_models_init(&models, shell->session, err);
	if (rc == FED_OK)
		rc = fed_evaluator_init(&evaluator, shell->session, err);
	if (rc == FED_OK)
		rc = *a->who ? fed__evaluate_clients(shell, a->who, a->tune, evaluator, &models, err)
		             : on_test(shell, a, evaluator, models.global, err);
	fed_evaluator_free(evaluator);
	fed_client_models_release(&models);
	fed_session_take_back(shell->session, &before);
	fed_session_chosen_release(&before);
	return rc ? FED_FAIL : FED_OK;
}
