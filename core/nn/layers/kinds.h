/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/kinds.h - the host's layers as lines of text: "conv filters=16 kernel=3 pad=1".
 *
 * One table serves the builder's add(), model files, listings and help.
 */
#ifndef FED_NN_KINDS_H
#define FED_NN_KINDS_H

#include "base/fields.h"
#include "nn/layers/layers.h"

enum { FED_LAYER_LINE = 256 }; /* bytes of a line, with its end */

/* What a line is: a layer, a mark of a residual block, or of what is trained. */
enum fed_line_kind {
	FED_LINE_LAYER,
	FED_LINE_RESIDUAL,
	FED_LINE_SHORTCUT,
	FED_LINE_END,
	FED_LINE_LORA,    /* what follows is frozen, some layers get an adapter */
	FED_LINE_TRAINED, /* what follows is trained */
};

struct fed_layer_kind {
	const char *name, *help;
	enum fed_line_kind is;
	const struct fed_layer *ops;
	const struct fed_field *fields; /* of struct fed_layer_args; NULL: none */
	size_t config_size;
};

/* A parsed line; config is what ops take. */
struct fed_layer_line {
	const struct fed_layer_kind *kind;
	const struct fed_layer *ops;
	_Alignas(max_align_t) unsigned char config[160];
	struct fed_lora lora; /* of FED_LINE_LORA */
	size_t at;            /* on FED_FAIL: where in the line the word begins that is wrong */
};

/* Kind k, or NULL behind the last one. */
const struct fed_layer_kind *fed_layer_kind(size_t k);

/* classes and outputs of the dataset stand for the words that follow from it. */
int fed_layer_parse(const char *line, uint32_t classes, uint32_t outputs,
                    struct fed_layer_line *out, struct fed_error *err);
/* Append the line of a layer, all settings given; false when the layer is none of the table. */
bool fed_layer_print(const struct fed_layer *, const void *config, struct fed_text *out);

#endif
