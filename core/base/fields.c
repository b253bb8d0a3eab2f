/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/fields.c - field tables: find, set and compare.
 */
#include "base/fields.h"

#include <math.h>
#include <string.h>

bool fed_field_vector(const struct fed_field *row)
{
	return row->type == FED_TYPE_SCRATCH || row->type == FED_TYPE_PERSISTENT ||
	       row->type == FED_TYPE_BROADCAST;
}

bool fed_field_settable(const struct fed_field *row)
{
	return row->type != FED_TYPE_END && !fed_field_vector(row) &&
	       !(row->flags & FED_FIELD_READONLY);
}

bool fed_field_bare(const struct fed_field *row)
{
	if (row->type == FED_TYPE_CHOICE)
		for (const char *const *name = row->choice; *name; name++)
			if (!strcmp(*name, "yes"))
				return true;
	return row->type == FED_TYPE_FLAG;
}

const struct fed_field *fed_fields_find(const struct fed_field *rows, const char *key)
{
	for (const struct fed_field *row = rows; row && row->type != FED_TYPE_END; row++)
		if (fed_same_name(row->name, key))
			return row;
	return NULL;
}

static void *member(const struct fed_field *row, void *state)
{
	return (char *)state + row->offset;
}

/* Parsing --------------------------------------------------------------- */

static const char *choice_at(const void *ctx, size_t i)
{
	const char *const *choice = ctx;

	for (size_t k = 0; k <= i; k++)
		if (!choice[k])
			return NULL;
	return choice[i];
}

/* Whether x is within the row's limits.  They are doubles: beyond 2^53 a limit is itself rounded,
 * so that comparing an int64 as a double loses nothing. */
static bool within(const struct fed_field *row, double x)
{
	return x >= row->min && x <= row->max;
}

/* A limit that the value exceeds and the help does not show; NaN: none.  Beyond a thousand million
 * it is of no use to who typed the value. */
static double hidden_limit(const struct fed_field *row, const char *value)
{
	const bool number = row->type == FED_TYPE_INT || row->type == FED_TYPE_REAL;
	double x;

	if (!number || !fed_parse_real(value, &x))
		return NAN;
	const double limit = x > row->max ? row->max : row->min;

	return within(row, x) || fed__field_shows(limit) || fabs(limit) > 1e9 ? NAN : limit;
}

