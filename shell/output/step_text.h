/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/output/step_text.h - events of an open round as sentences, for the command `step`.
 */
#ifndef FED_SHELL_OUTPUT_STEP_TEXT_H
#define FED_SHELL_OUTPUT_STEP_TEXT_H

#include "report/next_event.h"
#include "shell/shell.h"

/* From begin to end each event is printed as a line; events of the same kind share one. */
void fed__step_text_begin(struct fed_shell *);
void fed__step_text_end(struct fed_shell *);
/* Print the event as a sentence; false: it has none, print it the usual way. */
bool fed__step_text_take(struct fed_shell *, const struct fed_event *);
/* End a step. was: the event due before it; printed if the step emitted nothing. */
void fed__step_text_close(struct fed_shell *, const struct fed_next_event *was);
/* Print "next: client 3 has trained at 0.4 s". */
void fed__print_next(struct fed_shell *);

#endif
