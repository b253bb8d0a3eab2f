/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/costs.c - costs by direction, savings of the codec, and the most expensive
 * clients.
 */
#include "shell/commands/costs.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "history/metrics.h"
#include "session/composition.h"
#include "train/clients/names.h"
#include "shell/output/print.h"
#include "shell/commands/study/sweep.h"

enum sort { BYTES, UP, DOWN, MESSAGES, FLOPS, SERVER_FLOPS, SAVED };
static const char *const sorts[] = {"bytes", "up",           "down",  "messages",
                                    "flops", "server-flops", "saved", NULL};

const struct fed_field fed__costs_rows[] = {
	FED_ARG_TEXT(struct fed_costs_args, who, FED_FIELD_POSITIONAL, "who",
                 "3, 1-5, 20%, random:3, all; without it all that took part"),
	FED_ARG_CHOICE(struct fed_costs_args, sort, 0, BYTES, sorts, "what to list the clients by"),
	FED_ARG_INT(struct fed_costs_args, n, 0, 10, 0, 1e9, "clients to list"),
	FED_ARG_TEXT(struct fed_costs_args, against, 0, "scheme",
                 "a scheme to compare on the same work: sync, split:cut=2"),
	FED_ARG_INT(struct fed_costs_args, rounds, 0, 0, 0, 1e6,
                "with against=: rounds of each scheme; 0: 10, or with until= at most 1,000"),
	FED_ARG_TEXT(struct fed_costs_args, until, 0, "condition",
                 "with against=: each scheme ends when this holds: accuracy>=0.9"),
	FED_END,
};

struct cost_line {
	uint32_t id;
	double key;
	struct fed_costs costs;
};

/* Bytes saved by the codec; negative if it sent more than no codec would. */
static double bytes_saved(const struct fed_costs *c)
{
	return (double)(c->plain_up + c->plain_down) - (double)(c->bytes_up + c->bytes_down);
}

static double key_of(const struct fed_costs *c, enum sort sort)
{
	switch (sort) {
	case UP:
		return (double)c->bytes_up;
	case DOWN:
		return (double)c->bytes_down;
	case MESSAGES:
		return (double)(c->messages_up + c->messages_down);
	case FLOPS:
		return c->client_flops;
	case SERVER_FLOPS:
		return c->server_flops;
	case SAVED:
		return bytes_saved(c);
	default:
		return (double)(c->bytes_up + c->bytes_down);
	}
}

