/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_words.c - sentences as counts of their words.
 *
 * A word is letters, digits and apostrophes; A to Z count as a to z.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/readers/leaf/leaf_make.h"

enum { WORD_MAX = 40 }; /* bytes; of longer ones the begin counts */

struct word {
	char s[WORD_MAX + 1];
	uint32_t count, rank;
};

/* A hash table with open addressing. */
struct words {
	struct word **slot; /* [size] */
	size_t size, n;
};

static bool belongs(char c)
{
	return isalnum((unsigned char)c) || c == '\'' || (unsigned char)c >= 0x80;
}

/* The next word of a sentence from *at; false at its end. */
static bool next_word(const char **at, char out[WORD_MAX + 1])
{
	size_t n = 0;

	while (**at && !belongs(**at))
		++*at;
	for (; **at && belongs(**at); ++*at)
		if (n < WORD_MAX)
			out[n++] = (char)((unsigned char)**at < 0x80 ? tolower((unsigned char)**at) : **at);
	out[n] = '\0';
	return n > 0;
}

/* The slot of a word, or the empty one where it belongs. */
static struct word **slot_of(const struct words *w, const char *s)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */

	for (const char *p = s; *p; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3u;

	size_t i = (size_t)(h & (w->size - 1));

	while (w->slot[i] && strcmp(w->slot[i]->s, s) != 0)
		i = (i + 1) & (w->size - 1);
	return &w->slot[i];
}

static int enlarge(struct words *w, struct fed_error *err)
{
	struct words larger = {.size = w->size ? 2 * w->size : 1 << 12, .n = w->n};

	larger.slot = fed_alloc_array(larger.size, sizeof *larger.slot);
	if (!larger.slot)
		return fed_fail_memory(err, larger.size * sizeof *larger.slot, "the words");
	for (size_t i = 0; i < w->size; i++)
		if (w->slot[i])
			*slot_of(&larger, w->slot[i]->s) = w->slot[i];
	fed_free(w->slot);
	*w = larger;
	return FED_OK;
}

static int count_words(struct words *w, const struct fed_leaf *l, struct fed_error *err)
{
	const char *at = l->text.s;
	char s[WORD_MAX + 1];

	for (uint64_t i = 0; i < l->examples; i++, at++) {
		while (next_word(&at, s)) {
			if (2 * w->n >= w->size && enlarge(w, err))
				return FED_FAIL;

			struct word **const slot = slot_of(w, s);

			if (!*slot) {
				*slot = fed_alloc(sizeof **slot);
				if (!*slot)
					return fed_fail_memory(err, sizeof **slot, "the words");
				memcpy((*slot)->s, s, sizeof s);
				w->n++;
			}
			(*slot)->count++;
		}
	}
	return FED_OK;
}

/* The more frequent first, equals in the order of their bytes. */
static int by_count(const void *a, const void *b)
{
	const struct word *x = *(struct word *const *)a, *y = *(struct word *const *)b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->s, y->s);
}

/* Rank all words; names are those of the first. */
static int rank_words(struct words *w, uint32_t most, char **names, struct fed_error *err)
{
	struct word **const sorted = fed_alloc_array(w->n + 1, sizeof *sorted);
	size_t n = 0;
	bool failed = false;

	if (!sorted)
		return fed_fail_memory(err, w->n * sizeof *sorted, "the words");
	for (size_t i = 0; i < w->size; i++)
		if (w->slot[i])
			sorted[n++] = w->slot[i];
	qsort(sorted, n, sizeof *sorted, by_count);
	for (size_t i = 0; i < n; i++)
		sorted[i]->rank = (uint32_t)i;
	for (size_t i = 0; i < most; i++) {
		names[i] = fed_strdup(i < n ? sorted[i]->s : "no word");
		failed |= !names[i];
	}
	fed_free(sorted);
	return failed ? fed_fail_memory(err, most, "the words' names") : FED_OK;
}

static void fill_counts(const struct words *w, const struct fed_leaf *l,
                        const struct fed_leaf_order *order, uint32_t most, uint8_t *counts)
{
	const char *at = l->text.s;
	char s[WORD_MAX + 1];

	for (uint64_t i = 0; i < l->examples; i++, at++) {
		uint8_t *const row = counts + (size_t)order->id[i] * most;

		while (next_word(&at, s)) {
			const uint32_t rank = (*slot_of(w, s))->rank;

			if (rank < most && row[rank] < UINT8_MAX)
				row[rank]++;
		}
	}
}

int fed__leaf_words(const struct fed_leaf *l, const struct fed_leaf_order *order, uint32_t most,
                    uint8_t *counts, char ***names, struct fed_error *err)
{
	struct words w = {0};
	int rc = count_words(&w, l, err);

	*names = fed_alloc_array(most, sizeof **names);
	if (rc == FED_OK && !*names)
		rc = fed_fail_memory(err, most * sizeof **names, "the words' names");
	if (rc == FED_OK)
		rc = rank_words(&w, most, *names, err);
	if (rc == FED_OK)
		fill_counts(&w, l, order, most, counts);
	for (size_t i = 0; i < w.size; i++)
		fed_free(w.slot[i]);
	fed_free(w.slot);
	return rc;
}
