/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ranges.h - ranges of columns as text: "0-391,392-783".
 */
#ifndef FED_BASE_RANGES_H
#define FED_BASE_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#include "fedsh/plugin.h"

#define FED_RANGES_MAX 16u
#define FED_RANGES_TEXT 192u /* bytes of FED_RANGES_MAX ranges as text */

struct fed_range {
	uint32_t first, last; /* both belong to it */
};

struct fed_ranges {
	uint32_t n;
	struct fed_range range[FED_RANGES_MAX];
};

/* One to FED_RANGES_MAX ranges, ascending and without overlap; FED_FAIL tells what is wrong. */
int fed_ranges_parse(const char *text, struct fed_ranges *, struct fed_error *);
void fed_ranges_print(const struct fed_ranges *, char text[FED_RANGES_TEXT]);

static inline uint32_t fed_range_size(const struct fed_range *r)
{
	return r->last - r->first + 1;
}

#endif
