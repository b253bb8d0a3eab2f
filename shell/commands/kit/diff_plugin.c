/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/diff_plugin.c - the command `diff-plugin`: two aggregators on the same
 * updates.
 */
#include "shell/commands/kit/diff_plugin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/key_values.h"
#include "base/mem.h"
#include "experiments/try_aggregator.h"
#include "plug/aggregator_chain.h"
#include "session/composition.h"
#include "shell/output/print.h"

enum { COORDINATES = 5, ROWS_MOST = 20 };

const struct fed_field fed__diff_rows[] = {
	FED_ARG_TEXT(struct fed_diff_args, name, FED_ARG_NEEDED, "aggregator", "an aggregator plugin"),
	FED_ARG_TEXT(struct fed_diff_args, other, FED_ARG_NEEDED, "aggregator",
                 "another one, which it is compared with"),
	FED_ARG_TEXT(struct fed_diff_args, file, FED_FIELD_POSITIONAL, "path",
                 "a .npy file of updates, a row each; else those of the last round"),
	FED_ARG_TEXT(struct fed_diff_args, weights, 0, "path", "of the rows of the file, as for `try`"),
	FED_END,
};

/* Two trials on the same updates. */
struct pair {
	struct fed_trial a, b;
	const char *name[2];
};

/* Make one trial.  What the session uses has its settings there, unless some are given. */
static int try_one(struct fed_shell *shell, struct fed_trial *trial, const char *name,
                   const struct fed_call *call, bool first, struct fed_error *err)
{
	const struct fed_diff_args *a = call->args;
	const struct fed_instance *used = &fed_session_parts(shell->session)->aggregator;
	const bool in_use = used->entry && fed_same_name(used->entry->head->name, name);
	struct fed_key_values settings = {0};
	int rc = FED_OK;

	if (first && call->n_extra)
		rc = fed_key_values_copy(&settings, call->extra, call->n_extra, err);
	else if (in_use)
		rc = fed_instance_settings(&settings, used, err);
	if (rc == FED_OK)
		rc = fed_try(trial, shell->session, name, settings.assign, settings.n,
		             *a->file ? a->file : NULL, *a->weights ? a->weights : NULL, err);
	fed_key_values_release(&settings);
	return rc;
}

/* Figures of the two steps. */
struct step_figures {
	double norm[2], product, distance, largest;
	bool same; /* bit for bit */
};

static struct step_figures measure(const struct pair *p)
{
	struct step_figures f = {.same = true};

	for (size_t j = 0; j < p->a.dim; j++) {
		const double x = (double)p->a.step[j], y = (double)p->b.step[j], d = x - y;

		f.norm[0] += x * x;
		f.norm[1] += y * y;
		f.product += x * y;
		f.distance += d * d;
		f.largest = fmax(f.largest, fabs(d));
	}
	f.same = memcmp(p->a.step, p->b.step, p->a.dim * sizeof *p->a.step) == 0;
	f.norm[0] = sqrt(f.norm[0]);
	f.norm[1] = sqrt(f.norm[1]);
	f.distance = sqrt(f.distance);
	return f;
}

static void show_steps(struct fed_shell *shell, const struct pair *p, const struct step_figures *f)
{
	const struct fed_trial *const trial[] = {&p->a, &p->b};
	static const struct fed_table_column columns[] = {
		{.title = "aggregator"},
		{.title = "norm of the step", .kind = FED_CELL_NUMBER, .key = "norm"},
		{.title = "ms", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "settings", .kind = FED_CELL_PROSE, .rank = 2},
	};
	struct fed_table table = {.name = "steps", .column = columns, .columns = 4};

	for (size_t i = 0; i < 2; i++) {
		fed__table_cell(&table, "%s", p->name[i]);
		fed__table_real(&table, f->norm[i], "%#.6g");
		fed__table_real(&table, trial[i]->seconds * 1e3, "%#.3g");
		fed__table_cell(&table, "%s", fed_text_str(&trial[i]->settings));
	}
	fed__table_print(shell, &table);
	if (f->same) {
		fed__print(shell, "the steps are the same, bit for bit\n");
		return;
	}
	fed__print(shell,
	           "cosine %.6f, distance %.6g (%.3g %% of %s's norm), largest difference %.6g\n",
	           f->product / (f->norm[0] * f->norm[1]), f->distance, 100 * f->distance / f->norm[1],
	           p->name[1], f->largest);
}

