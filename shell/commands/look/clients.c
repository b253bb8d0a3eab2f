/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/clients.c - the table of clients, with labels as small bars.
 */
#include "shell/commands/look/clients.h"

#include <math.h>
#include <string.h>

#include "session/composition.h"
#include "session/inject.h"
#include "base/mem.h"
#include "report/client_table.h"
#include "report/figures/figures.h"
#include "report/label_histogram.h"
#include "train/clients/names.h"
#include "shell/output/print.h"

#define SHOWN 20 /* rows without a filter */

const struct fed_field fed__clients_rows[] = {
	FED_ARG_TEXT(struct fed_clients_args, filter, FED_FIELD_POSITIONAL | FED_FIELD_WORDS, "filter",
                 "3, 1-5, 20%, random:3, all; loss>2, lost, state==training; joined by and, or"),
	FED_ARG_TEXT(struct fed_clients_args, sort, 0, "client-column",
                 "a figure that they are sorted by; -loss: the largest first"),
	FED_ARG_INT(struct fed_clients_args, n, 0, 0, 0, 1e9,
                "clients to list; 0: all that pass the filter, without one 20"),
	FED_ARG_TEXT(struct fed_clients_args, columns, 0, "client-columns",
                 "columns, joined by commas: client,loss,norm,verdict; all"),
	FED_FIGURE_ROWS(struct fed_clients_args, to),
	FED_END,
};

/* Columns -------------------------------------------------------------------- */

/* What the cells of one client are made from. */
struct client_line {
	struct fed_shell *shell;
	const struct fed_client *client;
	uint32_t id;
	struct fed_client_table_row row;
	struct fed_error *err;
};

static int put_name(struct fed_table *t, const struct client_line *l)
{
	const char *name = fed_client_name(&fed_session_parts(l->shell->session)->clients, l->id);

	fed__table_cell(t, "%s", name ? name : "-");
	return FED_OK;
}

/* Whether the client is on another machine: data, device and link are its own affair. */
static bool is_remote(const struct client_line *l)
{
	return fed_client_is_remote(&fed_session_parts(l->shell->session)->clients, l->id);
}

static int put_labels(struct fed_table *t, const struct client_line *l)
{
	const struct fed_dataset *data = fed_session_parts(l->shell->session)->data;
	struct fed_text bars = {0};
	const bool known = data->classes && !is_remote(l); /* labels stay with a client elsewhere */
	int rc = FED_OK;

	if (known)
		rc = fed_labels_put(&bars, l->client, data, FED_BARS_MAX, l->shell->screen.utf8, l->err);
	if (rc == FED_OK)
		fed__table_shown(t, known ? l->row.labels : NAN, known ? fed_text_str(&bars) : "-");
	fed_text_release(&bars);
	return rc;
}

static int put_partition(struct fed_table *t, const struct client_line *l)
{
	const struct fed_clients *all = &fed_session_parts(l->shell->session)->clients;

	fed__table_cell(t, "%s",
	                is_remote(l) ? "its own"
	                             : fed_partition_names[all->block[l->client->block].how.kind]);
	return FED_OK;
}

static int put_device(struct fed_table *t, const struct client_line *l)
{
	struct fed_text text = {0};

	fed_device_put(&text, l->client->device_profile, l->client->device);
	fed__table_cell(t, "%s", is_remote(l) ? "its own" : fed_text_str(&text));
	fed_text_release(&text);
	return FED_OK;
}

static int put_link(struct fed_table *t, const struct client_line *l)
{
	struct fed_text text = {0};

	fed_link_put(&text, l->client->link_profile, &l->client->link);
	fed__table_cell(t, "%s", is_remote(l) ? "its own" : fed_text_str(&text));
	fed_text_release(&text);
	return FED_OK;
}

static int put_faults(struct fed_table *t, const struct client_line *l)
{
	struct fed_text text = {0};

	fed_client_put_faults(l->shell->session, l->id, &text);
	fed__table_cell(t, "%s", text.len ? fed_text_str(&text) : "-");
	fed_text_release(&text);
	return FED_OK;
}

