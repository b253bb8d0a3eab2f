/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/explain.h - the command `explain`: documentation and parameters of a name.
 */
#ifndef FED_SHELL_LANGUAGE_EXPLAIN_H
#define FED_SHELL_LANGUAGE_EXPLAIN_H

#include "shell/shell.h"

/* Explain a plugin, scheme, data source, partition, device, link, codec, fault, glossary word or
 * command. */
int fed__explain(struct fed_shell *, const char *name, struct fed_error *);

#endif
