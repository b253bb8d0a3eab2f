/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_parse.c - the events of a JSON file as users and their examples.
 *
 * A file is {"users": [name], "num_samples": [n], "user_data": {name: {"x": [row], "y": [label]}}}
 * with keys in any order; other keys are passed over.  Source: S. Caldas et al., LEAF: a benchmark
 * for federated settings, 2018.
 */
#include "data/readers/leaf/leaf_parse.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/readers/leaf/json.h"
#include "data/readers/leaf/leaf_check.h"
#include "data/source_internal.h"

enum { LABEL_MAX = FED_DATASET_MAX_CLASSES - 1, ROW_MAX = 1 << 24 };

/* The depth of lists and objects that lie in one another. */
enum { NOWHERE, IN_FILE, IN_SECTION, IN_USER, IN_LIST, IN_ROW };

/* Keys of a file, and of a user. */
enum leaf_section { NO_SECTION, USERS, COUNTS, DATA, OTHER, SECTIONS };
enum leaf_field { NO_FIELD, X, Y, OTHER_FIELD, FIELDS };

struct leaf_reading {
	struct fed_leaf *leaf;
	struct fed_leaf_lists lists; /* of the file */
	uint32_t file, first;        /* its number, and that of its first user */
	int depth;
	enum leaf_section section;
	enum leaf_field field;
	bool seen[SECTIONS], had[FIELDS];
	/* The row that is read: */
	float *start; /* the first row of all, whose width is not known yet */
	uint32_t capacity;
	float *row;
	uint32_t fill;
	size_t listed; /* where the last string of a row of strings begins in the text */
};

static bool is_ignored(const struct leaf_reading *r)
{
	return r->section == OTHER || (r->depth >= IN_USER && r->field == OTHER_FIELD);
}

static struct fed_leaf_user *user_of(const struct leaf_reading *r)
{
	return &r->leaf->user[r->leaf->users - 1];
}

/* "user f12, row 3 of x" */
static void put_place(const void *ctx, struct fed_text *out)
{
	const struct leaf_reading *r = ctx;

	if (r->section == USERS || r->section == COUNTS)
		fed_text_add(out, r->section == USERS ? "users" : "num_samples");
	if (r->section != DATA || r->depth < IN_USER)
		return;
	fed_text_add(out, "user %.40s", fed_show(user_of(r)->name).s);
	if (r->depth >= IN_LIST && r->field == X)
		fed_text_add(out, ", row %u of x", user_of(r)->x + 1);
	if (r->depth >= IN_LIST && r->field == Y)
		fed_text_add(out, ", label %u of y", user_of(r)->y + 1);
}

__attribute__((format(printf, 3, 4))) static int
fail_here(const struct leaf_reading *r, struct fed_error *err, const char *fmt, ...)
{
	struct fed_text text = {0};
	va_list ap;

	put_place(r, &text);
	fed_text_add(&text, text.len ? ": " : "");
	va_start(ap, fmt);
	fed_text_vadd(&text, fmt, ap);
	va_end(ap);
	fed_fail(err, "%s", fed_text_str(&text));
	fed_text_release(&text);
	return FED_FAIL;
}

#define FORM "{\"users\": [..], \"num_samples\": [..], \"user_data\": {..}}"

static int fail_form(const struct leaf_reading *r, const char *found, struct fed_error *err)
{
	switch (r->depth) {
	case NOWHERE:
	case IN_FILE:
		return fail_here(r, err, "is no file of LEAF: %s stands where " FORM " is expected", found);
	case IN_SECTION:
		return fail_here(r, err, "%s stands where %s", found,
		                 r->section == USERS    ? "the names of users are expected"
		                 : r->section == COUNTS ? "numbers of examples are expected"
		                                        : "{user: {\"x\": [..], \"y\": [..]}} is expected");
	case IN_USER:
		return fail_here(r, err, "%s stands where x and y are expected to be lists", found);
	case IN_ROW:
		return fail_here(r, err,
		                 "%s stands in a row; write a row as one list of numbers, its shape is "
		                 "said by shape=28x28",
		                 found);
	default:
		if (r->field == Y)
			return fail_here(r, err, "%s stands where a class from 0 or a character is expected",
			                 found);
		return fail_here(r, err, "%s stands where a row is expected: numbers, or a text", found);
	}
}

/* Rows ------------------------------------------------------------------------------------ */

static const char *const kind_names[] = {"nothing", "numbers", "texts", "lists of texts"};

