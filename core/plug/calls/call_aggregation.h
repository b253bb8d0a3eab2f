/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/call_aggregation.h - an aggregation by its aggregator alone (private to plug/).
 *
 * As the functions of the same names in call.h, without a substitute.
 */
#ifndef FED_PLUG_CALLS_CALL_AGGREGATION_H
#define FED_PLUG_CALLS_CALL_AGGREGATION_H

#include "plug/calls/call.h"

int fed__aggregation_begin(struct fed_aggregation *, struct fed_instance *,
                           const struct fed_round *, size_t capacity, struct fed_pool *,
                           struct fed_error *);
int fed__aggregation_add(struct fed_aggregation *, const struct fed_update *, struct fed_error *);
int fed__aggregation_finish(struct fed_aggregation *, float *out, struct fed_error *);
void fed__aggregation_release(struct fed_aggregation *);

#endif
