/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `compare`: a figure of this run and of kept ones over one another. */
#include <math.h>
#include <string.h>

#include "session/series.h"
#include "tui/cells.h"
#include "tui/chart.h"
#include "tui/views.h"

enum {
	TABLE_FROM = 14, /* rows of the canvas from which on there is a table below the chart */
};

static const struct fed_style plain, faint = {.color = FED_COLOR_GREY};

/* What a run is followed along. */
static const struct axis {
	const char *label, *metric, *also; /* also: its sum with the metric */
} axes[] = {
	{"round", "round", NULL},
	{"virtual seconds", "clock", NULL},
	{"bytes, both ways", "bytes_up", "bytes_down"},
	{"FLOP of the clients", "client_flops", NULL},
	{"updates", "updates", NULL},
};
enum { AXES = sizeof axes / sizeof *axes };

struct state {
	struct fed_series_set set;
	uint64_t made; /* the stamp that it was made for */
	bool stands;
	const struct fed_field *metric; /* NULL: the first time */
	size_t axis;
};

/* Series ------------------------------------------------------------------------------ */

static uint64_t stamp_of(const struct fed_watched *w)
{
	const struct fed_session *s = w->session;
	uint64_t stamp = fed_stamp_with(s->history.n, s->recorder.run);

	stamp = fed_stamp_with(stamp, fed_session_version(s));
	stamp = fed_stamp_with(stamp, (uintptr_t)s->history.record);
	for (size_t i = 0; i < s->runs.n; i++) {
		stamp = fed_stamp_with(stamp, (uintptr_t)s->runs.run[i].history.record);
		stamp = fed_stamp_with(stamp, s->runs.run[i].history.n);
	}
	return fed_stamp_with(stamp, w->utf8);
}

static bool has_values(const struct fed_history *h, const struct fed_field *metric)
{
	for (size_t i = 0; i < h->n; i++)
		if (isfinite(fed_metric_value(metric, &h->record[i])))
			return true;
	return false;
}

/* Whether some run has a finite value of it: the others are passed over. */
static bool is_there(const struct fed_session *s, const struct fed_field *metric)
{
	bool any = has_values(&s->history, metric);

	for (size_t i = 0; !any && i < s->runs.n; i++)
		any = has_values(&s->runs.run[i].history, metric);
	return any;
}

/* The metrics that stand behind round and clock in their table. */
static bool is_figure(const struct fed_field *metric)
{
	return strcmp(metric->name, "round") != 0 && strcmp(metric->name, "clock") != 0;
}

static const struct fed_field *first_metric(const struct fed_session *s)
{
	static const char *const wanted[] = {"test_accuracy", "test_loss"};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const struct fed_field *metric = fed_fields_find(fed_metrics, wanted[i]);

		if (is_there(s, metric))
			return metric;
	}
	return fed_fields_find(fed_metrics, "train_loss");
}

static int refresh(struct state *st, const struct fed_watched *w, struct fed_error *err)
{
	const uint64_t stamp = stamp_of(w);
	const struct axis *axis = &axes[st->axis];
	const struct fed_field *also = axis->also ? fed_fields_find(fed_metrics, axis->also) : NULL;

	if (st->stands && st->made == stamp)
		return FED_OK;
	fed_series_release(&st->set);
	st->stands = fed_series_add_runs(
					 &st->set, w->session, st->metric ? st->metric : first_metric(w->session),
					 fed_fields_find(fed_metrics, axis->metric), also, err) == FED_OK;
	st->made = stamp;
	return st->stands ? FED_OK : FED_FAIL;
}

/* Table ---------------------------------------------------------------------------------- */

enum { LETTER, RUN, ROUNDS, LAST, BEST, AT, CLOCK, BYTES, COLUMNS };
static const struct fed_column columns[COLUMNS] = {
	[LETTER] = {"", 1, 1},
	[RUN] = {"run", 20, 0},
	[ROUNDS] = {"rounds", 9, 4, true},
	[LAST] = {"last", 11, 2, true},
	[BEST] = {"best", 11, 3, true},
	[AT] = {"in round", 9, 5, true},
	[CLOCK] = {"virtual time", 14, 6, true},
	[BYTES] = {"bytes", 9, 7, true},
};

/* 1: more is better, -1: less is, 0: neither. */
static int sense_of(const struct fed_field *metric)
{
	static const char *const better[] = {"test_accuracy", "defence_precision", "defence_recall"};
	static const char *const worse[] = {"test_loss", "train_loss", "honest_distance",
	                                    "attack_success", "parameter_error"};

	for (size_t i = 0; i < sizeof better / sizeof *better; i++)
		if (strcmp(metric->name, better[i]) == 0)
			return 1;
	for (size_t i = 0; i < sizeof worse / sizeof *worse; i++)
		if (strcmp(metric->name, worse[i]) == 0)
			return -1;
	return 0;
}

/* The best round so far, or NULL. */
static const struct fed_record *best_of(const struct fed_history *h, const struct fed_field *metric)
{
	const int sense = sense_of(metric);
	const struct fed_record *best = NULL;

	for (size_t i = 0; sense && i < h->n; i++) {
		const double x = fed_metric_value(metric, &h->record[i]);

		if (isfinite(x) && (!best || sense * x > sense * fed_metric_value(metric, best)))
			best = &h->record[i];
	}
	return best;
}