static int set_kind(struct leaf_reading *r, enum fed_leaf_kind kind, struct fed_error *err)
{
	struct fed_leaf *const l = r->leaf;

	if (l->kind == FED_LEAF_UNKNOWN)
		l->kind = kind;
	return l->kind == kind ? FED_OK
	                       : fail_here(r, err, "holds %s; the rows before hold %s",
	                                   kind_names[kind], kind_names[l->kind]);
}

static int begin_row(struct leaf_reading *r, struct fed_error *err)
{
	r->fill = 0;
	if (!r->leaf->width || r->leaf->kind != FED_LEAF_NUMBERS)
		return FED_OK;
	r->row = fed__leaf_rows_add(&r->leaf->rows, err);
	return r->row ? FED_OK : FED_FAIL;
}

/* Room for n more numbers of the first row of all. */
static int reserve_start(struct leaf_reading *r, size_t n, struct fed_error *err)
{
	const size_t least = r->fill + n;

	if (least > ROW_MAX)
		return fail_here(r, err, "has more than %d numbers", ROW_MAX);
	if (least > r->capacity) {
		const uint32_t capacity = (uint32_t)(2 * least);
		float *const grown =
			fed_resize(r->start, r->capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "a row");
		r->start = grown;
		r->capacity = capacity;
	}
	r->row = r->start;
	return FED_OK;
}

static int add_features(struct leaf_reading *r, const double *x, size_t n, struct fed_error *err)
{
	struct fed_leaf *const l = r->leaf;

	if (set_kind(r, FED_LEAF_NUMBERS, err))
		return FED_FAIL;
	if (!l->width && reserve_start(r, n, err))
		return FED_FAIL;
	if (l->width && n > l->width - r->fill)
		return fail_here(r, err, "has more than %u numbers, as the first row of all has", l->width);

	float *const to = r->row + r->fill;
	bool fits = true;

	for (size_t i = 0; i < n; i++) {
		fits &= fabs(x[i]) <= FLT_MAX;
		to[i] = (float)x[i];
	}
	for (size_t i = 0; !fits && i < n; i++)
		if (!(fabs(x[i]) <= FLT_MAX))
			return fail_here(r, err, "%g in column %zu is too large; at most %g is read", x[i],
			                 r->fill + i + 1, (double)FLT_MAX);
	r->fill += (uint32_t)n;
	return FED_OK;
}

/* Count a row that is whole. */
static int count_row(struct leaf_reading *r, struct fed_error *err)
{
	struct fed_leaf *const l = r->leaf;

	if (l->kind != FED_LEAF_NUMBERS)
		fed_text_put(&l->text, "", 1);
	if (l->text.failed)
		return fed_fail_memory(err, l->text.len, "the texts");
	l->examples++;
	user_of(r)->x++;
	return fed__generation_check(l->making, l->examples, err);
}

static int end_row(struct leaf_reading *r, struct fed_error *err)
{
	struct fed_leaf *const l = r->leaf;

	if (r->fill == 0)
		return fail_here(r, err, "is empty");
	if (l->kind == FED_LEAF_NUMBERS && !l->width) {
		l->width = r->fill;
		l->rows.bytes = l->width * sizeof(float);
		float *const row = fed__leaf_rows_add(&l->rows, err);
		if (!row)
			return FED_FAIL;
		memcpy(row, r->start, l->rows.bytes);
	}
	if (l->kind == FED_LEAF_NUMBERS && r->fill != l->width)
		return fail_here(r, err, "has %u numbers, the first row of all %u", r->fill, l->width);
	return count_row(r, err);
}

/* Texts ----------------------------------------------------------------------------------- */

/* Append without characters of 0. */
static void put_text(struct fed_text *text, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i += strnlen(s + i, n - i) + 1)
		fed_text_put(text, s + i, strnlen(s + i, n - i));
}

/* A row of x that is a text. */
static int add_text(struct leaf_reading *r, const char *s, size_t n, struct fed_error *err)
{
	if (set_kind(r, FED_LEAF_TEXTS, err))
		return FED_FAIL;
	put_text(&r->leaf->text, s, n);
	return count_row(r, err);
}

/* A text in a row that is a list: the last one is taken, as of Sent140's rows. */
static int add_listed(struct leaf_reading *r, const char *s, size_t n, struct fed_error *err)
{
	struct fed_text *const text = &r->leaf->text;

	if (set_kind(r, FED_LEAF_LISTS, err))
		return FED_FAIL;
	if (r->fill++ == 0)
		r->listed = text->len;
	else
		text->len = r->listed;
	put_text(text, s, n);
	return FED_OK;
}