/* "KEY=VALUE: must be ALLOWED; did you mean CHOICE?" */
static int refuse_value(const struct fed_field *row, const char *value, struct fed_error *err)
{
	struct fed_text key = {0}, allowed = {0};
	const double limit = hidden_limit(row, value);

	fed_field_key(row, &key);
	fed_field_allowed(row, &allowed);
	if (!isnan(limit)) {
		fed_text_add(&allowed, limit > 0 ? ", at most " : ", at least ");
		fed_text_count(&allowed, limit);
	}
	const char *all = allowed.failed ? "another value" : fed_text_str(&allowed);
	int shown = (int)strlen(all), capacity = 200;
	/* A long list of choices ends after a whole one. */
	if (shown > capacity)
		for (shown = capacity; shown > 0 && all[shown] != ',';)
			shown--;
	const char *near =
		row->type == FED_TYPE_CHOICE && *value ? fed_nearest(value, choice_at, row->choice) : NULL;
	if (row->type == FED_TYPE_INT && row->flags & FED_FIELD_POSITIONAL)
		fed_fail(err, "%s is not a valid %.*s; give %s", fed_show(value).s,
		         (int)strcspn(row->help, ",;("), row->help, all);
	else
		fed_fail(err, "%s=%s: must be %.*s%s%s%s%s", key.failed ? "it" : fed_text_str(&key),
		         fed_show(value).s, shown, all, all[shown] ? ", ..." : "",
		         near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
	fed_text_release(&key);
	fed_text_release(&allowed);
	return FED_FAIL;
}

static bool parse_int(const struct fed_field *row, const char *value, int64_t *out)
{
	long long n;

	if (row->choice && row->choice[0] && fed_same_name(value, row->choice[0])) {
		*out = (int64_t)row->min;
		return true;
	}
	if (!fed_parse_int(value, &n) || !within(row, (double)n))
		return false;
	*out = n;
	return true;
}

static bool parse_choice(const struct fed_field *row, const char *value, int *out)
{
	for (int i = 0; row->choice[i]; i++)
		if (fed_same_name(value, row->choice[i])) {
			*out = i;
			return true;
		}
	return false;
}

static bool parse_flag(const char *value, bool *out)
{
	static const char *const words[] = {"no", "yes", "off", "on", "false", "true", "0", "1"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(value, words[i]) == 0) {
			*out = i % 2;
			return true;
		}
	return false;
}

static bool parse_list(const struct fed_field *row, const char *value, struct fed_list *out)
{
	struct fed_list list = {0};

	while (*value) {
		char item[32];
		const size_t len = strcspn(value, ",");
		long long n;

		if (list.n == FED_LIST_MAX || len == 0 || len >= sizeof item)
			return false;
		memcpy(item, value, len);
		item[len] = '\0';
		if (!fed_parse_int(item, &n) || !within(row, (double)n))
			return false;
		list.v[list.n++] = n;
		value += len;
		if (*value == ',' && *++value == '\0')
			return false;
	}
	*out = list;
	return true;
}

bool fed__field_takes_text(const struct fed_field *row, const char *value)
{
	const size_t len = strnlen(value, row->size);

	if (len >= row->size)
		return false;
	for (size_t i = 0; i < len;) {
		uint32_t code;
		const size_t n = fed_utf8_next(value + i, len - i, &code);

		/* Paths may be in any encoding; control bytes are refused in all of them. */
		if (n > 0 ? fed_utf8_control(code) : (unsigned char)value[i] < 0xa0)
			return false;
		i += n > 0 ? n : 1;
	}
	return true;
}

static bool parse_text(const struct fed_field *row, const char *value, char *out)
{
	if (!fed__field_takes_text(row, value))
		return false;
	/* Zeroes behind, so that equal texts are equal bytes. */
	memset(out, 0, row->size);
	memcpy(out, value, strlen(value));
	return true;
}

/* A number, or a share as 20%. */
static bool parse_real(const char *value, double *out)
{
	const size_t len = strlen(value);
	char digits[32];

	if (len < 2 || len > sizeof digits || value[len - 1] != '%')
		return fed_parse_real(value, out);
	memcpy(digits, value, len - 1);
	digits[len - 1] = '\0';
	if (!fed_parse_real(digits, out))
		return false;
	*out /= 100;
	return true;
}

int fed_field_parse(const struct fed_field *row, void *state, const char *value,
                    struct fed_error *err)
{
	void *out = member(row, state);
	double real;
	bool ok = false;

	switch (row->type) {
	case FED_TYPE_INT:
		ok = parse_int(row, value, out);
		break;
	case FED_TYPE_REAL:
		ok = parse_real(value, &real) && within(row, real);
		if (ok)
			*(double *)out = real;
		break;
	case FED_TYPE_CHOICE:
		ok = parse_choice(row, value, out);
		break;
	case FED_TYPE_FLAG:
		ok = parse_flag(value, out);
		break;
	case FED_TYPE_TEXT:
		ok = parse_text(row, value, out);
		break;
	case FED_TYPE_LIST:
		ok = parse_list(row, value, out);
		break;
	}
	return ok ? FED_OK : refuse_value(row, value, err);
}

/* Setting --------------------------------------------------------------- */

static bool listed(const struct fed_field *row)
{
	return fed_field_settable(row) && !(row->flags & FED_FIELD_HIDDEN);
}

/* The name of the i-th row that a user may set. */
static const char *settable_name(const void *rows, size_t i)
{
	for (const struct fed_field *row = rows; row && row->type != FED_TYPE_END; row++)
		if (listed(row) && i-- == 0)
			return row->name;
	return NULL;
}

/* "no parameter KEY; did you mean ...?  It takes a, b, c" */
static int refuse_key(const struct fed_field *rows, const char *key, struct fed_error *err)
{
	const char *near = fed_nearest(key, settable_name, rows);
	struct fed_text text = {0};

	fed_text_add(&text, "no parameter %s", fed_show(key).s);
	if (near) {
		fed_text_add(&text, "; did you mean ");
		fed_field_key(fed_fields_find(rows, near), &text);
		fed_text_add(&text, "?");
	}
	fed_text_add(&text, near ? " " : "; ");
	size_t n = 0;
	for (const struct fed_field *row = rows; row && row->type != FED_TYPE_END; row++) {
		if (!listed(row))
			continue;
		if (text.len + strlen(row->name) + sizeof "It takes , ..." > sizeof err->text) {
			fed_text_add(&text, ", ...");
			break;
		}
		fed_text_add(&text, n++ > 0 ? ", " : near ? "It takes " : "it takes ");
		fed_field_key(row, &text);
	}
	if (n == 0)
		fed_text_add(&text, "it takes none");
	fed_fail(err, "%s", text.failed ? "out of memory (an error message)" : fed_text_str(&text));
	fed_text_release(&text);
	return FED_FAIL;
}

int fed_fields_set(const struct fed_field *rows, void *state, const char *key, const char *value,
                   struct fed_error *err)
{
	const struct fed_field *row = fed_fields_find(rows, key);

	if (!row || fed_field_vector(row))
		return refuse_key(rows, key, err);
	if (row->flags & FED_FIELD_READONLY)
		return fed_fail(err, "%s is shown only, it cannot be set", fed_show(key).s);
	if (!value && !fed_field_bare(row))
		return fed_fail(err, "%s needs a value: %s=VALUE", fed_show(key).s, fed_show(key).s);
	return fed_field_parse(row, state, value ? value : "yes", err);
}

int fed_assigned_once(const struct fed_assign *assign, size_t n, struct fed_error *err)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (fed_same_name(assign[i].key, assign[k].key))
				return fed_fail(err, "%s is given twice", fed_show(assign[i].key).s);
	return FED_OK;
}

