/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/program.h - other programs that a command runs: compiler, editor, debugger.
 */
#ifndef FED_SHELL_COMMANDS_KIT_PROGRAM_H
#define FED_SHELL_COMMANDS_KIT_PROGRAM_H

#include "shell/shell.h"

/* "my cc -flag" becomes arguments; the text is cut in place.  Returns how many there are. */
size_t fed__program_split(char *text, const char **argv, size_t max);
/* Run a program to its end, with its output in a descriptor and no input; output -1: with the
 * terminal, whose modes are restored afterwards, and whose Ctrl-C is the program's.  FED_REJECT: it
 * ended with another code than 0.  FED_FAIL: by a signal, or it could not be started, with `hint`
 * on what to do. */
int fed__program_run(const char *const *argv, int output, const char *hint, struct fed_error *);
/* Whether commands are typed at a terminal, which such a program could have. */
bool fed__program_has_terminal(const struct fed_shell *);

#endif
