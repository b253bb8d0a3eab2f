/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/numpy/numpy_arrays.h - the arrays of a data set in NumPy's files; for core/data
 * alone.
 */
#ifndef FED_DATA_READERS_NUMPY_NUMPY_ARRAYS_H
#define FED_DATA_READERS_NUMPY_NUMPY_ARRAYS_H

#include "data/notes.h"
#include "formats/tensors.h"

enum fed_numpy_role {
	FED_NUMPY_X,
	FED_NUMPY_Y,
	FED_NUMPY_TEST_X,
	FED_NUMPY_TEST_Y,
	FED_NUMPY_CLIENT,
	FED_NUMPY_ROLES
};

struct fed_numpy_array {
	char *name; /* NULL: there is none */
	struct fed_stored_tensor tensor;
	struct fed_text file; /* that holds its bytes, or */
	void *block;          /* the block that does */
};

struct fed_numpy_arrays {
	struct fed_numpy_array of[FED_NUMPY_ROLES];
};

/* Read the arrays of an archive (.npz), of a folder of .npy files, or of one .npy file beside
 * others.  told[role] names an array, of a lone .npy file another file; "": by its name. */
int fed__numpy_find(struct fed_numpy_arrays *, const char *path,
                    const char *const told[FED_NUMPY_ROLES], struct fed_dataset_notes *,
                    struct fed_error *);
void fed__numpy_arrays_release(struct fed_numpy_arrays *);
/* Whether a folder has .npy files. */
bool fed__numpy_has_files(const char *folder);

/* Array files and archives by their first bytes. */
bool fed__numpy_is_array(const char *path);
bool fed__numpy_is_archive(const char *path);

#endif
