/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/pace.c - pauses behind costly work. */
#include "tui/views/pace.h"

#include <time.h>

#define QUICK 2e-3 /* seconds */
#define PATIENCE 40

double fed__pace_begin(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void fed__pace_end(struct fed_pace *pace, double began)
{
	const double took = fed__pace_begin() - began;

	pace->not_before = took > QUICK ? began + PATIENCE * took : 0;
}

bool fed__pace_is_due(const struct fed_pace *pace, const struct fed_watched *w)
{
	return !w->busy || fed__pace_begin() >= pace->not_before;
}
