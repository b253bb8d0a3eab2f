/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/models.h - models that ranks hold: a model travels to a rank once.
 *
 * A rank has a few places for models of a federation.  A model is known by its address, which a
 * reference keeps from being used again.
 */
#ifndef FED_CLUSTER_MODELS_H
#define FED_CLUSTER_MODELS_H

#include "cluster/link.h"
#include "cluster/protocol.h"
#include "net/shared_vectors.h"

struct fed_rank_models {
	struct fed_model_place {
		struct fed_shared_vectors *model;
		uint64_t used;           /* when it was last */
	} (*place)[FED_RANK_MODELS]; /* [ranks]; NULL: no memory, each is sent again */
	uint32_t ranks;
	uint64_t uses;
};
void fed__models_init(struct fed_rank_models *, uint32_t ranks);
void fed__models_release(struct fed_rank_models *); /* zeroed is fine */
/* The place of a model at a rank, which is given to it from now on; *there: it is there already. */
int fed__models_place(struct fed_rank_models *, uint32_t rank, struct fed_shared_vectors *,
                      bool *there);
/* The message that puts it there, a reference; NULL: no memory. */
struct fed_bytes *fed__models_packet(uint64_t federation, int place, struct fed_shared_vectors *);

#endif