static int put_state(struct fed_table *t, const struct client_line *l)
{
	fed__table_cell(t, "%s", fed_activity_names[l->row.state]);
	return FED_OK;
}

static int put_verdict(struct fed_table *t, const struct client_line *l)
{
	fed__table_cell(t, "%s", fed_verdict_kind_names[l->row.verdict]);
	return FED_OK;
}

static int put_byzantine(struct fed_table *t, const struct client_line *l)
{
	fed__table_cell(t, "%s", l->row.byzantine ? "yes" : "no");
	return FED_OK;
}

static int put_unseen(struct fed_table *t, const struct client_line *l)
{
	fed__table_cell(t, "%s", l->row.unseen ? "yes" : "no");
	return FED_OK;
}

static int put_accuracy(struct fed_table *t, const struct client_line *l)
{
	fed__table_share(t, l->row.accuracy);
	return FED_OK;
}

static int put_own_accuracy(struct fed_table *t, const struct client_line *l)
{
	fed__table_share(t, l->row.own_accuracy);
	return FED_OK;
}

static int put_bytes(struct fed_table *t, const struct client_line *l)
{
	fed__table_bytes(t, l->row.bytes);
	return FED_OK;
}

/* Titles are the names that filters and sort= know; those before FAULTS are shown unless columns=
 * names others, names, faults and accuracies where there are any. */
enum { NAME = 1, FAULTS = 9, ACCURACY, OWN, MODEL, UNSEEN, ALL = 23 };
static const struct {
	struct fed_table_column column;
	const char *format; /* of a figure of that name */
	int (*put)(struct fed_table *, const struct client_line *);
} columns[ALL] = {
	{{.title = "client", .kind = FED_CELL_NUMBER}, "%.0f", NULL},
	[NAME] = {{.title = "name"}, NULL, put_name},
	{{.title = "examples", .kind = FED_CELL_NUMBER, .rank = 1}, "%.0f", NULL},
	{{.title = "labels", .rank = 1}, NULL, put_labels},
	{{.title = "partition", .rank = 4}, NULL, put_partition},
	{{.title = "device", .rank = 2}, NULL, put_device},
	{{.title = "link", .rank = 3}, NULL, put_link},
	{{.title = "updates", .kind = FED_CELL_NUMBER, .rank = 2}, "%.0f", NULL},
	{{.title = "loss", .kind = FED_CELL_NUMBER}, "%#.4g", NULL},
	[FAULTS] = {{.title = "faults", .kind = FED_CELL_PROSE}, NULL, put_faults},
	[ACCURACY] = {{.title = "accuracy", .kind = FED_CELL_NUMBER}, NULL, put_accuracy},
	[OWN] = {{.title = "own accuracy", .kind = FED_CELL_NUMBER}, NULL, put_own_accuracy},
	[MODEL] = {{.title = "model", .kind = FED_CELL_NUMBER}, "%.0f", NULL},
	[UNSEEN] = {{.title = "unseen", .rank = 1}, NULL, put_unseen},
	{{.title = "state", .rank = 1}, NULL, put_state},
	{{.title = "staleness", .kind = FED_CELL_NUMBER, .rank = 3}, "%.0f", NULL},
	{{.title = "norm", .kind = FED_CELL_NUMBER, .rank = 2}, "%#.4g", NULL},
	{{.title = "cosine", .kind = FED_CELL_NUMBER, .rank = 2}, "%.3f", NULL},
	{{.title = "score", .kind = FED_CELL_NUMBER, .rank = 1}, "%#.4g", NULL},
	{{.title = "weight", .kind = FED_CELL_NUMBER, .rank = 2}, "%.4f", NULL},
	{{.title = "verdict", .rank = 1}, NULL, put_verdict},
	{{.title = "bytes", .kind = FED_CELL_NUMBER, .rank = 3}, NULL, put_bytes},
	{{.title = "byzantine", .rank = 1}, NULL, put_byzantine},
};

static const char *name_at(const void *ctx, size_t i)
{
	(void)ctx;
	return i < ALL ? columns[i].column.title : NULL;
}

