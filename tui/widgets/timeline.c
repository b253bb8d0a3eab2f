/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/timeline.c - timeline chart on a grid of cells. */
#include "tui/widgets/timeline.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "history/client_selector.h"
#include "train/clients/names.h"
#include "tui/widgets/canvas.h"
#include "tui/widgets/glyphs.h"
#include "figures/axis.h"

enum { LINE = 0x2502, TICK_COLUMNS = 12 };

/* Phases, then the ends of invitations without an update. */
enum { REFUSED = FED_PHASES, LOST, LATE, CANCELLED, MARKS };

static const struct fed_activity_glyph *mark_of(int mark)
{
	return mark < FED_PHASES ? &fed__phase_marks[mark]
	                         : &fed__activity_marks[FED_ACTIVITY_REFUSED + mark - REFUSED];
}

struct painter {
	struct fed_canvas *canvas;
	const struct fed_timeline *schedule;
	bool utf8;
	int left, width; /* columns of the labels, and of time */
	int numbers;     /* columns of the clients' numbers */
	bool names;      /* a client has one */
	double cell;     /* seconds of a cell */
	int rows;        /* of clients */
	double *share;   /* [rows][FED_PHASES][width]: seconds of each phase in each cell */
	bool seen[MARKS];
};

static const struct fed_style plain, faint = {.color = FED_COLOR_GREY};

static int column_of(const struct painter *p, double clock)
{
	const double at = floor((clock - p->schedule->from) / p->cell);

	return at < 0 ? 0 : at >= p->width ? p->width - 1 : (int)at;
}

static void put_mark(struct painter *p, int column, int row, int mark)
{
	fed__activity_glyph_put(p->canvas, p->left + column, row, mark_of(mark), p->utf8);
	p->seen[mark] = true;
}

/* Clients ---------------------------------------------------------------------- */

static double *share_of(const struct painter *p, int client)
{
	return p->share + (size_t)client * FED_PHASES * (size_t)p->width;
}

static void add_span(struct painter *p, int client, const struct fed_span *span)
{
	const double from = fmax(span->from, p->schedule->from) - p->schedule->from;
	const double to = fmin(span->to, p->schedule->to) - p->schedule->from;

	if (to <= from)
		return;
	double *share = share_of(p, client) + span->phase * p->width;
	const int last = column_of(p, p->schedule->from + to);
	for (int c = column_of(p, p->schedule->from + from); c <= last; c++)
		share[c] += fmax(0, fmin(to, (c + 1) * p->cell) - fmax(from, c * p->cell));
}

/* Draw the longest phase of each cell. */
static void put_phases(struct painter *p, int client)
{
	const double *share = share_of(p, client);

	for (int c = 0; c < p->width; c++) {
		int most = 0;

		for (int phase = 1; phase < FED_PHASES; phase++)
			if (share[phase * p->width + c] > share[most * p->width + c])
				most = phase;
		if (share[most * p->width + c] > 0)
			put_mark(p, c, 1 + client, most);
	}
}

/* The client's newest invitation that begins before the end of the window. */
static const struct fed_invitation_record *newest_in_window(const struct painter *p,
                                                            uint32_t client)
{
	const struct fed_invitation_log *j = p->schedule->invitation_log;
	const struct fed_invitation_record *x = fed_invitation_log_last(j, client);

	while (x && x->sent > p->schedule->to)
		x = fed_invitation_log_before(j, x);
	return x;
}

static bool is_before_window(const struct painter *p, const struct fed_invitation_record *x)
{
	const double end =
		x->state == FED_INVITATION_REPORTED && !isnan(x->until) ? x->until : x->ended;

	return end <= p->schedule->from && x->sent < p->schedule->from;
}

/* Add the invitations of client number `at` of the schedule. */
static void add_client(struct painter *p, int at)
{
	const struct fed_invitation_log *j = p->schedule->invitation_log;
	const struct fed_invitation_record *x = newest_in_window(p, p->schedule->client[at]);
	struct fed_span span[FED_SPANS_MAX];

	for (; x && !is_before_window(p, x); x = fed_invitation_log_before(j, x))
		for (int n = fed_invitation_spans(x, p->schedule->now, span), i = 0; i < n; i++)
			add_span(p, at, &span[i]);
}

