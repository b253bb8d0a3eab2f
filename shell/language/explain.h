/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/explain.h - what a name stands for: doc text and parameters.
 */
#ifndef FED_SHELL_LANGUAGE_EXPLAIN_H
#define FED_SHELL_LANGUAGE_EXPLAIN_H

#include "shell/shell.h"

/* Any plugin, scheme, data source, partition, device, link, codec or fault; a word that belongs to
 * one of them; a command, whose help is shown. */
int fed_explain(struct fed_shell *, const char *name, struct fed_error *);

#endif
