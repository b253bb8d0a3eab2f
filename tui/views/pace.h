/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/views/pace.h - pace of a view's costly work while training waits for its frames.
 *
 * Work that took longer than 2 ms is followed by a pause of 40 times its duration. Without a run
 * it is always due, so that the last version is shown.
 */
#ifndef FED_TUI_VIEWS_PACE_H
#define FED_TUI_VIEWS_PACE_H

#include "tui/views/view.h"

struct fed_pace {
	double not_before; /* fed_wall_seconds(); zeroed: at once */
};

bool fed__pace_is_due(const struct fed_pace *, const struct fed_watched *);
/* After the work, which began at this moment of fed_wall_seconds(). */
void fed__pace_end(struct fed_pace *, double began);

#endif