static void add_stretch(void *ctx, const struct fed_timeline_span *stretch)
{
	struct painter *p = ctx;

	if (stretch->at < (uint32_t)p->rows)
		add_span(p, (int)stretch->at, &stretch->span);
}

static void put_client(struct painter *p, int at)
{
	static const int ends[FED_INVITATION_STATES] = {
		[FED_INVITATION_REFUSED] = REFUSED,
		[FED_INVITATION_LOST] = LOST,
		[FED_INVITATION_LATE] = LATE,
		[FED_INVITATION_CANCELLED] = CANCELLED,
	};
	const struct fed_invitation_log *j = p->schedule->invitation_log;
	const uint32_t client = p->schedule->client[at];
	const int row = 1 + at;
	const char *name = fed_client_name(p->schedule->clients, client);
	struct fed_text label = {0};

	if (name) { /* numbers one below the other, the name behind */
		fed_text_add(&label, "%*u %s", p->numbers, client, name);
		fed__canvas_fit(p->canvas, 0, row, p->left - 1, false, fed_text_str(&label), plain);
	} else {
		fed_text_add(&label, "%*u", p->names ? p->numbers : p->left - 1, client);
		fed__canvas_write(p->canvas, 0, row, fed_text_str(&label), plain);
	}
	fed_text_release(&label);
	if (fed_client_ids_contain(p->schedule->marked, p->schedule->n_marked, client))
		fed__canvas_put(p->canvas, p->left - 1, row, '*',
		                (struct fed_style){.color = FED_COLOR_CYAN, .bold = true});
	put_phases(p, at);
	for (const struct fed_invitation_record *x = newest_in_window(p, client);
	     x && !is_before_window(p, x); x = fed_invitation_log_before(j, x))
		if (ends[x->state] && x->ended <= p->schedule->to)
			put_mark(p, column_of(p, x->ended), row, ends[x->state]);
}

/* The frame -------------------------------------------------------------------- */

/* A vertical line with a label on its right, or on its left if it does not fit; false if it
 * overlaps the label at `next`. */
static bool put_label(struct painter *p, int row, int column, const char *label, int *next)
{
	const int n = (int)strlen(label);
	const bool behind = column + n < p->width;
	const int first = behind ? column : column - n;

	if (first < 0 || column + (behind ? n : 0) >= *next - (*next < p->width))
		return false;
	fed__canvas_put(p->canvas, p->left + column, row, LINE, faint);
	fed__canvas_write(p->canvas, p->left + first + behind, row, label, plain);
	*next = first;
	return true;
}

/* Put version lines and numbers from the last one backwards, so that the last is labelled. */
static void put_versions(struct painter *p, int rows)
{
	const struct fed_timeline *w = p->schedule;
	int next = p->width;

	fed__canvas_write(p->canvas, 0, 0, "version", plain);
	for (size_t i = w->rounds; i-- > 0;) {
		char label[32];

		if (w->round[i].clock < w->from || w->round[i].clock > w->to)
			continue;
		const int column = column_of(p, w->round[i].clock);
		snprintf(label, sizeof label, "%.0f", w->round[i].round);
		if (put_label(p, 0, column, label, &next))
			for (int row = 1; row <= rows; row++)
				fed__canvas_put(p->canvas, p->left + column, row, LINE, faint);
		else if (column < next)
			fed__canvas_put(p->canvas, p->left + column, 0, LINE, faint);
	}
}

static void put_time(struct painter *p, int row)
{
	const int most = p->width / TICK_COLUMNS > 3 ? p->width / TICK_COLUMNS : 3;
	struct fed_axis ticks;
	int next = p->width;

	fed_axis_init(&ticks, fed_axis_limit(p->schedule->from), fed_axis_limit(p->schedule->to), most,
	              0, false);
	fed__canvas_write(p->canvas, 0, row, "seconds", plain);
	for (int i = ticks.n; i-- > 0;) {
		char label[32];

		fed_axis_label(&ticks, i, label);
		put_label(p, row, column_of(p, fed_axis_value(&ticks, i)), label, &next);
	}
}

