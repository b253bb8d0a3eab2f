/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/plane.c - the view `plane`: decision regions of the global model and of the clients'
 * own models, and the examples on them. */
#include "tui/widgets/plane.h"

#include <math.h>

#include "base/cpu.h"
#include "history/metrics.h"
#include "report/update_geometry.h"
#include "session/composition.h"
#include "tui/views/cells.h"
#include "tui/views/pace.h"
#include "tui/views/views.h"

/* Work in a frame, in FLOPs: while a run waits for it, and else. */
#define EFFORT_BUSY 5e7
#define EFFORT 2.5e8

struct plane_view {
	struct fed_input_plane plane;
	const struct fed_dataset *data; /* that the plane is of; NULL: none yet */
	struct fed_decisions drawn;     /* the snapshot in sight */
	bool available;                 /* there is one; else `why` says why not */
	struct fed_error why;
	uint64_t stamp;    /* of what the snapshot was taken from */
	uint64_t restarts; /* of the run that it is of */
	double accuracy;   /* of its version; NaN: not measured */
	struct fed_pace pace;
	struct fed_plane_layout layout;
	int columns, rows; /* as painted last; 0: not yet */
	uint32_t first;    /* client in sight, by place */
	int model;         /* FED_MODEL_AFTER, FED_MODEL_BEFORE local training */
	bool through;      /* the plane goes through three examples */
};

/* Taking the snapshot ------------------------------------------------------------------ */

static void forget(struct plane_view *st)
{
	fed_decisions_release(&st->drawn);
	st->available = false;
}

/* The plane of the present dataset. */
static int find_plane(struct plane_view *st, const struct fed_session *s, struct fed_error *err)
{
	const struct fed_dataset *data = fed_session_parts(s)->data;
	const bool stale = !st->data || st->data != data ||
	                   st->plane.fingerprint != data->fingerprint ||
	                   st->through != (st->plane.kind == FED_PLANE_EXAMPLES);
	uint32_t through[3];

	if (!data)
		return fed_reject(err, "there is no dataset yet; `dataset moons` chooses one");
	if (!stale)
		return FED_OK;
	forget(st);
	fed_input_plane_release(&st->plane);
	st->data = NULL;
	if (st->through && fed_input_plane_choose(data, through, err))
		return FED_FAIL;
	if (fed_input_plane_init(&st->plane, data, st->through ? through : NULL, err))
		return FED_FAIL;
	st->data = data;
	return FED_OK;
}

/* Of all that a snapshot depends on. */
static uint64_t stamp_of_sources(const struct plane_view *st, const struct fed_watched *w)
{
	const uint64_t values[] = {(uint64_t)st->columns, (uint64_t)st->rows, st->first, st->through,
	                           !w->busy && st->drawn.limited};
	uint64_t stamp = fed__stamp_of(w);

	for (size_t i = 0; i < sizeof values / sizeof *values; i++)
		stamp = fed__stamp_with(stamp, values[i]);
	return stamp;
}

/* Whether the session no longer has what is in sight: an open round works where the updates were,
 * and so does one that was aborted. They are still those of the last version. */
static bool keeps_more(const struct plane_view *st, const struct fed_watched *w)
{
	const struct fed_session *s = w->session;
	const struct fed_decisions *d = &st->drawn;
	struct fed_error unused;

	if (!st->available || !d->clients || !d->client[0].updated || d->arrived ||
	    d->version != fed_session_version(s) || st->restarts != fed_session_status(s).restarts)
		return false;
	if (fed_session_open(s))
		return w->busy || fed_session_federation(s)->verdicts.n_taken == 0;
	return fed_session_running(s) && fed_updates_kept(s, &unused) != FED_OK;
}

static double accuracy_of(const struct fed_session *s)
{
	const struct fed_history *h = fed_session_history(s);
	const bool last = h->n && h->record[h->n - 1].round == (double)fed_session_version(s);

	return last ? h->record[h->n - 1].test_accuracy : NAN;
}

