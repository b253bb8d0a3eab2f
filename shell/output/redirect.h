/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/redirect.h - where the output of a command goes: to the screen, through the pager,
 * to a file, to another program; and in which form.
 *
 *     request -> open -> the command runs -> close
 *
 * Errors and warnings stay on the screen.  A file is written beside the old one and replaces it
 * when the command has ended, so that it is never half of one.
 */
#ifndef FED_SHELL_OUTPUT_REDIRECT_H
#define FED_SHELL_OUTPUT_REDIRECT_H

#include "base/file.h"
#include "shell/output/program.h"
#include "shell/shell.h"

enum fed_outlet {
	FED_OUTLET_SCREEN,
	FED_OUTLET_PAGER, /* if it is longer than the screen */
	FED_OUTLET_FILE,
	FED_OUTLET_APPEND,
	FED_OUTLET_COMMAND,
};

struct fed_redirect {
	/* The request; zeroed: to the screen, as text. */
	enum fed_outlet outlet;
	enum fed_form form;
	bool wide;              /* without a limit of columns */
	struct fed_text target; /* path, or command line of sh; owned */
	/* While it is open. */
	FILE *out; /* what the shell printed to before */
	enum fed_form form_before;
	struct fed_screen screen;
	struct fed_file_writer file;
	struct fed_reading_program program;
	FILE *said; /* temporary: for the pager; of a program where the screen is no file */
	bool plain; /* the file is a device or a pipe */
};

/* Direct the shell's output as requested.  On failure (FED_EXIT_IO) nothing is changed. */
int fed__redirect_open(struct fed_redirect *, struct fed_shell *, struct fed_error *);
/* Write what is left, wait for the program, and direct the output back.  FED_FAIL: it could not be
 * written.  FED_REJECT: the program ended with another code than 0. */
int fed__redirect_close(struct fed_redirect *, struct fed_shell *, struct fed_error *);
void fed__redirect_release(struct fed_redirect *);

#endif
