/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/settings.h - showing what is set, for `show`, `set`, `status` and `info`.
 */
#ifndef FED_SHELL_COMMANDS_SETTINGS_H
#define FED_SHELL_COMMANDS_SETTINGS_H

#include "shell/shell.h"

/* The row of a setting, "aggregator.key" too; NULL: there is none. */
const struct fed_field *fed_find_setting(const struct fed_shell *, const char *key);
/* "key = value" of one setting, "aggregator.key" too. */
int fed_show_setting(struct fed_shell *, const char *key, struct fed_error *);
void fed_show_all(struct fed_shell *);

/* "f=3 after=nnm after.f=3": the settings of a plugin, and of the pre-aggregation in front of it.
 */
void fed_put_instance(const struct fed_instance *, struct fed_text *);

/* "fashion: 60,000 training and 10,000 test examples of 28x28, 10 classes" */
void fed_put_dataset(const struct fed_dataset *, struct fed_text *);

/* Under scheme split, once there is a model: "behind layer 2 of 5, by default", or why it cannot be
 * cut so; else nothing. */
void fed_put_cut(const struct fed_session *, struct fed_text *);

#endif
