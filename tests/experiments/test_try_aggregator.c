/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An aggregator on a file of updates.
 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "formats/npy.h"
#include "session/small.h"
#include "experiments/try_aggregator.h"
#include "support/suite.h"

enum { ROWS = 7, WIDTH = 5 };

static struct fed_session s;
static struct fed_temp temp;
static char matrix[256], weights[256], step[256];
static float x[ROWS * WIDTH];

static const char *put_array(const char *name, uint32_t rank, const uint32_t *shape,
                             const float *values, size_t n)
{
	struct fed_text bytes = {0};

	fed_npy_header(&bytes, false, rank, shape);
	fed_text_put(&bytes, (const char *)values, n * sizeof *values);
	fed_temp_write(&temp, name, bytes.s, bytes.len);
	fed_text_release(&bytes);
	return temp.file;
}

static void setup(void)
{
	static const uint32_t shape[] = {ROWS, WIDTH}, n[] = {ROWS};
	static const float w[ROWS] = {1, 2, 3, 4, 0, 6, 7};

	fed_temp_make(&temp);
	small_init(&s, NULL);
	for (size_t k = 0; k < ROWS * WIDTH; k++)
		x[k] = (float)(fed_random(1, k) % 19) - 9;
	snprintf(matrix, sizeof matrix, "%s", put_array("m.npy", 2, shape, x, ROWS * WIDTH));
	snprintf(weights, sizeof weights, "%s", put_array("w.npy", 1, n, w, ROWS));
	snprintf(step, sizeof step, "%s", fed_temp_file(&temp, "step.npy"));
}

