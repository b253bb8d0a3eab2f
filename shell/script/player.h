/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/player.h - what a script shows before each of its commands: title, heading, caption
 * and the command itself.
 *
 * On a terminal they are printed (`set echo off`: not), and with `set step on` the command waits
 * for a key. While the watch is open it shows them, for as long as one reads.
 */
#ifndef FED_SHELL_SCRIPT_PLAYER_H
#define FED_SHELL_SCRIPT_PLAYER_H

#include "shell/script/caption.h"
#include "shell/shell.h"

/* Show the caption and the command as typed (NULL: the caption alone) and wait until the command
 * may run. Returns FED_EXIT_INTERRUPTED if the user stops the script. Clears the caption. */
enum fed_exit fed__player_show(struct fed_shell *, struct fed_caption *, const char *command);
/* Print the prompt and a command as if it had been typed. */
void fed__player_echo(struct fed_shell *, const char *command);

#endif
