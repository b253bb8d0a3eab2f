/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Partitions: properties that hold for every kind, and what each kind promises.
 */
#include "data/partition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"

/* Data sets: labels unequally frequent and in no order, as fixtures that need no source ---------
 */

enum { TRAIN = 3000, CLASSES = 7, USERS = 40 };

static struct fed_dataset *fixture;

static struct fed_dataset *make_fixture(void)
{
	struct fed_dataset *data = fed_alloc(sizeof *data);
	struct fed_stream r = fed_stream_open(5, FED_FOR_DATA, 99, 0);

	strcpy(data->name, "fixture");
	data->shape = (struct fed_shape){.rank = 1, .dim = {1}};
	data->classes = data->outputs = CLASSES;
	data->train = TRAIN;
	data->values = fed_alloc_floats(TRAIN);
	data->label = fed_alloc_array(TRAIN, sizeof *data->label);
	data->target = fed_alloc_floats((size_t)TRAIN * CLASSES);
	data->owner = fed_alloc_array(TRAIN, sizeof *data->owner);
	data->owners = USERS;
	for (uint32_t i = 0; i < TRAIN; i++) {
		/* class c as often as c + 1 to 28; user 7 has nothing */
		uint32_t c = 0, u = fed_stream_below(&r, CLASSES * (CLASSES + 1) / 2);

		while (u >= c + 1)
			u -= ++c;
		data->label[i] = (int32_t)c;
		data->owner[i] = fed_stream_below(&r, USERS);
		data->owner[i] += data->owner[i] == 7;
		data->target[(size_t)i * CLASSES] = (float)fed_stream_normal(&r);
	}
	return data;
}

static void set_up(void)
{
	fixture = make_fixture();
}

static void tear_down(void)
{
	fed_dataset_free(fixture);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static struct fed_partition partition_of(int kind, int64_t samples)
{
	return (struct fed_partition){.kind = (enum fed_partition_kind)kind,
	                              .samples = samples,
	                              .shards = 3,
	                              .alpha = 0.3,
	                              .spread = 0.6};
}

static struct fed_example_pool full_pool(void)
{
	struct fed_example_pool pool;
	struct fed_error err;

	fed_assert_ok(fed_example_pool_init(&pool, TRAIN, &err), &err);
	return pool;
}

static uint32_t count_pool(const struct fed_example_pool *pool)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < (TRAIN + 63) / 64; i++)
		n += (uint32_t)__builtin_popcountll(pool->free_bits[i]);
	return n;
}

static bool in_pool(const struct fed_example_pool *pool, uint32_t id)
{
	return pool->free_bits[id / 64] >> (id % 64) & 1;
}

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* No id twice among ids[0..n), all of them examples. */
static void assert_distinct(const uint32_t *ids, size_t n)
{
	uint32_t *sorted = malloc((n + 1) * sizeof *sorted);

	memcpy(sorted, ids, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_number);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_lt(sorted[i], TRAIN);
		ck_assert(i == 0 || sorted[i] != sorted[i - 1]);
	}
	free(sorted);
}

/* What holds for every kind ----------------------------------------------------------------------
 */

static const struct {
	uint32_t n;
	int64_t samples;
} sizes[] = {{1, 3}, {1, TRAIN}, {10, 300}, {10, 7}, {7, 101}, {100, 30}, {300, 10}, {33, 13}};

