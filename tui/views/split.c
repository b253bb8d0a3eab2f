/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/split.c - the view `split`: the model's layers, its cuts and the traffic across them.
 */
#include "tui/views/split.h"

#include <math.h>

#include "history/event_log.h"
#include "net/messenger.h"
#include "nn/layers/image.h"
#include "session/composition.h"
#include "train/clients/names.h"
#include "tui/views/views.h"
#include "train/schemes/schemes.h"

enum {
	MARGIN = 4,      /* columns of cursor and owner */
	PANEL_FROM = 12, /* least rows for the facts below the layers */
	PANEL = 6,
};

static const struct fed_style plain, faint = {.color = FED_COLOR_GREY}, bold = {.bold = true},
									 client = {.color = FED_COLOR_CYAN},
									 server = {.color = FED_COLOR_MAGENTA};

struct split_view {
	size_t cut; /* at the cursor, from 1; 0: not moved yet */
	uint32_t top, rows;
};

/* The cut at the cursor. */
static size_t cut_of(const struct split_view *st, const struct fed_net *net,
                     const struct fed_division *now)
{
	const size_t wanted = st->cut ? st->cut : now->real ? now->at[0] : net->layers / 2;

	return wanted < 1 ? 1 : wanted > net->layers - 1 ? net->layers - 1 : wanted;
}

/* The scheme's cuts, or a hypothetical one at the cursor. */
static struct fed_division division_of(const struct split_view *st, const struct fed_session *s)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_division d;

	if (!fed__division_of(s, &d)) {
		d.at[0] = cut_of(st, &parts->net, &d);
		d.at[1] = parts->net.layers;
	}
	return d;
}

static bool is_server(const struct fed_division *d, size_t layer)
{
	return layer >= d->at[0] && layer < d->at[1];
}

/* Layers ------------------------------------------------------------------------------- */

enum { CUT, LAYER, WHAT, OUTPUT, PARAMETERS, FLOPS, WIDTH, UP, DOWN, HEAD, COLUMNS };
static const struct fed_column columns[COLUMNS] = {
	[CUT] = {"cut", 3, 2, true},
	[LAYER] = {"layer", 12, 0},
	[WHAT] = {"", 22, 9},
	[OUTPUT] = {"output", 12, 3},
	[PARAMETERS] = {"parameters", 12, 1, true},
	[FLOPS] = {"an example", 13, 6, true},
	[WIDTH] = {"numbers", 9, 5, true},
	[UP] = {"up", 9, 4, true},
	[DOWN] = {"down", 9, 4, true},
	[HEAD] = {"head", 9, 7, true},
};

/* A cell with the costs of a cut behind `layer`. */
static void put_costs(struct fed_text *out, int column, const struct fed_session *s, size_t layer)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_division d = {.at = {layer + 1, parts->net.layers}, .labels = true}, own;

	if (fed__division_of(s, &own) && own.parties) {
		d.parties = own.parties;
		d.labels = false;
	}
	const struct fed_crossing c = fed__crossing_at(s, &d);

	if (layer + 1 == parts->net.layers)
		return; /* no cut behind the last layer */
	if (column == WIDTH)
		fed_text_count(out, (double)fed__width_at(&parts->net, layer + 1));
	else if (column == HEAD)
		fed_text_bytes(out, 4.0 * (double)fed__params_of(&parts->net, 0, layer + 1));
	else
		fed_text_bytes(out, column == UP ? c.up : c.down);
}

static void put_cell(struct fed_text *out, int column, const struct fed_session *s, size_t l)
{
	const struct fed_composition *parts = fed_session_parts(s);
	const struct fed_net_layer *layer = &parts->net.layer[l];
	char what[48] = "", shape[FED_SHAPE_TEXT];

	switch (column) {
	case CUT:
		if (l + 1 < parts->net.layers)
			fed_text_add(out, "%zu", l + 1);
		break;
	case LAYER:
		fed_text_add(out, "%s", layer->name);
		break;
	case WHAT:
		if (layer->ops->describe)
			layer->ops->describe(layer->config, &layer->in, what, sizeof what);
		fed_text_add(out, "%s", what);
		break;
	case OUTPUT:
		fed_text_add(out, "%s", fed_shape_text(&layer->out, shape));
		break;
	case PARAMETERS:
		fed_text_count(out, (double)layer->count);
		break;
	case FLOPS:
		fed_text_si(out, layer->flops, "FLOP");
		break;
	default:
		put_costs(out, column, s, l);
	}
}

