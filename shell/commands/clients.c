/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/clients.c - the table of clients, with labels as small bars.
 */
#include "shell/commands/clients.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "session/composition.h"
#include "session/inject.h"
#include "report/label_histogram.h"
#include "history/client_selector.h"
#include "shell/output/print.h"

#define SHOWN 20 /* rows without WHO */

static int add_client(struct fed_shell *shell, struct fed_table *t, uint32_t id,
                      struct fed_error *err)
{
	const struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_client *client = fed_clients_get(&parts->clients, id);
	struct fed_text text = {0};

	fed__table_integer(t, id);
	fed__table_integer(t, client->count);
	if (parts->data->classes &&
	    fed_labels_put(&text, client, parts->data, FED_BARS_MAX, shell->screen.utf8, err)) {
		fed_text_release(&text);
		return FED_FAIL;
	}
	fed__table_cell(t, "%s", parts->data->classes ? fed_text_str(&text) : "-");
	fed__table_cell(t, "%s", fed_partition_names[parts->clients.block[client->block].how.kind]);
	fed_text_clear(&text);
	fed_device_put(&text, client->device_profile, client->device);
	fed__table_cell(t, "%s", fed_text_str(&text));
	fed_text_clear(&text);
	fed_link_put(&text, client->link_profile, &client->link);
	fed__table_cell(t, "%s", fed_text_str(&text));
	fed__table_integer(t, client->rounds);
	fed__table_real(t, (double)client->loss, "%.4g");
	fed_text_clear(&text);
	fed_client_put_faults(s, id, &text);
	if (parts->faults.n)
		fed__table_cell(t, "%s", text.len ? fed_text_str(&text) : "-");
	fed_text_release(&text);
	return FED_OK;
}

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
	fed_text_add(&text, "%s held, %u to %u each, ", held == 1 ? " example" : " examples", least,
	             most);
	fed_text_count(&text, (double)trained);
	fed_text_add(&text, " took part, ");
	fed_text_count(&text, all->pool.left);
	fed__print(shell, "%s example%s left in the pool\n", fed_text_str(&text),
	           all->pool.left == 1 ? "" : "s");
	fed_text_release(&text);
}

int fed__show_clients(struct fed_shell *shell, const char *who, struct fed_error *err)
{
	struct fed_session *s = shell->session;
	const struct fed_composition *parts = fed_session_parts(s);
	static const struct fed_table_column columns[] = {
		{.title = "client", .kind = FED_CELL_NUMBER},
		{.title = "examples", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "labels", .rank = 1},
		{.title = "partition", .rank = 4},
		{.title = "device", .rank = 2},
		{.title = "link", .rank = 3},
		{.title = "rounds", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "loss", .kind = FED_CELL_NUMBER},
		{.title = "faults", .kind = FED_CELL_PROSE},
	};
	struct fed_table table = {
		.name = "clients", .column = columns, .columns = parts->faults.n ? 9 : 8};
	uint64_t draw = fed_session_draws(s); /* a copy: the session's random stream is not advanced */
	uint32_t *ids = NULL, n = parts->clients.n_present;
	int rc = FED_OK;

	if (!n) {
		if (who)
			return fed_fail(err, "there are no clients; `add-client 10` makes some");
		fed__print(shell, "no clients yet; `add-client 10` makes some\n");
		return FED_OK;
	}
	if (who && fed_client_selector_parse(who, &parts->clients, (uint64_t)parts->settings.seed,
	                                     &draw, &ids, &n, err))
		return FED_FAIL;
	const uint32_t shown = !who && n > SHOWN ? SHOWN : n;
	for (uint32_t i = 0; rc == FED_OK && i < shown; i++)
		rc = add_client(shell, &table, ids ? ids[i] : parts->clients.present[i], err);
	fed_free(ids);
	if (rc) {
		fed__table_release(&table);
		return FED_FAIL;
	}
	fed__table_print(shell, &table);
	if (shown < n)
		fed__print(shell, "  and %u more; `clients all` shows them\n", n - shown);
	summarise(shell);
	return FED_OK;
}
