/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/terminal/interactive.h - interactive reading of command lines, and their history.
 */
#ifndef FED_SHELL_TERMINAL_INTERACTIVE_H
#define FED_SHELL_TERMINAL_INTERACTIVE_H

#include "shell/shell.h"

/* Read and run lines with readline until quit, end of input or a signal. Input and output must be a
 * terminal with escapes. */
enum fed_exit fed__readline_run(struct fed_shell *);
/* The same on a terminal without escapes. */
enum fed_exit fed__plain_run(struct fed_shell *);

/* The history of typed lines; back: from 1, the newest; NULL beyond the oldest. */
void fed__line_history_load(void);
/* Each command of what was typed or pasted (script/typed.h). They are appended to the file at once:
 * a session that is killed keeps its lines. */
void fed__line_history_add(const char *line);
/* Tell when lines could not be appended. */
void fed__line_history_end(struct fed_shell *);
const char *fed__line_history_at(size_t back);

#endif
