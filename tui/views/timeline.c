/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/timeline.c - the view `timeline`: client activities over virtual time, with scroll, pan
 * and zoom. */
#include <string.h>

#include "base/mem.h"
#include "history/event_log.h"
#include "report/invitation_text.h"
#include "report/client_table.h"
#include "tui/views/cells.h"
#include "tui/widgets/timeline.h"
#include "tui/views/views.h"

enum { ROUNDS = 3 };    /* in the first window */
#define SPAN_LEAST 1e-9 /* seconds */

struct timeline_view {
	struct fed_client_table client_table; /* for the filter */
	double from, span;                    /* virtual seconds; span 0: the last rounds */
	bool fixed;                           /* the window is fixed at `from`; else it ends now */
	uint32_t top, rows;                   /* first client shown; rows when last painted */
	uint32_t n;                           /* clients in the window */
};

/* The window --------------------------------------------------------------------------- */

static double span_of(const struct timeline_view *st, const struct fed_session *s)
{
	struct fed_timeline w = {.from = 0};
	struct fed_error unused;

	if (st->span > 0)
		return st->span;
	if (fed_timeline_init(&w, s, ROUNDS, (const uint32_t[]){0}, 0, &unused))
		return 0;
	fed_timeline_release(&w);
	return w.to - w.from;
}

/* Set the window, clamped to the run. */
static void set_window(struct timeline_view *st, const struct fed_session *s, double from,
                       double span)
{
	const double start = fed_timeline_start(s), now = fed_session_time(s);

	if (!(now > start))
		return;
	st->span = span > now - start ? now - start : span < SPAN_LEAST ? SPAN_LEAST : span;
	st->from = from < start ? start : from;
	st->fixed = st->from + st->span < now;
}

/* Ids of the filter's clients, ascending; NULL without a filter. */
static int filtered_clients(struct timeline_view *st, const struct fed_session *s, uint32_t **ids,
                            struct fed_error *err)
{
	*ids = NULL;
	if (!*st->client_table.filter)
		return FED_OK;
	if (fed_client_table_make(&st->client_table, s, err))
		return FED_FAIL;
	*ids = fed_alloc_array(st->client_table.n + 1, sizeof **ids);
	if (!*ids)
		return fed_fail_memory(err, st->client_table.n * sizeof **ids, "the clients");
	for (uint32_t i = 0; i < st->client_table.n; i++) /* unsorted rows are in order of their ids */
		(*ids)[i] = st->client_table.ranked[i].client;
	return FED_OK;
}

static int fill_window(struct timeline_view *st, const struct fed_watched *w,
                       struct fed_timeline *schedule, struct fed_error *err)
{
	const struct fed_session *s = w->session;
	const double now = fed_session_time(s);
	uint32_t *ids;
	int rc;

	if (filtered_clients(st, s, &ids, err))
		return FED_FAIL;
	if (st->span > 0) {
		const double start = fed_timeline_start(s);
		double from = st->fixed ? st->from : now - st->span;

		/* An abort may have set the clock back. */
		from = from + st->span > now ? now - st->span : from;
		from = from < start ? start : from;
		const double to = from + st->span < now ? from + st->span : now;
		rc = fed_timeline_between(schedule, s, from, to, ids, st->client_table.n, err);
	} else {
		rc = fed_timeline_init(schedule, s, ROUNDS, ids, st->client_table.n, err);
	}
	fed_free(ids);
	return rc;
}

/* Painting -------------------------------------------------------------------------------- */

static bool is_blank(const struct fed_canvas *canvas, int column, int row)
{
	for (; column < canvas->columns; column++)
		if (canvas->cell[row * canvas->columns + column].code != ' ')
			return false;
	return true;
}

