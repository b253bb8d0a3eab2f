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

/* Where a search backwards ended. */
struct fed_travel_stop {
	struct fed_place place;
	uint64_t number;  /* of the breakpoint that was hit there; 0: none, of a step */
	char text[200];   /* its condition, perhaps cut */
	uint32_t lost;    /* present breakpoints that cannot be set there */
	uint32_t skipped; /* commands on the way that could not be repeated */
};
/* Go back to where one of the present breakpoints was hit last before the present place, or would
 * have been, had it been set.  The present breakpoints go along.  On failure, and where none was
 * hit (FED_FAIL), the session is where it was.  FED_REJECT: interrupted. */
int fed_travel_back_to_stop(struct fed_travel *, struct fed_travel_stop *, struct fed_error *);
/* Go back to before the last step: one event.  As above. */
int fed_travel_back_a_step(struct fed_travel *, struct fed_travel_stop *, struct fed_error *);

/* What a bisection found. */
struct fed_bisection {
	uint64_t first;  /* version */
	uint64_t tested; /* versions that were made again for it; 0: all figures were known */
	uint64_t known;  /* versions whose figures were known, of so many: */
	uint64_t versions;
	uint64_t ends;  /* a version after `first` at which it did not hold again; 0: none is known */
	uint64_t again; /* and one after that at which it did; 0: none is known */
};
/* Go to the first version of this run at which a condition over metrics holds: by the history, or
 * by replays in logarithmic time where it lacks figures.  FED_FAIL: it holds at none; the session
 * is where it was then. */
int fed_travel_bisect(struct fed_travel *, const struct fed_condition *, struct fed_bisection *,
                      struct fed_error *);

#endif
