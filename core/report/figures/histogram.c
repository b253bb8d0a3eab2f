/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/figures/histogram.c - a histogram as bars.
 */
#include <math.h>

#include "figures/plot.h"
#include "report/figures/figures.h"

#define HEIGHT 0.62 /* of the width */

int fed_figure_histogram(const struct fed_histogram *h, const char *heading, struct fed_drawing *d,
                         struct fed_error *err)
{
	double x[FED_HISTOGRAM_BINS + 1], y[FED_HISTOGRAM_BINS + 1];
	const struct fed_plot_series series = {"", x, y, h->bins, NULL, NULL};
	/* Bars of single whole numbers stand over them, others between their ends. */
	const bool single = fed_quantity_whole(h->quantity) && h->width == 1;
	struct fed_text label = {0};

	for (size_t k = 0; k < h->bins; k++) {
		x[k] = h->first + ((double)k + (single ? 0 : 0.5)) * h->width;
		y[k] = (double)h->count[k];
	}
	fed_text_add(&label, "%s%s", fed_quantity_names[h->quantity],
	             fed_quantity_seconds(h->quantity)       ? " (virtual seconds)"
	             : h->quantity == FED_QUANTITY_STALENESS ? " (versions)"
	                                                     : "");
	const struct fed_plot plot = {.heading = heading,
	                              .x_label = fed_text_str(&label),
	                              .y_label =
	                                  fed_quantity_of_clients(h->quantity) ? "clients" : "updates",
	                              .series = &series,
	                              .n = 1,
	                              .bars = true,
	                              .bar_width = h->width};
	d->height = d->height > 0 ? d->height : HEIGHT * d->width;
	const int rc = fed_plot_draw(&plot, d, NULL, err);
	fed_text_release(&label);
	return rc;
}
