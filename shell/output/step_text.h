/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/step_text.h - steps of virtual time in words: what happened, what is due next.
 */
#ifndef FED_SHELL_OUTPUT_STEP_TEXT_H
#define FED_SHELL_OUTPUT_STEP_TEXT_H

#include "report/next_event.h"
#include "shell/shell.h"

/* From here on each event of the session is told in a line; many of one kind share it. */
void fed_step_text_begin(struct fed_shell *);
void fed_step_text_end(struct fed_shell *);
/* The event, where it has words of a step; false: it is told as always. */
bool fed_step_text_take(struct fed_shell *, const struct fed_event *);
/* After a step, with what was due before it: also one of which nothing comes is told. */
void fed_step_text_close(struct fed_shell *, const struct fed_next_event *was);
/* "next: client 3 has trained at 0.4 s" */
void fed_print_next(struct fed_shell *);

#endif
