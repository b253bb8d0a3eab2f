/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/text_nearest.c - the nearest name by edit distance ("did you mean").
 */
#include <ctype.h>
#include <string.h>

#include "base/text.h"

enum { LONGEST = 64 }; /* names are shorter; a longer text is no misspelling of one */

bool fed_same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return false;
	return *a == *b;
}

/* A character without case and with - for _. */
static int fold(char c)
{
	return c == '_' ? '-' : tolower((unsigned char)c);
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours that make a into b (optimal string
 * alignment). */
static int distance(const char *a, size_t la, const char *b, size_t lb)
{
	int rows[3][LONGEST + 1];
	int *before = rows[0], *last = rows[1], *now = rows[2];

	for (size_t j = 0; j <= lb; j++)
		last[j] = (int)j;
	for (size_t i = 1; i <= la; i++) {
		now[0] = (int)i;
		for (size_t j = 1; j <= lb; j++) {
			const bool same = fold(a[i - 1]) == fold(b[j - 1]);

			now[j] = least(last[j - 1] + !same, least(last[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		int *free_row = before;
		before = last;
		last = now;
		now = free_row;
	}
	return last[lb];
}

static bool begins_with(const char *name, const char *typed, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fold(name[i]) != fold(typed[i]))
			return false;
	return true;
}

const char *fed_nearest(const char *typed, const char *(*name)(const void *ctx, size_t i),
                        const void *ctx)
{
	const size_t n = strnlen(typed, LONGEST + 1);
	const char *best = NULL;
	int best_distance = 0;

	if (n == 0 || n > LONGEST)
		return NULL;
	const char *candidate;
	for (size_t i = 0; (candidate = name(ctx, i)) != NULL; i++) {
		const size_t m = strnlen(candidate, LONGEST + 1);

		if (m > LONGEST)
			continue;
		int d = distance(typed, n, candidate, m);
		/* a prefix counts as much as one edit */
		if (m >= n && begins_with(candidate, typed, n))
			d = least(d, 1);
		else if (d > (int)n / 3)
			continue;
		if (!best || d < best_distance) {
			best = candidate;
			best_distance = d;
		}
	}
	return best;
}
