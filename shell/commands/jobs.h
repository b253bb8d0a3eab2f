/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/jobs.h - the commands of jobs: jobs, fg, bg, stop and wait.
 */
#ifndef FED_SHELL_COMMANDS_JOBS_H
#define FED_SHELL_COMMANDS_JOBS_H

#include "shell/language/command.h"

int fed__run_jobs(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_fg(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_bg(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_stop(struct fed_shell *, const struct fed_call *, struct fed_error *);
int fed__run_wait(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
