/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/models.c - models that ranks hold.
 */
#include "cluster/models.h"

#include "base/mem.h"
#include "train/local/far_training.h"

/* Large models have fewer places: they are kept here, too. */
#define KEPT_BYTES ((size_t)64 << 20)

void fed__models_init(struct fed_rank_models *m, uint32_t ranks)
{
	*m = (struct fed_rank_models){.ranks = ranks};
	m->place = fed_alloc_array(ranks, sizeof *m->place);
}

void fed__models_release(struct fed_rank_models *m)
{
	for (uint32_t i = 0; m->place && i < m->ranks; i++)
		for (int k = 0; k < FED_RANK_MODELS; k++)
			fed_shared_vectors_unref(m->place[i][k].model);
	fed_free(m->place);
	*m = (struct fed_rank_models){0};
}

static int places_for(const struct fed_shared_vectors *model)
{
	const size_t fit = KEPT_BYTES / (model->n * model->dim * sizeof(float) + 1);

	return fit < 2 ? 2 : fit < FED_RANK_MODELS ? (int)fit : FED_RANK_MODELS;
}

int fed__models_place(struct fed_rank_models *m, uint32_t rank, struct fed_shared_vectors *model,
                      bool *there)
{
	int oldest = 0;

	*there = false;
	if (!m->place)
		return 0;
	struct fed_model_place *place = m->place[rank];
	for (int k = 0; k < places_for(model); k++) {
		if (place[k].model == model) {
			place[k].used = ++m->uses;
			*there = true;
			return k;
		}
		if (place[k].used < place[oldest].used)
			oldest = k;
	}
	fed_shared_vectors_unref(place[oldest].model);
	place[oldest] =
		(struct fed_model_place){.model = fed_shared_vectors_ref(model), .used = ++m->uses};
	return oldest;
}

struct fed_bytes *fed__models_packet(uint64_t federation, int place,
                                     struct fed_shared_vectors *model)
{
	struct fed_packet p = {0};

	fed_packet_clear(&p, FED_RANK_MODEL);
	fed_put_number(&p, federation);
	fed_put_number(&p, (uint64_t)place);
	fed_put_model(&p, model);
	return fed__bytes_with(&p.bytes, fed_shared_vectors_ref(model), 0);
}
