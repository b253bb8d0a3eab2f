/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/members.c - the command `room`: who is there, and what each does.
 */
#include "shell/commands/room/members.h"

#include <math.h>

#include "shell/output/print.h"
#include "shell/serving/serving.h"

enum { NAMES = 5 }; /* of those that are waited for */

/* "the model travels, 41 %, for 3.1 s" */
static void put_task(struct fed_text *out, const struct fed_member_status *m)
{
	static const char *const words[FED_TASKS] = {
		[FED_TASK_NONE] = "waits for work",
		[FED_TASK_RECEIVES] = "the model travels",
		[FED_TASK_WORKS] = "works",
		[FED_TASK_SENDS] = "its answer arrives",
	};

	if (m->member.state != FED_MEMBER_CLIENT) {
		fed_text_add(out, "%s", m->member.why);
		return;
	}
	fed_text_add(out, "%s", words[m->task]);
	if (m->task == FED_TASK_NONE)
		return;
	if (isfinite(m->share) && m->task != FED_TASK_WORKS)
		fed_text_add(out, ", %.0f %%", 100 * m->share);
	fed_text_add(out, ", for ");
	fed_text_seconds(out, m->asked_for);
}

static void put_member(struct fed_table *t, const struct fed_member_status *s)
{
	const struct fed_member *m = &s->member;
	const bool known = isfinite(s->silence);
	struct fed_text text = {0};

	fed__table_cell(t, "%s", m->name);
	fed__table_cell(t, "%s", fed_member_states[m->state]);
	fed__table_real(t, m->client == FED_SERVER ? NAN : (double)m->client, "%.0f");
	fed__table_count(t, m->examples ? (double)m->examples : NAN);
	put_task(&text, s);
	fed__table_cell(t, "%s", text.len ? fed_text_str(&text) : "-");
	fed__table_bytes(t, known ? (double)s->peer.sent : NAN);
	fed__table_bytes(t, known ? (double)s->peer.received : NAN);
	fed__table_seconds(t, s->peer.round_trip);
	fed__table_seconds(t, m->silent && known ? s->silence : NAN);
	fed__table_cell(t, "%s", m->fingerprint);
	fed__table_cell(t, "%s", known && *s->peer.address ? s->peer.address : "-");
	fed__table_cell(t, "%s", *m->isa ? m->isa : "-");
	fed_text_release(&text);
}

int fed__put_members(struct fed_text *out, const struct fed_room *room, struct fed_error *err)
{
	struct fed_room_status status = {0};
	const int rc = fed_room_status(room, &status, err);

	if (rc == FED_OK)
		fed_room_put_counts(out, &status);
	fed_room_status_release(&status);
	return rc;
}

static void say_counts(struct fed_shell *shell, const struct fed_room_status *status)
{
	struct fed_text head = {0};

	fed_room_put_counts(&head, status);
	if (status->asked) {
		fed_text_add(&head, "; the round waits for ");
		fed_room_put_asked(&head, status, NAMES);
	}
	fed__print(shell, "%s\n", fed_text_str(&head));
	fed_text_release(&head);
}

int fed__run_room(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	static const struct fed_table_column columns[] = {
		{.title = "member"},
		{.title = "state"},
		{.title = "client", .kind = FED_CELL_NUMBER, .rank = 1},
		{.title = "examples", .kind = FED_CELL_NUMBER, .rank = 2},
		{.title = "does", .kind = FED_CELL_PROSE, .rank = 3},
		{.title = "bytes down", .kind = FED_CELL_NUMBER, .rank = 5},
		{.title = "bytes up", .kind = FED_CELL_NUMBER, .rank = 5},
		{.title = "round trip", .kind = FED_CELL_NUMBER, .rank = 6},
		{.title = "silent", .kind = FED_CELL_NUMBER, .rank = 4},
		{.title = "key", .rank = 7},
		{.title = "address", .rank = 7},
		{.title = "isa", .rank = 8},
	};
	struct fed_table table = {
		.name = "room", .column = columns, .columns = sizeof columns / sizeof *columns};
	struct fed_room_status status = {0};

	(void)call;
	if (!shell->room) {
		fed__print(shell, "no room is open; `serve` opens one\n");
		return FED_OK;
	}
	fed__serving_attend(shell); /* the counts are of now */
	if (fed_room_status(shell->room, &status, err)) {
		fed_room_status_release(&status);
		return FED_FAIL;
	}
	say_counts(shell, &status);
	for (uint32_t i = 0; i < status.n; i++)
		put_member(&table, &status.member[i]);
	if (status.n)
		fed__table_print(shell, &table);
	fed__table_release(&table);
	fed_room_status_release(&status);
	return FED_OK;
}
