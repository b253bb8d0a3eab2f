/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/study/report.h - the command `report`: the page of a run, or of a study.
 */
#ifndef FED_SHELL_COMMANDS_STUDY_REPORT_H
#define FED_SHELL_COMMANDS_STUDY_REPORT_H

#include "shell/language/command.h"

struct fed_report_args {
	char file[4096], title[200], study[64], metrics[300], by[500];
};
extern const struct fed_field fed__report_rows[];
int fed__run_report(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
