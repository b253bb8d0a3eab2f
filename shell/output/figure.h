/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/figure.h - figures for pages, written to files by the commands that draw on the
 * screen: `to=FILE width=8.5cm`.
 */
#ifndef FED_SHELL_OUTPUT_FIGURE_H
#define FED_SHELL_OUTPUT_FIGURE_H

#include "figures/drawing.h"
#include "shell/shell.h"

/* What such a command takes. */
struct fed_figure_form {
	char to[4096]; /* path of the file; "": it draws on the screen */
	char width[24], height[24];
	char title[200], font[100];
};

#define FED_FIGURE_WIDTH "12cm"
#define FED_FIGURE_TEXT(S, m, member, ...)                                       \
	{                                                                            \
		.name = #member, .type = FED_TYPE_TEXT, .offset = offsetof(S, m.member), \
		.size = sizeof(((struct fed_figure_form *)0)->member), __VA_ARGS__       \
	}
/* The rows of member m of the arguments S. */
#define FED_FIGURE_ROWS(S, m)                                                                   \
	FED_FIGURE_TEXT(S, m, to, .hint = "path",                                                   \
	                .help = "a file for the figure instead: .svg, .pdf or .png by its ending"), \
		FED_FIGURE_TEXT(S, m, width, .text = FED_FIGURE_WIDTH,                                  \
	                    .help = "of that figure: 8.5cm, 3.3in, 240pt"),                         \
		FED_FIGURE_TEXT(S, m, height, .help = "of that figure; without it in proportion"),      \
		FED_FIGURE_TEXT(S, m, title, .help = "a line above the figure"),                        \
		FED_FIGURE_TEXT(S, m, font, .help = "a family of letters, as of the page: Times")

/* A drawing of the size that is asked for; its height is 0 where none is.  On failure the fault is
 * FED_EXIT_USAGE. */
int fed__figure_begin(struct fed_drawing *, struct fed_shell *, const struct fed_figure_form *,
                      struct fed_error *);
/* Whether nothing was said about a figure where none is written. */
int fed__figure_check_screen(struct fed_shell *, const struct fed_figure_form *,
                             struct fed_error *);
/* Write the file and say so, unless rc says that it could not be drawn; releases the drawing. */
int fed__figure_end(struct fed_drawing *, struct fed_shell *, const struct fed_figure_form *,
                    int rc, struct fed_error *);

#endif
