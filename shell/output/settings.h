/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/settings.h - settings and composition as text, for `show`, `set`, `status` and
 * `info`.
 */
#ifndef FED_SHELL_OUTPUT_SETTINGS_H
#define FED_SHELL_OUTPUT_SETTINGS_H

#include "shell/shell.h"

struct fed_dataset;

/* The field row of KEY or PART.KEY ("aggregator.f"); NULL: none. */
const struct fed_field *fed__find_setting(const struct fed_shell *, const char *key);
/* Print "key = value" of KEY or PART.KEY. */
int fed__show_setting(struct fed_shell *, const char *key, struct fed_error *);
void fed__show_all(struct fed_shell *);

/* Append "f=3 after=nnm after.f=3": the settings of a plugin and of its pre-aggregation. */
void fed__put_instance(const struct fed_instance *, struct fed_text *);

/* Append "fashion: 60,000 training and 10,000 test examples of 28x28, 10 classes" */
void fed__put_dataset(const struct fed_dataset *, struct fed_text *);

/* Append, under scheme split with a model, "after layer 2 of 5, by default; head at: client 3" or
 * why it cannot be cut there; else nothing.  The head is at a client under relay=peer alone. */
void fed__put_cut(const struct fed_session *, struct fed_text *);

#endif
