/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * qsgd, sign and powersgd against closed forms, moments and an eigenvalue solver; error feedback.
 */
#include "codecs.h"

/* qsgd ------------------------------------------------------------------------ */

static double length(const float *v, size_t n)
{
	double sum = 0;

	for (size_t j = 0; j < n; j++)
		sum += (double)v[j] * (double)v[j];
	return sqrt(sum);
}

/* The bytes of a string of bits, the first bit of a byte the lowest. */
static size_t pack(const char *bits, unsigned char *out)
{
	size_t n = 0;

	memset(out, 0, 64);
	for (const char *c = bits; *c; c++) {
		if (*c == ' ')
			continue;
		out[n / 8] |= (unsigned char)((*c == '1') << n % 8);
		n++;
	}
	return (n + 7) / 8;
}

/* (3, 0, -4) has length 5: with five levels nothing is random. Elias: 1 is 0, 2 is 10 0, 3 is 11 0,
 * 4 is 10 100 0. */
START_TEST(qsgd_bytes_are_as_written_down)
{
	static const char bits[] = "01000000101000000000000000000000" /* 5.0f */
							   "110"                              /* two levels, and one */
							   "0 0 110"                          /* next, +, 3 */
							   "100 1 101000";                    /* one further, -, 4 */
	const float v[] = {3, 0, -4};
	unsigned char want[64], bytes[64];
	struct fed_error err = {""};
	struct drive d;
	float got[3];

	drive_open(&d, "qsgd", "levels=5");
	const size_t n = pack(bits, want);
	ck_assert_uint_eq(encode(&d, v, 3, bytes), n);
	ck_assert_mem_eq(bytes, want, n);
	fed_assert_ok(decode(&d, bytes, n, got, 3, &err), &err);
	ck_assert(got[0] == 3 && got[1] == 0 && got[2] == -4);
	drive_close(&d);
}
END_TEST

static const struct {
	const char *settings;
	double levels;
	size_t bucket;
} qsgds[] = {{"levels=1", 1, 200},
             {"levels=4", 4, 200},
             {"levels=300", 300, 200},
             {"levels=2 bucket=50", 2, 50}};

/* The mean of many codes is the vector, and their variance at most min(n/s^2, sqrt(n)/s) |v|^2. */
START_TEST(qsgd_is_unbiased)
{
	enum { N = 200, DRAWS = 4000 };
	static unsigned char bytes[4 * N + 64];
	double sum[N] = {0}, squares[N] = {0}, variance = 0, most = 0;
	float v[N], got[N];
	struct fed_error err = {""};
	struct drive d;
	size_t len;

	drive_open(&d, "qsgd", qsgds[_i].settings);
	ck_assert(fed_codec_is_unbiased(&d.instance));
	fill(v, N, 4, false);
	for (uint64_t k = 0; k < DRAWS; k++) {
		const struct fed_coding c = {.n = N, .seed = fed_random(3, k)};

		fed_assert_ok(fed_call_encode(&d.instance, &c, v, bytes, &len, &err), &err);
		fed_assert_ok(fed_call_decode(&d.instance, &c, bytes, len, got, &err), &err);
		for (size_t j = 0; j < N; j++) {
			sum[j] += (double)got[j];
			squares[j] += ((double)got[j] - (double)v[j]) * ((double)got[j] - (double)v[j]);
		}
	}
	for (size_t j = 0; j < N; j++) {
		const double off = fabs(sum[j] / DRAWS - (double)v[j]);
		const size_t first = j / qsgds[_i].bucket * qsgds[_i].bucket;
		const double unit = length(v + first, qsgds[_i].bucket) / qsgds[_i].levels;
		const double level = fabs((double)v[j]) / unit, p = level - floor(level);

		/* five deviations of the mean, and three draws for what hardly ever occurs */
		ck_assert_msg(off <= unit * (5 * sqrt(p * (1 - p) / DRAWS) + 3.0 / DRAWS) + 1e-6 * unit,
		              "%zu is off by %g", j, off);
		variance += squares[j] / DRAWS;
	}
	for (size_t j = 0; j < N; j += qsgds[_i].bucket) {
		const double b = (double)qsgds[_i].bucket, norm = length(v + j, qsgds[_i].bucket);

		most += fmin(b / (qsgds[_i].levels * qsgds[_i].levels), sqrt(b) / qsgds[_i].levels) * norm *
		        norm;
	}
	ck_assert_double_le(variance, most);
	drive_close(&d);
}
END_TEST

