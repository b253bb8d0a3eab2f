/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/client_hooks.h - client hooks of aggregators: plan, gradient term, vectors of clients.
 *
 * plan() fixes settings of the local training; local_gradient() adds a term to each local gradient
 * (FedProx).  Vectors travel in both directions (SCAFFOLD): FED_BROADCAST rows go to the clients
 * with the model, client_vectors stay at each client, returned_vectors come back with its update.
 */
#ifndef FEDSH_CLIENT_HOOKS_H
#define FEDSH_CLIENT_HOOKS_H

#include "plugin.h"

/* Plan of the local training, the same for every client. */
struct fed_plan {
	uint32_t size;       /* sizeof(struct fed_plan) of the running host */
	int64_t epochs;      /* passes over the local examples, >= 1 */
	int64_t batch;       /* examples a step; 0 = all of the client's */
	double lr;           /* learning rate, >= 0 */
	double momentum;     /* of the local optimizer, in [0, 1) */
	double weight_decay; /* lambda: lambda * w is added to each gradient */
	/* Later members; zero, unless plan() sets them. */
	int64_t head_epochs; /* passes that train the client's local layers alone, before the others
	                        are trained alone for `epochs`; 0: all are trained together */
	int64_t own_epochs;  /* of the client's own model (fed_aggregator.own_model) */
	bool first_loss;     /* clients report the loss of the model that they received */
};

/* Training of one client, as its hooks see it. */
struct fed_local {
	uint32_t size; /* sizeof(struct fed_local) of the running host */
	uint32_t client;
	uint64_t version; /* of the model that it received */
	uint32_t steps;   /* local steps made so far */
	size_t dim;
	double lr;
	const float *received;         /* [dim], the model that it received */
	const float *const *broadcast; /* one [dim] vector for each FED_BROADCAST row, in row order */
	float *const *kept;            /* [client_vectors][dim], this client's memory; zero at first,
	                                  checkpointed by the host */
	float *const *returned;        /* [returned_vectors][dim], zero at the start */
};

#endif
