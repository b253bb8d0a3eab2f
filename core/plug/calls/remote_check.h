/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_check.h - the conformance run of a guarded plugin (conformance/conformance.h),
 * each check in a worker process.
 */
#ifndef FED_PLUG_CALLS_REMOTE_CHECK_H
#define FED_PLUG_CALLS_REMOTE_CHECK_H

#include "plug/registry.h"

/* The options of the run. */
struct fed_remote_checks {
	uint64_t seed, large;
	const struct fed_assign *assign; /* [n_assign] */
	size_t n_assign;
};

struct fed_remote_result {
	const char *check;
	bool lost; /* the process ended: got says how, the rest is not set */
	bool late; /* it was not made: those before it took too long */
	uint32_t outcome;
	const char *given, *got, *expected; /* never NULL */
};

/* Make all checks, one after the other; valid texts during report().  FED_REJECT, FED_FAIL: as of
 * fed_conformance_run(), or the process cannot be started. */
int fed_remote_check(const struct fed_entry *, const struct fed_remote_checks *,
                     void (*report)(void *ctx, const struct fed_remote_result *), void *ctx,
                     struct fed_error *);

#endif
