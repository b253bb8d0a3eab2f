/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/npz.h - NumPy archives of arrays (.npz): a ZIP file with one .npy for each array.
 */
#ifndef FED_FORMATS_NPZ_H
#define FED_FORMATS_NPZ_H

#include "base/file.h"
#include "formats/tensors.h"

/* Write the tensors as float32 (or uint32: whole), without compression and with a fixed date: the
 * same tensors give the same bytes.  load(ctx, i) returns the numbers of tensor i in the file's
 * layout, little-endian; it is called once for each, in order, and they must be valid until the
 * next call.  A file that cannot be written is reported by fed_file_commit(). */
int fed_npz_write(struct fed_file_writer *, const struct fed_tensor_list *,
                  const float *(*load)(void *ctx, size_t i), void *ctx, struct fed_error *);

/* Each array of an archive of `len` bytes, "x.npy" under the name "x"; stored and deflated entries.
 * The unpacked sizes together are at most `limit` bytes, which is checked before any is unpacked.
 */
int fed_npz_read(const void *bytes, size_t len, uint64_t limit, const struct fed_tensor_taker *,
                 struct fed_error *);

#endif
