/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/figures/timeline.c - the phases of clients over virtual time.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "figures/spans.h"
#include "report/figures/figures.h"
#include "train/clients/names.h"

/* The kinds of spans: phases, then the ends of invitations without an update. */
enum { REFUSED = FED_PHASES, LOST, LATE, CANCELLED, KINDS };
static const char *const kind_names[FED_SPAN_KINDS] = {
	"download", "compute", "upload", "queued", "waiting", "refused", "lost", "late", "cancelled"};
static const uint32_t kind_colors[FED_SPAN_KINDS] = {
	0x56B4E9, 0x0072B2, 0x009E73, 0xE69F00, 0xD9D9D9, 0xD55E00, 0xD55E00, 0xCC79A7, 0x7F7F7F};

struct timeline_figure {
	const struct fed_timeline *w;
	struct fed_drawn_span *span; /* [n] */
	size_t n, capacity;
	bool failed;
	struct fed_text labels; /* names of rows and versions, NUL-ended */
};

static void add_span(struct timeline_figure *t, uint32_t row, uint8_t kind, double from, double to)
{
	if (to < t->w->from || from > t->w->to || t->failed)
		return;
	if (t->n == t->capacity) {
		const size_t capacity = t->capacity ? 2 * t->capacity : 256;
		struct fed_drawn_span *grown =
			fed_resize(t->span, t->capacity * sizeof *grown, capacity * sizeof *grown);

		t->failed = !grown;
		if (!grown)
			return;
		t->span = grown;
		t->capacity = capacity;
	}
	t->span[t->n++] = (struct fed_drawn_span){from, to, row, kind};
}

static void add_turn(void *ctx, const struct fed_timeline_span *turn)
{
	if (turn->span.to > turn->span.from)
		add_span(ctx, turn->at, (uint8_t)turn->span.phase, turn->span.from, turn->span.to);
}

static bool is_before(const struct fed_timeline *w, const struct fed_invitation_record *x)
{
	const double end =
		x->state == FED_INVITATION_REPORTED && !isnan(x->until) ? x->until : x->ended;

	return end <= w->from && x->sent < w->from;
}

static void add_client(struct timeline_figure *t, uint32_t row)
{
	static const uint8_t ends[FED_INVITATION_STATES] = {
		[FED_INVITATION_REFUSED] = REFUSED,
		[FED_INVITATION_LOST] = LOST,
		[FED_INVITATION_LATE] = LATE,
		[FED_INVITATION_CANCELLED] = CANCELLED,
	};
	const struct fed_invitation_log *log = t->w->invitation_log;
	const struct fed_invitation_record *x = fed_invitation_log_last(log, t->w->client[row]);
	struct fed_span span[FED_SPANS_MAX];

	for (; x && !is_before(t->w, x); x = fed_invitation_log_before(log, x)) {
		if (x->sent > t->w->to)
			continue;
		for (int n = fed_invitation_spans(x, t->w->now, span), i = 0; i < n; i++)
			if (span[i].to > span[i].from)
				add_span(t, row, (uint8_t)span[i].phase, span[i].from, span[i].to);
		if (ends[x->state])
			add_span(t, row, ends[x->state], x->ended, x->ended);
	}
}

/* Names of rows, then of versions, and the times of these. */
static void put_labels(struct timeline_figure *t, const char **name, double *line, size_t *lines)
{
	const struct fed_timeline *w = t->w;
	size_t at = 0, n = w->n;

	for (uint32_t i = 0; i < w->n; i++) {
		fed_client_put_label(&t->labels, w->clients, w->client[i]);
		fed_text_put(&t->labels, "", 1);
	}
	for (size_t i = 0; i < w->rounds; i++) {
		if (w->round[i].clock < w->from || w->round[i].clock > w->to)
			continue;
		line[(*lines)++] = w->round[i].clock;
		fed_text_add(&t->labels, "%.0f", w->round[i].round);
		fed_text_put(&t->labels, "", 1);
	}
	n += *lines;
	for (size_t i = 0; i < n && !t->labels.failed; i++) {
		name[i] = t->labels.s + at;
		at += strlen(name[i]) + 1;
	}
}

static int draw(struct timeline_figure *t, const char *heading, const char **name, double *line,
                struct fed_drawing *d, struct fed_error *err)
{
	const struct fed_timeline *w = t->w;
	size_t lines = 0;

	for (uint32_t i = 0; i < w->n; i++)
		add_client(t, i);
	if (fed_timeline_turns(w, add_turn, t, err))
		return FED_FAIL;
	put_labels(t, name, line, &lines);
	if (t->failed || t->labels.failed)
		return fed_fail_memory(err, t->n * sizeof *t->span, "a timeline");
	const struct fed_spans_figure figure = {.heading = heading,
	                                        .x_label = "virtual seconds",
	                                        .from = w->from,
	                                        .to = w->to,
	                                        .rows = w->n,
	                                        .row_name = name,
	                                        .span = t->span,
	                                        .n = t->n,
	                                        .kind_name = kind_names,
	                                        .kind_rgb = kind_colors,
	                                        .line = line,
	                                        .line_label = name + w->n,
	                                        .lines = lines,
	                                        .line_name = "version"};
	if (!(d->height > 0))
		d->height = fed_spans_figure_height(&figure, d->width);
	return fed_spans_figure_draw(&figure, d, NULL, err);
}

int fed_figure_timeline(const struct fed_timeline *w, const char *heading, struct fed_drawing *d,
                        struct fed_error *err)
{
	const size_t most = w->n + w->rounds + 1;
	const char **name = fed_alloc_array(most, sizeof *name);
	double *line = fed_alloc_array(w->rounds + 1, sizeof *line);
	struct timeline_figure t = {.w = w};
	int rc = FED_FAIL;

	if (name && line)
		rc = draw(&t, heading, name, line, d, err);
	else
		fed_fail_memory(err, most * sizeof *name, "a timeline");
	fed_text_release(&t.labels);
	fed_free(t.span);
	fed_free(line);
	fed_free(name);
	return rc;
}
