/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/check.h - the check of a script without running it (`fedsh -n`).
 *
 * Each command is looked up, and its words are bound to its arguments as when it runs; names that
 * the program knows (rules, models, ...) are looked up, too, until the script loads plugins. All
 * errors are printed with file and line. Scripts that it reads are checked, too. Not known before a
 * script runs: values that depend on the session (clients, kept runs), conditions, files, names of
 * plugins that it loads.
 */
#ifndef FED_SHELL_SCRIPT_CHECK_H
#define FED_SHELL_SCRIPT_CHECK_H

#include "shell/shell.h"

/* What was found so far.  {0} before the first text. */
struct fed_script_check {
	size_t commands, errors;
	size_t unknown; /* names that could be those of plugins which the script loads */
	size_t absent;  /* scripts that it reads and that are not there */
	bool loads;     /* plugins, so far */
};

/* Check the commands of a text, as fed__shell_execute() would run them. Aliases are defined in the
 * shell. */
void fed__script_check_text(struct fed_shell *, struct fed_script_check *, const char *text,
                            size_t len, const struct fed_script_place *);
/* Check the lines of a file; path NULL: of standard input. FED_FAIL: it cannot be read. */
int fed__script_check_file(struct fed_shell *, struct fed_script_check *, const char *path,
                           struct fed_error *);
/* Print what was found; FED_EXIT_OK, or FED_EXIT_USAGE after errors. */
enum fed_exit fed__script_check_end(struct fed_shell *, const struct fed_script_check *);

#endif
