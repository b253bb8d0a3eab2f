/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/compare.c - the view `compare`: a metric of this run and of kept runs in one chart. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "history/series.h"
#include "tui/views/cells.h"
#include "tui/views/round_series.h"
#include "tui/views/views.h"

enum {
	TABLE_FROM = 14, /* least rows for a table below the chart */
};

static const struct fed_style plain, faint = {.color = FED_COLOR_GREY};

/* The choices for the horizontal axis. */
static const struct axis {
	const char *label, *metric, *also; /* also: a metric to be added, or NULL */
} axes[] = {
	{"round", "round", NULL},
	{"virtual seconds", "clock", NULL},
	{"bytes, both ways", "bytes_up", "bytes_down"},
	{"FLOP of the clients", "client_flops", NULL},
	{"updates", "updates", NULL},
};
enum { AXES = sizeof axes / sizeof *axes };

/* Summary of a run, extended with its series. */
struct run_summary {
	size_t taken; /* rounds read */
	size_t best;  /* round number from 1 in the history; 0: the metric has no best */
	double bytes;
};

struct compare_view {
	struct fed_series_set set;
	struct run_summary run_summary[FED_SERIES_MAX];
	double *thin; /* [thin_capacity] buffer of thinned curves */
	size_t thin_capacity;
	uint64_t made; /* stamp of the runs in `set` */
	bool set_valid;
	const struct fed_field *metric; /* NULL: not chosen yet */
	size_t axis;
	bool log; /* logarithmic values */
};

/* Series ------------------------------------------------------------------------------ */

/* Stamp of the set of runs; does not depend on the present run's length. */
static uint64_t stamp_of_runs(const struct fed_session *s)
{
	const struct fed_runs *runs = fed_session_kept_runs(s);
	uint64_t stamp = fed_session_status(s).restarts;

	for (size_t i = 0; i < runs->n; i++) {
		stamp = fed__stamp_with(stamp, (uintptr_t)runs->run[i].history.record);
		stamp = fed__stamp_with(stamp, runs->run[i].history.n);
	}
	return stamp;
}

static bool has_values(const struct fed_history *h, const struct fed_field *metric)
{
	for (size_t i = 0; i < h->n; i++)
		if (isfinite(fed_metric_value(metric, &h->record[i])))
			return true;
	return false;
}

/* Whether any run has a finite value of the metric. */
static bool has_any_values(const struct fed_session *s, const struct fed_field *metric)
{
	const struct fed_runs *runs = fed_session_kept_runs(s);
	bool any = has_values(fed_session_history(s), metric);

	for (size_t i = 0; !any && i < runs->n; i++)
		any = has_values(&runs->run[i].history, metric);
	return any;
}

/* Whether the metric can be shown: it comes behind round and clock in the table. */
static bool is_figure(const struct fed_field *metric)
{
	return strcmp(metric->name, "round") != 0 && strcmp(metric->name, "clock") != 0;
}

static const struct fed_field *first_metric(const struct fed_session *s)
{
	static const char *const wanted[] = {"test_accuracy", "test_loss"};

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const struct fed_field *metric = fed_fields_find(fed_metrics, wanted[i]);

		if (has_any_values(s, metric))
			return metric;
	}
	return fed_fields_find(fed_metrics, "train_loss");
}

/* 1: higher is better, -1: lower is better, 0: neither. */
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

/* Whether the set is still valid and its last series, the present run, only needs to be extended.
 */
static bool can_follow(const struct compare_view *st, const struct fed_session *s)
{
	const struct fed_history *h = fed_session_history(s);
	const struct fed_series *last = st->set.n ? &st->set.of[st->set.n - 1] : NULL;

	if (!st->set_valid || st->made != stamp_of_runs(s))
		return false;
	if (last && !st->metric && last->of != first_metric(s))
		return false; /* accuracy has appeared: choose the metric again */
	if (last && last->history == h)
		return last->taken <= h->n;
	return h->n == 0; /* else the present run has begun, or was kept */
}

static int rebuild(struct compare_view *st, const struct fed_session *s, struct fed_error *err)
{
	const struct axis *axis = &axes[st->axis];
	const struct fed_field *also = axis->also ? fed_fields_find(fed_metrics, axis->also) : NULL;

	fed_series_release(&st->set);
	memset(st->run_summary, 0, sizeof st->run_summary);
	return fed_series_add_runs(&st->set, fed_session_kept_runs(s), fed_session_history(s),
	                           st->metric ? st->metric : first_metric(s),
	                           fed_fields_find(fed_metrics, axis->metric), also, err);
}

