/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/source_internal.h - shared declarations of the sources of datasets; for core/data alone.
 *
 * A source makes a dataset in three steps: fed__dataset_new() with the sizes it found or was asked
 * for, fill the arrays, fed__dataset_seal().  The loader (sources/sources.c) adds the spec.
 */
#ifndef FED_DATA_SOURCE_INTERNAL_H
#define FED_DATA_SOURCE_INTERNAL_H

#include "data/dataset.h"

/* More than this is refused before anything is allocated: a file's header may claim anything. */
#define FED_DATASET_MAX_BYTES ((uint64_t)1 << 34)
#define FED_DATASET_MAX_CLASSES 10000u

struct fed_dataset_plan {
	const char *name; /* cleaned for a terminal and cut */
	struct fed_shape shape;
	uint32_t classes, outputs; /* classes == 0: regression with `outputs` targets */
	uint32_t train, test;
	bool bytes; /* stored as bytes, x = byte / 255; else as floats */
	bool unset; /* the reader sets all floats of x: they need not be zeroed */
};

/* All arrays zeroed, but for that; owner, class_name and truth are NULL.  FED_REJECT: it would be
 * too large or empty. */
int fed__dataset_new(struct fed_dataset **, const struct fed_dataset_plan *, struct fed_error *);
/* Copies of names[classes], names[owners] or names[shape], cleaned for a terminal. */
int fed__dataset_name_classes(struct fed_dataset *, const char *const *names, struct fed_error *);
int fed__dataset_name_owners(struct fed_dataset *, const char *const *names, struct fed_error *);
int fed__dataset_name_inputs(struct fed_dataset *, const char *const *names, struct fed_error *);
/* Copies of n names, cleaned for a terminal; *to is to be freed, also on failure. */
int fed__names_copy(char ***to, size_t n, const char *const *names, struct fed_error *);
void fed__names_free(char **names, size_t n); /* NULL is fine */
/* Computes the fingerprint, when all contents are set. */
void fed__dataset_seal(struct fed_dataset *);
/* Called before each example: FED_REJECT when cancelled, after `done` of them. */
int fed__generation_check(const struct fed_generation *, uint64_t done, struct fed_error *);

/* The stream of example i of a generator.  Test examples are counted apart, so that the size of the
 * training part does not change them. */
enum fed_generator {
	FED_GENERATOR_BLOBS = 1,
	FED_GENERATOR_GLYPHS,
	FED_GENERATOR_LINEAR,
	FED_GENERATOR_SYNTHETIC,
	FED_GENERATOR_MARKOV,
	FED_GENERATOR_SCANS,
	FED_GENERATOR_MOONS,
	FED_GENERATOR_CIRCLES,
	FED_GENERATOR_SPIRALS,
	FED_GENERATOR_XOR,
};
struct fed_stream fed__example_stream(uint64_t seed, enum fed_generator, const struct fed_dataset *,
                                      uint32_t i);
/* Stream number `a` of the values common to all examples of a generator (w*, centres). */
struct fed_stream fed__common_stream(uint64_t seed, enum fed_generator, uint32_t a);

/* Whether a file's first bytes are those of a table of numbers. */
bool fed__csv_looks_so(const char *path);
/* Whether they are those of a PNG or JPEG file. */
bool fed__picture_looks_so(const char *path);
/* Whether they may be those of a text. */
bool fed__text_looks_so(const char *path);

/* Whether a folder has .json files that may be LEAF's. */
bool fed__leaf_has_files(const char *folder);

extern const struct fed_source fed__source_fashion, fed__source_glyphs, fed__source_blobs,
	fed__source_synthetic, fed__source_linear, fed__source_idx, fed__source_csv, fed__source_text,
	fed__source_markov, fed__source_scans, fed__source_moons, fed__source_circles,
	fed__source_spirals, fed__source_xor, fed__source_cifar, fed__source_pictures, fed__source_leaf,
	fed__source_numpy;

#endif
