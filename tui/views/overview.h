/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/overview.h - the state of the view `overview`.
 */
#ifndef FED_TUI_VIEWS_OVERVIEW_H
#define FED_TUI_VIEWS_OVERVIEW_H

#include "tui/views/round_series.h"
#include "tui/widgets/glyphs.h"

struct fed_active_client {
	uint32_t client;
	uint8_t activity; /* enum fed_activity */
};

struct fed_overview {
	struct fed_round_series_set curves;
	uint64_t run; /* number of the run's first event */
	double *mark; /* [marks] rounds at which faults began */
	size_t marks;
	uint64_t marked;                       /* number of the last fault in `mark` */
	uint32_t count[FED_ACTIVITIES];        /* participants of the round, by activity */
	struct fed_active_client worker[1000]; /* the first of n_workers */
	uint32_t n_workers;
	bool log;   /* the losses have a logarithmic axis */
	bool ranks; /* each of the ranks is shown in place of the charts */
};

#endif