static void update_summary(struct run_summary *t, const struct fed_series *series)
{
	const struct fed_history *h = series->history;
	const int sense = sense_of(series->of);

	for (; t->taken < h->n; t->taken++) {
		const struct fed_record *r = &h->record[t->taken];
		const double x = sense * fed_metric_value(series->of, r);

		t->bytes += r->bytes_up + r->bytes_down;
		if (sense && isfinite(x) &&
		    (!t->best || x > sense * fed_metric_value(series->of, &h->record[t->best - 1])))
			t->best = t->taken + 1;
	}
}

static int refresh(struct compare_view *st, const struct fed_watched *w, struct fed_error *err)
{
	const struct fed_session *s = w->session;
	struct fed_series *last = st->set.n ? &st->set.of[st->set.n - 1] : NULL;
	int rc = FED_OK;

	if (!can_follow(st, s))
		rc = rebuild(st, s, err);
	else if (last && last->history == fed_session_history(s))
		rc = fed_series_follow(last, err);
	st->made = stamp_of_runs(s);
	st->set_valid = rc == FED_OK;
	for (size_t i = 0; rc == FED_OK && i < st->set.n; i++)
		update_summary(&st->run_summary[i], &st->set.of[i]);
	return rc;
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

static void put_cell(struct fed_text *out, int column, const struct compare_view *st, size_t i)
{
	const struct fed_series *series = &st->set.of[i];
	const struct fed_history *h = series->history;
	const struct fed_field *metric = series->of;
	const struct fed_record *best =
		st->run_summary[i].best ? &h->record[st->run_summary[i].best - 1] : NULL;

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
		fed_text_clock(out, h->record[h->n - 1].clock);
		break;
	default:
		fed_text_bytes(out, st->run_summary[i].bytes);
	}
}

static void paint_table(const struct compare_view *st, struct fed_canvas *canvas, int row)
{
	struct fed_columns c;
	struct fed_text text = {0};

	fed__columns_fit(&c, columns, COLUMNS, 0, canvas->columns);
	fed__columns_titles(&c, canvas, row++);
	for (size_t i = 0; i < st->set.n && row < canvas->rows; i++, row++)
		for (int k = 0; k < COLUMNS; k++) {
			fed_text_clear(&text);
			put_cell(&text, k, st, i);
			fed__columns_cell(&c, canvas, (size_t)k, row, fed_text_str(&text), plain);
		}
	fed_text_release(&text);
}

/* Painting ------------------------------------------------------------------------------------ */

