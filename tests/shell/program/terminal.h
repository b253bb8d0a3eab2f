/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/program/terminal.h - the built program at a pseudo-terminal, one at a time.
 */
#ifndef FED_TEST_SHELL_PROGRAM_TERMINAL_H
#define FED_TEST_SHELL_PROGRAM_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* In this folder, which is its HOME, too. */
void terminal_begin(const char *term, const char *folder);
/* All that it wrote since the last wait. */
const char *terminal_seen(void);
/* Until the text was written; what came up to it is forgotten. */
void terminal_wait(const char *text);
void terminal_type(const char *text);
/* Set how many columns it has. */
void terminal_resize(unsigned short columns);
void terminal_signal(int number);
/* Let it have this many bytes of memory more than it has now, and no more. */
void terminal_limit_memory(size_t more);
/* Interrupt it whenever it has been quiet for a while, until it writes this: an interrupt between
 * two commands says nothing. */
void terminal_interrupt(const char *text);
/* Until it has ended: its exit code, or 128 + signal. */
int terminal_end(void);

#endif
