/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/lab.h - a shell whose output is captured as text, and runs of the built program as a child
 * process.
 */
#ifndef FED_TEST_SHELL_LAB_H
#define FED_TEST_SHELL_LAB_H

#include "shell/language/command.h"

/* A shell with only the command table, for fed__command_at(). */
extern const struct fed_shell shell_lab_table;

/* A shell with the built-in plugins; its output is in `text`. */
struct shell_lab {
	struct fed_shell shell;
	char *text;
	size_t length;
};
void shell_lab_open(struct shell_lab *, const char *plugin_folder);
void shell_lab_close(struct shell_lab *);
enum fed_exit shell_lab_run(struct shell_lab *, const char *line);
/* The output so far. */
const char *shell_lab_said(struct shell_lab *);

/* Run the program with arguments (NULL-ended, without its name) and this standard input. */
struct program_run {
	int code;                    /* exit code, or 128 + signal */
	char out[65536], err[65536]; /* NUL-ended */
	size_t out_length;
};
void program_run(struct program_run *, const char *program, const char *folder,
                 const char *const *arguments, const char *input, size_t input_length);

#endif
