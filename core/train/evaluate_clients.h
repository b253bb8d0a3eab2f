/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/evaluate_clients.h - what clients measure of a model on the examples that they hold out.
 *
 * The same computation serves the laboratory, which looks at all clients at once, and the messages
 * by which clients answer a server (train/evaluation_messages.h).
 */
#ifndef FED_TRAIN_EVALUATE_CLIENTS_H
#define FED_TRAIN_EVALUATE_CLIENTS_H

#include "train/round/state.h"

/* What one client measures: sums over its examples.  Of a regression the hits are NaN. */
struct fed_client_figures {
	uint32_t client, examples;
	double hits, loss;         /* of the global model */
	double own_hits, own_loss; /* of the one that it uses; NaN: it is the global one */
};

/* Evaluate params and the clients' own models, where there are any, by all clients that hold
 * examples out, ascending: *out [*n], the caller's (fed_free).  models: the message in which a
 * client got all models that it chooses from; NULL: they are the aggregator's. */
int fed__clients_evaluate(struct fed_federation *, const float *params,
                          const struct fed_shared_vectors *models, struct fed_client_figures **out,
                          uint32_t *n, struct fed_error *);
/* Put the figures of these clients into the table of clients, where the others have none, and
 * their means and spreads into the record. */
int fed__clients_record(struct fed_federation *, const struct fed_client_figures *, uint32_t n,
                        struct fed_record *, struct fed_error *);

#endif
