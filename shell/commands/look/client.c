/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/client.c - the command `client`: a client's properties and its invitations.
 */
#include "shell/commands/look/client.h"

#include <math.h>

#include "history/event_log.h"
#include "base/mem.h"
#include "report/invitation_text.h"
#include "session/composition.h"
#include "session/inject.h"
#include "history/client_selector.h"
#include "report/label_histogram.h"
#include "train/clients/names.h"
#include "shell/output/print.h"

/* Properties ------------------------------------------------------------------- */

/* "81.2 % on the 12 examples that it holds out, loss 0.6123" */
static void cell_evaluation(struct fed_table *t, const struct fed_client *client,
                            struct fed_client_evaluation e)
{
	struct fed_text text = {0};

	if (!client->holdout)
		return;
	if (!isnan(e.accuracy))
		fed_text_add(&text, "%.1f %% ", 100 * (double)e.accuracy);
	fed_text_add(&text, "on the %u example%s that it holds out", client->holdout,
	             client->holdout == 1 ? "" : "s");
	if (isnan(e.loss))
		fed_text_add(&text, ": not evaluated yet");
	else
		fed_text_add(&text, ", loss %.4g", (double)e.loss);
	fed__table_cell(t, isnan(e.accuracy) ? "evaluation" : "accuracy");
	fed__table_cell(t, "%s", fed_text_str(&text));
	fed_text_clear(&text);
	if (!isnan(e.own_accuracy))
		fed_text_add(&text, "%.1f %% of its own model, ", 100 * (double)e.own_accuracy);
	if (!isnan(e.own_loss)) {
		fed_text_add(&text, "loss %.4g", (double)e.own_loss);
		fed__table_cell(t, isnan(e.own_accuracy) ? "own evaluation" : "own accuracy");
		fed__table_cell(t, "%s", fed_text_str(&text));
	}
	fed_text_release(&text);
}

static int describe(struct fed_shell *shell, uint32_t id, struct fed_error *err)
{
	const struct fed_session *s = shell->session;
	const struct fed_client *client = fed_clients_get(&fed_session_parts(s)->clients, id);
	static const struct fed_table_column columns[] = {{.title = "name"},
	                                                  {.title = "value", .kind = FED_CELL_PROSE}};
	struct fed_table table = {.name = "client", .column = columns, .columns = 2, .untitled = true};
	struct fed_text text = {0};

	if (fed_client_put_data(&text, s, client, shell->screen.utf8, err)) {
		fed_text_release(&text);
		return FED_FAIL;
	}
	fed__table_cell(&table, "data");
	fed__table_cell(&table, "%s", fed_text_str(&text));
	fed_text_clear(&text);
	fed_device_put(&text, client->device_profile, client->device);
	fed__table_cell(&table, "device");
	fed__table_cell(&table, "%s", fed_text_str(&text));
	fed_text_clear(&text);
	fed_link_put(&text, client->link_profile, &client->link);
	fed__table_cell(&table, "link");
	fed__table_cell(&table, "%s", fed_text_str(&text));
	fed__table_cell(&table, "updates used");
	fed__table_integer(&table, client->rounds);
	if (!isnan(client->loss)) {
		fed__table_cell(&table, "last loss");
		fed__table_real(&table, (double)client->loss, "%#.4g");
	}
	cell_evaluation(&table, client, fed_client_evaluation(&fed_session_parts(s)->clients, id));
	fed_text_clear(&text);
	fed_client_put_faults(s, id, &text);
	if (text.len) {
		fed__table_cell(&table, "faults");
		fed__table_cell(&table, "%s", fed_text_str(&text));
	}
	fed_text_clear(&text);
	fed_client_put(&text, &fed_session_parts(s)->clients, id);
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed__table_print(shell, &table);
	fed_text_release(&text);
	return FED_OK;
}

/* Invitations ------------------------------------------------------------------ */

static void cell_bytes(struct fed_table *t, uint64_t bytes)
{
	fed__table_bytes(t, bytes ? (double)bytes : NAN);
}