static void check_deal(int kind, uint32_t n, int64_t samples, uint64_t seed)
{
	const struct fed_partition how = partition_of(kind, samples);
	struct fed_example_pool pool = full_pool();
	struct fed_partition_result made, again;
	struct fed_error err;

	fed_assert_ok(fed_partition_run(fixture, &pool, &how, n, seed, 4, &made, &err), &err);
	const uint64_t total = made.start[n];

	ck_assert(!made.shared);
	ck_assert_uint_eq(made.start[0], 0);
	assert_distinct(made.ids, total);
	if (kind != FED_PARTITION_NATURAL)
		ck_assert_uint_eq(total, n * (uint64_t)samples);
	for (uint32_t i = 0; i < n; i++) {
		const uint64_t size = made.start[i + 1] - made.start[i];

		ck_assert_uint_ge(size, 1);
		if (kind != FED_PARTITION_NATURAL && kind != FED_PARTITION_QUANTITY)
			ck_assert_uint_eq(size, (uint64_t)samples);
	}
	ck_assert_uint_eq(pool.left, TRAIN - total);
	ck_assert_uint_eq(count_pool(&pool), pool.left);
	for (uint64_t i = 0; i < total; i++)
		ck_assert(!in_pool(&pool, made.ids[i]));
	ck_assert((made.shift != NULL) == (kind == FED_PARTITION_FEATURE));

	/* twice is as good as once */
	fed_example_pool_return(&pool, made.ids, (uint32_t)total);
	fed_example_pool_return(&pool, made.ids, (uint32_t)total);
	ck_assert_uint_eq(pool.left, TRAIN);
	ck_assert_uint_eq(count_pool(&pool), TRAIN);

	fed_assert_ok(fed_partition_run(fixture, &pool, &how, n, seed, 4, &again, &err), &err);
	ck_assert_mem_eq(made.ids, again.ids, total * sizeof *made.ids);
	ck_assert_mem_eq(made.start, again.start, (n + 1) * sizeof *made.start);
	fed_partition_result_release(&made);
	fed_partition_result_release(&again);
	fed_example_pool_release(&pool);
}

START_TEST(every_deal_is_exact)
{
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		for (uint64_t seed = 1; seed < 5; seed++) {
			const bool too_many = _i == FED_PARTITION_NATURAL && sizes[i].n > USERS - 1;

			if (!too_many)
				check_deal(_i, sizes[i].n, sizes[i].samples, seed);
		}
}
END_TEST

START_TEST(partitions_one_after_the_other_never_overlap)
{
	struct fed_example_pool pool = full_pool();
	struct fed_error err;
	uint32_t all[TRAIN], n = 0;

	for (uint64_t number = 0; number < 6; number++) {
		/* each kind but natural, whose users would no longer be whole */
		const struct fed_partition how = partition_of((int)number, 50);
		struct fed_partition_result made;

		fed_assert_ok(fed_partition_run(fixture, &pool, &how, 10, 3, number, &made, &err), &err);
		memcpy(all + n, made.ids, made.start[10] * sizeof *all);
		n += (uint32_t)made.start[10];
		fed_partition_result_release(&made);
	}
	ck_assert_uint_eq(n, TRAIN);
	ck_assert_uint_eq(pool.left, 0);
	assert_distinct(all, n);
	fed_example_pool_release(&pool);
}
END_TEST

START_TEST(seed_and_number_matter)
{
	struct fed_example_pool pool = full_pool();
	const struct fed_partition how = partition_of(_i, 20);
	struct fed_partition_result a, b, c;
	struct fed_error err;

	fed_assert_ok(fed_partition_run(fixture, &pool, &how, 10, 1, 0, &a, &err), &err);
	fed_example_pool_return(&pool, a.ids, (uint32_t)a.start[10]);
	fed_assert_ok(fed_partition_run(fixture, &pool, &how, 10, 2, 0, &b, &err), &err);
	fed_example_pool_return(&pool, b.ids, (uint32_t)b.start[10]);
	fed_assert_ok(fed_partition_run(fixture, &pool, &how, 10, 1, 1, &c, &err), &err);
	ck_assert_mem_ne(a.ids, b.ids, 100 * sizeof *a.ids);
	ck_assert_mem_ne(a.ids, c.ids, 100 * sizeof *a.ids);
	fed_partition_result_release(&a);
	fed_partition_result_release(&b);
	fed_partition_result_release(&c);
	fed_example_pool_release(&pool);
}
END_TEST

