/* SPDX-License-Identifier: GPL-3.0-or-later */
/* figures/page.c - checks of what is laid out on a page. */
#include "figures/page.h"

#include <string.h>

#include "support/suite.h"

static const char *text_of(const struct fed_drawing *d, size_t i)
{
	return fed_text_str(&d->pool) + d->item[i].text;
}

void fed_page_check(const struct fed_drawing *d, const char *what)
{
	double a[4], b[4];

	ck_assert(!d->failed);
	for (size_t i = 0; i < d->n; i++) {
		const bool is_text = d->item[i].kind == FED_DRAWN_TEXT;

		fed__drawing_extent(d, i, a);
		ck_assert_msg(
			a[0] >= -0.01 && a[1] >= -0.01 && a[2] <= d->width + 0.01 && a[3] <= d->height + 0.01,
			"%s, %.0f x %.0f: item %zu (%s) is out of the page: %.1f %.1f %.1f %.1f", what,
			d->width, d->height, i, is_text ? text_of(d, i) : "", a[0], a[1], a[2], a[3]);
		for (size_t k = i + 1; is_text && k < d->n; k++) {
			if (d->item[k].kind != FED_DRAWN_TEXT)
				continue;
			fed__drawing_extent(d, k, b);
			ck_assert_msg(a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] + 0.01 ||
			                  b[3] <= a[1] + 0.01,
			              "%s, %.0f x %.0f: \"%s\" meets \"%s\"", what, d->width, d->height,
			              text_of(d, i), text_of(d, k));
		}
	}
}

size_t fed_page_count(const struct fed_drawing *d, const char *text)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += d->item[i].kind == FED_DRAWN_TEXT && (!text || strcmp(text_of(d, i), text) == 0);
	return n;
}
