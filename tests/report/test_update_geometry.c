/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The views of a round's updates, against direct computation.
 */
#include "report/update_geometry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "session/small.h"
#include "support/suite.h"

/* Principal plane ---------------------------------------------------------------- */

enum { MOST = 40, DIM = 60 };

static void gram_of(const double p[][DIM], size_t n, double *gram, size_t ld)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			gram[i * ld + k] = 0;
			for (int j = 0; j < DIM; j++)
				gram[i * ld + k] += p[i][j] * p[k][j];
		}
}

static double squared(const double *a, const double *b)
{
	double sum = 0;

	for (int j = 0; j < DIM; j++)
		sum += (a[j] - b[j]) * (a[j] - b[j]);
	return sum;
}

/* Points of a plane somewhere in space come back with all their distances. */
START_TEST(a_plane_is_shown_whole)
{
	static double p[MOST][DIM], gram[(MOST + 3) * (MOST + 3)];
	struct fed_stream s = fed_stream_open((uint64_t)_i, FED_FOR_DATA, 0, 0);
	const size_t n = 1 + (size_t)_i % MOST, ld = n + 3;
	double u[DIM], v[DIM], x[MOST], y[MOST], shown;
	struct fed_error err;

	for (int j = 0; j < DIM; j++) {
		u[j] = fed_stream_normal(&s);
		v[j] = fed_stream_normal(&s);
	}
	for (size_t i = 0; i < n; i++) {
		const double a = 3 * fed_stream_normal(&s), b = fed_stream_normal(&s);
		for (int j = 0; j < DIM; j++)
			p[i][j] = 0.3 + a * u[j] + b * v[j];
	}
	gram_of((const double(*)[DIM])p, n, gram, ld);
	ck_assert_int_eq(fed__principal_plane(gram, n, ld, x, y, &shown, &err), FED_OK);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++) {
			const double d = squared(p[i], p[k]);
			const double m = (x[i] - x[k]) * (x[i] - x[k]) + (y[i] - y[k]) * (y[i] - y[k]);
			ck_assert_double_eq_tol(m, d, 1e-6 * (1 + d));
		}
	if (n > 1)
		ck_assert_double_eq_tol(shown, 1, 1e-9);
}
END_TEST

/* In any space distances only shrink, and no other pair of directions that is tried shows more. */
START_TEST(no_directions_show_more)
{
	static double p[MOST][DIM], gram[MOST * MOST];
	struct fed_stream s = fed_stream_open((uint64_t)_i, FED_FOR_DATA, 1, 0);
	double x[MOST], y[MOST], shown, total = 0, mean[DIM] = {0};
	struct fed_error err;

	for (size_t i = 0; i < MOST; i++)
		for (int j = 0; j < DIM; j++) {
			p[i][j] = fed_stream_normal(&s) / (1 + j);
			mean[j] += p[i][j] / MOST;
		}
	gram_of((const double(*)[DIM])p, MOST, gram, MOST);
	ck_assert_int_eq(fed__principal_plane(gram, MOST, MOST, x, y, &shown, &err), FED_OK);
	for (size_t i = 0; i < MOST; i++) {
		total += squared(p[i], mean);
		for (size_t k = 0; k < MOST; k++)
			ck_assert_double_le((x[i] - x[k]) * (x[i] - x[k]) + (y[i] - y[k]) * (y[i] - y[k]),
			                    squared(p[i], p[k]) + 1e-9);
	}
	for (int a = 0; a < DIM; a++)
		for (int b = 0; b < a; b++) { /* pairs of coordinates are such directions */
			double sum = 0;
			for (size_t i = 0; i < MOST; i++)
				sum += (p[i][a] - mean[a]) * (p[i][a] - mean[a]) +
				       (p[i][b] - mean[b]) * (p[i][b] - mean[b]);
			ck_assert_double_le(sum / total, shown + 1e-9);
		}
}
END_TEST

