/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/room.c - the view `room`: clients on other machines, what each does, whom the round
 * waits for. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "tui/views/room_head.h"
#include "tui/views/room_table.h"
#include "tui/views/selection.h"
#include "tui/views/views.h"

struct room_view {
	struct fed_room_head head;
	struct fed_room_table table;
	struct fed_room_status *now; /* for stamps, which change no state */
};

static int paint_room(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                      struct fed_error *err)
{
	struct room_view *st = state;

	if (fed__room_table_refresh(&st->table, w, err))
		return FED_FAIL;
	if (!st->table.room.open) {
		fed__cells_say(canvas, 0,
		               "no room is open: `serve` opens one; clients on other machines join by the "
		               "line that it prints, `fedsh join HOST:PORT CODE`",
		               (struct fed_style){0});
		return FED_OK;
	}
	fed__room_table_paint(&st->table, w, canvas,
	                      fed__room_head_paint(&st->head, &st->table.room, w, canvas));
	return FED_OK;
}

/* Keys ------------------------------------------------------------------------------------ */

static int press_move(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct room_view *st = state;
	const int64_t page = st->table.rows > 1 ? st->table.rows - 1 : 1, row = st->table.row;

	if (fed__room_table_refresh(&st->table, w, err))
		return FED_FAIL;
	switch (press->code) {
	case FED_KEY_UP:
		fed__room_table_go(&st->table, row - 1);
		break;
	case FED_KEY_DOWN:
		fed__room_table_go(&st->table, row + 1);
		break;
	case FED_KEY_PAGE_UP:
		fed__room_table_go(&st->table, row - page);
		break;
	case FED_KEY_PAGE_DOWN:
		fed__room_table_go(&st->table, row + page);
		break;
	default:
		fed__room_table_go(&st->table, press->code == FED_KEY_HOME ? 0 : INT64_MAX);
	}
	return FED_OK;
}

/* Keys that change what is shown: the order of the members, the head. */
static int press_shown(void *state, struct fed_watched *w, const struct fed_press *press,
                       struct fed_error *err)
{
	struct room_view *st = state;

	(void)w, (void)err;
	switch (press->code) {
	case '[':
	case ']':
		fed__room_table_sort_beside(&st->table, press->code == '[' ? -1 : 1);
		break;
	case 'o':
		fed__room_table_sort(&st->table, st->table.sort);
		break;
	case 'w':
		st->table.awaited_first = !st->table.awaited_first;
		break;
	case 'c':
		st->head.small = !st->head.small;
		break;
	case 'a':
		if (st->table.room.addresses)
			st->head.address = (st->head.address + 1) % st->table.room.addresses;
		break;
	default:;
	}
	return FED_OK;
}

static int press_mark(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct room_view *st = state;

	(void)press;
	if (fed__room_table_refresh(&st->table, w, err))
		return FED_FAIL;
	const struct fed_member_status *m = fed__room_table_chosen(&st->table);
	if (!m)
		return FED_OK;
	if (m->member.client == FED_SERVER)
		return fed_fail(err, "%s is no client yet", m->member.name);
	if (fed__selection_turn(w, m->member.client, err))
		return FED_FAIL;
	fed__room_table_go(&st->table, (int64_t)st->table.row + 1);
	return FED_OK;
}

static int press_unmark(void *state, struct fed_watched *w, const struct fed_press *press,
                        struct fed_error *err)
{
	(void)state, (void)press, (void)err;
	w->n_marked = 0;
	return FED_OK;
}

/* Have a command run about the member at the cursor. */
static void command(struct fed_watched *w, const char *name, const struct fed_member_status *m)
{
	struct fed_text line = {0};

	fed_text_add(&line, "%s %s", name, m->member.name);
	w->command(w->ctx, fed_text_str(&line));
	fed_text_release(&line);
}

static int press_admit(void *state, struct fed_watched *w, const struct fed_press *press,
                       struct fed_error *err)
{
	struct room_view *st = state;

	(void)press;
	if (fed__room_table_refresh(&st->table, w, err))
		return FED_FAIL;
	const struct fed_member_status *m = fed__room_table_chosen(&st->table);
	if (m && m->member.state == FED_MEMBER_WAITS)
		command(w, "approve", m);
	else if (m && m->member.state == FED_MEMBER_OUT)
		command(w, "readmit", m);
	return FED_OK;
}

static int press_admit_all(void *state, struct fed_watched *w, const struct fed_press *press,
                           struct fed_error *err)
{
	struct room_view *st = state;

	(void)press, (void)err;
	if (st->table.room.in[FED_MEMBER_WAITS])
		w->command(w->ctx, "approve all");
	return FED_OK;
}

static int press_kick(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct room_view *st = state;

	(void)press;
	if (fed__room_table_refresh(&st->table, w, err))
		return FED_FAIL;
	const struct fed_member_status *m = fed__room_table_chosen(&st->table);
	if (m && m->member.state != FED_MEMBER_OUT)
		command(w, "kick", m);
	return FED_OK;
}

/* A click on a title sorts by its column, on a row moves the cursor. */
static int press_click(void *state, struct fed_watched *w, const struct fed_press *press,
                       struct fed_error *err)
{
	struct fed_room_table *t = &((struct room_view *)state)->table;
	const int row = press->row - t->at - 1;

	if (fed__room_table_refresh(t, w, err))
		return FED_FAIL;
	if (t->room.open && press->row == t->at)
		fed__room_table_sort_at(t, press->column);
	if (row >= 0 && (uint32_t)row < t->rows && t->top + (uint32_t)row < t->n)
		fed__room_table_go(t, (int64_t)t->top + row);
	return FED_OK;
}

