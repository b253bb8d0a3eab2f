/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/probe.h - `fedsh join --probe`: why a room cannot be reached, and what to do next.
 */
#ifndef FED_SHELL_JOIN_PROBE_H
#define FED_SHELL_JOIN_PROBE_H

#include "shell/join/options.h"

/* Print what is found; the exit code. */
int fed__join_probe(const struct fed_join_call *);

#endif