START_TEST(equal_points_have_no_variance)
{
	const double gram[4] = {2, 2, 2, 2};
	double x[2], y[2], shown;
	struct fed_error err;

	ck_assert_int_eq(fed__principal_plane(gram, 2, 2, x, y, &shown, &err), FED_OK);
	ck_assert(isnan(shown) && x[0] == 0 && x[1] == 0 && y[0] == 0 && y[1] == 0);
}
END_TEST

/* Sessions ----------------------------------------------------------------------- */

static double dot(const float *a, const float *b, size_t dim)
{
	double sum = 0;

	for (size_t j = 0; j < dim; j++)
		sum += (double)a[j] * b[j];
	return sum;
}

START_TEST(lengths_and_angles)
{
	struct fed_session s;
	struct fed_error err = {""};
	struct fed_update_geometry in;

	small_compose(&s, NULL, "fedavg");
	ck_assert_int_eq(fed_update_geometry_init(&in, &s, &err), FED_REJECT);
	ck_assert_msg(strstr(err.text, "no updates yet"), "%s", err.text);
	small_do(&s, "round 2");
	ck_assert_msg(fed_update_geometry_init(&in, &s, &err) == FED_OK, "%s", err.text);
	const struct fed_verdicts *g = &s.federation.verdicts;
	const size_t dim = s.parts.net.dim;
	ck_assert_uint_eq(in.n, g->n);
	for (size_t i = 0; i < in.n; i++) {
		const float *a = g->of[i].update->vector[0];
		const double length = sqrt(dot(a, a, dim));

		ck_assert_double_eq_tol(in.update[i].norm, length, 1e-4 * length);
		for (size_t k = 0; k < in.n; k++) {
			const float *b = g->of[k].update->vector[0];
			const double cosine = dot(a, b, dim) / length / sqrt(dot(b, b, dim));
			ck_assert_double_eq_tol(fed_update_geometry_cosine(&in, i, k), cosine, 1e-3);
		}
		const double to_step = dot(a, g->step, dim) / length / sqrt(dot(g->step, g->step, dim));
		ck_assert_double_eq_tol(fed_update_geometry_cosine(&in, i, in.n + FED_LANDMARK_STEP),
		                        to_step, 1e-3);
	}
	/* Under fedavg the step is the mean, and all are honest. */
	ck_assert_double_eq_tol(
		fed_update_geometry_cosine(&in, in.n + FED_LANDMARK_MEAN, in.n + FED_LANDMARK_STEP), 1,
		1e-3);
	ck_assert_double_eq_tol(in.landmark[FED_LANDMARK_MEAN].x, in.landmark[FED_LANDMARK_STEP].x,
	                        1e-3 * in.update[0].norm);
	fed_update_geometry_release(&in);
	fed__session_release(&s);
}
END_TEST

/* For every k the k-th allocation fails: the words are there and nothing leaks. */
START_TEST(without_memory)
{
	struct fed_session s;
	struct fed_error err = {""};
	struct fed_update_geometry in;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "set threads 1;round 1");
	const int64_t before = fed__mem_live();
	for (uint64_t k = 1;; k++) {
		fed__mem_fail_at(k);
		const int rc = fed_update_geometry_init(&in, &s, &err);
		fed__mem_fail_at(0);
		if (rc == FED_OK)
			break;
		ck_assert_ptr_nonnull(strstr(err.text, "memory"));
		ck_assert_int_eq(fed__mem_live(), before);
		ck_assert_uint_lt(k, 1000);
	}
	fed_update_geometry_release(&in);
	ck_assert_int_eq(fed__mem_live(), before);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(update_geometry)
{
	Suite *s = suite_create("insight");
	TCase *c = tcase_create("insight");

	tcase_add_loop_test(c, a_plane_is_shown_whole, 0, 80);
	tcase_add_loop_test(c, no_directions_show_more, 0, 20);
	tcase_add_test(c, equal_points_have_no_variance);
	tcase_add_test(c, lengths_and_angles);
	tcase_add_test(c, without_memory);
	suite_add_tcase(s, c);
	return s;
}
