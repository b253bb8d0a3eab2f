/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tui/attach/attach.h - the terminal's side: a program that shows the watch of a session which runs
 * in another process of the same user.
 */
#ifndef FED_TUI_ATTACH_ATTACH_H
#define FED_TUI_ATTACH_ATTACH_H

#include "base/text.h"
#include "fedsh/plugin.h"
#include "tui/widgets/theme.h"

/* Find the socket of a session: a path, the number of its process, or "" for the only one.
 * FED_REJECT: there are several, which `list` has, a line each. */
int fed_attach_find(const char *who, struct fed_text *path, struct fed_text *list,
                    struct fed_error *);
/* Show it on this terminal until the user or the session leaves. view: "" is the first. Appends why
 * it ended, where that was not the user. */
int fed_attach_run(const char *path, const char *view, bool color, enum fed_theme,
                   struct fed_text *why, struct fed_error *);

#endif
