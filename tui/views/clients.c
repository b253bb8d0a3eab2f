/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/clients.c - the view `clients`: a table that can be sorted, filtered and marked, with a
 * page for each client. */
#include "tui/views/clients.h"

#include <math.h>
#include <string.h>

#include "session/composition.h"
#include "session/inject.h"
#include "report/label_histogram.h"
#include "history/client_selector.h"
#include "train/clients/names.h"
#include "tui/views/selection.h"
#include "tui/widgets/glyphs.h"
#include "tui/views/views.h"

enum { MARGIN = 2, BARS = 20, NAME_WIDTH = 16 };

/* Columns ---------------------------------------------------------------------------- */

struct client_cell {
	const struct fed_watched *watched;
	const struct fed_client *client;
	struct fed_client_table_row row;
};

static void put_name(struct fed_text *out, const struct client_cell *l)
{
	const struct fed_clients *c = &fed_session_parts(l->watched->session)->clients;
	const char *name = fed_client_name(c, (uint32_t)l->row.client);

	fed_text_add(out, "%s", name ? name : "-");
}

static void put_state(struct fed_text *out, const struct client_cell *l)
{
	fed_text_add(out, "%s", fed_activity_names[l->row.state]);
}

static void put_labels(struct fed_text *out, const struct client_cell *l)
{
	const struct fed_dataset *data = fed_session_parts(l->watched->session)->data;
	const struct fed_clients *c = &fed_session_parts(l->watched->session)->clients;
	struct fed_error unused;

	if (!data->classes || (c->block && c->block[l->client->block].remote) ||
	    fed_labels_put(out, l->client, data, BARS, l->watched->utf8, &unused))
		fed_text_add(out, "-");
}

static void put_device(struct fed_text *out, const struct client_cell *l)
{
	fed_device_put(out, l->client->device_profile, l->client->device);
}

static void put_link(struct fed_text *out, const struct client_cell *l)
{
	fed_link_put(out, l->client->link_profile, &l->client->link);
}

static void put_verdict(struct fed_text *out, const struct client_cell *l)
{
	const bool any = l->row.verdict != FED_VERDICT_NONE;

	fed_text_add(out, "%s", any ? fed_verdict_kind_names[l->row.verdict] : "-");
}

static void put_accuracy(struct fed_text *out, const struct client_cell *l)
{
	if (isnan(l->row.accuracy))
		fed_text_add(out, "-");
	else
		fed_text_add(out, "%.1f %%", 100 * l->row.accuracy);
}

static void put_bytes(struct fed_text *out, const struct client_cell *l)
{
	fed_text_bytes(out, l->row.bytes);
}

static void put_faults(struct fed_text *out, const struct client_cell *l)
{
	fed_client_put_faults(l->watched->session, (uint32_t)l->row.client, out);
}

enum { CLIENT, NAME, STATE, LABELS = 4, ACCURACY = 10, VERDICT = 15, FAULTS = 17, COLUMNS };
static const struct {
	const char *field; /* of the client table */
	struct fed_column column;
	const char
		*format; /* of the number, as in the commands `clients` and `updates`; NULL: put is used */
	void (*put)(struct fed_text *, const struct client_cell *);
	bool ascends; /* natural order: ascending */
} columns[COLUMNS] = {
	[CLIENT] = {"client", {"client", 7, 0, true}, "%.0f", .ascends = true},
	[NAME] = {NULL, {"name", NAME_WIDTH, 1}, NULL, put_name},
	[STATE] = {"state", {"state", 13, 1}, NULL, put_state, true},
	{"examples", {"examples", 9, 4, true}, "%.0f"},
	[LABELS] = {"labels", {"labels", 7, 6}, NULL, put_labels},
	{"device", {"device", 19, 11}, NULL, put_device},
	{"link", {"link", 18, 12}, NULL, put_link},
	{"updates", {"updates", 8, 13, true}, "%.0f"},
	{"staleness", {"stale", 6, 8, true}, "%.0f"},
	{"loss", {"loss", 9, 2, true}, "%#.4g"},
	[ACCURACY] = {"accuracy", {"accuracy", 8, 3, true}, NULL, put_accuracy},
	{"norm", {"norm", 9, 9, true}, "%#.4g"},
	{"cosine", {"cos(step)", 10, 10, true}, "%.3f"},
	{"score", {"score", 9, 15, true}, "%#.4g"},
	{"weight", {"weight", 7, 14, true}, "%.4f"},
	[VERDICT] = {"verdict", {"verdict", 8, 3}, NULL, put_verdict},
	{"bytes", {"bytes", 8, 5, true}, NULL, put_bytes},
	[FAULTS] = {"faults", {"faults", 12, 7, .stretchy = true}, NULL, put_faults},
};

