/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/string_pool.c - hash table of interned strings; numbers of dropped ones are used again.
 */
#include "history/string_pool.h"

#include <string.h>

#include "base/mem.h"

#define BUCKETS_FIRST 64u

/* FNV-1a. */
static uint32_t hash_of(const char *text)
{
	uint32_t hash = 2166136261u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 16777619u;
	return hash;
}

void fed__string_pool_release(struct fed_string_pool *p)
{
	for (uint32_t i = 0; i < p->n; i++)
		fed_free(p->string[i].text);
	fed_free(p->string);
	fed_free(p->bucket);
	*p = (struct fed_string_pool){0};
}

bool fed__string_pool_copy(struct fed_string_pool *to, const struct fed_string_pool *p)
{
	*to = *p;
	to->capacity = p->n;
	to->string = fed_copy_array(p->string, p->n, sizeof *p->string);
	to->bucket = fed_copy_array(p->bucket, p->buckets, sizeof *p->bucket);
	bool whole = (to->string || !p->n) && (to->bucket || !p->buckets);
	for (uint32_t i = 0; to->string && i < p->n; i++) {
		to->string[i].text = p->string[i].text ? fed_strdup(p->string[i].text) : NULL;
		whole &= !p->string[i].text || to->string[i].text;
	}
	if (!to->string)
		to->n = 0;
	if (!whole)
		fed__string_pool_release(to);
	return whole;
}

/* Grow to at least as many buckets as strings; without memory the chains grow instead. */
static bool make_buckets(struct fed_string_pool *p)
{
	const uint32_t buckets = p->buckets ? 2 * p->buckets : BUCKETS_FIRST;

	if (p->in_use < p->buckets)
		return true;
	uint32_t *bucket = fed_alloc_array(buckets, sizeof *bucket);
	if (!bucket)
		return p->buckets > 0;
	for (uint32_t i = 0; i < p->n; i++) {
		struct fed_interned_string *string = &p->string[i];

		if (!string->text)
			continue;
		string->next = bucket[string->hash & (buckets - 1)];
		bucket[string->hash & (buckets - 1)] = i + 1;
	}
	fed_free(p->bucket);
	p->bucket = bucket;
	p->buckets = buckets;
	return true;
}

/* Free entry for one more string; 0: no memory. */
static uint32_t find_place(struct fed_string_pool *p)
{
	const uint32_t capacity = p->capacity ? 2 * p->capacity : BUCKETS_FIRST;

	if (p->vacant) {
		const uint32_t number = p->vacant;
		p->vacant = p->string[number - 1].next;
		return number;
	}
	if (p->n == p->capacity) {
		struct fed_interned_string *grown =
			fed_resize(p->string, p->capacity * sizeof *grown, capacity * sizeof *grown);
		if (!grown)
			return 0;
		p->string = grown;
		p->capacity = capacity;
	}
	return ++p->n;
}

static uint32_t add(struct fed_string_pool *p, const char *text, uint32_t hash)
{
	char *copy = make_buckets(p) ? fed_strdup(text) : NULL;
	const uint32_t number = copy ? find_place(p) : 0;

	if (!number) {
		fed_free(copy);
		return 0;
	}
	uint32_t *bucket = &p->bucket[hash & (p->buckets - 1)];
	p->string[number - 1] = (struct fed_interned_string){copy, 1, hash, *bucket};
	*bucket = number;
	p->in_use++;
	p->bytes += strlen(text) + 1;
	return number;
}

uint32_t fed__string_pool_take(struct fed_string_pool *p, const char *text)
{
	if (!text)
		return 0;
	const uint32_t hash = hash_of(text);
	uint32_t number = p->buckets ? p->bucket[hash & (p->buckets - 1)] : 0;
	while (number) {
		struct fed_interned_string *string = &p->string[number - 1];

		if (string->hash == hash && strcmp(string->text, text) == 0) {
			string->users++;
			return number;
		}
		number = string->next;
	}
	return add(p, text, hash);
}

void fed__string_pool_drop(struct fed_string_pool *p, uint32_t number)
{
	if (!number || --p->string[number - 1].users)
		return;
	struct fed_interned_string *string = &p->string[number - 1];
	uint32_t *at = &p->bucket[string->hash & (p->buckets - 1)];
	while (*at != number)
		at = &p->string[*at - 1].next;
	*at = string->next;
	p->bytes -= strlen(string->text) + 1;
	p->in_use--;
	fed_free(string->text);
	*string = (struct fed_interned_string){.next = p->vacant};
	p->vacant = number;
}

const char *fed__string_pool_text(const struct fed_string_pool *p, uint32_t number)
{
	return number ? p->string[number - 1].text : NULL;
}
