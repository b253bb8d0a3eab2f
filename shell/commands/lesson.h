/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/lesson.h - the command `lesson`.
 */
#ifndef FED_SHELL_COMMANDS_LESSON_H
#define FED_SHELL_COMMANDS_LESSON_H

#include "shell/language/command.h"

struct fed_lesson_args {
	char lesson[64];
};
extern const struct fed_field fed__lesson_rows[];
int fed__run_lesson(struct fed_shell *, const struct fed_call *, struct fed_error *);
/* Print numbers and titles. */
void fed__list_lessons(struct fed_shell *);

#endif