static void teardown(void)
{
	fed__session_release(&s);
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* With "key=value" in `settings`, if any. */
static int try_it(struct fed_trial *t, const char *name, const char *key, const char *value,
                  const char *w, struct fed_error *err)
{
	const struct fed_assign assign = {key, value};

	return fed_try(t, &s, name, &assign, key ? 1 : 0, matrix, w, err);
}

START_TEST(steps_are_those_of_the_rules)
{
	struct fed_error err = {""};
	struct fed_trial t;

	fed_assert_ok(try_it(&t, "fedavg", NULL, NULL, weights, &err), &err);
	for (size_t j = 0; j < WIDTH; j++) {
		double sum = 0;
		for (size_t i = 0; i < ROWS; i++)
			sum += (i == 4 ? 0 : (double)i + 1) * (double)x[i * WIDTH + j];
		ck_assert_double_eq_tol((double)t.step[j], sum / 23, 1e-6);
	}
	ck_assert_float_eq_tol(t.verdict[6].weight, 7.0f / 23, 1e-6f);
	fed_trial_release(&t);

	fed_assert_ok(try_it(&t, "krum", "f", "2", NULL, &err), &err);
	size_t used = 0;
	for (size_t i = 0; i < ROWS; i++) {
		if (!t.verdict[i].used)
			continue;
		used++;
		ck_assert_int_eq(memcmp(t.step, x + i * WIDTH, sizeof(float) * WIDTH), 0);
	}
	ck_assert_uint_eq(used, 1);
	fed_trial_release(&t);

	fed_assert_ok(try_it(&t, "bgd", "groups", "3", NULL, &err), &err);
	for (size_t i = 0; i < ROWS; i++)
		ck_assert(t.trust[i].group >= 0 && t.trust[i].group < 3);
	fed_trial_release(&t);
	ck_assert_uint_eq(fed_session_version(&s), 0); /* beside the session's run */
}
END_TEST

START_TEST(numbers_that_are_none_count_as_infinite)
{
	static const uint32_t shape[] = {ROWS, WIDTH};
	struct fed_error err = {""};
	struct fed_trial t;

	x[3 * WIDTH + 2] = NAN;
	x[5 * WIDTH] = -INFINITY;
	put_array("m.npy", 2, shape, x, ROWS * WIDTH);
	fed_assert_ok(try_it(&t, "multi-krum", "f", "2", NULL, &err), &err);
	ck_assert(!t.verdict[3].used && !t.verdict[5].used && isinf(t.verdict[3].score));
	for (size_t j = 0; j < WIDTH; j++)
		ck_assert(isfinite(t.step[j]));
	fed_trial_release(&t);
	fed_assert_ok(try_it(&t, "geometric-median", NULL, NULL, NULL, &err), &err);
	ck_assert(t.verdict[3].weight == 0 && !t.trust[5].trusted);
	fed_trial_release(&t);
	fed_assert_ok(try_it(&t, "centered-clip", NULL, NULL, NULL, &err), &err);
	fed_trial_release(&t);
	ck_assert_int_eq(try_it(&t, "fedavg", NULL, NULL, NULL, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "its step is infinite at coordinate 0"), "%s", err.text);
}
END_TEST

START_TEST(steps_and_updates_are_saved_for_others)
{
	struct fed_stored_tensor array = {0};
	struct fed_text bytes = {0};
	struct fed_error err = {""};
	struct fed_trial t;

	fed_assert_ok(try_it(&t, "median", NULL, NULL, NULL, &err), &err);
	fed_assert_ok(fed_trial_save(&t, step, &err), &err);
	fed_assert_ok(fed_file_read(step, 1 << 20, &bytes, &err), &err);
	fed_assert_ok(fed_npy_parse(bytes.s, bytes.len, &array, &err), &err);
	ck_assert_uint_eq(array.rank, 1);
	ck_assert_uint_eq(array.shape[0], WIDTH);
	for (size_t j = 0; j < WIDTH; j++)
		ck_assert(fed_stored_number(&array, j) == t.step[j]);
	fed_trial_release(&t);
	fed_text_release(&bytes);

	/* The median of a round's updates is the step that the round made. */
	ck_assert_int_eq(fed_updates_save(&s, matrix, &err), FED_REJECT);
	small_do(&s, "dataset blobs;model softmax;add 5 iid 20;aggregator median;round 1");
	fed_assert_ok(fed_updates_save(&s, matrix, &err), &err);
	fed_assert_ok(try_it(&t, "median", NULL, NULL, NULL, &err), &err);
	ck_assert_uint_eq(t.n, 5);
	ck_assert_int_eq(memcmp(t.step, s.federation.verdicts.step, s.parts.net.dim * sizeof(float)),
	                 0);
	fed_trial_release(&t);
}
END_TEST

/* The k-th array of an archive that is not compressed. */
static const char *array_at(const struct fed_text *bytes, size_t k, size_t *head)
{
	const char *at = bytes->s;

	for (;; at++) {
		at = memmem(at, bytes->len - (size_t)(at - bytes->s), "\x93NUMPY", 6);
		ck_assert_ptr_nonnull(at);
		if (k-- == 0)
			break;
	}
	*head = 10 + (size_t)(unsigned char)at[8] + ((size_t)(unsigned char)at[9] << 8);
	return at;
}

START_TEST(an_archive_says_whose_the_rows_are)
{
	struct fed_stored_tensor array = {.name = "updates", .name_length = 7};
	struct fed_text bytes = {0};
	struct fed_error err = {""};
	char path[264];
	size_t head;

	small_do(&s, "dataset blobs;model softmax;add 6 iid 20;remove 2;aggregator median;round 1");
	const struct fed_verdicts *g = &s.federation.verdicts;
	const size_t dim = s.parts.net.dim;
	snprintf(path, sizeof path, "%s.npz", matrix);
	fed_assert_ok(fed_updates_save(&s, path, &err), &err);
	fed_assert_ok(fed_file_read(path, 1 << 20, &bytes, &err), &err);
	const char *at = array_at(&bytes, 0, &head);
	ck_assert_ptr_nonnull(memmem(at, head, "'<u4'", 5));
	ck_assert_uint_eq(g->n, 5);
	for (size_t i = 0; i < g->n; i++) {
		uint32_t client;
		memcpy(&client, at + head + i * sizeof client, sizeof client);
		ck_assert_uint_eq(client, g->of[i].client);
	}
	at = array_at(&bytes, 1, &head);
	fed_assert_ok(fed_npy_parse(at, head + g->n * dim * sizeof(float), &array, &err), &err);
	for (size_t i = 0; i < g->n; i++)
		ck_assert_int_eq(memcmp(array.bytes + i * dim * sizeof(float), g->of[i].update->vector[0],
		                        dim * sizeof(float)),
		                 0);
	fed_text_release(&bytes);
}
END_TEST

static const struct {
	const char *file; /* name of an array that is put there, or NULL */
	uint32_t rank, shape[3];
	float value;
	bool as_weights;
	const char *says;
} wrong[] = {
	{"a.npy", 1, {3}, 1, false, "has 1 dimension, two are needed"},
	{"a.npy", 3, {1, 1, 3}, 1, false, "has 3 dimensions"},
	{"a.npy", 2, {0, 3}, 1, false, "0 rows of 3 numbers"},
	{"a.npy", 1, {3}, 1, true, "7 weights is needed"},
	{"a.npy", 1, {ROWS}, -1, true, "weight 0 is -1; 0 or more"},
	{"a.npy", 1, {ROWS}, INFINITY, true, "weight 0 is inf"},
	{NULL, 0, {0}, 0, false, "No such file"},
};

START_TEST(wrong_files_are_refused_with_words)
{
	float values[ROWS];
	struct fed_error err = {""};
	struct fed_trial t;
	size_t n = 1;

	for (uint32_t k = 0; k < wrong[_i].rank; k++)
		n *= wrong[_i].shape[k];
	for (size_t k = 0; k < ROWS; k++)
		values[k] = wrong[_i].value;
	const char *file = wrong[_i].file
	                       ? put_array(wrong[_i].file, wrong[_i].rank, wrong[_i].shape, values, n)
	                       : "nowhere.npy";
	ck_assert_int_eq(fed_try(&t, &s, "median", NULL, 0, wrong[_i].as_weights ? matrix : file,
	                         wrong[_i].as_weights ? file : NULL, &err),
	                 FED_FAIL);
	ck_assert_msg(strstr(err.text, wrong[_i].says), "%s", err.text);
}
END_TEST

START_TEST(rows_that_a_rule_refuses_are_left_out)
{
	struct fed_error err = {""};
	struct fed_trial t;

	ck_assert_int_eq(try_it(&t, "scaffold", NULL, NULL, NULL, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "every row is refused"), "%s", err.text);
	ck_assert_int_eq(try_it(&t, "krum", "f", "3", NULL, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "2f + 2 = 8"), "%s", err.text);
	ck_assert_int_eq(try_it(&t, "kurm", NULL, NULL, NULL, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "krum"), "%s", err.text);
}
END_TEST

static int try_all(void *ctx, struct fed_error *err)
{
	struct fed_trial t;

	(void)ctx;
	if (try_it(&t, "multi-krum", "after", "nnm", weights, err))
		return FED_FAIL;
	const int rc = fed_trial_save(&t, step, err);
	fed_trial_release(&t);
	return rc;
}

START_TEST(survives_lack_of_memory)
{
	s.parts.settings.threads = 1;
	ck_assert_uint_gt(fed_each_allocation(try_all, NULL), 20);
}
END_TEST

FED_SUITE(try_aggregator)
{
	Suite *suite = suite_create("try");
	TCase *tests = tcase_create("try");

	tcase_add_test(tests, an_archive_says_whose_the_rows_are);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, steps_are_those_of_the_rules);
	tcase_add_test(tests, numbers_that_are_none_count_as_infinite);
	tcase_add_test(tests, steps_and_updates_are_saved_for_others);
	tcase_add_loop_test(tests, wrong_files_are_refused_with_words, 0, sizeof wrong / sizeof *wrong);
	tcase_add_test(tests, rows_that_a_rule_refuses_are_left_out);
	tcase_add_test(tests, survives_lack_of_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
