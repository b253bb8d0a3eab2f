/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker/confine.h - limits of a worker process: memory, files, no new processes.
 */
#ifndef FED_WORKER_CONFINE_H
#define FED_WORKER_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

/* From now on at most `memory` bytes (0: any) more than the process has, small files, no core
 * files, and no processes beside this one, of which threads are part.  What the system does not
 * offer is left out. */
void fed__confine(uint64_t memory);
/* End the process when the other end of its socket is closed, whatever the plugin does. */
void fed__watch_parent(int socket);

#endif