static void put_cell(struct fed_text *out, const struct client_cell *l, size_t column)
{
	const char *const row = (const char *)&l->row;
	double x;

	if (columns[column].put) {
		columns[column].put(out, l);
		return;
	}
	memcpy(&x, row + fed_fields_find(fed_client_table_fields, columns[column].field)->offset,
	       sizeof x);
	fed_text_number(out, columns[column].format, x);
}

struct clients_view {
	struct fed_client_table client_table;
	uint64_t made;    /* stamp of client_table */
	bool table_valid; /* client_table is valid */
	size_t sort;      /* column */
	bool reversed;    /* sorted against the natural order */
	/* The cursor follows its client once it was moved; before it is in the first row. */
	bool follows;
	uint32_t client, row; /* at the cursor, and its row of the table */
	uint32_t top, rows;   /* first row shown, rows shown */
	bool page_shown;      /* the page of the cursor's client is shown */
	bool page_examples;   /* with its examples instead of its invitations */
	uint32_t page_top;    /* the first invitation, or which draw of examples */
	struct fed_column column[COLUMNS];
	struct fed_columns shown; /* as painted last: for clicks */
};

static bool is_descending(const struct clients_view *st)
{
	return columns[st->sort].ascends == st->reversed;
}

/* As wide as the names need, at most NAME_WIDTH; not there without any. */
static void fit_names(struct clients_view *st, const struct fed_clients *c)
{
	int widest = 0;

	for (uint32_t i = 0; c->named && i < c->n_present && widest < NAME_WIDTH; i++) {
		const char *name = fed_client_name(c, c->present[i]);
		const int width = name ? fed_text_width(name) : 0;

		widest = width > widest ? width : widest;
	}
	st->column[NAME].width = widest < NAME_WIDTH ? widest : NAME_WIDTH;
	if (!widest)
		st->column[NAME].rank = -1;
}

/* Lay out the columns of this session; the sorted one comes right behind the client's number. */
static void fit(struct clients_view *st, const struct fed_session *s, int width)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const uint32_t classes = parts->data ? parts->data->classes : 0;

	for (size_t k = 0; k < COLUMNS; k++) {
		st->column[k] = columns[k].column;
		if (k != CLIENT)
			st->column[k].rank = k == st->sort ? 1 : st->column[k].rank + 1;
	}
	st->column[LABELS].width = (int)(classes < BARS ? classes : BARS);
	if (!classes)
		st->column[LABELS].rank = -1;
	if (!parts->faults.n)
		st->column[FAULTS].rank = -1;
	if (!fed_clients_evaluating(&parts->clients))
		st->column[ACCURACY].rank = -1;
	fit_names(st, &parts->clients);
	fed__columns_fit(&st->shown, st->column, COLUMNS, MARGIN, width);
}

/* The table of clients ------------------------------------------------------------------------- */

static int refresh(struct clients_view *st, const struct fed_watched *w, struct fed_error *err)
{
	const uint64_t stamp = fed__stamp_of(w);
	struct fed_client_table *r = &st->client_table;

	if (st->table_valid && st->made == stamp)
		return FED_OK;
	fed_client_table_sort(r, fed_fields_find(fed_client_table_fields, columns[st->sort].field),
	                      is_descending(st));
	st->made = stamp;
	st->table_valid = fed_client_table_make(r, w->session, err) == FED_OK;
	if (!st->table_valid)
		return FED_FAIL;
	if (st->follows) {
		const uint32_t row = fed_client_table_place(r, st->client);

		if (row < r->n)
			st->row = row;
	} else {
		st->row = 0;
	}
	if (st->row >= r->n)
		st->row = r->n ? r->n - 1 : 0;
	return FED_OK;
}

/* Update the cursor's client from its row. */
static void find_client(struct clients_view *st)
{
	if (st->client_table.n == 0)
		return;
	fed_client_table_order(&st->client_table, st->row, st->row + 1);
	st->client = st->client_table.ranked[st->row].client;
}

/* Painting ----------------------------------------------------------------------------- */

static struct fed_style style_of(size_t column, const struct fed_client_table_row *row, bool bold)
{
	struct fed_style style = {.bold = bold};