START_TEST(what_is_not_finite_stays_so)
{
	static const char *const names[] = {"qsgd", "sign", "powersgd"};
	static const float odd[] = {NAN, INFINITY, -INFINITY};
	float v[60], got[60], scratch[60];
	const struct fed_matrix form[] = {{6, 9}, {1, 6}};
	unsigned char bytes[600];
	struct fed_error err = {""};
	struct drive d;
	size_t len;

	drive_open(&d, names[_i], _i == 2 ? "rank=1" : "");
	for (size_t k = 0; k < 3; k++)
		for (size_t at = 0; at < 60; at += 7) {
			const struct fed_coding c = {
				.n = 60, .seed = k, .matrices = 2, .matrix = form, .scratch = scratch};
			bool finite = true;

			fill(v, 60, k, false);
			v[at] = odd[k];
			fed_assert_ok(fed_call_encode(&d.instance, &c, v, bytes, &len, &err), &err);
			fed_assert_ok(fed_call_decode(&d.instance, &c, bytes, len, got, &err), &err);
			for (size_t j = 0; j < 60; j++)
				finite = finite && isfinite(got[j]);
			ck_assert(!finite);
		}
	drive_close(&d);
}
END_TEST

/* sign and top-k: contractions, and error feedback ------------------------------- */

START_TEST(sign_bytes_are_as_written_down)
{
	const float v[] = {1, -2, 3, -0.0f, 0, -1, -1, 4, -6};
	unsigned char bytes[6];
	struct drive d;

	drive_open(&d, "sign", "");
	ck_assert_uint_eq(encode(&d, v, 9, bytes), 6);
	ck_assert_mem_eq(bytes, "\0\0\0\x40\x62\x01", 6); /* 2.0f = 18/9; bits 1, 5, 6 and 8 */
	drive_close(&d);
}
END_TEST

/* |v - C(v)|^2 = |v|^2 - |v|_1^2 / n for the sign, at most (1 - k/n) |v|^2 for top-k. */
START_TEST(they_are_contractions)
{
	enum { N = 999 };
	float v[N], got[N];
	struct drive sign, top;

	drive_open(&sign, "sign", "");
	drive_open(&top, "top-k", "share=0.1");
	for (uint64_t seed = 0; seed < 50; seed++) {
		double one = 0, off[2] = {0};

		fill(v, N, seed, false);
		const double two = length(v, N) * length(v, N);
		for (size_t j = 0; j < N; j++)
			one += fabs((double)v[j]);
		for (int k = 0; k < 2; k++) {
			there_and_back(k ? &top : &sign, v, N, got);
			for (size_t j = 0; j < N; j++)
				off[k] += ((double)got[j] - (double)v[j]) * ((double)got[j] - (double)v[j]);
		}
		ck_assert_double_eq_tol(off[0], two - one * one / N, 1e-4 * two);
		ck_assert_double_le(off[1], (1 - 100.0 / N) * two);
	}
	drive_close(&sign);
	drive_close(&top);
}
END_TEST

/* Karimireddy 2019: on a quadratic, steps C(lr g + e) with e what C lost go to the minimum, and
 * the error stays below 2 sqrt(1 - delta) / delta lr max |g|. */
