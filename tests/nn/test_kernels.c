/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The kernels of every instruction set that this processor has, against plain loops in double.
 */
#include "nn/kernels/kernels.h"
#include "nn/layers/layers.h"
#include "nn/nets.h"

static const enum fed_isa isas[] = {FED_ISA_PLAIN, FED_ISA_AVX2, FED_ISA_AVX512};
#define ISAS 3

/* n random values, and room for them to be wrong behind. */
static float *random_floats(size_t n, uint64_t key)
{
	float *v = fed_alloc_floats(n + 1);

	fill(v, n, key);
	return v;
}

static void assert_near(const float *got, const double *wanted, size_t n, double scale,
                        const char *what)
{
	for (size_t j = 0; j < n; j++)
		ck_assert_msg(fabs((double)got[j] - wanted[j]) <= 2e-6 * scale * (1 + fabs(wanted[j])),
		              "%s[%zu] is %.9g, should be %.9g", what, j, (double)got[j], wanted[j]);
}

START_TEST(elementwise)
{
	const struct fed_kernels *k = fed__kernels_of(isas[_i]);
	float x[67], y[67], dy[67], dx[67], e[67];

	if (!k)
		return;
	fill(x, 67, 1);
	fill(dy, 67, 2);
	for (size_t n = 0; n <= 67; n++) {
		for (size_t j = 0; j < n; j++)
			x[j] *= j % 3 ? 3 : 40;
		k->relu(x, y, n);
		k->relu_back(y, dy, dx, n);
		for (size_t j = 0; j < n; j++) {
			ck_assert_float_eq(y[j], x[j] > 0 ? x[j] : 0);
			ck_assert_float_eq(dx[j], x[j] > 0 ? dy[j] : 0);
		}
		k->exp(x, 0.5f, e, n);
		k->tanh(x, y, n);
		k->tanh_back(y, dy, dx, n);
		for (size_t j = 0; j < n; j++) {
			const double t = tanh((double)x[j]), exact = exp((double)(x[j] - 0.5f));
			ck_assert_double_eq_tol((double)e[j], exact, 4e-7 * exact + 1e-37);
			ck_assert_double_eq_tol((double)y[j], t, 4e-7 * fabs(t) + 1e-37);
			ck_assert_double_eq_tol((double)dx[j], (1 - t * t) * (double)dy[j], 1e-6);
		}
		memcpy(y, x, sizeof y);
		k->relu(y, y, n); /* in place */
		for (size_t j = 0; j < n; j++)
			ck_assert_float_eq(y[j], x[j] > 0 ? x[j] : 0);
		fill(x, 67, n);
	}
}
END_TEST

START_TEST(ends_of_the_range)
{
	const struct fed_kernels *k = fed__kernels_of(isas[_i]);
	const float x[6] = {-INFINITY, -200, 0, 88, NAN, -0.0f};
	float e[6], t[6], r[6];

	if (!k)
		return;
	k->exp(x, 0, e, 6);
	ck_assert(e[0] >= 0 && e[0] < 1e-37f && e[1] < 1e-37f);
	ck_assert_float_eq(e[2], 1);
	ck_assert_float_eq_tol(e[3] / 1.65163625e38f, 1, 1e-6f);
	ck_assert(isnan(e[4]));
	k->tanh(x, t, 6);
	ck_assert_float_eq(t[0], -1);
	ck_assert_float_eq(t[2], 0);
	ck_assert(isnan(t[4]));
	k->relu(x, r, 6);
	ck_assert(r[0] == 0 && r[3] == 88 && isnan(r[4]));
}
END_TEST

START_TEST(rows_and_transposes)
{
	const struct fed_kernels *k = fed__kernels_of(isas[_i]);
	static const size_t sizes[] = {1, 3, 8, 16, 17, 33, 50};

	for (size_t i = 0; k && i < 7; i++)
		for (size_t j = 0; j < 7; j++) {
			const size_t rows = sizes[i], columns = sizes[j];
			float *v = random_floats(rows * columns, 3), *sum = random_floats(columns, 4);
			float *to = random_floats(rows * columns, 5), *first = random_floats(rows * columns, 5);
			double *wanted = fed_alloc_array(columns, sizeof *wanted);

			for (size_t c = 0; c < columns; c++) {
				wanted[c] = (double)sum[c];
				for (size_t r = 0; r < rows; r++)
					wanted[c] += (double)v[r * columns + c];
			}
			k->add_rows(v, rows, columns, sum);
			assert_near(sum, wanted, columns, 10, "sum");
			k->add_transposed(v, columns, rows, columns, to, rows);
			for (size_t r = 0; r < rows; r++)
				for (size_t c = 0; c < columns; c++)
					ck_assert_float_eq(to[c * rows + r], first[c * rows + r] + v[r * columns + c]);
			fed_free_floats(v);
			fed_free_floats(sum);
			fed_free_floats(to);
			fed_free_floats(first);
			fed_free(wanted);
		}
}
END_TEST

