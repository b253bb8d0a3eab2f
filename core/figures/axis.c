/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figures/axis.c - choice of ticks and of the unit of labels. */
#include "figures/axis.h"

#include <math.h>
#include <stdio.h>

/* Ranges narrower than this share of their values count as constant, which keeps labels short. */
#define NARROWEST 1e-9
/* Tolerance, in steps, for a tick that misses the end of the range by rounding. */
#define SLACK 1e-6

double fed_axis_limit(double value)
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

void fed_axis_init(struct fed_axis *ticks, double lo, double hi, int most, double least,
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
	ticks->log = ticks->powers = false;
	choose_unit(ticks);
	ticks->decimals = ticks->scale > exponent ? ticks->scale - exponent : 0;
}

/* Logarithmic axes --------------------------------------------------------------- */

/* Tick number k: every step-th power of ten, or (step 0) 1, 2 and 5 times each. */
static double log_tick(long long k, double step)
{
	static const double digit[] = {1, 2, 5};
	const long long part = (k % 3 + 3) % 3;

	return step > 0 ? pow(10, (double)k * step) : digit[part] * pow(10, (double)((k - part) / 3));
}

/* The greatest tick at most x (below), or the least one at least x. */
static long long log_place(double x, double step, bool below)
{
	const double exact = log10(x) / (step > 0 ? step : 1.0 / 3);
	long long k = (long long)floor(exact);

	while (log_tick(k, step) > x * (1 + SLACK))
		k--;
	while (log_tick(k + 1, step) <= x * (1 + SLACK))
		k++;
	return below || log_tick(k, step) >= x * (1 - SLACK) ? k : k + 1;
}

void fed_axis_init_log(struct fed_axis *ticks, double lo, double hi, int most, bool extend)
{
	if (hi <= lo * (1 + NARROWEST)) {
		lo /= 2;
		hi *= 2;
	}
	if (hi < 10 * lo) {
		fed_axis_init(ticks, lo, hi, most, 0, extend);
		if (ticks->lo <= 0) { /* 0 has no place */
			ticks->lo = lo;
			ticks->n -= ticks->first <= 0;
			ticks->first += ticks->first <= 0;
		}
		ticks->log = true;
		return;
	}
	*ticks = (struct fed_axis){.log = true, .powers = true};
	for (double step = 0;; step = step > 0 ? step + 1 : 1) {
		const long long first = log_place(lo, step, extend), last = log_place(hi, step, !extend);

		if (last - first + 1 > most)
			continue;
		ticks->step = step;
		ticks->first = first;
		ticks->n = last >= first ? (int)(last - first) + 1 : 0;
		ticks->lo = extend ? log_tick(first, step) : lo;
		ticks->hi = extend ? log_tick(last, step) : hi;
		return;
	}
}

double fed_axis_share(const struct fed_axis *ticks, double value)
{
	return ticks->log ? log10(value / ticks->lo) / log10(ticks->hi / ticks->lo)
	                  : (fed_axis_limit(value) - ticks->lo) / (ticks->hi - ticks->lo);
}

double fed_axis_value(const struct fed_axis *ticks, int i)
{
	return ticks->powers ? log_tick(ticks->first + i, ticks->step)
	                     : (double)(ticks->first + i) * ticks->step;
}

/* "0.002", "50", "2e-5", "100k", "1e9". */
static void log_label(double value, char label[32])
{
	const int exponent = (int)floor(log10(value) + SLACK);

	if (exponent >= -3 && exponent < 4)
		snprintf(label, 32, "%.4g", value);
	else if (exponent >= 4 && exponent < 9)
		snprintf(label, 32, "%.4g%s", value / (exponent < 6 ? 1e3 : 1e6), exponent < 6 ? "k" : "M");
	else
		snprintf(label, 32, "%.0fe%d", value / pow(10, exponent), exponent);
}

void fed_axis_label(const struct fed_axis *ticks, int i, char label[32])
{
	if (ticks->powers)
		log_label(fed_axis_value(ticks, i), label);
	else if (ticks->first + i == 0)
		snprintf(label, 32, "0");
	else
		snprintf(label, 32, "%.*f%s", ticks->decimals,
		         fed_axis_value(ticks, i) / pow(10, ticks->scale), ticks->suffix);
}
