/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fuzz/fuzz.h - a target and its driver.
 *
 * A target is one file fuzz_NAME.c that defines the four things below the line "A target defines".
 * Linked with driver.c it is a program: fuzz_NAME [SECONDS [SEED]] makes inputs from its seeds,
 * runs them and exits with 1 at the first crash, hang, leak or failed claim, leaving the input in
 * crash-NAME; fuzz_NAME FILE... runs files again.  Linked with libFuzzer (the preset `fuzz`) the
 * same target is led by coverage.
 */
#ifndef FED_FUZZ_H
#define FED_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* For targets ---------------------------------------------------------------- */

/* Add an input to begin from; the bytes are copied.  In fed_fuzz_begin only. */
void fed_fuzz_seed(const void *bytes, size_t n);
/* What came of the input, in words: an input that gave a message not seen before is kept and
 * changed further.  This stands in for coverage. */
void fed_fuzz_outcome(const char *text);
/* What must hold; says which claim failed, and ends the run. */
#define fed_fuzz_claim(claim) ((claim) ? (void)0 : fed_fuzz_broken(#claim, __FILE__, __LINE__))
_Noreturn void fed_fuzz_broken(const char *claim, const char *file, int line);

/* Input bytes as a string on the heap of exactly its size, so that one byte too far is seen. */
char *fed_fuzz_string(const uint8_t *bytes, size_t n);
/* Replace the content of DIR/name in the folder of this run. */
const char *fed_fuzz_file(const char *name, const void *bytes, size_t n);
/* DIR/name; valid until the next call of this or fed_fuzz_file. */
const char *fed_fuzz_path(const char *name);

/* A target defines ------------------------------------------------------------- */

extern const char *const fed_fuzz_words[]; /* tokens that inputs are made of, NULL at the end */
void fed_fuzz_begin(void);                 /* once, before the first input */
void fed_fuzz_end(void);                   /* once, after the last */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n); /* returns 0 */

/* Between driver.c and mutate.c ------------------------------------------------- */

struct fed_input {
	uint8_t *bytes;
	size_t n;
};

/* Change `input`, which has room for `room` bytes, in one to eight places; with the same key in the
 * same way.  other: an input to take pieces from. */
void fed_fuzz_mutate(struct fed_input *input, size_t capacity, const struct fed_input *other,
                     uint64_t key);

#endif
