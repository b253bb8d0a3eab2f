/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/diff_branches.c - how two branches differ since their fork.
 */
#include "shell/commands/study/diff_branches.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/evaluator.h"
#include "session/composition.h"
#include "shell/output/print.h"
#include "travel/travel.h"

#define CLIENTS_SHOWN 5
#define CLIENTS_MEASURED 200u /* at most: each is evaluated on its own examples */

/* Reading ----------------------------------------------------------------------------------- */

struct end_reading {
	struct fed_branch_end *end;
	struct fed_shell *shell;
	bool whole;
};

static int measure_clients(struct fed_branch_end *e, const struct fed_session *s,
                           struct fed_error *err)
{
	const struct fed_clients *all = &fed_session_parts(s)->clients;
	struct fed_evaluator *evaluator;

	if (all->n_present == 0 || all->n_present > CLIENTS_MEASURED)
		return FED_OK;
	e->client = fed_alloc_array(all->n_present, sizeof *e->client);
	e->accuracy = fed_alloc_array(all->n_present, sizeof *e->accuracy);
	if (!e->client || !e->accuracy)
		return fed_fail_memory(err, all->n_present * sizeof *e->accuracy, "the clients");
	int rc = fed_evaluator_init(&evaluator, s, err);
	if (rc)
		return rc;
	for (uint32_t i = 0; rc == FED_OK && i < all->n_present; i++) {
		const struct fed_client *c = fed_clients_get(all, all->present[i]);
		const struct fed_evaluation wanted = {.id = c->examples,
		                                      .n = c->count,
		                                      .shift = c->shifted ? &c->shift : NULL,
		                                      .brief = true};
		struct fed_quality q;

		if (!c->count)
			continue;
		rc = fed_evaluator_run(evaluator, e->params, &wanted, &q, err);
		if (rc)
			break;
		e->client[e->clients] = all->present[i];
		e->accuracy[e->clients++] = q.accuracy;
		fed_quality_release(&q);
	}
	fed_evaluator_free(evaluator);
	return rc;
}

static int read_model(struct fed_branch_end *e, const struct fed_session *s, struct fed_error *err)
{
	const float *params = fed_session_params(s);

	if (!params)
		return FED_OK;
	e->dim = fed_session_parts(s)->net.dim;
	e->params = fed_alloc_floats(e->dim);
	if (!e->params)
		return fed_fail_memory(err, e->dim * sizeof *params, "a model");
	memcpy(e->params, params, e->dim * sizeof *params);
	return measure_clients(e, s, err);
}

static int read_end(void *ctx, struct fed_error *err)
{
	struct end_reading *r = ctx;
	const struct fed_session *s = r->shell->session;
	const struct fed_history *h = fed_session_history(s);
	const char *composition = fed_session_composition(s);

	for (size_t i = 0; i < h->n; i++)
		if (fed_history_add(&r->end->history, &h->record[i], err))
			return FED_FAIL;
	r->end->composition = composition ? fed_strdup(composition) : NULL;
	return r->whole ? read_model(r->end, s, err) : FED_OK;
}

void fed__branch_end_release(struct fed_branch_end *e)
{
	fed_history_release(&e->history);
	fed_free(e->composition);
	fed_free_floats(e->params);
	fed_free(e->client);
	fed_free(e->accuracy);
	*e = (struct fed_branch_end){.params = NULL};
}

int fed__branch_end_read(struct fed_branch_end *e, struct fed_shell *shell, struct fed_place tip,
                         bool whole, struct fed_error *err)
{
	struct end_reading r = {e, shell, whole};

	*e = (struct fed_branch_end){.tip = tip};
	const int rc = fed_travel_visit(shell->travel, tip, read_end, &r, err);
	if (rc)
		fed__branch_end_release(e);
	return rc;
}

/* Differences ------------------------------------------------------------------------------- */

/* The next line that is no comment, or NULL. */
static const char *next_line(const char *at)
{
	while (*at == '#')
		at += strcspn(at, "\n") + (at[strcspn(at, "\n")] != 0);
	return *at ? at : NULL;
}

static const char *put_line(struct fed_table *table, const char *at)
{
	const char *line = next_line(at);

	if (!line) {
		fed__table_cell(table, "-");
		return "";
	}
	const size_t n = strcspn(line, "\n");
	fed__table_cell(table, "%.*s", (int)n, line);
	return line + n + (line[n] != 0);
}

