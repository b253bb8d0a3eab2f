/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/capture.h - capture of standard error (and of standard output on a terminal) into a pipe.
 *
 * While the watch owns the screen, writes of libraries, plugins and child processes must not reach
 * the terminal.
 */
#ifndef FED_TUI_CAPTURE_H
#define FED_TUI_CAPTURE_H

#include <stddef.h>
#include <sys/types.h>

#include "fedsh/plugin.h"

/* Redirect both descriptors into the pipe. */
int fed__capture_begin(struct fed_error *);
void fed__capture_end(void);       /* restore both */
int fed__capture_descriptor(void); /* the pipe's read end, for poll() */
/* Read at most n captured bytes; returns 0 when there are none. */
size_t fed__capture_read(char *bytes, size_t n);

#endif
