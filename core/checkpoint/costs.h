/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * checkpoint/costs.h - what clients have cost, and what a codec has not sent yet, in a saved file.
 */
#ifndef FED_CHECKPOINT_COSTS_H
#define FED_CHECKPOINT_COSTS_H

#include "checkpoint/sections.h"
#include "train/clients/clients.h"
#include "train/round/costs.h"

/* Files before version 3 have no such sections: nobody owes anything, nothing was counted. */
void fed_save_residuals(struct fed_saver *, const struct fed_clients *, size_t dim);
int fed_load_residuals(struct fed_loader *, struct fed_clients *, size_t dim);
void fed_save_ledger(struct fed_saver *, const struct fed_ledger *, const struct fed_clients *);
int fed_load_ledger(struct fed_loader *, struct fed_ledger *, const struct fed_clients *);

#endif
