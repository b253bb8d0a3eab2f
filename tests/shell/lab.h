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
	/* of the JSON lines, see shell_lab_record_json() */
	char *json;
	size_t json_length;
};
void shell_lab_open(struct shell_lab *, const char *plugin_folder);
void shell_lab_close(struct shell_lab *);
enum fed_exit shell_lab_run(struct shell_lab *, const char *line);
/* The output so far. */
const char *shell_lab_said(struct shell_lab *);
/* Run a line, which must end with this code; returns its output. */
const char *shell_lab_reply(struct shell_lab *, const char *line, enum fed_exit wanted);
/* Remove the lines with digests of versions and of what made them (shell/script/verify.h,
 * origins.h) from a journal; returns it. */
char *without_digests(char *journal);
/* Write JSON lines into memory from now on, without those that were written before. */
void shell_lab_record_json(struct shell_lab *);
/* The JSON lines so far. */
const char *shell_lab_json(struct shell_lab *);

/* Check that the text has these words, or lacks them. */
void assert_shows(const char *text, const char *words);
void assert_lacks(const char *text, const char *words);

/* Run the program with arguments (NULL-ended, without its name) and this standard input. */
struct program_run {
	int code;                    /* exit code, or 128 + signal */
	char out[65536], err[65536]; /* NUL-ended */
	size_t out_length;
};
void program_run(struct program_run *, const char *program, const char *folder,
                 const char *const *arguments, const char *input, size_t input_length);

#endif
