/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_codec.h - calls of a guarded codec (private to plug/).
 */
#ifndef FED_PLUG_CALLS_REMOTE_CODEC_H
#define FED_PLUG_CALLS_REMOTE_CODEC_H

#include "plug/guard/protocol.h"
#include "plug/registry.h"

/* A number of bound(), memory() or scratch(); 0 when the plugin fails. */
size_t fed__remote_codec_number(const struct fed_instance *, enum fed_codec_call,
                                const struct fed_coding *);
/* As fed_call_encode() and fed_call_decode(), with words that name the plugin. */
int fed__remote_encode(const struct fed_instance *, const struct fed_coding *, const float *v,
                       unsigned char *out, size_t *len, struct fed_error *);
int fed__remote_decode(const struct fed_instance *, const struct fed_coding *,
                       const unsigned char *in, size_t len, float *v, struct fed_error *);

#endif