START_TEST(sets_of_what_is_not_0)
{
	const struct fed_kernels *k = fed__kernels_of(isas[_i]);
	float x[64];

	for (uint32_t n = 0; k && n <= 64; n++) {
		uint64_t set = 0;

		for (uint32_t i = 0; i < 64; i++) {
			x[i] = fed_random(n, i) % 3 ? (i % 2 ? 0 : -0.0f) : i % 5 ? 1e-40f : NAN;
			set |= (uint64_t)(i < n && x[i] != 0) << i;
		}
		ck_assert(k->nonzero(x, n) == set);
	}
}
END_TEST

/* Dense ---------------------------------------------------------------------- */

static void plain_dense(const struct fed_dense_sizes *s, const float *x, const float *dy,
                        const float *w, const float *bias, double *y, double *dx, double *g)
{
	for (size_t b = 0; b < s->batch; b++)
		for (size_t j = 0; j < s->units; j++)
			y[b * s->units + j] = (double)bias[j];
	for (size_t k = 0; k < s->in; k++)
		for (size_t j = 0; j < s->units; j++)
			g[k * s->units + j] = (double)w[k * s->units + j];
	memset(dx, 0, (size_t)s->batch * s->in * sizeof *dx);
	for (size_t b = 0; b < s->batch; b++)
		for (size_t k = 0; k < s->in; k++)
			for (size_t j = 0; j < s->units; j++) {
				const double value = (double)x[b * s->in + k], weight = (double)w[k * s->units + j];
				const double d = (double)dy[b * s->units + j];

				y[b * s->units + j] += value * weight;
				dx[b * s->in + k] += d * weight;
				g[k * s->units + j] += value * d;
			}
}

/* As a picture on black: whole columns and single values are 0. */
static void make_holes(const struct fed_dense_sizes *s, float *x)
{
	for (size_t b = 0; b < s->batch; b++)
		for (size_t k = 0; k < s->in; k++)
			if (k % 5 == 2 || (b + k) % 3 == 0)
				x[b * s->in + k] = 0;
}

static struct fed_dense_sizes whole(uint32_t batch, uint32_t in, uint32_t units)
{
	return (struct fed_dense_sizes){batch, in, units, in, units};
}

/* The ways forward: all terms, or without zeros in either kind of tiles. */
static void forward(const struct fed_kernels *k, int way, const struct fed_dense_sizes *s,
                    const float *x, const float *w, const float *bias, float *y)
{
	if (way == 0)
		k->dense_forward(s, x, w, bias, y);
	else
		k->dense_forward_sparse(s, way == 2, x, w, bias, y);
}

/* Some columns of W and then the others, some rows and then the others: the same bits. */
static void try_parts(const struct fed_kernels *k, const struct fed_dense_sizes *s, const float *x,
                      const float *dy, const float *bias, int way)
{
	const size_t out = (size_t)s->batch * s->units, in = (size_t)s->batch * s->in;
	const size_t weights = (size_t)s->in * s->units;
	const uint32_t columns[3] = {0, (s->units + 1) / 2, s->units};
	const uint32_t rows[3] = {0, (s->in + 1) / 3, s->in};
	float *w = random_floats(weights, 3), *v = random_floats(weights, 3);
	float *y = random_floats(out, 5), *z = random_floats(out, 6);
	float *dx = random_floats(in, 7), *dz = random_floats(in, 8);

	forward(k, way, s, x, w, bias, y);
	for (int i = 0; i < 2; i++) {
		struct fed_dense_sizes part = *s;
		const uint32_t from = columns[i];

		part.units = columns[i + 1] - from;
		if (part.units > 0)
			forward(k, way, &part, x, w + from, bias + from, z + from);
	}
	ck_assert_mem_eq(y, z, out * sizeof *y);
	k->dense_backward(s, x, dy, w, dx, w);
	for (int i = 0; i < 2; i++) {
		struct fed_dense_sizes part = *s;
		const size_t from = rows[i], at = from * s->units;

		part.in = rows[i + 1] - rows[i];
		if (part.in > 0)
			k->dense_backward(&part, x + from, dy, v + at, dz + from, v + at);
	}
	ck_assert_mem_eq(w, v, weights * sizeof *w);
	ck_assert_mem_eq(dx, dz, in * sizeof *dx);
	fed_free_floats(w);
	fed_free_floats(v);
	fed_free_floats(y);
	fed_free_floats(z);
	fed_free_floats(dx);
	fed_free_floats(dz);
}