struct attempt {
	struct fed_partition how;
	uint32_t n;
};

static int try_deal(void *ctx, struct fed_error *err)
{
	const struct attempt *a = ctx;
	struct fed_example_pool pool;
	struct fed_partition_result made;

	if (fed_example_pool_init(&pool, TRAIN, err))
		return FED_FAIL;
	const int rc = fed_partition_run(fixture, &pool, &a->how, a->n, 1, 0, &made, err);

	if (rc) {
		ck_assert_uint_eq(pool.left, TRAIN);
		ck_assert_uint_eq(count_pool(&pool), TRAIN);
	} else {
		fed_partition_result_release(&made);
	}
	fed_example_pool_release(&pool);
	return rc;
}

/* The fixture is allocated once before and counts as live: each_allocation compares. */
START_TEST(every_allocation_may_fail)
{
	struct attempt a = {partition_of(_i, 30), 10};

	ck_assert_uint_ge(fed_each_allocation(try_deal, &a), 3);
	if (_i == FED_PARTITION_NATURAL)
		return;
	a.how.reuse = true;
	a.n = 200;
	ck_assert_uint_ge(fed_each_allocation(try_deal, &a), 3);
}
END_TEST

/* Refusals
 * ------------------------------------------------------------------------------------------- */

static const struct {
	struct fed_partition how;
	uint32_t n;
	const char *says[3];
} refused[] = {
	{{FED_PARTITION_IID, .samples = 301}, 10, {"3,010", "3,000 are left", "samples=300"}},
	{{FED_PARTITION_DIRICHLET, .samples = 1, .alpha = 0.1},
     100000,
     {"3,000 examples are left", "reuse", ""}},
	{{FED_PARTITION_NONIID, .samples = 1}, 5, {"samples=1", "2 shards", ""}},
	{{FED_PARTITION_SHARDS, .samples = 5, .shards = 6}, 5, {"shards=6", "samples=5", ""}},
	{{FED_PARTITION_SHARDS, .samples = 5, .shards = 0}, 5, {"shards=0", "samples=5", ""}},
	{{FED_PARTITION_SHARDS, .samples = TRAIN + 1, .shards = 2, .reuse = true},
     5,
     {"3001", "3000", ""}},
	{{FED_PARTITION_DIRICHLET, .samples = 5, .alpha = 0}, 5, {"alpha=0", "above 0", ""}},
	{{FED_PARTITION_DIRICHLET, .samples = 5, .alpha = NAN}, 5, {"alpha=", "above 0", ""}},
	{{FED_PARTITION_DIRICHLET, .samples = 5, .alpha = INFINITY}, 5, {"alpha=inf", "finite", ""}},
	{{FED_PARTITION_QUANTITY, .samples = 5, .spread = 11}, 5, {"spread=11", "0 to 10", ""}},
	{{FED_PARTITION_FEATURE, .samples = 5, .spread = NAN}, 5, {"spread=", "0 to 10", ""}},
	{{FED_PARTITION_IID, .samples = 0}, 5, {"samples=0", "", ""}},
	{{FED_PARTITION_IID, .samples = 5}, 0, {"0 clients", "", ""}},
	{{FED_PARTITION_NATURAL, .samples = 5}, 40, {"39 of the dataset's 40", "at most 39", "reuse"}},
};

START_TEST(refusals_have_words_and_change_nothing)
{
	struct fed_example_pool pool = full_pool();
	struct fed_partition_result made = {0};
	struct fed_error err;

	ck_assert_int_eq(
		fed_partition_run(fixture, &pool, &refused[_i].how, refused[_i].n, 1, 0, &made, &err),
		FED_FAIL);
	for (int k = 0; k < 3; k++)
		ck_assert_msg(strstr(err.text, refused[_i].says[k]), "%s: %s", refused[_i].says[k],
		              err.text);
	ck_assert_ptr_null(made.ids);
	ck_assert_uint_eq(count_pool(&pool), TRAIN);
	fed_example_pool_release(&pool);
}
END_TEST

