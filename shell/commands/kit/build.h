/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/build.h - the command `build`.
 */
#ifndef FED_SHELL_COMMANDS_KIT_BUILD_H
#define FED_SHELL_COMMANDS_KIT_BUILD_H

#include "shell/shell.h"

/* Compile the source of a plugin, by name or path, to the object beside it; compiler messages are
 * printed. */
int fed__build(struct fed_shell *, const char *name, struct fed_error *);
/* Compile a source to an object that loads into a process with the runtimes of the address and
 * undefined-behaviour sanitizers alone. */
int fed__build_checked(struct fed_shell *, const char *source, const char *object,
                       struct fed_error *);

#endif
