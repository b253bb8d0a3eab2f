/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/crash.h - the terminal is given back before a crash ends the program (base/system/fatal.h).
 */
#ifndef FED_TUI_CRASH_H
#define FED_TUI_CRASH_H

#include <stddef.h>
#include <termios.h>

/* From now on a fatal signal writes `bytes` to the terminal, and restores its modes and standard
 * error, before it acts. */
void fed__crash_arm(int terminal, const struct termios *modes, const char *bytes, size_t n);
void fed__crash_disarm(void);
/* Descriptor of the original standard error while it is captured; -1: not captured. */
void fed__crash_stderr(int saved);

#endif