	if (column == STATE)
		style.color = fed__activity_marks[row->state].color;
	else if (column == VERDICT && row->verdict >= FED_VERDICT_FILTERED)
		style.color = FED_COLOR_YELLOW;
	else if (column == VERDICT && row->verdict == FED_VERDICT_DISTRUSTED)
		style.color = FED_COLOR_MAGENTA;
	return style;
}

static void paint_row(struct clients_view *st, const struct fed_watched *w,
                      struct fed_canvas *canvas, int at, uint32_t id)
{
	const bool here = id == st->client, marked = fed_client_ids_contain(w->marked, w->n_marked, id);
	struct client_cell cell = {.watched = w,
	                           .client = &fed_session_parts(w->session)->clients.client[id]};
	const int state = st->shown.at[STATE];
	struct fed_text text = {0};

	fed_client_table_figures(&st->client_table, w->session, id, &cell.row);
	if (here)
		fed__canvas_put(canvas, 0, at, '>', (struct fed_style){.bold = true});
	if (marked)
		fed__canvas_put(canvas, 1, at, '*', (struct fed_style){FED_COLOR_CYAN, true});
	for (size_t k = 0; k < COLUMNS; k++) {
		if (st->shown.at[k] < 0)
			continue;
		fed_text_clear(&text);
		if (k == STATE)
			fed_text_add(&text, "  "); /* the glyph's columns */
		put_cell(&text, &cell, k);
		fed__columns_cell(&st->shown, canvas, k, at, fed_text_str(&text),
		                  style_of(k, &cell.row, here || marked));
	}
	if (state >= 0)
		fed__activity_glyph_put(canvas, state, at, &fed__activity_marks[cell.row.state], w->utf8);
	fed_text_release(&text);
}

/* The arrow of the sort order, beside the column's title. */
static void paint_arrow(const struct clients_view *st, const struct fed_watched *w,
                        struct fed_canvas *canvas)
{
	const struct fed_columns *c = &st->shown;
	const uint32_t arrow = is_descending(st) ? (w->utf8 ? 0x25BC : 'v') : w->utf8 ? 0x25B2 : '^';
	const size_t k = st->sort;

	if (c->at[k] < 0)
		return;
	const int title = fed_text_width(st->column[k].title);
	fed__canvas_put(canvas, c->at[k] + (st->column[k].right ? c->width[k] - title - 1 : title), 0,
	                arrow, (struct fed_style){.color = FED_COLOR_CYAN});
}

/* "clients 1-20 of 1,000, 3 marked; by loss, the largest first" */
static void paint_foot(const struct clients_view *st, const struct fed_watched *w,
                       struct fed_canvas *canvas)
{
	const struct fed_composition *parts = fed_session_parts(w->session);
	const struct fed_client_table *r = &st->client_table;
	const uint32_t last = st->top + st->rows < r->n ? st->top + st->rows : r->n;
	struct fed_text text = {0};

	fed_text_add(&text, "rows %u-%u of ", st->top + 1, last);
	fed_text_count(&text, r->n);
	if (r->n != parts->clients.n_present) {
		fed_text_add(&text, " chosen from ");
		fed_text_count(&text, parts->clients.n_present);
	}
	if (w->n_marked)
		fed_text_add(&text, ", %u marked", w->n_marked);
	fed_text_add(&text, "; by %s, %s", columns[st->sort].field,
	             is_descending(st) ? "descending" : "ascending");
	fed__cells_line(canvas, canvas->rows - 1, fed_text_str(&text),
	                (struct fed_style){.color = FED_COLOR_GREY});
	fed_text_release(&text);
}

static int paint_table(struct clients_view *st, struct fed_watched *w, struct fed_canvas *canvas,
                       struct fed_error *err)
{
	const int head = canvas->rows > 1, foot = canvas->rows > 3;
	const uint32_t rows = (uint32_t)(canvas->rows - head - foot);

	if (refresh(st, w, err))
		return FED_FAIL;
	fit(st, w->session, canvas->columns);
	st->rows = rows;
	if (st->client_table.n == 0) {
		fed__cells_say(canvas, 0,
		               fed_session_parts(w->session)->clients.n_present
		                   ? "no client matches the filter"
		                   : "no clients yet: `add-client 10` makes some",
		               (struct fed_style){0});
		return FED_OK;
	}
	find_client(st);
	fed__scroll_to(&st->top, st->row, rows, st->client_table.n);
	fed_client_table_order(&st->client_table, st->top, st->top + rows);
	if (head) {
		fed__columns_titles(&st->shown, canvas, 0);
		paint_arrow(st, w, canvas);
	}
	for (uint32_t i = 0; i < rows && st->top + i < st->client_table.n; i++)
		paint_row(st, w, canvas, head + (int)i, st->client_table.ranked[st->top + i].client);
	if (foot)
		paint_foot(st, w, canvas);
	return FED_OK;
}

