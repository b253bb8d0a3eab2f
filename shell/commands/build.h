/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/build.h - templates of plugins, and compiling them.
 */
#ifndef FED_SHELL_COMMANDS_BUILD_H
#define FED_SHELL_COMMANDS_BUILD_H

#include "shell/shell.h"

/* Write NAME.c, a working plugin with comments on what to change. An existing file is not
 * overwritten. FED_REJECT: not a valid plugin name. */
int fed__template_write(enum fed_kind, const char *name, struct fed_error *);
/* Compile NAME.c (or the named file) to NAME.so; compiler messages are printed. */
int fed__build(struct fed_shell *, const char *name, struct fed_error *);

#endif
