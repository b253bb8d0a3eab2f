/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/distance_correlation.c - distance correlation of two matrices of distances.
 */
#include "privacy/distance_correlation.h"

#include <math.h>

#include "base/mem.h"

/* A matrix of distances with the means of its rows and of all. */
struct centred {
	const double *at; /* [n][n] */
	double *mean;     /* [n] */
	double all;
	size_t n;
};

static void centre_means(struct centred *c)
{
	c->all = 0;
	for (size_t k = 0; k < c->n; k++) {
		double sum = 0;

		for (size_t l = 0; l < c->n; l++)
			sum += c->at[k * c->n + l];
		c->mean[k] = sum / (double)c->n;
		c->all += c->mean[k] / (double)c->n;
	}
}

static double plain_at(const struct centred *c, size_t k, size_t l)
{
	return c->at[k * c->n + l] - c->mean[k] - c->mean[l] + c->all;
}

static double corrected_at(const struct centred *c, size_t k, size_t l)
{
	const double n = (double)c->n;

	if (k == l)
		return 0;
	return c->at[k * c->n + l] - n / (n - 2) * (c->mean[k] + c->mean[l]) +
	       n * n / ((n - 1) * (n - 2)) * c->all;
}

/* The root of sum x y / sqrt(sum x x * sum y y) over all elements. */
static double ratio(const struct centred *a, const struct centred *b,
                    double (*at)(const struct centred *, size_t, size_t))
{
	double both = 0, of_a = 0, of_b = 0;

	for (size_t k = 0; k < a->n; k++)
		for (size_t l = 0; l < a->n; l++) {
			const double x = at(a, k, l), y = at(b, k, l);

			both += x * y;
			of_a += x * x;
			of_b += y * y;
		}
	if (isnan(both))
		return NAN;
	return both > 0 && of_a > 0 && of_b > 0 ? fmin(1, sqrt(both / sqrt(of_a) / sqrt(of_b))) : 0;
}

int fed__distance_correlation(const double *a, const double *b, size_t n,
                              struct fed_correlation *out, struct fed_error *err)
{
	double *mean = fed_alloc_array(2 * n, sizeof *mean);

	if (!mean)
		return fed_fail_memory(err, 2 * n * sizeof *mean, "means of distances");

	struct centred x = {.at = a, .mean = mean, .n = n}, y = {.at = b, .mean = mean + n, .n = n};

	centre_means(&x);
	centre_means(&y);
	out->plain = ratio(&x, &y, plain_at);
	out->corrected = ratio(&x, &y, corrected_at);
	fed_free(mean);
	return FED_OK;
}
