/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/schedule.c - windows of virtual time.
 */
#include "session/schedule.h"

#include "base/mem.h"

/* Both ascend: keep what is in both. */
static void keep_only(struct fed_schedule *w, const uint32_t *who, uint32_t n_who)
{
	uint32_t kept = 0, k = 0;

	for (uint32_t i = 0; i < w->n; i++) {
		while (k < n_who && who[k] < w->client[i])
			k++;
		if (k < n_who && who[k] == w->client[i])
			w->client[kept++] = w->client[i];
	}
	w->n = kept;
}

double fed_schedule_start(const struct fed_session *s)
{
	const struct fed_history *h = &s->history;
	const struct fed_journeys *j = &s->recorder.journeys;
	const struct fed_journey *oldest = fed_journeys_at(j, j->first);

	return oldest && (!h->n || h->record[0].clock < oldest->sent) ? oldest->sent : 0;
}

/* The first version that was made at this time or later; n: none. */
static size_t first_since(const struct fed_history *h, double clock)
{
	size_t low = 0, high = h->n;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (h->record[middle].clock < clock)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int fed_schedule_between(struct fed_schedule *w, const struct fed_session *s, double from,
                         double to, const uint32_t *who, uint32_t n_who, struct fed_error *err)
{
	const struct fed_history *h = &s->history;
	const size_t first = first_since(h, from);

	*w = (struct fed_schedule){
		.journeys = &s->recorder.journeys,
		.round = h->n ? h->record + first : NULL,
		.rounds = h->n - first,
		.from = from,
		.to = to,
		.now = fed_session_clock(s),
	};
	if (fed_journeys_clients(w->journeys, w->from, w->to, &w->client, &w->n, err))
		return FED_FAIL;
	if (who)
		keep_only(w, who, n_who);
	return FED_OK;
}

int fed_schedule_init(struct fed_schedule *w, const struct fed_session *s, uint64_t rounds,
                      const uint32_t *who, uint32_t n_who, struct fed_error *err)
{
	const struct fed_history *h = &s->history;
	const size_t before = h->n > rounds ? h->n - (size_t)rounds : 0;
	const double from = before ? h->record[before - 1].clock : fed_schedule_start(s);

	if (fed_schedule_between(w, s, from, fed_session_clock(s), who, n_who, err))
		return FED_FAIL;
	w->round = h->n ? h->record + before : NULL;
	w->rounds = h->n - before; /* not the one that stood when the window begins */
	return FED_OK;
}

void fed_schedule_release(struct fed_schedule *w)
{
	fed_free(w->client);
	*w = (struct fed_schedule){0};
}
