/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/load.h - the state of loading a folder of pictures: what the user says, the
 * pictures found, their headers; for core/data alone.
 */
#ifndef FED_DATA_READERS_PICTURES_LOAD_H
#define FED_DATA_READERS_PICTURES_LOAD_H

#include "data/dataset.h"
#include "data/readers/pictures/layout.h"
#include "data/readers/pictures/picture.h"
#include "data/readers/pictures/resize.h"

enum fed_picture_colour {
	FED_PICTURE_COLOUR_AUTO,
	FED_PICTURE_COLOUR_GREY,
	FED_PICTURE_COLOUR_RGB,
};
enum fed_picture_fit { FED_PICTURE_FIT_CROP, FED_PICTURE_FIT_STRETCH };

struct fed_pictures_args {
	char size[16];
	int fit, colour, alpha, layout, damaged, turn;
	double test;
};

struct fed_pictures_load {
	const struct fed_pictures_args *args;
	const struct fed_generation *making;
	const char *root;
	struct fed_picture_tree tree;
	struct fed_picture_layout layout;
	struct fed_picture_head *head; /* [layout.n] */
	struct fed_error **damage;     /* [layout.n]: NULL where a picture is right */
	uint32_t *example;             /* [layout.n]: its number in the dataset */
	uint32_t height, width;        /* of all */
	bool sized;                    /* the user said so */
	uint8_t channels;
	struct fed_dataset_notes notes;
};

/* Read the headers of all pictures, on several threads.  FED_REJECT: stopped. */
int fed__pictures_heads(struct fed_pictures_load *, struct fed_error *);
/* Decode those that are not damaged to bytes[example * height * width * channels]. */
int fed__pictures_decode(struct fed_pictures_load *, uint8_t *bytes, struct fed_error *);
/* Height and width of picture i as it is shown. */
void fed__picture_shown_size(const struct fed_pictures_load *, size_t i, uint32_t *height,
                             uint32_t *width);
/* Add what was decided of sizes, colours and the rest. */
int fed__pictures_describe(struct fed_pictures_load *, struct fed_error *);

#endif