/* Thin a long series to the chart's width; without memory it is left unthinned. */
static void thin(struct compare_view *st, int width, struct fed_plot_series *series)
{
	const size_t buckets = 2 * (size_t)width, most = 2 * buckets + 1;
	const size_t capacity = 2 * most * st->set.n;

	if (capacity > st->thin_capacity) {
		double *grown =
			fed_resize(st->thin, st->thin_capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return;
		st->thin = grown;
		st->thin_capacity = capacity;
	}
	for (size_t i = 0; i < st->set.n; i++) {
		double *x = st->thin + 2 * most * i, *y = x + most;

		if (series[i].n <= most)
			continue;
		series[i].n = fed__series_thin(series[i].x, series[i].y, series[i].n, buckets, x, y);
		series[i].x = x;
		series[i].y = y;
	}
}

static int paint_chart(struct compare_view *st, const struct fed_watched *w,
                       struct fed_canvas *canvas, int rows, struct fed_error *err)
{
	struct fed_plot_series series[FED_SERIES_MAX];
	const struct fed_field *metric = st->set.of[0].of;
	struct fed_text title = {0};

	for (size_t i = 0; i < st->set.n; i++) {
		const struct fed_series *of = &st->set.of[i];

		series[i] = (struct fed_plot_series){*of->run ? of->run : "this run", of->x, of->y, of->n};
	}
	thin(st, canvas->columns, series);
	fed_field_key(metric, &title);
	const size_t lines =
		rows < FED_CHART_ROWS && (size_t)rows < st->set.n ? (size_t)rows : st->set.n;
	const struct fed_chart chart = {.title = fed_text_str(&title),
	                                .x_label = axes[st->axis].label,
	                                .series = series,
	                                .n = lines,
	                                .log_y = st->log,
	                                .columns = canvas->columns,
	                                .rows = rows,
	                                .utf8 = w->utf8};
	const int rc = fed__chart_put(canvas, 0, 0, &chart, err);
	fed_text_release(&title);
	return rc;
}

static int paint_compare(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                         struct fed_error *err)
{
	struct compare_view *st = state;
	const struct fed_session *s = w->session;
	const struct fed_runs *runs = fed_session_kept_runs(s);
	const int third = canvas->rows / 3;

	if (refresh(st, w, err))
		return FED_FAIL;
	if (!st->set.n) {
		fed__cells_say(canvas, 0, "no rounds yet: `round 5` makes some", plain);
		return FED_OK;
	}
	const int lines = (int)st->set.n + 1 + (runs->n == 0);
	const int table = canvas->rows < TABLE_FROM ? 0 : lines < third ? lines : third;
	if (paint_chart(st, w, canvas, canvas->rows - table, err))
		return FED_FAIL;
	if (table)
		paint_table(st, canvas, canvas->rows - table);
	if (table == lines && runs->n == 0)
		fed__cells_line(canvas, canvas->rows - 1,
		                "`keep NAME`, then `restart` and change something to compare", faint);
	return FED_OK;
}

/* Keys ------------------------------------------------------------------------------------------
 */

static int press_metric(void *state, struct fed_watched *w, const struct fed_press *press,
                        struct fed_error *err)
{
	struct compare_view *st = state;
	size_t n = 0, at = 0;

	(void)err;
	const struct fed_field *now = st->metric ? st->metric : first_metric(w->session);
	while (fed_metrics[n].type)
		n++;
	at = (size_t)(now - fed_metrics);
	for (size_t tries = 0; tries < n; tries++) {
		at = (at + (press->code == '[' ? n - 1 : 1)) % n;
		if (is_figure(&fed_metrics[at]) && has_any_values(w->session, &fed_metrics[at]))
			break;
	}
	st->metric = &fed_metrics[at];
	st->set_valid = false;
	return FED_OK;
}

static int press_axis(void *state, struct fed_watched *w, const struct fed_press *press,
                      struct fed_error *err)
{
	struct compare_view *st = state;

	(void)w;
	(void)err;
	st->axis = (st->axis + (press->code == FED_KEY_LEFT ? AXES - 1 : 1)) % AXES;
	st->set_valid = false;
	return FED_OK;
}

static int press_log(void *state, struct fed_watched *w, const struct fed_press *press,
                     struct fed_error *err)
{
	struct compare_view *st = state;

	(void)w;
	(void)press;
	(void)err;
	st->log = !st->log;
	return FED_OK;
}

static bool has_rounds(const void *state, const struct fed_watched *w)
{
	(void)state;
	return fed_session_history(w->session)->n || fed_session_kept_runs(w->session)->n;
}

static const struct fed_key keys[] = {
	{'[', 0, "[", "the previous figure", press_metric, NULL},
	{']', 0, "]", "the next figure: accuracy, losses, bytes, ...", press_metric, has_rounds},
	{FED_KEY_LEFT, 0, "left", "the previous axis", press_axis, NULL},
	{FED_KEY_RIGHT, 0, "right", "the next axis: rounds, virtual time, bytes, ...", press_axis,
     has_rounds},
	{'l', 0, "l", "a logarithmic axis, or back", press_log, has_rounds},
	{.code = 0},
};

static uint64_t stamp_compare(const void *state, const struct fed_watched *w)
{
	(void)state;
	return fed__stamp_with(
		fed__stamp_with(stamp_of_runs(w->session), fed_session_history(w->session)->n), w->utf8);
}

static void close_view(void *state)
{
	struct compare_view *st = state;

	fed_series_release(&st->set);
	fed_free(st->thin);
}

const struct fed_view fed__view_compare = {
	.name = "compare",
	.help = "a figure of this run and of kept ones, along rounds, time or bytes",
	.state_size = sizeof(struct compare_view),
	.keys = keys,
	.close = close_view,
	.stamp = stamp_compare,
	.paint = paint_compare,
};
