/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/settings.h - setting of what is not a single key of the session.
 */
#ifndef FED_SHELL_COMMANDS_SETTINGS_H
#define FED_SHELL_COMMANDS_SETTINGS_H

#include "shell/language/command.h"

/* Set settings of the shell itself: all or none. */
int fed__set_own(struct fed_shell *, const struct fed_assign *, size_t n, struct fed_error *);
/* `set codec up=int8 down=fp16`: whether these are directions; and set them. */
bool fed__are_directions(const struct fed_assign *, size_t n);
int fed__set_directions(struct fed_shell *, const struct fed_assign *, size_t n,
                        struct fed_error *);

/* The command `show`. */
struct fed_show_args {
	char key[64];
};
extern const struct fed_field fed__show_rows[];
int fed__run_show(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
