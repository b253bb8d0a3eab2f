/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/own_model.h - own models: what clients use where it is not the global model.
 *
 * With local layers it is the global model with the client's own ones in it; under a rule that
 * keeps a model for each client (Ditto) that one; of several global models (IFCA) the one that the
 * client last chose, and the first one until it has chosen.
 */
#ifndef FED_TRAIN_LOCAL_OWN_MODEL_H
#define FED_TRAIN_LOCAL_OWN_MODEL_H

#include "net/sharing.h"
#include "plug/calls/call.h"
#include "train/clients/clients.h"

/* Where own models come from; all borrowed. */
struct fed_own_models {
	const struct fed_sharing *sharing; /* NULL: there are no local layers */
	const struct fed_instance *aggregator;
	const float *params; /* [dim], the global model */
	/* Of several, those that a message brought; NULL: those of the aggregator. */
	const struct fed_shared_vectors *models;
	size_t dim;
};
/* Whether clients use models of their own. */
bool fed_own_models_exist(const struct fed_own_models *);
/* The client's model [dim].  memory [dim]: at first a copy of the global model; the same may serve
 * one client after another. */
const float *fed_own_model(const struct fed_own_models *, const struct fed_client *, float *memory);

#endif
