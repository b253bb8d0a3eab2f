/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/update_geometry.h - lengths, angles and a two-dimensional map of the last round's updates.
 *
 * All figures follow from the inner products of the updates.  The map shows the first two principal
 * components of the updates (without the landmarks), so that distances in it are at most those
 * between the updates.
 */
#ifndef FED_REPORT_UPDATE_GEOMETRY_H
#define FED_REPORT_UPDATE_GEOMETRY_H

#include "session/session.h"

/* FED_OK if the last version's updates are kept.  FED_REJECT, with what to do, before the first
 * round, in an open one, or if they were too large. */
int fed_updates_kept(const struct fed_session *, struct fed_error *);
/* Kept update i, as the aggregator got it, except its base, which is the present model. */
struct fed_update fed__kept_update(const struct fed_federation *, size_t i);

enum fed_landmark {
	FED_LANDMARK_MEAN,   /* of all updates, by weight */
	FED_LANDMARK_HONEST, /* of the honest ones */
	FED_LANDMARK_MEDIAN, /* of each coordinate */
	FED_LANDMARK_STEP,   /* of the aggregator */
	FED_LANDMARKS
};
extern const char *const fed_landmark_names[FED_LANDMARKS + 1];

struct fed_update_position {
	double norm; /* Euclidean length */
	double x, y; /* in the map; NaN for a missing landmark */
};

struct fed_update_geometry {
	const struct fed_client_verdict *of; /* [n], the federation's */
	bool arrived;                        /* in the open round: without verdicts */
	size_t n;
	struct fed_update_position *update; /* [n] */
	struct fed_update_position landmark[FED_LANDMARKS];
	double *gram; /* [n + FED_LANDMARKS]^2: inner products of the updates, then the landmarks */
	double shown; /* share of the updates' variance that the map shows; NaN: no variance */
};

/* Refused as by fed_updates_kept(). */
int fed_update_geometry_init(struct fed_update_geometry *, const struct fed_session *,
                             struct fed_error *);
/* The same of the updates that have arrived in the open round, before any verdict: there is no
 * step. FED_REJECT: none is open, or none has arrived, or they are not kept. */
int fed_update_geometry_init_arrived(struct fed_update_geometry *, const struct fed_session *,
                                     struct fed_error *);
void fed_update_geometry_release(struct fed_update_geometry *); /* zeroed is fine */
/* Cosine of the angle between two updates by index; landmark k has index n + k.  NaN if one is zero
 * or missing. */
double fed_update_geometry_cosine(const struct fed_update_geometry *, size_t i, size_t k);

/* The first two principal components of n points given by their inner products gram [n][ld]:
 * coordinates and share of the variance.  The sign of each component makes the coordinate of the
 * farthest point positive. */
int fed__principal_plane(const double *gram, size_t n, size_t ld, double *x, double *y,
                         double *shown, struct fed_error *);

/* The rotation (with or without reflection) of a plane that brings n points nearest to their old
 * positions in the sense of least squares, since a map's axes are arbitrary: x' = turn[0] x +
 * turn[1] y, y' = turn[2] x + turn[3] y.  Points that are not finite are ignored. */
void fed_plane_turn(size_t n, const double *x, const double *y, const double *was_x,
                    const double *was_y, double turn[4]);

#endif
