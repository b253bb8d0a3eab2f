/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/guard/build_wire.h - construction of a model in a packet: the builder's calls; heads of
 * passes.
 */
#ifndef FED_PLUG_GUARD_BUILD_WIRE_H
#define FED_PLUG_GUARD_BUILD_WIRE_H

#include "fedsh/model.h"

/* What a builder knows when build() begins. */
struct fed_wire_build {
	struct fed_shape input;
	uint32_t classes, outputs;
	bool tokens;
};

enum fed_build_call {
	FED_BUILD_DENSE,
	FED_BUILD_CONV,
	FED_BUILD_MAX_POOL,
	FED_BUILD_MEAN_POOL,
	FED_BUILD_RELU,
	FED_BUILD_TANH,
	FED_BUILD_FLATTEN,
	FED_BUILD_EMBEDDING,
	FED_BUILD_GRU,
	FED_BUILD_LOSS,
	FED_BUILD_LINE,  /* then the line */
	FED_BUILD_LAYER, /* mixes_examples; then its name, and a bit for each fed_layer_call of it */
};

enum { FED_BUILD_LINE_MAX = 256 }; /* bytes of a line of add(), with its end */

/* One call of the builder, with its numbers in order. */
struct fed_wire_layer {
	uint32_t kind, a, b, c;
};

/* Head of a pass: sizes in floats; then the inputs params and x, and backward y and dy; the
 * output: forward y and cache, backward dx, grads and cache; an update: buffers. */
struct fed_wire_pass {
	struct fed_shape in, out;
	uint32_t batch;
	uint64_t params, cache;
	bool dx, training;
	uint32_t first;
	uint64_t key;
};

#endif
