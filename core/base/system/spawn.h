/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/spawn.h - programs in processes of their own, never by fork: OpenBLAS has threads.
 */
#ifndef FED_BASE_SYSTEM_SPAWN_H
#define FED_BASE_SYSTEM_SPAWN_H

#include <sys/types.h>

#include "fedsh/plugin.h"

/* Start a program, with no input, in a group of its own, so that Ctrl-C at the terminal is not for
 * it, and with signals as they are at first; what it prints is appended to the file `output`.  argv
 * ends with NULL; argv[0] is a path, "/proc/self/exe" the present program, or is looked for in
 * PATH. */
int fed_spawn(pid_t *, const char *const argv[], const char *output, struct fed_error *);

#endif
