/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/codec.h - codecs: compression of the vectors in messages.
 *
 * encode() turns a vector into bytes, decode() turns bytes into the vector that the receiver sees;
 * the length of the bytes is what the message costs.  Both are functions of their arguments alone,
 * on any thread.  Bytes that decode() gets may be damaged or made up: it refuses them, or gives a
 * vector, and reads and writes nothing else.
 *
 * The host runs encode() and decode() where a vector leaves, so that sender and receiver go on with
 * the same numbers.  It keeps what a sender needs next time: the residual of error feedback, and
 * the `memory` of a codec that asks for one.
 */
#ifndef FEDSH_CODEC_H
#define FEDSH_CODEC_H

#include "plugin.h"

/* A part of a vector, row-major; a bias, or whatever has no form, is one row. */
struct fed_matrix {
	size_t rows, columns;
};

/* A vector that travels. */
struct fed_coding {
	uint32_t size;     /* sizeof(struct fed_coding) of the running host */
	uint32_t client;   /* that sends it; UINT32_MAX: the server does, to all clients */
	uint64_t version;  /* of the model that it belongs to */
	uint64_t seed;     /* key for fed_random(): the same at both ends */
	size_t n;          /* numbers */
	uint32_t matrices; /* >= 1 */
	const struct fed_matrix *matrix; /* [matrices]: one after the other they are the vector */
	/* encode() alone: */
	float *memory;  /* [memory()], of this sender: zero at first, saved with the session; NULL
	                   when nothing can be kept (the server, vectors beside updates) */
	float *scratch; /* [scratch()]: undefined contents */
};

struct fed_codec {
	struct fed_head head;
	bool unbiased; /* the mean of what is decoded is what was encoded: error feedback would add
	                  variance, so that the host keeps no residual */
	/* Most bytes of an encoding of such a vector.
	 * [any thread] */
	size_t (*bound)(const void *state, const struct fed_coding *);
	/* Write at most bound() bytes to out; *len says how many.  Numbers that are not finite must
	 * not become a finite vector: the receiver's gate looks for them.
	 * [any thread, other vectors at once; state is read-only] */
	int (*encode)(const void *state, const struct fed_coding *, const float *v, unsigned char *out,
	              size_t *len, struct fed_error *);
	/* v [n] of len bytes.  FED_REJECT: no encoder wrote them.
	 * [any thread, other vectors at once; state is read-only] */
	int (*decode)(const void *state, const struct fed_coding *, const unsigned char *in, size_t len,
	              float *v, struct fed_error *);
	/* Optional: floats that each sender keeps between its vectors, at most n; NULL: none.
	 * [any thread] */
	size_t (*memory)(const void *state, const struct fed_coding *);
	/* Optional: floats that encode() needs as scratch; NULL: none.
	 * [any thread] */
	size_t (*scratch)(const void *state, const struct fed_coding *);
};

#define FED_CODEC(S, name_, help_, doc_, fields_) \
	FED_HEAD(struct fed_codec, FED_KIND_CODEC, S, name_, help_, doc_, fields_)

#endif
