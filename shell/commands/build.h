/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/build.h - writing and building plugins from inside the shell.
 */
#ifndef FED_SHELL_COMMANDS_BUILD_H
#define FED_SHELL_COMMANDS_BUILD_H

#include "shell/shell.h"

/* NAME.c, a plugin that works and says where to change it.  An existing file is left alone.
 * FED_REJECT: a plugin cannot be called so. */
int fed_template_write(enum fed_kind, const char *name, struct fed_error *);
/* The C compiler on NAME.c (or the file itself) to NAME.so, its words on the terminal. */
int fed_build(struct fed_shell *, const char *name, struct fed_error *);

#endif
