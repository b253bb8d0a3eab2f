/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/dataset.h - datasets: the examples of training and test, immutable once loaded and shared by
 * all threads.
 *
 * Example ids: training examples are 0 .. train-1, test examples train .. train+test-1.
 */
#ifndef FED_DATA_DATASET_H
#define FED_DATA_DATASET_H

#include <stdatomic.h>

#include "base/fields.h"
#include "data/notes.h"
#include "fedsh/model.h" /* struct fed_shape */

/* How an input was made of the number in a table: x = (number - mean) * factor. */
struct fed_scaling {
	double mean, factor; /* factor 0: constant */
};

struct fed_dataset { /* a new member is kept in the cache, too (cache_file.c) */
	char name[32];   /* "fashion", "glyphs", a file's base name */
	char *spec;      /* specification to load it again: "glyphs train=60000 ...", "/data/mnist" */
	struct fed_shape shape; /* of one example */
	uint32_t classes;       /* 0 for regression */
	uint32_t outputs;       /* classes, or the width of the target */
	uint32_t train, test;   /* examples */
	/* x is bytes[i] * scale or values[i]; exactly one of the two is set. */
	uint8_t *bytes; /* (train + test, shape) */
	float *values;
	float scale;
	int32_t *label;  /* [train + test], or NULL for regression */
	float *target;   /* (train + test, outputs), or NULL */
	uint32_t *owner; /* [train]: the data's own user of each example, or NULL */
	uint32_t owners;
	char **owner_name;           /* [owners] or NULL */
	bool curved;                 /* generated so that no linear model separates the classes */
	bool tokens;                 /* x is a row of tokens 0 .. classes - 1, the label the next one */
	char **class_name;           /* [classes] or NULL */
	char **input_name;           /* [shape]: a table's columns; or NULL */
	struct fed_scaling *scaling; /* [shape]: of a table's columns; or NULL */
	struct fed_dataset_notes notes; /* what was found in its files and guessed of them */
	float *truth;         /* [shape]: the w* behind a generated regression (linear), or NULL */
	uint64_t fingerprint; /* of shape, sizes, contents */
};

void fed_dataset_free(struct fed_dataset *); /* NULL is fine */

/* A constant change of one client's inputs (partition `feature`): x -> gain * x + offset. */
struct fed_shift {
	float gain, offset;
};

/* Copy n examples into x (n, shape) and label [n] or target (n, outputs); NULLs are left out. */
void fed_dataset_gather(const struct fed_dataset *, const uint32_t *ids, uint32_t n,
                        const struct fed_shift *shift, float *x, int32_t *label, float *target);

/* Prefetch n examples that will soon be gathered: clients' examples are scattered over the dataset,
 * and cache misses would cost a tenth of a small model's step. */
void fed_dataset_prefetch(const struct fed_dataset *, const uint32_t *ids, uint32_t n);

/* What becomes of the cache of datasets that are slow to read (data/cache.h). */
enum fed_cache_use {
	FED_CACHE_UNUSED,
	FED_CACHE_READ,
	FED_CACHE_KEEP, /* read, and what is not there is kept */
};

struct fed_data_form;

/* Inputs of loading besides its arguments. */
struct fed_generation {
	uint64_t seed; /* of generation and shuffling */
	const atomic_int
		*stopped; /* set to nonzero to cancel at the next example; NULL: never cancelled */
	enum fed_cache_use cache;
	/* What the numbers of the dataset are to stand for (data/data_form.h); NULL: by the data. */
	const struct fed_data_form *form;
};

/* Load a dataset by the arguments of the command `dataset`: a built-in name, "fashion", a folder or
 * a file, with its parameters.  Each generated example depends on (seed, its index) alone.
 * FED_REJECT: no such name, parameter or column, a value out of range, cancelled, or not fit for
 * the form; FED_FAIL: files cannot be read, or out of memory. */
int fed_dataset_load(struct fed_dataset **, const char *name, const struct fed_assign *assign,
                     size_t n, const struct fed_generation *, struct fed_error *);

/* FED_OK if the name is built in or installed, or a path that exists; whether its files are
 * readable is not checked. */
int fed_dataset_present(const char *name, struct fed_error *);

/* A source of datasets: name, help, parameters and loader. */
struct fed_source {
	const char *name, *help, *doc;  /* doc: how its data are made, shown by `explain` */
	const struct fed_field *fields; /* a POSITIONAL one may follow the name without its key */
	size_t args_size;               /* of the struct that the fields describe */
	bool reads; /* reads files, which may fail although the arguments are valid */
	/* Of a source by path: whether a file or folder is for it, by its contents; or NULL. */
	bool (*recognises)(const char *path, bool folder);
	/* Whether reading what is at the path takes so long that the dataset is worth keeping in the
	 * cache; NULL: never. */
	bool (*slow)(const char *path);
	/* On failure the caller frees *out, unless it is NULL. */
	int (*load)(struct fed_dataset **, const void *args, const char *path,
	            const struct fed_generation *, struct fed_error *);
	/* FED_OK if the source's own files are installed; NULL: it needs none. */
	int (*installed)(struct fed_error *);
};
/* Sources by name; NULL past the last. */
const struct fed_source *fed_source_at(size_t i);
/* Sources by path: "idx" and others (folders), "csv" (a file). */
const struct fed_source *fed_source_file_at(size_t i);
/* The source for a typed name: by name, else by what is at the path; the error of FED_FAIL lists
 * the sources. */
int fed_source_find(const char *name, const struct fed_source **, struct fed_error *);

#endif