START_TEST(no_users_no_natural)
{
	struct fed_example_pool pool = full_pool();
	const struct fed_partition how = partition_of(FED_PARTITION_NATURAL, 1);
	struct fed_partition_result made;
	struct fed_error err;

	fed_free(fixture->owner);
	fixture->owner = NULL;
	ck_assert_int_eq(fed_partition_run(fixture, &pool, &how, 1, 1, 0, &made, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "fixture has no users"));
	fed_example_pool_release(&pool);
}
END_TEST

/* What each kind promises
 * -------------------------------------------------------------------------------- */

static struct fed_partition_result partitioned(const struct fed_partition *how, uint32_t n,
                                               uint64_t seed)
{
	struct fed_example_pool pool = full_pool();
	struct fed_partition_result made;
	struct fed_error err;

	fed_assert_ok(fed_partition_run(fixture, &pool, how, n, seed, 0, &made, &err), &err);
	fed_example_pool_release(&pool);
	return made;
}

static void histogram(const struct fed_partition_result *made, uint32_t client,
                      uint32_t counts[CLASSES])
{
	memset(counts, 0, CLASSES * sizeof *counts);
	for (uint64_t k = made->start[client]; k < made->start[client + 1]; k++)
		counts[fixture->label[made->ids[k]]]++;
}

static uint32_t labels_of(const struct fed_partition_result *made, uint32_t client)
{
	uint32_t counts[CLASSES], n = 0;

	histogram(made, client, counts);
	for (int c = 0; c < CLASSES; c++)
		n += counts[c] > 0;
	return n;
}

START_TEST(iid_takes_each_example_equally_often)
{
	const struct fed_partition how = partition_of(FED_PARTITION_IID, 30);
	uint32_t taken[10] = {0}; /* by tenths of the ids */

	for (uint64_t seed = 0; seed < 200; seed++) {
		struct fed_partition_result made = partitioned(&how, 10, seed);

		for (uint64_t k = 0; k < made.start[10]; k++)
			taken[made.ids[k] / (TRAIN / 10)]++;
		fed_partition_result_release(&made);
	}
	/* 60,000 draws: 6,000 a tenth, deviation 70 */
	for (int k = 0; k < 10; k++)
		ck_assert_msg(abs((int)taken[k] - 6000) < 350, "tenth %d: %u", k, taken[k]);
}
END_TEST

/* A shard is a run of the sorted examples, so it ends in a label's middle at most CLASSES - 1 times
 * in all: nearly all clients see no more labels than shards. */
START_TEST(shards_hold_few_labels)
{
	for (int64_t shards = 1; shards <= 4; shards++) {
		struct fed_partition how = partition_of(FED_PARTITION_SHARDS, 25);
		uint32_t beyond = 0, seen[CLASSES] = {0};

		how.shards = shards;
		struct fed_partition_result made = partitioned(&how, 60, 9);
		for (uint32_t i = 0; i < 60; i++) {
			uint32_t counts[CLASSES], labels = labels_of(&made, i);

			histogram(&made, i, counts);
			for (int c = 0; c < CLASSES; c++)
				seen[c] += counts[c];
			beyond += labels > shards ? labels - (uint32_t)shards : 0;
		}
		ck_assert_uint_le(beyond, CLASSES - 1);
		/* 1,500 of the 3,000: a random half of each label */
		for (int c = 0; c < CLASSES; c++)
			ck_assert_uint_gt(seen[c], 0);
		fed_partition_result_release(&made);
	}
}
END_TEST

