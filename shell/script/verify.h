/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/verify.h - verification of a recording: digests of the versions that it made.
 *
 * The journal, and with it a recording, has a line for each version when it is made, before the
 * command that makes it, which is recorded at its end:
 *
 *     #= VERSION DIGEST LOSS
 *
 * To the shell it is a comment.  `replay FILE verify` collects these lines and compares each
 * version that is made with the next one.
 */
#ifndef FED_SHELL_SCRIPT_VERIFY_H
#define FED_SHELL_SCRIPT_VERIFY_H

#include "shell/shell.h"

/* Sink of the session's events; shell is a struct fed_shell *. */
void fed__verify_event(void *shell, const struct fed_event *);
/* Take a line of a script; false: it is none of these lines. */
bool fed__verify_take(struct fed_shell *, const char *line);
/* Verify what is replayed from now on. */
void fed__verify_begin(struct fed_shell *);
/* Print what was verified.  FED_FAIL: a version differs or is missing, or there was none. */
int fed__verify_end(struct fed_shell *, struct fed_error *);

#endif
