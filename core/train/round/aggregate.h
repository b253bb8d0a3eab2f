/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/aggregate.h - submission of accepted updates to the scheme and the aggregator.
 */
#ifndef FED_TRAIN_ROUND_AGGREGATE_H
#define FED_TRAIN_ROUND_AGGREGATE_H

#include "net/messenger.h"
#include "plug/calls/call.h"

struct fed_federation;

/* Submit an update that passed the gate, trained from this model, to the scheme; references to both
 * are kept at least until the version ends or the next one is submitted.  FED_REJECT: the scheme
 * refuses it. */
int fed__submit_update(struct fed_federation *, const struct fed_envelope *,
                       struct fed_shared_vectors *model, struct fed_error *);
void fed__release_round_inputs(struct fed_federation *); /* drop those references */
/* Begin an aggregation of at most `most` updates on the global model. */
int fed__begin_aggregation(struct fed_federation *, struct fed_aggregation *, uint32_t most,
                           struct fed_error *);
/* Aggregator's view of the update in an envelope that passed the gate; valid while envelope and
 * base are. */
struct fed_update fed__update_of(const struct fed_federation *, const struct fed_envelope *,
                                 const float *base);

#endif
