/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/model.h - the table of the model's layers.
 */
#ifndef FED_SHELL_COMMANDS_COMPOSE_MODEL_H
#define FED_SHELL_COMMANDS_COMPOSE_MODEL_H

#include "shell/shell.h"

/* Print layer, shape, parameters, FLOPs and cuts of a model that is built. */
void fed__print_model(struct fed_shell *);

#endif