static int refuse_column(const char *typed, struct fed_error *err)
{
	const char *near = fed_nearest(typed, name_at, NULL);
	struct fed_text list = {0};

	if (near)
		return fed_fail(err, "no column %s; did you mean %s?", fed_show(typed).s, near);
	for (size_t i = 0; i < ALL; i++)
		fed_text_add(&list, "%s%s", i ? ", " : "", columns[i].column.title);
	fed_fail(err, "no column %s; there are %s", fed_show(typed).s, fed_text_str(&list));
	fed_text_release(&list);
	return FED_FAIL;
}

static bool any_unseen(const struct fed_clients *c)
{
	for (uint32_t i = 0; i < c->n_present; i++)
		if (c->client[c->present[i]].unseen)
			return true;
	return false;
}

/* The columns that are chosen, as indices; *n of them. */
static int choose_columns(const char *names, const struct fed_session *s, size_t *chosen, size_t *n,
                          struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const bool all = *names, faults = parts->faults.n > 0;
	const bool named = fed_clients_named(&parts->clients);
	const bool evaluating = fed_clients_evaluating(&parts->clients) > 0;
	const bool models = parts->aggregator.entry && fed_instance_models(&parts->aggregator) > 1;
	const bool unseen = any_unseen(&parts->clients);
	const bool own = evaluating && fed_session_has_own_models(s);

	*n = 0;
	if (!*names || strcmp(names, "all") == 0) {
		for (size_t i = 0; i < ALL; i++)
			if (all || (i == NAME ? named : i < FAULTS) || (i == FAULTS && faults) ||
			    (i == ACCURACY && evaluating) || (i == OWN && own) || (i == MODEL && models) ||
			    (i == UNSEEN && unseen))
				chosen[(*n)++] = i;
		return FED_OK;
	}
	for (;; names++) {
		const size_t len = strcspn(names, ",");
		char name[64];
		size_t i = 0;

		snprintf(name, sizeof name, "%.*s", (int)len, names);
		while (i < ALL && !fed_same_name(columns[i].column.title, name))
			i++;
		if (i == ALL)
			return refuse_column(name, err);
		for (size_t k = 0; k < *n; k++)
			if (chosen[k] == i)
				return fed_fail(err, "column %s is named twice", columns[i].column.title);
		chosen[(*n)++] = i;
		names += len;
		if (!*names)
			return FED_OK;
	}
}

static int put_cell(struct fed_table *t, const struct client_line *l, size_t i)
{
	const char *name = columns[i].column.title;

	if (columns[i].put)
		return columns[i].put(t, l);
	const struct fed_field *field = fed_fields_find(fed_client_table_fields, name);
	fed__table_real(t, fed_field_number(field, &l->row), columns[i].format);
	return FED_OK;
}

/* The command ---------------------------------------------------------------- */

/* "1,000 clients, 20,000 examples held, 20 to 20 each, 37 have trained" */
static void summarise(struct fed_shell *shell)
{
	const struct fed_clients *all = &fed_session_parts(shell->session)->clients;
	uint64_t held = 0, trained = 0;
	uint32_t least = UINT32_MAX, most = 0;
	struct fed_text text = {0};

	for (uint32_t i = 0; i < all->n_present; i++) {
		const struct fed_client *client = &all->client[all->present[i]];

		held += client->count;
		trained += client->rounds > 0;
		least = client->count < least ? client->count : least;
		most = client->count > most ? client->count : most;
	}
	fed_text_count(&text, all->n_present);
	fed_text_add(&text, all->n_present == 1 ? " client, " : " clients, ");
	fed_text_count(&text, (double)held);
	fed_text_add(&text, "%s held, ", held == 1 ? " example" : " examples");
	if (least == most)
		fed_text_add(&text, "%u each, ", most);
	else
		fed_text_add(&text, "%u to %u each, ", least, most);
	fed_text_count(&text, (double)trained);
	fed_text_add(&text, " took part, ");
	fed_text_count(&text, all->pool.left);
	fed__print(shell, "%s example%s left in the pool\n", fed_text_str(&text),
	           all->pool.left == 1 ? "" : "s");
	fed_text_release(&text);
}

