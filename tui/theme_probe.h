/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/theme_probe.h - detection of a light or dark terminal background.
 *
 * Some terminals set COLORFGBG. Others answer a query: OSC 11 asks for the background (XTerm
 * Control Sequences); the answer to device attributes (DA1), which every terminal sends, marks the
 * end of the answers.
 */
#ifndef FED_TUI_THEME_PROBE_H
#define FED_TUI_THEME_PROBE_H

#include <stdbool.h>
#include <stddef.h>

#define FED_BACKGROUND_QUESTION "\033]11;?\033\\\033[c"

/* Whether COLORFGBG ("15;0": the last number is the background) names a light one; NULL: dark. */
bool fed_background_named(const char *colors);
/* Remove the answers from [*n] bytes of input; the rest are keys. Sets *light if the background was
 * among them; returns whether the last answer (DA1) was. */
bool fed__background_answers(char *bytes, size_t *n, bool *light);

#endif
