/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/crash.h - signal handlers that restore the terminal before a crash ends the program.
 */
#ifndef FED_TUI_CRASH_H
#define FED_TUI_CRASH_H

#include <stddef.h>
#include <termios.h>

/* Install handlers for SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT and SIGQUIT that write `bytes` to
 * the terminal, restore its modes and standard error, and raise the signal again with its former
 * action. */
void fed__crash_arm(int terminal, const struct termios *modes, const char *bytes, size_t n);
void fed__crash_disarm(void);
/* Descriptor of the original standard error while it is captured; -1: not captured. */
void fed__crash_stderr(int saved);

#endif
