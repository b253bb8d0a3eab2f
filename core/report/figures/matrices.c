/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/figures/matrices.c - the confusion matrix, and the labels of clients.
 */
#include <math.h>

#include "base/mem.h"
#include "figures/matrix.h"
#include "report/figures/figures.h"
#include "session/composition.h"
#include "train/clients/names.h"

static int draw(const struct fed_matrix_figure *m, struct fed_drawing *d, struct fed_error *err)
{
	if (!(d->height > 0))
		d->height = fed_matrix_figure_height(m, d->width);
	return fed_matrix_figure_draw(m, d, err);
}

static void put_class(const struct fed_dataset *data, size_t class, struct fed_text *out)
{
	if (data->class_name)
		fed_text_add(out, "%s", data->class_name[class]);
	else
		fed_text_add(out, "%zu", class);
}

/* Confusion ----------------------------------------------------------------------------- */

struct confusion_figure {
	const struct fed_quality *of;
	const struct fed_dataset *data;
};

static void name_class(void *ctx, size_t class, struct fed_text *out)
{
	put_class(((const struct confusion_figure *)ctx)->data, class, out);
}

static uint32_t answers(const struct confusion_figure *c, size_t label, size_t answer)
{
	return c->of->confusion[label * c->of->classes + answer];
}

static double share_of_row(void *ctx, size_t label, size_t answer)
{
	const struct confusion_figure *c = ctx;
	double sum = 0;

	for (size_t k = 0; k < c->of->classes; k++)
		sum += answers(c, label, k);
	return sum > 0 ? answers(c, label, answer) / sum : NAN;
}

static void write_count(void *ctx, size_t label, size_t answer, struct fed_text *out)
{
	const uint32_t n = answers(ctx, label, answer);

	if (n)
		fed_text_add(out, "%u", n);
}

int fed_figure_confusion(const struct fed_quality *q, const struct fed_dataset *data,
                         const char *heading, struct fed_drawing *d, struct fed_error *err)
{
	struct confusion_figure c = {q, data};
	const struct fed_matrix_figure m = {.heading = heading,
	                                    .row_label = "true class",
	                                    .column_label = "answer of the model",
	                                    .rows = q->classes,
	                                    .columns = q->classes,
	                                    .ctx = &c,
	                                    .row_name = name_class,
	                                    .column_name = name_class,
	                                    .shade = share_of_row,
	                                    .cell = write_count,
	                                    .least = "0 %",
	                                    .most = "100 %"};

	if (!q->classes)
		return fed_reject(err, "there is a confusion matrix of at most %d classes alone",
		                  FED_QUALITY_CLASSES);
	return draw(&m, d, err);
}

/* Labels --------------------------------------------------------------------------------- */

struct labels_figure {
	const struct fed_clients *clients;
	const struct fed_dataset *data;
	const uint32_t *ids;
	uint32_t *count; /* [n][classes] */
	uint32_t most;
};

static void name_client(void *ctx, size_t row, struct fed_text *out)
{
	const struct labels_figure *l = ctx;

	fed_client_put_label(out, l->clients, l->ids[row]);
}

static void name_label(void *ctx, size_t class, struct fed_text *out)
{
	put_class(((const struct labels_figure *)ctx)->data, class, out);
}

static double share_of_most(void *ctx, size_t row, size_t class)
{
	const struct labels_figure *l = ctx;

	return l->most ? (double)l->count[row * l->data->classes + class] / l->most : NAN;
}

static void write_examples(void *ctx, size_t row, size_t class, struct fed_text *out)
{
	const struct labels_figure *l = ctx;
	const uint32_t n = l->count[row * l->data->classes + class];

	if (n)
		fed_text_add(out, "%u", n);
}

static void count_labels(struct labels_figure *l, uint32_t n)
{
	const uint32_t classes = l->data->classes;

	for (uint32_t i = 0; i < n; i++)
		fed_client_histogram(&l->clients->client[l->ids[i]], l->data, &l->count[i * classes]);
	for (size_t k = 0; k < (size_t)n * classes; k++)
		l->most = l->count[k] > l->most ? l->count[k] : l->most;
}

int fed_figure_labels(const struct fed_session *s, const uint32_t *ids, uint32_t n,
                      const char *heading, struct fed_drawing *d, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct labels_figure l = {&parts->clients, parts->data, ids, NULL, 0};
	char most[16];

	if (!n)
		return fed_reject(err, "there are no clients; `add-client 10` makes some");
	if (!l.data->classes)
		return fed_reject(err, "the examples of %s have no classes", l.data->name);
	l.count = fed_alloc_array((size_t)n * l.data->classes, sizeof *l.count);
	if (!l.count)
		return fed_fail_memory(err, (size_t)n * l.data->classes * sizeof *l.count, "a figure");
	count_labels(&l, n);
	snprintf(most, sizeof most, "%u", l.most);
	const struct fed_matrix_figure m = {.heading = heading,
	                                    .row_label = "client",
	                                    .column_label = "class",
	                                    .rows = n,
	                                    .columns = l.data->classes,
	                                    .row_height = 11,
	                                    .ctx = &l,
	                                    .row_name = name_client,
	                                    .column_name = name_label,
	                                    .shade = share_of_most,
	                                    .cell = write_examples,
	                                    .least = "0",
	                                    .most = most};
	const int rc = draw(&m, d, err);
	fed_free(l.count);
	return rc;
}
