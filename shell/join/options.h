/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/join/options.h - the options of `fedsh join`.
 */
#ifndef FED_SHELL_JOIN_OPTIONS_H
#define FED_SHELL_JOIN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fed_join_call {
	char host[256];
	uint16_t port;
	const char *code; /* "": none was given */
	char name[40];
	const char *data;
	const char *key;      /* the server's, or a file that has it; NULL */
	const char *identity; /* NULL: the file of that name */
	const char **load;    /* [loads] */
	size_t loads;
	bool once, plain, probe, forget;
	bool roles; /* it agrees to secret roles */
};

/* 0, or the exit code of the program, which has been told why; -1: the program is done. */
int fed__join_options(struct fed_join_call *, int argc, char **argv);

#endif
