/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/forms.h - forms of examples for models and for attacks on data (private to
 * conformance/).
 */
#ifndef FED_CONFORMANCE_FORMS_H
#define FED_CONFORMANCE_FORMS_H

#include "fedsh/model.h"

struct fed_example_form {
	const char *what; /* "points of 20 numbers in 3 classes" */
	struct fed_shape input;
	uint32_t classes, outputs;
	bool tokens;
};

enum { FED_FORMS = 5 };
extern const struct fed_example_form fed__forms[FED_FORMS];

#endif
