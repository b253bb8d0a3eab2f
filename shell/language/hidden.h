/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/hidden.h - commands that a lesson hides with `set hide`: not listed, not
 * completed, refused where they are typed.
 *
 * The script that hid them, and lessons, still use them.
 */
#ifndef FED_SHELL_LANGUAGE_HIDDEN_H
#define FED_SHELL_LANGUAGE_HIDDEN_H

#include "shell/language/command.h"

/* Whether help and completion leave the command out. */
bool fed__command_hidden(const struct fed_shell *, const struct fed_command *);
/* FED_FAIL: it is hidden, and no script that may use it is running. */
int fed__hidden_check(const struct fed_shell *, const struct fed_command *, struct fed_error *);
/* Check a list of names that is about to be set. */
int fed__hidden_check_list(const struct fed_shell *, const char *names, struct fed_error *);
/* Remember the script that has just hidden commands. */
void fed__hidden_by(struct fed_shell *);
/* List all again, as a lesson begins; under readonly they stay hidden. */
void fed__hidden_end(struct fed_shell *);

#endif
