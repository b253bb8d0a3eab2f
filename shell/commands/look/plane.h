/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/look/plane.h - the command `plane`: decision regions of the model over a plane of
 * inputs.
 */
#ifndef FED_SHELL_COMMANDS_PLANE_H
#define FED_SHELL_COMMANDS_PLANE_H

#include "shell/language/command.h"
#include "shell/output/figure.h"

struct fed_plane_args {
	char who[4096];   /* one client; "": the global model and all */
	char through[64]; /* three test examples, "3,8,17"; "": the features or two components */
	struct fed_figure_form to;
};
extern const struct fed_field fed__plane_rows[];
int fed__run_plane(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
