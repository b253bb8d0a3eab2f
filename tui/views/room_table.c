/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/room_table.c - the table of members in the view `room`. */
#include "tui/views/room_table.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "tui/widgets/glyphs.h"

enum { MARGIN = 3, NAME_WIDTH = 16, STATE_WIDTH = 10, CELLS = 12 };

/* What a member does ------------------------------------------------------------------ */

static const struct fed_activity_glyph states[] = {
	[FED_MEMBER_WAITS] = {NULL, '?', '?', FED_COLOR_YELLOW},
	[FED_MEMBER_PREPARES] = {NULL, 0x2026, ':', FED_COLOR_CYAN},
	[FED_MEMBER_READY] = {NULL, '+', '+', FED_COLOR_CYAN},
	[FED_MEMBER_CLIENT] = {NULL, 0xB7, '.', FED_COLOR_PLAIN},
	[FED_MEMBER_UNFIT] = {NULL, 0x2298, '%', FED_COLOR_RED},
	[FED_MEMBER_LEFT] = {NULL, 0x25CC, 'o', FED_COLOR_GREY},
	[FED_MEMBER_OUT] = {NULL, 0x2717, 'x', FED_COLOR_RED},
};
static const struct fed_activity_glyph silent = {"silent", '!', '!', FED_COLOR_MAGENTA};
static const char *const tasks[] = {"here", "receives", "works", "sends"};

static const struct fed_activity_glyph *task_mark(enum fed_member_task task)
{
	switch (task) {
	case FED_TASK_RECEIVES:
		return &fed__activity_marks[FED_ACTIVITY_DOWNLOADS];
	case FED_TASK_WORKS:
		return &fed__activity_marks[FED_ACTIVITY_TRAINS];
	case FED_TASK_SENDS:
		return &fed__activity_marks[FED_ACTIVITY_UPLOADS];
	default:
		return &states[FED_MEMBER_CLIENT];
	}
}

static const struct fed_activity_glyph *mark_of(const struct fed_member_status *m)
{
	if (m->member.state != FED_MEMBER_CLIENT)
		return &states[m->member.state];
	return m->member.silent ? &silent : task_mark(m->task);
}

static const char *state_of(const struct fed_member_status *m)
{
	if (m->member.state != FED_MEMBER_CLIENT)
		return fed_member_states[m->member.state];
	return m->member.silent ? silent.name : tasks[m->task];
}

/* Columns ----------------------------------------------------------------------------- */

/* Numbers to sort by; NaN is last. */
static double client_number(const struct fed_member_status *m)
{
	return m->member.client == FED_SERVER ? NAN : m->member.client;
}

static double progress(const struct fed_member_status *m)
{
	return m->task == FED_TASK_NONE ? NAN : m->task + (isnan(m->share) ? 0 : fmin(m->share, 1) / 2);
}

static double asked_for(const struct fed_member_status *m)
{
	return m->asked_for;
}

double fed__room_silence(const struct fed_member_status *m)
{
	return m->member.silent || m->member.state == FED_MEMBER_LEFT ? m->silence : NAN;
}

static double examples(const struct fed_member_status *m)
{
	return m->member.examples ? m->member.examples : NAN;
}

static double votes(const struct fed_member_status *m)
{
	return m->votes ? m->votes : NAN;
}

static double round_trip(const struct fed_member_status *m)
{
	return m->peer.round_trip;
}

static double answers(const struct fed_member_status *m)
{
	return (double)m->member.answered;
}

static double sent(const struct fed_member_status *m)
{
	return (double)m->peer.sent;
}

static double received(const struct fed_member_status *m)
{
	return (double)m->peer.received;
}

static void put_count_of(struct fed_text *out, double x)
{
	fed_text_add(out, "%.0f", x);
}

