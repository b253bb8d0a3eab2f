/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/ranges.c - ranges of columns as text.
 */
#include "base/ranges.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

/* A number of at most nine digits; false when there is none. */
static bool read_number(const char **at, uint32_t *out)
{
	int digits = 0;

	for (*out = 0; **at >= '0' && **at <= '9' && digits < 9; ++*at, digits++)
		*out = *out * 10 + (uint32_t)(**at - '0');
	return digits > 0;
}

int fed_ranges_parse(const char *text, struct fed_ranges *out, struct fed_error *err)
{
	const char *at = text;

	*out = (struct fed_ranges){0};
	for (;; at++) {
		struct fed_range r;

		if (out->n == FED_RANGES_MAX)
			return fed_fail(err, "more than %u ranges in %s", FED_RANGES_MAX, fed_show(text).s);
		if (!read_number(&at, &r.first))
			return fed_fail(err, "%s is no list of ranges; write them as 0-391,392-783",
			                fed_show(text).s);
		r.last = r.first;
		if (*at == '-') {
			at++;
			if (!read_number(&at, &r.last))
				return fed_fail(err, "%s is no list of ranges; write them as 0-391,392-783",
				                fed_show(text).s);
		}
		if (r.last < r.first)
			return fed_fail(err, "the range %u-%u ends before it begins", r.first, r.last);
		if (out->n && r.first <= out->range[out->n - 1].last)
			return fed_fail(err, "column %u is in two ranges, or they are not in ascending order",
			                r.first);
		out->range[out->n++] = r;
		if (*at != ',')
			break;
	}
	if (*at)
		return fed_fail(err, "%s is no list of ranges; write them as 0-391,392-783",
		                fed_show(text).s);
	return FED_OK;
}

void fed_ranges_print(const struct fed_ranges *r, char text[FED_RANGES_TEXT])
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < r->n && used < FED_RANGES_TEXT; i++)
		used += (size_t)snprintf(text + used, FED_RANGES_TEXT - used, "%s%u-%u", i ? "," : "",
		                         r->range[i].first, r->range[i].last);
}
