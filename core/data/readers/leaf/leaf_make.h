/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_make.h - datasets of what LEAF's files hold; for core/data alone.
 */
#ifndef FED_DATA_READERS_LEAF_LEAF_MAKE_H
#define FED_DATA_READERS_LEAF_LEAF_MAKE_H

#include "data/readers/leaf/leaf_parse.h"
#include "data/readers/vocabulary.h"

struct fed_leaf_args {
	char shape[64];     /* "28x28", or "" for a guess */
	int64_t classes;    /* 0: by the largest label */
	int64_t vocabulary; /* as of texts */
	int64_t words;      /* features of sentences */
	double test;        /* share of each user where there is no part for the test */
	bool unchecked;
};

/* Where each example goes: the split, and the users that have training examples. */
struct fed_leaf_order {
	uint32_t *id;    /* [examples]: of the dataset */
	uint32_t *owner; /* [users]: of the dataset; of users without training examples meaningless */
	uint32_t train, test, owners;
};

/* A dataset with its owners, not sealed, of the files at a path; releases the rows as it takes
 * them. */
int fed__leaf_make(struct fed_dataset **, struct fed_leaf *, const struct fed_leaf_args *,
                   const char *path, struct fed_dataset_notes *, struct fed_error *);
/* Texts of one length: their characters and those behind them as tokens. */
int fed__leaf_windows_choose(const struct fed_leaf *, int64_t wanted, struct fed_vocabulary *,
                             uint32_t *width, struct fed_dataset_notes *, struct fed_error *);
void fed__leaf_windows_fill(const struct fed_leaf *, const struct fed_leaf_order *,
                            const struct fed_vocabulary *, struct fed_dataset *);
/* Texts that name pictures in the folder at `root`: bytes of the shape by id. */
bool fed__leaf_is_picture(const char *name);
int fed__leaf_pictures(const struct fed_leaf *, const struct fed_leaf_order *, const char *root,
                       const struct fed_shape *, uint8_t *bytes, struct fed_error *);
/* The words of sentences: the most frequent `words` of them, and how often each stands in each
 * sentence, at most 255 times; counts is (examples, words) by id. */
int fed__leaf_words(const struct fed_leaf *, const struct fed_leaf_order *, uint32_t words,
                    uint8_t *counts, char ***names, struct fed_error *);

#endif
