/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/data_form.h - the form of a dataset: what its numbers stand for.
 *
 * Parties whose examples lie in different places train one model only if class 3 is the same class
 * at each, input 5 the same column on the same scale, and token 7 the same character.  One of them,
 * the server, has the form; the others load their data by it (struct fed_generation): classes,
 * columns and texts are found by their names, numbers of a table are scaled by the form's means and
 * deviations, and a text is read with its vocabulary.
 */
#ifndef FED_DATA_DATA_FORM_H
#define FED_DATA_DATA_FORM_H

#include "data/dataset.h"

struct fed_data_form {
	struct fed_shape shape;
	uint32_t classes, outputs; /* as of a dataset */
	bool tokens, bytes;        /* bytes: x = byte * scale */
	double scale;
	char **class_name;           /* [classes], or NULL: they are numbered */
	char **input_name;           /* [shape], or NULL */
	struct fed_scaling *scaling; /* [shape], or NULL */
};

/* The form of a dataset, copied. */
int fed__data_form_of(struct fed_data_form *, const struct fed_dataset *, struct fed_error *);
/* Allocate the arrays that are asked for, names NULL; sizes are set.  FED_REJECT: sizes that no
 * dataset has. */
int fed_data_form_init(struct fed_data_form *, bool class_names, bool inputs, struct fed_error *);
void fed_data_form_release(struct fed_data_form *); /* zeroed is fine */

/* Bring a dataset that a source has read into a form.  FED_REJECT: it does not fit, nothing has
 * changed, and err says what to do. */
int fed__dataset_take_form(struct fed_dataset *, const struct fed_source *,
                           const struct fed_data_form *, struct fed_error *);

#endif
