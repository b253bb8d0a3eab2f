/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/roles.c - the commands `role`, `votes` and `reveal`.
 */
#include "shell/commands/room/roles.h"

#include "room/roles.h"
#include "session/composition.h"
#include "shell/output/print.h"
#include "shell/serving/serving.h"

const struct fed_field fed__role_rows[] = {
	FED_ARG_TEXT(struct fed_role_args, fault, FED_ARG_NEEDED, "fault",
                 "byzantine, drift, data-arrives, data-expires"),
	FED_ARG_TEXT(struct fed_role_args, who, FED_ARG_NEEDED, "member",
                 "a member's name, the number of its client, all, random:N"),
	FED_FLAG(struct fed_role_args, secret, "drawn by lot among those that have agreed before"),
	FED_END,
};

static int check_room(const struct fed_shell *shell, struct fed_error *err)
{
	return shell->room ? FED_OK : fed_reject(err, "no room is open; `serve` opens one");
}

int fed__run_role(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_role_args *a = call->args;
	const struct fed_role_order order = {.fault = a->fault,
	                                     .who = a->who,
	                                     .secret = a->secret,
	                                     .assign = call->extra,
	                                     .n = call->n_extra};
	uint32_t n;

	if (check_room(shell, err) || fed_room_give_role(shell->room, &order, &n, err))
		return FED_REJECT;
	if (a->secret)
		fed__print(shell,
		           "drawn: %u of the members that agreed; all were told that some may attack; "
		           "`votes` counts, `reveal` ends it\n",
		           n);
	else
		fed__print(shell, "%u member%s asked; what they answer is told here\n", n,
		           n == 1 ? " was" : "s were");
	fed__serving_attend(shell);
	return FED_OK;
}

int fed__run_votes(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	static const struct fed_table_column columns[] = {
		{.title = "client", .kind = FED_CELL_NUMBER},
		{.title = "member"},
		{.title = "votes", .kind = FED_CELL_NUMBER},
	};
	struct fed_table table = {.name = "votes", .column = columns, .columns = 3};
	uint32_t shown = 0;

	(void)call;
	if (check_room(shell, err))
		return FED_REJECT;
	fed__serving_attend(shell);
	for (uint32_t i = 0; i < fed_room_members(shell->room); i++) {
		const struct fed_member *m = fed_room_member(shell->room, i);
		const uint32_t votes = m->client == FED_SERVER ? 0 : fed_room_votes(shell->room, m->client);

		if (!votes)
			continue;
		fed__table_integer(&table, m->client);
		fed__table_cell(&table, "%s", m->name);
		fed__table_integer(&table, votes);
		shown++;
	}
	fed__print(shell, "%u of %u members have voted\n", fed_room_voters(shell->room),
	           fed_room_members(shell->room));
	if (shown)
		fed__table_print(shell, &table);
	fed__table_release(&table);
	return FED_OK;
}

int fed__run_reveal(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	struct fed_text text = {0};

	(void)call;
	if (check_room(shell, err))
		return FED_REJECT;
	fed__serving_attend(shell);
	const int rc = fed_room_reveal(shell->room, &text, err);
	if (rc == FED_OK)
		fed__print(shell, "%s", fed_text_str(&text));
	fed_text_release(&text);
	return rc;
}
