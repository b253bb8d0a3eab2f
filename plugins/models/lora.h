/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * models/lora.h - the setting `lora` that models share: all layers frozen, and a trained adapter
 * of each dense layer (Hu et al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022).
 */
#ifndef FED_MODELS_LORA_H
#define FED_MODELS_LORA_H

#include <fedsh/model.h>

static const char *const no_lora[] = {"off", NULL};

#define FED_LORA(S)                            \
	FED_INT_WORD(S, lora, 0, 0, 4096, no_lora, \
	             "rank of what is trained of each dense layer; off: all is trained")

/* Before the first layer. */
static inline int begin_lora(struct fed_builder *b, int64_t rank, struct fed_error *err)
{
	if (rank == 0)
		return FED_OK;
	if (!FED_HAS(b, add))
		return fed_fail(err, "lora needs a newer fedsh");
	return b->add(b, err, "lora rank=%d", (int)rank);
}

#endif
