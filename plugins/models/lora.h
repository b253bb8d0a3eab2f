/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * models/lora.h - the settings that models share: all layers frozen, and trained adapters (Hu et
 * al., LoRA: Low-Rank Adaptation of Large Language Models, ICLR 2022).
 */
#ifndef FED_MODELS_LORA_H
#define FED_MODELS_LORA_H

#include <fedsh/model.h>

static const char *const no_lora[] = {"off", NULL};

#define FED_LORA_HELP "rank of what is trained of frozen layers; off: all is trained"
#define FED_LORA(S) FED_INT_WORD(S, lora, 0, 0, 4096, no_lora, FED_LORA_HELP)
/* Of models that were saved without it. */
#define FED_LORA_LATER(S)                                                          \
	FED_ROW(S, lora, int64_t, FED_TYPE_INT, .flags = FED_FIELD_LATER, .max = 4096, \
	        .choice = no_lora, .help = FED_LORA_HELP)

/* Of models with more than dense layers; char lora_on[64]. */
#define FED_LORA_ON_FIELD(S)                \
	FED_TEXT(S, lora_on, "dense,q,v", NULL, \
	         "lora: on dense, q, k, v, out (attention), conv, embedding, or all")

/* Before the first layer; on NULL: as usual. */
static inline int begin_lora(struct fed_builder *b, int64_t rank, const char *on,
                             struct fed_error *err)
{
	if (rank == 0)
		return FED_OK;
	if (!FED_HAS(b, add))
		return fed_fail(err, "lora needs a newer fedsh");
	return on ? b->add(b, err, "lora rank=%d on=%s", (int)rank, on)
	          : b->add(b, err, "lora rank=%d", (int)rank);
}

#endif