/* "1-20 of 300 clients, until now", at the end of the last row if cells are free. */
static void paint_position(const struct timeline_view *st, struct fed_canvas *canvas)
{
	const uint32_t last = st->top + st->rows < st->n ? st->top + st->rows : st->n;
	struct fed_text text = {0};

	if (st->rows < st->n) {
		fed_text_add(&text, "%u-%u of ", st->top + 1, last);
		fed_text_count(&text, st->n);
		fed_text_add(&text, " clients, ");
	}
	fed_text_add(&text, st->fixed ? "`end` follows" : "until now");
	const int column = canvas->columns - (int)text.len, row = canvas->rows - 1;
	if (!text.failed && column > 1 && is_blank(canvas, column - 2, row))
		fed__canvas_write(canvas, column, row, text.s, (struct fed_style){FED_COLOR_GREY, false});
	fed_text_release(&text);
}

/* The reason why the chart is empty; "" if it is not. */
static void put_reason(const struct fed_session *s, const struct fed_timeline *schedule,
                       const struct fed_canvas *canvas, struct fed_text *out)
{
	if (!fed_session_event_log(s)->invitation_log.n)
		fed_invitation_log_put_empty(s, out);
	else if (schedule->to <= schedule->from)
		fed_text_add(
			out, "no virtual time has passed; after `set client all device=phone link=4g` it does");
	else if (!schedule->n)
		fed_text_add(out, "none of these clients was busy in this time");
	else if (canvas->columns < FED_TIMELINE_COLUMNS || canvas->rows <= FED_TIMELINE_FRAME)
		fed_text_add(out, "too small");
}

static int paint_window(struct timeline_view *st, const struct fed_watched *w,
                        struct fed_canvas *canvas, const struct fed_timeline *whole,
                        struct fed_error *err)
{
	struct fed_timeline part = *whole;

	st->n = whole->n;
	st->rows = (uint32_t)(canvas->rows - FED_TIMELINE_FRAME);
	fed__scroll_to(&st->top, st->top, st->rows, st->n);
	part.client += st->top;
	part.n = whole->n - st->top < st->rows ? whole->n - st->top : st->rows;
	part.marked = w->marked;
	part.n_marked = w->n_marked;
	if (fed__timeline_chart_paint(canvas, &part, w->utf8, err))
		return FED_FAIL;
	paint_position(st, canvas);
	return FED_OK;
}

static int paint_timeline(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                          struct fed_error *err)
{
	struct timeline_view *st = state;
	struct fed_timeline schedule;
	struct fed_text why = {0};
	int rc = FED_OK;

	if (fill_window(st, w, &schedule, err))
		return FED_FAIL;
	put_reason(w->session, &schedule, canvas, &why);
	if (why.len)
		fed__cells_say(canvas, 0, fed_text_str(&why), (struct fed_style){0});
	else
		rc = paint_window(st, w, canvas, &schedule, err);
	fed_text_release(&why);
	fed_timeline_release(&schedule);
	return rc;
}

/* Keys ---------------------------------------------------------------------------------------- */

static int press_scroll(void *state, struct fed_watched *w, const struct fed_press *press,
                        struct fed_error *err)
{
	struct timeline_view *st = state;
	const uint32_t page = st->rows > 1 ? st->rows - 1 : 1;
	const bool back = press->code == FED_KEY_UP || press->code == FED_KEY_PAGE_UP;
	const uint32_t by = press->code == FED_KEY_UP || press->code == FED_KEY_DOWN ? 1 : page;

	(void)w;
	(void)err;
	if (back)
		st->top -= by < st->top ? by : st->top;
	else
		st->top += by; /* clamped by paint */
	fed__scroll_to(&st->top, st->top, st->rows, st->n);
	return FED_OK;
}

/* Pan by a quarter of the window. */
static int press_pan(void *state, struct fed_watched *w, const struct fed_press *press,
                     struct fed_error *err)
{
	struct timeline_view *st = state;
	const double span = span_of(st, w->session), now = fed_session_time(w->session);
	const double from = st->fixed ? st->from : now - span;

