/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/student.c - Student's t distribution by the regularised incomplete beta function.
 *
 * Its continued fraction: Abramowitz and Stegun 26.5.8, evaluated by Lentz's method (Applied Optics
 * 15, 1976).
 */
#include "experiments/student.h"

#include <math.h>

#define TERMS_MAX 1000
#define TINY 1e-300

/* One step of Lentz's method with the next coefficient. */
static double lentz(double coefficient, double *c, double *d)
{
	*d = 1 + coefficient * *d;
	*d = 1 / (fabs(*d) < TINY ? TINY : *d);
	*c = 1 + coefficient / *c;
	*c = fabs(*c) < TINY ? TINY : *c;
	return *c * *d;
}

/* The fraction for x < (a + 1) / (a + b + 2), where it converges fast. */
static double fraction(double a, double b, double x)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1);

	d = 1 / (fabs(d) < TINY ? TINY : d);
	double f = d;
	for (int m = 1; m < TERMS_MAX; m++) {
		f *= lentz(m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), &c, &d);
		const double last =
			lentz(-(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), &c, &d);
		f *= last;
		if (fabs(last - 1) < 1e-16)
			break;
	}
	return f;
}

/* I_x(a, b) with y = 1 - x, given apart because x may be near 1. */
static double incomplete_beta(double a, double b, double x, double y)
{
	if (x <= 0 || y <= 0)
		return x <= 0 ? 0 : 1;
	const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log(y));

	return x < (a + 1) / (a + b + 2) ? front * fraction(a, b, x) / a
	                                 : 1 - front * fraction(b, a, y) / b;
}

double fed__student_below(double t, double freedom)
{
	const double square = t * t, sum = freedom + square;
	const double tail = incomplete_beta(freedom / 2, 0.5, freedom / sum, square / sum) / 2;

	return t > 0 ? 1 - tail : tail;
}

double fed__student_quantile(double p, double freedom)
{
	double low = 0, high = 1;

	while (fed__student_below(high, freedom) < p && high < 1e300)
		high *= 2;
	for (int i = 0; i < 200 && high - low > 1e-13 * high; i++) {
		const double middle = low + (high - low) / 2;

		*(fed__student_below(middle, freedom) < p ? &low : &high) = middle;
	}
	return low + (high - low) / 2;
}