/* Labels ---------------------------------------------------------------------------------- */

static int add_label(struct leaf_reading *r, int32_t label, struct fed_error *err)
{
	struct fed_leaf *const l = r->leaf;

	if (l->labels == l->label_capacity) {
		const size_t capacity = l->label_capacity ? 2 * l->label_capacity : 4096;
		int32_t *const grown =
			fed_resize(l->label, l->label_capacity * sizeof *grown, capacity * sizeof *grown);

		if (!grown)
			return fed_fail_memory(err, capacity * sizeof *grown, "the labels");
		l->label = grown;
		l->label_capacity = capacity;
	}
	l->label[l->labels++] = label;
	user_of(r)->y++;
	return FED_OK;
}

static int add_classes(struct leaf_reading *r, const double *x, size_t n, struct fed_error *err)
{
	int rc = FED_OK;

	if (r->leaf->lettered)
		return fail_here(r, err, "is a number; the labels before are characters");
	for (size_t i = 0; rc == FED_OK && i < n; i++)
		rc = x[i] >= 0 && x[i] <= LABEL_MAX && x[i] == floor(x[i])
		         ? add_label(r, (int32_t)x[i], err)
		         : fail_here(r, err, "%g is no class; classes are whole numbers from 0 to %d", x[i],
		                     LABEL_MAX);
	return rc;
}

static int add_letter(struct leaf_reading *r, const char *s, size_t n, struct fed_error *err)
{
	uint32_t code = 0;

	if (n == 0 || fed_utf8_next(s, n, &code) != n)
		return fail_here(r, err,
		                 "a text of %zu bytes stands where one character, or a class from 0, is "
		                 "expected",
		                 n);
	if (r->leaf->labels && !r->leaf->lettered)
		return fail_here(r, err, "is a character; the labels before are numbers");
	r->leaf->lettered = true;
	return add_label(r, (int32_t)code, err);
}

/* Events ---------------------------------------------------------------------------------- */

static int on_open(void *ctx, bool array, struct fed_error *err)
{
	struct leaf_reading *const r = ctx;
	const char *const found = array ? "a list" : "an object";

	if (is_ignored(r)) {
		r->depth++;
		return FED_OK;
	}
	switch (r->depth) {
	case NOWHERE:
	case IN_SECTION:
		if (array || (r->depth == IN_SECTION && r->section != DATA))
			return fail_form(r, found, err);
		break;
	case IN_FILE:
		if (array != (r->section != DATA)) {
			r->depth++;
			return fail_form(r, found, err);
		}
		break;
	case IN_USER:
		if (!array)
			return fail_form(r, found, err);
		break;
	default:
		if (!array || r->field == Y || r->depth == IN_ROW)
			return fail_form(r, found, err);
		if (begin_row(r, err))
			return FED_FAIL;
	}
	r->depth++;
	return FED_OK;
}

static int on_close(void *ctx, struct fed_error *err)
{
	struct leaf_reading *const r = ctx;
	const bool ignored = is_ignored(r);
	int rc = FED_OK;

	if (!ignored && r->depth == IN_ROW)
		rc = end_row(r, err);
	if (r->depth == IN_USER && r->section == DATA)
		rc = fed__leaf_check_user(r->leaf, user_of(r), r->had[X], r->had[Y], err);
	r->depth--;
	if (r->depth == IN_FILE)
		r->section = NO_SECTION;
	if (r->depth == IN_USER)
		r->field = NO_FIELD;
	return rc;
}

static bool is_key(const char *s, size_t n, const char *key)
{
	return n == strlen(key) && !memcmp(s, key, n);
}

static int add_user(struct leaf_reading *r, const char *s, size_t n, struct fed_error *err)
{
	struct fed_leaf *const l = r->leaf;

	struct fed_leaf_user *const grown =
		fed__leaf_more_users(l->user, l->users, &l->user_capacity, sizeof *grown, err);

	if (!grown)
		return FED_FAIL;
	l->user = grown;
	char *const name = fed__leaf_name(s, n, err);

	if (!name)
		return FED_FAIL;
	l->user[l->users++] = (struct fed_leaf_user){.name = name, .file = r->file};
	memset(r->had, 0, sizeof r->had);
	return FED_OK;
}

