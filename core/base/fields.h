/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/fields.h - field tables: typed descriptions of settings and arguments.
 *
 * A table of struct fed_field (fedsh/plugin.h) describes the members of a struct.  Parsing,
 * printing, defaults, ranges, completion, help, saving and comparing all walk the table.  Keys
 * match with - and _ the same; they are shown with -.
 */
#ifndef FED_BASE_FIELDS_H
#define FED_BASE_FIELDS_H

#include <stdbool.h>

#include "base/text.h"
#include "fedsh/plugin.h"

/* flags of the host's own tables, beside FED_FIELD_LATER (fedsh/plugin.h) */
enum {
	FED_FIELD_POSITIONAL = 1, /* command arguments: may be given without the key, in row order */
	FED_FIELD_REQUIRED = 2,   /* command arguments: must be given */
	FED_FIELD_REST = 4,       /* command arguments: TEXT that takes the rest of the line */
	FED_FIELD_READONLY = 8,   /* shown, never set */
	FED_FIELD_HIDDEN = 16,    /* not listed */
	FED_FIELD_WORDS = 64,     /* command arguments: TEXT of the next words that are no key=value */
};

/* Check that a table is well formed: names, types, offsets and sizes inside state_size, def within
 * [min, max], choices, TEXT sizes, FED_END within 256 rows.  `err` names the row.  A bad host table
 * is a bug; a bad plugin table is refused at load. */
int fed_fields_check(const struct fed_field *rows, size_t state_size, struct fed_error *err);

/* Write every settable member's default; vectors are left alone. */
void fed_fields_default(const struct fed_field *rows, void *state);

/* The row named key, or NULL. */
const struct fed_field *fed_fields_find(const struct fed_field *rows, const char *key);
bool fed_field_settable(const struct fed_field *row);
bool fed_field_vector(const struct fed_field *row);
/* Whether its bare name means KEY=yes: a flag, or a choice that has yes. */
bool fed_field_bare(const struct fed_field *row);

/* Set one member from text; value NULL is a bare name.  Unchanged on FED_FAIL; the
 * error names the value and what is allowed, for an unknown key the nearest name and the valid
 * ones. */
int fed_fields_set(const struct fed_field *rows, void *state, const char *key, const char *value,
                   struct fed_error *err);
int fed_field_parse(const struct fed_field *row, void *state, const char *value,
                    struct fed_error *err);

/* Whether a TEXT row takes the value: short enough, no control characters. */
bool fed__field_takes_text(const struct fed_field *row, const char *value);
/* Whether a limit is one of the quantity, which help names, rather than of the program. */
bool fed__field_shows(double limit);

/* An unparsed key=value of a user. */
struct fed_assign {
	const char *key, *value;
};
/* FED_FAIL when a key is given twice. */
int fed_assigned_once(const struct fed_assign *, size_t n, struct fed_error *err);
/* Set several; all or nothing needs a copy of the state: on FED_FAIL the earlier ones are set. */
int fed_fields_assign(const struct fed_field *rows, void *state, const struct fed_assign *,
                      size_t n, struct fed_error *err);

/* Append the value as a user would type it: it parses back to the same bits. */
void fed_field_print(const struct fed_field *row, const void *state, struct fed_text *out);
/* Append the name as shown (dashes). */
void fed_field_key(const struct fed_field *row, struct fed_text *out);
/* Append the allowed values: "a whole number from 1 to 100", "one of mean, median". */
void fed_field_allowed(const struct fed_field *row, struct fed_text *out);
/* Append "key=value key=value" of the settable rows that are listed; left out are defaults that are
 * written as nothing, with only_changed all defaults. */
void fed_fields_print(const struct fed_field *rows, const void *state, bool only_changed,
                      struct fed_text *out);
bool fed__field_is_default(const struct fed_field *row, const void *state);
/* INT, REAL, CHOICE and FLAG as a number; NaN for other types. */
double fed_field_number(const struct fed_field *row, const void *state);

/* Values that complete `prefix` for this row (choices, yes/no, the word of a FED_INT_WORD), each
 * given to take(ctx, candidate).  Values that row->hint stands for are completed by the caller. */
void fed_field_complete(const struct fed_field *row, const char *prefix,
                        void (*take)(void *ctx, const char *candidate), void *ctx);

#endif
