/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_parse.h - what the files of a data set in LEAF's form hold; for core/data
 * alone.
 */
#ifndef FED_DATA_READERS_LEAF_LEAF_PARSE_H
#define FED_DATA_READERS_LEAF_LEAF_PARSE_H

#include "data/dataset.h"
#include "data/readers/leaf/leaf_files.h"
#include "data/readers/leaf/leaf_rows.h"

/* What x holds. */
enum fed_leaf_kind {
	FED_LEAF_UNKNOWN,
	FED_LEAF_NUMBERS, /* rows of floats */
	FED_LEAF_TEXTS,   /* a text each: y is the character behind it, or its class */
	FED_LEAF_LISTS,   /* lists of texts, of which the last is kept */
};

/* A user of a file; its examples follow those of the user before it. */
struct fed_leaf_user {
	char *name;
	uint32_t file;
	uint32_t x, y; /* rows and labels: as many when it is whole */
};

/* All examples of all files, in their order. */
struct fed_leaf {
	const struct fed_leaf_files *files;
	const struct fed_generation *making;
	bool unchecked; /* the lists users and num_samples may contradict what user_data holds */
	enum fed_leaf_kind kind;
	uint32_t width;            /* numbers of a row */
	struct fed_leaf_rows rows; /* of numbers */
	struct fed_text text;      /* the texts, each with a NUL and no other */
	uint64_t examples;
	int32_t *label; /* [labels]: classes, or characters */
	size_t labels, label_capacity;
	bool lettered;              /* labels are characters */
	struct fed_leaf_user *user; /* [users] */
	uint32_t users;
	size_t user_capacity;
};

/* Read all files; {0} but for the first members.  FED_FAIL with the file and the place in it. */
int fed__leaf_read(struct fed_leaf *, struct fed_error *);
void fed__leaf_release(struct fed_leaf *);

#endif
