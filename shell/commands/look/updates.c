/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/updates.c - the last round's updates: table with verdicts, map, matrix of
 * cosines.
 */
#include "shell/commands/look/updates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/figures/figures.h"
#include "experiments/try_aggregator.h"
#include "session/composition.h"
#include "train/clients/names.h"
#include "shell/output/print.h"
#include "shell/output/written.h"
#include "tui/views/update_map.h"

enum view { AS_TABLE, AS_MAP, AS_MATRIX };
static const char *const views[] = {"table", "map", "matrix", NULL};

enum key { BY_CLIENT, BY_NORM, BY_STEP, BY_HONEST, BY_SCORE, BY_WEIGHT };
static const char *const keys[] = {"client", "norm", "step", "honest", "score", "weight", NULL};

/* Most columns of a matrix, and the width of a cell. */
#define MATRIX_MAX 200u
#define CELL 6

const struct fed_field fed__updates_rows[] = {
	FED_ARG_CHOICE(struct fed_updates_args, view, FED_FIELD_POSITIONAL, AS_TABLE, views,
                   "table, a map in two dimensions, or the matrix of cosines"),
	FED_ARG_CHOICE(struct fed_updates_args, sort, 0, BY_CLIENT, keys,
                   "column that the table is sorted by"),
	FED_ARG_TEXT(struct fed_updates_args, save, 0, "path",
                 "a .npy file of the updates instead, a row each, for `try`; .npz: with clients"),
	FED_FIGURE_ROWS(struct fed_updates_args, to),
	FED_END,
};

/* Table ------------------------------------------------------------------------ */

static double value_of(const struct fed_update_geometry *in, size_t i, enum key key)
{
	switch (key) {
	case BY_NORM:
		return in->update[i].norm;
	case BY_STEP:
		return fed_update_geometry_cosine(in, i, in->n + FED_LANDMARK_STEP);
	case BY_HONEST:
		return fed_update_geometry_cosine(in, i, in->n + FED_LANDMARK_HONEST);
	case BY_SCORE:
		return in->of[i].verdict.score;
	case BY_WEIGHT:
		return in->of[i].verdict.weight;
	default:
		return in->of[i].client;
	}
}

struct sorted_update {
	double value;
	uint32_t client;
	size_t i;
};

/* Ascending by client, descending by other keys; NaN last, ties by client. */
static int compare(const void *pa, const void *pb)
{
	const struct sorted_update *a = pa, *b = pb;

	if (isnan(a->value) != isnan(b->value))
		return isnan(a->value) ? 1 : -1;
	if (a->value != b->value && !isnan(a->value))
		return a->value < b->value ? 1 : -1;
	return (a->client > b->client) - (a->client < b->client);
}

static const char *name_of(const struct fed_clients *clients, uint32_t id)
{
	const char *name = fed_client_name(clients, id);

	return name ? name : "-";
}

/* named NULL: without names. */
static void row_of(struct fed_table *t, const struct fed_update_geometry *in, size_t i,
                   bool grouped, const struct fed_clients *named)
{
	const struct fed_client_verdict *u = &in->of[i];

	fed__table_integer(t, u->client);
	if (named)
		fed__table_cell(t, "%s", name_of(named, u->client));
	fed__table_cell(t, "%s", fed_truth_word(u->byzantine, u->secret));
	fed__table_integer(t, u->samples);
	fed__table_integer(t, u->steps);
	fed__table_integer(t, u->staleness);
	fed__table_real(t, u->loss, "%#.4g");
	fed__table_real(t, in->update[i].norm, "%#.4g");
	fed__table_real(t, value_of(in, i, BY_STEP), "%.3f");
	fed__table_real(t, value_of(in, i, BY_HONEST), "%.3f");
	fed__table_real(t, u->verdict.score, "%#.4g");
	fed__table_real(t, u->verdict.weight, "%.4f");
	fed__table_cell(t, "%s",
	                fed_client_verdict_trusted(u) ? "used"
	                : u->verdict.used             ? "suspect"
	                                              : "filtered");
	if (grouped)
		fed__table_real(t, u->trust.group, "%.0f");
}

static bool has_groups(const struct fed_update_geometry *in)
{
	for (size_t i = 0; i < in->n; i++)
		if (in->of[i].trust.group >= 0)
			return true;
	return false;
}

