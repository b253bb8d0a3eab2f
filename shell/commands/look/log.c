/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/log.c - the command `log`: filtered events of the event log as lines.
 */
#include <math.h>

#include "report/invitation_text.h"
#include "history/event_filter.h"
#include "session/composition.h"
#include "shell/output/print.h"
#include "shell/commands/look/client.h"
#include "train/clients/names.h"

/* The events from number k on as a table, as data. */
static void tabulate_from(struct fed_shell *shell, uint64_t k,
                          const struct fed_event_filter *event_filter)
{
	static const struct fed_table_column columns[] = {
		{.title = "version", .kind = FED_CELL_NUMBER},
		{.title = "clock", .kind = FED_CELL_NUMBER},
		{.title = "event"},
		{.title = "client"},
		{.title = "name"},
		{.title = "bytes", .kind = FED_CELL_NUMBER},
		{.title = "accuracy", .kind = FED_CELL_NUMBER},
		{.title = "loss", .kind = FED_CELL_NUMBER},
		{.title = "text"},
		{.title = "aborted"},
	};
	struct fed_table table = {
		.name = "log", .column = columns, .columns = sizeof columns / sizeof *columns};
	const struct fed_clients *clients = &fed_session_parts(shell->session)->clients;
	const struct fed_event_log *r = fed_session_event_log(shell->session);

	for (const struct fed_logged_event *e; (e = fed_event_log_at(r, k)); k++) {
		const bool round = e->kind == FED_EVENT_ROUND, one = e->client != FED_SERVER;
		const char *text = fed_event_log_text(r, e);
		const char *name = one ? fed_client_name(clients, e->client) : NULL;

		if (!fed_event_filter_passes(event_filter, r, e))
			continue;
		fed__table_integer(&table, e->version);
		fed__table_seconds(&table, e->clock);
		fed__table_cell(&table, "%s", fed_event_name(e->kind));
		fed__table_real(&table, one ? e->client : NAN, "%.0f");
		fed__table_cell(&table, "%s", name ? name : "");
		fed__table_bytes(&table, !round && e->bytes ? (double)e->bytes : NAN);
		fed__table_real(&table, round ? e->accuracy : NAN, "%#.4g");
		fed__table_real(&table, round ? e->loss : NAN, "%#.4g");
		fed__table_cell(&table, "%s", text ? text : "");
		fed__table_cell(&table, "%s", e->undone ? "yes" : "no");
	}
	fed__table_print(shell, &table);
}

static void print_from(struct fed_shell *shell, uint64_t k,
                       const struct fed_event_filter *event_filter)
{
	const struct fed_event_log *r = fed_session_event_log(shell->session);
	struct fed_text line = {0};

	for (const struct fed_logged_event *e; (e = fed_event_log_at(r, k)); k++) {
		if (!fed_event_filter_passes(event_filter, r, e))
			continue;
		fed_text_clear(&line);
		fed_logged_event_put(&line, r, e, &fed_session_parts(shell->session)->clients);
		fed__print(shell, "%s\n", fed_text_str(&line));
	}
	fed_text_release(&line);
}

static void say_nothing(struct fed_shell *shell, bool any_kind)
{
	const struct fed_session *s = shell->session;
	const struct fed_event_log *r = fed_session_event_log(s);
	struct fed_text text = {0};

	if (r->n)
		fed_text_add(&text, any_kind ? "no such event; `log kind=all` shows the steps, too"
		                             : "no such event");
	if (r->n && fed_event_log_begins(r, fed_session_version(s)))
		fed_text_add(&text, "; ");
	fed_event_log_put_begin(s, &text);
	fed__print(shell, "%s\n", text.len ? fed_text_str(&text) : "nothing happened yet");
	fed_text_release(&text);
}

const struct fed_field fed__log_rows[] = {
	FED_ARG_INT(struct fed_log_args, n, FED_FIELD_POSITIONAL, 20, 1, 1e9,
                "number of events, the last that match"),
	FED_ARG_TEXT(struct fed_log_args, kind, 0, "event",
                 "kinds joined by commas (refused,lost), or all; without it no steps"),
	FED_ARG_TEXT(struct fed_log_args, client, 0, "who", "of these clients: 3, 1-5, all"),
	FED_ARG_TEXT(struct fed_log_args, version, 0, "version", "at these versions: 7, 3-5, 3-"),
	FED_ARG_TEXT(struct fed_log_args, text, 0, "text", "with this in their text"),
	FED_END,
};
int fed__run_log(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_log_args *f = call->args;

	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_event_log *r = fed_session_event_log(s);
	const struct fed_event_filter_spec words = {f->kind, f->client, f->version, f->text};
	struct fed_event_filter event_filter;

	if (fed_event_filter_init(&event_filter, &words, &parts->clients,
	                          (uint64_t)parts->settings.seed, fed_session_draws(s), err))
		return FED_FAIL;
	uint64_t first = r->n + 1;
	int64_t left = f->n;
	for (uint64_t k = r->n; left > 0 && fed_event_log_at(r, k); k--)
		if (fed_event_filter_passes(&event_filter, r, fed_event_log_at(r, k))) {
			first = k;
			left--;
		}
	if (left == f->n)
		say_nothing(shell, !*f->kind);
	(shell->form == FED_FORM_TEXT ? print_from : tabulate_from)(shell, first, &event_filter);
	fed_event_filter_release(&event_filter);
	return FED_OK;
}
