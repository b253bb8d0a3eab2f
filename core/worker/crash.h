/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/crash.h - crash reports: signal handlers, and a handler of exit().
 */
#ifndef FED_WORKER_CRASH_H
#define FED_WORKER_CRASH_H

#include "worker/memory.h"

/* Write reports from now on; both must live until the process ends. */
void fed__crash_init(struct fed_crash_report *, const struct fed_worker_memory *);
/* Plugin i (its place among the files) has been opened: frames of a report are those of plugins.
 * anything: an address in it. */
void fed__crash_plugin(int i, const void *anything);
#endif
