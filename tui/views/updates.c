/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/updates.c - the view `updates`: the last version's updates as a map, as bars, by
 * groups. */
#include "tui/views/updates.h"

#include <math.h>

#include "base/cpu.h"
#include "session/composition.h"
#include "tui/widgets/scatter.h"
#include "tui/views/pace.h"
#include "tui/views/views.h"

/* Multiplications of all pairs of updates above which an analysis, of about a second, runs only on
 * request. */
#define LARGE 1.5e10

enum page { MAP, BARS, GROUPS, PAGES };

struct updates_view {
	struct fed_update_history history;
	struct fed_update_history arrived; /* in the open round, if it is looked at; n 0: none */
	struct fed_error why;              /* why no updates can be shown */
	uint64_t made;                     /* version_mark() of the version in `history` */
	bool available;                    /* updates can be shown: `why` is unused */
	struct fed_pace pace;              /* of analyses while training */
	bool requested;                    /* a large analysis was requested */
	enum page page;
	enum fed_update_history_order order;
	uint32_t top;
	int rows; /* as painted last */
};

/* A number that identifies version and run: each version emits events, so it never repeats. */
static uint64_t version_mark(const struct fed_session *s)
{
	return fed_session_version(s) + fed_session_status(s).restarts + 1;
}

/* Whether a newer version's updates are available. */
static bool is_outdated(const struct updates_view *st, const struct fed_session *s)
{
	struct fed_error unused;

	return st->made != version_mark(s) && fed_updates_kept(s, &unused) == FED_OK;
}

static bool takes_long(const struct fed_session *s, size_t n)
{
	return (double)n * (double)n * (double)fed_session_parts(s)->net.dim > LARGE;
}

static bool is_large(const struct fed_session *s)
{
	return fed_session_running(s) && takes_long(s, fed_session_federation(s)->verdicts.n);
}

/* Ask the user to request the large analysis. */
static void offer_analysis(struct updates_view *st, const struct fed_session *s)
{
	struct fed_text text = {0};

	fed_text_count(&text, (double)fed_session_federation(s)->verdicts.n);
	fed_text_add(&text, " updates of ");
	fed_text_count(&text, (double)fed_session_parts(s)->net.dim);
	fed_fail(&st->why, "%s numbers take a while; press enter to compute them", fed_text_str(&text));
	fed_text_release(&text);
	st->available = false;
}

/* What is shown: the updates that have arrived in the open round, else those of the last version.
 */
static const struct fed_update_history *shown(const struct updates_view *st)
{
	return st->arrived.n ? &st->arrived : &st->history;
}

/* Follow the open round, unless a run goes on: its rounds end soon. */
static void refresh_arrived(struct updates_view *st, const struct fed_watched *w)
{
	const struct fed_session *s = w->session;
	const bool open = fed_session_open(s) && !w->busy;
	const size_t arrived = open ? fed_session_federation(s)->verdicts.n_taken : 0;
	const size_t n = takes_long(s, arrived) ? 0 : arrived;
	struct fed_error unused;

	if (n && n == st->arrived.n && st->arrived.version == fed_session_version(s))
		return;
	fed__update_history_release(&st->arrived);
	if (n)
		fed__update_history_take_arrived(&st->arrived, &st->history, s, &unused);
}

static void refresh_version(struct updates_view *st, const struct fed_watched *w)
{
	const struct fed_session *s = w->session;
	const double began = fed_wall_seconds();

	if (fed_session_version(s) < st->history.version || !fed_session_running(s)) {
		fed__update_history_release(&st->history); /* another run: no previous version */
		st->made = 0;
	}
	if (!is_outdated(st, s)) {
		if (!st->history.n)
			st->available = fed_updates_kept(s, &st->why) == FED_OK;
		return;
	}
	if (is_large(s) && !st->requested) {
		if (!st->history.n)
			offer_analysis(st, s);
		return;
	}
	if (!fed__pace_is_due(&st->pace, w) && !st->requested)
		return;
	st->requested = false;
	st->available = fed__update_history_take(&st->history, s, &st->why) == FED_OK;
	st->made = version_mark(s);
	fed__pace_end(&st->pace, began);
}

