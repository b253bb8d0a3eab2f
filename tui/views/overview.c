/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/overview.c - the view `overview`: metrics, the current round, costs. */
#include "tui/views/overview.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history/event_log.h"
#include "base/mem.h"
#include "session/composition.h"
#include "train/local/places.h"
#include "tui/views/cells.h"
#include "tui/views/views.h"

enum {
	ROOMY = 14,       /* least rows for all parts */
	WORKERS_MOST = 3, /* rows of clients */
	WIDE = 90,        /* least columns for charts side by side */
	LABEL = 8,        /* columns of the labels "round", "spent" */
	GLYPHS = 1000,    /* most clients of a round that get a glyph each */
	IDS = 20,         /* most clients that are shown with their numbers */
};

static const struct fed_style bold = {.bold = true}, grey = {.color = FED_COLOR_GREY}, plain = {0},
							  yellow = {.color = FED_COLOR_YELLOW};

/* Curves ----------------------------------------------------------------------------- */

static int put_charts(struct fed_overview *st, const struct fed_watched *w,
                      struct fed_canvas *canvas, int rows, struct fed_error *err)
{
	const bool beside = canvas->columns >= WIDE, both = beside || rows >= 2 * FED_CHART_ROWS;
	const bool accuracy = fed__round_series_set_has(&st->curves, FED_ROUND_SERIES_ACCURACY);
	const int columns = beside && accuracy ? (canvas->columns - 2) / 2 : canvas->columns;
	struct fed_plot_series series[FED_ROUND_SERIES_KINDS];
	struct fed_chart chart = {.series = series,
	                          .x_label = "round",
	                          .mark = st->mark,
	                          .marks = st->marks,
	                          .mark_name = "fault injected",
	                          .columns = columns,
	                          .rows = both && !beside && accuracy ? rows / 2 : rows,
	                          .utf8 = w->utf8};

	if (rows < FED_CHART_ROWS) { /* sparklines: one chart of all curves */
		chart.n = fed__round_series_set_series(&st->curves, 0, FED_ROUND_SERIES_KINDS, 2 * columns,
		                                       series);
		chart.n = (int)chart.n < rows ? chart.n : (size_t)rows;
		return chart.n ? fed__chart_put(canvas, 0, 0, &chart, err) : FED_OK;
	}
	if (accuracy) {
		chart.title = beside ? "accuracy" : NULL;
		chart.n = fed__round_series_set_series(&st->curves, 0, FED_ROUND_SERIES_TEST_LOSS,
		                                       4 * columns, series);
		if (fed__chart_put(canvas, 0, 0, &chart, err))
			return FED_FAIL;
	}
	if (accuracy && !both)
		return FED_OK;
	chart.title = beside || !accuracy || st->log ? "loss" : NULL;
	chart.log_y = st->log;
	chart.n = fed__round_series_set_series(&st->curves, FED_ROUND_SERIES_TEST_LOSS,
	                                       FED_ROUND_SERIES_KINDS, 4 * columns, series);
	return fed__chart_put(canvas, beside && accuracy ? columns + 2 : 0,
	                      accuracy && !beside ? rows - rows / 2 : 0, &chart, err);
}

/* Mark each fault, healed ones too, at the first round that it affected. */
static int take_marks(struct fed_overview *st, const struct fed_session *s, struct fed_error *err)
{
	const struct fed_composition *parts = fed_session_parts(s);

	for (size_t i = 0; i < parts->faults.n; i++) {
		const struct fed_fault *fault = &parts->faults.fault[i];

		if (fault->number <= st->marked || fault->from > fed_session_version(s))
			continue;
		double *grown =
			fed_resize(st->mark, st->marks * sizeof *grown, (st->marks + 1) * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, sizeof *grown, "a mark");
		st->mark = grown;
		st->mark[st->marks++] = (double)fault->from + 1;
		st->marked = fault->number;
	}
	return FED_OK;
}

/* The round ---------------------------------------------------------------------------- */

static void take_invitation(struct fed_overview *st, const struct fed_invitation_record *j)
{
	st->count[fed_activity_of(j)]++;
	if (st->n_workers < GLYPHS) {
		st->worker[st->n_workers].client = j->client;
		st->worker[st->n_workers].activity = (uint8_t)fed_activity_of(j);
	}
	st->n_workers++;
}

static int by_client(const void *a, const void *b)
{
	const struct fed_active_client *x = a, *y = b;

	return x->client < y->client ? -1 : x->client > y->client;
}

