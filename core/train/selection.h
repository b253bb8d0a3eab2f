/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/selection.h - selection of a round's participants by the session's rule.
 *
 * Without a rule: a uniform draw.  A rule sees one candidate at a time (fedsh/selection.h), so that
 * a round costs no more than the rule looks at.  A rule that asks for losses chooses in two steps:
 * fed__ask_losses() sends the model to its candidates, and when all have answered the scheme's
 * answered() is called, which then selects.
 */
#ifndef FED_TRAIN_SELECTION_H
#define FED_TRAIN_SELECTION_H

#include "train/federation.h"

/* At most `wanted` clients, ascending by id; *got of them.  FED_REJECT: the rule refuses, or no
 * client is there. */
int fed__select_clients(struct fed_federation *, uint32_t wanted, uint32_t *chosen, uint32_t *got,
                        struct fed_error *);
/* Whether the session has a rule of its own. */
bool fed__has_selection(const struct fed_federation *);
/* Whether the rule would ask candidates for their losses. */
bool fed__selects_by_query(struct fed_federation *, uint32_t wanted);
/* The candidates whose losses the rule asks for, as places of f->seen (the caller's);
 * *n is 0, and *asked NULL, when it asks for none. */
int fed__select_asked(struct fed_federation *, uint32_t wanted, uint32_t **asked, uint32_t *n,
                      struct fed_error *);

#endif