/* Scroll by whole rows of tiles, no further than to the last one. */
static void keep_in_sight(struct plane_view *st, uint32_t clients)
{
	const uint32_t across = (uint32_t)st->layout.across, down = (uint32_t)st->layout.down;
	uint32_t top = across ? st->first / across : 0;

	fed__scroll_to(&top, top, down, across ? (clients + across - 1) / across : 0);
	st->first = top * across;
}

static int take(struct plane_view *st, const struct fed_watched *w, struct fed_error *err)
{
	const struct fed_session *s = w->session;
	const double aspect = fed_input_plane_aspect(&st->plane);
	const uint32_t clients = fed_decisions_clients(s);
	struct fed_decisions now;

	fed__plane_lay_out(&st->layout, st->columns, st->rows - 1, aspect, clients);
	keep_in_sight(st, clients);
	const struct fed_decisions_wanted wanted =
		fed__plane_wanted(&st->layout, st->first, w->busy ? EFFORT_BUSY : EFFORT);
	if (fed_decisions_take(&now, &st->plane, s, &wanted, err))
		return FED_FAIL;
	fed_decisions_release(&st->drawn);
	st->drawn = now;
	st->restarts = fed_session_status(s).restarts;
	st->accuracy = accuracy_of(s);
	return FED_OK;
}

static void refresh(struct plane_view *st, const struct fed_watched *w)
{
	const double began = fed_wall_seconds();

	if (st->columns == 0)
		return;
	if (find_plane(st, w->session, &st->why)) {
		forget(st);
		return;
	}
	if (st->available && st->stamp == stamp_of_sources(st, w))
		return;
	if (keeps_more(st, w) || (st->available && !fed__pace_is_due(&st->pace, w)))
		return;
	/* A run's open round ends soon. */
	if (st->available && w->busy && fed_session_open(w->session))
		return;
	if (take(st, w, &st->why))
		forget(st);
	else
		st->available = true;
	st->stamp = stamp_of_sources(st, w);
	fed__pace_end(&st->pace, began);
}

/* Painting ------------------------------------------------------------------------------ */

/* "version 7", "version 7 (the last is 9)", "version 7; round 8 is open: 3 updates have arrived".
 */
static void put_subject(const struct plane_view *st, const struct fed_watched *w,
                        struct fed_text *text)
{
	const struct fed_decisions *d = &st->drawn;
	const unsigned long long last = fed_session_version(w->session);

	fed_text_add(text, "version %llu%s", (unsigned long long)d->version,
	             d->modelled ? "" : ", no model yet");
	if (!isnan(st->accuracy))
		fed_text_add(text, ", accuracy %.1f %%", 100 * st->accuracy);
	if (d->version != last)
		fed_text_add(text, " (the last is %llu)", last);
	else if (d->arrived)
		fed_text_add(text, "; round %llu is open: %u update%s arrived", last + 1, d->all,
		             d->all == 1 ? " has" : "s have");
	else if (fed_session_open(w->session) && !w->busy)
		fed_text_add(text, "; none of round %llu yet", last + 1);
}

static void paint_title(const struct plane_view *st, const struct fed_watched *w,
                        struct fed_canvas *canvas)
{
	struct fed_text text = {0};

	put_subject(st, w, &text);
	fed__cells_line(canvas, 0, fed_text_str(&text), (struct fed_style){.bold = true});
	fed_text_release(&text);
}

static int paint_plane(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                       struct fed_error *err)
{
	struct plane_view *st = state;

	(void)err;
	st->columns = canvas->columns;
	st->rows = canvas->rows;
	refresh(st, w);
	if (!st->available) {
		fed__cells_say(canvas, 0, st->why.text, (struct fed_style){0});
		return FED_OK;
	}
	paint_title(st, w, canvas);
	if (canvas->rows > 3)
		fed__plane_put(canvas, 1,
		               &(struct fed_plane_picture){.layout = &st->layout,
		                                           .decisions = &st->drawn,
		                                           .plane = &st->plane,
		                                           .model = st->model,
		                                           .tints = w->tints});
	return FED_OK;
}

/* Keys ------------------------------------------------------------------------------------ */

