/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/own_model.c - the model that a client uses.
 */
#include "train/local/own_model.h"

bool fed_own_models_exist(const struct fed_own_models *m)
{
	return m->sharing != NULL;
}

const float *fed_own_model(const struct fed_own_models *m, const struct fed_client *client,
                           float *memory)
{
	if (!m->sharing)
		return m->params;
	if (fed_sharing_fits(m->sharing, client->own))
		fed_sharing_put_local(m->sharing, client->own->vector[0], memory);
	else
		fed_sharing_copy_local(m->sharing, m->params, memory);
	return memory;
}