static int on_key(void *ctx, const char *s, size_t n, struct fed_error *err)
{
	struct leaf_reading *const r = ctx;

	if (r->depth == IN_FILE) {
		r->section = is_key(s, n, "users")         ? USERS
		             : is_key(s, n, "num_samples") ? COUNTS
		             : is_key(s, n, "user_data")   ? DATA
		                                           : OTHER;
		if (r->section != OTHER && r->seen[r->section])
			return fed_fail(err, "has %.*s twice; write it once", (int)n, s);
		r->seen[r->section] = true;
		return FED_OK;
	}
	if (r->section != DATA || is_ignored(r))
		return FED_OK;
	if (r->depth == IN_SECTION)
		return add_user(r, s, n, err);
	r->field = is_key(s, n, "x") ? X : is_key(s, n, "y") ? Y : OTHER_FIELD;
	if (r->field != OTHER_FIELD && r->had[r->field])
		return fail_here(r, err, "has %.*s twice; a user has one list of each", (int)n, s);
	r->had[r->field] = true;
	return FED_OK;
}

static int on_string(void *ctx, const char *s, size_t n, struct fed_error *err)
{
	struct leaf_reading *const r = ctx;

	if (is_ignored(r)) {
		r->field = r->depth == IN_USER ? NO_FIELD : r->field;
		return FED_OK;
	}
	if (r->depth == IN_SECTION && r->section == USERS)
		return fed__leaf_lists_user(&r->lists, s, n, err);
	if (r->depth == IN_ROW)
		return add_listed(r, s, n, err);
	if (r->depth == IN_LIST)
		return r->field == X ? add_text(r, s, n, err) : add_letter(r, s, n, err);
	return fail_form(r, "a text", err);
}

static int on_numbers(void *ctx, const double *x, size_t n, struct fed_error *err)
{
	struct leaf_reading *const r = ctx;

	if (is_ignored(r)) {
		r->field = r->depth == IN_USER ? NO_FIELD : r->field;
		return FED_OK;
	}
	if (r->depth == IN_SECTION && r->section == COUNTS)
		return fed__leaf_lists_counts(&r->lists, x, n, err);
	if (r->depth == IN_ROW)
		return add_features(r, x, n, err);
	if (r->depth == IN_LIST && r->field == Y)
		return add_classes(r, x, n, err);
	return fail_form(r, "a number", err);
}

static int on_word(void *ctx, const char *word, struct fed_error *err)
{
	struct leaf_reading *const r = ctx;

	if (!is_ignored(r))
		return fail_form(r, word, err);
	r->field = r->depth == IN_USER ? NO_FIELD : r->field;
	return FED_OK;
}

/* Files ----------------------------------------------------------------------------------- */

static int read_file(struct leaf_reading *r, struct fed_error *err)
{
	const char *const path = r->leaf->files->file[r->file].path;
	const struct fed_json_sink sink = {r,         on_open,    on_close, on_key,
	                                   on_string, on_numbers, on_word,  put_place};
	struct fed_error why;
	int rc = fed__json_read(path, &sink, err);

	if (rc == FED_OK && !r->seen[DATA])
		rc = fed_fail(err, "%.60s has no user_data; " FORM " is expected",
		              fed__leaf_base_name(path).s);
	if (rc == FED_OK && !r->leaf->unchecked &&
	    fed__leaf_check_lists(r->leaf, &r->lists, r->first, r->seen[USERS], r->seen[COUNTS], &why))
		rc = fed_fail(err, "%.60s: %.280s", fed__leaf_base_name(path).s, why.text);
	return rc;
}

int fed__leaf_read(struct fed_leaf *l, struct fed_error *err)
{
	struct leaf_reading r = {.leaf = l};
	int rc = FED_OK;

	for (r.file = 0; rc == FED_OK && r.file < l->files->n; r.file++) {
		r.first = l->users;
		r.depth = NOWHERE;
		r.section = NO_SECTION;
		r.field = NO_FIELD;
		memset(r.seen, 0, sizeof r.seen);
		rc = read_file(&r, err);
		fed__leaf_lists_release(&r.lists);
	}
	fed_free(r.start);
	return rc == FED_OK ? fed__leaf_check_names(l, err) : rc;
}

void fed__leaf_release(struct fed_leaf *l)
{
	for (uint32_t i = 0; i < l->users; i++)
		fed_free(l->user[i].name);
	fed_free(l->user);
	fed_free(l->label);
	fed_text_release(&l->text);
	fed__leaf_rows_release(&l->rows);
	*l = (struct fed_leaf){0};
}
