/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/prompt.h - the prompt.
 */
#ifndef FED_SHELL_SCRIPT_PROMPT_H
#define FED_SHELL_SCRIPT_PROMPT_H

#include "shell/shell.h"

#define FED_PROMPT_PLAIN "fedsh> "
#define FED_PROMPT_CONTINUED "> " /* of a line that continues the one before */

/* Append the prompt: "fedsh> ", in an open round "fedsh(round 13)> ". */
void fed__shell_prompt(const struct fed_shell *, struct fed_text *);
/* Bytes of the prompt that a pasted line begins with, blanks before it included; 0: there is none.
 */
size_t fed__prompt_size(const char *line, size_t len);

#endif