enum {
	NAME,
	CLIENT,
	STATE,
	PROGRESS,
	AWAITED,
	FOR,
	SILENT,
	EXAMPLES,
	VOTES,
	TRIP,
	ANSWERS,
	COLUMNS = 14
};
static const struct {
	struct fed_column column;
	const char *by;                                     /* "by name" */
	double (*number)(const struct fed_member_status *); /* NULL: text, or none */
	void (*put)(struct fed_text *, double);             /* a number that is not NaN */
	bool ascends;                                       /* natural order */
} columns[COLUMNS] = {
	[NAME] = {{"name", NAME_WIDTH, 0}, "name", .ascends = true},
	[CLIENT] = {{"client", 6, 3, true}, "client", client_number, put_count_of, true},
	[STATE] = {{"state", STATE_WIDTH, 1}, "state", .ascends = true},
	[PROGRESS] = {{"progress", CELLS + 7, 2}, "progress", progress, NULL, true},
	[AWAITED] = {{"round", 7, 4}, "time since it was asked", asked_for, NULL},
	[FOR] = {{"for", 10, 5, true}, "time since it was asked", asked_for, fed_text_seconds},
	[SILENT] = {{"silent", 10, 6, true}, "silence", fed__room_silence, fed_text_seconds},
	[EXAMPLES] = {{"examples", 9, 7, true}, "examples", examples, put_count_of},
	[VOTES] = {{"votes", 5, 3, true}, "votes", votes, put_count_of},
	[TRIP] = {{"round trip", 10, 8, true}, "round trip", round_trip, fed_text_seconds},
	[ANSWERS] = {{"answers", 7, 9, true}, "answers", answers, put_count_of},
	{{"sent", 8, 10, true}, "bytes sent to it", sent, fed_text_bytes},
	{{"received", 8, 11, true}, "bytes received of it", received, fed_text_bytes},
	{{"address", 15, 12, .stretchy = true}, "address", .ascends = true},
};
enum { ADDRESS = COLUMNS - 1 };

static const char *text_of(const struct fed_member_status *m, size_t column)
{
	return column == NAME      ? m->member.name
	       : column == STATE   ? state_of(m)
	       : column == AWAITED ? (m->task != FED_TASK_NONE ? "awaited" : "-")
	       : column == ADDRESS ? (*m->peer.address ? m->peer.address : "-")
	                           : "";
}

static void widen(struct fed_column *c, int width, int most)
{
	width = width < most ? width : most;
	c->width = width > c->width ? width : c->width;
}

/* Lay the columns out; the sorted one stays beside the name. */
static void fit(struct fed_room_table *st, int width)
{
	for (size_t k = 0; k < COLUMNS; k++) {
		st->column[k] = columns[k].column;
		if (k != NAME && k != STATE && k == st->sort)
			st->column[k].rank = 2;
	}
	if (!st->room.votes)
		st->column[VOTES].rank = -1;
	st->column[NAME].width = 0;
	for (uint32_t i = 0; i < st->room.n; i++) {
		const struct fed_member_status *m = &st->room.member[i];

		widen(&st->column[NAME], fed_text_width(m->member.name), NAME_WIDTH);
		widen(&st->column[STATE], 2 + fed_text_width(state_of(m)), INT_MAX);
	}
	fed__columns_fit(&st->shown, st->column, COLUMNS, MARGIN, width);
}

/* Rows -------------------------------------------------------------------------------- */

static bool descends(const struct fed_room_table *st)
{
	return columns[st->sort].ascends == st->reversed;
}

static int compare(const struct fed_room_table *st, uint32_t a, uint32_t b)
{
	const struct fed_member_status *x = &st->room.member[a], *y = &st->room.member[b];
	int order = 0;

	if (st->awaited_first && (x->task != FED_TASK_NONE) != (y->task != FED_TASK_NONE))
		return x->task != FED_TASK_NONE ? -1 : 1;
	if (columns[st->sort].number) {
		const double p = columns[st->sort].number(x), q = columns[st->sort].number(y);

		if (isnan(p) != isnan(q))
			return isnan(p) ? 1 : -1;
		order = isnan(p) ? 0 : (p > q) - (p < q);
	} else {
		order = strcmp(text_of(x, st->sort), text_of(y, st->sort));
	}
	order = descends(st) ? -order : order;
	return order ? order : a < b ? -1 : a > b;
}

static int by_column(const void *a, const void *b, void *ctx)
{
	return compare(ctx, *(const uint32_t *)a, *(const uint32_t *)b);
}

static bool passes(const struct fed_room_table *st, const struct fed_member_status *m)
{
	return !*st->filter || strcasestr(m->member.name, st->filter) ||
	       strcasestr(state_of(m), st->filter);
}

/* The status of the moment, and its rows; the cursor follows its member. */
int fed__room_table_refresh(struct fed_room_table *st, const struct fed_watched *w,
                            struct fed_error *err)
{
	struct fed_room_status *room = &st->room;
	const struct fed_room *before = room->of;

