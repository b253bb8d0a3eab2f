/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/lora_forms.c - the layers that may have adapters, and their adapted forms.
 */
#include "nn/layers/lora.h"

static const struct adapted_form {
	const struct fed_layer *ops, *base;
	uint32_t on;
	bool bare; /* also without an adapter */
	double (*back)(const void *config, const struct fed_shape *in, bool dx);
} forms[] = {
	{&fed__lora_dense, &fed_layer_dense, FED_LORA_DENSE, true, fed__lora_dense_back},
	{&fed__lora_attention, &fed__layer_attention, FED_LORA_ATTENTION, true,
     fed__lora_attention_back},
	{&fed__lora_conv, &fed_layer_conv, FED_LORA_CONV, false, fed__lora_conv_back},
	{&fed__lora_strided, &fed__layer_strided, FED_LORA_CONV, false, fed__lora_conv_back},
	{&fed__lora_embedding, &fed__layer_embedding, FED_LORA_EMBEDDING, false,
     fed__lora_embedding_back},
};
enum { FORMS = sizeof forms / sizeof *forms };

const struct fed_layer *fed__lora_of(const struct fed_layer *base, struct fed_lora *lora)
{
	for (size_t k = 0; k < FORMS; k++) {
		if (forms[k].base != base)
			continue;
		lora->on &= forms[k].on;
		if (!lora->on)
			lora->rank = 0;
		if (!lora->rank)
			lora->on = 0;
		return lora->rank || forms[k].bare ? forms[k].ops : NULL;
	}
	return NULL;
}

const struct fed_layer *fed__lora_base(const struct fed_layer *ops)
{
	for (size_t k = 0; k < FORMS; k++)
		if (forms[k].ops == ops)
			return forms[k].base;
	return ops;
}

double fed__lora_back(const struct fed_layer *ops, const void *config, const struct fed_shape *in,
                      bool dx)
{
	for (size_t k = 0; k < FORMS; k++)
		if (forms[k].ops == ops)
			return forms[k].back(config, in, dx);
	return 0;
}
