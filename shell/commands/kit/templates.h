/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/templates.h - templates of new plugins.
 */
#ifndef FED_SHELL_COMMANDS_KIT_TEMPLATES_H
#define FED_SHELL_COMMANDS_KIT_TEMPLATES_H

#include <stdbool.h>

#include "fedsh/plugin.h"

/* Source of a plugin that works, in which NAME stands for its name.  layer: a model with a layer of
 * its own. */
const char *fed__template(enum fed_kind, bool layer);

#endif
