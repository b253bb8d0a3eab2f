/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/layout.h - what the folders of pictures stand for: parts, clients, classes;
 * for core/data alone.
 */
#ifndef FED_DATA_READERS_PICTURES_LAYOUT_H
#define FED_DATA_READERS_PICTURES_LAYOUT_H

#include "data/notes.h"
#include "data/readers/pictures/tree.h"

enum fed_picture_levels {
	FED_PICTURE_LEVELS_AUTO,
	FED_PICTURE_LEVELS_CLASSES, /* CLASS/.../picture */
	FED_PICTURE_LEVELS_CLIENTS, /* CLIENT/CLASS/.../picture */
};

struct fed_picture_layout {
	struct fed_picture_item {
		const char *path; /* the tree's */
		uint32_t class, owner;
		bool test; /* in a folder of the test part */
	} * item;      /* [n]: of the training part in the tree's order, then of the test part */
	size_t n;
	bool parts; /* the folders divide training and test */
	const char **class_name, **owner_name;
	uint32_t classes, owners; /* owners 0: none */
	char *names;              /* what the names point into */
};

/* The tree outlives the layout.  Adds notes on what was guessed and what was left out.  FED_FAIL:
 * the pictures are in no folders of classes. */
int fed__picture_layout_make(struct fed_picture_layout *, const struct fed_picture_tree *,
                             const char *root, enum fed_picture_levels, struct fed_dataset_notes *,
                             struct fed_error *);
void fed__picture_layout_release(struct fed_picture_layout *);

#endif