static void refresh(struct updates_view *st, const struct fed_watched *w)
{
	refresh_version(st, w);
	refresh_arrived(st, w);
}

/* Painting --------------------------------------------------------------------------- */

/* "updates of version 7"; of an earlier version than the session's: "updates of version 7 (the last
 * is 9)"; in an open round "round 8 is open: 3 updates have arrived". */
static void put_subject(const struct updates_view *st, const struct fed_watched *w,
                        struct fed_text *text)
{
	const unsigned long long last = fed_session_version(w->session);

	if (st->arrived.n) {
		fed_text_add(text, "round %llu is open: %zu update%s arrived", last + 1, st->arrived.n,
		             st->arrived.n == 1 ? " has" : "s have");
		return;
	}
	fed_text_add(text, "updates of version %llu", (unsigned long long)st->history.version);
	if (st->history.version != last)
		fed_text_add(text, " (the last is %llu)", last);
	else if (fed_session_open(w->session) && !w->busy)
		fed_text_add(text, "; none of round %llu yet", last + 1);
}

/* The subject, and "(the plane shows 81 % of their variance)" or the page. */
static void paint_title(const struct updates_view *st, const struct fed_watched *w,
                        struct fed_canvas *canvas)
{
	struct fed_text text = {0};

	put_subject(st, w, &text);
	if (st->page == MAP)
		fed_map_title(&text, shown(st)->shown, canvas->columns);
	else if (st->page == BARS)
		fed_text_add(&text, ", by %s", fed__update_history_orders[st->order]);
	else
		fed_text_add(&text, ", in groups");
	fed__cells_line(canvas, 0, fed_text_str(&text), (struct fed_style){.bold = true});
	fed_text_release(&text);
}

static int paint_map(struct updates_view *st, const struct fed_watched *w,
                     struct fed_canvas *canvas, struct fed_error *err)
{
	const struct fed_update_history *s = shown(st);
	struct fed_map map = {.point = s->point,
	                      .n = s->n,
	                      .reach_x = s->reach_x,
	                      .reach_y = s->reach_y,
	                      .x = s->x,
	                      .y = s->y,
	                      .utf8 = w->utf8,
	                      .clients = &fed_session_parts(w->session)->clients};

	if (canvas->columns < FED_SCATTER_COLUMNS || canvas->rows - 1 < FED_SCATTER_ROWS) {
		if (canvas->rows > 1)
			fed__cells_say(canvas, 1, "too small for a map: the right arrow shows bars",
			               (struct fed_style){0});
		return FED_OK;
	}
	for (int k = 0; k < FED_LANDMARKS; k++)
		map.landmark[k] = s->landmark[k];
	return fed__map_put(canvas, 0, 1, canvas->columns, canvas->rows - 1, &map, err);
}

static int paint_updates(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                         struct fed_error *err)
{
	struct updates_view *st = state;

	refresh(st, w);
	st->rows = canvas->rows;
	if (!st->available && !st->arrived.n) {
		fed__cells_say(canvas, 0, st->why.text, (struct fed_style){0});
		return FED_OK;
	}
	paint_title(st, w, canvas);
	if (st->page == MAP)
		return paint_map(st, w, canvas, err);
	if (canvas->rows < 2)
		return FED_OK;
	return st->page == BARS
	           ? fed__update_history_bars(canvas, 1, shown(st), st->order, &st->top, w, err)
	           : fed__update_history_groups(canvas, 1, shown(st), &st->top, w, err);
}

/* Keys --------------------------------------------------------------------------------- */

static int press_page(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct updates_view *st = state;
	const unsigned step = press->code == FED_KEY_RIGHT ? 1 : PAGES - 1;

	(void)w;
	(void)err;
	st->page = (enum page)((st->page + step) % PAGES);
	st->top = 0;
	return FED_OK;
}

