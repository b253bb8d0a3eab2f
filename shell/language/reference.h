/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/reference.h - the language reference (shell/language.md) made from the command
 * table.
 */
#ifndef FED_SHELL_LANGUAGE_REFERENCE_H
#define FED_SHELL_LANGUAGE_REFERENCE_H

#include "shell/language/command.h"

/* Append the reference as Markdown; uses only the shell's command table. */
void fed__reference_put(const struct fed_shell *, struct fed_text *);

#endif