static int by_key(const void *a, const void *b)
{
	const struct cost_line *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

/* Costs of these clients, or of all with an account (ids NULL; sets *n). Freed by the caller. */
static struct cost_line *list(const struct fed_ledger *l, const uint32_t *ids, uint32_t *n)
{
	const size_t most = ids ? *n : l->n;
	struct cost_line *lines = fed_alloc_array(most + 1, sizeof *lines);
	uint32_t found = 0;

	for (uint32_t i = 0; lines && i < (ids ? *n : l->capacity); i++) {
		const uint32_t id = ids ? ids[i] : l->account[i].owner - 1;
		const struct fed_costs *costs = ids || l->account[i].owner ? fed_ledger_of(l, id) : NULL;

		if (!costs && !ids)
			continue;
		lines[found].id = id;
		if (costs)
			lines[found].costs = *costs;
		found++;
	}
	*n = found;
	return lines;
}

/* Totals ---------------------------------------------------------------------- */

static void row(struct fed_table *t, const char *name, uint64_t messages, double bytes,
                double plain)
{
	fed__table_cell(t, "%s", name);
	fed__table_count(t, (double)messages);
	fed__table_bytes(t, bytes);
	fed__table_bytes(t, plain);
	fed__table_bytes(t, plain - bytes);
	fed__table_share(t, plain > 0 ? (plain - bytes) / plain : 0);
}

/* What the evaluations by messages are of it. */
static void show_evaluations(struct fed_shell *shell)
{
	struct fed_text text = {0};
	struct fed_record total;

	fed_history_total(fed_session_history(shell->session), &total);
	if (isnan(total.evaluation_bytes))
		return;
	fed_text_bytes(&text, total.evaluation_bytes);
	fed_text_add(&text, " and ");
	fed_text_seconds(&text, total.evaluation_seconds);
	fed__print(shell, "  of these %s for evaluation by the clients", fed_text_str(&text));
	if (total.clients_missing > 0)
		fed__print(shell, "; %s answer%s missing", fed_count(total.clients_missing).s,
		           total.clients_missing == 1 ? " is" : "s are");
	fed__print(shell, "\n");
	fed_text_release(&text);
}

static void show_totals(struct fed_shell *shell, const struct fed_costs *c)
{
	const struct fed_composition *parts = fed_session_parts(shell->session);
	static const struct fed_table_column columns[] = {
		{.title = "", .key = "direction"},
		{.title = "messages", .kind = FED_CELL_NUMBER},
		{.title = "bytes", .kind = FED_CELL_NUMBER},
		{.title = "codec none", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "saved", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "", .kind = FED_CELL_NUMBER, .rank = 1, .key = "saved_share"},
	};
	const double down = (double)c->bytes_down, up = (double)c->bytes_up,
				 plain_up = (double)c->plain_up, plain_down = (double)c->plain_down;
	struct fed_table table = {.name = "directions", .column = columns, .columns = 6};
	struct fed_text text = {0};

	row(&table, parts->scheme->message ? "down" : "models down", c->messages_down, down,
	    plain_down);
	row(&table, parts->scheme->message ? "up" : "updates up", c->messages_up, up, plain_up);
	row(&table, "all", c->messages_up + c->messages_down, down + up, plain_down + plain_up);
	fed__table_print(shell, &table);
	fed_text_si(&text, c->client_flops, "FLOP");
	fed_text_add(&text, " by clients, ");
	fed_text_si(&text, c->server_flops, "FLOP");
	fed__print(shell, "  %s by the server\n", fed_text_str(&text));
	fed_text_release(&text);
	show_evaluations(shell);
}

/* What messages waited for the server's own link. */
static void show_server_link(struct fed_shell *shell, const struct fed_record *total)
{
	struct fed_text text = {0};

	fed_text_seconds(&text, total->server_wait);
	fed_text_add(&text, " for the server's link, ");
	fed_text_seconds(&text, total->messages > 0 ? total->server_wait / total->messages : 0);
	fed__print(shell, "messages waited %s in the mean\n", fed_text_str(&text));
	fed_text_release(&text);
}

static void show_rounds(struct fed_shell *shell, const struct fed_session *s)
{
	const struct fed_history *h = fed_session_history(s);
	struct fed_record total;
	struct fed_text text = {0};

	fed_history_total(h, &total);
	fed_text_count(&text, (double)h->n);
	fed_text_add(&text, " round%s: clock ", h->n == 1 ? "" : "s");
	fed_text_seconds(&text, total.clock);
	fed_text_add(&text, ", wall ");
	fed_text_seconds(&text, total.wall);
	fed_text_add(&text, "; ");
	fed_text_count(&text, total.invited);
	fed_text_add(&text, " invited, ");
	fed_text_count(&text, total.used);
	fed_text_add(&text, " used, %.0f refused, %.0f lost, %.0f late", total.refused, total.lost,
	             total.late);
	fed__print(shell, "over %s\n", fed_text_str(&text));
	if (total.client_memory > 0) {
		fed_text_clear(&text);
		fed_text_bytes(&text, total.client_memory);
		fed__print(shell, "a client needs %s of memory to train\n", fed_text_str(&text));
	}
	fed_text_release(&text);
	if (isfinite(total.server_wait))
		show_server_link(shell, &total);
	if (total.bytes_down > (double)fed_session_costs(s)->total.bytes_down)
		fed__print(
			shell,
			"the totals include rounds of an older fedsh, which kept no costs of single clients\n");
}

/* Clients --------------------------------------------------------------------- */

static void show_lines(struct fed_shell *shell, const struct cost_line *lines, uint32_t n)
{
	static const struct fed_table_column columns[] = {
		{.title = "client", .kind = FED_CELL_NUMBER},
		{.title = "name", .rank = 1},
		{.title = "messages", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "up", .kind = FED_CELL_NUMBER, .key = "bytes_up"},
		{.title = "down", .kind = FED_CELL_NUMBER, .key = "bytes_down"},
		{.title = "saved", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "training", .kind = FED_CELL_NUMBER, .rank = 1, .key = "client_flops"},
		{.title = "aggregation", .kind = FED_CELL_NUMBER, .rank = 3, .key = "server_flops"},
	};
	enum { ALL = sizeof columns / sizeof *columns };
	const struct fed_clients *clients = &fed_session_parts(shell->session)->clients;
	const bool named = fed_clients_named(clients);
	struct fed_table_column shown[ALL];
	struct fed_table table = {.name = "clients", .column = shown};

	for (size_t k = 0; k < ALL; k++)
		if (k != 1 || named)
			shown[table.columns++] = columns[k];

	for (uint32_t i = 0; i < n; i++) {
		const struct fed_costs *c = &lines[i].costs;

		const char *name = fed_client_name(clients, lines[i].id);

		fed__table_integer(&table, lines[i].id);
		if (named)
			fed__table_cell(&table, "%s", name ? name : "-");
		fed__table_count(&table, (double)(c->messages_up + c->messages_down));
		fed__table_bytes(&table, (double)c->bytes_up);
		fed__table_bytes(&table, (double)c->bytes_down);
		fed__table_bytes(&table, bytes_saved(c));
		fed__table_unit(&table, c->client_flops, "FLOP");
		fed__table_unit(&table, c->server_flops, "FLOP");
	}
	fed__table_print(shell, &table);
}

/* A JSON line of one client, or of the total (id NULL). */
static void show_json(struct fed_shell *shell, const uint32_t *id, const struct fed_costs *c)
{
	const struct {
		const char *name;
		double value;
	} figures[] = {{"messages_up", (double)c->messages_up},
	               {"messages_down", (double)c->messages_down},
	               {"bytes_up", (double)c->bytes_up},
	               {"bytes_down", (double)c->bytes_down},
	               {"saved", bytes_saved(c)},
	               {"client_flops", c->client_flops},
	               {"server_flops", c->server_flops}};
	struct fed_text line = {0};

	fed_text_add(&line, "{\"v\":1,\"event\":\"costs\",\"client\":");
	if (id)
		fed_text_add(&line, "%u", *id);
	else
		fed_text_add(&line, "null");
	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		fed_text_add(&line, ",\"%s\":", figures[i].name);
		fed_text_json_number(&line, figures[i].value);
	}
	fed_text_put(&line, "}", 1);
	fed__print_json(shell, &line);
}