static void paint_layer(struct fed_canvas *canvas, const struct fed_columns *c, int row,
                        const struct fed_session *s, const struct fed_division *d, size_t l,
                        bool here)
{
	const bool at_server = is_server(d, l);
	struct fed_text text = {0};

	if (here)
		fed__canvas_put(canvas, 0, row, '>', bold);
	fed__canvas_put(canvas, 2, row, at_server ? 'S' : 'C', at_server ? server : client);
	for (int k = 0; k < COLUMNS; k++) {
		fed_text_clear(&text);
		put_cell(&text, k, s, l);
		fed__columns_cell(c, canvas, (size_t)k, row, fed_text_str(&text),
		                  here         ? bold
		                  : k == LAYER ? (at_server ? server : client)
		                               : plain);
	}
	fed_text_release(&text);
}

/* The line of a cut, with an arrow for the last transfer: activations to the server, which is
 * below, gradients back. */
static void paint_cut(struct fed_canvas *canvas, int row, const struct fed_watched *w,
                      const struct fed_division *d)
{
	const uint32_t line = w->utf8 ? (d->real ? 0x2550 : 0x2504) : d->real ? '=' : '-';
	uint64_t number = 0;
	bool up = false;

	for (int column = 2; column < canvas->columns; column++)
		fed__canvas_put(canvas, column, row, line, d->real ? bold : faint);
	if (!d->real || !fed__last_crossing(w->session, &up, &number) || canvas->columns < 8)
		return;
	const uint32_t arrow = up ? (w->utf8 ? 0x25BC : 'v') : w->utf8 ? 0x25B2 : '^';
	const int at = 2 + (int)(number * 3 % (uint64_t)(canvas->columns - 4));
	fed__canvas_put(canvas, at, row, arrow,
	                (struct fed_style){up ? FED_COLOR_YELLOW : FED_COLOR_GREEN, true});
}

/* Paint input, layers and cuts into rows row .. end - 1. */
static void paint_layers(struct split_view *st, const struct fed_watched *w,
                         struct fed_canvas *canvas, int row, int end, const struct fed_division *d)
{
	const struct fed_session *s = w->session;
	const struct fed_composition *parts = fed_session_parts(s);
	const size_t here = cut_of(st, &parts->net, d) - 1;
	struct fed_columns c;
	char shape[FED_SHAPE_TEXT];

	fed__columns_fit(&c, columns, COLUMNS, MARGIN, canvas->columns);
	if (end - row > 2)
		fed__columns_titles(&c, canvas, row++);
	st->rows = end > row ? (uint32_t)(end - row) : 0;
	/* All rows: input, layers, cuts. */
	const uint32_t cuts = 1 + (d->at[1] < parts->net.layers);
	const uint32_t at = (uint32_t)here + 1 + (here >= d->at[0]) + (here >= d->at[1]);
	fed__scroll_to(&st->top, at, st->rows, (uint32_t)parts->net.layers + 1 + cuts);
	int line = row - (int)st->top;
	if (line >= row && line < end) {
		fed__columns_cell(&c, canvas, LAYER, line, "input", faint);
		fed__columns_cell(&c, canvas, OUTPUT, line, fed_shape_text(&parts->net.input, shape),
		                  faint);
	}
	line++;
	for (size_t l = 0; l < parts->net.layers && line < end; l++) {
		if (l == d->at[0] || l == d->at[1]) {
			if (line >= row)
				paint_cut(canvas, line, w, d);
			line++;
		}
		if (line >= row && line < end)
			paint_layer(canvas, &c, line, s, d, l, l == here);
		line++;
	}
}

static bool can_cut(const void *state, const struct fed_watched *w)
{
	const struct fed_composition *parts = fed_session_parts(w->session);
	const struct fed_scheme *scheme;
	struct fed_error unused;

	(void)state;
	return parts->net_built && parts->net.layers > 1 &&
	       fed_scheme_find("split", &scheme, &unused) == FED_OK;
}

/* Facts ---------------------------------------------------------------------------------- */

/* How much a line leaves out to fit. */
enum brevity { WHOLE, SHORT, SHORTEST, BREVITIES };

/* "client: layers 1 to 2, 5,202 parameters (3 %), 1.2 MFLOP forward an example (10 %)" */
static void put_side(struct fed_text *out, const struct fed_net *net, const char *name,
                     size_t first, size_t last, enum brevity brevity)
{
	const double params = (double)fed__params_of(net, first, last);
	const double flops = fed_net_flops(net, first, last), all = fed_net_flops(net, 0, net->layers);

	fed_text_add(out, "%s: ", name);
	if (last - first == 1)
		fed_text_add(out, "layer %zu, ", first + 1);
	else
		fed_text_add(out, "layers %zu to %zu, ", first + 1, last);
	fed_text_count(out, params);
	fed_text_add(out, " parameters");
	if (brevity != SHORTEST)
		fed_text_add(out, " (%.0f %%)", net->dim ? 100 * params / (double)net->dim : 0);
	fed_text_add(out, ", ");
	fed_text_si(out, flops, "FLOP");
	if (brevity == WHOLE)
		fed_text_add(out, " forward an example");
	if (brevity != SHORTEST)
		fed_text_add(out, " (%.0f %%)", all > 0 ? 100 * flops / all : 0);
}

