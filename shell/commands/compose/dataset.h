/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/compose/dataset.h - choice of the dataset, and what it is.
 */
#ifndef FED_SHELL_COMMANDS_DATASET_H
#define FED_SHELL_COMMANDS_DATASET_H

#include "shell/language/command.h"

struct fed_dataset_args {
	char name[4096];
	char otherwise[4096];
};
extern const struct fed_field fed__dataset_rows[];
/* The parameters of the named source. */
const struct fed_field *fed__dataset_more(const struct fed_shell *, const void *args);
int fed__run_dataset(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