/* Collect the invitations of the open or else the last round, and earlier ones still in flight. */
static void take_round(struct fed_overview *st, const struct fed_session *s)
{
	const struct fed_federation *f = fed_session_federation(s);
	const struct fed_invitation_log *invitation_log = &fed_session_event_log(s)->invitation_log;
	const uint64_t version = fed_session_version(s);
	const uint64_t base = fed_session_open(s) || version == 0 ? version : version - 1;
	const struct fed_invitation_record *j;

	memset(st->count, 0, sizeof st->count);
	st->n_workers = 0;
	for (uint64_t k = invitation_log->n;
	     (j = fed_invitation_log_at(invitation_log, k)) && j->version >= base; k--)
		take_invitation(st, j);
	for (uint32_t i = 0; fed_session_running(s) && i < f->open_capacity; i++) {
		const struct fed_invitation *open = &f->open[i];

		if (open->number && open->version < base &&
		    (j = fed_invitation_log_last(invitation_log, open->client)))
			take_invitation(st, j);
	}
	if (st->n_workers <= GLYPHS)
		qsort(st->worker, st->n_workers, sizeof *st->worker, by_client);
}

static uint32_t answered(const struct fed_overview *st)
{
	uint32_t n = 0;

	for (int k = FED_ACTIVITY_DONE; k < FED_ACTIVITIES; k++)
		n += st->count[k];
	return n;
}

/* "round 13: 6 of 10 have answered" */
static void put_headline(const struct fed_overview *st, const struct fed_session *s,
                         struct fed_canvas *canvas, int row)
{
	const struct fed_history *h = fed_session_history(s);
	struct fed_text text = {0};
	const bool open = fed_session_open(s);
	const uint64_t version = fed_session_version(s);
	const struct fed_step_maker *made = fed_session_step_maker(s);

	if (!open && version == 0) {
		fed__canvas_write(canvas, 0, row, "nothing trained yet; press r for a round", bold);
		return;
	}
	fed_text_add(&text, "round %s", fed_count((double)version + open).s);
	if (open)
		fed_text_add(&text, ": %u of %u have answered", answered(st), st->n_workers);
	else if (made->failed && !made->name[0])
		fed_text_add(&text, ": step skipped");
	else if (made->failed)
		fed_text_add(&text, " is made by %s", made->name);
	else
		fed_text_add(&text, " is made");
	const int end = fed__canvas_write(canvas, 0, row, fed_text_str(&text), bold);
	fed_text_clear(&text);
	if (h->n) {
		const struct fed_record *r = &h->record[h->n - 1];
		const double accuracy =
			fed_history_figure(h, fed_fields_find(fed_metrics, "test_accuracy"), 0);
		const double loss = fed_history_figure(h, fed_fields_find(fed_metrics, "test_loss"), 0);

		if (!isnan(accuracy))
			fed_text_add(&text, "accuracy %.2f %%  ", 100 * accuracy);
		if (!isnan(loss)) /* NaN: not evaluated (`eval-every`) */
			fed_text_add(&text, "loss %s  ", fed_digits(loss, 4).s);
		if (!isnan(r->train_loss))
			fed_text_add(&text, "train %s", fed_digits(r->train_loss, 4).s);
	}
	fed__canvas_write(canvas, end + 2, row, fed_text_str(&text), plain);
	fed_text_release(&text);
}

/* "<2 downloading  =3 training  +4 done": activities without clients are left out. */
static void put_counts(const struct fed_overview *st, const struct fed_watched *w,
                       struct fed_canvas *canvas, int row)
{
	int column = 0;

	for (int k = FED_ACTIVITY_DOWNLOADS; k < FED_ACTIVITIES; k++) {
		const struct fed_activity_glyph *mark = &fed__activity_marks[k];
		struct fed_text text = {0};

		if (!st->count[k])
			continue;
		fed_text_add(&text, "%s %s", fed_count(st->count[k]).s, mark->name);
		if (column + 2 + fed_text_width(fed_text_str(&text)) <= canvas->columns) {
			fed__activity_glyph_put(canvas, column, row, mark, w->utf8);
			column = 2 + fed__canvas_write(canvas, column + 2, row, fed_text_str(&text), plain);
		}
		fed_text_release(&text);
	}
}

/* Rows of the clients' glyphs, at most `most`; 0: they do not fit. */
static int rows_of_workers(const struct fed_overview *st, int columns, int most)
{
	int cells = (int)st->n_workers;

	if (!st->n_workers || st->n_workers > GLYPHS)
		return 0;
	for (uint32_t i = 0; st->n_workers <= IDS && i < st->n_workers; i++)
		cells += 1 + snprintf(NULL, 0, "%u", st->worker[i].client);
	const int rows = (cells + columns - 1) / columns;
	return rows <= most ? rows : st->n_workers <= IDS ? most : 0;
}

