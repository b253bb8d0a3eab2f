/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/tree.h - the pictures in a folder and in those below it; for core/data
 * alone.
 */
#ifndef FED_DATA_READERS_PICTURES_TREE_H
#define FED_DATA_READERS_PICTURES_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_picture_tree {
	char **path; /* [n], below the root, "cat/1.png": folder by folder, names in byte order */
	size_t n, capacity;
	uint32_t others; /* files that are no PNG or JPEG by their names; hidden ones do not count */
	char other[64];  /* the first of them */
};

/* Find all; what begins with a dot is skipped.  FED_FAIL: a folder cannot be read. */
int fed__picture_tree_find(struct fed_picture_tree *, const char *root, struct fed_error *);
void fed__picture_tree_release(struct fed_picture_tree *);
/* Whether there is a picture among the first some thousand names. */
bool fed__picture_tree_any(const char *root);

#endif
