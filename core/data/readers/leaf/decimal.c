/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/decimal.c - numbers written in decimal, as the nearest doubles.
 *
 * A number is m * 10^e with a whole m.  Where m and the power are doubles one operation rounds once
 * (W. Clinger, "How to read floating point numbers accurately", 1990).  Where m has up to 19
 * digits, as the 17 of a printed double, and e is from -19 to -1, m / 10^-e is divided in whole
 * numbers of 128 bits, and what is left over says on which side of a tie it lies.  All else is
 * strtod()'s.
 */
#include "data/readers/leaf/decimal.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { DIGITS_MAX = 19, POWER_MAX = 22 };
#define EXACT_MAX ((uint64_t)1 << 53)

static const double power_of_ten[POWER_MAX + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
static const uint64_t whole_power[DIGITS_MAX + 1] = {1u,
                                                     10u,
                                                     100u,
                                                     1000u,
                                                     10000u,
                                                     100000u,
                                                     1000000u,
                                                     10000000u,
                                                     100000000u,
                                                     1000000000u,
                                                     10000000000u,
                                                     100000000000u,
                                                     1000000000000u,
                                                     10000000000000u,
                                                     100000000000000u,
                                                     1000000000000000u,
                                                     10000000000000000u,
                                                     100000000000000000u,
                                                     1000000000000000000u,
                                                     10000000000000000000u};

/* 2^e for a normal exponent. */
static double power_of_two(int e)
{
	const uint64_t bits = (uint64_t)(e + 1023) << 52;
	double x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* m / 10^k, rounded once: a quotient of at least 63 bits, whose last stands for all behind it. */
static double divide(uint64_t m, int k)
{
	const int a = __builtin_clzll(m), b = __builtin_clzll(whole_power[k]);
	const unsigned __int128 above = (unsigned __int128)(m << a) << 63;
	const uint64_t below = whole_power[k] << b;
	const uint64_t q = (uint64_t)(above / below);
	const bool rest = (unsigned __int128)q * below != above;

	return (double)(q | rest) * power_of_two(b - a - 63);
}

static inline bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

static double convert_slowly(const char *s, size_t n)
{
	char copy[FED_DECIMAL_MAX + 1];

	memcpy(copy, s, n);
	copy[n] = '\0';
	return strtod(copy, NULL);
}

/* Digits of a number, and where they stand. */
struct digits {
	uint64_t m;
	int n, e; /* digits of m; the power of ten that it is multiplied by */
};

static inline const char *take_digits(const char *p, const char *end, struct digits *d)
{
	for (; p < end && is_digit(*p); p++) {
		d->m = d->m * 10 + (uint64_t)(*p - '0'); /* wraps with more than 19, which are counted */
		d->n += d->n > 0 || *p != '0';
	}
	return p;
}

/* "e-05": the power is added where it is small. */
static const char *take_exponent(const char *p, const char *end, struct digits *d, bool *far)
{
	bool negative = false;
	int e = 0;

	if (++p < end && (*p == '-' || *p == '+'))
		negative = *p++ == '-';
	if (p == end || !is_digit(*p))
		return p == end ? end : NULL;
	for (; p < end && is_digit(*p); p++) {
		e = e < 1000 ? e * 10 + (*p - '0') : e;
		*far = *far || e > 100;
	}
	d->e += negative ? -e : e;
	return p;
}

static double convert(const struct digits *d, bool far, const char *s, size_t n)
{
	if (far || d->n > DIGITS_MAX)
		return convert_slowly(s, n);

	double x;

	if (d->m == 0)
		x = 0;
	else if (d->m <= EXACT_MAX && d->e >= -POWER_MAX && d->e <= POWER_MAX)
		x = d->e < 0 ? (double)d->m / power_of_ten[-d->e] : (double)d->m * power_of_ten[d->e];
	else if (d->e < 0 && d->e >= -DIGITS_MAX)
		x = divide(d->m, -d->e);
	else
		return convert_slowly(s, n);
	return *s == '-' ? -x : x;
}

size_t fed__decimal(const char *s, const char *end, double *x)
{
	struct digits d = {0};
	const char *p = s + (s < end && *s == '-');
	bool far = false;

	if (p == end || !is_digit(*p))
		return p == end ? (size_t)(end - s) : 0;

	const char *const whole = p;
	p = take_digits(p, end, &d);
	if (*whole == '0' && p - whole > 1)
		return 0;
	if (p < end && *p == '.') {
		const char *const fraction = ++p;
		p = take_digits(p, end, &d);
		d.e = (int)(fraction - p);
		if (p == fraction && p < end)
			return 0;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p = take_exponent(p, end, &d, &far);
		if (!p)
			return 0;
	}

	const size_t n = (size_t)(p - s);

	if (n > FED_DECIMAL_MAX)
		return 0;
	*x = p < end ? convert(&d, far, s, n) : 0;
	return n;
}