static void paint_side(struct fed_canvas *canvas, int row, const struct fed_net *net,
                       const char *name, size_t first, size_t last, struct fed_style style)
{
	struct fed_text text = {0};

	for (int brevity = WHOLE; brevity < BREVITIES; brevity++) {
		fed_text_clear(&text);
		put_side(&text, net, name, first, last, brevity);
		if (fed_text_width(fed_text_str(&text)) <= canvas->columns)
			break;
	}
	fed__cells_line(canvas, row, fed_text_str(&text), style);
	fed_text_release(&text);
}

/* "each batch of 10: 5.1 kB up, 5.1 kB down, 2 messages" */
static void put_batch(struct fed_text *out, const struct fed_session *s,
                      const struct fed_division *d, enum brevity brevity)
{
	const struct fed_crossing c = fed__crossing_at(s, d);

	fed_text_add(out, "each batch of ");
	fed_text_count(out, fed__batch_of(s));
	fed_text_add(out, ": ");
	fed_text_bytes(out, c.up);
	fed_text_add(out, " up, ");
	fed_text_bytes(out, c.down);
	fed_text_add(out, " down");
	if (brevity != SHORTEST)
		fed_text_add(out, ", %d message%s", c.messages, c.messages == 1 ? "" : "s");
	fed_text_add(out, brevity == WHOLE ? "; the whole model: " : "; model ");
	fed_text_bytes(out, (double)fed_frame_size(1, fed_session_parts(s)->net.dim));
}

/* "so far 1.2 MB up, 1.1 MB down, 680 messages" */
static void put_so_far(struct fed_text *out, const struct fed_session *s)
{
	const struct fed_costs *total = &fed_session_costs(s)->total;
	const struct fed_session_status st = fed_session_status(s);
	const bool open = st.phase == FED_PHASE_OPEN;
	const double messages =
		(double)(total->messages_up + total->messages_down) + (open ? st.round.messages : 0);

	fed_text_add(out, "so far: ");
	fed_text_bytes(out, (double)total->bytes_up + (open ? st.round.bytes_up : 0));
	fed_text_add(out, " up, ");
	fed_text_bytes(out, (double)total->bytes_down + (open ? st.round.bytes_down : 0));
	fed_text_add(out, " down, ");
	fed_text_count(out, messages);
	fed_text_add(out, messages == 1 ? " message" : " messages");
}

/* "client 3, batch 4: activations 10 x 128 and labels, 5.2 kB" */
static void put_moving(struct fed_text *out, const struct fed_session *s)
{
	uint64_t number;
	bool up;
	const struct fed_logged_event *past = fed__last_crossing(s, &up, &number);
	const char *words = past ? fed_event_log_text(fed_session_event_log(s), past) : NULL;

	if (!past) {
		fed_text_add(out, "nothing has crossed the cut yet");
		return;
	}
	fed_text_add(out, "%s ", up ? "from" : "to");
	fed_client_put(out, &fed_session_parts(s)->clients, past->client);
	fed_text_add(out, ": %s, ", words ? words : "a batch");
	fed_text_bytes(out, (double)past->bytes);
}

static void paint_facts(struct fed_canvas *canvas, int row, const struct fed_watched *w,
                        const struct fed_division *d)
{
	const struct fed_session *s = w->session;
	const struct fed_composition *parts = fed_session_parts(s);
	const bool tail = d->at[1] < parts->net.layers;
	struct fed_text text = {0};

	paint_side(canvas, row++, &parts->net, "client", 0, d->at[0], client);
	paint_side(canvas, row++, &parts->net, "server", d->at[0], d->at[1], server);
	if (tail)
		paint_side(canvas, row++, &parts->net, "client", d->at[1], parts->net.layers, client);
	for (int brevity = WHOLE; brevity < BREVITIES; brevity++) {
		fed_text_clear(&text);
		put_batch(&text, s, d, brevity);
		if (fed_text_width(fed_text_str(&text)) <= canvas->columns)
			break;
	}
	fed__cells_line(canvas, row++, fed_text_str(&text), plain);
	fed_text_clear(&text);
	put_so_far(&text, s);
	fed__cells_line(canvas, row++, fed_text_str(&text), plain);
	fed_text_clear(&text);
	if (d->real)
		put_moving(&text, s);
	else if (can_cut(NULL, w))
		fed_text_add(&text, "enter cuts it here: scheme split");
	fed__cells_line(canvas, row, fed_text_str(&text), d->real ? bold : faint);
	fed_text_release(&text);
}