	room->open = false;
	room->n = 0;
	if (w->room && w->room->status(w->room->ctx, room, err))
		return FED_FAIL;
	if (room->n > st->capacity) {
		uint32_t *grown = fed_resize(st->order, st->capacity * sizeof *grown,
		                             2 * (size_t)room->n * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, room->n * sizeof *grown, "the rows of the room");
		st->order = grown;
		st->capacity = 2 * room->n;
	}
	if (room->of != before)
		st->member = st->row = 0;
	st->n = 0;
	for (uint32_t i = 0; i < room->n; i++)
		if (passes(st, &room->member[i]))
			st->order[st->n++] = i;
	if (st->n > 1)
		qsort_r(st->order, st->n, sizeof *st->order, by_column, st);
	for (uint32_t i = 0; i < st->n; i++)
		if (st->order[i] == st->member) {
			st->row = i;
			return FED_OK;
		}
	st->row = st->row < st->n ? st->row : st->n ? st->n - 1 : 0;
	st->member = st->n ? st->order[st->row] : 0;
	return FED_OK;
}

const struct fed_member_status *fed__room_table_chosen(const struct fed_room_table *st)
{
	const uint32_t member = st->n ? st->order[st->row] : 0;

	/* the status may be newer than the rows */
	return st->room.open && st->n && member < st->room.n ? &st->room.member[member] : NULL;
}

void fed__room_table_go(struct fed_room_table *st, int64_t row)
{
	const int64_t last = st->n ? (int64_t)st->n - 1 : 0;

	st->row = (uint32_t)(row < 0 ? 0 : row > last ? last : row);
	st->member = st->n ? st->order[st->row] : 0;
}

void fed__room_table_sort(struct fed_room_table *st, size_t column)
{
	st->reversed = column == st->sort && !st->reversed;
	st->sort = column;
}

void fed__room_table_sort_beside(struct fed_room_table *st, int step)
{
	size_t column = st->sort;

	do
		column = (column + COLUMNS + (size_t)step) % COLUMNS;
	while (column == AWAITED || (column == VOTES && !st->room.votes));
	fed__room_table_sort(st, column);
}

void fed__room_table_sort_at(struct fed_room_table *st, int column)
{
	for (size_t k = 0; k < st->shown.n; k++)
		if (k != AWAITED && st->shown.at[k] >= 0 && column >= st->shown.at[k] &&
		    column < st->shown.at[k] + st->shown.width[k]) {
			fed__room_table_sort(st, k);
			return;
		}
}

void fed__room_table_init(struct fed_room_table *st)
{
	st->sort = CLIENT;
}

void fed__room_table_release(struct fed_room_table *st)
{
	fed_room_status_release(&st->room);
	fed_free(st->order);
	st->order = NULL;
}

/* Painting ----------------------------------------------------------------------------- */

/* A battery: "[####........] 33 %"; "?" without an estimate; "3.1x" where work takes so many times
 * as long as it did last. */
static void paint_battery(struct fed_canvas *canvas, int column, int row,
                          const struct fed_member_status *m, bool utf8)
{
	const struct fed_style ink = {.color = task_mark(m->task)->color},
						   grey = {.color = FED_COLOR_GREY};
	const int full = isnan(m->share) ? 0 : (int)(fmin(m->share, 1) * CELLS);
	char text[16] = "?";

	fed__canvas_put(canvas, column, row, '[', grey);
	for (int i = 0; i < CELLS; i++)
		fed__canvas_put(canvas, column + 1 + i, row,
		                i < full ? (utf8 ? 0x2588 : '#') : (utf8 ? 0xB7 : '.'),
		                i < full ? ink : grey);
	fed__canvas_put(canvas, column + 1 + CELLS, row, ']', grey);
	if (m->share >= 1.1)
		snprintf(text, sizeof text, "%.1fx", fmin(m->share, 999));
	else if (!isnan(m->share))
		snprintf(text, sizeof text, "%.0f %%", floor(100 * fmin(m->share, 1)));
	fed__canvas_fit(canvas, column + 2 + CELLS, row, 5, true, text, (struct fed_style){0});
}

static void put_cell(struct fed_text *out, const struct fed_member_status *m, size_t column)
{
	if (!columns[column].put) {
		fed_text_add(out, "%s", text_of(m, column));
		return;
	}
	const double x = columns[column].number(m);
	if (isnan(x))
		fed_text_add(out, "-");
	else
		columns[column].put(out, x);
}

static void paint_member(const struct fed_room_table *st, const struct fed_watched *w,
                         struct fed_canvas *canvas, int at, uint32_t row)
{
	const struct fed_member_status *m = &st->room.member[st->order[row]];
	const bool here = row == st->row, awaited = m->task != FED_TASK_NONE,
			   marked = m->member.client != FED_SERVER &&
	                    fed_client_ids_contain(w->marked, w->n_marked, m->member.client);
	const struct fed_activity_glyph *mark = mark_of(m);
	struct fed_text text = {0};

