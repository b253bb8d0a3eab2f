/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/clients/internal.h - what the table of clients and its kinds of rows share.
 */
#ifndef FED_TRAIN_CLIENTS_INTERNAL_H
#define FED_TRAIN_CLIENTS_INTERNAL_H

#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_clients;

/* Reserve capacity for n more rows, and a block; nothing visible changes. */
int fed__clients_reserve(struct fed_clients *, uint32_t n, struct fed_error *);

/* Move the examples that a client keeps for evaluation behind the others; returns how many there
 * are.  One for training is left. */
uint32_t fed__clients_hold_out(uint32_t *ids, uint32_t n, double share, uint64_t seed,
                               uint32_t client);

#endif
