/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/search.h - places in the past by what held there.
 */
#ifndef FED_TRAVEL_SEARCH_H
#define FED_TRAVEL_SEARCH_H

#include "history/condition.h"
#include "travel/travel.h"

/* The last version before the present one at which a condition over metrics held. */
int fed_travel_when(const struct fed_travel *, const struct fed_condition *, struct fed_place *,
                    struct fed_error *);
/* The last version within so many virtual seconds. */
int fed_travel_at_clock(const struct fed_travel *, double seconds, struct fed_place *,
                        struct fed_error *);

#endif