static int press_model(void *state, struct fed_watched *w, const struct fed_press *press,
                       struct fed_error *err)
{
	struct plane_view *st = state;

	(void)w;
	(void)press;
	(void)err;
	st->model = st->model == FED_MODEL_AFTER ? FED_MODEL_BEFORE : FED_MODEL_AFTER;
	return FED_OK;
}

static int press_plane(void *state, struct fed_watched *w, const struct fed_press *press,
                       struct fed_error *err)
{
	struct plane_view *st = state;
	uint32_t through[3];

	(void)press;
	if (!st->through && st->data && st->data == fed_session_parts(w->session)->data &&
	    fed_input_plane_choose(st->data, through, err))
		return FED_FAIL;
	st->through = !st->through;
	return FED_OK;
}

static int press_scroll(void *state, struct fed_watched *w, const struct fed_press *press,
                        struct fed_error *err)
{
	struct plane_view *st = state;
	const uint32_t across = (uint32_t)st->layout.across;
	const uint32_t page = across * (uint32_t)st->layout.down;
	const bool back = press->code == FED_KEY_UP || press->code == FED_KEY_PAGE_UP;
	const uint32_t by = press->code == FED_KEY_UP || press->code == FED_KEY_DOWN ? across : page;

	(void)w;
	(void)err;
	if (back)
		st->first -= by < st->first ? by : st->first;
	else if (st->first + page < st->drawn.all)
		st->first += by; /* clamped where the snapshot is taken */
	return FED_OK;
}

static bool has_updates(const void *state, const struct fed_watched *w)
{
	const struct plane_view *st = state;

	(void)w;
	return st->available && st->drawn.clients && st->drawn.client[0].updated;
}

static bool has_more_features(const void *state, const struct fed_watched *w)
{
	const struct plane_view *st = state;

	(void)w;
	return st->data && st->plane.d != 2;
}

static bool has_more_clients(const void *state, const struct fed_watched *w)
{
	const struct plane_view *st = state;

	(void)w;
	return st->available && st->drawn.clients < st->drawn.all;
}

static const struct fed_key keys[] = {
	{'a', 0, "a", "before or after training, of the clients' models", press_model, has_updates},
	{'p', 0, "p", "the plane through three examples, or the components", press_plane,
     has_more_features},
	{FED_KEY_DOWN, 0, "down", "further clients", press_scroll, has_more_clients},
	{FED_KEY_UP, 0, "up", "earlier clients", press_scroll, NULL},
	{FED_KEY_PAGE_UP, 0, "page up", "a page of clients up", press_scroll, NULL},
	{FED_KEY_PAGE_DOWN, 0, "page down", "a page of clients down", press_scroll, NULL},
	{.code = 0},
};

/* ------------------------------------------------------------------------------------------- */

/* The stamp also changes when a postponed snapshot becomes due. */
static uint64_t stamp_plane(const void *state, const struct fed_watched *w)
{
	const struct plane_view *st = state;
	const bool outdated = st->columns && st->stamp != stamp_of_sources(st, w);
	const uint64_t sources = fed__stamp_with(stamp_of_sources(st, w), (uint64_t)st->model);

	return fed__stamp_with(sources, outdated && fed__pace_is_due(&st->pace, w));
}

static void made(void *state, struct fed_watched *w)
{
	refresh(state, w);
}

static void close_view(void *state)
{
	struct plane_view *st = state;

	fed_decisions_release(&st->drawn);
	fed_input_plane_release(&st->plane);
}

static int open_view(void *state, struct fed_watched *w, struct fed_error *err)
{
	struct plane_view *st = state;

	(void)w;
	(void)err;
	st->model = FED_MODEL_AFTER;
	return FED_OK;
}

const struct fed_view fed__view_plane = {
	.name = "plane",
	.help = "decision regions of the model and of the clients' own, over a plane of inputs",
	.state_size = sizeof(struct plane_view),
	.keys = keys,
	.open = open_view,
	.close = close_view,
	.stamp = stamp_plane,
	.paint = paint_plane,
	.made = made,
};
