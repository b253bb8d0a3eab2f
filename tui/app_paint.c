/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/app_paint.c - painting of title, view, captions and footer on one canvas. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tui/app_internal.h"
#include "travel/travel.h"
#include "tui/widgets/styled_text.h"

enum {
	ROOMY = 16,  /* least rows for a title of two */
	NARROW = 60, /* columns below which labels are abbreviated */
	KEYS_SHOWN = 6,
	HINT_MOST = 40, /* bytes of a key's help */
};

static const struct fed_style plain = {0}, bold = {.bold = true}, grey = {.color = FED_COLOR_GREY},
							  alarm = {.color = FED_COLOR_RED, .bold = true},
							  key_style = {.color = FED_COLOR_CYAN, .bold = true};

int fed__app_title_rows(int rows)
{
	return rows >= ROOMY ? 2 : 1;
}

static int resize(struct fed_canvas *canvas, int columns, int rows, struct fed_error *err)
{
	struct fed_canvas fresh;

	if (canvas->columns == columns && canvas->rows == rows)
		return FED_OK;
	if (fed__canvas_init(&fresh, columns, rows, err))
		return FED_FAIL;
	fed__canvas_release(canvas);
	*canvas = fresh;
	return FED_OK;
}

/* Title ---------------------------------------------------------------------------- */

static const char *word_of(const struct fed_app *app, const struct fed_runner_state *now)
{
	if (now->paused || (!now->busy && fed_session_left(app->watched.session)))
		return "paused";
	if (now->held)
		return "waiting";
	return now->busy ? "running" : "ready";
}

/* " of 30", " of 30 on krum" where one is behind the end of the branch. */
static void put_course(struct fed_course course, bool narrow, struct fed_text *out)
{
	if (course.behind && course.last > course.here)
		fed_text_add(out, narrow ? "/%s" : " of %s", fed_count((double)course.last).s);
	if (!narrow && strcmp(course.branch, "main") != 0)
		fed_text_add(out, " on %s", course.branch);
}

static void put_state(const struct fed_app *app, const struct fed_runner_state *now,
                      struct fed_text *out)
{
	const struct fed_watched *w = &app->watched;
	const struct fed_view *view = fed__view_at(app->at);

	const bool narrow = app->whole.columns < NARROW;

	fed_text_add(out, narrow ? "v%s" : "version %s",
	             fed_count((double)fed_session_version(w->session)).s);
	if (w->travel)
		put_course(fed_travel_course(w->travel), narrow, out);
	fed_text_add(out, narrow ? "  " : "  clock ");
	fed_text_clock(out, fed_session_time(w->session));
	fed_text_add(out, "  %s", word_of(app, now));
	if (now->pace > 0)
		fed_text_add(out, "  pace %g/s", now->pace);
	if (w->n_marked)
		fed_text_add(out, "  %u marked", w->n_marked);
	const char *filter = view->filtered ? view->filtered(app->state[app->at]) : NULL;
	if (filter && *filter)
		fed_text_add(out, "  / %s", filter);
}

bool fed__app_is_changed(const struct fed_app *app, const struct fed_runner_state *now)
{
	struct fed_text state = {0};

	put_state(app, now, &state);
	const bool same = strncmp(fed_text_str(&state), app->title, sizeof app->title - 1) == 0;
	fed_text_release(&state);
	const struct fed_runner_state *then = &app->painted;
	const bool same_keys = then->busy == now->busy && then->paused == now->paused &&
	                       then->held == now->held && then->by_key == now->by_key;
	return !same || !same_keys || fed__app_is_stale(app);
}

/* How close the names of views are: with two blanks between two of them, with one, without one
 * behind a number, but that of the current one. */
enum name_spacing { NAMES_APART, NAMES_CLOSE, NAMES_TIGHT, NAMES_ALONE /* only the current one */ };

/* Columns of all names. */
static int names_width(enum name_spacing how)
{
	int width = how == NAMES_TIGHT ? 2 : how == NAMES_CLOSE;

	for (size_t i = 0; fed__view_at(i); i++)
		width += 4 - (int)how + fed_text_width(fed__view_at(i)->name);
	return width;
}