static int paint_clients(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                         struct fed_error *err)
{
	struct clients_view *st = state;

	return st->page_shown ? fed__client_page_paint(canvas, w, st->client, st->page_examples,
	                                               &st->page_top, err)
	                      : paint_table(st, w, canvas, err);
}

/* Keys ------------------------------------------------------------------------------------ */

static void move(struct clients_view *st, int64_t by)
{
	const int64_t last = st->client_table.n ? (int64_t)st->client_table.n - 1 : 0;
	const int64_t to = (int64_t)st->row + by;

	st->row = (uint32_t)(to < 0 ? 0 : to > last ? last : to);
	st->follows = true;
	find_client(st);
}

static int press_move(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct clients_view *st = state;
	const int64_t page = st->rows > 1 ? st->rows - 1 : 1;
	int64_t by = 0;

	if (refresh(st, w, err))
		return FED_FAIL;
	switch (press->code) {
	case FED_KEY_UP:
		by = -1;
		break;
	case FED_KEY_DOWN:
		by = 1;
		break;
	case FED_KEY_PAGE_UP:
		by = -page;
		break;
	case FED_KEY_PAGE_DOWN:
		by = page;
		break;
	case FED_KEY_HOME:
		by = -(int64_t)UINT32_MAX;
		break;
	default:
		by = UINT32_MAX;
	}
	if (st->page_shown) {
		const int64_t to = (int64_t)st->page_top + by;
		st->page_top = (uint32_t)(to < 0 ? 0 : to > UINT32_MAX ? UINT32_MAX : to);
		return FED_OK;
	}
	move(st, by);
	if (press->code == FED_KEY_HOME)
		st->follows = false; /* back to the first row */
	return FED_OK;
}

static void sort_by(struct clients_view *st, size_t column)
{
	st->reversed = column == st->sort && !st->reversed;
	st->sort = column;
	st->table_valid = false;
}

/* Sort by the next column to the left or right. */
static int press_column(void *state, struct fed_watched *w, const struct fed_press *press,
                        struct fed_error *err)
{
	struct clients_view *st = state;
	const size_t step = press->code == '[' ? COLUMNS - 1 : 1;
	size_t column = st->sort;

	(void)err;
	fit(st, w->session, FED_CANVAS_MAX); /* columns that do not fit can be chosen, too */
	do
		column = (column + step) % COLUMNS;
	while (st->shown.at[column] < 0 || !columns[column].field);
	sort_by(st, column);
	return FED_OK;
}

static int press_turn(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct clients_view *st = state;

	(void)w;
	(void)press;
	(void)err;
	sort_by(st, st->sort);
	return FED_OK;
}

static int press_mark(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct clients_view *st = state;

	(void)press;
	if (refresh(st, w, err))
		return FED_FAIL;
	find_client(st);
	if (st->client_table.n == 0)
		return FED_OK;
	if (fed__selection_turn(w, st->client, err))
		return FED_FAIL;
	move(st, 1);
	return FED_OK;
}

static int press_mark_all(void *state, struct fed_watched *w, const struct fed_press *press,
                          struct fed_error *err)
{
	struct clients_view *st = state;

	(void)press;
	if (refresh(st, w, err))
		return FED_FAIL;
	return fed__selection_add(w, &st->client_table, err);
}

static int press_unmark(void *state, struct fed_watched *w, const struct fed_press *press,
                        struct fed_error *err)
{
	(void)state;
	(void)press;
	(void)err;
	w->n_marked = 0;
	return FED_OK;
}

static int press_open_page(void *state, struct fed_watched *w, const struct fed_press *press,
                           struct fed_error *err)
{
	struct clients_view *st = state;

	(void)press;
	if (refresh(st, w, err))
		return FED_FAIL;
	find_client(st);
	st->page_shown = !st->page_shown && st->client_table.n;
	st->page_examples = false;
	st->follows = true;
	st->page_top = 0;
	return FED_OK;
}

static int press_examples(void *state, struct fed_watched *w, const struct fed_press *press,
                          struct fed_error *err)
{
	struct clients_view *st = state;

	const bool from_table = !st->page_shown;

	if (from_table && press_open_page(state, w, press, err))
		return FED_FAIL;
	st->page_examples = from_table || !st->page_examples;
	st->page_top = 0;
	return FED_OK;
}

