/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * travel/snapshots.h - snapshots of a session as lists of shared chunks.
 *
 * A snapshot is what checkpoint/checkpoint.h writes, cut into chunks at the beginnings of its large
 * sections and then every FED_CHUNK_BYTES, the records of versions more often: what did not change
 * between two snapshots is kept once.
 * The shared vectors in flight are chunks of their own, which a session that is restored shares.
 * The last snapshots stay like this while they take a fourth of what memory may hold; older ones
 * have the bytes of the vectors, and are compressed against a key snapshot, of which there is a new
 * one now and then.
 */
#ifndef FED_TRAVEL_SNAPSHOTS_H
#define FED_TRAVEL_SNAPSHOTS_H

#include "history/event_log.h"
#include "session/session.h"
#include "travel/chunks.h"

struct fed_snapshot {
	uint32_t *chunk; /* [n], of which it is a user */
	uint32_t
		*part; /* [n] hash of the section and the place in it: equal for parts of the same kind */
	uint32_t n;
	uint32_t vectors; /* the last so many chunks, to which the bytes refer by their order */
	uint64_t bytes;   /* without them */
	uint64_t fresh;   /* bytes that no snapshot before it had */
	size_t own;       /* bytes of memory for this, beside the chunks */
	struct fed_event_mark events; /* what the event log held */
	uint64_t shift;               /* of the log's numbers then (logs.h) */
	uint32_t epoch;               /* of the log; FED_NO_EPOCH: it has no place in one */
	struct fed_snapshot *newer;   /* in the queue of those that were not compressed */
	bool queued;
};
#define FED_NO_EPOCH UINT32_MAX

struct fed_snapshots {
	struct fed_chunk_store *store; /* owned */
	struct fed_text text;          /* of one snapshot; its memory is used again */
	struct fed_snapshot key;       /* others are compressed against it; a user of its own chunks */
	struct fed_snapshot *newest;   /* the last one that was made; NULL: none */
	struct fed_snapshot *oldest;   /* of those that were not compressed; NULL: none */
	uint64_t fresh;                /* bytes of those */
	unsigned since_key;
	double cost; /* seconds that a snapshot takes, of the last ones, with its compression later */
	double pace; /* seconds of compression for a fresh byte */
};
int fed__snapshots_init(struct fed_snapshots *, struct fed_error *);
void fed__snapshots_release(struct fed_snapshots *);

/* Compress old ones until the others take no more memory than they may: after a change of the
 * limit.
 */
void fed__snapshots_fit(struct fed_snapshots *);
/* Give all of them the bytes of their vectors, for a file. */
int fed__snapshots_join(struct fed_snapshots *, struct fed_error *);
/* Count the memory that a snapshot takes beside its chunks, until it is freed. */
void fed__snapshot_charge(struct fed_snapshots *, struct fed_snapshot *);
/* FED_REJECT: it would have more than `most` bytes beside records of versions. */
int fed__snapshot_make(struct fed_snapshots *, const struct fed_session *, size_t most,
                       struct fed_snapshot **, struct fed_error *);
void fed__snapshot_free(struct fed_snapshots *, struct fed_snapshot *); /* NULL is fine */
/* Restore the session; its event log begins anew. */
int fed__snapshot_restore(struct fed_snapshots *, const struct fed_snapshot *, struct fed_session *,
                          struct fed_error *);
/* The bytes of a snapshot, appended. */
int fed__snapshot_read(struct fed_snapshots *, const struct fed_snapshot *, struct fed_text *,
                       struct fed_error *);
/* Bytes that its chunks take, those that it shares among them. */
uint64_t fed__snapshot_stored(const struct fed_snapshots *, const struct fed_snapshot *);

#endif
