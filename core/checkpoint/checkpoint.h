/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/checkpoint.h - snapshots of a session, in memory or in a file, and their restoration
 * bit for bit.
 *
 * A snapshot is a row of sections with checksums (checkpoint/README.md).  Taking one only reads the
 * session: an open round goes on.  Restoring replaces the session only after the whole snapshot was
 * read and checked, and replays the round that was open.
 */
#ifndef FED_CHECKPOINT_CHECKPOINT_H
#define FED_CHECKPOINT_CHECKPOINT_H

#include "session/session.h"

/* Append a snapshot to a text, which is as it was on FED_FAIL.  Refused while a round is open over
 * real connections: it cannot be repeated. */
int fed_snapshot_take(const struct fed_session *, struct fed_text *, struct fed_error *);
/* The session's dataset is used again when the snapshot was taken with the same one. */
int fed_snapshot_restore(struct fed_session *, const struct fed_text *, struct fed_error *);

/* The same with a file, which is replaced as a whole or stays as it was.  What real connections
 * carry between two rounds is not in it; that is told. */
int fed_session_save(struct fed_session *, const char *path, struct fed_error *);
/* The dataset is made or read again, and its fingerprint compared.  FED_REJECT: it was interrupted
 * meanwhile; nothing has changed. */
int fed_session_restore(struct fed_session *, const char *path, struct fed_error *);

#endif
