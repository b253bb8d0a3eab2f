/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/fields_check.c - validation of field tables.
 *
 * The tables of plugins are untrusted input: each member of a row is checked before it is used.
 */
#include <math.h>
#include <string.h>

#include "base/fields.h"

enum {
	MOST_ROWS = 256,
	MOST_CHOICES = 256,
	LONGEST_NAME = 31,
};
/* Whole numbers are kept as doubles in the table: exactly up to here. */
#define EXACT 0x1p53

struct kind {
	uint32_t size; /* of the member; 0: any */
	uint32_t align;
};

static const struct kind kinds[] = {
	[FED_TYPE_INT] = {sizeof(int64_t), _Alignof(int64_t)},
	[FED_TYPE_REAL] = {sizeof(double), _Alignof(double)},
	[FED_TYPE_CHOICE] = {sizeof(int), _Alignof(int)},
	[FED_TYPE_FLAG] = {sizeof(bool), _Alignof(bool)},
	[FED_TYPE_TEXT] = {0, 1},
	[FED_TYPE_LIST] = {sizeof(struct fed_list), _Alignof(struct fed_list)},
	[FED_TYPE_SCRATCH] = {sizeof(double *), _Alignof(double *)},
	[FED_TYPE_PERSISTENT] = {sizeof(double *), _Alignof(double *)},
	[FED_TYPE_BROADCAST] = {sizeof(double *), _Alignof(double *)},
};

/* A valid name: a letter, then letters, digits, - and _. */
static bool good_name(const char *name, size_t longest)
{
	const size_t n = strnlen(name, longest + 1);

	if (n == 0 || n > longest || !(name[0] >= 'a' && name[0] <= 'z'))
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") >= n;
}

/* A valid word: no spaces, no control characters, no commas. */
static bool good_word(const char *word)
{
	const size_t n = strnlen(word, LONGEST_NAME + 1);

	if (n == 0 || n > LONGEST_NAME)
		return false;
	for (size_t i = 0; i < n; i++)
		if (word[i] <= ' ' || word[i] >= 0x7f || strchr(",;#=\"'", word[i]))
			return false;
	return true;
}

static bool whole(double x)
{
	return x == floor(x) && fabs(x) <= EXACT;
}

/* Sizes of 2^53 and above are taken as "no limit", which need not be whole. */
static bool whole_limits(const struct fed_field *row)
{
	return (whole(row->min) || row->min <= -EXACT) && (whole(row->max) || row->max >= EXACT);
}

static int check_place(const struct fed_field *row, size_t state_size, struct fed_error *err)
{
	const struct kind *kind = &kinds[row->type];
	const char *name = row->name;

	if (kind->size ? row->size != kind->size : row->size == 0)
		return fed_fail(err, "field %s: its member has %u bytes instead of %u", name, row->size,
		                kind->size ? kind->size : 1);
	if (row->size > state_size || row->offset > state_size - row->size)
		return fed_fail(err, "field %s: bytes %u to %llu lie outside the state of %zu", name,
		                row->offset, (unsigned long long)row->offset + row->size, state_size);
	if (row->offset % kind->align != 0)
		return fed_fail(err, "field %s: its offset %u is not a multiple of %u", name, row->offset,
		                kind->align);
	return FED_OK;
}

static int check_range(const struct fed_field *row, struct fed_error *err)
{
	const char *name = row->name;

	if (isnan(row->min) || isnan(row->max) || row->min > row->max)
		return fed_fail(err, "field %s: min %g is above max %g", name, row->min, row->max);
	if (row->type != FED_TYPE_REAL && !whole_limits(row))
		return fed_fail(err, "field %s: min %g and max %g must be whole", name, row->min, row->max);
	if (row->type == FED_TYPE_LIST)
		return FED_OK;
	if (!(row->def >= row->min && row->def <= row->max))
		return fed_fail(err, "field %s: the default %g lies outside %g to %g", name, row->def,
		                row->min, row->max);
	if (row->type == FED_TYPE_INT && !whole(row->def))
		return fed_fail(err, "field %s: the default %g must be whole", name, row->def);
	if (row->type == FED_TYPE_INT && row->choice &&
	    !(row->choice[0] && good_word(row->choice[0]) && whole(row->min)))
		return fed_fail(err, "field %s: the word for its least value must be one word", name);
	return FED_OK;
}