int fed_fields_assign(const struct fed_field *rows, void *state, const struct fed_assign *assign,
                      size_t n, struct fed_error *err)
{
	if (fed_assigned_once(assign, n, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		if (fed_fields_set(rows, state, assign[i].key, assign[i].value, err) != FED_OK)
			return FED_FAIL;
	return FED_OK;
}

/* Defaults -------------------------------------------------------------- */

/* The default of a row of a checked table, in place of its member. */
static void set_default(const struct fed_field *row, void *state)
{
	void *out = member(row, state);

	switch (row->type) {
	case FED_TYPE_INT:
		*(int64_t *)out = (int64_t)row->def;
		break;
	case FED_TYPE_REAL:
		*(double *)out = row->def;
		break;
	case FED_TYPE_CHOICE:
		*(int *)out = (int)row->def;
		break;
	case FED_TYPE_FLAG:
		*(bool *)out = row->def != 0;
		break;
	case FED_TYPE_TEXT:
		(void)parse_text(row, row->text ? row->text : "", out);
		break;
	case FED_TYPE_LIST:
		(void)parse_list(row, row->text ? row->text : "", out);
		break;
	}
}

void fed_fields_default(const struct fed_field *rows, void *state)
{
	for (const struct fed_field *row = rows; row && row->type != FED_TYPE_END; row++)
		set_default(row, state);
}

static bool same_list(const struct fed_list *a, const struct fed_list *b)
{
	return a->n == b->n && a->n >= 0 && a->n <= FED_LIST_MAX &&
	       memcmp(a->v, b->v, (size_t)a->n * sizeof *a->v) == 0;
}

bool fed__field_is_default(const struct fed_field *row, const void *state)
{
	const void *value = (const char *)state + row->offset;
	struct fed_list list;

	switch (row->type) {
	case FED_TYPE_INT:
		return *(const int64_t *)value == (int64_t)row->def;
	case FED_TYPE_REAL:
		return *(const double *)value == row->def;
	case FED_TYPE_CHOICE:
		return *(const int *)value == (int)row->def;
	case FED_TYPE_FLAG:
		return *(const bool *)value == (row->def != 0);
	case FED_TYPE_TEXT:
		return strncmp(value, row->text ? row->text : "", row->size) == 0;
	case FED_TYPE_LIST:
		return parse_list(row, row->text ? row->text : "", &list) && same_list(value, &list);
	}
	return true;
}

double fed_field_number(const struct fed_field *row, const void *state)
{
	const void *value = (const char *)state + row->offset;

	switch (row->type) {
	case FED_TYPE_INT:
		return (double)*(const int64_t *)value;
	case FED_TYPE_REAL:
		return *(const double *)value;
	case FED_TYPE_CHOICE:
		return *(const int *)value;
	case FED_TYPE_FLAG:
		return *(const bool *)value;
	}
	return NAN;
}