/* A glyph for each client, with its number if there are few; returns the rows used. */
static int put_workers(const struct fed_overview *st, const struct fed_watched *w,
                       struct fed_canvas *canvas, int row, int rows)
{
	const bool ids = st->n_workers <= IDS;
	int column = 0, used = 0;

	for (uint32_t i = 0; i < st->n_workers && rows; i++) {
		const struct fed_active_client *worker = &st->worker[i];
		char number[16] = "";
		if (ids)
			snprintf(number, sizeof number, "%u", worker->client);
		const int width = 1 + (ids ? (int)strlen(number) + 1 : 0);

		if (column + width > canvas->columns) {
			column = 0;
			used++;
		}
		if (used == rows)
			return used;
		if (ids)
			fed__canvas_write(canvas, column, row + used, number, grey);
		fed__activity_glyph_put(canvas, column + width - 1 - ids, row + used,
		                        &fed__activity_marks[worker->activity], w->utf8);
		column += width;
	}
	return rows ? used + 1 : 0;
}

/* Plugins ------------------------------------------------------------------------------ */

/* The plugins that have failed too often: "set aside: aggregator mine, attack storm; `reload mine`
 * brings one back".  False: none. */
static bool put_set_aside(const struct fed_session *s, struct fed_canvas *canvas, int row)
{
	const struct fed_registry *all = fed_session_plugins(s);
	const char *first = NULL;
	struct fed_text text = {0};
	size_t n = 0;

	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++) {
		const struct fed_entry *entry;

		for (size_t i = 0; (entry = fed_registry_at(all, kind, i)); i++) {
			if (!fed_is_set_aside(entry))
				continue;
			fed_text_add(&text, "%s %s %s", n++ ? "," : "set aside:", fed_kind_name(kind),
			             entry->head->name);
			first = first ? first : entry->head->name;
		}
	}
	fed_text_add(&text, "; `reload %s` brings it back", first);
	if (canvas && n)
		fed__cells_line(canvas, row, fed_text_str(&text), yellow);
	fed_text_release(&text);
	return n > 0;
}

/* Ranks --------------------------------------------------------------------------------- */

/* "8 ranks: 7 busy, 1 waiting; they have 14 trainings". */
static void put_ranks(struct fed_ranks *ranks, struct fed_canvas *canvas, int row)
{
	struct fed_ranks_status r;
	struct fed_text text = {0};

	ranks->status(ranks, &r);
	if (r.ended) {
		fed_text_add(&text, "have ended: trainings run on this process's threads");
	} else {
		fed_text_add(&text, "%u busy, %u waiting  have %u training%s  sent ", r.busy,
		             r.ranks - r.busy, r.jobs, r.jobs == 1 ? "" : "s");
		fed_text_bytes(&text, (double)r.sent);
		fed_text_add(&text, "  received ");
		fed_text_bytes(&text, (double)r.received);
	}
	fed__canvas_write(canvas, 0, row, "ranks", grey);
	fed__canvas_write(canvas, LABEL, row, fed_text_str(&text), r.ended ? yellow : plain);
	fed_text_release(&text);
}

/* A row for each of the first ranks: what it has, how much of the time its threads were busy,
 * bytes. */
static void put_each_rank(struct fed_ranks *ranks, struct fed_canvas *canvas, int rows)
{
	struct fed_rank_report r, next;
	struct fed_text text = {0};

	for (int i = 0; i < rows && ranks->report(ranks, (uint32_t)i, &r); i++) {
		const double share = r.since > 0 ? r.busy / (r.since * fmax(r.threads, 1)) : 0;

		fed_text_clear(&text);
		if (i + 1 == rows && ranks->report(ranks, (uint32_t)rows, &next)) {
			fed_text_add(&text, "and more: `ranks`");
		} else {
			fed_text_add(&text, "%2u %-12.12s busy %3.0f %%  has %-3u sent ", r.rank, r.host,
			             100 * fmin(share, 1), r.jobs);
			fed_text_bytes(&text, (double)r.sent);
			fed_text_add(&text, "  received ");
			fed_text_bytes(&text, (double)r.received);
		}
		fed__canvas_write(canvas, LABEL, i, fed_text_str(&text), plain);
	}
	fed_text_release(&text);
}

/* Costs --------------------------------------------------------------------------------- */

