/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/string_pool.h - texts that are said again and again, each kept once and counted.
 */
#ifndef FED_HISTORY_STRING_POOL_H
#define FED_HISTORY_STRING_POOL_H

#include <stddef.h>
#include <stdint.h>

struct fed_interned_string {
	char *text;     /* NULL: the place is vacant */
	uint32_t users; /* takes not yet dropped */
	uint32_t hash;
	uint32_t next; /* number of the next one in its bucket, or among the vacant; 0: the last */
};

/* Zeroed is an empty one. */
struct fed_string_pool {
	struct fed_interned_string *string; /* [n] */
	uint32_t n, capacity;
	uint32_t vacant;  /* number of the first vacant place, or 0 */
	uint32_t in_use;  /* phrases kept */
	uint32_t *bucket; /* [buckets] numbers of phrases; a power of two */
	uint32_t buckets;
	size_t bytes; /* of the texts */
};

void fed_string_pool_release(struct fed_string_pool *);
/* The number of a text, from 1; 0 when text is NULL or memory runs out. */
uint32_t fed_string_pool_take(struct fed_string_pool *, const char *text);
void fed_string_pool_drop(struct fed_string_pool *, uint32_t number); /* 0 is fine */
/* NULL for 0. */
const char *fed_string_pool_text(const struct fed_string_pool *, uint32_t number);

#endif
