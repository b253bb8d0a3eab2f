/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/options.h - the options of the program.
 */
#ifndef FED_SHELL_OPTIONS_H
#define FED_SHELL_OPTIONS_H

#include "shell/ranks.h"

/* What is printed in place of a session. */
enum fed_prints { FED_PRINTS_NOTHING, FED_PRINTS_USAGE, FED_PRINTS_VERSION, FED_PRINTS_LANGUAGE };

struct fed_program_options {
	const char **command; /* [commands], in their order */
	int commands;
	const char *json;
	const char *config; /* NULL: the default, at a prompt; "": none */
	bool no_color, brief, watch, step, check, readonly, attach;
	int columns;       /* of output; below 0: the terminal's */
	uint64_t autosave; /* versions between two saves of a script's session; 0: none */
	bool resume;
	struct fed_rank_options ranks;
	double pace; /* of the watch; below 0: default */
	enum fed_prints prints;
};

extern const char fed__options_usage[];
/* Options up to the first file, argv[optind], as getopt_long() leaves them; `command` has memory
 * for argc texts.  FED_EXIT_OK, or FED_EXIT_USAGE, and why is printed. */
int fed__options_parse(struct fed_program_options *, int argc, char **argv);

#endif