/* Set filter and order as typed. */
static int arrange(struct fed_client_table *r, const struct fed_session *s,
                   const struct fed_clients_args *a, struct fed_error *err)
{
	const bool down = *a->sort == '-';
	const char *name = a->sort + down;
	const struct fed_field *by = *name ? fed_fields_find(fed_client_table_fields, name) : NULL;

	if (*name && !by) {
		fed_fail(err, "sort=%s: no figure of that name; `clients columns=all` shows all",
		         fed_show(a->sort).s);
		return FED_FAIL;
	}
	if (fed_client_table_filter(r, s, a->filter, err))
		return FED_FAIL;
	fed_client_table_sort(r, by, down);
	return fed_client_table_make(r, s, err);
}

/* Print the first `shown` rows. */
static int list(struct fed_shell *shell, struct fed_client_table *r, const size_t *chosen, size_t n,
                uint32_t shown, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(shell->session);
	struct fed_table_column column[ALL];
	struct fed_table table = {.name = "clients", .column = column, .columns = n};
	int rc = FED_OK;

	for (size_t k = 0; k < n; k++)
		column[k] = columns[chosen[k]].column;
	fed_client_table_order(r, 0, shown);
	for (uint32_t i = 0; rc == FED_OK && i < shown; i++) {
		struct client_line line = {.shell = shell, .id = r->ranked[i].client, .err = err};

		line.client = fed_clients_get(&parts->clients, line.id);
		fed_client_table_figures(r, shell->session, line.id, &line.row);
		for (size_t k = 0; rc == FED_OK && k < n; k++)
			rc = put_cell(&table, &line, chosen[k]);
	}
	if (rc)
		fed__table_release(&table);
	else
		fed__table_print(shell, &table);
	return rc;
}

/* The labels of the first `shown` rows as a figure. */
static int save_labels(struct fed_shell *shell, struct fed_client_table *r, uint32_t shown,
                       const struct fed_figure_form *form, struct fed_error *err)
{
	uint32_t *ids = fed_alloc_array(shown, sizeof *ids);
	struct fed_drawing d;

	if (!ids)
		return fed_fail_memory(err, shown * sizeof *ids, "a figure");
	fed_client_table_order(r, 0, shown);
	for (uint32_t i = 0; i < shown; i++)
		ids[i] = r->ranked[i].client;
	int rc = fed__figure_begin(&d, shell, form, err);
	if (rc == FED_OK)
		rc = fed__figure_end(&d, shell, form,
		                     fed_figure_labels(shell->session, ids, shown, form->title, &d, err),
		                     err);
	fed_free(ids);
	return rc;
}

int fed__run_clients(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_clients_args *a = call->args;
	const struct fed_composition *parts = fed_session_parts(shell->session);
	struct fed_client_table r = {.n = 0};
	size_t chosen[ALL], n;

	if (fed__figure_check_screen(shell, &a->to, err))
		return FED_FAIL;
	if (choose_columns(a->columns, shell->session, chosen, &n, err))
		return FED_FAIL;
	if (!parts->clients.n_present) {
		if (*a->filter)
			return fed_fail(err, "there are no clients; `add-client 10` makes some");
		fed__print(shell, "no clients yet; `add-client 10` makes some\n");
		return list(shell, &r, chosen, n, 0, err);
	}
	int rc = arrange(&r, shell->session, a, err);
	const uint32_t most = a->n ? (uint32_t)a->n : *a->filter ? UINT32_MAX : SHOWN;
	const uint32_t shown = r.n < most ? r.n : most;
	if (rc == FED_OK && !r.n)
		fed__print(shell, "no client passes the filter %s\n", a->filter);
	if (rc == FED_OK && (r.n || !*a->to.to))
		rc = *a->to.to ? save_labels(shell, &r, shown, &a->to, err)
		               : list(shell, &r, chosen, n, shown, err);
	if (rc == FED_OK && shown < r.n)
		fed__print(shell, "  and %u more; %s\n", r.n - shown,
		           *a->filter ? "a larger n= shows them" : "`clients all` shows them");
	if (rc == FED_OK && r.n && !*a->to.to)
		summarise(shell);
	fed_client_table_release(&r);
	return rc;
}