/* " 1 overview [2 log]"; returns the column behind. */
static int put_names(struct fed_canvas *canvas, struct fed_app *app, enum name_spacing how)
{
	const bool shared = how == NAMES_CLOSE || how == NAMES_TIGHT;
	int column = 0;

	for (size_t i = 0; fed__view_at(i); i++) {
		const bool shown = i == app->at;
		char text[64];

		app->name_end[i] = 0;
		if (!shown && how == NAMES_ALONE)
			continue;
		snprintf(text, sizeof text, shown ? "[%zu%s%s]" : " %zu%s%s ", i + 1,
		         how == NAMES_TIGHT && !shown ? "" : " ", fed__view_at(i)->name);
		/* The blank before a name may be the bracket behind the one before it. */
		const int skip = shared && column && !shown;
		column -= shared && column > 0;
		column = fed__canvas_write(canvas, column + skip, 0, text + skip, shown ? bold : grey);
		app->name_end[i] = column;
	}
	return column;
}

/* The state's own row, with the slider behind it where there is room. */
static void paint_state(struct fed_app *app, const char *state)
{
	struct fed_canvas *canvas = &app->whole;
	const int end = fed__canvas_write(canvas, 1, 1, state, plain) + 2;
	int width = canvas->columns - end - 1;

	width = width < FED_SLIDER_MOST ? width : FED_SLIDER_MOST;
	if (app->slider.shown && width >= FED_SLIDER_LEAST)
		fed__slider_paint(&app->slider, canvas, canvas->columns - width - 1, 1, width,
		                  app->watched.utf8);
}

static void paint_title(struct fed_app *app, const char *state)
{
	struct fed_canvas *canvas = &app->whole;
	const bool two = fed__app_title_rows(canvas->rows) == 2;
	const int room = two ? canvas->columns : canvas->columns - fed_text_width(state) - 2;
	enum name_spacing how = NAMES_APART;

	while (how < NAMES_ALONE && names_width(how) > room)
		how++;
	const int end = put_names(canvas, app, how);

	if (two)
		paint_state(app, state);
	else
		fed__canvas_write(canvas, end + 2, 0, state, plain);
}

/* Help ------------------------------------------------------------------------------- */

static int help_line(struct fed_canvas *canvas, int row, int skip, const char *name,
                     const char *help)
{
	if (row >= skip) {
		fed__canvas_write(canvas, 2, row - skip, name, key_style);
		fed__canvas_write(canvas, 13, row - skip, help, plain);
	}
	return row + 1;
}

static int help_head(struct fed_canvas *canvas, int row, int skip, const char *text)
{
	if (row >= skip)
		fed__canvas_write(canvas, 0, row - skip, text, bold);
	return row + 1;
}

/* Returns the number of rows of the whole help. */
static int paint_help(const struct fed_app *app, struct fed_canvas *canvas, int skip)
{
	const struct fed_view *view = fed__view_at(app->at);
	char head[200];
	int row = 0;

	snprintf(head, sizeof head, "%s: %s", view->name, view->help);
	row = help_head(canvas, row, skip, head);
	for (const struct fed_key *key = view->keys; key && key->code; key++)
		row = help_line(canvas, row, skip, key->name, key->help);
	row = help_head(canvas, row, skip, "in all views");
	for (const struct fed_app_key *key = fed__app_keys; key->code; key++)
		if (!(app->onlooker && key->commands))
			row = help_line(canvas, row, skip, key->name,
			                key->code == 'q' && app->onlooker ? "leave; the session goes on"
			                : key->code == 'q' && app->alone  ? "leave fedsh"
			                                                  : key->help);
	row = help_line(canvas, row, skip, "ctrl-C",
	                app->onlooker ? "leave, also where the session is busy"
	                              : "stop after this round; again: abort it");
	row = help_head(canvas, row, skip, "views");
	for (size_t i = 0; (view = fed__view_at(i)); i++) {
		char number[32];
		snprintf(number, sizeof number, "%zu %s", i + 1, view->name);
		row = help_line(canvas, row, skip, number, view->help);
	}
	return row;
}

/* Footer ------------------------------------------------------------------------------ */

struct hint {
	const char *name;
	char word[HINT_MOST];
};

/* Add a hint: the key's help up to the first comma. */
static void add_hint(struct hint *hints, int *n, const char *name, const char *word)
{
	if (*n == KEYS_SHOWN || !word)
		return;
	hints[*n].name = name;
	snprintf(hints[*n].word, sizeof hints[*n].word, "%.*s", (int)strcspn(word, ",;:("), word);
	++*n;
}

static void add_global(struct hint *hints, int *n, uint32_t code, const char *word)
{
	const struct fed_app_key *key = fed__app_key(code);

	add_hint(hints, n, key->name, word ? word : key->word);
}

/* The current view's keys that matter in the present session, a bit each. The session must be
 * paused: while it runs, the footer keeps those of its last pause. */
