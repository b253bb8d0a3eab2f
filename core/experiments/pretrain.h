/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/pretrain.h - central training of a model, or of its frozen base, before the
 * federation begins.
 *
 * All layers are trained, as one client would with its local settings (batch, lr, momentum), on
 * examples that no client holds, in an order that follows from the seed.  What a model with `lora`
 * freezes is then the base; of any other model it is version 0.
 */
#ifndef FED_EXPERIMENTS_PRETRAIN_H
#define FED_EXPERIMENTS_PRETRAIN_H

#include "experiments/session_copy.h"
#include "train/round/record.h"

struct fed_pretrain_plan {
	int64_t epochs;
	int64_t examples; /* 0: all that no client holds */
	double lr;        /* 0: that of the clients */
};

struct fed_pretrained {
	uint32_t examples;
	struct fed_record record; /* of the last epoch: loss and accuracy of the base */
};

/* FED_REJECT: the model is past version 0, or there are not so many examples; also when
 * interrupted.  Nothing changes then.  The rest as fed_baseline_play(). */
int fed_pretrain(struct fed_session *, const struct fed_pretrain_plan *, struct fed_pretrained *,
                 void (*progress)(void *progress_ctx, uint64_t done, uint64_t all),
                 void *progress_ctx, struct fed_error *);

#endif