static int check_choices(const struct fed_field *row, struct fed_error *err)
{
	int n = 0;

	if (!row->choice || !row->choice[0])
		return fed_fail(err, "field %s: has no choices", row->name);
	for (; n < MOST_CHOICES && row->choice[n]; n++)
		if (!good_word(row->choice[n]))
			return fed_fail(err, "field %s: choice %d must be one word of at most %d bytes",
			                row->name, n, LONGEST_NAME);
	if (n == MOST_CHOICES)
		return fed_fail(err, "field %s: has no NULL within %d choices", row->name, MOST_CHOICES);
	for (int i = 1; i < n; i++)
		for (int j = 0; j < i; j++)
			if (fed_same_name(row->choice[i], row->choice[j]))
				return fed_fail(err, "field %s: the choice %s appears twice", row->name,
				                row->choice[i]);
	if (!(whole(row->def) && row->def >= 0 && row->def < n))
		return fed_fail(err, "field %s: the default %g is none of its %d choices", row->name,
		                row->def, n);
	return FED_OK;
}

/* The default of a text or list must be one that a user could type. */
static int check_typed_default(const struct fed_field *row, struct fed_error *err)
{
	struct fed_error why;
	struct fed_list list;
	const char *text = row->text ? row->text : "";

	if (row->type == FED_TYPE_TEXT) {
		if (fed__field_takes_text(row, text))
			return FED_OK;
		return fed_fail(err,
		                "field %s: the default must be at most %u bytes without control "
		                "characters",
		                row->name, row->size - 1);
	}
	struct fed_field alone = *row;
	alone.offset = 0;
	if (fed_field_parse(&alone, &list, text, &why) != FED_OK)
		return fed_fail(err, "field %s: the default is not a list: %.200s", row->name, why.text);
	return FED_OK;
}

static int check_row(const struct fed_field *row, size_t state_size, struct fed_error *err)
{
	if (check_place(row, state_size, err) != FED_OK)
		return FED_FAIL;
	switch (row->type) {
	case FED_TYPE_INT:
	case FED_TYPE_REAL:
		return check_range(row, err);
	case FED_TYPE_CHOICE:
		return check_choices(row, err);
	case FED_TYPE_FLAG:
		if (row->def != 0 && row->def != 1)
			return fed_fail(err, "field %s: the default %g must be 0 or 1", row->name, row->def);
		return FED_OK;
	case FED_TYPE_TEXT:
		return check_typed_default(row, err);
	case FED_TYPE_LIST:
		return check_range(row, err) == FED_OK ? check_typed_default(row, err) : FED_FAIL;
	}
	return FED_OK;
}

int fed_fields_check(const struct fed_field *rows, size_t state_size, struct fed_error *err)
{
	if (!rows)
		return FED_OK;
	for (size_t i = 0; i < MOST_ROWS; i++) {
		const struct fed_field *row = &rows[i];

		if (row->type == FED_TYPE_END)
			return FED_OK;
		if (!row->name || !good_name(row->name, LONGEST_NAME))
			return fed_fail(err,
			                "field row %zu: its name must be a letter a-z, then letters, digits "
			                "and -, at most %d bytes",
			                i, LONGEST_NAME);
		if (row->type >= sizeof kinds / sizeof *kinds)
			return fed_fail(err, "field %s: its type %u is unknown", row->name, row->type);
		for (size_t j = 0; j < i; j++)
			if (fed_same_name(row->name, rows[j].name))
				return fed_fail(err, "field %s: the name appears twice", row->name);
		if (check_row(row, state_size, err) != FED_OK)
			return FED_FAIL;
	}
	return fed_fail(err, "field table: has no FED_END within %d rows", MOST_ROWS);
}