static bool has_members(const void *state, const struct fed_watched *w)
{
	(void)w;
	return fed__room_table_chosen(&((const struct room_view *)state)->table) != NULL;
}

static bool can_admit(const void *state, const struct fed_watched *w)
{
	const struct fed_member_status *m =
		fed__room_table_chosen(&((const struct room_view *)state)->table);

	(void)w;
	return m && (m->member.state == FED_MEMBER_WAITS || m->member.state == FED_MEMBER_OUT);
}

static bool is_open(const void *state, const struct fed_watched *w)
{
	(void)w;
	return ((const struct room_view *)state)->table.room.open;
}

static bool has_addresses(const void *state, const struct fed_watched *w)
{
	const struct fed_room_status *room = &((const struct room_view *)state)->table.room;

	(void)w;
	return room->open && room->addresses > 1;
}

static bool some_wait(const void *state, const struct fed_watched *w)
{
	return is_open(state, w) &&
	       ((const struct room_view *)state)->table.room.in[FED_MEMBER_WAITS] > 1;
}

static const struct fed_key keys[] = {
	{FED_KEY_UP, 0, "up", "the member above", press_move, NULL},
	{FED_KEY_DOWN, 0, "down", "the member below", press_move, NULL},
	{FED_KEY_PAGE_UP, 0, "page up", "a page up", press_move, NULL},
	{FED_KEY_PAGE_DOWN, 0, "page down", "a page down", press_move, NULL},
	{FED_KEY_HOME, 0, "home", "the first one", press_move, NULL},
	{FED_KEY_END, 0, "end", "the last one", press_move, NULL},
	{FED_KEY_ENTER, 0, "enter", "admit the member, who waits or was sent out", press_admit,
     can_admit},
	{'A', 0, "A", "admit all who wait", press_admit_all, some_wait},
	{'K', 0, "K", "send the member out; enter lets it come back", press_kick, has_members},
	{'w', 0, "w", "those whom the round waits for first, or not", press_shown, has_members},
	{'[', 0, "[", "sort by the column on the left", press_shown, NULL},
	{']', 0, "]", "sort by the next column", press_shown, has_members},
	{'o', 0, "o", "reverse the order", press_shown, has_members},
	{'c', 0, "c", "address and code in large letters, or not", press_shown, is_open},
	{'a', 0, "a", "another address of this machine", press_shown, has_addresses},
	{'x', 0, "x", "mark the member's client, or take its mark away", press_mark, has_members},
	{'u', 0, "u", "take all marks away", press_unmark, NULL},
	{FED_KEY_CLICK, 0, "click", "on a title: sort by it; on a row: go there", press_click, NULL},
	{.code = 0},
};

/* ------------------------------------------------------------------------------------------ */

static uint64_t stamp_member(uint64_t stamp, const struct fed_member_status *m)
{
	const bool times = m->task != FED_TASK_NONE;
	const uint64_t values[] = {
		m->member.state,
		m->member.client,
		m->member.silent,
		m->member.examples,
		m->member.answered,
		m->member.vote,
		(uint64_t)m->task,
		isnan(m->share) ? 1u << 20 : (uint64_t)(100 * fmin(m->share, 999)),
		times ? (uint64_t)m->asked_for : 0,
		isnan(fed__room_silence(m)) ? 0 : (uint64_t)m->silence,
		isnan(m->peer.round_trip) ? 0 : (uint64_t)(1e6 * m->peer.round_trip),
		m->peer.sent,
		m->peer.received,
	};

	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		stamp = fed__stamp_with(stamp, values[i]);
	return stamp;
}

static uint64_t stamp_room(const void *state, const struct fed_watched *w)
{
	const struct room_view *st = state;
	struct fed_room_status *room = st->now;
	struct fed_error unused;
	double elapsed, left;

	if (!w->room || w->room->status(w->room->ctx, room, &unused))
		return fed__stamp_of(w);
	uint64_t stamp = fed__stamp_with(fed__stamp_of(w), room->open);
	if (!room->open)
		return stamp;
	for (const char *c = room->code; *c; c++)
		stamp = fed__stamp_with(stamp, (unsigned char)*c);
	stamp = fed__stamp_with(stamp, room->addresses);
	if (fed__room_round_times(w->session, &elapsed, &left))
		stamp = fed__stamp_with(stamp, (uint64_t)elapsed);
	for (uint32_t i = 0; i < room->n; i++)
		stamp = stamp_member(stamp, &room->member[i]);
	return stamp;
}

static int filter(void *state, struct fed_watched *w, const char *text, struct fed_error *err)
{
	struct room_view *st = state;

	(void)w;
	if (strlen(text) >= sizeof st->table.filter)
		return fed_fail(err, "the filter is too long; a part of a name or of a state is enough");
	memcpy(st->table.filter, text, strlen(text) + 1);
	return FED_OK;
}

static const char *filtered(const void *state)
{
	return ((const struct room_view *)state)->table.filter;
}

static int open_view(void *state, struct fed_watched *w, struct fed_error *err)
{
	struct room_view *st = state;

	(void)w;
	fed__room_table_init(&st->table);
	st->now = fed_alloc(sizeof *st->now);
	return st->now ? FED_OK : fed_fail_memory(err, sizeof *st->now, "the view of the room");
}

static void close_view(void *state)
{
	struct room_view *st = state;

	fed__room_table_release(&st->table);
	if (st->now)
		fed_room_status_release(st->now);
	fed_free(st->now);
	st->now = NULL;
}

const struct fed_view fed__view_room = {
	.name = "room",
	.help = "clients on other machines: what each does, whom the round waits for",
	.state_size = sizeof(struct room_view),
	.keys = keys,
	.open = open_view,
	.close = close_view,
	.stamp = stamp_room,
	.paint = paint_room,
	.filter = filter,
	.filtered = filtered,
};
