/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/updates_history.c - copies of a version's updates, taken before the next round
 * overwrites them. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "train/round/verdicts.h"
#include "tui/views/updates.h"

#define ROOMY 4 /* factor by which a map may be too large before it is rescaled */

void fed__update_history_release(struct fed_update_history *history)
{
	fed_free(history->of);
	fed_free(history->point);
	*history = (struct fed_update_history){0};
}

static int by_client(const void *pa, const void *pb)
{
	const struct fed_map_point *a = pa, *b = pb;

	return (a->client > b->client) - (a->client < b->client);
}

/* Set the previous positions of updates (of the same clients) and landmarks. */
static void find_previous(struct fed_update_history *now, const struct fed_update_history *before)
{
	for (size_t i = 0; i < now->n; i++) {
		struct fed_map_point *p = &now->point[i];
		const struct fed_map_point *was =
			before->n ? bsearch(p, before->point, before->n, sizeof *p, by_client) : NULL;

		p->was_x = was ? was->x : NAN;
		p->was_y = was ? was->y : NAN;
	}
}

/* Flip or rotate the map so that points stay near their previous positions. */
static void align_map(struct fed_update_history *now, const struct fed_update_history *before,
                      double *place)
{
	const size_t n = now->n + FED_LANDMARKS;
	double *const x = place, *const y = x + n, *const was_x = y + n, *const was_y = was_x + n;
	double turn[4];

	for (size_t i = 0; i < n; i++) {
		const bool update = i < now->n;
		const size_t k = update ? 0 : i - now->n;

		x[i] = update ? now->point[i].x : now->landmark[k].x;
		y[i] = update ? now->point[i].y : now->landmark[k].y;
		was_x[i] = update ? now->point[i].was_x : before->n ? before->landmark[k].x : NAN;
		was_y[i] = update ? now->point[i].was_y : before->n ? before->landmark[k].y : NAN;
	}
	fed_plane_turn(n, x, y, was_x, was_y, turn);
	for (size_t i = 0; i < n; i++) {
		const double across = turn[0] * x[i] + turn[1] * y[i];
		const double up = turn[2] * x[i] + turn[3] * y[i];

		if (i < now->n) {
			now->point[i].x = across;
			now->point[i].y = up;
		} else {
			now->landmark[i - now->n].x = across;
			now->landmark[i - now->n].y = up;
		}
	}
}

/* A round half width of at least `most`; the previous one if it fits. */
static double reach_for(double most, double before)
{
	static const double round[] = {1, 1.5, 2, 3, 5, 7, 10};
	int k = 0;

	if (!(most > 0) || !isfinite(most) || (most <= before && ROOMY * most >= before))
		return before;
	const double ten = pow(10, floor(log10(most)));
	while (k < 6 && round[k] * ten < most)
		k++;
	return round[k] * ten;
}

/* Choose scale and middle of the map, and move previous positions with the middle.  scratch: [n] */
static void choose_extent(struct fed_update_history *s, const struct fed_update_history *before,
                          double *scratch)
{
	struct fed_map_extent e;

	fed_map_extent_find(s->point, s->n, s->landmark, scratch, &e);
	s->x = e.x;
	s->y = e.y;
	s->reach_x = reach_for(e.reach_x, before->reach_x);
	s->reach_y = reach_for(e.reach_y, before->reach_y);
	for (size_t i = 0; i < s->n; i++) {
		s->point[i].was_x += s->x - before->x;
		s->point[i].was_y += s->y - before->y;
	}
}

/* Copy the updates in order of client. */
static void copy_updates(struct fed_update_history *s, const struct fed_update_geometry *in)
{
	for (size_t i = 0; i < in->n; i++) {
		const struct fed_client_verdict *u = &in->of[i];

		s->of[i] = (struct fed_update_history_entry){
			.client = u->client,
			.staleness = u->staleness,
			.norm = in->update[i].norm,
			.step = fed_update_geometry_cosine(in, i, in->n + FED_LANDMARK_STEP),
			.score = in->arrived ? NAN : (double)u->verdict.score,
			.weight = in->arrived ? NAN : (double)u->verdict.weight,
			.group = in->arrived ? -1 : u->trust.group,
			.byzantine = u->byzantine,
			.secret = u->secret,
			.trusted = fed_client_verdict_trusted(u),
			.used = u->verdict.used,
			.judged = !in->arrived,
		};
		s->point[i] =
			(struct fed_map_point){.x = in->update[i].x,
		                           .y = in->update[i].y,
		                           .client = u->client,
		                           .byzantine = u->byzantine,
		                           .secret = u->secret,
		                           .trusted = in->arrived || fed_client_verdict_trusted(u)};
	}
	for (int k = 0; k < FED_LANDMARKS; k++)
		s->landmark[k] = in->landmark[k];
	s->shown = in->shown;
	qsort(s->point, s->n, sizeof *s->point, by_client);
}

/* Copy into *history; `before`, which may be the same, has the previous positions and scale. */
static int copy_geometry(struct fed_update_history *history,
                         const struct fed_update_history *before,
                         const struct fed_update_geometry *in, uint64_t version,
                         struct fed_error *err)
{
	struct fed_update_history now = {.n = in->n, .version = version};
	double *place = fed_alloc_array(4 * (in->n + FED_LANDMARKS), sizeof *place);

	now.of = fed_alloc_array(in->n, sizeof *now.of);
	now.point = fed_alloc_array(in->n, sizeof *now.point);
	if (!place || !now.of || !now.point) {
		fed_free(place);
		fed__update_history_release(&now);
		return fed_fail_memory(err, in->n * sizeof *now.of, "the view of the updates");
	}
	copy_updates(&now, in);
	find_previous(&now, before);
	align_map(&now, before, place);
	choose_extent(&now, before, place);
	fed_free(place);
	fed__update_history_release(history);
	*history = now;
	return FED_OK;
}

int fed__update_history_take(struct fed_update_history *history, const struct fed_session *s,
                             struct fed_error *err)
{
	struct fed_update_geometry in;
	int rc = fed_update_geometry_init(&in, s, err);

	if (rc)
		return rc;
	rc = copy_geometry(history, history, &in, fed_session_version(s), err);
	fed_update_geometry_release(&in);
	return rc;
}

int fed__update_history_take_arrived(struct fed_update_history *history,
                                     const struct fed_update_history *before,
                                     const struct fed_session *s, struct fed_error *err)
{
	struct fed_update_geometry in;
	int rc = fed_update_geometry_init_arrived(&in, s, err);

	if (rc)
		return rc;
	rc = copy_geometry(history, before, &in, fed_session_version(s), err);
	fed_update_geometry_release(&in);
	return rc;
}
