/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/study.h - the command `study`: grids of runs, kept in a file.
 */
#ifndef FED_SHELL_COMMANDS_STUDY_STUDY_H
#define FED_SHELL_COMMANDS_STUDY_STUDY_H

#include "experiments/study.h"
#include "experiments/study_table.h"
#include "shell/language/command.h"
#include "shell/language/studies.h"
#include "shell/output/chart.h"

struct fed_study_args {
	char name[64], what[8000], words[500];
	int64_t rounds;
	char until[500], metrics[300];
};
extern const struct fed_field fed__study_rows[];
int fed__run_study(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* Whether the command only shows what is kept. */
bool fed__study_looks(const struct fed_words *);

/* Find a study by name. */
int fed__open_study(struct fed_store **, enum fed_store_use, const char *name,
                    struct fed_stored_study *, struct fed_error *);
/* Delete a study, unless another program runs it, and say so. */
int fed__delete_study(struct fed_shell *, struct fed_store *, const struct fed_stored_study *,
                      struct fed_error *);
/* Cut "accuracy by aggregator,partition" in place; what is missing is "". */
int fed__read_study_words(char *words, const char **metrics, const char **by, struct fed_error *);
/* Plot a metric of a study by round, with a band of one standard deviation: `plot study NAME METRIC
 * by FACTOR`. */
int fed__plot_study(struct fed_shell *, const char *name, const char *words,
                    const struct fed_plot_form *, struct fed_error *);
/* Print a table of a metric by factors; how many rows of it were compared is said below. */
void fed__show_study_table(struct fed_shell *, const struct fed_study_table *);
/* List the studies that are kept; false: there are none. */
int fed__list_studies(struct fed_shell *, bool *some, struct fed_error *);

#endif
