/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/diff_plugin.h - the command `diff-plugin`.
 */
#ifndef FED_SHELL_COMMANDS_KIT_DIFF_PLUGIN_H
#define FED_SHELL_COMMANDS_KIT_DIFF_PLUGIN_H

#include "shell/language/command.h"

struct fed_diff_args {
	char name[64], other[64], file[4096], weights[4096];
};
extern const struct fed_field fed__diff_rows[];
/* Feed two aggregators the same updates, and show where their steps differ. */
int fed__run_diff(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
