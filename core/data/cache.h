/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/cache.h - the cache of datasets that are slow to read; for core/data alone.
 *
 * An entry is one file in $XDG_CACHE_HOME/fedsh/data (or ~/.cache/fedsh/data).  Its key is the
 * source, its arguments, the seed, this program, and the name, size and times of each file at the
 * path; its value is the dataset, bit for bit, with names and notes.  Entries are written to a
 * temporary file that takes their place, and are checked when they are read: one that is damaged or
 * of another key is as none.  The entries that were used longest ago make way for new ones.
 *
 * A source takes part by its member `slow`.
 */
#ifndef FED_DATA_CACHE_H
#define FED_DATA_CACHE_H

#include "data/dataset.h"

/* Bytes of all entries, and of one. */
#define FED_CACHE_BYTES ((uint64_t)4 << 30)
#define FED_CACHE_ENTRY_BYTES ((uint64_t)2 << 30)

struct fed_cache_key {
	uint64_t half[2];
};

/* What the dataset at a path depends on; false: something there cannot be looked at, or it is too
 * much.  spec: the source's name and arguments. */
bool fed__cache_key(struct fed_cache_key *, const char *spec, const char *path, uint64_t seed);
/* The dataset of a key, which is marked as used now unless `quiet`; false: there is none that is
 * whole. */
bool fed__cache_get(struct fed_dataset **, const struct fed_cache_key *, bool quiet);
/* Keep a dataset, which is sealed.  A failure leaves no entry, and is no error. */
void fed__cache_put(const struct fed_dataset *, const struct fed_cache_key *);

#endif
