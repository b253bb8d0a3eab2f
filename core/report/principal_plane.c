/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/principal_plane.c - principal components of points given by their inner products.
 *
 * With J = I - 1/n the centred inner products are B = J G J; the coordinates along the k-th
 * component are sqrt(lambda_k) v_k for B's k-th eigenpair (classical scaling, Torgerson 1952).
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/update_geometry.h"

#define SWEEPS_MAX 500
#define TOLERANCE 1e-12

/* B from G; returns its trace, the variance times n. */
static double centre(const double *gram, size_t n, size_t ld, double *b, double *mean)
{
	double all = 0, trace = 0;

	for (size_t i = 0; i < n; i++) {
		mean[i] = 0;
		for (size_t k = 0; k < n; k++)
			mean[i] += gram[i * ld + k] / (double)n;
		all += mean[i] / (double)n;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			b[i * n + k] = gram[i * ld + k] - mean[i] - mean[k] + all;
	for (size_t i = 0; i < n; i++)
		trace += b[i * n + i];
	return trace;
}

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* Make v orthogonal to u and of length 1; false if only rounding errors are left. */
static bool normalise(double *v, const double *u, size_t n)
{
	const double before = sqrt(dot(v, v, n));

	for (int twice = 0; u && twice < 2; twice++) { /* the first pass leaves rounding along u */
		const double along = dot(v, u, n);
		for (size_t i = 0; i < n; i++)
			v[i] -= along * u[i];
	}
	const double length = sqrt(dot(v, v, n));
	if (!(length > TOLERANCE * before))
		return false;
	for (size_t i = 0; i < n; i++)
		v[i] /= length;
	return true;
}

/* The dominant eigenvector of B orthogonal to u (NULL: any), by power iteration from the column of
 * the largest diagonal element; returns its eigenvalue, 0 when there is none. */
static double dominant(const double *b, size_t n, const double *u, double *v, double *next)
{
	double lambda = 0;
	size_t start = 0;

	for (size_t i = 1; i < n; i++)
		if (b[i * n + i] > b[start * n + start])
			start = i;
	memcpy(v, b + start * n, n * sizeof *v);
	if (!normalise(v, u, n)) {
		/* that column is along u: take any other */
		for (size_t i = 0; i < n; i++)
			v[i] = i % 2 ? 1 : -0.5;
		if (!normalise(v, u, n))
			return 0;
	}
	for (int sweep = 0; sweep < SWEEPS_MAX; sweep++) {
		for (size_t i = 0; i < n; i++)
			next[i] = dot(b + i * n, v, n);
		const double before = lambda;
		lambda = dot(next, v, n);
		if (!normalise(next, u, n))
			return 0;
		memcpy(v, next, n * sizeof *v);
		if (fabs(lambda - before) <= TOLERANCE * fabs(lambda))
			break;
	}
	return lambda > 0 ? lambda : 0;
}

static void scale(double *v, size_t n, double lambda)
{
	size_t farthest = 0;

	for (size_t i = 1; i < n; i++)
		if (fabs(v[i]) > fabs(v[farthest]))
			farthest = i;
	const double factor = v[farthest] < 0 ? -sqrt(lambda) : sqrt(lambda);
	for (size_t i = 0; i < n; i++)
		v[i] *= factor;
}

int fed__principal_plane(const double *gram, size_t n, size_t ld, double *x, double *y,
                         double *shown, struct fed_error *err)
{
	double *b = fed_alloc_array(n * n, sizeof *b), *work = fed_alloc_array(n, sizeof *work);
	int rc = FED_OK;

	*shown = NAN;
	if (b && work) {
		const double trace = centre(gram, n, ld, b, work);
		const double first = dominant(b, n, NULL, x, work);
		const double second = first > 0 ? dominant(b, n, x, y, work) : 0;

		if (first <= 0)
			memset(x, 0, n * sizeof *x);
		if (second <= 0)
			memset(y, 0, n * sizeof *y);
		if (trace > 0)
			*shown = fmin((first + second) / trace, 1);
		scale(x, n, first);
		scale(y, n, second);
	} else {
		rc = fed_fail_memory(err, n * n * sizeof *b, "the map of the updates");
	}
	fed_free(b);
	fed_free(work);
	return rc;
}

/* Orthogonal Procrustes problem in two dimensions (Schoenemann 1966): the tangent of the best angle
 * has a closed form, with and without a reflection first. */
void fed_plane_turn(size_t n, const double *x, const double *y, const double *was_x,
                    const double *was_y, double turn[4])
{
	double straight[2] = {0, 0}, mirrored[2] = {0, 0}; /* sums along and across */

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(x[i] + y[i] + was_x[i] + was_y[i]))
			continue;
		straight[0] += x[i] * was_x[i] + y[i] * was_y[i];
		straight[1] += x[i] * was_y[i] - y[i] * was_x[i];
		mirrored[0] += x[i] * was_x[i] - y[i] * was_y[i];
		mirrored[1] += x[i] * was_y[i] + y[i] * was_x[i];
	}
	const double plain = hypot(straight[0], straight[1]), other = hypot(mirrored[0], mirrored[1]);
	const double *sum = other > plain ? mirrored : straight, length = fmax(plain, other);
	const double along = length > 0 ? sum[0] / length : 1,
				 across = length > 0 ? sum[1] / length : 0;
	const double sense = other > plain ? -1 : 1;

	turn[0] = along;
	turn[1] = -across * sense;
	turn[2] = across;
	turn[3] = along * sense;
}
