/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/join.h - the program `fedsh join`.
 */
#ifndef FED_SHELL_JOIN_JOIN_H
#define FED_SHELL_JOIN_JOIN_H

/* Exit codes. */
enum fed_join_exit {
	FED_JOIN_EXIT_OK = 0,      /* it left, or the room was closed */
	FED_JOIN_EXIT_REFUSED = 1, /* by the server, or its data do not fit */
	FED_JOIN_EXIT_USAGE = 2,
	FED_JOIN_EXIT_UNREACHABLE = 5, /* with --once; or --probe */
};

/* Run it; argv[0] is "join". */
int fed__join_program(int argc, char **argv, const char *plugin_folder, const char *worker_program);

#endif