/* The coordinates that differ most, largest difference first; returns how many. */
static size_t find_largest(const struct pair *p, size_t *at)
{
	double size[COORDINATES + 1];
	size_t n = 0;

	for (size_t j = 0; j < p->a.dim; j++) {
		const double d = fabs((double)p->a.step[j] - (double)p->b.step[j]);
		size_t k = n;

		if (d == 0 || (n == COORDINATES && d <= size[n - 1]))
			continue;
		for (; k > 0 && size[k - 1] < d; k--) {
			size[k] = size[k - 1];
			at[k] = at[k - 1];
		}
		size[k] = d;
		at[k] = j;
		n += n < COORDINATES;
	}
	return n;
}

static void show_coordinates(struct fed_shell *shell, const struct pair *p)
{
	const struct fed_table_column columns[] = {
		{.title = "coordinate", .kind = FED_CELL_NUMBER},
		{.title = p->name[0], .kind = FED_CELL_NUMBER},
		{.title = p->name[1], .kind = FED_CELL_NUMBER},
		{.title = "difference", .kind = FED_CELL_NUMBER},
	};
	struct fed_table table = {.name = "coordinates", .column = columns, .columns = 4};
	size_t at[COORDINATES + 1];
	const size_t n = find_largest(p, at);

	if (!n)
		return;
	for (size_t k = 0; k < n; k++) {
		const double x = (double)p->a.step[at[k]], y = (double)p->b.step[at[k]];

		fed__table_integer(&table, at[k]);
		fed__table_real(&table, x, "%#.6g");
		fed__table_real(&table, y, "%#.6g");
		fed__table_real(&table, x - y, "%#.6g");
	}
	fed__table_print(shell, &table);
}

static void cell_weight(struct fed_table *table, const struct fed_trial *t, size_t i)
{
	if (t->refused[i].len)
		fed__table_cell(table, "refused");
	else if (!t->verdict[i].used)
		fed__table_cell(table, "filtered");
	else
		fed__table_real(table, (double)t->verdict[i].weight, "%.6f");
}

static void show_clients(struct fed_shell *shell, const struct pair *p, bool file)
{
	char title[2][80];
	for (size_t k = 0; k < 2; k++)
		snprintf(title[k], sizeof title[k], "weight in %.64s", p->name[k]);
	const struct fed_table_column columns[] = {
		{.title = file ? "row" : "client", .kind = FED_CELL_NUMBER},
		{.title = title[0], .kind = FED_CELL_NUMBER},
		{.title = title[1], .kind = FED_CELL_NUMBER},
	};
	struct fed_table table = {.name = "weights", .column = columns, .columns = 3};

	for (size_t i = 0; i < p->a.n && i < ROWS_MOST; i++) {
		fed__table_integer(&table, p->a.update[i].client);
		cell_weight(&table, &p->a, i);
		cell_weight(&table, &p->b, i);
	}
	fed__table_print(shell, &table);
	if (p->a.n > ROWS_MOST)
		fed__print(shell, "the first %d of %zu updates\n", ROWS_MOST, p->a.n);
}

int fed__run_diff(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_diff_args *a = call->args;
	struct pair p = {.name = {a->name, a->other}};
	int rc = try_one(shell, &p.a, a->name, call, true, err);

	if (rc == FED_OK)
		rc = try_one(shell, &p.b, a->other, call, false, err);
	if (rc == FED_OK) {
		const struct step_figures f = measure(&p);

		fed__print(shell, "%s and %s on %zu updates of %s numbers, %s\n", a->name, a->other, p.a.n,
		           fed_count((double)p.a.dim).s, *a->file ? a->file : "those of the last round");
		show_steps(shell, &p, &f);
		show_coordinates(shell, &p);
		show_clients(shell, &p, *a->file);
	}
	fed_trial_release(&p.a);
	fed_trial_release(&p.b);
	return rc;
}