static void put_bill(const struct fed_session *s, struct fed_canvas *canvas, int row, int rows)
{
	const struct fed_costs *c = &fed_session_costs(s)->total;
	struct fed_text text = {0};

	if (rows < 1)
		return;
	fed_text_add(&text, "down ");
	fed_text_bytes(&text, (double)c->bytes_down);
	fed_text_add(&text, "  up ");
	fed_text_bytes(&text, (double)c->bytes_up);
	if (c->plain_up != c->bytes_up) {
		fed_text_add(&text, "  saved ");
		fed_text_bytes(&text, (double)c->plain_up - (double)c->bytes_up);
	}
	const uint64_t messages = c->messages_up + c->messages_down;
	fed_text_add(&text, "  %s message%s", fed_count((double)messages).s, messages == 1 ? "" : "s");
	fed__canvas_write(canvas, 0, row, "spent", grey);
	fed__canvas_write(canvas, LABEL, row, fed_text_str(&text), plain);
	if (rows > 1) {
		fed_text_clear(&text);
		fed_text_si(&text, c->client_flops, "FLOP");
		fed_text_add(&text, " by clients  ");
		fed_text_si(&text, c->server_flops, "FLOP");
		fed_text_add(&text, " by the server");
		fed__canvas_write(canvas, LABEL, row + 1, fed_text_str(&text), plain);
	}
	fed_text_release(&text);
}

/* The view --------------------------------------------------------------------------------- */

static uint64_t stamp_overview(const void *state, const struct fed_watched *w)
{
	(void)state;
	return fed__stamp_with(fed__stamp_of(w), fed_session_parts(w->session)->faults.made);
}

static int paint_overview(void *state, struct fed_watched *w, struct fed_canvas *canvas,
                          struct fed_error *err)
{
	struct fed_overview *st = state;
	const struct fed_session *s = w->session;
	const struct fed_history *h = fed_session_history(s);
	const struct fed_event_log *log = fed_session_event_log(s);
	const int rows = canvas->rows;

	if (st->run != log->run) {
		st->run = log->run;
		st->marks = 0;
		st->marked = 0;
	}
	if (fed__round_series_set_follow(&st->curves, h, st->run, err) || take_marks(st, s, err))
		return FED_FAIL;
	take_round(st, s);
	const bool roomy = rows >= ROOMY;
	const int workers = roomy ? rows_of_workers(st, canvas->columns, WORKERS_MOST) : 0;
	const bool aside = rows >= 4 && put_set_aside(s, NULL, 0);
	struct fed_ranks *ranks = rows >= 5 ? fed_session_ranks(s) : NULL;
	const int below = aside + (ranks != NULL) +
	                  (roomy       ? 4 + workers
	                   : rows >= 6 ? 4
	                   : rows < 3  ? rows
	                               : 3);
	if (st->ranks && ranks)
		put_each_rank(ranks, canvas, rows - below);
	else if (rows > below && h->n && put_charts(st, w, canvas, rows - below, err))
		return FED_FAIL;
	int row = rows - below;
	put_headline(st, s, canvas, row++);
	put_counts(st, w, canvas, row++);
	if (aside)
		put_set_aside(s, canvas, row++);
	row += put_workers(st, w, canvas, row, workers);
	if (ranks)
		put_ranks(ranks, canvas, row++);
	put_bill(s, canvas, row, rows - row);
	return FED_OK;
}

static void close(void *state)
{
	struct fed_overview *st = state;

	fed__round_series_set_release(&st->curves);
	fed_free(st->mark);
}

static int press_log(void *state, struct fed_watched *w, const struct fed_press *press,
                     struct fed_error *err)
{
	struct fed_overview *st = state;

	(void)w;
	(void)press;
	(void)err;
	st->log = !st->log;
	return FED_OK;
}

static int press_ranks(void *state, struct fed_watched *w, const struct fed_press *press,
                       struct fed_error *err)
{
	struct fed_overview *st = state;

	(void)w;
	(void)press;
	(void)err;
	st->ranks = !st->ranks;
	return FED_OK;
}

static bool has_ranks(const void *state, const struct fed_watched *w)
{
	(void)state;
	return fed_session_ranks(w->session) != NULL;
}

static bool has_rounds(const void *state, const struct fed_watched *w)
{
	(void)state;
	return fed_session_history(w->session)->n > 0;
}

static const struct fed_key keys[] = {
	{'l', 0, "l", "a logarithmic axis of the loss, or back", press_log, has_rounds},
	{'R', 0, "R", "each rank in place of the charts, or back", press_ranks, has_ranks},
	{.code = 0},
};

const struct fed_view fed__view_overview = {
	.name = "overview",
	.help = "accuracy and loss, the round as it happens, what all of it cost",
	.state_size = sizeof(struct fed_overview),
	.keys = keys,
	.close = close,
	.stamp = stamp_overview,
	.paint = paint_overview,
};
