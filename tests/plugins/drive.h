/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plugins/drive.h - a plugin from its built file, and rounds of an aggregator.
 */
#ifndef FED_TEST_DRIVE_H
#define FED_TEST_DRIVE_H

#include "plug/calls/call.h"

enum { DIM = 37, MOST = 8 }; /* parameters and clients of the rounds here: odd on purpose */

struct drive {
	struct fed_registry *registry;
	struct fed_instance instance;
};
/* Load FILE, or FED_PLUGIN_DIR/NAME.so, and set "key=value key=value"; asserts success. */
void drive_file(struct drive *, const char *file, const char *settings);
void drive_open(struct drive *, const char *name, const char *settings);
void drive_close(struct drive *);
/* The client hooks of an aggregator. */
void drive_local_gradient(const struct fed_instance *, const struct fed_local *, const float *w,
                          float *g, size_t j0, size_t j1);
void drive_local_end(const struct fed_instance *, const struct fed_local *, const float *w);

/* A round's updates: random deltas, weights, steps and returned vectors. */
struct updates {
	size_t n;
	struct fed_update u[MOST];
	float delta[MOST][DIM], change[MOST][DIM];
	const float *returned[MOST][1];
};
void updates_random(struct updates *, size_t n, uint64_t key);

/* One aggregation in the order of the updates; out [DIM].  The code of the first call that was
 * not FED_OK. */
int drive_round(struct drive *, const struct updates *, float *out, struct fed_verdict *verdicts,
                struct fed_error *);

/* |got - want| <= tolerance * max(1, |want|) for all of DIM. */
void assert_close(const float *got, const double *want, double tolerance, const char *what);

#endif
