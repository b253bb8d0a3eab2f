/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/widgets/axis.c - choice of ticks and of the unit of labels. */
#include "tui/widgets/axis.h"

#include <math.h>
#include <stdio.h>

/* Ranges narrower than this share of their values count as constant, which keeps labels short. */
#define NARROWEST 1e-9
/* Tolerance, in steps, for a tick that misses the end of the range by rounding. */
#define SLACK 1e-6

double fed__axis_limit(double value)
{
	if (fabs(value) < 1e-300)
		return 0;
	return fmax(-1e300, fmin(1e300, value));
}

/* Choose the unit of the labels by the largest one. */
static void choose_unit(struct fed_axis *ticks)
{
	static const char *const prefix[] = {"k", "M", "G", "T", "P", "E"};
	const double largest = fmax(fabs(ticks->lo), fabs(ticks->hi));
	const int exponent = (int)floor(log10(largest) + SLACK);

	if (exponent >= -3 && exponent < 5) {
		ticks->scale = 0;
		ticks->suffix[0] = '\0';
	} else if (exponent > 0 && exponent < 21) {
		ticks->scale = exponent / 3 * 3;
		snprintf(ticks->suffix, sizeof ticks->suffix, "%s", prefix[exponent / 3 - 1]);
	} else {
		ticks->scale = exponent;
		snprintf(ticks->suffix, sizeof ticks->suffix, "e%d", exponent);
	}
}

void fed__axis_init(struct fed_axis *ticks, double lo, double hi, int most, double least,
                    bool extend)
{
	static const double digit[] = {1, 2, 5};

	if (hi - lo <= NARROWEST * fmax(fabs(lo), fabs(hi))) {
		const double pad = lo == 0 ? 1 : 0.1 * fabs(lo);
		lo -= pad;
		hi += pad;
	}
	int exponent = (int)floor(log10(fmax(least, (hi - lo) / most)) + SLACK);
	for (int i = 0;; i++) {
		exponent += i > 0 && i % 3 == 0;
		const double step = digit[i % 3] * pow(10, exponent);
		const double first = extend ? floor(lo / step + SLACK) : ceil(lo / step - SLACK);
		const double last = extend ? ceil(hi / step - SLACK) : floor(hi / step + SLACK);
		if (step < least * (1 - SLACK) || last - first + 1 > most)
			continue;
		ticks->step = step;
		ticks->first = (long long)first;
		ticks->n = (int)(last - first) + 1;
		ticks->lo = extend ? first * step : lo;
		ticks->hi = extend ? last * step : hi;
		break;
	}
	choose_unit(ticks);
	ticks->decimals = ticks->scale > exponent ? ticks->scale - exponent : 0;
}

double fed__axis_value(const struct fed_axis *ticks, int i)
{
	return (double)(ticks->first + i) * ticks->step;
}

void fed__axis_label(const struct fed_axis *ticks, int i, char label[32])
{
	if (ticks->first + i == 0)
		snprintf(label, 32, "0");
	else
		snprintf(label, 32, "%.*f%s", ticks->decimals,
		         fed__axis_value(ticks, i) / pow(10, ticks->scale), ticks->suffix);
}
