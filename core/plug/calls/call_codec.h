/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/call_codec.h - calls of codecs, with checks of their results.
 *
 * On any thread.  coding->size is set here; a coding without matrices is one row.
 */
#ifndef FED_PLUG_CALLS_CALL_CODEC_H
#define FED_PLUG_CALLS_CALL_CODEC_H

#include "plug/registry.h"

size_t fed_call_bound(const struct fed_instance *, const struct fed_coding *);
/* Floats of the sender's memory, at most coding->n; floats of scratch memory. */
size_t fed_call_memory(const struct fed_instance *, const struct fed_coding *);
size_t fed_call_scratch(const struct fed_instance *, const struct fed_coding *);
/* out: [fed_call_bound]. */
int fed_call_encode(const struct fed_instance *, const struct fed_coding *, const float *v,
                    unsigned char *out, size_t *len, struct fed_error *);
/* FED_REJECT: the bytes are refused. */
int fed_call_decode(const struct fed_instance *, const struct fed_coding *, const unsigned char *in,
                    size_t len, float *v, struct fed_error *);
bool fed_codec_is_unbiased(const struct fed_instance *);

#endif