/* Explain the glyphs that were used, as many as fit. */
static void put_legend(struct painter *p, int row)
{
	int column = 0;

	for (int i = 0; i < MARKS; i++) {
		const struct fed_activity_glyph *m = mark_of(i);

		if (!p->seen[i] || column + 2 + (int)strlen(m->name) > p->canvas->columns)
			continue;
		fed__activity_glyph_put(p->canvas, column, row, m, p->utf8);
		column = 2 + fed__canvas_write(p->canvas, column + 2, row, m->name, plain);
	}
}

static void paint(struct painter *p)
{
	fed__canvas_clear(p->canvas);
	put_versions(p, p->rows);
	for (int at = 0; at < p->rows; at++)
		put_client(p, at);
	put_time(p, 1 + p->rows);
	put_legend(p, 2 + p->rows);
}

/* Numbers alone, or with names in at most a third of the width. */
static void measure_labels(struct painter *p)
{
	const struct fed_timeline *w = p->schedule;
	const uint32_t last = p->rows ? w->client[p->rows - 1] : 0;
	const int names = fed_client_label_width(w->clients, w->client, (uint32_t)p->rows);
	const int most = p->canvas->columns / 3;

	p->left = last >= 10000000 ? 11 : 8;
	p->numbers = snprintf(NULL, 0, "%u", last);
	p->names = names > 0;
	if (p->names && names + 2 + p->numbers > p->left)
		p->left = names + 2 < most ? names + 2 : most;
	p->left = p->left > 8 ? p->left : 8;
}

int fed__timeline_chart_paint(struct fed_canvas *canvas, const struct fed_timeline *schedule,
                              bool utf8, struct fed_error *err)
{
	const int capacity = canvas->rows - FED_TIMELINE_FRAME;
	const int rows = capacity < (int)schedule->n ? capacity : (int)schedule->n;
	struct painter p = {
		.canvas = canvas, .schedule = schedule, .utf8 = utf8, .left = 8, .rows = rows};

	if (canvas->columns < FED_TIMELINE_COLUMNS || capacity < 1)
		return fed_fail(err, "a timeline needs %d columns and %d rows", FED_TIMELINE_COLUMNS,
		                FED_TIMELINE_FRAME + 1);
	if (schedule->to <= schedule->from)
		return fed_fail(err, "no virtual time has passed");
	measure_labels(&p);
	p.width = canvas->columns - p.left;
	p.cell = (schedule->to - schedule->from) / p.width;
	const size_t numbers = (size_t)(rows + 1) * FED_PHASES * (size_t)p.width;
	p.share = fed_alloc_array(numbers, sizeof *p.share);
	if (!p.share)
		return fed_fail_memory(err, numbers * sizeof *p.share, "a timeline");
	for (int at = 0; at < rows; at++)
		add_client(&p, at);
	const int rc = fed_timeline_turns(schedule, add_stretch, &p, err);
	if (rc == FED_OK)
		paint(&p);
	fed_free(p.share);
	return rc;
}

int fed_timeline_chart_text(const struct fed_timeline *schedule, int columns, bool utf8,
                            enum fed_palette palette, struct fed_text *out, struct fed_error *err)
{
	const uint32_t most = FED_CANVAS_MAX - FED_TIMELINE_FRAME;
	const int rows = (int)(schedule->n < most ? schedule->n : most) + FED_TIMELINE_FRAME;
	struct fed_canvas canvas;

	if (fed__canvas_init(&canvas, columns, rows, err))
		return FED_FAIL;
	const int rc = fed__timeline_chart_paint(&canvas, schedule, utf8, err);
	if (rc == FED_OK)
		fed__canvas_text(&canvas, out, utf8, palette);
	fed__canvas_release(&canvas);
	return rc;
}