static void put_cell(struct fed_text *out, int column, const struct fed_series *series, size_t i,
                     const struct fed_field *metric)
{
	const struct fed_history *h = series->history;
	const struct fed_record *best = best_of(h, metric);
	struct fed_record total;

	fed_history_total(h, &total);
	switch (column) {
	case LETTER:
		fed_text_add(out, "%c", (char)('a' + i));
		break;
	case RUN:
		fed_text_add(out, "%s", *series->run ? series->run : "this run");
		break;
	case ROUNDS:
		fed_text_count(out, (double)h->n);
		break;
	case LAST:
		fed_metric_put(metric, fed_history_figure(h, metric, 0), out);
		break;
	case BEST:
		fed_metric_put(metric, best ? fed_metric_value(metric, best) : NAN, out);
		break;
	case AT:
		if (best)
			fed_text_count(out, best->round);
		break;
	case CLOCK:
		fed_text_seconds(out, total.clock);
		break;
	default:
		fed_text_bytes(out, total.bytes_up + total.bytes_down);
	}
}

static void paint_table(const struct state *st, struct fed_canvas *canvas, int row,
                        const struct fed_field *metric)
{
	struct fed_columns c;
	struct fed_text text = {0};

	fed_columns_fit(&c, columns, COLUMNS, 0, canvas->columns);
	fed_columns_titles(&c, canvas, row++);
	for (size_t i = 0; i < st->set.n && row < canvas->rows; i++, row++)
		for (int k = 0; k < COLUMNS; k++) {
			fed_text_clear(&text);
			put_cell(&text, k, &st->set.of[i], i, metric);
			fed_columns_cell(&c, canvas, (size_t)k, row, fed_text_str(&text), plain);
		}
	fed_text_release(&text);
}

/* Painting ------------------------------------------------------------------------------------ */

static int paint_chart(const struct state *st, const struct fed_watched *w,
                       struct fed_canvas *canvas, int rows, const struct fed_field *metric,
                       struct fed_error *err)
{
	struct fed_chart_series series[FED_SERIES_MAX];
	struct fed_text title = {0};

	for (size_t i = 0; i < st->set.n; i++) {
		const struct fed_series *of = &st->set.of[i];

		series[i] = (struct fed_chart_series){*of->run ? of->run : "this run", of->x, of->y, of->n};
	}
	fed_field_key(metric, &title);
	const size_t lines =
		rows < FED_CHART_ROWS && (size_t)rows < st->set.n ? (size_t)rows : st->set.n;
	const struct fed_chart chart = {.title = fed_text_str(&title),
	                                .x_label = axes[st->axis].label,
	                                .series = series,
	                                .n = lines,
	                                .columns = canvas->columns,
	                                .rows = rows,
	                                .utf8 = w->utf8};
	const int rc = fed_chart_put(canvas, 0, 0, &chart, err);
	fed_text_release(&title);
	return rc;
}

static int paint(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                 struct fed_error *err)
{
	struct state *st = state;
	const struct fed_session *s = w->session;
	const int third = canvas->rows / 3;

	if (refresh(st, w, err))
		return FED_FAIL;
	if (!st->set.n) {
		fed_cells_line(canvas, 0, "no rounds yet: `round 5` makes some", plain);
		return FED_OK;
	}
	const struct fed_field *metric = st->metric ? st->metric : first_metric(s);
	const int lines = (int)st->set.n + 1 + (s->runs.n == 0);
	const int table = canvas->rows < TABLE_FROM ? 0 : lines < third ? lines : third;
	if (paint_chart(st, w, canvas, canvas->rows - table, metric, err))
		return FED_FAIL;
	if (table)
		paint_table(st, canvas, canvas->rows - table, metric);
	if (table == lines && s->runs.n == 0)
		fed_cells_line(canvas, canvas->rows - 1,
		               "`keep NAME` keeps this run; then `restart`, change something, compare",
		               faint);
	return FED_OK;
}

/* Keys ------------------------------------------------------------------------------------------
 */

static int press_metric(void *state, struct fed_watched *w, const struct fed_press *press,
                        struct fed_error *err)
{
	struct state *st = state;
	size_t n = 0, at = 0;

	(void)err;
	const struct fed_field *now = st->metric ? st->metric : first_metric(w->session);
	while (fed_metrics[n].type)
		n++;
	at = (size_t)(now - fed_metrics);
	for (size_t tries = 0; tries < n; tries++) {
		at = (at + (press->code == '<' ? n - 1 : 1)) % n;
		if (is_figure(&fed_metrics[at]) && is_there(w->session, &fed_metrics[at]))
			break;
	}
	st->metric = &fed_metrics[at];
	st->stands = false;
	return FED_OK;
}

static int press_axis(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct state *st = state;

	(void)w;
	(void)err;
	st->axis = (st->axis + (press->code == FED_KEY_LEFT ? AXES - 1 : 1)) % AXES;
	st->stands = false;
	return FED_OK;
}

static bool has_rounds(const void *state, const struct fed_watched *w)
{
	(void)state;
	return w->session->history.n || w->session->runs.n;
}

static const struct fed_key keys[] = {
	{'<', 0, "<", "the figure before", press_metric, NULL},
	{'>', 0, ">", "the next figure: accuracy, losses, bytes, ...", press_metric, has_rounds},
	{FED_KEY_LEFT, 0, "left", "along what was before", press_axis, NULL},
	{FED_KEY_RIGHT, 0, "right", "along rounds, virtual time, bytes, ...", press_axis, has_rounds},
	{.code = 0},
};

static uint64_t stamp(const void *state, const struct fed_watched *w)
{
	(void)state;
	return stamp_of(w);
}

static void close_view(void *state)
{
	fed_series_release(&((struct state *)state)->set);
}

const struct fed_view fed_view_compare = {
	.name = "compare",
	.help = "a figure of this run and of kept ones, along rounds, time or bytes",
	.state_size = sizeof(struct state),
	.keys = keys,
	.close = close_view,
	.stamp = stamp,
	.paint = paint,
};