START_TEST(error_feedback_converges)
{
	static const char *const names[][2] = {{"sign", ""}, {"top-k", "share=0.05"}};
	enum { N = 100, STEPS = 4000 };
	const double lr = 0.005;
	float x[N], e[N] = {0}, p[N], got[N];
	double largest = 0, least = 1;
	struct drive d;

	drive_open(&d, names[_i][0], names[_i][1]);
	fill(x, N, 8, true);
	const double before = length(x, N);
	for (int t = 0; t < STEPS; t++) {
		double one = 0, g = 0;

		for (size_t j = 0; j < N; j++) { /* curvatures from 0.1 to 1 */
			const double slope = (0.1 + 0.9 * (double)j / N) * (double)x[j];

			p[j] = (float)(lr * slope) + e[j];
			one += fabs((double)p[j]);
			g += slope * slope;
		}
		const double two = length(p, N);
		const double delta = _i ? 0.05 : one * one / (N * two * two + 1e-300);
		least = fmin(least, two > 0 ? delta : 1);
		largest = fmax(largest, sqrt(g));
		there_and_back(&d, p, N, got);
		for (size_t j = 0; j < N; j++) {
			e[j] = p[j] - got[j];
			x[j] -= got[j];
		}
		ck_assert_double_le(length(e, N), 2 * sqrt(1 - least) / least * lr * largest + 1e-6);
	}
	ck_assert_double_lt(length(x, N), 0.02 * before);
	drive_close(&d);
}
END_TEST

/* powersgd -------------------------------------------------------------------------- */

enum { ROWS = 14, COLUMNS = 9 };

/* Eigenvalues of M^T M, descending, by Jacobi's rotations in doubles. */
static void squared_singular_values(const float *m, double *out)
{
	double a[COLUMNS][COLUMNS] = {{0}};

	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < COLUMNS; j++)
			for (size_t k = 0; k < COLUMNS; k++)
				a[j][k] += (double)m[i * COLUMNS + j] * (double)m[i * COLUMNS + k];
	for (int sweep = 0; sweep < 100; sweep++)
		for (size_t p = 0; p < COLUMNS; p++)
			for (size_t q = p + 1; q < COLUMNS; q++) {
				const double angle = 0.5 * atan2(2 * a[p][q], a[q][q] - a[p][p]);
				const double c = cos(angle), s = sin(angle);

				for (size_t k = 0; k < COLUMNS; k++) {
					const double x = a[k][p], y = a[k][q];
					a[k][p] = c * x - s * y;
					a[k][q] = s * x + c * y;
				}
				for (size_t k = 0; k < COLUMNS; k++) {
					const double x = a[p][k], y = a[q][k];
					a[p][k] = c * x - s * y;
					a[q][k] = s * x + c * y;
				}
			}
	for (size_t j = 0; j < COLUMNS; j++)
		out[j] = a[j][j];
	for (size_t i = 1; i < COLUMNS; i++)
		for (size_t j = i; j > 0 && out[j] > out[j - 1]; j--) {
			const double x = out[j];
			out[j] = out[j - 1];
			out[j - 1] = x;
		}
}

/* Warm starts on one matrix: what is lost goes to the sum of the other squared singular values, the
 * least that a matrix of that rank can lose (Eckart, Young 1936). */
START_TEST(power_iteration_finds_the_best_matrix)
{
	const struct fed_matrix form[] = {{ROWS, COLUMNS}, {1, 7}};
	enum { N = ROWS * COLUMNS + 7 };
	const size_t rank = (size_t)_i;
	float v[N], got[N], memory[N] = {0}, scratch[3 * (ROWS + COLUMNS)];
	double squares[COLUMNS], least = 0, lost = 0, first = 0;
	unsigned char bytes[4 * N];
	char setting[16];
	struct fed_error err = {""};
	struct drive d;
	size_t len;

	snprintf(setting, sizeof setting, "rank=%d", _i);
	drive_open(&d, "powersgd", setting);
	fill(v, N, 6, true);
	squared_singular_values(v, squares);
	for (size_t k = rank; k < COLUMNS; k++)
		least += squares[k];
	for (uint64_t t = 0; t < 200; t++) {
		const struct fed_coding c = {
			.n = N, .seed = t, .matrices = 2, .matrix = form, .memory = memory, .scratch = scratch};

		ck_assert_uint_eq(fed_call_memory(&d.instance, &c), rank * COLUMNS);
		ck_assert_uint_eq(fed_call_scratch(&d.instance, &c), rank * (ROWS + COLUMNS));
		fed_assert_ok(fed_call_encode(&d.instance, &c, v, bytes, &len, &err), &err);
		ck_assert_uint_eq(len, 4 * (rank * (ROWS + COLUMNS) + 7));
		fed_assert_ok(fed_call_decode(&d.instance, &c, bytes, len, got, &err), &err);
		ck_assert_mem_eq(got + ROWS * COLUMNS, v + ROWS * COLUMNS, 7 * sizeof *v);
		lost = 0;
		for (size_t j = 0; j < ROWS * COLUMNS; j++)
			lost += ((double)v[j] - (double)got[j]) * ((double)v[j] - (double)got[j]);
		ck_assert_double_ge(lost, least * (1 - 1e-5));
		first = t ? first : lost;
	}
	ck_assert_double_le(lost, least * (1 + 1e-3));
	ck_assert_double_gt(first, lost);
	drive_close(&d);
}
END_TEST

