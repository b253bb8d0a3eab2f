/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/costs.h - costs of each client: messages, bytes, floating point operations.
 *
 * Clients that never took part have no account, and take no memory.  The costs of a version are
 * kept apart and entered when it is committed; those of an aborted round are dropped with its
 * record.  So the totals are the sums over the history's records.
 */
#ifndef FED_TRAIN_ROUND_COSTS_H
#define FED_TRAIN_ROUND_COSTS_H

#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_federation;

struct fed_costs {
	uint64_t messages_up, messages_down;
	uint64_t bytes_up, bytes_down; /* on the wire, whether they arrived or not */
	uint64_t plain_up;             /* what bytes_up would be under codec `none` */
	double client_flops, server_flops;
};

struct fed_account {
	uint32_t owner; /* client + 1; 0: no account */
	struct fed_costs costs;
};

/* {0} is valid and empty. */
struct fed_ledger {
	struct fed_account *account; /* hash table [capacity] by client, open addressing */
	uint32_t n, capacity;
	struct fed_costs total;
};

/* Costs of the open round, in order; {0} is valid and empty. */
struct fed_charges {
	struct fed_account *charge; /* [n] */
	size_t n, capacity;
};

void fed_ledger_release(struct fed_ledger *);
/* Costs of a client, or NULL when it has none. */
const struct fed_costs *fed_ledger_of(const struct fed_ledger *, uint32_t client);
/* Open an account for the client, if it has none, so that entering its costs cannot fail. */
int fed_ledger_open(struct fed_ledger *, uint32_t client, struct fed_error *);
/* Add costs to an open account, and to the total. */
void fed_ledger_enter(struct fed_ledger *, uint32_t client, const struct fed_costs *);

void fed_costs_add(struct fed_costs *sum, const struct fed_costs *);

/* Add costs to the open round: to its record, and to the client's. */
int fed__charge(struct fed_federation *, uint32_t client, const struct fed_costs *,
                struct fed_error *);
/* Enter the costs of a committed version. */
void fed__charges_commit(struct fed_federation *);

#endif