static uint64_t keys_that_matter(const struct fed_app *app)
{
	const struct fed_key *keys = fed__view_at(app->at)->keys;
	uint64_t bits = 0;

	for (int i = 0; keys && keys[i].code && i < 64; i++)
		if (keys[i].matters && keys[i].matters(app->state[app->at], &app->watched))
			bits |= UINT64_C(1) << i;
	return bits;
}

/* Choose at most KEYS_SHOWN hints; the last two are `?` and `q`. */
static int choose_hints(const struct fed_app *app, const struct fed_runner_state *now,
                        struct hint *hints)
{
	const struct fed_view *view = fed__view_at(app->at);
	int n = 0;

	if (app->onlooker)
		; /* it has no keys for the run */
	else if (now->held)
		add_hint(hints, &n, now->by_key ? "space" : "enter", "next");
	if (app->onlooker) {
		add_global(hints, &n, '/', NULL);
	} else if (now->held && now->by_key) {
		add_global(hints, &n, 'r', NULL);
	} else if (app->slider.shown && !now->busy) {
		add_global(hints, &n, ' ', "play");
		add_global(hints, &n, '<', NULL);
		add_global(hints, &n, '>', NULL);
		add_global(hints, &n, 'b', NULL);
	} else if (now->busy ? now->paused : app->unfinished) {
		add_global(hints, &n, ' ', "go on");
		add_global(hints, &n, 's', NULL);
	} else if (!now->busy) {
		add_global(hints, &n, 'r', NULL);
	} else {
		add_global(hints, &n, ' ', NULL);
	}
	if (app->watched.n_marked && !app->onlooker)
		add_global(hints, &n, 'i', NULL);
	for (int i = 0; view->keys && view->keys[i].code && n < KEYS_SHOWN - 3; i++)
		if (app->matter & UINT64_C(1) << i)
			add_hint(hints, &n, view->keys[i].name, view->keys[i].help);
	if (!app->onlooker)
		add_global(hints, &n, ':', NULL);
	if (n < KEYS_SHOWN - 2)
		add_global(hints, &n, FED_KEY_TAB, NULL);
	n = n < KEYS_SHOWN - 2 ? n : KEYS_SHOWN - 2;
	add_global(hints, &n, '?', NULL);
	add_global(hints, &n, 'q', app->alone || app->onlooker ? "leave" : NULL);
	return n;
}

static int hint_width(const struct hint *hint)
{
	return fed_text_width(hint->name) + 1 + fed_text_width(hint->word) + 2;
}

static void paint_hints(struct fed_app *app, const struct fed_runner_state *now, int row)
{
	struct fed_canvas *canvas = &app->whole;
	struct hint hints[KEYS_SHOWN];
	const int n = choose_hints(app, now, hints);
	int column = 0, last = hint_width(&hints[n - 1]) + hint_width(&hints[n - 2]);

	for (int i = 0; i < n; i++) {
		const int width = hint_width(&hints[i]);
		const bool ends = i >= n - 2;

		if (column + width + (ends ? 0 : last) > canvas->columns + 2)
			continue;
		column = fed__canvas_write(canvas, column, row, hints[i].name, key_style);
		column = 2 + fed__canvas_write(canvas, column + 1, row, hints[i].word, plain);
	}
}

/* Returns the cursor's column, or -1. */
static int paint_footer(struct fed_app *app, const struct fed_runner_state *now, int row)
{
	struct fed_canvas *canvas = &app->whole;

	if (app->prompting) {
		for (int i = 0; i < canvas->columns && app->prompt.choices.len; i++)
			fed__canvas_put(canvas, i, row - 1, ' ', plain);
		fed__canvas_write(canvas, 0, row - 1, fed_text_str(&app->prompt.choices), key_style);
		return fed__prompt_paint(&app->prompt, canvas, row);
	}
	if (*app->notice)
		fed__styled_write(canvas, 0, row, app->notice, 0, app->alarm ? alarm : bold);
	else
		paint_hints(app, now, row);
	return -1;
}

/* All of it ------------------------------------------------------------------------------ */

static void paint_too_small(struct fed_canvas *canvas)
{
	char text[80];

	/* The required size first: the rest may not fit. */
	snprintf(text, sizeof text, "needs %d x %d, has %d x %d", FED_APP_COLUMNS, FED_APP_ROWS,
	         canvas->columns, canvas->rows);
	fed__canvas_clear(canvas);
	fed__canvas_write(canvas, 0, 0, text, plain);
}

