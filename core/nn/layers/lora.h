/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/lora.h - frozen layers with trained adapters of low rank (Hu et al., LoRA, ICLR 2022).
 *
 * A layer that multiplies by W gets W + (alpha / rank) A B, of which W stays as it is.  One of A
 * and B is zero at the start: the layer begins as its base.  The parameters of an adapted layer are
 * those of its adapters; its base's are in fed_pass.frozen.
 */
#ifndef FED_NN_LORA_H
#define FED_NN_LORA_H

#include "nn/layers/layers.h"

/* What gets an adapter unless it is said: dense layers, and of attention those of the paper. */
#define FED_LORA_ON "dense,q,v"
enum { FED_LORA_ON_TEXT = 64 }; /* bytes of such a list, with its end */

/* The words of a list, with commas between them, as enum fed_lora_on. */
int fed__lora_on_parse(const char *text, uint32_t *on, struct fed_error *);
const char *fed_lora_on_print(uint32_t on, char text[FED_LORA_ON_TEXT]);
uint32_t fed_lora_on_usual(void);

/* The adapted form of a layer, or NULL where it has none or `lora` leaves it out.  A form may have
 * no adapter (rank 0): it saves the gradients of what is frozen. */
const struct fed_layer *fed__lora_of(const struct fed_layer *base, struct fed_lora *lora);
/* The layer without its adapter; any other layer is its own. */
const struct fed_layer *fed__lora_base(const struct fed_layer *);
/* FLOPs backward of an adapted layer, for one example; dx: also the gradient by its input. */
double fed__lora_back(const struct fed_layer *, const void *config, const struct fed_shape *in,
                      bool dx);

/* fed__lora_back of each. */
double fed__lora_dense_back(const void *config, const struct fed_shape *in, bool dx);
double fed__lora_conv_back(const void *config, const struct fed_shape *in, bool dx);
double fed__lora_embedding_back(const void *config, const struct fed_shape *in, bool dx);
double fed__lora_attention_back(const void *config, const struct fed_shape *in, bool dx);

/* FED_FAIL unless a matrix of rows x columns can have such an adapter. */
int fed__lora_check(const struct fed_lora *, const char *what, size_t rows, size_t columns,
                    struct fed_error *);

static inline float fed__lora_scale(const struct fed_lora *lora)
{
	return (float)(lora->alpha / lora->rank);
}

static inline void fed__lora_scale_by(float *v, size_t n, float by)
{
	for (size_t j = 0; j < n; j++)
		v[j] *= by;
}

#endif
