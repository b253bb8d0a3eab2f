/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/costs.h - costs of each client: messages, bytes, floating point operations; and how
 * it took part.
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
	uint64_t plain_up, plain_down; /* what these would be under codec `none` */
	double client_flops, server_flops;
};

/* How a client took part so far: what the server remembers for selection rules. */
struct fed_participation {
	uint64_t last;  /* the version that its last accepted update helped to make; 0: none */
	double seconds; /* virtual, from that update's invitation to its arrival */
	float loss;     /* mean local loss that it reported then */
	float loss_rms; /* square root of its mean squared loss; NaN: not reported */
	uint32_t times; /* accepted updates; 0: the other members say nothing */
};

struct fed_account {
	uint32_t owner; /* client + 1; 0: no account */
	struct fed_costs costs;
	struct fed_participation part;
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
/* How the client took part, or NULL when it never did. */
const struct fed_participation *fed_ledger_participation(const struct fed_ledger *,
                                                         uint32_t client);
/* Set how the client took part; its account is open. */
void fed_ledger_take_part(struct fed_ledger *, uint32_t client, const struct fed_participation *);
/* Set one of the costs of a client that has an account. */
void fed_ledger_set_plain_down(struct fed_ledger *, uint32_t client, uint64_t bytes);
/* Open an account for the client, if it has none, so that entering its costs cannot fail. */
int fed_ledger_open(struct fed_ledger *, uint32_t client, struct fed_error *);
/* Add costs to an open account, and to the total. */
void fed_ledger_enter(struct fed_ledger *, uint32_t client, const struct fed_costs *);

void fed_costs_add(struct fed_costs *sum, const struct fed_costs *);

/* Add costs to the open round: to its record, and to the client's. */
int fed__charge(struct fed_federation *, uint32_t client, const struct fed_costs *,
                struct fed_error *);
/* Add to the open round that the server accepted an update of this invitation, which was sent at
 * virtual time `sent`. */
int fed__charge_participation(struct fed_federation *, uint32_t client, double sent, float loss,
                              float loss_rms, struct fed_error *);
/* Enter costs and participations of a committed version. */
void fed__charges_commit(struct fed_federation *);

#endif
