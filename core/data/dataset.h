/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/dataset.h - the examples: immutable once loaded, shared by all threads.
 *
 * Example ids: training examples are 0 .. train-1, test examples train .. train+test-1.
 */
#ifndef FED_DATA_DATASET_H
#define FED_DATA_DATASET_H

#include <stdatomic.h>

#include "base/fields.h"
#include "fedsh/model.h" /* struct fed_shape */

struct fed_dataset {
	char name[32];          /* "fashion", "glyphs", a file's base name */
	char *spec;             /* what makes it again: "glyphs train=60000 ...", "/data/mnist" */
	char *remark;           /* what is odd about its files, a clause to be told; or NULL */
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
	bool tokens;          /* x is a row of tokens 0 .. classes - 1, the label the next one */
	char **class_name;    /* [classes] or NULL */
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

/* Ask for n examples that will soon be gathered: clients' examples lie scattered over the dataset,
 * and fetching them from memory would cost a tenth of a small model's step. */
void fed_dataset_prefetch(const struct fed_dataset *, const uint32_t *ids, uint32_t n);

/* What loading depends on, beside what was typed. */
struct fed_generation {
	uint64_t seed;             /* of what is generated or shuffled */
	const atomic_int *stopped; /* other than 0: end at the next example; NULL: nobody stops it */
};

/* Load by what a user types after `dataset`: a built-in name, "fashion", a folder or a file, with
 * its parameters.  Each generated example depends on (seed, its place) alone.  FED_REJECT: there is
 * no such name, parameter or column, a value is out of range, or it was stopped; FED_FAIL: what is
 * named cannot be read, or memory is missing. */
int fed_dataset_load(struct fed_dataset **, const char *name, const struct fed_assign *assign,
                     size_t n, const struct fed_generation *, struct fed_error *);

/* Whether there is something to load under this name: it is built in or installed, or a file is
 * called so.  Whether that can be read, loading tells. */
int fed_dataset_present(const char *name, struct fed_error *);

/* Names, one-line help and parameters of what can be loaded by name; NULL past the last. */
struct fed_source {
	const char *name, *help, *doc;  /* doc: how it is made, shown by `explain` */
	const struct fed_field *fields; /* a POSITIONAL one may follow the name without its key */
	size_t args_size;               /* of the struct that the fields describe */
	bool reads;                     /* files, which may fail where no word was wrong */
	/* What a failure left in *out is freed by the caller. */
	int (*load)(struct fed_dataset **, const void *args, const char *path,
	            const struct fed_generation *, struct fed_error *);
	/* Of a source by name that reads files of its own: are they installed?  NULL: it needs none. */
	int (*installed)(struct fed_error *);
};
const struct fed_source *fed_source_at(size_t i);
/* The same for what is loaded by path: "idx" (a folder), "csv" (a file). */
const struct fed_source *fed_source_file_at(size_t i);
/* The source for a typed name: by name, else by what kind of file the path is (folder of IDX files,
 * .csv); FED_FAIL says what exists. */
int fed_source_find(const char *name, const struct fed_source **, struct fed_error *);

#endif
