/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/pretrain.h - the command `pretrain`: central training before the
 * federation.
 */
#ifndef FED_SHELL_COMMANDS_PRETRAIN_H
#define FED_SHELL_COMMANDS_PRETRAIN_H

#include "experiments/pretrain.h"
#include "shell/language/command.h"

extern const struct fed_field fed__pretrain_rows[]; /* of struct fed_pretrain_plan */
int fed__run_pretrain(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
