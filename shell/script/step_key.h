/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/step_key.h - waiting for a key between two commands of a script.
 */
#ifndef FED_SHELL_SCRIPT_STEP_KEY_H
#define FED_SHELL_SCRIPT_STEP_KEY_H

#include "shell/shell.h"

enum fed_step_key { FED_STEP_ON, FED_STEP_ALL, FED_STEP_STOP };
/* Wait for a key on standard input: `a` runs all that is left, q, Ctrl-C or the input's end stop,
 * every other key goes on. A hint behind the cursor says so meanwhile, if the row has room for it.
 * column: of the cursor. */
enum fed_step_key fed__step_key(struct fed_shell *, int column);
/* Whether there is a terminal to press a key at; the error says what is missing. */
int fed__step_key_check(struct fed_error *);

#endif
