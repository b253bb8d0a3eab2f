/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/guard.h - the guard: what all worker processes of a registry have in common.
 *
 * A plugin that a user loads runs in worker processes, so that nothing it does ends the session: a
 * crash, an endless loop, exit() or a write into its inputs costs the call.  Its results are the
 * same bits as inside.
 */
#ifndef FED_PLUG_GUARD_GUARD_H
#define FED_PLUG_GUARD_GUARD_H

#include <stdatomic.h>

#include "base/shared_memory.h"
#include "fedsh/plugin.h"

/* Limits of each worker process. */
struct fed_guard_limits {
	double deadline; /* seconds of a call; 0: none */
	double memory;   /* bytes that the plugin may allocate; 0: any */
};

struct fed_guard {
	char *program; /* path of fedsh-worker; NULL: there is none, plugins run inside */
	bool on;       /* files that are loaded from now on are guarded */
	struct fed_guard_limits limits;
	struct fed_shared_memory *memory;
	atomic_bool interrupted; /* set by a signal handler: calls that run are ended */
	/* What plugins print, a line at a time; on any thread.  NULL: nobody listens. */
	void (*printed)(void *ctx, const char *plugin, const char *line);
	void *ctx;
};

/* `program` is copied; NULL: no guard. */
int fed__guard_init(struct fed_guard *, const char *program, struct fed_error *);
void fed__guard_release(struct fed_guard *); /* after all workers have ended; zeroed is fine */

#endif
