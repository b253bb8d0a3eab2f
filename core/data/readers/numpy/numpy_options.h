/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/numpy/numpy_options.h - what a user says of arrays, and what is known of them while
 * they are read; for core/data alone.
 */
#ifndef FED_DATA_READERS_NUMPY_NUMPY_OPTIONS_H
#define FED_DATA_READERS_NUMPY_NUMPY_OPTIONS_H

#include "data/dataset.h"
#include "data/readers/numpy/numpy_arrays.h"

enum fed_numpy_task {
	FED_NUMPY_TASK_AUTO,
	FED_NUMPY_TASK_CLASSES,
	FED_NUMPY_TASK_REGRESSION,
	FED_NUMPY_TASK_TOKENS,
};
enum fed_numpy_layout { FED_NUMPY_LAYOUT_AUTO, FED_NUMPY_HWC, FED_NUMPY_CHW };

struct fed_numpy_options {
	char inputs[256], labels[4096], test_inputs[4096], test_labels[4096], client[4096];
	char shape[64]; /* of examples that are rows of numbers */
	int task, order;
	double scale; /* 0: by the type */
	double test;
};

/* Rows of the arrays: those of training, then those of the test where it has arrays of its own. */
struct fed_numpy {
	const struct fed_numpy_options *options;
	const struct fed_generation *making;
	struct fed_numpy_arrays arrays;
	struct fed_dataset_notes notes;
	const char *name;
	uint32_t train, test; /* rows of either part of the arrays */
};

/* "y_train[12, 3]": where a number stands, by its place in the file's order. */
struct fed_shown fed__numpy_place(const struct fed_numpy_array *, size_t i);

/* The classes or targets of all rows. */
struct fed_numpy_labels {
	uint32_t classes, outputs; /* classes: 0 of a regression */
	int32_t *label;            /* [rows] or NULL */
	float *target;             /* (rows, outputs) or NULL */
	char **name;               /* [classes] or NULL */
};
int fed__numpy_labels(struct fed_numpy_labels *, struct fed_numpy *, struct fed_error *);
void fed__numpy_labels_release(struct fed_numpy_labels *);
/* The different values of an array of numbers or texts as numbers from 0, and their names. */
int fed__numpy_categories(const struct fed_numpy_array *, int32_t **of, char ***names, uint32_t *n,
                          struct fed_error *);
void fed__numpy_free_names(char **names, uint32_t n);

/* How the numbers of examples become those of the dataset. */
struct fed_numpy_inputs {
	struct fed_shape shape;
	size_t cells;     /* of an example */
	size_t *from[2];  /* [cells]: place of each in the example, of training and test arrays */
	size_t step[2];   /* from one example to the next */
	bool bytes;       /* all numbers are whole, 0 to 255 */
	double divisor;   /* of the numbers */
	uint32_t largest; /* of bytes */
};
int fed__numpy_inputs(struct fed_numpy_inputs *, struct fed_numpy *, struct fed_error *);
/* Fill x of example id from row row[id], or from row id. */
int fed__numpy_inputs_fill(const struct fed_numpy_inputs *, const struct fed_numpy *,
                           struct fed_dataset *, const uint32_t *row, struct fed_error *);
void fed__numpy_inputs_release(struct fed_numpy_inputs *);

#endif
