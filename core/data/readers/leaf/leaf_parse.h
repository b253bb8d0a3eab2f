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
	FED_LEAF_NUMBERS,   /* rows of floats */
	FED_LEAF_TEXTS,     /* texts of one length, y is the character behind each */
	FED_LEAF_SENTENCES, /* texts of any length, y is their class */
};

/* A user of a file; its examples follow those of the user before it. */
struct fed_leaf_user {
	char *name;
	uint32_t file;
	uint32_t x, y; /* rows and labels: as many when it is whole */
};

/* Characters as numbers by their first occurrence, which take two bytes each. */
struct fed_leaf_letters {
	uint16_t *of;   /* [CODES]: the number of a character and 1; 0: it has not occurred */
	uint32_t *code; /* [n] */
	uint32_t n, capacity;
};

/* All examples of all files, in their order. */
struct fed_leaf {
	const struct fed_leaf_files *files;
	const struct fed_generation *making;
	bool unchecked; /* the lists users and num_samples may contradict what user_data holds */
	enum fed_leaf_kind kind;
	uint32_t width;            /* numbers or characters of a row */
	struct fed_leaf_rows rows; /* floats, or letters */
	struct fed_text text;      /* the sentences, each with a NUL */
	uint64_t examples;
	bool lettered;  /* labels are letters */
	int32_t *label; /* [labels]: classes, or letters */
	size_t labels, label_capacity;
	struct fed_leaf_letters letters;
	struct fed_leaf_user *user; /* [users] */
	uint32_t users, user_capacity;
};

/* Read all files; {0} but for the first members.  FED_FAIL with the file and the place in it. */
int fed__leaf_read(struct fed_leaf *, struct fed_error *);
void fed__leaf_release(struct fed_leaf *);

#endif
