/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/idx_files.h - the four files of a data set in a folder of IDX files; for core/data
 * alone.
 */
#ifndef FED_DATA_READERS_IDX_FILES_H
#define FED_DATA_READERS_IDX_FILES_H

#include "data/notes.h"

enum fed_idx_role {
	FED_IDX_TRAIN_IMAGES,
	FED_IDX_TRAIN_LABELS,
	FED_IDX_TEST_IMAGES,
	FED_IDX_TEST_LABELS,
	FED_IDX_ROLES
};

struct fed_idx_set {
	char *prefix; /* of the files' names, without what joins it to the rest: "emnist-letters", "" */
	char *path[FED_IDX_ROLES]; /* NULL: there is none */
	int rank[FED_IDX_ROLES];   /* of files for one role the lowest is taken */
};

/* Find the set of this prefix ("": the only one, "none": the one without) in a folder.  Folders of
 * a file's name are looked into; what macOS leaves (._NAME) is skipped.  FED_REJECT: the prefix
 * names none or several; FED_FAIL: files are missing. */
int fed__idx_find(struct fed_idx_set *, const char *folder, const char *prefix,
                  struct fed_dataset_notes *, struct fed_error *);
/* Whether a folder holds a file of such a name. */
bool fed__idx_found(const char *folder);
void fed__idx_set_release(struct fed_idx_set *);

#endif
