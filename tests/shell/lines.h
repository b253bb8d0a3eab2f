/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/lines.h - command lines drawn at random: the examples of all commands and some more, whole
 * or with a mistake.
 */
#ifndef FED_TEST_SHELL_LINES_H
#define FED_TEST_SHELL_LINES_H

#include <stddef.h>

#include "base/random.h"
#include "shell/language/command.h"

enum { SHELL_LINES_MAX = 1200 };

struct shell_line {
	const struct fed_command *command;
	char *text;
};
struct shell_lines {
	struct shell_line of[SHELL_LINES_MAX];
	size_t n;
};

/* Without the lines that end the program, start a compiler, or would take long. */
void shell_lines_init(struct shell_lines *);
void shell_lines_release(struct shell_lines *);
/* Each command is as probable as the others, however many lines it has. */
const struct shell_line *shell_lines_draw(const struct shell_lines *, struct fed_stream *);
/* A mistake: the last word is missing, there is one too many, or a number is out of its range. */
void shell_line_damage(char *out, size_t size, const char *line, struct fed_stream *);

#endif