	(void)err;
	set_window(st, w->session, from + (press->code == FED_KEY_LEFT ? -span : span) / 4, span);
	return FED_OK;
}

/* Zoom by a factor of two, around the middle or with the end at now. */
static int press_zoom(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct timeline_view *st = state;
	const double span = span_of(st, w->session), now = fed_session_time(w->session);
	const double other = press->code == ']' ? span / 2 : span * 2;

	(void)err;
	set_window(st, w->session, st->fixed ? st->from + span / 2 - other / 2 : now - other, other);
	return FED_OK;
}

static int press_home(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct timeline_view *st = state;
	const double start = fed_timeline_start(w->session);

	(void)press;
	(void)err;
	set_window(st, w->session, start, span_of(st, w->session));
	return FED_OK;
}

static int press_all(void *state, struct fed_watched *w, const struct fed_press *press,
                     struct fed_error *err)
{
	struct timeline_view *st = state;
	const double start = fed_timeline_start(w->session);

	(void)press;
	(void)err;
	set_window(st, w->session, start, fed_session_time(w->session) - start);
	return FED_OK;
}

static int press_end(void *state, struct fed_watched *w, const struct fed_press *press,
                     struct fed_error *err)
{
	(void)w;
	(void)press;
	(void)err;
	((struct timeline_view *)state)->fixed = false;
	return FED_OK;
}

static bool has_time(const void *state, const struct fed_watched *w)
{
	(void)state;
	return fed_session_event_log(w->session)->invitation_log.n > 0;
}

static bool looks_back(const void *state, const struct fed_watched *w)
{
	(void)w;
	return ((const struct timeline_view *)state)->fixed;
}

static const struct fed_key keys[] = {
	{FED_KEY_UP, 0, "up", "clients above", press_scroll, NULL},
	{FED_KEY_DOWN, 0, "down", "clients below", press_scroll, NULL},
	{FED_KEY_PAGE_UP, 0, "page up", "a page of clients up", press_scroll, NULL},
	{FED_KEY_PAGE_DOWN, 0, "page down", "a page of clients down", press_scroll, NULL},
	{FED_KEY_LEFT, 0, "left", "back in time", press_pan, has_time},
	{FED_KEY_RIGHT, 0, "right", "on in time", press_pan, looks_back},
	{'[', 0, "[", "a longer time", press_zoom, has_time},
	{']', 0, "]", "a shorter time", press_zoom, has_time},
	{FED_KEY_HOME, 0, "home", "the beginning of the run", press_home, NULL},
	{'a', 0, "a", "the whole run", press_all, has_time},
	{FED_KEY_END, 0, "end", "follow the run", press_end, looks_back},
	{.code = 0},
};

/* ------------------------------------------------------------------------------------------------
 */

static int filter(void *state, struct fed_watched *w, const char *text, struct fed_error *err)
{
	struct timeline_view *st = state;

	return fed_client_table_filter(&st->client_table, w->session, text, err);
}

static const char *filtered(const void *state)
{
	return ((const struct timeline_view *)state)->client_table.filter;
}

static void close_view(void *state)
{
	fed_client_table_release(&((struct timeline_view *)state)->client_table);
}

/* Over a real transport the picture moves between events, too. */
static uint64_t stamp_timeline(const void *state, const struct fed_watched *w)
{
	enum { A_SECOND = 4 };
	const double past = fed_session_time(w->session) - fed_session_clock(w->session);

	(void)state;
	return fed__stamp_with(fed__stamp_of(w), (uint64_t)(A_SECOND * past));
}

const struct fed_view fed__view_timeline = {
	.name = "timeline",
	.help = "who did what when, over virtual time",
	.state_size = sizeof(struct timeline_view),
	.keys = keys,
	.close = close_view,
	.stamp = stamp_timeline,
	.paint = paint_timeline,
	.filter = filter,
	.filtered = filtered,
};
