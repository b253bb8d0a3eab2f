/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/debug_plugin.h - the command `debug-plugin`.
 */
#ifndef FED_SHELL_COMMANDS_KIT_DEBUG_PLUGIN_H
#define FED_SHELL_COMMANDS_KIT_DEBUG_PLUGIN_H

#include "plug/registry.h"
#include "shell/shell.h"

/* Start gdb on a copy of the session in a process of its own, which makes the next round with the
 * plugin inside and stops in each of its functions.  The session waits, and stays as it is. */
int fed__debug_plugin(struct fed_shell *, const struct fed_entry *, struct fed_error *);

#endif
