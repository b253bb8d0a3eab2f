/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/search.c - versions of the present run by its figures.
 */
#include "travel/search.h"

#include "session/internal.h"
#include "travel/internal.h"

/* Index of the first record of a version at or above this one. */
static size_t first_from(const struct fed_history *h, uint64_t version)
{
	size_t n = h->n;

	while (n > 0 && h->record[n - 1].round >= (double)version)
		n--;
	return n;
}

int fed_travel_when(const struct fed_travel *t, const struct fed_condition *condition,
                    struct fed_place *place, struct fed_error *err)
{
	struct fed_history h = *fed_session_history(t->session); /* borrowed: a beginning of it */
	const uint64_t present = fed_session_version(t->session);

	for (h.n = first_from(&h, present + (fed__travel_steps(t->session) > 0)); h.n > 0; h.n--)
		if (fed_condition_holds(condition, &h))
			return fed_travel_at_version(t, (uint64_t)h.record[h.n - 1].round, place, err);
	return fed_fail(err, "%s held at no version of this run before the present one, %llu",
	                fed_show(fed_condition_text(condition)).s, (unsigned long long)present);
}

int fed_travel_at_clock(const struct fed_travel *t, double seconds, struct fed_place *place,
                        struct fed_error *err)
{
	const struct fed_history *h = fed_session_history(t->session);
	size_t n = h->n;

	while (n > 0 && h->record[n - 1].clock > seconds)
		n--;
	return fed_travel_at_version(t, n ? (uint64_t)h->record[n - 1].round : 0, place, err);
}
