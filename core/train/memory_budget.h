/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/memory_budget.h - memory estimate of a round, checked before any client is invited.
 */
#ifndef FED_TRAIN_MEMORY_BUDGET_H
#define FED_TRAIN_MEMORY_BUDGET_H

#include "train/federation.h"

/* Check that `need` bytes for n clients are available, of the federation's share where several run
 * at the same time.  FED_REJECT: "N WHO need X of memory and Y are free; ADVICE". */
int fed__memory_check(const struct fed_federation *, double need, uint32_t n, const char *who,
                      const char *advice, struct fed_error *);
/* Check a round that invites these clients, steps when `enough` of them have answered, and (unless
 * 0) ends after so many virtual seconds. */
int fed__memory_for_round(const struct fed_federation *, const uint32_t *clients, uint32_t n,
                          uint32_t enough, double deadline, struct fed_error *);
/* Check a number of clients at work at any moment, those at work already among them; `enough`
 * updates make a version. */
int fed__memory_for_concurrency(const struct fed_federation *, uint32_t concurrency,
                                uint32_t enough, struct fed_error *);

#endif
