/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/capture.h - what libraries, plugins and children write past the program, as long as it must
 * not appear on the terminal.
 */
#ifndef FED_TUI_CAPTURE_H
#define FED_TUI_CAPTURE_H

#include <stddef.h>
#include <sys/types.h>

#include "fedsh/plugin.h"

/* From now on standard error, and standard output where it is a terminal, go into a pipe. */
int fed_capture_begin(struct fed_error *);
void fed_capture_end(void);       /* back to where they went before */
int fed_capture_descriptor(void); /* readable when something was written */
/* Up to n bytes of it; 0: nothing is there. */
size_t fed_capture_read(char *bytes, size_t n);

#endif
