/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/forms.c - forms of examples for models and for attacks on data.
 */
#include "conformance/forms.h"

const struct fed_example_form fed__forms[FED_FORMS] = {
	{"points of 20 numbers in 3 classes", {1, {20}}, 3, 3, false},
	{"points of 10 numbers with 1 target", {1, {10}}, 0, 1, false},
	{"images of 28x28x1 in 10 classes", {3, {28, 28, 1}}, 10, 10, false},
	{"images of 32x32x3 in 10 classes", {3, {32, 32, 3}}, 10, 10, false},
	{"rows of 12 tokens out of 30", {1, {12}}, 30, 30, true},
};
