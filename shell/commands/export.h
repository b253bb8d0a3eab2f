/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/export.h - the commands `export` and `import`: rounds, parameters, layers, traces.
 */
#ifndef FED_SHELL_COMMANDS_EXPORT_H
#define FED_SHELL_COMMANDS_EXPORT_H

#include "shell/language/command.h"

struct fed_export_args {
	char file[4096], study[64];
};
extern const struct fed_field fed__export_rows[];
int fed__run_export(struct fed_shell *, const struct fed_call *, struct fed_error *);

struct fed_import_args {
	char file[4096];
};
extern const struct fed_field fed__import_rows[];
int fed__run_import(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
