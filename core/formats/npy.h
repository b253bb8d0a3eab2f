/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/npy.h - NumPy array files (.npy), versions 1 to 3.
 */
#ifndef FED_FORMATS_NPY_H
#define FED_FORMATS_NPY_H

#include "formats/tensors.h"

/* Append the header of float32 numbers (whole: of uint32), row-major; the data begin on a multiple
 * of 64 bytes. */
void fed_npy_header(struct fed_text *, bool whole, uint32_t rank, const uint32_t *shape);
/* Parse an array file of `len` bytes; out->bytes points into it, out->name is unchanged.  Refuses
 * types other than float16, 32 and 64, other orders than little-endian and row-major, and data of
 * another length. */
int fed_npy_parse(const void *bytes, size_t len, struct fed_stored_tensor *out, struct fed_error *);
/* The same of numbers and texts of any type and order; Python objects and records are refused. */
int fed_npy_parse_any(const void *bytes, size_t len, struct fed_stored_tensor *out,
                      struct fed_error *);

#endif
