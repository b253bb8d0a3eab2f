/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/autosave.h - the rescue file: the last version of a session that is not quit yet,
 * saved now and then.
 *
 * The run of an interactive session that ends by quit or Ctrl-D, and that the user has in no file,
 * is kept as rescue/last.fed, in the place of the one before.  The next session offers it once,
 * under the name offered.fed; `autosave` lists both, and each may be restored.
 *
 * In the state folder (state_folder.h) each session that saves has rescue/NUMBER.lock, which
 * it keeps locked, and rescue/NUMBER.fed, a saved session as `save` writes it.  A clean end removes
 * both.  A file whose lock is free is what a killed session left; the next
 * interactive session offers it.
 *
 * Saving takes at most a fiftieth of the time.  What a command changed is saved as soon as that
 * allows: after it, at the prompt, or between two versions of a run; new versions of a run once in
 * a period.
 */
#ifndef FED_SHELL_LANGUAGE_AUTOSAVE_H
#define FED_SHELL_LANGUAGE_AUTOSAVE_H

#include "shell/shell.h"

/* An interactive session begins: save from now on, and offer what an earlier one left. */
void fed__autosave_begin(struct fed_shell *);
/* Seconds between two saves in a run; 0: save no more, and remove the rescue file. */
void fed__autosave_set(struct fed_shell *, double period);
/* A version was made in a run. */
void fed__autosave_version(struct fed_shell *);
/* Save if the session changed and it is time. */
void fed__autosave_check(struct fed_shell *);
/* The session was restored from this path: a rescue file that was left is its own from now on. */
void fed__autosave_restored(struct fed_shell *, const char *path);
/* The session ends: remove the rescue file after a clean end, unless a run that no file has is kept
 * there, with a line that says so; else save once more and keep it. */
void fed__autosave_end(struct fed_shell *, bool clean);

/* A rescue file that was left. */
struct fed_rescue {
	char path[4096], when[40]; /* local time of its last save */
};
/* Call for each rescue file that was left, in no order. */
void fed__rescues_each(const struct fed_shell *, void (*take)(void *ctx, const struct fed_rescue *),
                       void *ctx);
/* Remove all that were left; how many. */
size_t fed__rescues_discard(const struct fed_shell *);

#endif
