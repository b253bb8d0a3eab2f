/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/text_number.c - formatting and parsing of numbers, for people and for programs.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* NaN and the infinities, which no format below can show; false for all other numbers. */
static bool put_special(struct fed_text *t, double x)
{
	if (isfinite(x))
		return false;
	fed_text_add(t, "%s", isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
	return true;
}

void fed__text_real(struct fed_text *t, double x)
{
	char s[40];

	if (put_special(t, x))
		return;
	/* Whole numbers of everyday size without an exponent. */
	if (x == floor(x) && fabs(x) < 1e15) {
		fed_text_add(t, "%.0f", x);
		return;
	}
	for (int digits = 1; digits <= 17; digits++) {
		snprintf(s, sizeof s, "%.*g", digits, x);
		if (strtod(s, NULL) == x)
			break;
	}
	/* e+06 and e-06 as e6 and e-6 */
	char *e = strchr(s, 'e');
	if (e) {
		const int exponent = atoi(e + 1);

		snprintf(e, sizeof s - (size_t)(e - s), "e%d", exponent);
	}
	fed_text_add(t, "%s", s);
}

void fed_text_json_number(struct fed_text *t, double x)
{
	if (isfinite(x))
		fed__text_real(t, x);
	else
		fed_text_put(t, "null", 4);
}

/* A whole number with commas. */
static void put_commas(double n, char *out, size_t capacity)
{
	char digits[400]; /* DBL_MAX has 309 */
	const int len = snprintf(digits, sizeof digits, "%.0f", fabs(n));
	size_t at = 0;

	if (n < 0 && strcmp(digits, "0") != 0)
		out[at++] = '-';
	for (int i = 0; i < len && at + 2 < capacity; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			out[at++] = ',';
		out[at++] = digits[i];
	}
	out[at] = 0;
}

void fed_text_count(struct fed_text *t, double n)
{
	char out[600];

	if (put_special(t, n))
		return;
	put_commas(n, out, sizeof out);
	fed_text_put(t, out, strlen(out));
}

struct fed_shown fed_count(double n)
{
	struct fed_shown shown;

	put_commas(n, shown.s, sizeof shown.s);
	return shown;
}

void fed_text_si(struct fed_text *t, double x, const char *unit)
{
	static const char *const prefix[] = {"", "k", "M", "G", "T", "P", "E"};
	const size_t last = sizeof prefix / sizeof *prefix - 1;
	size_t p = 0;

	if (put_special(t, x)) {
		fed_text_add(t, " %s", unit);
		return;
	}
	/* 999.5 would be shown as 1000. */
	for (; fabs(x) >= 999.5 && p < last; p++)
		x /= 1000;
	const bool whole = p == 0 && x == floor(x);
	if (p == 0 && fabs(x) < 0.95 && !whole)
		fed_text_add(t, "%.2g %s", x, unit);
	else
		fed_text_add(t, "%.*f %s%s", whole || fabs(x) >= 99.95 ? 0 : 1, x, prefix[p], unit);
}

void fed_text_bytes(struct fed_text *t, double bytes)
{
	fed_text_si(t, bytes, "B");
}

/* Two units, of which the second is a `share`-th of the first: "3 min 12 s". */
static void put_two(struct fed_text *t, double n, int share, const char *first, const char *second)
{
	fed_text_add(t, "%.0f %s %d %s", floor(n / share), first, (int)fmod(n, share), second);
}

void fed_text_number(struct fed_text *t, const char *fmt, double x)
{
	char s[400]; /* DBL_MAX has 309 digits */

	const int n = isnan(x) ? snprintf(s, sizeof s, "-") : snprintf(s, sizeof s, fmt, x);
	const bool point = n > 0 && s[n - 1] == '.';
	fed_text_put(t, s, (size_t)n - point);
}

struct fed_shown fed_digits(double x, int digits)
{
	struct fed_shown shown;
	struct fed_text text = {0};
	char fmt[16];

	snprintf(fmt, sizeof fmt, "%%#.%dg", digits);
	fed_text_number(&text, fmt, x);
	snprintf(shown.s, sizeof shown.s, "%s", fed_text_str(&text));
	fed_text_release(&text);
	return shown;
}

static void put_unit(struct fed_text *t, const char *fmt, double x, const char *unit)
{
	fed_text_number(t, fmt, x);
	fed_text_add(t, " %s", unit);
}

/* fmt: of three digits. */
static void put_seconds(struct fed_text *t, double s, const char *fmt)
{
	if (put_special(t, s)) {
		fed_text_put(t, " s", 2);
		return;
	}
	if (s < 0) {
		fed_text_put(t, "-", 1);
		s = -s;
	}
	/* Each limit is where the rounded form would reach the next unit. */
	if (s == 0)
		fed_text_put(t, "0 s", 3);
	else if (s < 0.9995e-3)
		put_unit(t, fmt, s * 1e6, "us");
	else if (s < 0.9995)
		put_unit(t, fmt, s * 1e3, "ms");
	else if (s < 59.95)
		put_unit(t, fmt, s, "s");
	else if (s < 3599.5)
		put_two(t, round(s), 60, "min", "s");
	else if (s < 86370)
		put_two(t, round(s / 60), 60, "h", "min");
	else
		put_two(t, round(s / 3600), 24, "d", "h");
}

void fed_text_seconds(struct fed_text *t, double s)
{
	put_seconds(t, s, "%.3g");
}

void fed_text_clock(struct fed_text *t, double s)
{
	put_seconds(t, s, "%#.3g");
}

bool fed_parse_real(const char *s, double *out)
{
	/* strtod also takes spaces in front, hexadecimal and nan(...). */
	const char *first = *s == '-' || *s == '+' ? s + 1 : s;
	const bool infinite = strcmp(first, "inf") == 0;

	if (!infinite &&
	    (strspn(first, "0123456789.eE+-") != strlen(first) || *first == '-' || *first == '+'))
		return false;
	char *end;
	const double x = strtod(s, &end);
	if (end == s || *end != '\0' || (isinf(x) && !infinite))
		return false;
	*out = x;
	return true;
}

/* A decimal number as digits * 10^power, digits without zeros at the end. */
struct decimal {
	uint64_t digits;
	long power;
};

/* The digits before and after a point; where they end, or NULL. */
static const char *read_digits(const char *s, struct decimal *d)
{
	long zeros = 0; /* seen since the last other digit */
	bool any = false, point = false;

	*d = (struct decimal){0};
	for (; (*s >= '0' && *s <= '9') || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		any = true;
		d->power -= point;
		zeros++;
		if (*s == '0')
			continue;
		for (; zeros > 0; zeros--)
			if (__builtin_mul_overflow(d->digits, (uint64_t)10, &d->digits))
				return NULL;
		if (__builtin_add_overflow(d->digits, (uint64_t)(*s - '0'), &d->digits))
			return NULL;
	}
	d->power += zeros;
	return any ? s : NULL;
}

/* k, M or an exponent; false on anything else. */
static bool read_scale(const char *s, long *power)
{
	if (*s == '\0')
		return true;
	if ((*s == 'k' || *s == 'M') && s[1] == '\0') {
		*power += *s == 'k' ? 3 : 6;
		return true;
	}
	if (*s != 'e' && *s != 'E')
		return false;
	const char *digits = s[1] == '+' || s[1] == '-' ? s + 2 : s + 1;
	const size_t n = strspn(digits, "0123456789");
	if (n == 0 || n > 6 || digits[n] != '\0')
		return false;
	*power += atol(s + 1);
	return true;
}

bool fed_parse_int(const char *s, long long *out)
{
	const bool negative = *s == '-';
	struct decimal d;
	const char *rest = read_digits(*s == '-' || *s == '+' ? s + 1 : s, &d);

	if (!rest || !read_scale(rest, &d.power))
		return false;
	if (d.digits != 0 && (d.power < 0 || d.power > 18))
		return false;
	for (; d.digits != 0 && d.power > 0; d.power--)
		if (__builtin_mul_overflow(d.digits, (uint64_t)10, &d.digits))
			return false;
	if (d.digits > (uint64_t)LLONG_MAX + negative)
		return false;
	*out = negative ? (long long)(0 - d.digits) : (long long)d.digits;
	return true;
}