static void add_invitation(struct fed_table *t, const struct fed_event_log *r,
                           const struct fed_invitation_record *x)
{
	struct fed_text outcome = {0};

	fed__table_integer(t, x->version);
	fed__table_seconds(t, x->sent);
	cell_bytes(t, x->bytes_down);
	fed__table_seconds(t, x->received - x->sent);
	fed__table_seconds(t, fed_invitation_computed_seconds(x));
	cell_bytes(t, x->bytes_up);
	fed__table_seconds(t, x->state <= FED_INVITATION_REFUSED ? x->ended - x->left : NAN);
	fed__table_seconds(t, x->ended);
	fed_invitation_put_outcome(x, r, &outcome);
	fed__table_cell(t, "%s", fed_text_str(&outcome));
	fed_text_release(&outcome);
}

/* Say from when on invitations are known. */
static void say_begin(struct fed_shell *shell)
{
	struct fed_text text = {0};

	fed_event_log_put_begin(shell->session, &text);
	if (text.len)
		fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

static void say_none(struct fed_shell *shell)
{
	struct fed_text text = {0};

	fed_invitation_log_put_none(shell->session, &text);
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

static int show_invitations(struct fed_shell *shell, uint32_t id, uint64_t most,
                            struct fed_error *err)
{
	static const struct fed_table_column columns[] = {
		{.title = "version", .kind = FED_CELL_NUMBER},
		{.title = "sent at", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "bytes down", .kind = FED_CELL_NUMBER, .rank = 4},
		{.title = "download", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "trained", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "bytes up", .kind = FED_CELL_NUMBER, .rank = 4},
		{.title = "upload", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "ended at", .kind = FED_CELL_NUMBER, .rank = 3},
		{.title = "what became of it", .kind = FED_CELL_PROSE, .key = "outcome"},
	};
	struct fed_table table = {
		.name = "invitations", .column = columns, .columns = sizeof columns / sizeof *columns};
	const struct fed_event_log *r = fed_session_event_log(shell->session);
	const struct fed_invitation_log *j = &r->invitation_log;
	uint64_t n = 0;

	for (const struct fed_invitation_record *x = fed_invitation_log_last(j, id); x;
	     x = fed_invitation_log_before(j, x))
		n++;
	if (!n) {
		say_none(shell);
		return FED_OK;
	}
	const uint64_t shown = n < most ? n : most;
	const struct fed_invitation_record **row =
		fed_alloc_array(shown, sizeof(struct fed_invitation_record *));
	if (!row)
		return fed_fail_memory(err, shown * sizeof *row, "the invitations");
	if (n > shown)
		fed__print(shell, "%llu invitations, the last %llu; `client %u n=%llu` shows all\n",
		           (unsigned long long)n, (unsigned long long)shown, id, (unsigned long long)n);
	say_begin(shell);
	const struct fed_invitation_record *x = fed_invitation_log_last(j, id);
	for (uint64_t i = shown; i-- > 0; x = fed_invitation_log_before(j, x))
		row[i] = x;
	for (uint64_t i = 0; i < shown; i++)
		add_invitation(&table, r, row[i]);
	fed__table_print(shell, &table);
	fed_free(row);
	return FED_OK;
}

const struct fed_field fed__client_arg_rows[] = {
	FED_ARG_TEXT(struct fed_client_args, client, FED_ARG_NEEDED, "client",
                 "a client's number or name"),
	FED_ARG_INT(struct fed_client_args, n, 0, 20, 1, 1e9, "its last N invitations"),
	FED_END,
};
int fed__run_client(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_client_args *a = call->args;
	const struct fed_clients *c = &fed_session_parts(shell->session)->clients;
	uint32_t id;

	if (fed_client_parse(a->client, c, &id, err))
		return FED_FAIL;
	if (!fed_clients_get(c, id))
		fed__print(shell, "client %u was removed\n", id);
	else if (describe(shell, id, err))
		return FED_FAIL;
	return show_invitations(shell, id, (uint64_t)a->n, err);
}
