/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/lessons.h - the list of lessons: the scripts NUMBER-name.fedsh of a folder.
 */
#ifndef FED_SHELL_SCRIPT_LESSONS_H
#define FED_SHELL_SCRIPT_LESSONS_H

#include "shell/shell.h"

/* Read the list from a folder; one that cannot be read has none. A title is what the script's first
 * lines say (script/caption.h), else the file's name. */
void fed__lessons_read(struct fed_lessons *, const char *folder);
void fed__lessons_release(struct fed_lessons *);
/* The lesson of this number, file name or name without number; NULL: there is none. */
const struct fed_lesson *fed__lesson_find(const struct fed_lessons *, const char *name);

#endif
