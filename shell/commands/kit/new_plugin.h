/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/new_plugin.h - the command `new-plugin`.
 */
#ifndef FED_SHELL_COMMANDS_KIT_NEW_PLUGIN_H
#define FED_SHELL_COMMANDS_KIT_NEW_PLUGIN_H

#include "shell/language/command.h"

/* Names of the kinds in the order of enum fed_kind, NULL-ended. */
extern const char *const fed__kind_names[];

struct fed_new_args {
	int kind; /* enum fed_kind - 1 */
	char name[64];
	int layer;
	bool replace;
};
extern const struct fed_field fed__new_rows[];
/* Write the folder NAME with a source that works, a Makefile and a README.  FED_REJECT: not a valid
 * name.  Existing files stay unless `replace`; nothing is left of a failure. */
int fed__run_new(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
