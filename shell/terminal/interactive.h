/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/interactive.h - a person at a terminal.
 */
#ifndef FED_SHELL_TERMINAL_INTERACTIVE_H
#define FED_SHELL_TERMINAL_INTERACTIVE_H

#include "shell/shell.h"

/* Until quit, the end of input or a signal.  Both ends must be a terminal with escapes. */
enum fed_exit fed_readline_run(struct fed_shell *);
/* The same at a terminal without escapes. */
enum fed_exit fed_plain_run(struct fed_shell *);

/* "fedsh> ", or what is open: "fedsh(round 13)> ". */
void fed_shell_prompt(const struct fed_shell *, struct fed_text *);

/* The history of typed lines; `back` counts from 1, the last; NULL: none so old. */
void fed_typed_load(void);
void fed_typed_save(struct fed_shell *);
void fed_typed_add(const char *line);
const char *fed_typed_line(size_t back);

#endif
