/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/html.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/suite.h"

/* Elements without an end. */
static bool is_void(const char *name)
{
	return strcmp(name, "meta") == 0 || strcmp(name, "!DOCTYPE") == 0;
}

size_t fed_walk_html(const char *html, const char *counted)
{
	char open[64][16];
	size_t depth = 0, n = 0;

	for (const char *at = html; *at; at++) {
		char name[16];

		if (*at == '&') {
			ck_assert_msg(strncmp(at, "&lt;", 4) == 0 || strncmp(at, "&gt;", 4) == 0 ||
			                  strncmp(at, "&amp;", 5) == 0 || strncmp(at, "&quot;", 6) == 0,
			              "%.30s", at);
			continue;
		}
		if (*at != '<')
			continue;
		const char *end = strchr(at, '>');
		ck_assert_ptr_nonnull(end);
		if (depth && strcmp(open[depth - 1], "style") == 0 && at[1] != '/')
			continue;
		ck_assert_int_eq(sscanf(at + 1 + (at[1] == '/'), "%15[a-zA-Z0-9!]", name), 1);
		if (at[1] == '/') {
			ck_assert_uint_gt(depth, 0);
			ck_assert_msg(strcmp(open[--depth], name) == 0, "</%s> ends <%s>: %.60s", name,
			              open[depth], at - 40);
		} else {
			size_t quotes = 0;

			n += strcmp(name, counted) == 0;
			for (const char *c = at; c < end; c++)
				quotes += *c == '"';
			ck_assert_uint_eq(quotes % 2, 0);
			if (end[-1] != '/' && !is_void(name))
				snprintf(open[depth++], sizeof *open, "%s", name);
			ck_assert_uint_lt(depth, 60);
		}
		at = end;
	}
	ck_assert_uint_eq(depth, 0);
	return n;
}