START_TEST(noniid_is_two_shards)
{
	struct fed_partition how = partition_of(FED_PARTITION_SHARDS, 30);

	how.shards = 2;
	struct fed_partition_result a = partitioned(&how, 100, 3);
	how.kind = FED_PARTITION_NONIID;
	struct fed_partition_result b = partitioned(&how, 100, 3);

	ck_assert_mem_eq(a.ids, b.ids, a.start[100] * sizeof *a.ids);
	fed_partition_result_release(&a);
	fed_partition_result_release(&b);
}
END_TEST

/* Mean over clients of the total variation distance between a client's mix and the data's. */
static double distance_to_prior(double alpha)
{
	struct fed_partition how = partition_of(FED_PARTITION_DIRICHLET, 100);
	double sum = 0, share[CLASSES] = {0};

	how.alpha = alpha;
	for (uint32_t i = 0; i < TRAIN; i++)
		share[fixture->label[i]] += 1.0 / TRAIN;
	struct fed_partition_result made = partitioned(&how, 10, 11);
	for (uint32_t i = 0; i < 10; i++) {
		uint32_t counts[CLASSES];

		histogram(&made, i, counts);
		for (int c = 0; c < CLASSES; c++)
			sum += fabs(counts[c] / 100.0 - share[c]) / 2 / 10;
	}
	fed_partition_result_release(&made);
	return sum;
}

START_TEST(dirichlet_goes_from_one_label_to_the_prior)
{
	const double prior = distance_to_prior(1e6), middle = distance_to_prior(0.5),
				 one = distance_to_prior(1e-3);

	/* sampling 100 of 7 classes alone gives about 0.09 */
	ck_assert_double_lt(prior, 0.14);
	ck_assert_double_gt(middle, prior);
	ck_assert_double_gt(one, middle);
	ck_assert_double_gt(one, 0.5);
}
END_TEST

/* Where gamma variates underflow and classes run out. */
START_TEST(dirichlet_ends_for_any_alpha)
{
	static const double alphas[] = {1e-300, 1e-12, 1e-5, 0.01, 1, 1e9, 1e300};

	for (size_t i = 0; i < sizeof alphas / sizeof *alphas; i++) {
		struct fed_partition how = partition_of(FED_PARTITION_DIRICHLET, 1);

		how.alpha = alphas[i];
		struct fed_partition_result made = partitioned(&how, TRAIN, 2);
		assert_distinct(made.ids, TRAIN);
		fed_partition_result_release(&made);
		how.samples = TRAIN;
		made = partitioned(&how, 1, 2);
		assert_distinct(made.ids, TRAIN);
		fed_partition_result_release(&made);
	}
}
END_TEST

START_TEST(quantity_follows_its_spread)
{
	struct fed_partition how = partition_of(FED_PARTITION_QUANTITY, 10);

	for (how.spread = 0; how.spread < 2; how.spread += 0.5) {
		struct fed_partition_result made = partitioned(&how, 300, 4);
		double sum = 0, squares = 0;

		for (uint32_t i = 0; i < 300; i++) {
			const double extra = (double)(made.start[i + 1] - made.start[i]) - 1;

			sum += extra;
			squares += extra * extra;
		}
		/* 9 a client beside the one that each has; the variation coefficient of a lognormal is
		 * sqrt(exp(s^2) - 1), of which a sample of 300 shows most */
		const double mean = sum / 300, variation = sqrt(squares / 300 - mean * mean) / mean;
		const double wanted = sqrt(exp(how.spread * how.spread) - 1);

		ck_assert_double_eq_tol(mean, 9, 1e-9);
		ck_assert_double_gt(variation, 0.5 * wanted - 0.01);
		ck_assert_double_lt(variation, 1.5 * wanted + 0.1);
		fed_partition_result_release(&made);
	}
}
END_TEST