/* A matrix of low rank is found in one step, and the columns of P are orthonormal. */
START_TEST(low_rank_matrices_are_exact)
{
	const struct fed_matrix form[] = {{ROWS, COLUMNS}};
	enum { N = ROWS * COLUMNS, R = 2 };
	float v[N], got[N], scratch[R * (ROWS + COLUMNS)], a[R * (ROWS + COLUMNS)];
	unsigned char bytes[4 * N];
	const struct fed_coding c = {
		.n = N, .seed = 2, .matrices = 1, .matrix = form, .scratch = scratch};
	struct fed_error err = {""};
	struct drive d;
	size_t len;

	drive_open(&d, "powersgd", "rank=2");
	fill(a, R * (ROWS + COLUMNS), 9, true);
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < COLUMNS; j++)
			v[i * COLUMNS + j] = a[i] * a[2 * ROWS + j] + a[ROWS + i] * a[2 * ROWS + COLUMNS + j];
	fed_assert_ok(fed_call_encode(&d.instance, &c, v, bytes, &len, &err), &err);
	fed_assert_ok(fed_call_decode(&d.instance, &c, bytes, len, got, &err), &err);
	for (size_t j = 0; j < N; j++)
		ck_assert_float_eq_tol(got[j], v[j], 1e-4f);
	float p[R * ROWS];
	memcpy(p, bytes, sizeof p); /* little-endian here */
	for (size_t k = 0; k < R; k++)
		for (size_t l = 0; l <= k; l++) {
			double dot = 0;

			for (size_t i = 0; i < ROWS; i++)
				dot += (double)p[i * R + k] * (double)p[i * R + l];
			ck_assert_double_eq_tol(dot, k == l, 1e-5);
		}
	memset(v, 0, sizeof v); /* nothing at all */
	fed_assert_ok(fed_call_encode(&d.instance, &c, v, bytes, &len, &err), &err);
	fed_assert_ok(fed_call_decode(&d.instance, &c, bytes, len, got, &err), &err);
	for (size_t j = 0; j < N; j++)
		ck_assert(got[j] == 0);
	drive_close(&d);
}
END_TEST

FED_SUITE(lossy_codecs)
{
	Suite *suite = suite_create("lossy-codecs");
	TCase *tests = tcase_create("lossy-codecs");

	tcase_add_test(tests, qsgd_bytes_are_as_written_down);
	tcase_add_loop_test(tests, qsgd_is_unbiased, 0, (int)(sizeof qsgds / sizeof *qsgds));
	tcase_add_loop_test(tests, what_is_not_finite_stays_so, 0, 3);
	tcase_add_test(tests, sign_bytes_are_as_written_down);
	tcase_add_test(tests, they_are_contractions);
	tcase_add_loop_test(tests, error_feedback_converges, 0, 2);
	tcase_add_loop_test(tests, power_iteration_finds_the_best_matrix, 1, 4);
	tcase_add_test(tests, low_rank_matrices_are_exact);
	suite_add_tcase(suite, tests);
	return suite;
}
