/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/candidates.c - lists of what may be typed.
 */
#include "shell/language/candidates.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void fed__candidates_add(struct fed_candidates *out, const char *text)
{
	if (out->n == out->capacity) {
		const size_t more = out->capacity ? 2 * out->capacity : 16;
		char **grown = fed_resize(out->text, out->capacity * sizeof *grown, more * sizeof *grown);

		if (!grown) {
			out->failed = true;
			return;
		}
		out->text = grown;
		out->capacity = more;
	}
	char *copy = fed_strdup(text);
	if (copy)
		out->text[out->n++] = copy;
	else
		out->failed = true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void fed__candidates_sort(struct fed_candidates *c)
{
	size_t left = 0;

	if (!c->n)
		return;
	qsort(c->text, c->n, sizeof *c->text, compare);
	for (size_t i = 0; i < c->n; i++) {
		if (left && strcmp(c->text[left - 1], c->text[i]) == 0)
			fed_free(c->text[i]);
		else
			c->text[left++] = c->text[i];
	}
	c->n = left;
}

void fed__candidates_release(struct fed_candidates *c)
{
	for (size_t i = 0; i < c->n; i++)
		fed_free(c->text[i]);
	fed_free(c->text);
	*c = (struct fed_candidates){0};
}
