/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/undo.h - what `undo` goes back to: the session before the last command that
 * discarded a run.
 *
 * It is a snapshot in memory (checkpoint/checkpoint.h) with the journal of then, one for each
 * shell. `undo` exchanges it for the present session, so that a second one goes forward again.  The
 * journal is exchanged, too: it holds the commands that lead to the session as it is, and a replay
 * needs no `undo`.  So is the event log, of which a saved file has nothing.
 */
#ifndef FED_SHELL_LANGUAGE_UNDO_H
#define FED_SHELL_LANGUAGE_UNDO_H

#include "shell/language/command.h"

/* Before a command that may discard a run (FED_COMMAND_DISCARDS): take a snapshot, if there is a
 * run. */
void fed__undo_prepare(const struct fed_shell *, const struct fed_command *, struct fed_undo *kept);
/* After it: if the run is gone, the snapshot is what `undo` goes back to, and that is said.
 * Releases *kept. */
void fed__undo_settle(struct fed_shell *, struct fed_undo *kept);
/* The command. */
int fed__undo(struct fed_shell *, struct fed_error *);
void fed__undo_release(struct fed_undo *);

#endif
