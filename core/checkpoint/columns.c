/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/columns.c - writer and reader of structs by their tables of columns.
 */
#include "checkpoint/columns.h"

#include <math.h>
#include <string.h>

void fed_put_row(struct fed_saver *f, const struct fed_record_column *column, const void *row)
{
	for (const struct fed_record_column *c = column; c->name; c++) {
		const char *at = (const char *)row + c->offset;

		if (c->type == FED_COLUMN_TEXT)
			fed__put_string(f, at);
		else
			fed_put_words(f, at, 1, c->size);
	}
}

static bool rule_allows(enum fed_column_rule rule, double x)
{
	switch (rule) {
	case FED_COLUMN_FINITE:
		return isfinite(x);
	case FED_COLUMN_TIME:
		return isfinite(x) && x >= 0;
	case FED_COLUMN_AMOUNT:
		return x >= 0;
	case FED_COLUMN_POSITIVE:
		return x > 0;
	case FED_COLUMN_BELOW_ONE:
		return x >= 0 && x < 1;
	default:
		return true;
	}
}

static void get_text(struct fed_loader *f, const struct fed_record_column *c, char *at)
{
	struct fed_text text = {0};

	fed__get_string(f, &text);
	if (text.len < c->size)
		memcpy(at, fed_text_str(&text), text.len + 1);
	else
		fed_loader_fail(f, "%s has %zu bytes and should have fewer than %zu", c->name, text.len,
		                c->size);
	fed_text_release(&text);
}

static void check_real(struct fed_loader *f, const struct fed_record_column *c, double x)
{
	if (!rule_allows(c->rule, x))
		fed_loader_fail(f, "%s is %g", c->name, x);
}

static void check_value(struct fed_loader *f, const struct fed_record_column *c, const void *at)
{
	if (c->type == FED_COLUMN_F32)
		check_real(f, c, (double)*(const float *)at);
	else if (c->type == FED_COLUMN_F64)
		check_real(f, c, *(const double *)at);
	else if (c->below && *(const uint32_t *)at >= c->below)
		fed_loader_fail(f, "%s is %u and should be below %u", c->name, *(const uint32_t *)at,
		                c->below);
}

void fed_get_row(struct fed_loader *f, const struct fed_record_column *column, void *row)
{
	for (const struct fed_record_column *c = column; c->name; c++) {
		void *at = (char *)row + c->offset;

		if (c->type == FED_COLUMN_TEXT)
			get_text(f, c, at);
		else if (c->type == FED_COLUMN_FLAG)
			*(bool *)at = fed_get_flag(f);
		else
			fed_get_words(f, at, 1, c->size);
		if (!f->failed)
			check_value(f, c, at);
	}
}

uint64_t fed__row_bytes(const struct fed_record_column *column)
{
	uint64_t bytes = 0;

	for (const struct fed_record_column *c = column; c->name; c++)
		bytes += c->type == FED_COLUMN_TEXT ? sizeof(uint32_t) : c->size;
	return bytes;
}
