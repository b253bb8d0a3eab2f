/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/theme_probe.h - whether letters stand on light or on dark.
 *
 * COLORFGBG says it where a terminal sets it.  Others answer when they are asked: OSC 11 asks for
 * the background (XTerm Control Sequences), and the device attributes (DA1), which every terminal
 * answers, tell that no answer to it will come.
 */
#ifndef FED_TUI_THEME_PROBE_H
#define FED_TUI_THEME_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#define FED_BACKGROUND_QUESTION "\033]11;?\033\\\033[c"

/* "15;0" of some terminals: the last number is the background.  NULL: dark. */
bool fed_background_named(const char *colors);
/* Take the answers out of what was read, [*n] bytes: the rest are keys.  *light changes when a
 * background was told.  True: the last answer was among them, nothing more is to come. */
bool fed_background_answers(char *bytes, size_t *n, bool *light);

#endif
