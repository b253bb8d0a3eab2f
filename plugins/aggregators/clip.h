/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * clip.h - norm clipping, shared by norm-clip and centered-clip.
 */
#ifndef CLIP_H
#define CLIP_H

#include <math.h>

#include "tell.h"

/* Replace squared lengths by lengths; *tau 0 by their median (the lower of two middle ones). */
static inline int clip_lengths(const struct fed_host *host, double *length, size_t n, double *tau,
                               struct fed_error *err)
{
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);

	if (!place)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++) {
		length[i] = sqrt(length[i]);
		place[i] = (struct robust_place){length[i], (uint32_t)i, (uint32_t)i};
	}
	robust_sort(place, n);
	if (*tau == 0)
		*tau = place[(n - 1) / 2].by;
	if (isinf(*tau))
		return fed_fail(err, "half of the updates or more are not finite");
	return FED_OK;
}

static inline double clip_factor(double length, double tau)
{
	return length > tau ? tau / length : 1;
}

/* Lines of the vectors that were clipped to tau, the smallest factor first; length [n] before
 * clipping.  `what` names the vectors. */
static inline int clip_tell(struct tell *t, const struct fed_round *r,
                            const struct fed_update *const u[], size_t n, const double *length,
                            double tau, const char *what, struct fed_error *err)
{
	struct robust_place *place = r->host->scratch(r->host, n, sizeof *place, err);
	size_t cut = 0;

	if (!place)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++) {
		place[i] = (struct robust_place){clip_factor(length[i], tau), u[i]->client, (uint32_t)i};
		cut += length[i] > tau;
	}
	robust_sort(place, n);
	for (size_t p = 0; p < cut; p++) {
		if (tell_leaps(&p, cut, TELL_ROWS))
			tell_line(t, "    ...");
		tell_line(t, "    client %u: %s = %.4g is cut to %.4g, times %.4g", place[p].client, what,
		          length[place[p].i], tau, place[p].by);
	}
	if (cut < n) {
		tell_put(t, "    as they are: clients");
		tell_clients(t, place + cut, n - cut);
		tell_end(t);
	}
	return FED_OK;
}

#endif