/* The gradient goes into the weights themselves, as in plain SGD. */
static void try_dense(const struct fed_kernels *k, struct fed_dense_sizes s, bool holes)
{
	const size_t in = (size_t)s.batch * s.in, out = (size_t)s.batch * s.units;
	const size_t weights = (size_t)s.in * s.units;
	float *x = random_floats(in, 1), *dy = random_floats(out, 2), *w = random_floats(weights, 3);
	float *bias = random_floats(s.units, 4), *y = random_floats(out, 5);
	float *dx = random_floats(in, 6), *again = random_floats(weights, 3);
	double *wanted_y = fed_alloc_array(out, sizeof(double));
	double *wanted_dx = fed_alloc_array(in, sizeof(double));
	double *wanted_g = fed_alloc_array(weights, sizeof(double));

	if (holes)
		make_holes(&s, x);
	plain_dense(&s, x, dy, w, bias, wanted_y, wanted_dx, wanted_g);
	k->dense_forward(&s, x, w, bias, y);
	assert_near(y, wanted_y, out, 20, "y");
	for (int flat = 0; flat < 2; flat++) {
		memset(y, 0, out * sizeof *y);
		k->dense_forward_sparse(&s, flat, x, w, bias, y);
		assert_near(y, wanted_y, out, 20, "y, zeros skipped");
	}
	k->dense_backward(&s, x, dy, w, dx, w);
	assert_near(dx, wanted_dx, in, 20, "dx");
	assert_near(w, wanted_g, weights, 20, "g");
	ck_assert_float_eq(w[weights], 0);
	k->dense_backward(&s, x, dy, again, NULL, again);
	ck_assert_mem_eq(w, again, weights * sizeof *w);
	try_parts(k, &s, x, dy, bias,
	          (int)((s.batch + s.in + s.units) % 3)); /* each way often enough */
	fed_free_floats(x);
	fed_free_floats(dy);
	fed_free_floats(w);
	fed_free_floats(bias);
	fed_free_floats(y);
	fed_free_floats(dx);
	fed_free_floats(again);
	fed_free(wanted_y);
	fed_free(wanted_dx);
	fed_free(wanted_g);
}

START_TEST(dense)
{
	const struct fed_kernels *k = fed__kernels_of(isas[_i]);
	static const uint32_t batches[] = {1, 2, 5, 7, 10, 14, 15, 31, 50};
	static const uint32_t ins[] = {1, 7, 8, 25, 200};
	static const uint32_t units[] = {1, 3, 10, 16, 17, 32, 33, 49, 100};

	for (size_t b = 0; k && b < 9; b++)
		for (size_t i = 0; i < 5; i++)
			for (size_t u = 0; u < 9; u++)
				for (int holes = 0; holes < 2; holes++)
					try_dense(k, whole(batches[b], ins[i], units[u]), holes);
	if (k) /* larger than one part of W */
		try_dense(k, whole(3, 300, 517), false);
	if (k) /* more examples than go together, and a matrix that no cache holds */
		try_dense(k, whole(259, 70, 35), true);
	if (k)
		try_dense(k, whole(6, 1100, 260), true);
}
END_TEST

/* Steps ---------------------------------------------------------------------- */

