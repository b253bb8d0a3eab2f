/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/watch.h - the commands `watch` and `attach`.
 */
#ifndef FED_SHELL_COMMANDS_WATCH_H
#define FED_SHELL_COMMANDS_WATCH_H

#include "shell/language/command.h"

struct fed_watch_args {
	char view[32];
	double pace;
};
extern const struct fed_field fed__watch_rows[];
int fed__run_watch(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_attach(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
