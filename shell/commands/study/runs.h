/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/runs.h - the commands `runs` and `diff`: what is kept, and how two of them
 * differ.
 */
#ifndef FED_SHELL_COMMANDS_STUDY_RUNS_H
#define FED_SHELL_COMMANDS_STUDY_RUNS_H

#include "shell/language/command.h"

struct fed_runs_args {
	char what[64], which[64]; /* "delete" and a run, or the name of a study */
};
extern const struct fed_field fed__runs_rows[];
int fed__run_runs(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* Whether the command only lists. */
bool fed__runs_look(const struct fed_words *);

struct fed_diff_runs_args {
	char first[64], second[64];
};
extern const struct fed_field fed__diff_runs_rows[];
int fed__run_diff_runs(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