static void show_lines(struct fed_shell *shell, const char *first, const struct fed_branch_end *a,
                       const char *second, const struct fed_branch_end *b)
{
	const struct fed_table_column columns[] = {
		{.title = first, .kind = FED_CELL_PROSE, .key = "first"},
		{.title = second, .kind = FED_CELL_PROSE, .key = "second"},
	};
	struct fed_table table = {.name = "typed", .column = columns, .columns = 2};
	const struct fed_place fork = fed_travel_common(shell->travel, a->tip, b->tip);
	struct fed_text mine = {0}, other = {0};

	fed_travel_lines(shell->travel, fork, a->tip, &mine);
	fed_travel_lines(shell->travel, fork, b->tip, &other);
	const char *x = fed_text_str(&mine), *y = fed_text_str(&other);
	while (next_line(x) || next_line(y)) {
		x = put_line(&table, x);
		y = put_line(&table, y);
	}
	if (table.n) {
		fed__print(shell, "typed since version %s, where they part:\n",
		           fed_count((double)fed_place_version(fed_travel_tree(shell->travel), fork)).s);
		fed__table_print(shell, &table);
	} else {
		fed__print(shell, "both are at the same place of the history\n");
		fed__table_release(&table);
	}
	fed_text_release(&mine);
	fed_text_release(&other);
}

/* Index of a client at the other end; clients: it is not there. */
static uint32_t find_client(const struct fed_branch_end *e, uint32_t client)
{
	uint32_t i = 0;

	while (i < e->clients && e->client[i] != client)
		i++;
	return i;
}

/* How far the client's accuracy differs; below 0: unknown. */
static double difference(const struct fed_branch_end *a, uint32_t i, const struct fed_branch_end *b)
{
	const uint32_t k = find_client(b, a->client[i]);
	const double d = k < b->clients ? fabs(a->accuracy[i] - b->accuracy[k]) : NAN;

	return isnan(d) ? -1 : d;
}

static void show_clients(struct fed_shell *shell, const char *first, const struct fed_branch_end *a,
                         const char *second, const struct fed_branch_end *b)
{
	const struct fed_table_column columns[] = {
		{.title = "client"},
		{.title = first, .kind = FED_CELL_NUMBER, .key = "first"},
		{.title = second, .kind = FED_CELL_NUMBER, .key = "second"},
	};
	struct fed_table table = {.name = "clients", .column = columns, .columns = 3};
	double below = INFINITY;

	if (!a->clients || !b->clients)
		return;
	for (uint32_t shown = 0; shown < CLIENTS_SHOWN;) {
		double most = 0;

		for (uint32_t i = 0; i < a->clients; i++)
			if (difference(a, i, b) < below)
				most = fmax(most, difference(a, i, b));
		if (most <= 0)
			break;
		for (uint32_t i = 0; i < a->clients && shown < CLIENTS_SHOWN; i++) {
			if (difference(a, i, b) != most)
				continue;
			fed__table_cell(&table, "%u", a->client[i]);
			fed__table_share(&table, a->accuracy[i]);
			fed__table_share(&table, b->accuracy[find_client(b, a->client[i])]);
			shown++;
		}
		below = most;
	}
	if (table.n) {
		fed__print(shell, "accuracy on the clients' own examples, where it differs most:\n");
		fed__table_print(shell, &table);
	} else {
		fed__table_release(&table);
	}
}

static double distance(const float *a, const float *b, size_t n, double *norm)
{
	double sum = 0;

	*norm = 0;
	for (size_t i = 0; i < n; i++) {
		sum += ((double)a[i] - b[i]) * ((double)a[i] - b[i]);
		*norm += (double)a[i] * a[i];
	}
	*norm = sqrt(*norm);
	return sqrt(sum);
}

static void add_distance(struct fed_table *table, const char *name, const struct fed_branch_end *a,
                         const struct fed_branch_end *b, size_t offset, size_t count)
{
	double norm;
	const double far = distance(a->params + offset, b->params + offset, count, &norm);

	fed__table_cell(table, "%s", name);
	fed__table_real(table, far, "%.4g");
	fed__table_real(table, norm, "%.4g");
}

static void show_models(struct fed_shell *shell, const char *first, const struct fed_branch_end *a,
                        const struct fed_branch_end *b)
{
	struct fed_text title = {0};
	const struct fed_net *net = &fed_session_parts(shell->session)->net;

	if (!a->params || !b->params || a->dim != b->dim)
		return;
	fed_text_add(&title, "length of %s", first);
	const struct fed_table_column columns[] = {
		{.title = "layer"},
		{.title = "distance", .kind = FED_CELL_NUMBER},
		{.title = fed_text_str(&title), .kind = FED_CELL_NUMBER, .key = "length"},
	};
	struct fed_table table = {.name = "layers", .column = columns, .columns = 3};
	for (size_t l = 0; net->dim == a->dim && l < net->layers; l++)
		if (net->layer[l].count)
			add_distance(&table, net->layer[l].name, a, b, net->layer[l].offset,
			             net->layer[l].count);
	add_distance(&table, "all", a, b, 0, a->dim);
	fed__print(shell, "the models, layer by layer:\n");
	fed__table_print(shell, &table);
	fed_text_release(&title);
}

void fed__show_branches(struct fed_shell *shell, const char *first, const struct fed_branch_end *a,
                        const char *second, const struct fed_branch_end *b)
{
	show_lines(shell, first, a, second, b);
	show_clients(shell, first, a, second, b);
	show_models(shell, first, a, b);
}
