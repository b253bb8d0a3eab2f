/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/fields_print.c - keys, values and allowed values of fields as text.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fields.h"

void fed_field_key(const struct fed_field *row, struct fed_text *out)
{
	for (const char *c = row->name; *c; c++)
		fed_text_put(out, *c == '_' ? "-" : c, 1);
}

static bool has_word(const struct fed_field *row)
{
	return row->type == FED_TYPE_INT && row->choice && row->choice[0];
}

/* The name of a choice.  A plugin may have written anything into its state, so values are checked
 * before they are shown. */
static const char *choice_name(const struct fed_field *row, int wanted)
{
	for (int i = 0; row->choice[i]; i++)
		if (i == wanted)
			return row->choice[i];
	return "?";
}

/* 1e13 rather than 10000000000000: exactly the same number, which reads back as such. */
static void add_real(struct fed_text *out, double x)
{
	char s[32];

	snprintf(s, sizeof s, "%.3g", x);
	const char *e = strchr(s, 'e');
	if (e && fabs(x) >= 1e7 && strtod(s, NULL) == x)
		fed_text_add(out, "%.*se%d", (int)(e - s), s, atoi(e + 1));
	else
		fed__text_real(out, x);
}

void fed_field_print(const struct fed_field *row, const void *state, struct fed_text *out)
{
	const void *value = (const char *)state + row->offset;
	const struct fed_list *list = value;
	const int64_t n = row->type == FED_TYPE_INT ? *(const int64_t *)value : 0;

	switch (row->type) {
	case FED_TYPE_INT:
		if (has_word(row) && n == (int64_t)row->min)
			fed_text_add(out, "%s", row->choice[0]);
		else
			fed_text_add(out, "%" PRId64, n);
		break;
	case FED_TYPE_REAL:
		add_real(out, *(const double *)value);
		break;
	case FED_TYPE_CHOICE:
		fed_text_add(out, "%s", choice_name(row, *(const int *)value));
		break;
	case FED_TYPE_FLAG:
		fed_text_add(out, "%s", *(const bool *)value ? "yes" : "no");
		break;
	case FED_TYPE_TEXT:
		fed_text_put(out, value, strnlen(value, row->size));
		break;
	case FED_TYPE_LIST:
		for (int64_t i = 0; i < list->n && i < FED_LIST_MAX; i++)
			fed_text_add(out, "%s%" PRId64, i > 0 ? "," : "", list->v[i]);
		break;
	}
}

bool fed__field_shows(double limit)
{
	return limit > -1000 && limit < 1000;
}

/* " from 1 to 100", " from 1"; nothing where there is no limit worth showing. */
static void add_range(const struct fed_field *row, struct fed_text *out)
{
	/* Larger limits are limits of the program, not of the quantity: who exceeds one is told.  The
	 * least value may be a word. */
	const bool low = fed__field_shows(row->min), high = fed__field_shows(row->max);
	const double least = has_word(row) ? row->min + 1 : row->min;

	if (low)
		fed_text_add(out, " from ");
	else if (high)
		fed_text_add(out, " of at most ");
	if (low)
		fed__text_real(out, least);
	if (low && high)
		fed_text_add(out, " to ");
	if (high)
		fed__text_real(out, row->max);
}

void fed_field_allowed(const struct fed_field *row, struct fed_text *out)
{
	switch (row->type) {
	case FED_TYPE_INT:
		fed_text_add(out, "a whole number");
		add_range(row, out);
		if (has_word(row))
			fed_text_add(out, " or %s", row->choice[0]);
		break;
	case FED_TYPE_REAL:
		fed_text_add(out, "a number");
		add_range(row, out);
		break;
	case FED_TYPE_CHOICE:
		fed_text_add(out, "one of ");
		for (size_t i = 0; row->choice[i]; i++)
			fed_text_add(out, "%s%s", i > 0 ? ", " : "", row->choice[i]);
		break;
	case FED_TYPE_FLAG:
		fed_text_add(out, "yes or no");
		break;
	case FED_TYPE_TEXT:
		fed_text_add(out, "text of at most %u bytes without control characters",
		             (unsigned)row->size - 1);
		break;
	case FED_TYPE_LIST:
		fed_text_add(out, "at most %d whole numbers", FED_LIST_MAX);
		add_range(row, out);
		fed_text_add(out, " with commas between");
		break;
	}
}

void fed_field_complete(const struct fed_field *row, const char *prefix,
                        void (*take)(void *ctx, const char *candidate), void *ctx)
{
	static const char *const flag_words[] = {"yes", "no", NULL};
	const char *const *words = row->type == FED_TYPE_FLAG     ? flag_words
	                           : row->type == FED_TYPE_CHOICE ? row->choice
	                                                          : NULL;

	if (has_word(row) && strncmp(row->choice[0], prefix, strlen(prefix)) == 0)
		take(ctx, row->choice[0]);
	for (; words && *words; words++)
		if (strncmp(*words, prefix, strlen(prefix)) == 0)
			take(ctx, *words);
}
