/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * formats/safetensors.h - safetensors files: a JSON header, then the numbers.
 */
#ifndef FED_FORMATS_SAFETENSORS_H
#define FED_FORMATS_SAFETENSORS_H

#include "base/file.h"
#include "formats/tensors.h"

/* Write the header of the tensors as float32, one after the other in the order of the list; their
 * numbers follow by fed_file_write. */
int fed_safetensors_header(struct fed_file_writer *, const struct fed_tensor_list *,
                           struct fed_error *);
/* Each tensor of a file of `len` bytes.  Refuses invalid headers, ranges with overlaps or gaps, and
 * types other than F32, F64, F16 and BF16. */
int fed_safetensors_read(const void *bytes, size_t len, const struct fed_tensor_taker *,
                         struct fed_error *);

#endif