START_TEST(feature_shifts_each_client)
{
	struct fed_partition how = partition_of(FED_PARTITION_FEATURE, 1);
	double gain = 0, offset = 0;

	struct fed_partition_result made = partitioned(&how, 3000, 4);
	for (uint32_t i = 0; i < 3000; i++) {
		ck_assert(made.shift[i].gain > 0);
		gain += log(made.shift[i].gain) * log(made.shift[i].gain) / 3000;
		offset += made.shift[i].offset * made.shift[i].offset / 3000;
	}
	ck_assert_double_eq_tol(sqrt(gain), how.spread, 0.03);
	ck_assert_double_eq_tol(sqrt(offset), how.spread, 0.03);
	fed_partition_result_release(&made);
	how.spread = 0;
	made = partitioned(&how, 3, 4);
	for (int i = 0; i < 3; i++)
		ck_assert(made.shift[i].gain == 1 && made.shift[i].offset == 0);
	fed_partition_result_release(&made);
}
END_TEST

START_TEST(natural_gives_whole_users_in_order)
{
	const struct fed_partition how = partition_of(FED_PARTITION_NATURAL, 1);
	struct fed_example_pool pool = full_pool();
	struct fed_partition_result made;
	struct fed_error err;
	uint32_t count[USERS] = {0}, next = 0;

	for (uint32_t i = 0; i < TRAIN; i++)
		count[fixture->owner[i]]++;
	for (int part = 0; part < 3; part++) {
		fed_assert_ok(fed_partition_run(fixture, &pool, &how, 13, 1, 0, &made, &err), &err);
		for (uint32_t i = 0; i < 13; i++, next++) {
			next += next == 7;
			ck_assert_uint_eq(made.start[i + 1] - made.start[i], count[next]);
			for (uint64_t k = made.start[i]; k < made.start[i + 1]; k++)
				ck_assert_uint_eq(fixture->owner[made.ids[k]], next);
		}
		fed_partition_result_release(&made);
	}
	ck_assert_uint_eq(pool.left, 0);
	fed_example_pool_release(&pool);
}
END_TEST

START_TEST(natural_leaves_users_that_are_not_whole)
{
	const struct fed_partition how = partition_of(FED_PARTITION_NATURAL, 1);
	struct fed_example_pool pool = full_pool();
	struct fed_partition_result made;
	struct fed_error err;
	uint32_t id = 0;

	while (fixture->owner[id] != 0)
		id++;
	pool.free_bits[id / 64] &= ~((uint64_t)1 << (id % 64));
	pool.left--;
	fed_assert_ok(fed_partition_run(fixture, &pool, &how, 1, 1, 0, &made, &err), &err);
	ck_assert_uint_eq(fixture->owner[made.ids[0]], 1);
	fed_partition_result_release(&made);
	fed_example_pool_release(&pool);
}
END_TEST

/* A regression is cut by tenths of its first target. */
START_TEST(regression_is_sharded_by_target)
{
	struct fed_partition how = partition_of(FED_PARTITION_NONIID, 30);
	uint32_t narrow = 0;

	fed_free(fixture->label);
	fixture->label = NULL;
	fixture->classes = 0;
	struct fed_partition_result made = partitioned(&how, 100, 3);
	for (uint32_t i = 0; i < 200; i++) {
		float low = INFINITY, high = -INFINITY;

		for (uint32_t k = 0; k < 15; k++) {
			const float y = fixture->target[(size_t)made.ids[i * 15 + k] * CLASSES];

			low = y < low ? y : low;
			high = y > high ? y : high;
		}
		/* inner tenths of a normal distribution are at most 0.44 wide */
		narrow += high - low < 0.5;
	}
	ck_assert_uint_ge(narrow, 150);
	fed_partition_result_release(&made);
}
END_TEST

/* Reuse
 * -----------------------------------------------------------------------------------------------------
 */

