/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/views/pace.c - pauses behind costly work. */
#include "tui/views/pace.h"

#include "base/cpu.h"

#define QUICK 2e-3 /* seconds */
#define PATIENCE 40

void fed__pace_end(struct fed_pace *pace, double began)
{
	const double took = fed_wall_seconds() - began;

	pace->not_before = took > QUICK ? began + PATIENCE * took : 0;
}

bool fed__pace_is_due(const struct fed_pace *pace, const struct fed_watched *w)
{
	return !w->busy || fed_wall_seconds() >= pace->not_before;
}
