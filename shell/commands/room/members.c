/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/room/members.c - the command `room`: who is there, and what each does.
 */
#include "shell/commands/room/members.h"

#include <math.h>

#include "base/cpu.h"
#include "shell/output/print.h"
#include "shell/serving/serving.h"

/* Counts --------------------------------------------------------------------------------- */

static void put_count(struct fed_text *out, unsigned n, const char *words, bool always)
{
	if (n || always)
		fed_text_add(out, "%s%u %s", out->len ? ", " : "", n, words);
}

void fed__put_members(struct fed_text *out, const struct fed_room *room)
{
	unsigned n[FED_MEMBER_OUT + 1] = {0}, silent = 0;

	for (uint32_t i = 0; i < fed_room_members(room); i++) {
		const struct fed_member *m = fed_room_member(room, i);

		n[m->state]++;
		silent += m->silent && m->state == FED_MEMBER_CLIENT;
	}
	put_count(out, n[FED_MEMBER_CLIENT], "here", true);
	put_count(out, silent, "of them silent", false);
	put_count(out, n[FED_MEMBER_PREPARES] + n[FED_MEMBER_READY],
	          n[FED_MEMBER_PREPARES] + n[FED_MEMBER_READY] == 1 ? "prepares" : "prepare", false);
	put_count(out, n[FED_MEMBER_WAITS],
	          n[FED_MEMBER_WAITS] == 1 ? "waits for approval" : "wait for approval", false);
	put_count(out, n[FED_MEMBER_UNFIT], n[FED_MEMBER_UNFIT] == 1 ? "does not fit" : "do not fit",
	          false);
	put_count(out, n[FED_MEMBER_LEFT], "left", false);
	put_count(out, n[FED_MEMBER_OUT], "sent out", false);
}

/* "; Ada and Bo work" */
static void put_awaited(struct fed_text *out, const struct fed_room *room)
{
	enum { NAMES = 5 };
	struct fed_text names = {0};
	unsigned n = 0;

	for (uint32_t i = 0; i < fed_room_members(room); i++) {
		const struct fed_member *m = fed_room_member(room, i);

		if (!m->asked || m->state != FED_MEMBER_CLIENT)
			continue;
		if (n++ < NAMES)
			fed_text_add(&names, "%s%s", names.len ? ", " : "", m->name);
	}
	if (n > NAMES)
		fed_text_add(&names, " and %u more", n - NAMES);
	if (n)
		fed_text_add(out, "; the round waits for %s", fed_text_str(&names));
	fed_text_release(&names);
}

/* Table ---------------------------------------------------------------------------------- */

/* A share of a message as "its model is on the way, 41 %". */
static void put_share(struct fed_text *out, const char *what, uint64_t part, uint64_t whole)
{
	fed_text_add(out, "%s", what);
	if (whole)
		fed_text_add(out, ", %.0f %%", 100.0 * (double)part / (double)whole);
}

/* What a client does, and since when. */
static void put_activity(struct fed_text *out, const struct fed_member *m,
                         const struct fed_network_peer *peer)
{
	if (m->state != FED_MEMBER_CLIENT) {
		fed_text_add(out, "%s", m->why);
		return;
	}
	if (!m->asked) {
		fed_text_add(out, "waits for work");
		return;
	}
	if (peer->arrived)
		put_share(out, "its answer arrives", peer->arrived, peer->incoming);
	else if (m->has_it)
		fed_text_add(out, "works");
	else
		put_share(out, "the model travels", peer->acknowledged, peer->outgoing);
	fed_text_add(out, ", for ");
	fed_text_seconds(out, fed_wall_seconds() - m->asked_at);
}

static void put_member(struct fed_table *t, const struct fed_room *room, uint32_t i)
{
	const struct fed_member *m = fed_room_member(room, i);
	struct fed_network_peer peer = {.round_trip = NAN};
	struct fed_text text = {0};

	const bool known = fed_room_peer(room, i, &peer);
	fed__table_cell(t, "%s", m->name);
	fed__table_cell(t, "%s", fed_member_states[m->state]);
	fed__table_real(t, m->client == FED_SERVER ? NAN : (double)m->client, "%.0f");
	fed__table_count(t, m->examples ? (double)m->examples : NAN);
	put_activity(&text, m, &peer);
	fed__table_cell(t, "%s", fed_text_str(&text));
	fed__table_bytes(t, known ? (double)peer.sent : NAN);
	fed__table_bytes(t, known ? (double)peer.received : NAN);
	fed__table_seconds(t, peer.round_trip);
	fed__table_seconds(t, m->silent && known ? fed_wall_seconds() - peer.heard : NAN);
	fed__table_cell(t, "%s", m->fingerprint);
	fed__table_cell(t, "%s", known && *peer.address ? peer.address : "-");
	fed__table_cell(t, "%s", *m->isa ? m->isa : "-");
	fed_text_release(&text);
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
	struct fed_text head = {0};

	(void)call, (void)err;
	if (!shell->room) {
		fed__print(shell, "no room is open; `serve` opens one\n");
		return FED_OK;
	}
	fed__put_members(&head, shell->room);
	put_awaited(&head, shell->room);
	fed__print(shell, "%s\n", fed_text_str(&head));
	for (uint32_t i = 0; i < fed_room_members(shell->room); i++)
		put_member(&table, shell->room, i);
	if (fed_room_members(shell->room))
		fed__table_print(shell, &table);
	fed__table_release(&table);
	fed_text_release(&head);
	return FED_OK;
}
