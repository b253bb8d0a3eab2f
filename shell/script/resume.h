/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/resume.h - saving a script's session every so many versions, to go on after the end
 * of the program (--autosave, --resume).
 *
 * For jobs that a scheduler or a broken machine ends.  In the working directory are NAME.resume,
 * which says which line of the script was running, and the session then, in NAME.0.fed and
 * NAME.1.fed in turn. They are removed when the script ends well.
 *
 * What is saved is a version made by a command of the script itself, not one of a script or a group
 * that it calls: those have no place to go on from.
 */
#ifndef FED_SHELL_SCRIPT_RESUME_H
#define FED_SHELL_SCRIPT_RESUME_H

#include "shell/shell.h"

/* Save the session of this script every so many versions (0: never).  resume: go on where its last
 * save was made, if there is one. */
int fed__resume_begin(struct fed_shell *, const char *script, uint64_t every, bool resume,
                      struct fed_error *);
/* A command of the script is about to run; true: it was run before the save, and is skipped. */
bool fed__resume_line(struct fed_shell *, const struct fed_script_place *, const char *command);
void fed__resume_end(struct fed_shell *, bool clean);

#endif
