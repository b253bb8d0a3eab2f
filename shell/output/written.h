/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/written.h - files that commands wrote, each with its place in the history: `undo`
 * and `rewind` leave them, and name them.
 */
#ifndef FED_SHELL_OUTPUT_WRITTEN_H
#define FED_SHELL_OUTPUT_WRITTEN_H

#include "shell/shell.h"
#include "travel/travel.h"

/* The running command wrote a file, or into a folder.  Without memory it is not named later. */
void fed__wrote(struct fed_shell *, const char *path);
/* The same of a file with the model; says so if the clients have a part of it for themselves. */
void fed__wrote_model(struct fed_shell *, const char *path);
/* The running command is the revision of the present place now, and what it wrote is of there. */
void fed__written_settle(struct fed_shell *);
/* Print which files were written on the way from a place to the present one, which is before it. */
void fed__written_tell(struct fed_shell *, struct fed_place from);
void fed__written_release(struct fed_shell *);

#endif
