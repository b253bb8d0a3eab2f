/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/updates.h - copies of a version's updates for the view `updates`, and the pages that
 * show them.
 */
#ifndef FED_TUI_VIEWS_UPDATES_H
#define FED_TUI_VIEWS_UPDATES_H

#include "tui/views/cells.h"
#include "tui/views/update_map.h"

/* A summary of one update; the next round overwrites the update itself. */
struct fed_update_history_entry {
	uint32_t client, staleness;
	double norm, step; /* L2 norm; cosine with the step */
	double score, weight;
	int group; /* -1: none */
	bool byzantine, secret, trusted, used;
	bool judged; /* else it has arrived in the open round and has no verdict yet */
};

struct fed_update_history {
	struct fed_update_history_entry *of; /* [n], by client */
	struct fed_map_point *point;         /* [n] */
	size_t n;
	struct fed_update_position landmark[FED_LANDMARKS];
	double shown;            /* share of the variance in the map */
	double reach_x, reach_y; /* half widths of the map; kept while they fit */
	double x, y;             /* in its middle */
	uint64_t version;
};
/* Copy the updates of the last version; orientation and scale of the map are kept from the previous
 * one. FED_REJECT: no updates are available, nothing is changed. */
int fed__update_history_take(struct fed_update_history *, const struct fed_session *,
                             struct fed_error *);
/* Copy the updates that have arrived in the open round; as if they were the version after `before`.
 */
int fed__update_history_take_arrived(struct fed_update_history *,
                                     const struct fed_update_history *before,
                                     const struct fed_session *, struct fed_error *);
void fed__update_history_release(struct fed_update_history *);

/* Pages below a title, painted from `row` on; *top is the first line shown. */
enum fed_update_history_order {
	FED_BY_CLIENT,
	FED_BY_NORM,
	FED_BY_SCORE,
	FED_BY_STEP,
	FED_UPDATE_HISTORY_ORDERS
};
extern const char *const fed__update_history_orders[FED_UPDATE_HISTORY_ORDERS];
int fed__update_history_bars(struct fed_canvas *, int row, const struct fed_update_history *,
                             enum fed_update_history_order, uint32_t *top,
                             const struct fed_watched *, struct fed_error *);
int fed__update_history_groups(struct fed_canvas *, int row, const struct fed_update_history *,
                               uint32_t *top, const struct fed_watched *, struct fed_error *);

#endif
