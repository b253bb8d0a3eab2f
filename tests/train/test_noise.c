/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Noise on what clients send: Gaussian of the size asked for, of each client its own, the same bits
 * for any number of threads.
 */
#include "train/clients/noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "train/lab.h"
#include "train/schemes/schemes.h"

#define BLOBS "blobs train=600 test=60 classes=3"

static double deviation(const float *v, size_t n)
{
	double square = 0;

	for (size_t i = 0; i < n; i++)
		square += (double)v[i] * v[i];
	return sqrt(square / (double)n);
}

START_TEST(it_is_gaussian)
{
	enum { N = 100000 };
	struct fed_stream r = fed_stream_open(5, FED_FOR_NOISE, 1, 2);
	float *v = fed_alloc_floats(N);
	double mean = 0, fourth = 0;

	for (int i = 0; i < N; i++)
		v[i] = 0;
	fed_noise_add(&r, 0.5, v, N);
	for (int i = 0; i < N; i++) {
		mean += v[i] / (double)N;
		fourth += pow(v[i], 4) / N;
	}
	ck_assert_double_eq_tol(mean, 0, 5 * 0.5 / sqrt(N));
	ck_assert_double_eq_tol(deviation(v, N), 0.5, 0.01);
	ck_assert_double_eq_tol(fourth / pow(0.5, 4), 3, 0.2);
	fed_free_floats(v);
}
END_TEST

START_TEST(none_changes_and_draws_nothing)
{
	struct fed_stream r = fed_stream_open(5, FED_FOR_NOISE, 1, 2), same = r;
	float v[3] = {1, -0.0f, 3}, before[3];

	memcpy(before, v, sizeof v);
	fed_noise_add(&r, 0, v, 3);
	ck_assert_mem_eq(v, before, sizeof v);
	ck_assert_uint_eq(fed_stream_u64(&r), fed_stream_u64(&same));
}
END_TEST

static void compose(struct lab *lab, double noise, uint32_t clients, int64_t threads)
{
	lab_compose(lab, BLOBS, "mlp hidden=200", "fedavg", "local", clients, 10, FED_PARTITION_IID);
	lab->settings.noise = noise;
	lab->settings.threads = threads;
}

/* What a round of a started lab changes [dim]; the caller's. */
static float *step_of(struct lab *lab)
{
	const size_t dim = lab->net.dim;
	float *step = fed_alloc_floats(dim);

	memcpy(step, lab->federation.params, dim * sizeof *step);
	lab_run(lab, 1);
	for (size_t j = 0; j < dim; j++)
		step[j] -= lab->federation.params[j];
	return step;
}

/* With a learning rate of 0 an update is its noise, and the mean of 4 clients' half of it. */
START_TEST(updates_carry_it)
{
	for (uint32_t clients = 1; clients <= 4; clients += 3) {
		struct lab lab;

		compose(&lab, 0.2, clients, 2);
		lab.settings.lr = 0;
		lab_start(&lab);
		float *step = step_of(&lab);
		ck_assert_double_eq_tol(deviation(step, lab.net.dim), 0.2 / sqrt(clients),
		                        0.02 / sqrt(clients));
		fed_free_floats(step);
		lab_release(&lab);
	}
}
END_TEST

/* So is that of the heads which SplitFed averages; the server's layers stay what they are. */
START_TEST(heads_carry_it)
{
	struct lab lab;

	compose(&lab, 0.2, 4, 2);
	lab.settings.lr = 0;
	lab_scheme(&lab, &fed_scheme_split, "parallel", _i ? "v2" : "v1");
	lab_scheme(&lab, &fed_scheme_split, "cut", "1");
	lab_start(&lab);
	float *step = step_of(&lab);
	const size_t head = lab.net.layer[1].offset;
	ck_assert_double_eq_tol(deviation(step, head), 0.1, 0.01);
	ck_assert_double_eq(deviation(step + head, lab.net.dim - head), 0);
	fed_free_floats(step);
	lab_release(&lab);
}
END_TEST

START_TEST(threads_change_nothing)
{
	struct lab lab[3];

	for (int k = 0; k < 3; k++) {
		compose(&lab[k], k < 2 ? 0.01 : 0, 6, k ? 1 : 8);
		lab_start(&lab[k]);
		lab_run(&lab[k], 3);
	}

	const size_t bytes = lab[0].net.dim * sizeof(float);
	ck_assert_mem_eq(lab[0].federation.params, lab[1].federation.params, bytes);
	ck_assert_mem_ne(lab[0].federation.params, lab[2].federation.params, bytes);
	for (int k = 0; k < 3; k++)
		lab_release(&lab[k]);
}
END_TEST

FED_SUITE(noise)
{
	Suite *suite = suite_create("noise");
	TCase *tests = tcase_create("noise");

	tcase_add_test(tests, it_is_gaussian);
	tcase_add_test(tests, none_changes_and_draws_nothing);
	tcase_add_test(tests, updates_carry_it);
	tcase_add_loop_test(tests, heads_carry_it, 0, 2);
	tcase_add_test(tests, threads_change_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
