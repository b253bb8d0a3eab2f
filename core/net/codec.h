/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * net/codec.h - codecs of messages: choice by text, references, encodings.
 *
 * A message refers to the codec that its first vector went through, and to the bytes that this
 * made; its payload holds the vector as the receiver decodes it.  No codec (`none`, NULL) sends
 * floats, 4 bytes a number.  Everything here but fed_codec_make() may be called on any thread.
 */
#ifndef FED_NET_CODEC_H
#define FED_NET_CODEC_H

#include <stdatomic.h>

#include "plug/registry.h"

enum { FED_CODEC_TEXT = 128 }; /* bytes of a setting: "up=qsgd:levels=8,down=fp16" */

/* A plugin instance that trainings and messages refer to; not copied. */
struct fed_shared_codec {
	atomic_uint references;
	struct fed_instance instance;
};

/* The bytes of an encoded vector, shared by the messages that carry it. */
struct fed_code {
	atomic_uint references;
	uint32_t kind; /* of one that was restored: how its file names the codec; else 0 */
	double share;  /* likewise, of the numbers that are sent */
	size_t len;
	unsigned char bytes[];
};

/* The two directions of a setting: "int8" is up=int8, what clients send. */
struct fed_codec_names {
	char up[FED_CODEC_TEXT], down[FED_CODEC_TEXT];
};
int fed_codec_names_parse(const char *text, struct fed_codec_names *, struct fed_error *);

/* "none", "fp16", "top-k:0.01" (a value alone is of the first parameter),
 * "qsgd:levels=8:bucket=512". *out: a reference, NULL for none. */
int fed_codec_make(const struct fed_registry *, const char *text, struct fed_shared_codec **out,
                   struct fed_error *);
/* Check both directions of a setting. */
int fed_codecs_check(const struct fed_registry *, const char *text, struct fed_error *);
/* Whether one of the directions is of this plugin. */
bool fed_codecs_use(const char *text, const char *plugin);
struct fed_shared_codec *fed_shared_codec_ref(struct fed_shared_codec *); /* NULL stays NULL */
void fed_shared_codec_unref(struct fed_shared_codec *);                   /* NULL is fine */
struct fed_code *fed_code_ref(struct fed_code *);
void fed_code_unref(struct fed_code *);
/* A copy of these bytes, or as many zeroes; NULL: no memory. */
struct fed_code *fed_code_new(const unsigned char *, size_t len);

/* Whether error feedback makes up for what the codec loses. */
bool fed_codec_has_residual(const struct fed_shared_codec *);
/* Floats that each sender keeps for the codec; 0 for none. */
size_t fed_codec_memory(const struct fed_shared_codec *, const struct fed_coding *);
/* Most bytes of such a vector under the codec. */
uint64_t fed_codec_bound(const struct fed_shared_codec *, const struct fed_coding *);

/* Buffers of a thread: bytes of an encoding, and a codec's scratch.  {0} is valid and empty. */
struct fed_codec_buffers {
	unsigned char *bytes;
	float *scratch;
	size_t n_bytes, n_scratch;
};
void fed_codec_buffers_release(struct fed_codec_buffers *);

/* v [coding->n] <- decode(encode(v)); *code: the bytes, the caller's, replaced.  coding->memory is
 * updated.  Without a codec nothing happens. */
int fed_codec_pass(const struct fed_shared_codec *, const struct fed_coding *,
                   struct fed_codec_buffers *, float *v, struct fed_code **code,
                   struct fed_error *);
/* The same with buffers of its own, and without the sender's memory: for a vector that an attack or
 * a fault changed. */
int fed_recode(const struct fed_shared_codec *, const struct fed_coding *, float *v,
               struct fed_code **code, struct fed_error *);

#endif
