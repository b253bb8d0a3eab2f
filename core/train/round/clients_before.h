/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/clients_before.h - former values of the client rows that the open round changed.
 *
 * Version and loss of a client change when a model or an update arrives, for views show them while
 * the round runs; an abort and a snapshot of the last version need the former ones.
 */
#ifndef FED_TRAIN_ROUND_CLIENTS_BEFORE_H
#define FED_TRAIN_ROUND_CLIENTS_BEFORE_H

#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_federation;
struct fed_client;

struct fed_client_before {
	uint64_t version;
	uint32_t client;
	float loss;
	uint8_t model;
};
struct fed_clients_before {
	struct fed_client_before *row; /* [n], in the order of the changes */
	size_t n, capacity;
};

/* Keep the row of a present client that is about to change. */
int fed__client_before_keep(struct fed_federation *, uint32_t client, struct fed_error *);
/* Put the former values back into the table. */
void fed__clients_before_rollback(struct fed_federation *);
/* The same into a copy of the table's rows, by id. */
void fed_clients_before_give(const struct fed_clients_before *, struct fed_client *row);
void fed__clients_before_release(struct fed_clients_before *); /* zeroed is fine */

#endif
