/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Calls of attacks: what comes back is checked, and the distances that colluders ask for are right.
 */
#include "plug/plugins.h"

#include <math.h>

#include "base/blas.h"
#include "plug/calls/call.h"
#include "plug/distances.h"

enum { DIM = 1300, MOST = 40 };

static float row[MOST][DIM], out[DIM];
static const float *rows[MOST];

static void fill(uint32_t n, double shared)
{
	for (uint32_t i = 0; i < n; i++) {
		rows[i] = row[i];
		for (size_t j = 0; j < DIM; j++)
			row[i][j] = (float)(shared + fed_random_real(i, j) - 0.5);
	}
}

static int craft(struct fed_instance *attack, struct fed_error *err)
{
	const struct fed_attacker attacker = {.dim = DIM, .delta = row[1], .params = row[0]};

	return fed_call_craft(attack, &attacker, out, err);
}

static int collude(struct fed_instance *attack, struct fed_error *err)
{
	static const uint32_t sender[MOST];
	const struct fed_collusion view = {.dim = DIM,
	                                   .params = row[0],
	                                   .attackers = 2,
	                                   .n_known = 5,
	                                   .known = rows,
	                                   .sender = sender,
	                                   .clients = 7};

	return fed_call_collude(attack, &view, NULL, out, err);
}

static int suits(struct fed_instance *attack, struct fed_error *err)
{
	const struct fed_examples form = {.height = 1, .width = 1, .channels = 1, .classes = 3};

	return fed_call_suits(attack, &form, err);
}

static const struct {
	const char *path, *how, *at;
	int (*call)(struct fed_instance *, struct fed_error *);
	const char *words; /* of the failure; NULL: it is none */
} calls[] = {
	{FIXTURE("misbehave_craft"), "good", "0", craft, NULL},
	{FIXTURE("misbehave_craft"), "skip", "7", craft, NULL}, /* the honest number stays */
	{FIXTURE("misbehave_craft"), "nan", "7", craft, NULL},  /* the gate's to refuse */
	{FIXTURE("misbehave_craft"), "inf", "7", craft, NULL},
	{FIXTURE("misbehave_craft"), "fail", "0", craft, "attack misbehave-craft: broke at 0"},
	{FIXTURE("misbehave_craft"), "reject", "0", craft, "attack misbehave-craft: has no mind to"},
	{FIXTURE("misbehave_craft"), "silent", "0", craft, "craft() failed and gave no reason"},
	{FIXTURE("misbehave_craft"), "bad-code", "0", craft, "craft() returned 7"},
	{FIXTURE("misbehave_collude"), "nan", "1299", collude, NULL},
	{FIXTURE("misbehave_collude"), "skip", "1299", collude,
     "attack misbehave-collude: number 1299 of what it sends was never written"},
	{FIXTURE("misbehave_collude"), "add-to", "0", collude, "number 0 of what it sends was never"},
	{FIXTURE("misbehave_collude"), "fail", "0", collude, "broke at 0"},
	{FIXTURE("misbehave_collude"), "reject", "0", collude, "has no mind to"},
	{FIXTURE("misbehave_collude"), "bad-code", "0", collude, "collude() returned 7"},
	{FIXTURE("misbehave_poison"), "good", "0", suits, NULL},
	{FIXTURE("misbehave_poison"), "fail", "0", suits, "attack misbehave-poison: broke at 0"},
	{FIXTURE("misbehave_poison"), "bad-code", "0", suits, "suits() returned 7"},
	{FIXTURE("misbehave_craft"), "good", "0", suits, NULL}, /* has none */
};

START_TEST(results_are_checked)
{
	struct fed_registry *registry = make_registry();
	struct fed_instance attack;
	struct fed_error err = {""};

	fill(5, 0);
	make_instance(registry, calls[_i].path, &attack, "how", calls[_i].how, "at", calls[_i].at);
	const int rc = calls[_i].call(&attack, &err);
	ck_assert_msg(rc == (calls[_i].words ? FED_FAIL : FED_OK), "%d: %s", _i, err.text);
	if (calls[_i].words)
		ck_says(err.text, calls[_i].words);
	if (strcmp(calls[_i].how, "skip") == 0 && !calls[_i].words) {
		ck_assert_float_eq(out[7], row[1][7]);
		ck_assert_float_eq(out[8], 1);
	}
	fed_instance_release(&attack);
	fed_registry_free(registry);
}
END_TEST

