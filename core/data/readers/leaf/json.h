/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/json.h - JSON files as a stream of events, without a tree; for core/data alone.
 */
#ifndef FED_DATA_READERS_LEAF_JSON_H
#define FED_DATA_READERS_LEAF_JSON_H

#include <stdbool.h>

#include "base/text.h"
#include "fedsh/plugin.h"

/* What receives the events.  A result other than FED_OK ends reading; the error is a clause that
 * reads well behind the name of a file. */
struct fed_json_sink {
	void *ctx;
	int (*open)(void *ctx, bool array, struct fed_error *); /* { or [ */
	int (*close)(void *ctx, struct fed_error *);
	int (*key)(void *ctx, const char *s, size_t n, struct fed_error *);
	int (*string)(void *ctx, const char *s, size_t n, struct fed_error *);
	/* Finite numbers that follow one another; those of an array come in pieces. */
	int (*numbers)(void *ctx, const double *x, size_t n, struct fed_error *);
	int (*word)(void *ctx, const char *word, struct fed_error *); /* true, false, null */
	/* Append where reading is, "user f12, row 3 of x", for errors; nothing at the top. */
	void (*place)(const void *ctx, struct fed_text *out);
};

/* Read a file of UTF-8, plain or compressed with gzip; a byte-order mark is skipped.  FED_FAIL:
 * "NAME, byte N: PLACE: WHY"; a sink's error is put behind "NAME: ". */
int fed__json_read(const char *path, const struct fed_json_sink *, struct fed_error *);

#endif
