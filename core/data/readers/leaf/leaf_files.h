/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_files.h - the JSON files of a data set in LEAF's form; for core/data
 * alone.
 */
#ifndef FED_DATA_READERS_LEAF_LEAF_FILES_H
#define FED_DATA_READERS_LEAF_LEAF_FILES_H

#include <stdbool.h>

#include "data/notes.h"

enum fed_leaf_part {
	FED_LEAF_ALL, /* test examples are taken from it */
	FED_LEAF_TRAIN,
	FED_LEAF_TEST,
	FED_LEAF_PARTS
};

struct fed_leaf_files {
	struct fed_leaf_file {
		char *path;
		enum fed_leaf_part part;
	} * file; /* [n], by part and name */
	uint32_t n;
};

/* The files of a folder: train/ and test/, else all_data/, else its own; of one with data/ those in
 * that.  Or the one file of this path.  What macOS leaves (._NAME) is skipped. */
int fed__leaf_find(struct fed_leaf_files *, const char *path, struct fed_dataset_notes *,
                   struct fed_error *);
void fed__leaf_files_release(struct fed_leaf_files *);
/* Whether a folder has any, without a word about those that it cannot list; whether the name of a
 * file is one's. */
bool fed__leaf_list(struct fed_leaf_files *, const char *path);
bool fed__leaf_is_name(const char *name);

#endif
