/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/update_geometry.h - the last round's updates beside one another: lengths, angles, a map.
 *
 * Everything but the lengths of the vectors' coordinates comes from their inner products.  The map
 * shows the first two principal components of the updates (without the landmarks), so that
 * distances in it are at most those in the model's space.
 */
#ifndef FED_REPORT_UPDATE_GEOMETRY_H
#define FED_REPORT_UPDATE_GEOMETRY_H

#include "session/session.h"

/* Whether the last version's updates are there: not before the first round, not in an open one,
 * not when they were too large.  FED_REJECT says what to do. */
int fed_updates_kept(const struct fed_session *, struct fed_error *);
/* Then number i as the aggregator saw it, but for its base, which is the present model. */
struct fed_update fed_kept_update(const struct fed_federation *, size_t i);

enum fed_landmark {
	FED_LANDMARK_MEAN,   /* of all updates, by weight */
	FED_LANDMARK_HONEST, /* of the honest ones */
	FED_LANDMARK_MEDIAN, /* of each coordinate */
	FED_LANDMARK_STEP,   /* what the aggregator made */
	FED_LANDMARKS
};
extern const char *const fed_landmark_names[FED_LANDMARKS + 1];

struct fed_update_position {
	double norm; /* Euclidean length */
	double x, y; /* in the map; NaN for a landmark that is not there */
};

struct fed_update_geometry {
	const struct fed_client_verdict *of; /* [n], the federation's */
	size_t n;
	struct fed_update_position *update; /* [n] */
	struct fed_update_position landmark[FED_LANDMARKS];
	double *gram; /* [n + FED_LANDMARKS]^2: inner products of the updates, then the landmarks */
	double shown; /* share of the updates' variance that the map shows; NaN: there is none */
};

/* Refused as by fed_updates_kept(). */
int fed_update_geometry_init(struct fed_update_geometry *, const struct fed_session *,
                             struct fed_error *);
void fed_update_geometry_release(struct fed_update_geometry *); /* zeroed is fine */
/* Cosine of the angle between two of them, by number; landmark k is number n + k.  NaN when one is
 * zero or not there. */
double fed_update_geometry_cosine(const struct fed_update_geometry *, size_t i, size_t k);

/* The two directions of largest variance of n points that are known by their inner products gram
 * [n][ld]: coordinates along them and their share of the variance.  Of each direction's two senses
 * the one in which the point farthest from the middle is positive. */
int fed_principal_plane(const double *gram, size_t n, size_t ld, double *x, double *y,
                        double *shown, struct fed_error *);

/* A map's axes may point anywhere: the turn (or turn and reflection) of a plane that brings n
 * points nearest to where they were, in the sense of least squares: x' = turn[0] x + turn[1] y, y'
 * = turn[2] x + turn[3] y.  Points that are not finite do not count. */
void fed_plane_turn(size_t n, const double *x, const double *y, const double *was_x,
                    const double *was_y, double turn[4]);

#endif
