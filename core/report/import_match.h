/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/import_match.h - which tensor of a file under names of its own is which of the model's.
 *
 * Tensors belong together as in a state dict of PyTorch: "h.0.ln.weight" and "h.0.ln.bias" are of
 * one layer; as in Keras and Flax "dense/kernel", too.  A layer of the file is one of the model
 * when both have the same tensors in the same shapes, each in one of the layouts of
 * report/import_layout.h.  Where several have, they are taken in order: that of the file, or, if it
 * is sorted by name, that of the numbers in the names.  What remains ambiguous is refused.  A shape
 * that two layouts have (a square matrix) is of the layout that most of the others are of.
 *
 * Where no name says its layer ("arr_0"; "w1"), the tensors are those of the model one by one.
 */
#ifndef FED_REPORT_IMPORT_MATCH_H
#define FED_REPORT_IMPORT_MATCH_H

#include "report/import_layout.h"

enum { FED_FOREIGN_NAME = 200 };

/* A tensor of the file. */
struct fed_foreign_tensor {
	char name[FED_FOREIGN_NAME];
	struct fed_stored_tensor stored; /* its bytes are those of the file that was read, or */
	void *owned;                     /* these, of fed_alloc() */
};

/* One of the model's, and the file's that goes there. */
struct fed_match {
	size_t from; /* in the file's list */
	enum fed_layout layout;
};
#define FED_NO_MATCH SIZE_MAX

/* Set match[own->n]; adapters (LoRA) of the model are matched with none.  Refused unless each other
 * tensor of the model has one and the file has no more, with what was expected. */
int fed__import_match(const struct fed_tensor_list *own, const struct fed_foreign_tensor *foreign,
                      size_t n, struct fed_match *match, struct fed_error *);
/* Whether it is the matrix A or B of an adapter. */
bool fed__is_adapter(const struct fed_named_tensor *);
/* Append "(64, 3)". */
void fed__put_shape(uint32_t rank, const uint64_t *shape, struct fed_text *out);

#endif
