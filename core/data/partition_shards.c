/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/partition_shards.c - partitions `noniid` and `shards`: sort by label, cut into equal shards,
 * assign K to each client.
 *
 * McMahan 2017, section 3: 60,000 examples sorted by digit, 200 shards of 300, two a client.  When
 * clients take less than the whole pool a random subset of it is sorted, so that all labels appear.
 * A size that K does not divide makes shards that differ by one, and each client gets as many of
 * the longer ones.  With `reuse` the training set is assigned as often as needed.
 */
#include <string.h>

#include "base/mem.h"
#include "data/partition_internal.h"

struct shards {
	int32_t *class_of; /* [train] */
	uint32_t classes;
	uint32_t *subset; /* [size]: the examples assigned in this pass, ascending */
	uint32_t *sorted; /* [size]: by class, ties by id */
	uint32_t *place;  /* [classes + 1] */
	uint32_t *deck;   /* [size]: shard numbers; a shard holds at least one example */
};

static void shards_release(struct shards *s)
{
	fed_free(s->class_of);
	fed_free(s->subset);
	fed_free(s->sorted);
	fed_free(s->place);
	fed_free(s->deck);
}

static int shards_init(struct shards *s, const struct fed_partition_job *d, size_t size,
                       struct fed_error *err)
{
	if (fed__partition_by_classes(d->data, &s->class_of, &s->classes, err))
		return FED_FAIL;
	s->subset = fed_alloc_array(size, sizeof *s->subset);
	s->sorted = fed_alloc_array(size, sizeof *s->sorted);
	s->deck = fed_alloc_array(size, sizeof *s->deck);
	s->place = fed_alloc_array(s->classes + 1, sizeof *s->place);
	if (!s->subset || !s->sorted || !s->deck || !s->place)
		return fed_fail_memory(err, 3 * size * sizeof *s->subset, "the shards");
	return FED_OK;
}

/* A uniform subset in ascending order in one walk (Knuth, TAOCP vol. 2, 3.4.2, algorithm S). */
static void choose_subset(struct shards *s, struct fed_partition_job *d, uint32_t size)
{
	uint32_t left = d->shared ? d->data->train : d->pool->left, chosen = 0;

	for (uint32_t i = 0; chosen < size; i++) {
		if (!d->shared && !fed_in_pool(d->pool, i))
			continue;
		if (fed_stream_below(&d->rand, left--) < size - chosen)
			s->subset[chosen++] = i;
	}
}

/* Counting sort, which keeps ties in the order of their ids. */
static void sort_subset(struct shards *s, uint32_t size)
{
	memset(s->place, 0, (s->classes + 1) * sizeof *s->place);
	for (uint32_t i = 0; i < size; i++)
		s->place[s->class_of[s->subset[i]] + 1]++;
	for (uint32_t c = 0; c < s->classes; c++)
		s->place[c + 1] += s->place[c];
	for (uint32_t i = 0; i < size; i++)
		s->sorted[s->place[s->class_of[s->subset[i]]]++] = s->subset[i];
}

/* Assign shards to clients first .. first + n - 1.  Of each K shards in a row the first `longer`
 * hold one example more. */
static void partition_pass(struct shards *s, struct fed_partition_job *d, uint32_t k,
                           uint32_t first, uint32_t n)
{
	const uint32_t samples = (uint32_t)d->how->samples;
	const uint32_t base = samples / k, longer = samples % k;
	uint32_t *long_deck = s->deck, *short_deck = s->deck + (size_t)n * longer;
	uint32_t *to = d->result->ids + d->result->start[first];

	choose_subset(s, d, n * samples);
	sort_subset(s, n * samples);
	for (uint32_t i = 0; i < n * k; i++)
		*(i % k < longer ? long_deck++ : short_deck++) = i;
	fed_stream_shuffle(&d->rand, s->deck, (size_t)n * longer);
	fed_stream_shuffle(&d->rand, s->deck + (size_t)n * longer, (size_t)n * (k - longer));
	long_deck = s->deck;
	short_deck = s->deck + (size_t)n * longer;
	for (uint32_t i = 0; i < n * k; i++) {
		const bool is_long = i % k < longer;
		const uint32_t shard = is_long ? *long_deck++ : *short_deck++;
		const uint32_t part = shard % k;
		const uint32_t from = shard / k * samples + part * base + (part < longer ? part : longer);

		memcpy(to, s->sorted + from, (base + is_long) * sizeof *to);
		to += base + is_long;
	}
}

int fed__partition_shards(struct fed_partition_job *d, uint32_t k, struct fed_error *err)
{
	const uint64_t samples = (uint64_t)d->how->samples;

	if (samples < k)
		return fed_fail(err, "samples=%llu; it must be at least the %u shards of each client",
		                (unsigned long long)samples, k);
	if (samples > d->data->train)
		return fed_fail(err,
		                "samples=%llu; the dataset has %u training examples to cut into shards",
		                (unsigned long long)samples, d->data->train);

	const uint64_t most = d->shared ? d->data->train / samples : d->n;
	const uint32_t pass = (uint32_t)(most < d->n ? most : d->n);
	struct shards s = {0};
	int rc = shards_init(&s, d, pass * samples, err);

	for (uint32_t first = 0; !rc && first < d->n; first += pass)
		partition_pass(&s, d, k, first, d->n - first < pass ? d->n - first : pass);
	shards_release(&s);
	return rc;
}