static void say_landmarks(struct fed_shell *shell, const struct fed_update_geometry *in)
{
	struct fed_text text = {0};

	for (size_t k = 0; k < FED_LANDMARKS; k++)
		if (!isnan(in->landmark[k].norm))
			fed_text_add(&text, "%s%s %.4g", text.len ? ", " : "length of the ",
			             fed_landmark_names[k], in->landmark[k].norm);
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

static int show_table(struct fed_shell *shell, const struct fed_update_geometry *in, enum key sort,
                      struct fed_error *err)
{
	static const struct fed_table_column columns[] = {
		{.title = "client", .kind = FED_CELL_NUMBER},
		{.title = "name", .rank = 1},
		{.title = "truth"},
		{.title = "samples", .kind = FED_CELL_NUMBER, .rank = 5},
		{.title = "steps", .kind = FED_CELL_NUMBER, .rank = 6},
		{.title = "stale", .kind = FED_CELL_NUMBER, .rank = 5, .key = "staleness"},
		{.title = "loss", .kind = FED_CELL_NUMBER, .rank = 4},
		{.title = "norm", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "cos(step)", .kind = FED_CELL_NUMBER, .rank = 3},
		{.title = "cos(honest)", .kind = FED_CELL_NUMBER, .rank = 4},
		{.title = "score", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "weight", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "verdict"},
		{.title = "group", .kind = FED_CELL_NUMBER, .rank = 2},
	};
	enum { ALL = sizeof columns / sizeof *columns };
	const struct fed_clients *clients = &fed_session_parts(shell->session)->clients;
	const bool grouped = has_groups(in), named = fed_clients_named(clients);
	struct fed_table_column shown[ALL];
	struct fed_table table = {.name = "updates", .column = shown};
	struct sorted_update *rank = fed_alloc_array(in->n, sizeof *rank);

	if (!rank)
		return fed_fail_memory(err, in->n * sizeof *rank, "the table of updates");
	for (size_t i = 0; i < in->n; i++)
		rank[i] = (struct sorted_update){sort == BY_CLIENT ? 0 : value_of(in, i, sort),
		                                 in->of[i].client, i};
	qsort(rank, in->n, sizeof *rank, compare);
	for (size_t k = 0; k < ALL; k++)
		if ((k != 1 || named) && (k + 1 < ALL || grouped))
			shown[table.columns++] = columns[k];
	for (size_t i = 0; i < in->n; i++)
		row_of(&table, in, rank[i].i, grouped, named ? clients : NULL);
	fed__table_print(shell, &table);
	say_landmarks(shell, in);
	fed_free(rank);
	return FED_OK;
}

enum { MAP_COLUMNS = 100, MAP_ROWS = 24 };

/* Map -------------------------------------------------------------------------- */

static int show_map(struct fed_shell *shell, const struct fed_update_geometry *in,
                    struct fed_error *err)
{
	struct fed_text drawing = {0};
	struct fed_text title = {0};

	fed__screen_measure(shell);
	const struct fed_screen *screen = &shell->screen;
	const int columns = screen->columns < MAP_COLUMNS ? screen->columns : MAP_COLUMNS;
	fed_text_add(&title, "updates of version %llu",
	             (unsigned long long)fed_session_version(shell->session));
	fed_map_title(&title, in->shown, columns);
	const int rc = fed_map_text(in, fed_text_str(&title), columns,
	                            screen->rows - 2 < MAP_ROWS ? screen->rows - 2 : MAP_ROWS,
	                            screen->utf8, fed__screen_palette(shell),
	                            &fed_session_parts(shell->session)->clients, &drawing, err);
	if (rc == FED_OK)
		fed__print_drawing(shell, &drawing);
	fed_text_release(&title);
	fed_text_release(&drawing);
	return rc;
}

/* Matrix ----------------------------------------------------------------------- */

static void show_matrix(struct fed_shell *shell, const struct fed_update_geometry *in)
{
	struct fed_text line = {0};

	fed__screen_measure(shell);
	const int capacity = (shell->screen.columns - 12) / CELL;
	const size_t fit = capacity < 1                    ? 1
	                   : (size_t)capacity < MATRIX_MAX ? (size_t)capacity
	                                                   : MATRIX_MAX;
	const size_t n = in->n < fit ? in->n : fit;

	fed_text_add(&line, "%11s", "client");
	for (size_t k = 0; k < n; k++)
		fed_text_add(&line, "%*u", CELL, in->of[k].client);
	fed__print_styled(shell, FED_EMPHASIS_BOLD, "%s\n", fed_text_str(&line));
	for (size_t i = 0; i < n; i++) {
		fed_text_clear(&line);
		fed_text_add(&line, "%9u %c", in->of[i].client,
		             in->of[i].byzantine ? 'B'
		             : in->of[i].secret  ? '?'
		                                 : ' ');
		for (size_t k = 0; k < n; k++) {
			const double cosine = fed_update_geometry_cosine(in, i, k);
			if (isnan(cosine))
				fed_text_add(&line, "%*s", CELL, "-");
			else
				fed_text_add(&line, "%*.2f", CELL, cosine);
		}
		fed__print(shell, "%s\n", fed_text_str(&line));
	}
	if (n < in->n)
		fed__print(shell, "the first %zu of %zu updates; a wider terminal shows more\n", n, in->n);
	fed_text_release(&line);
}

static int save_map(struct fed_shell *shell, const struct fed_update_geometry *in,
                    const struct fed_figure_form *form, struct fed_error *err)
{
	const struct fed_clients *clients = &fed_session_parts(shell->session)->clients;
	struct fed_drawing d;

	if (fed__figure_begin(&d, shell, form, err))
		return FED_FAIL;
	return fed__figure_end(&d, shell, form, fed_figure_updates(in, clients, form->title, &d, err),
	                       err);
}

int fed__run_updates(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_updates_args *a = call->args;
	struct fed_update_geometry in;
	int rc = FED_OK;

	if (fed__figure_check_screen(shell, &a->to, err))
		return FED_FAIL;
	if (*a->save) {
		rc = fed_updates_save(shell->session, a->save, err);
		if (rc == FED_FAIL)
			shell->fault = FED_EXIT_IO;
		if (rc)
			return FED_FAIL;
		fed__wrote(shell, a->save);
		fed__print(shell, "saved the updates as %s\n", a->save);
		return FED_OK;
	}
	if (*a->to.to && a->view != AS_MAP) {
		shell->fault = FED_EXIT_USAGE;
		return fed_fail(err, "to= draws the map: `updates map to=%s`", fed_show(a->to.to).s);
	}
	if (fed_update_geometry_init(&in, shell->session, err))
		return FED_FAIL;
	if (*a->to.to)
		rc = save_map(shell, &in, &a->to, err);
	else if (a->view == AS_TABLE)
		rc = show_table(shell, &in, (enum key)a->sort, err);
	else if (a->view == AS_MAP)
		rc = show_map(shell, &in, err);
	else
		show_matrix(shell, &in);
	fed_update_geometry_release(&in);
	return rc;
}
