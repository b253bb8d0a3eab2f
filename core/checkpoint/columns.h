/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/columns.h - tables of columns that describe the records of a saved file.
 *
 * A table lists the saved members of a struct in file order; their types follow from the struct.
 * fed_put_row and fed_get_row walk the same table, so that they agree.  A rule gives the values
 * that a reader accepts.
 */
#ifndef FED_CHECKPOINT_COLUMNS_H
#define FED_CHECKPOINT_COLUMNS_H

#include <stddef.h>

#include "checkpoint/sections.h"

/* Types of columns.  Numbers have the same width in file and struct; enums are WORDs of 4 bytes. */
enum fed_column_type {
	FED_COLUMN_WORD, /* integer of 1, 4 or 8 bytes */
	FED_COLUMN_FLAG, /* 1 byte: 0 or 1 */
	FED_COLUMN_F32,
	FED_COLUMN_F64,
	FED_COLUMN_TEXT, /* char [size] in the struct, a string in the file */
};

enum fed_column_rule {
	FED_COLUMN_ANY,
	FED_COLUMN_FINITE,
	FED_COLUMN_TIME,      /* finite, not negative */
	FED_COLUMN_AMOUNT,    /* not negative; may be infinite */
	FED_COLUMN_POSITIVE,  /* may be infinite */
	FED_COLUMN_BELOW_ONE, /* in [0, 1) */
};

struct fed_record_column {
	const char *name;
	size_t offset, size; /* of the member */
	enum fed_column_type type;
	enum fed_column_rule rule; /* of F32 and F64 */
	uint32_t below;            /* exclusive limit of a word of 4 bytes; 0: none */
};

#define FED_MEMBER_TYPE(x) \
	_Generic((x), bool : FED_COLUMN_FLAG, float : FED_COLUMN_F32, double : FED_COLUMN_F64, char * \
	         : FED_COLUMN_TEXT, uint8_t : FED_COLUMN_WORD, uint32_t : FED_COLUMN_WORD, uint64_t  \
	         : FED_COLUMN_WORD, int64_t : FED_COLUMN_WORD)
#define FED_COLUMN_WITH(S, m, rule_, below_)                                     \
	{                                                                            \
		.name = #m, .offset = offsetof(S, m), .size = sizeof(((S *)0)->m),       \
		.type = FED_MEMBER_TYPE(((S *)0)->m), .rule = (rule_), .below = (below_) \
	}
#define FED_COLUMN(S, m) FED_COLUMN_WITH(S, m, FED_COLUMN_ANY, 0)
#define FED_COLUMN_RULE(S, m, rule) FED_COLUMN_WITH(S, m, rule, 0)
#define FED_COLUMN_BELOW(S, m, below) FED_COLUMN_WITH(S, m, FED_COLUMN_ANY, below)
#define FED_COLUMN_END \
	{                  \
		.name = NULL   \
	}

/* Append a struct to the open section. */
void fed_put_row(struct fed_saver *, const struct fed_record_column *, const void *row);
/* Read a struct.  Fails with the column's name and the value if its rule forbids it. */
void fed_get_row(struct fed_loader *, const struct fed_record_column *, void *row);
/* Minimum length of a row in the file, in bytes: for fed_get_array. */
uint64_t fed__row_bytes(const struct fed_record_column *);

#endif