	if (here)
		fed__canvas_put(canvas, 0, at, '>', (struct fed_style){.bold = true});
	if (marked)
		fed__canvas_put(canvas, 1, at, '*', (struct fed_style){FED_COLOR_CYAN, true});
	for (size_t k = 0; k < COLUMNS; k++) {
		struct fed_style style = {.bold = here || marked || (awaited && k <= STATE)};

		if (st->shown.at[k] < 0)
			continue;
		if (k == PROGRESS && awaited) {
			paint_battery(canvas, st->shown.at[k], at, m, w->utf8);
			continue;
		}
		style.color = k == STATE ? mark->color : awaited && k == AWAITED ? FED_COLOR_YELLOW : 0;
		fed_text_clear(&text);
		if (k == STATE)
			fed_text_add(&text, "  "); /* the glyph's columns */
		put_cell(&text, m, k);
		fed__columns_cell(&st->shown, canvas, k, at, fed_text_str(&text), style);
	}
	if (st->shown.at[STATE] >= 0)
		fed__activity_glyph_put(canvas, st->shown.at[STATE], at, mark, w->utf8);
	fed_text_release(&text);
}

static void paint_titles(const struct fed_room_table *st, const struct fed_watched *w,
                         struct fed_canvas *canvas)
{
	const struct fed_columns *c = &st->shown;
	const uint32_t arrow = descends(st) ? (w->utf8 ? 0x25BC : 'v') : w->utf8 ? 0x25B2 : '^';
	const size_t k = st->sort;

	fed__columns_titles(c, canvas, st->at);
	if (c->at[k] < 0)
		return;
	const int title = fed_text_width(st->column[k].title);
	fed__canvas_put(canvas, c->at[k] + (st->column[k].right ? c->width[k] - title - 1 : title),
	                st->at, arrow, (struct fed_style){.color = FED_COLOR_CYAN});
}

/* "rows 1-12 of 23; by name, ascending, the awaited first" */
static void paint_foot(const struct fed_room_table *st, struct fed_canvas *canvas)
{
	const uint32_t last = st->top + st->rows < st->n ? st->top + st->rows : st->n;
	struct fed_text text = {0};

	fed_text_add(&text, "rows %u-%u of %u", st->n ? st->top + 1 : 0, last, st->n);
	if (st->n != st->room.n)
		fed_text_add(&text, " chosen from %u", st->room.n);
	fed_text_add(&text, "; by %s, %s%s", columns[st->sort].by,
	             descends(st) ? "descending" : "ascending",
	             st->awaited_first ? ", the awaited first" : "");
	fed__cells_line(canvas, canvas->rows - 1, fed_text_str(&text),
	                (struct fed_style){.color = FED_COLOR_GREY});
	fed_text_release(&text);
}

/* "Ada: key 1234-..., fedsh 1.2, avx2, 10.0.0.7; its data have 3 features, ..." */
static void paint_chosen(const struct fed_room_table *st, struct fed_canvas *canvas, int row)
{
	const struct fed_member_status *m = fed__room_table_chosen(st);
	struct fed_text text = {0};

	if (!m)
		return;
	fed_text_add(&text, "%s: key %s", m->member.name, m->member.fingerprint);
	if (*m->member.program)
		fed_text_add(&text, ", %s", m->member.program);
	if (*m->member.isa)
		fed_text_add(&text, ", %s", m->member.isa);
	if (m->member.vote != FED_SERVER)
		fed_text_add(&text, ", votes for client %u", m->member.vote);
	if (*m->member.why && m->member.state >= FED_MEMBER_UNFIT)
		fed_text_add(&text, "; %s", m->member.why);
	fed__cells_line(canvas, row, fed_text_str(&text), (struct fed_style){.color = FED_COLOR_CYAN});
	fed_text_release(&text);
}

void fed__room_table_paint(struct fed_room_table *st, const struct fed_watched *w,
                           struct fed_canvas *canvas, int at)
{
	const int rest = canvas->rows - at, title = rest > 1, foot = rest > 3, about = rest > 5;

	st->at = at;
	fit(st, canvas->columns);
	st->rows = (uint32_t)(rest - title - foot - about);
	fed__scroll_to(&st->top, st->row, st->rows, st->n);
	if (st->n == 0) {
		fed__cells_say(canvas, st->at,
		               st->room.n ? "no member matches the filter"
		                          : "no members yet: the line above joins, on another machine",
		               (struct fed_style){0});
		return;
	}
	if (title)
		paint_titles(st, w, canvas);
	for (uint32_t i = 0; i < st->rows && st->top + i < st->n; i++)
		paint_member(st, w, canvas, st->at + title + (int)i, st->top + i);
	if (about)
		paint_chosen(st, canvas, canvas->rows - 2);
	if (foot)
		paint_foot(st, canvas);
}
