/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/script/share.h - a session as one line that another shell makes it from.
 *
 *     dataset moons; add-client 6 noniid; round 5 # fedsh 0.1.0, version 5 is 56fd1a9e3d0892c0
 *
 * The comment says which version the line makes and its digest, as in a recording
 * (shell/script/verify.h); `share` shows the digest of the session that the line was pasted in.
 */
#ifndef FED_SHELL_SCRIPT_SHARE_H
#define FED_SHELL_SCRIPT_SHARE_H

#include "shell/language/command.h"

/* Append the journal's commands, without the digests of versions, with this between them. */
void fed__share_commands(const struct fed_shell *, const char *between, struct fed_text *);
int fed__run_share(struct fed_shell *, const struct fed_call *, struct fed_error *);

#endif