static struct fed_costs sum_of(const struct cost_line *lines, uint32_t n)
{
	struct fed_costs sum = {0};

	for (uint32_t i = 0; i < n; i++)
		fed_costs_add(&sum, &lines[i].costs);
	return sum;
}

static int show(struct fed_shell *shell, const struct fed_costs_args *a, const uint32_t *ids,
                uint32_t n, struct fed_error *err)
{
	const struct fed_session *s = shell->session;
	struct cost_line *lines = list(fed_session_costs(s), ids, &n);
	const uint32_t shown = (uint64_t)a->n < n ? (uint32_t)a->n : n;

	if (!lines)
		return fed_fail_memory(err, n * sizeof *lines, "the costs");
	for (uint32_t i = 0; i < n; i++)
		lines[i].key = key_of(&lines[i].costs, (enum sort)a->sort);
	const struct fed_costs sum = sum_of(lines, n);
	show_totals(shell, ids ? &sum : &fed_session_costs(s)->total);
	show_json(shell, NULL, ids ? &sum : &fed_session_costs(s)->total);
	qsort(lines, n, sizeof *lines, by_key);
	if (shown) {
		fed__print(shell, "by client, most %s first\n", sorts[a->sort]);
		show_lines(shell, lines, shown);
	}
	for (uint32_t i = 0; i < shown; i++)
		show_json(shell, &lines[i].id, &lines[i].costs);
	if (shown < n)
		fed__print(shell, "  and %u more; n=%u lists them\n", n - shown, n);
	fed_free(lines);
	return FED_OK;
}

/* Compare with another scheme, both run from the present model. */
static int show_comparison(struct fed_shell *shell, const struct fed_costs_args *a,
                           struct fed_error *err)
{
	struct fed_sweep_plan plan = {.rounds = 0};

	if (*a->who)
		return fed_fail(err, "against= compares the costs of all clients; leave out %s",
		                fed_show(a->who).s);
	fed_fields_default(fed__sweep_rows, &plan);
	snprintf(plan.key, sizeof plan.key, "scheme");
	plan.rounds = a->rounds;

	snprintf(plan.values, sizeof plan.values, "%s|%s",
	         fed_session_parts(shell->session)->scheme->name, a->against);
	snprintf(plan.until, sizeof plan.until, "%s", a->until);
	return fed__show_sweep(shell, &plan, err);
}

int fed__run_costs(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_costs_args *a = call->args;
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	uint64_t draw = fed_session_draws(s); /* a copy: the session's random stream is not advanced */
	uint32_t *ids = NULL, n = 0;

	if (*a->against)
		return show_comparison(shell, a, err);
	if (a->rounds || *a->until)
		return fed_fail(err, "rounds= and until= need against=: `costs against=sync rounds=5`");
	if (*a->who && fed_client_selector_parse(a->who, &parts->clients,
	                                         (uint64_t)parts->settings.seed, &draw, &ids, &n, err))
		return FED_FAIL;
	if (fed_session_history(s)->n == 0) {
		fed__print(shell, "no rounds yet, so no costs; `round 5` makes some\n");
		fed_free(ids);
		return FED_OK;
	}
	if (!ids)
		show_rounds(shell, s);
	const int rc = show(shell, a, ids, n, err);
	fed_free(ids);
	return rc;
}
