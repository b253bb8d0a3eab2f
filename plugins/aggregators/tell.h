/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tell.h - lines for tell(): numbers and lists, wrapped to the columns of a line.
 */
#ifndef TELL_H
#define TELL_H

#include <math.h>
#include <string.h>

#include <fedsh/explain.h>

#include "robust.h"

enum {
	TELL_COLUMNS = 100,
	TELL_ITEMS = 16, /* items shown of a list */
	TELL_ROWS = 12,  /* lines of one update each */
};

struct tell {
	const struct fed_teller *to;
	size_t length;
	char line[256];
};

__attribute__((format(printf, 2, 3))) static inline void tell_put(struct tell *t, const char *fmt,
                                                                  ...)
{
	const size_t capacity = sizeof t->line - t->length;
	va_list ap;

	va_start(ap, fmt);
	const int n = vsnprintf(t->line + t->length, capacity, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->length += (size_t)n < capacity ? (size_t)n : capacity - 1;
}

static inline void tell_end(struct tell *t)
{
	t->to->say(t->to, t->line);
	t->length = 0;
	t->line[0] = '\0';
}

#define tell_line(t, ...) (tell_put((t), __VA_ARGS__), tell_end(t))

/* Add an unbreakable item, on the next line if it does not fit. */
__attribute__((format(printf, 2, 3))) static inline void tell_item(struct tell *t, const char *fmt,
                                                                   ...)
{
	char item[64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(item, sizeof item, fmt, ap);
	va_end(ap);
	if (t->length + strlen(item) > TELL_COLUMNS) {
		tell_end(t);
		tell_put(t, "       ");
	}
	tell_put(t, "%s", item);
}

/* Skip middle items of a list of n, of which `most` are shown: true if some are left out before
 * item *p, which is then set behind them. */
static inline bool tell_leaps(size_t *p, size_t n, size_t most)
{
	if (n <= most || *p != (most + 1) / 2)
		return false;
	*p = n - most / 2;
	return true;
}

/* Add client ids, " 3, 17, 5". */
static inline void tell_clients(struct tell *t, const struct robust_place *place, size_t n)
{
	for (size_t p = 0; p < n; p++) {
		if (tell_leaps(&p, n, TELL_ITEMS))
			tell_item(t, " ...,");
		tell_item(t, " %u%s", place[p].client, p + 1 < n ? "," : "");
	}
}

/* Add numbers with client ids, " -0.41 [3], 0.2 [17]". */
static inline void tell_values(struct tell *t, const struct robust_place *place, size_t n)
{
	for (size_t p = 0; p < n; p++) {
		if (tell_leaps(&p, n, TELL_ITEMS))
			tell_item(t, " ...,");
		tell_item(t, " %.4g [%u]%s", place[p].by, place[p].client, p + 1 < n ? "," : "");
	}
}

/* Add a sum, " 0.1 + 0.2 + ... + 0.9". */
static inline void tell_sum(struct tell *t, const struct robust_place *place, size_t n, size_t most)
{
	for (size_t p = 0; p < n; p++) {
		if (tell_leaps(&p, n, most))
			tell_item(t, " + ...");
		tell_item(t, "%s %.4g", p ? " +" : "", place[p].by);
	}
}

#endif
