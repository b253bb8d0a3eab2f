/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/checkpoint.h - snapshots of a session, in memory or in a file, and their restoration
 * bit for bit.
 *
 * A snapshot is a sequence of sections with checksums (checkpoint/README.md).  Taking one only
 * reads the session; an open round stays open.  Restoring replaces the session only after the whole
 * snapshot was read and checked, and then replays the open round.
 */
#ifndef FED_CHECKPOINT_CHECKPOINT_H
#define FED_CHECKPOINT_CHECKPOINT_H

#include "session/session.h"

/* Append a snapshot to a text, which is unchanged on FED_FAIL.  Refused while a round is open over
 * real connections, since it cannot be repeated. */
int fed_snapshot_take(const struct fed_session *, struct fed_text *, struct fed_error *);
/* Shared vectors that a snapshot in this program refers to, by their place. */
struct fed_shared_vectors;
struct fed_vectors_apart {
	struct fed_shared_vectors **vectors; /* [n], references */
	uint32_t n, capacity;
};
void fed_vectors_apart_release(struct fed_vectors_apart *);
/* Take a snapshot that refers to the vectors in flight, which are appended, instead of having their
 * bytes; NULL: it has them.  FED_REJECT as soon as all of it would have more than `most` bytes. */
int fed_snapshot_take_apart(const struct fed_session *, struct fed_text *,
                            struct fed_vectors_apart *, size_t most, struct fed_error *);
/* Restore one; the session shares the vectors. */
int fed_snapshot_restore_apart(struct fed_session *, const struct fed_text *,
                               const struct fed_vectors_apart *, struct fed_error *);
/* Append the same snapshot with the bytes of its vectors: what fed_snapshot_take() had made. */
int fed_snapshot_join(const struct fed_text *, const struct fed_vectors_apart *,
                      struct fed_text *out, struct fed_error *);
/* Hash of all that a snapshot holds but the real time that rounds took: equal states have the same.
 */
int fed__snapshot_digest(const struct fed_session *, uint64_t *digest, struct fed_error *);
/* Restore a snapshot; reuses the session's dataset if its fingerprint is the same. */
int fed_snapshot_restore(struct fed_session *, const struct fed_text *, struct fed_error *);

/* Sections of a layer above in a file, behind those of the session.  Their names begin with "+";
 * who does not know them skips them. */
struct fed_saver;
struct fed_loader;
struct fed_more_sections {
	void (*save)(void *ctx, struct fed_saver *);
	/* Called when the session was read in full and is not replaced yet; a failure of the loader
	 * leaves all as it was. */
	void (*load)(void *ctx, struct fed_loader *);
	void *ctx;
};

/* Save a snapshot to a file, which is replaced as a whole or unchanged.  It lacks the messages of
 * real connections between two rounds, with a notice. */
int fed_session_save(struct fed_session *, const char *path, struct fed_error *);
/* The same with more sections; NULL: none. */
int fed_session_save_with(struct fed_session *, const char *path, const struct fed_more_sections *,
                          struct fed_error *);
/* The same without the notice and without waiting for the disk, to a path that is taken as it is:
 * outlives the program, and a power cut once the system has written it. */
int fed_session_save_unsynced(const struct fed_session *, const char *path,
                              const struct fed_more_sections *, struct fed_error *);
/* Restore a file.  Loads the dataset again and compares its fingerprint.  FED_REJECT: interrupted,
 * nothing has changed. */
int fed_session_restore(struct fed_session *, const char *path, struct fed_error *);
int fed_session_restore_with(struct fed_session *, const char *path,
                             const struct fed_more_sections *, struct fed_error *);

#endif
