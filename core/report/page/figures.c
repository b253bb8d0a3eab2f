/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/page/figures.c - the figures of a run's page.
 */
#include <math.h>

#include "base/mem.h"
#include "history/event_log.h"
#include "history/metrics.h"
#include "report/client_models.h"
#include "report/figures/figures.h"
#include "report/page/markup.h"
#include "report/page/sections.h"
#include "session/composition.h"

#define WIDTH (17 * FED_POINTS_PER_CM)
#define NARROW (12 * FED_POINTS_PER_CM)

enum { CLIENTS_MOST = 60, TIMELINE_ROUNDS = 3 };

/* Put a figure that was drawn; one that has no data (a rejection, or none to show) is left out. */
static void put(struct fed_text *out, struct fed_drawing *d, int rc, const char *caption)
{
	if (rc == FED_OK && !d->failed)
		fed_page_figure(out, d, caption);
	out->failed = out->failed || d->failed;
	fed_drawing_release(d);
}

static bool has_values(const struct fed_history *h, const struct fed_field *metric)
{
	for (size_t i = 0; i < h->n; i++)
		if (isfinite(fed_metric_value(metric, &h->record[i])))
			return true;
	return false;
}

static void put_metric(struct fed_text *out, const struct fed_session *s, const char *name,
                       const char *caption)
{
	struct fed_drawing d = {.width = WIDTH, .title = caption};
	const struct fed_field *metric;
	struct fed_error unused;

	if (fed_metric_find(name, &metric, &unused) || !has_values(fed_session_history(s), metric))
		return;
	put(out, &d, fed__figure_metric(s, metric, NULL, &d, &unused), caption);
}

static void put_labels(struct fed_text *out, const struct fed_session *s)
{
	static const char caption[] = "Examples of each class at each client";
	const struct fed_clients *clients = &fed_session_parts(s)->clients;
	const uint32_t n = clients->n_present < CLIENTS_MOST ? clients->n_present : CLIENTS_MOST;
	struct fed_drawing d = {.width = NARROW, .title = caption};
	struct fed_text text = {0};
	struct fed_error unused;

	if (!n || !fed_session_parts(s)->data)
		return;
	fed_text_add(&text, "%s", caption);
	if (n < clients->n_present)
		fed_text_add(&text, ", the first %u of %u", n, clients->n_present);
	put(out, &d, fed_figure_labels(s, clients->present, n, NULL, &d, &unused), fed_text_str(&text));
	fed_text_release(&text);
}

static void put_updates(struct fed_text *out, const struct fed_session *s)
{
	static const char caption[] = "Updates of the last version, on their first two principal "
								  "components";
	struct fed_drawing d = {.width = NARROW, .title = caption};
	struct fed_update_geometry in;
	struct fed_error unused;

	if (fed_update_geometry_init(&in, s, &unused))
		return;
	if (in.n <= 1000)
		put(out, &d, fed_figure_updates(&in, &fed_session_parts(s)->clients, NULL, &d, &unused),
		    caption);
	fed_update_geometry_release(&in);
}

static void put_timeline(struct fed_text *out, const struct fed_session *s)
{
	static const char caption[] = "What clients did in the last rounds, in virtual time";
	struct fed_drawing d = {.width = WIDTH, .title = caption};
	struct fed_timeline w;
	struct fed_error unused;

	if (!fed_session_event_log(s)->invitation_log.n ||
	    fed_timeline_init(&w, s, TIMELINE_ROUNDS, NULL, 0, &unused))
		return;
	w.n = w.n < CLIENTS_MOST ? w.n : CLIENTS_MOST;
	if (w.n && w.to > w.from)
		put(out, &d, fed_figure_timeline(&w, NULL, &d, &unused), caption);
	fed_timeline_release(&w);
}

static int put_confusion(struct fed_text *out, const struct fed_session *s, struct fed_error *err)
{
	static const char caption[] = "Confusion matrix of the global model on the test examples";
	const struct fed_dataset *data = fed_session_parts(s)->data;
	struct fed_drawing d = {.width = NARROW, .title = caption};
	struct fed_client_models models = {0};
	struct fed_evaluator *evaluator = NULL;
	struct fed_error unused;
	struct fed_quality q;

	if (!data || !data->test || !data->classes || data->classes > 60 || data->tokens ||
	    !fed_session_parts(s)->net_built)
		return FED_OK;
	const struct fed_evaluation trial = {.first = data->train, .n = data->test};
	int rc = fed_client_models_init(&models, s, err);
	if (rc == FED_OK)
		rc = fed_evaluator_init(&evaluator, s, err);
	if (rc == FED_OK && models.global)
		rc = fed_evaluator_run(evaluator, models.global, &trial, &q, err);
	if (rc == FED_OK && models.global) {
		put(out, &d, fed_figure_confusion(&q, data, NULL, &d, &unused), caption);
		fed_quality_release(&q);
	}
	fed_evaluator_free(evaluator);
	fed_client_models_release(&models);
	return rc;
}

int fed__page_put_figures(struct fed_text *out, const struct fed_session *s, struct fed_error *err)
{
	fed_page_heading(out, "Figures");
	put_metric(out, s, "accuracy", "Accuracy on the test examples");
	put_metric(out, s, "loss", "Loss on the test examples");
	put_metric(out, s, "clients-accuracy", "Mean accuracy on the clients' held-out examples");
	put_labels(out, s);
	put_timeline(out, s);
	put_updates(out, s);
	return put_confusion(out, s, err);
}