static void paint_title(struct fed_canvas *canvas, const struct fed_session *s,
                        const struct fed_division *d)
{
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_text text = {0};

	fed_text_add(&text, "%s%s", parts->model.entry ? parts->model.entry->head->name : "the model",
	             d->real ? ", cut" : "");
	if (!d->real)
		fed_text_add(&text, ", whole under scheme %s; where it could be cut",
		             parts->scheme ? parts->scheme->name : "none");
	fed__cells_line(canvas, 0, fed_text_str(&text), bold);
	fed_text_release(&text);
}

static int paint_split(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                       struct fed_error *err)
{
	struct split_view *st = state;
	const struct fed_session *s = w->session;
	const struct fed_composition *parts = fed_session_parts(s);

	(void)err;
	if (!parts->net_built) {
		fed__cells_say(canvas, 0, "no model yet: `model mlp` makes one, and so does `round`",
		               plain);
		return FED_OK;
	}
	if (parts->net.layers < 2) {
		fed__cells_say(canvas, 0, "a model of one layer cannot be cut; `model mlp` can", plain);
		return FED_OK;
	}
	const struct fed_division d = division_of(st, s);
	const int title = canvas->rows > 3, panel = canvas->rows < PANEL_FROM ? 0 : PANEL;
	const int lines = (int)parts->net.layers + 2 + 1 + (d.at[1] < parts->net.layers);
	const int capacity = canvas->rows - title - panel;
	if (title)
		paint_title(canvas, s, &d);
	paint_layers(st, w, canvas, title, title + (lines < capacity ? lines : capacity), &d);
	if (panel)
		paint_facts(canvas, title + (lines < capacity ? lines : capacity), w, &d);
	return FED_OK;
}

/* Keys ---------------------------------------------------------------------------------------- */

static int press_move(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct split_view *st = state;
	const struct fed_session *s = w->session;
	const struct fed_composition *parts = fed_session_parts(s);
	struct fed_division d;

	(void)err;
	if (!parts->net_built || parts->net.layers < 2)
		return FED_OK;
	fed__division_of(s, &d);
	const size_t at = cut_of(st, &parts->net, &d), last = parts->net.layers - 1;
	const size_t page = st->rows > 1 ? st->rows - 1 : 1;
	switch (press->code) {
	case FED_KEY_UP:
		st->cut = at > 1 ? at - 1 : 1;
		break;
	case FED_KEY_DOWN:
		st->cut = at < last ? at + 1 : last;
		break;
	case FED_KEY_PAGE_UP:
		st->cut = at > page ? at - page : 1;
		break;
	case FED_KEY_PAGE_DOWN:
		st->cut = at + page < last ? at + page : last;
		break;
	case FED_KEY_HOME:
		st->cut = 1;
		break;
	default:
		st->cut = last;
	}
	return FED_OK;
}

static int press_cut(void *state, struct fed_watched *w, const struct fed_press *press,
                     struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(w->session);
	struct split_view *st = state;
	struct fed_division d;
	char line[64];

	(void)press;
	if (!can_cut(state, w))
		return fed_fail(err, "this model cannot be cut");
	const bool real = fed__division_of(w->session, &d);
	const size_t cut = cut_of(st, &parts->net, &d);
	if (real && d.at[1] < parts->net.layers)
		return fed_fail(err, "the model has two cuts; `set scheme.cut %zu,%zu` moves them", d.at[0],
		                d.at[1]);
	snprintf(line, sizeof line, real ? "set scheme.cut %zu" : "scheme split cut=%zu", cut);
	w->command(w->ctx, line);
	return FED_OK;
}

static const struct fed_key keys[] = {
	{FED_KEY_UP, 0, "up", "the cut above", press_move, NULL},
	{FED_KEY_DOWN, 0, "down", "the cut below", press_move, NULL},
	{FED_KEY_PAGE_UP, 0, "page up", "a page up", press_move, NULL},
	{FED_KEY_PAGE_DOWN, 0, "page down", "a page down", press_move, NULL},
	{FED_KEY_HOME, 0, "home", "the first cut", press_move, NULL},
	{FED_KEY_END, 0, "end", "the last cut", press_move, NULL},
	{FED_KEY_ENTER, 0, "enter", "cut the model here", press_cut, can_cut},
	{.code = 0},
};

static uint64_t stamp_split(const void *state, const struct fed_watched *w)
{
	(void)state;
	return fed__stamp_with(fed__stamp_of(w),
	                       (uint64_t)fed_session_parts(w->session)->settings.batch);
}

const struct fed_view fed__view_split = {
	.name = "split",
	.help = "the model's layers, where it is or could be cut, what crosses",
	.state_size = sizeof(struct split_view),
	.keys = keys,
	.stamp = stamp_split,
	.paint = paint_split,
};