START_TEST(steps_follow_their_formula)
{
	const struct fed_kernels *k = fed__kernels_of(isas[_i]);
	float w[35], v[35], g[35];

	if (!k)
		return;
	fill(w, 35, 1);
	fill(v, 35, 2);
	fill(g, 35, 3);
	double wanted_v[35], wanted_w[35];
	for (int j = 0; j < 35; j++) {
		wanted_v[j] = 0.9 * (double)v[j] + (double)g[j] + 0.01 * (double)w[j];
		wanted_w[j] = (double)w[j] - 0.1 * wanted_v[j];
	}
	k->momentum_step(w, v, g, 35, 0.1f, 0.9f, 0.01f);
	assert_near(v, wanted_v, 35, 1, "v");
	assert_near(w, wanted_w, 35, 1, "w");
	for (int j = 0; j < 35; j++)
		ck_assert_float_eq(g[j], 0);
	fill(g, 35, 4);
	for (int j = 0; j < 35; j++)
		wanted_w[j] = (double)w[j] - 0.1 * ((double)g[j] + 0.01 * (double)w[j]);
	k->plain_step(w, g, 35, 0.1f, 0.01f);
	assert_near(w, wanted_w, 35, 1, "w");
	for (int j = 0; j < 35; j++)
		ck_assert_float_eq(g[j], 0);
}
END_TEST

/* A velocity that nothing feeds ends at 0, not in subnormal numbers. */
START_TEST(velocity_dies_out)
{
	const struct fed_kernels *k = fed__kernels_of(isas[_i]);
	float w[20] = {0}, v[20], g[20] = {0};

	if (!k)
		return;
	fill(v, 20, 1);
	for (int step = 0; step < 1000; step++)
		k->momentum_step(w, v, g, 20, 0, 0.9f, 0);
	for (int j = 0; j < 20; j++)
		ck_assert_float_eq(v[j], 0);
}
END_TEST

/* The same bits from every instruction set; what is not finite is seen wherever it stands. */
START_TEST(a_step_is_added_checked_and_measured)
{
	const struct fed_kernels *k = fed__kernels_of(isas[_i]);
	float w[100], step[100], out[100];
	double squares, plain;

	if (!k)
		return;
	fill(w, 100, 1);
	fill(step, 100, 2);
	for (size_t n = 0; n <= 100; n += 1 + n / 3) {
		double sum = 0;

		ck_assert(k->add_step(w, step, out, n, &squares));
		for (size_t j = 0; j < n; j++) {
			ck_assert_float_eq(out[j], w[j] + step[j]);
			sum += (double)step[j] * (double)step[j];
		}
		ck_assert_double_eq_tol(squares, sum, 1e-12 * (1 + sum));
		fed__kernels_of(FED_ISA_PLAIN)->add_step(w, step, out, n, &plain);
		ck_assert(memcmp(&squares, &plain, sizeof plain) == 0);
	}
	for (size_t j = 0; j < 100; j++) {
		const float fine = step[j];

		step[j] = j % 3 == 0 ? NAN : j % 3 == 1 ? INFINITY : -3e38f;
		w[j] = -3e38f; /* a sum that overflows */
		ck_assert(!k->add_step(w, step, out, 100, &squares));
		step[j] = w[j] = fine;
	}
}
END_TEST

START_TEST(kernels_are_of_this_processor)
{
	const struct fed_kernels *k = fed_kernels();

	ck_assert_ptr_eq(k, fed__kernels_of(k->isa));
	ck_assert_int_le(k->isa, fed_cpu_isa());
	ck_assert_ptr_nonnull(fed__kernels_of(FED_ISA_PLAIN));
}
END_TEST

FED_SUITE(kernels)
{
	Suite *suite = suite_create("kernels");
	TCase *tests = tcase_create("kernels");

	tcase_add_loop_test(tests, elementwise, 0, ISAS);
	tcase_add_loop_test(tests, ends_of_the_range, 0, ISAS);
	tcase_add_loop_test(tests, rows_and_transposes, 0, ISAS);
	tcase_add_loop_test(tests, sets_of_what_is_not_0, 0, ISAS);
	tcase_add_loop_test(tests, dense, 0, ISAS);
	tcase_add_loop_test(tests, steps_follow_their_formula, 0, ISAS);
	tcase_add_loop_test(tests, velocity_dies_out, 0, ISAS);
	tcase_add_loop_test(tests, a_step_is_added_checked_and_measured, 0, ISAS);
	tcase_add_test(tests, kernels_are_of_this_processor);
	suite_add_tcase(suite, tests);
	return suite;
}
