/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/explain.h - the command `explain`: documentation and parameters of a name.
 */
#ifndef FED_SHELL_LANGUAGE_EXPLAIN_H
#define FED_SHELL_LANGUAGE_EXPLAIN_H

#include "shell/shell.h"

/* Explain a plugin, scheme, data source, partition, device, link, codec, fault, glossary word,
 * setting, metric or command, in any case, with blanks for hyphens, in the plural; and point to
 * `help`. */
int fed__explain(struct fed_shell *, const char *name, struct fed_error *);
/* Whether `explain` has more on a name than the help of a command. */
bool fed__explain_knows(const struct fed_shell *, const char *name);
/* FED_FAIL: "nothing is called NAME; did you mean ...?" over commands, plugins, settings, metrics
 * and the glossary. */
int fed__explain_unknown(const struct fed_shell *, const char *name, struct fed_error *);

#endif