START_TEST(reuse_shares_examples_when_the_pool_is_short)
{
	struct fed_partition how = partition_of(_i, 40);
	struct fed_example_pool pool = full_pool();
	struct fed_partition_result made;
	struct fed_error err;

	how.reuse = true;
	fed_assert_ok(fed_partition_run(fixture, &pool, &how, 30, 1, 0, &made, &err), &err);
	ck_assert(!made.shared);
	fed_partition_result_release(&made);
	const uint32_t left = pool.left;

	fed_assert_ok(fed_partition_run(fixture, &pool, &how, 500, 1, 1, &made, &err), &err);
	ck_assert(made.shared);
	ck_assert_uint_eq(pool.left, left);
	ck_assert_uint_eq(count_pool(&pool), left);
	for (uint32_t i = 0; i < 500; i++)
		assert_distinct(made.ids + made.start[i], made.start[i + 1] - made.start[i]);
	fed_partition_result_release(&made);
	fed_example_pool_release(&pool);
}
END_TEST

START_TEST(reuse_shares_users)
{
	struct fed_partition how = partition_of(FED_PARTITION_NATURAL, 1);

	how.reuse = true;
	struct fed_partition_result made = partitioned(&how, 100, 1);
	ck_assert(made.shared);
	for (uint32_t i = 0; i < 100; i++) {
		uint32_t user = i % (USERS - 1);

		user += user >= 7;
		ck_assert_uint_eq(fixture->owner[made.ids[made.start[i]]], user);
	}
	fed_partition_result_release(&made);
}
END_TEST

START_TEST(reuse_gives_more_than_there_are)
{
	static const int kinds[] = {FED_PARTITION_IID, FED_PARTITION_DIRICHLET, FED_PARTITION_QUANTITY};

	for (int k = 0; k < 3; k++) {
		struct fed_partition how = partition_of(kinds[k], 2 * TRAIN);
		uint32_t times[TRAIN] = {0};

		how.reuse = true;
		how.spread = 0;
		struct fed_partition_result made = partitioned(&how, 2, 1);
		for (uint64_t i = made.start[0]; i < made.start[1]; i++)
			times[made.ids[i]]++;
		for (uint32_t i = 0; i < TRAIN; i++)
			ck_assert_uint_eq(times[i], 2);
		fed_partition_result_release(&made);
	}
}
END_TEST

FED_SUITE(partition)
{
	Suite *suite = suite_create("partition");
	TCase *tests = tcase_create("partition");
	const int kinds = FED_PARTITION_IN_ORDER + 1;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, every_deal_is_exact, 0, kinds);
	tcase_add_test(tests, partitions_one_after_the_other_never_overlap);
	tcase_add_loop_test(tests, seed_and_number_matter, 0, FED_PARTITION_NATURAL);
	tcase_add_loop_test(tests, every_allocation_may_fail, 0, kinds);
	tcase_add_loop_test(tests, refusals_have_words_and_change_nothing, 0,
	                    sizeof refused / sizeof *refused);
	tcase_add_test(tests, no_users_no_natural);
	tcase_add_test(tests, iid_takes_each_example_equally_often);
	tcase_add_test(tests, shards_hold_few_labels);
	tcase_add_test(tests, noniid_is_two_shards);
	tcase_add_test(tests, dirichlet_goes_from_one_label_to_the_prior);
	tcase_add_test(tests, dirichlet_ends_for_any_alpha);
	tcase_add_test(tests, quantity_follows_its_spread);
	tcase_add_test(tests, feature_shifts_each_client);
	tcase_add_test(tests, natural_gives_whole_users_in_order);
	tcase_add_test(tests, natural_leaves_users_that_are_not_whole);
	tcase_add_test(tests, regression_is_sharded_by_target);
	tcase_add_loop_test(tests, reuse_shares_examples_when_the_pool_is_short, 0,
	                    FED_PARTITION_NATURAL);
	tcase_add_test(tests, reuse_shares_users);
	tcase_add_test(tests, reuse_gives_more_than_there_are);
	suite_add_tcase(suite, tests);
	return suite;
}
