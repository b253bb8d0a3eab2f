/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/cache_file.h - a dataset as one file of the cache; for core/data alone.
 *
 * A head of fixed size, the names and notes with their checksum, then the arrays one behind
 * another, which the dataset's fingerprint checks.  Numbers are as this machine has them: the key
 * is one of this program.
 */
#ifndef FED_DATA_CACHE_FILE_H
#define FED_DATA_CACHE_FILE_H

#include "data/cache.h"

/* Bytes that the file will have; 0: this dataset cannot be kept. */
uint64_t fed__cache_file_size(const struct fed_dataset *);
int fed__cache_file_write(const struct fed_dataset *, const char *path,
                          const struct fed_cache_key *, struct fed_error *);
/* FED_FAIL: damaged, of another key, or no memory. */
int fed__cache_file_read(struct fed_dataset **, const char *path, const struct fed_cache_key *,
                         struct fed_error *);

#endif