static int press_order(void *state, struct fed_watched *w, const struct fed_press *press,
                       struct fed_error *err)
{
	struct updates_view *st = state;
	const unsigned step = press->code == '>' ? 1 : FED_UPDATE_HISTORY_ORDERS - 1;

	(void)w;
	(void)err;
	st->order = (enum fed_update_history_order)((st->order + step) % FED_UPDATE_HISTORY_ORDERS);
	st->top = 0;
	return FED_OK;
}

static int press_analyse(void *state, struct fed_watched *w, const struct fed_press *press,
                         struct fed_error *err)
{
	struct updates_view *st = state;

	(void)press;
	(void)err;
	st->requested = true;
	refresh(st, w);
	st->requested = false; /* in case there were no updates */
	return FED_OK;
}

static int press_scroll(void *state, struct fed_watched *w, const struct fed_press *press,
                        struct fed_error *err)
{
	struct updates_view *st = state;
	const uint32_t page = st->rows > 4 ? (uint32_t)st->rows - 3 : 1;
	const bool back = press->code == FED_KEY_UP || press->code == FED_KEY_PAGE_UP;
	const uint32_t by = press->code == FED_KEY_UP || press->code == FED_KEY_DOWN ? 1 : page;

	(void)w;
	(void)err;
	if (back)
		st->top -= by < st->top ? by : st->top;
	else if (st->top + by < shown(st)->n)
		st->top += by; /* clamped by paint */
	return FED_OK;
}

static bool has_updates(const void *state, const struct fed_watched *w)
{
	(void)w;
	const struct updates_view *st = state;

	return st->available || st->arrived.n;
}

static bool waits_for_request(const void *state, const struct fed_watched *w)
{
	return is_large(w->session) && is_outdated(state, w->session);
}

static bool has_bars(const void *state, const struct fed_watched *w)
{
	return has_updates(state, w) && ((const struct updates_view *)state)->page == BARS;
}

static const struct fed_key keys[] = {
	{FED_KEY_RIGHT, 0, "right", "the next page: map, bars, groups", press_page, has_updates},
	{FED_KEY_LEFT, 0, "left", "the previous page", press_page, NULL},
	{'[', 0, "[", "bars in the previous order", press_order, NULL},
	{']', 0, "]", "bars by norm, score, cosine, client", press_order, has_bars},
	{FED_KEY_ENTER, 0, "enter", "compute the last version, however long it takes", press_analyse,
     waits_for_request},
	{FED_KEY_UP, 0, "up", "up", press_scroll, NULL},
	{FED_KEY_DOWN, 0, "down", "down", press_scroll, NULL},
	{FED_KEY_PAGE_UP, 0, "page up", "a page up", press_scroll, NULL},
	{FED_KEY_PAGE_DOWN, 0, "page down", "a page down", press_scroll, NULL},
	{.code = 0},
};

/* ------------------------------------------------------------------------------------------ */

/* The stamp also changes when a postponed analysis becomes due. */
static uint64_t stamp_updates(const void *state, const struct fed_watched *w)
{
	const struct updates_view *st = state;
	const bool due =
		is_outdated(st, w->session) && !is_large(w->session) && fed__pace_is_due(&st->pace, w);

	return fed__stamp_with(fed__stamp_of(w), due);
}

static void made(void *state, struct fed_watched *w)
{
	refresh(state, w);
}

static void close_view(void *state)
{
	struct updates_view *st = state;

	fed__update_history_release(&st->history);
	fed__update_history_release(&st->arrived);
}

const struct fed_view fed__view_updates = {
	.name = "updates",
	.help = "the last version's updates: a map, bars with verdicts, groups",
	.state_size = sizeof(struct updates_view),
	.keys = keys,
	.close = close_view,
	.stamp = stamp_updates,
	.paint = paint_updates,
	.made = made,
};
