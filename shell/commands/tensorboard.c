/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/commands/tensorboard.c - the command `tensorboard`.
 */
#include "shell/commands/tensorboard.h"

#include <string.h>

#include "shell/output/print.h"
#include "shell/script/tensorboard.h"

const struct fed_field fed__tensorboard_rows[] = {
	FED_ARG_TEXT(struct fed_tensorboard_args, folder, FED_FIELD_POSITIONAL, "path",
                 "a folder, or the word stop"),
	FED_END,
};

int fed__run_tensorboard(struct fed_shell *shell, const struct fed_call *call,
                         struct fed_error *err)
{
	const struct fed_tensorboard_args *a = call->args;
	const struct fed_tensorboard_run *t = &shell->tensorboard;

	if (!*a->folder) {
		fed__print(shell,
		           t->folder ? "event files are written to %s\n"
		                     : "no event files are written; `tensorboard FOLDER` begins\n",
		           t->folder);
		return FED_OK;
	}
	if (strcmp(a->folder, "stop") == 0) {
		if (!t->folder)
			return fed_fail(err, "no event files are written; `tensorboard FOLDER` begins");
		fed__tensorboard_stop(shell);
		return FED_OK;
	}
	if (fed__tensorboard_start(shell, a->folder, err))
		return FED_FAIL;
	fed__print(shell, "writing event files to %s; `tensorboard --logdir %s` shows them\n",
	           a->folder, a->folder);
	return FED_OK;
}
