/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/updates_pages.c - the pages `bars` and `groups`: updates with their verdicts, and the
 * groups of a rule. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/label_histogram.h"
#include "history/client_selector.h"
#include "session/composition.h"
#include "train/clients/names.h"
#include "tui/views/updates.h"

enum { BAR_LEAST = 6, BAR_MOST = 40, NAME_MOST = 16 };

static const struct fed_style plain, faint = {.color = FED_COLOR_GREY};

const char *const fed__update_history_orders[FED_UPDATE_HISTORY_ORDERS] = {"client", "norm",
                                                                           "score", "cos(step)"};

static struct fed_style style_of(bool byzantine)
{
	return (struct fed_style){.color = byzantine ? FED_COLOR_YELLOW : FED_COLOR_BLUE};
}

/* Order ---------------------------------------------------------------------------- */

struct ranked_update {
	double value;
	const struct fed_update_history_entry *of;
};

static double value_of(const struct fed_update_history_entry *s,
                       enum fed_update_history_order order)
{
	switch (order) {
	case FED_BY_NORM:
		return s->norm;
	case FED_BY_SCORE:
		return s->score;
	case FED_BY_STEP:
		return s->step;
	default:
		return -(double)s->client;
	}
}

/* Descending; NaN last, ties by client. */
static int compare(const void *pa, const void *pb)
{
	const struct ranked_update *a = pa, *b = pb;

	if (isnan(a->value) != isnan(b->value))
		return isnan(a->value) ? 1 : -1;
	if (a->value != b->value && !isnan(a->value))
		return a->value < b->value ? 1 : -1;
	return (a->of->client > b->of->client) - (a->of->client < b->of->client);
}

/* Bars ------------------------------------------------------------------------------- */

enum {
	CLIENT,
	NAME,
	TRUTH,
	VERDICT,
	GROUP,
	STEP,
	WEIGHT,
	NORM,
	NORM_BAR,
	SCORE,
	SCORE_BAR,
	COLUMNS
};

/* names: columns of the widest name, 0 without any. */
static void lay_out(struct fed_columns *c, struct fed_column column[COLUMNS], int width,
                    bool grouped, int names)
{
	static const struct fed_column all[COLUMNS] = {
		[CLIENT] = {"client", 7, 0, true}, [NAME] = {"name", 4, 3},
		[TRUTH] = {"truth", 9, 4},         [VERDICT] = {"verdict", 8, 3},
		[GROUP] = {"group", 5, 7, true},   [STEP] = {"cos(step)", 9, 6, true},
		[WEIGHT] = {"weight", 6, 8, true}, [NORM] = {"norm", 9, 1, true},
		[NORM_BAR] = {"", BAR_LEAST, 5},   [SCORE] = {"score", 9, 2, true},
		[SCORE_BAR] = {"", BAR_LEAST, 5},
	};
	int rest = width;

	memcpy(column, all, sizeof all);
	if (!grouped)
		column[GROUP].rank = -1;
	column[NAME].width = names < NAME_MOST ? names : NAME_MOST;
	column[NAME].rank = names ? column[NAME].rank : -1;
	fed__columns_fit(c, column, COLUMNS, 0, width);
	for (int k = 0; k < COLUMNS; k++)
		rest -= c->at[k] < 0 ? 0 : c->width[k] + 2;
	if (rest <= 0 || c->at[SCORE_BAR] < 0)
		return;
	const int more = (rest + 2) / 2 < BAR_MOST - BAR_LEAST ? (rest + 2) / 2 : BAR_MOST - BAR_LEAST;
	column[NORM_BAR].width += more;
	column[SCORE_BAR].width += more;
	fed__columns_fit(c, column, COLUMNS, 0, width);
}

static void put_number(struct fed_text *out, const char *fmt, double x)
{
	fed_text_clear(out);
	fed_text_number(out, fmt, x);
}

static void put_bar(struct fed_text *out, double x, double most, int width, bool utf8)
{
	const double share = x / most;

	fed_text_clear(out);
	if (share > 0)
		fed_bar_put(out, fmin(share, 1), width, utf8);
}

