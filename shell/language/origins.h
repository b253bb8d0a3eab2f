/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/origins.h - what a recorded run was made with: program, seed, data, plugins.
 *
 * The journal, and with it a recording, has lines for these before the first version that they
 * make:
 *
 *     #: fedsh 0.1.0
 *     #: seed 1
 *     #: data moons 8c1f3a5e90b2d467
 *     #: aggregator vote 20480 1a2b3c4d
 *
 * To the shell they are comments.  Where a replay makes another version than was recorded, those
 * that differ are told.
 */
#ifndef FED_SHELL_LANGUAGE_ORIGINS_H
#define FED_SHELL_LANGUAGE_ORIGINS_H

#include "shell/shell.h"

/* Note the composition of the last version (shell->compositions), if none is known of it. */
void fed__origins_compose(struct fed_shell *);
/* The composition, with program and plugins: lines KEY=VALUE. */
void fed__origins_put(const struct fed_shell *, struct fed_text *);
/* A version was made: append the lines that the journal does not have yet, to be added to it. */
void fed__origins_note(struct fed_shell *, uint64_t version, struct fed_text *lines);
/* A command was added to the journal: it may have changed them. */
void fed__origins_command(struct fed_shell *, const char *text, size_t len);
/* The journal begins anew. */
void fed__origins_forget(struct fed_shell *);
/* Take a line of a script that is replayed; false: it is none of these lines. */
bool fed__origins_take(struct fed_shell *, const char *line);
/* Append "; recorded with data moons 12, here moons 34" of those that differ. */
void fed__origins_put_differences(const struct fed_shell *, struct fed_text *);
void fed__origins_release(struct fed_origins *);

#endif
