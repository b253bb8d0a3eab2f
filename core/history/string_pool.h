/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/string_pool.h - interned, reference-counted strings.
 */
#ifndef FED_HISTORY_STRING_POOL_H
#define FED_HISTORY_STRING_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fed_interned_string {
	char *text;     /* NULL: the entry is free */
	uint32_t users; /* reference count */
	uint32_t hash;
	uint32_t next; /* number of the next one in its bucket or free list; 0: the last */
};

/* String pool; zeroed is empty. */
struct fed_string_pool {
	struct fed_interned_string *string; /* [n] */
	uint32_t n, capacity;
	uint32_t vacant;  /* number of the first free entry, or 0 */
	uint32_t in_use;  /* strings kept */
	uint32_t *bucket; /* [buckets] numbers of strings; a power of two */
	uint32_t buckets;
	size_t bytes; /* of the texts */
};

void fed__string_pool_release(struct fed_string_pool *);
/* A copy with the same numbers; false: no memory, and *to is empty. */
bool fed__string_pool_copy(struct fed_string_pool *to, const struct fed_string_pool *);
/* Add a reference to the string of this text; returns its number from 1, or 0 when text is NULL or
 * memory runs out. */
uint32_t fed__string_pool_take(struct fed_string_pool *, const char *text);
void fed__string_pool_drop(struct fed_string_pool *, uint32_t number); /* 0 is fine */
/* Text of a string; NULL for number 0. */
const char *fed__string_pool_text(const struct fed_string_pool *, uint32_t number);

#endif