static void paint_update(struct fed_canvas *canvas, int row, const struct fed_columns *c,
                         const struct fed_update_history_entry *s, const double most[2],
                         const struct fed_watched *w)
{
	const struct fed_style style = style_of(s->byzantine);
	struct fed_text text = {0};

	const struct fed_clients *clients = &fed_session_parts(w->session)->clients;
	const char *name = fed_client_name(clients, s->client);
	fed_text_add(&text, "%u", s->client);
	fed__columns_cell(c, canvas, CLIENT, row, fed_text_str(&text), plain);
	fed__columns_cell(c, canvas, NAME, row, name ? name : "-", plain);
	fed__columns_cell(c, canvas, TRUTH, row, fed_truth_word(s->byzantine, s->secret), style);
	fed__columns_cell(c, canvas, VERDICT, row,
	                  !s->judged   ? "-"
	                  : s->trusted ? "used"
	                  : s->used    ? "suspect"
	                               : "filtered",
	                  plain);
	fed_text_clear(&text);
	fed_text_add(&text, "%d", s->group);
	fed__columns_cell(c, canvas, GROUP, row, fed_text_str(&text), plain);
	put_number(&text, "%.3f", s->step);
	fed__columns_cell(c, canvas, STEP, row, fed_text_str(&text), plain);
	put_number(&text, "%.4f", s->weight);
	fed__columns_cell(c, canvas, WEIGHT, row, fed_text_str(&text), plain);
	put_number(&text, "%#.4g", s->norm);
	fed__columns_cell(c, canvas, NORM, row, fed_text_str(&text), plain);
	put_number(&text, "%#.4g", s->score);
	fed__columns_cell(c, canvas, SCORE, row, fed_text_str(&text), plain);
	put_bar(&text, s->norm, most[0], c->width[NORM_BAR], w->utf8);
	fed__columns_cell(c, canvas, NORM_BAR, row, fed_text_str(&text), style);
	put_bar(&text, s->score, most[1], c->width[SCORE_BAR], w->utf8);
	fed__columns_cell(c, canvas, SCORE_BAR, row, fed_text_str(&text), style);
	fed_text_release(&text);
}

static bool has_groups(const struct fed_update_history *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->of[i].group >= 0)
			return true;
	return false;
}

static int widest_name(const struct fed_update_history *s, const struct fed_watched *w)
{
	int widest = 0;

	for (size_t i = 0; i < s->n; i++) {
		const char *name =
			fed_client_name(&fed_session_parts(w->session)->clients, s->of[i].client);
		const int width = name ? fed_text_width(name) : 0;

		widest = width > widest ? width : widest;
	}
	return widest;
}

int fed__update_history_bars(struct fed_canvas *canvas, int row, const struct fed_update_history *s,
                             enum fed_update_history_order order, uint32_t *top,
                             const struct fed_watched *w, struct fed_error *err)
{
	const int rows = canvas->rows - row - 1;
	struct ranked_update *rank = fed_alloc_array(s->n, sizeof *rank);
	struct fed_column column[COLUMNS];
	struct fed_columns c;
	double most[2] = {0, 0};

	if (!rank)
		return fed_fail_memory(err, s->n * sizeof *rank, "the table of updates");
	for (size_t i = 0; i < s->n; i++) {
		rank[i] = (struct ranked_update){value_of(&s->of[i], order), &s->of[i]};
		most[0] = fmax(most[0], isfinite(s->of[i].norm) ? s->of[i].norm : 0);
		most[1] = fmax(most[1], isfinite(s->of[i].score) ? s->of[i].score : 0);
	}
	qsort(rank, s->n, sizeof *rank, compare);
	lay_out(&c, column, canvas->columns, has_groups(s), widest_name(s, w));
	fed__columns_titles(&c, canvas, row);
	fed__scroll_to(top, *top, rows > 0 ? (uint32_t)rows : 0, (uint32_t)s->n);
	for (size_t i = *top; i < s->n && row + 1 < canvas->rows; i++)
		paint_update(canvas, ++row, &c, rank[i].of, most, w);
	fed_free(rank);
	return FED_OK;
}

/* Groups -------------------------------------------------------------------------------- */

struct group {
	uint32_t n, byzantine;
	bool secret; /* it is not told who is Byzantine */
	double weight, score;
	bool trusted;
};

