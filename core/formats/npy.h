/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/npy.h - NumPy's array files (.npy), versions 1 to 3, and archives of them (.npz).
 */
#ifndef FED_FORMATS_NPY_H
#define FED_FORMATS_NPY_H

#include "base/file.h"
#include "formats/tensors.h"

/* Append the header of float32 numbers, row-major; the data begin on a multiple of 64 bytes. */
void fed_npy_header(struct fed_text *, uint32_t rank, const uint32_t *shape);
/* Look into an array file of `len` bytes; out->bytes points into it, out->name stays.  Refuses what
 * is not float16, 32 or 64, little-endian and row-major, and data of another length. */
int fed_npy_parse(const void *bytes, size_t len, struct fed_stored_tensor *out, struct fed_error *);

/* A ZIP archive, written without compression into an open file. */
struct fed_zip {
	struct fed_file_writer *file;
	struct fed_text directory;
	uint64_t at; /* bytes written */
	uint32_t n;  /* entries */
};
/* The entry's bytes are head, then body. */
int fed_zip_add(struct fed_zip *, const char *name, const struct fed_text *head, const void *body,
                size_t n, struct fed_error *);
int fed_zip_finish(struct fed_zip *, struct fed_error *);
void fed_zip_release(struct fed_zip *);

/* Each array of an archive, "x.npy" under the name "x".  The unpacked sizes together are at most
 * `limit` bytes. */
int fed_npz_read(const void *bytes, size_t len, uint64_t limit, const struct fed_tensor_taker *,
                 struct fed_error *);

#endif