static int paint_view(struct fed_app *app, int columns, int rows, struct fed_error *err)
{
	const struct fed_view *view = fed__view_at(app->at);
	void *state = app->state[app->at];

	if (resize(&app->view, columns, rows, err))
		return FED_FAIL;
	fed__canvas_clear(&app->view);
	app->stamp = fed__view_stamp(view, state, &app->watched);
	app->fresh = true;
	if (view->paint(state, &app->watched, &app->view, err)) {
		fed__canvas_clear(&app->view);
		fed__canvas_write(&app->view, 0, 0, err->text, alarm);
	}
	return FED_OK;
}

static void paint_help_page(struct fed_app *app, struct fed_canvas *help)
{
	const int all = paint_help(app, help, 0);
	const int most = all > help->rows ? all - help->rows : 0;

	app->help_row = app->help_row < most ? app->help_row : most;
	app->help_row = app->help_row > 0 ? app->help_row : 0;
	fed__canvas_clear(help);
	paint_help(app, help, app->help_row);
}

static void paint_pane(struct fed_app *app, struct fed_canvas *canvas)
{
	fed__pane_paint(&app->pane, canvas);
}

/* Paint on a canvas of the view's size, and that over the view. */
static void paint_over(struct fed_app *app, int top, int rows,
                       void (*paint)(struct fed_app *, struct fed_canvas *))
{
	struct fed_canvas canvas;
	struct fed_error unused;

	if (fed__canvas_init(&canvas, app->whole.columns, rows, &unused))
		return;
	paint(app, &canvas);
	fed__canvas_copy(&app->whole, 0, top, &canvas);
	fed__canvas_release(&canvas);
}

/* Rows of the view on a screen of this many. */
static int view_rows(const struct fed_app *app, int rows)
{
	return rows - fed__app_title_rows(rows) - fed__caption_area_rows(&app->captions, rows) - 1;
}

bool fed__app_has_more(const struct fed_app *app)
{
	return fed__caption_area_has_more(&app->captions, app->whole.columns, app->whole.rows);
}

bool fed__app_turn(struct fed_app *app)
{
	const bool more = fed__app_has_more(app);

	app->captions.page += more;
	return more;
}

double fed__app_reading_time(const struct fed_app *app)
{
	const double pane = app->pane.scripted ? fed__pane_seconds(&app->pane) : 0;

	return pane + fed__caption_area_seconds(&app->captions, app->whole.columns, app->whole.rows);
}

void fed__app_pane_size(const struct fed_app *app, int columns, int rows, int *pane_columns,
                        int *pane_rows)
{
	*pane_columns = columns;
	*pane_rows = rows < FED_APP_ROWS ? rows : view_rows(app, rows);
}

static void take_course(struct fed_app *app)
{
	if (!app->watched.travel)
		return;
	const struct fed_course c = fed_travel_course(app->watched.travel);
	app->slider = (struct fed_slider){c.first, c.here, c.last, c.behind && c.last > c.here};
}

int fed__app_paint(struct fed_app *app, const struct fed_runner_state *now, bool still, int columns,
                   int rows, struct fed_error *err)
{
	app->cursor = -1;
	if (resize(&app->whole, columns, rows, err))
		return FED_FAIL;
	fed__canvas_clear(&app->whole);
	if (columns < FED_APP_COLUMNS || rows < FED_APP_ROWS) {
		paint_too_small(&app->whole);
		return FED_OK;
	}
	const int top = fed__app_title_rows(rows), capacity = view_rows(app, rows);
	if (app->view.columns != columns || app->view.rows != capacity)
		app->fresh = false;
	if (still)
		fed__pane_follow(&app->pane, fed_session_status(app->watched.session).events);
	if (still && fed__app_is_stale(app) && paint_view(app, columns, capacity, err))
		return FED_FAIL;
	if (still) {
		struct fed_text state = {0};
		put_state(app, now, &state);
		snprintf(app->title, sizeof app->title, "%s", fed_text_str(&state));
		take_course(app);
		fed_text_release(&state);
		app->matter = keys_that_matter(app);
		app->unfinished = fed_session_left(app->watched.session);
	}
	paint_title(app, app->title);
	fed__canvas_copy(&app->whole, 0, top, &app->view); /* its last picture, clipped */
	if (app->helping)
		paint_over(app, top, capacity, paint_help_page);
	else if (app->pane.open)
		paint_over(app, top, capacity, paint_pane);
	if (app->captions.shown)
		fed__caption_area_paint(&app->captions, &app->whole, top + capacity, rows);
	app->cursor = paint_footer(app, now, rows - 1);
	app->painted = *now;
	return FED_OK;
}