static int press_back(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	(void)w;
	(void)press;
	(void)err;
	((struct clients_view *)state)->page_shown = false;
	return FED_OK;
}

/* A click on a title sorts by its column, on a row moves the cursor. */
static int press_click(void *state, struct fed_watched *w, const struct fed_press *press,
                       struct fed_error *err)
{
	struct clients_view *st = state;
	const uint32_t row = (uint32_t)press->row - 1;

	if (st->page_shown || refresh(st, w, err))
		return st->page_shown ? FED_OK : FED_FAIL;
	for (size_t k = 0; press->row == 0 && k < st->shown.n; k++)
		if (st->shown.at[k] >= 0 && columns[k].field && press->column >= st->shown.at[k] &&
		    press->column < st->shown.at[k] + st->shown.width[k]) {
			sort_by(st, k);
			return FED_OK;
		}
	if (press->row > 0 && row < st->rows && st->top + row < st->client_table.n)
		move(st, (int64_t)st->top + row - st->row);
	return FED_OK;
}

static bool has_any_client(const void *state, const struct fed_watched *w)
{
	return !((const struct clients_view *)state)->page_shown &&
	       fed_session_parts(w->session)->clients.n_present;
}

static bool on_page(const void *state, const struct fed_watched *w)
{
	(void)w;
	return ((const struct clients_view *)state)->page_shown;
}

static bool has_marked(const void *state, const struct fed_watched *w)
{
	(void)state;
	return w->n_marked > 0;
}

static const struct fed_key keys[] = {
	{FED_KEY_UP, 0, "up", "the client above", press_move, NULL},
	{FED_KEY_DOWN, 0, "down", "the client below", press_move, NULL},
	{FED_KEY_PAGE_UP, 0, "page up", "a page up", press_move, NULL},
	{FED_KEY_PAGE_DOWN, 0, "page down", "a page down", press_move, NULL},
	{FED_KEY_HOME, 0, "home", "the first one", press_move, NULL},
	{FED_KEY_END, 0, "end", "the last one", press_move, NULL},
	{'[', 0, "[", "sort by the column on the left", press_column, NULL},
	{']', 0, "]", "sort by the next column", press_column, has_any_client},
	{'o', 0, "o", "reverse the order", press_turn, has_any_client},
	{'x', 0, "x", "mark the client, or take its mark away", press_mark, has_any_client},
	{'X', 0, "X", "mark all that are chosen by the filter", press_mark_all, NULL},
	{'u', 0, "u", "take all marks away", press_unmark, has_marked},
	{FED_KEY_ENTER, 0, "enter", "the client's story, and back", press_open_page, has_any_client},
	{'e', 0, "e", "its examples, as it sees them (down: others), or its story", press_examples,
     on_page},
	{FED_KEY_BACKSPACE, FED_KEY_ESCAPE, "backspace", "back to the table", press_back, on_page},
	{FED_KEY_CLICK, 0, "click", "on a title: sort by it; on a row: go there", press_click, NULL},
	{.code = 0},
};

/* ------------------------------------------------------------------------------------------ */

static int filter(void *state, struct fed_watched *w, const char *text, struct fed_error *err)
{
	struct clients_view *st = state;

	if (fed_client_table_filter(&st->client_table, w->session, text, err))
		return FED_FAIL;
	st->table_valid = false;
	return FED_OK;
}

static const char *filtered(const void *state)
{
	return ((const struct clients_view *)state)->client_table.filter;
}

/* Compute the norms for the visible clients now, while the updates are available. */
static void made(void *state, struct fed_watched *w)
{
	struct clients_view *st = state;
	struct fed_error unused;

	if (refresh(st, w, &unused))
		return;
	fed_client_table_order(&st->client_table, st->top, st->top + st->rows);
	for (uint32_t i = st->top; i < st->top + st->rows && i < st->client_table.n; i++) {
		struct fed_client_table_row row;
		fed_client_table_figures(&st->client_table, w->session, st->client_table.ranked[i].client,
		                         &row);
	}
}

static void close_view(void *state)
{
	fed_client_table_release(&((struct clients_view *)state)->client_table);
}

const struct fed_view fed__view_clients = {
	.name = "clients",
	.help = "what each client has, does and contributes",
	.state_size = sizeof(struct clients_view),
	.keys = keys,
	.close = close_view,
	.paint = paint_clients,
	.filter = filter,
	.filtered = filtered,
	.made = made,
};
