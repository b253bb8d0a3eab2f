/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/program.h - other programs that a command runs: compiler, editor, debugger, pager;
 * those that its output is piped into.
 */
#ifndef FED_SHELL_OUTPUT_PROGRAM_H
#define FED_SHELL_OUTPUT_PROGRAM_H

#include <stdio.h>
#include <termios.h>

#include "shell/shell.h"

/* "my cc -flag" becomes arguments; the text is cut in place.  Returns how many there are. */
size_t fed__program_split(char *text, const char **argv, size_t max);
/* Run a program to its end, with its output in a descriptor and no input; output -1: with the
 * terminal, whose modes are restored afterwards, and whose Ctrl-C is the program's.  FED_REJECT: it
 * ended with another code than 0.  FED_FAIL: by a signal, or it could not be started, with `hint`
 * on what to do.  While it, or another one here, runs the shell attends to its room. */
int fed__program_run(struct fed_shell *, const char *const *argv, int output, const char *hint,
                     struct fed_error *);
/* What the program at the terminal would take with it. */
struct fed_terminal_state {
	struct sigaction interrupt, quit;
	struct termios modes;
	bool has_modes;
};

/* A command line of sh that reads what is written to `input`; it may end before all is written. */
struct fed_reading_program {
	pid_t child;
	FILE *input;
	int code;              /* of its end; 0 while it runs, and where a signal ended it */
	struct sigaction pipe; /* as it was */
	struct fed_terminal_state terminal;
};
/* Start it with its output in a descriptor. */
int fed__program_feed(struct fed_reading_program *, const char *command, int output,
                      struct fed_error *);
/* Close its input and wait for its end, as fed__program_run with the terminal does. */
int fed__program_feed_end(struct fed_shell *, struct fed_reading_program *, const char *command,
                          struct fed_error *);
/* Run a command line of sh to its end with a file as its input and the terminal; *code: of its end,
 * 0 where a signal was it. */
int fed__program_show(struct fed_shell *, const char *command, int input, int *code,
                      struct fed_error *);

/* Whether commands are typed at a terminal, which such a program could have. */
bool fed__program_has_terminal(const struct fed_shell *);

#endif
