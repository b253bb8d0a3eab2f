/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/guard.h - the guard: shared state of a registry's worker processes.
 *
 * A plugin that a user loads runs in worker processes, so that nothing it does ends the session: a
 * crash, an endless loop, exit() or a write into its inputs costs the call.  Its results are the
 * same bits as inside.
 */
#ifndef FED_PLUG_GUARD_GUARD_H
#define FED_PLUG_GUARD_GUARD_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/system/shared_memory.h"
#include "base/text.h"
#include "fedsh/plugin.h"

/* Limits of each worker process. */
struct fed_guard_limits {
	double deadline; /* seconds of a call; 0: none */
	double memory;   /* bytes that the plugin may allocate; 0: any */
};

struct fed_guard {
	char *program;  /* path of fedsh-worker; NULL: there is none, plugins run inside */
	bool sanitized; /* the program has the runtimes of sanitizers */
	bool on;        /* files that are loaded from now on are guarded */
	struct fed_guard_limits limits;
	struct fed_shared_memory *memory; /* NULL: nothing is guarded yet */
	atomic_bool interrupted;          /* set by a signal handler: calls that run are ended */
	pthread_mutex_t lock;
	struct fed_text lines; /* what plugins printed and that was not read yet, "PLUGIN: LINE\n" */
	uint32_t n_lines;      /* also those beyond FED_GUARD_LINES */
};

enum { FED_GUARD_LINES = 200 }; /* limit of the lines that wait to be read */

/* `program` is copied; NULL: no guard. */
int fed__guard_init(struct fed_guard *, const char *program, struct fed_error *);
/* Before the first file is guarded. */
int fed__guard_prepare(struct fed_guard *, struct fed_error *);
void fed__guard_release(struct fed_guard *); /* after all workers have ended; zeroed is fine */
/* Keep a line that a plugin printed; on any thread. */
void fed__guard_print(struct fed_guard *, const char *plugin, const char *line);
/* Move the lines to the end of a text; how many were left out. */
uint32_t fed_guard_read(struct fed_guard *, struct fed_text *out);

#endif
