/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/crash.h - a crash gives the terminal back before it ends the program.
 */
#ifndef FED_TUI_CRASH_H
#define FED_TUI_CRASH_H

#include <stddef.h>
#include <termios.h>

/* From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGQUIT write these bytes to the
 * terminal, give it these modes and standard error its descriptor back, and go on as they would
 * have without this. */
void fed_crash_arm(int terminal, const struct termios *modes, const char *bytes, size_t n);
void fed_crash_disarm(void);
/* While `saved` stands in for standard error; -1: no more. */
void fed_crash_stderr(int saved);

#endif
