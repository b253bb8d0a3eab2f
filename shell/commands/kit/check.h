/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/kit/check.h - the command `check-plugin`.
 */
#ifndef FED_SHELL_COMMANDS_KIT_CHECK_H
#define FED_SHELL_COMMANDS_KIT_CHECK_H

#include "base/fields.h"
#include "plug/registry.h"
#include "shell/shell.h"

/* Make the conformance run of a plugin with these settings and print its results.  FED_REJECT: a
 * setting is refused.  FED_FAIL: a check failed, or there is no memory. */
int fed__check_plugin(struct fed_shell *, const struct fed_entry *, const struct fed_assign *,
                      size_t n, struct fed_error *);

#endif
