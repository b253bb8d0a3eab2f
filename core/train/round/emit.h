/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/emit.h - emission of events to a federation's sink.
 */
#ifndef FED_TRAIN_ROUND_EMIT_H
#define FED_TRAIN_ROUND_EMIT_H

#include "train/round/record.h"

struct fed_error;
struct fed_federation;

/* Emit an event; client FED_SERVER: none; text NULL: none. */
void fed__emit(const struct fed_federation *, enum fed_event_kind, uint32_t client,
               const char *text);
/* Emit an event about an invitation of the client and the message of so many bytes (0: none) that
 * leaves. */
void fed__emit_about(const struct fed_federation *, enum fed_event_kind, uint32_t client,
                     uint64_t invitation, uint64_t bytes, const char *text);
/* Report an update as refused, and count it.  not_finite: because a number in it is NaN or
 * infinite. */
void fed__refuse_update(struct fed_federation *, uint32_t client, uint64_t invitation,
                        bool not_finite, const char *why);
/* FED_FAIL for a round without a report; where local training itself gave NaN or infinity, the
 * error's text also says to lower the learning rate. */
int fed__fail_unreported(const struct fed_federation *, struct fed_error *);

#endif
