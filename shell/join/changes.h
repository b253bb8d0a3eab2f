/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/changes.h - a line for each change of a member, where there is no terminal.
 */
#ifndef FED_SHELL_JOIN_CHANGES_H
#define FED_SHELL_JOIN_CHANGES_H

#include "shell/join/scene.h"

/* Append a line for each difference of two views. */
void fed__join_changes_put(const struct fed_join_view *before, const struct fed_join_view *now,
                           struct fed_text *);

#endif
