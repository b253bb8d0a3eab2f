/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/histogram.c - the command `histogram`: quantities counted in bins.
 */
#include "shell/commands/look/histogram.h"

#include <math.h>

#include "history/event_log.h"
#include "report/figures/figures.h"
#include "report/label_histogram.h"
#include "session/composition.h"
#include "shell/output/print.h"

const struct fed_field fed__histogram_rows[] = {
	FED_ARG_CHOICE(struct fed_histogram_args, figure, FED_ARG_NEEDED, FED_QUANTITY_STALENESS,
                   fed_quantity_names,
                   "of the run's updates (staleness to weight) or of the clients"),
	FED_ARG_INT(struct fed_histogram_args, bins, 0, 15, 1, FED_HISTOGRAM_BINS, "rows at most"),
	FED_ARG_INT(struct fed_histogram_args, last, 0, 0, 0, 1e15,
                "updates of the last N versions; 0: all of the present scheme"),
	FED_FIGURE_ROWS(struct fed_histogram_args, to),
	FED_END,
};

static void put_value(struct fed_text *text, double x, enum fed_quantity quantity)
{
	if (fed_quantity_seconds(quantity))
		fed_text_seconds(text, x);
	else if (fed_quantity_whole(quantity))
		fed_text_count(text, x);
	else
		fed_text_add(text, "%.4g", x);
}

/* ", of scheme async" or ", of the last 5 versions", if that leaves some out. */
static void put_choice(struct fed_text *text, const struct fed_session *s,
                       enum fed_quantity quantity, uint64_t last)
{
	const struct fed_invitation_log *all = &fed_session_event_log(s)->invitation_log;

	if (fed_quantity_of_clients(quantity))
		return;
	if (last)
		fed_text_add(text, last == 1 ? " of the last version" : " of the last %s versions",
		             fed_count((double)last).s);
	else if (all->scheme > all->first)
		fed_text_add(text, " since scheme %s was chosen", fed_session_parts(s)->scheme->name);
}

static void show_bins(struct fed_shell *shell, const struct fed_histogram *h)
{
	static const struct fed_table_column columns[] = {
		{.title = "from", .kind = FED_CELL_NUMBER},
		{.title = "count", .kind = FED_CELL_NUMBER},
		{.title = "bar"},
	};
	struct fed_table table = {
		.name = "histogram", .column = columns, .columns = 3, .untitled = true};
	const bool whole = fed_quantity_whole(h->quantity);
	struct fed_text text = {0};
	uint64_t most = 1;

	for (size_t k = 0; k < h->bins; k++)
		most = h->count[k] > most ? h->count[k] : most;
	fed__screen_measure(shell);
	const int bar = shell->screen.columns < 70 ? shell->screen.columns / 2 : 40;
	for (size_t k = 0; k < h->bins; k++) {
		const double from = h->first + (double)k * h->width;

		fed_text_clear(&text);
		put_value(&text, from, h->quantity);
		if (!whole || h->width > 1)
			fed_text_add(&text, "..");
		fed__table_shown(&table, from, fed_text_str(&text));
		fed__table_integer(&table, h->count[k]);
		fed_text_clear(&text);
		fed_bar_put(&text, (double)h->count[k] / (double)most, bar, shell->screen.utf8);
		fed__table_cell(&table, "%s", fed_text_str(&text));
	}
	fed_text_release(&text);
	fed__table_print(shell, &table);
}

static void show(struct fed_shell *shell, const struct fed_histogram *h, uint64_t last)
{
	struct fed_text text = {0};

	show_bins(shell, h);
	fed_text_add(&text, "%s of ", fed_quantity_names[h->quantity]);
	fed_text_count(&text, (double)h->n);
	fed_text_add(&text, " %s%s", fed_quantity_of_clients(h->quantity) ? "client" : "update",
	             h->n == 1 ? "" : "s");
	put_choice(&text, shell->session, h->quantity, last);
	fed_text_add(&text, ": mean ");
	if (fed_quantity_whole(h->quantity) && floor(h->mean) != h->mean) /* not rounded to a whole */
		fed_text_add(&text, "%.4g", h->mean);
	else
		put_value(&text, h->mean, h->quantity);
	fed_text_add(&text, ", least ");
	put_value(&text, h->low, h->quantity);
	fed_text_add(&text, ", most ");
	put_value(&text, h->high, h->quantity);
	fed__print(shell, "%s\n", fed_text_str(&text));
	fed_text_release(&text);
}

static int save(struct fed_shell *shell, const struct fed_histogram *h,
                const struct fed_figure_form *form, struct fed_error *err)
{
	struct fed_drawing d;

	if (fed__figure_begin(&d, shell, form, err))
		return FED_FAIL;
	return fed__figure_end(&d, shell, form, fed_figure_histogram(h, form->title, &d, err), err);
}

int fed__run_histogram(struct fed_shell *shell, const struct fed_call *call, struct fed_error *err)
{
	const struct fed_histogram_args *a = call->args;
	const enum fed_quantity quantity = (enum fed_quantity)a->figure;
	struct fed_histogram h;

	if (fed__figure_check_screen(shell, &a->to, err))
		return FED_FAIL;
	if (a->last && fed_quantity_of_clients(quantity))
		return fed_fail(err,
		                "last= is of updates, and %s is of the clients as they are; leave it out",
		                fed_quantity_names[quantity]);
	if (fed_histogram_take(&h, shell->session, quantity, (size_t)a->bins, (uint64_t)a->last, err))
		return FED_FAIL;
	if (*a->to.to)
		return save(shell, &h, &a->to, err);
	show(shell, &h, (uint64_t)a->last);
	return FED_OK;
}
