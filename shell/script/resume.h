/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/resume.h - saving a script's session every so many versions, to go on after the end
 * of the program (--autosave, --resume).
 *
 * For jobs that a scheduler or a broken machine ends.  In the working directory are NAME.resume,
 * which says which line of the script was running, and of scripts that it reads, and the session
 * then, in NAME.0.fed and NAME.1.fed in turn. They are removed when the script ends well.
 *
 * What is saved is a version made by a command of the script, or of one that it reads by `source`,
 * not one of an alias or a group: those have no place to go on from.
 */
#ifndef FED_SHELL_SCRIPT_RESUME_H
#define FED_SHELL_SCRIPT_RESUME_H

#include "shell/shell.h"

/* Save the session of this script every so many versions (0: never).  resume: go on where its last
 * save was made, if there is one. */
int fed__resume_begin(struct fed_shell *, const char *script, uint64_t every, bool resume,
                      struct fed_error *);
/* Bytes of a line that were run before the save and are skipped; the line is about to run. */
size_t fed__resume_line(struct fed_shell *, const struct fed_script_place *, const char *line,
                        size_t len);
void fed__resume_end(struct fed_shell *, bool clean);

#endif