START_TEST(labels_are_checked)
{
	static const char *const at[] = {"0", "1", "3", "4"};
	static const char *const words[] = {"gave example 9 the label -1, allowed are 0 to 2", NULL,
	                                    NULL, "gave example 9 the label 3, allowed are 0 to 2"};
	struct fed_registry *registry = make_registry();
	struct fed_instance attack;
	struct fed_error err = {""};
	float x[2] = {0};
	int32_t label[2] = {0};
	const uint32_t id[] = {9, 10};
	const struct fed_examples e = {.n = 2,
	                               .height = 1,
	                               .width = 1,
	                               .channels = 1,
	                               .classes = 3,
	                               .x = x,
	                               .label = label,
	                               .id = id};

	make_instance(registry, FIXTURE("misbehave_poison"), &attack, "at", at[_i], NULL, NULL);
	ck_assert_int_eq(fed_call_poison(&attack, &e, &err), words[_i] ? FED_FAIL : FED_OK);
	if (words[_i])
		ck_says(err.text, words[_i]);
	fed_instance_release(&attack);
	fed_registry_free(registry);
}
END_TEST

static double slow_distance(uint32_t i, uint32_t k, size_t dim)
{
	double sum = 0;

	for (size_t j = 0; j < dim; j++)
		sum += pow((double)row[i][j] - row[k][j], 2);
	return sum;
}

/* Against plain loops: few and many rows and coordinates, with and without threads, also where all
 * rows share far more than they differ by. */
START_TEST(distances)
{
	static const uint32_t ns[] = {1, 2, 7, 40};
	static const size_t dims[] = {1, 511, 513, DIM};
	const uint32_t n = ns[_i / 4 % 4];
	const size_t dim = dims[_i % 4];
	const double shared = _i / 16 ? 100 : 0, tolerance = shared ? 1e-3 : 1e-5;
	static double got[MOST * MOST], threaded[MOST * MOST];
	struct fed_pool *pool;
	struct fed_error err;

	fill(n, shared);
	ck_ok(fed_pool_init(&pool, 3, 3, &err));
	ck_ok(fed_distances(rows, n, dim, NULL, got, &err));
	ck_ok(fed_distances(rows, n, dim, pool, threaded, &err));
	ck_assert_mem_eq(got, threaded, n * n * sizeof *got);
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t k = 0; k < n; k++) {
			const double want = slow_distance(i, k, dim);
			ck_assert_double_eq_tol(got[i * n + k], want, tolerance * fmax(want, 1));
			ck_assert_double_ge(got[i * n + k], 0);
		}
	fed_pool_free(pool);
}
END_TEST

START_TEST(colluders_get_what_is_promised)
{
	struct fed_registry *registry = make_registry();
	struct fed_instance attack;
	struct fed_error err = {""};
	double sum = 0;

	fill(5, 0);
	make_instance(registry, FIXTURE("misbehave_collude"), &attack, NULL, NULL, NULL, NULL);
	ck_ok(collude(&attack, &err));
	for (uint32_t i = 0; i < 5; i++)
		for (uint32_t k = 0; k < 5; k++)
			sum += slow_distance(i, k, DIM);
	for (size_t j = 0; j < DIM; j++)
		ck_assert_double_eq_tol(out[j], sum, 1e-5 * sum);
	fed_instance_release(&attack);
	fed_registry_free(registry);
}
END_TEST

static int try_colluding(void *ctx, struct fed_error *err)
{
	return collude(ctx, err);
}

START_TEST(survives_lack_of_memory)
{
	struct fed_registry *registry = make_registry();
	struct fed_instance attack;

	fill(5, 0);
	make_instance(registry, FIXTURE("misbehave_collude"), &attack, NULL, NULL, NULL, NULL);
	ck_assert_uint_gt(fed_each_allocation(try_colluding, &attack), 3);
	fed_instance_release(&attack);
	fed_registry_free(registry);
}
END_TEST

FED_SUITE(attack_calls)
{
	fed_blas_init();
	Suite *suite = suite_create("attack calls");
	TCase *tests = tcase_create("attack calls");

	tcase_add_loop_test(tests, results_are_checked, 0, COUNT(calls));
	tcase_add_loop_test(tests, labels_are_checked, 0, 4);
	tcase_add_loop_test(tests, distances, 0, 32);
	tcase_add_test(tests, colluders_get_what_is_promised);
	tcase_add_test(tests, survives_lack_of_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