enum { NUMBER, SIZE, ATTACKERS, TRUST, SHARE, DISTANCE, WEIGHED, MEMBERS, GROUP_COLUMNS };
static const struct fed_column group_columns[GROUP_COLUMNS] = {
	[NUMBER] = {"group", 5, 0, true},
	[SIZE] = {"clients", 7, 3, true},
	[ATTACKERS] = {"Byzantine", 9, 2, true},
	[TRUST] = {"verdict", 8, 1},
	[SHARE] = {"weight", 7, 6, true},
	[DISTANCE] = {"score", 9, 5, true},
	[WEIGHED] = {"", 12, 7},
	[MEMBERS] = {"who", 10, 4, .stretchy = true},
};

static int by_id(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Summarise group g; ids [n]: its members, ascending. */
static struct group summarise_group(const struct fed_update_history *s, int g, uint32_t *ids)
{
	struct group group = {.score = NAN};

	for (size_t i = 0; i < s->n; i++) {
		const struct fed_update_history_entry *u = &s->of[i];

		if (u->group != g)
			continue;
		ids[group.n++] = u->client;
		group.byzantine += u->byzantine;
		group.secret |= u->secret;
		group.weight += u->weight;
		group.score = u->score;
		group.trusted = u->trusted;
	}
	qsort(ids, group.n, sizeof *ids, by_id);
	return group;
}

static void paint_group(struct fed_canvas *canvas, int row, const struct fed_columns *c, int g,
                        const struct group *group, const uint32_t *ids, double most,
                        const struct fed_watched *w)
{
	const struct fed_style style = style_of(group->byzantine > 0);
	struct fed_text text = {0};

	fed_text_add(&text, "%d", g);
	fed__columns_cell(c, canvas, NUMBER, row, fed_text_str(&text), plain);
	put_number(&text, "%.0f", group->n);
	fed__columns_cell(c, canvas, SIZE, row, fed_text_str(&text), plain);
	put_number(&text, "%.0f", group->secret ? NAN : group->byzantine);
	fed__columns_cell(c, canvas, ATTACKERS, row, fed_text_str(&text), style);
	fed__columns_cell(c, canvas, TRUST, row, group->trusted ? "trusted" : "suspect",
	                  (struct fed_style){group->trusted ? FED_COLOR_PLAIN : FED_COLOR_MAGENTA, 0});
	put_number(&text, "%.4f", group->weight);
	fed__columns_cell(c, canvas, SHARE, row, fed_text_str(&text), plain);
	put_number(&text, "%#.4g", group->score);
	fed__columns_cell(c, canvas, DISTANCE, row, fed_text_str(&text), plain);
	put_bar(&text, group->score, most, c->width[WEIGHED], w->utf8);
	fed__columns_cell(c, canvas, WEIGHED, row, fed_text_str(&text), style);
	fed_text_clear(&text);
	fed_client_labels_put(&text, &fed_session_parts(w->session)->clients, ids, group->n,
	                      c->at[MEMBERS] < 0 ? 0 : (size_t)c->width[MEMBERS]);
	fed__columns_cell(c, canvas, MEMBERS, row, fed_text_str(&text), plain);
	fed_text_release(&text);
}

int fed__update_history_groups(struct fed_canvas *canvas, int row,
                               const struct fed_update_history *s, uint32_t *top,
                               const struct fed_watched *w, struct fed_error *err)
{
	const int rows = canvas->rows - row - 1;
	struct fed_columns c;
	double most = 0;
	int n = 0;

	for (size_t i = 0; i < s->n; i++) {
		n = s->of[i].group >= n ? s->of[i].group + 1 : n;
		most = fmax(most, isfinite(s->of[i].score) ? s->of[i].score : 0);
	}
	if (!n) {
		fed__cells_line(canvas, row,
		                s->n && !s->of[0].judged
		                    ? "the rule makes its groups when the round ends"
		                    : "this rule makes no groups; `aggregator bgd` does",
		                faint);
		return FED_OK;
	}
	uint32_t *ids = fed_alloc_array(s->n, sizeof *ids);
	if (!ids)
		return fed_fail_memory(err, s->n * sizeof *ids, "the groups");
	fed__columns_fit(&c, group_columns, GROUP_COLUMNS, 0, canvas->columns);
	fed__columns_titles(&c, canvas, row);
	fed__scroll_to(top, *top, rows > 0 ? (uint32_t)rows : 0, (uint32_t)n);
	for (int g = (int)*top; g < n && row + 1 < canvas->rows; g++) {
		const struct group group = summarise_group(s, g, ids);

		paint_group(canvas, ++row, &c, g, &group, ids, most, w);
	}
	fed_free(ids);
	return FED_OK;
}
