/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/evaluation_messages.h - evaluation by the clients, by messages (setting evaluate-over).
 *
 * When a version is made the server sends its model to each client that holds examples out; the
 * client evaluates it on these and answers with figures: how many examples, how many of them right,
 * the sum of their losses, and the same of its own model where it has one.  Data never leave it.
 * Messages, bytes, FLOPs and virtual time count as those of a round do, and links, faults and the
 * deadline act on them: a client whose figures do not arrive is missing, and the record's figures
 * are over those that did.
 *
 * Meanwhile training stands still: what is in flight (scheme async) goes on after the evaluation as
 * if it had taken no time.  So the model's bits do not depend on how it is evaluated; the seconds
 * are kept apart from the event queue's (fed_clock_of()).  Over real connections time goes on for
 * all.
 */
#ifndef FED_TRAIN_EVALUATION_MESSAGES_H
#define FED_TRAIN_EVALUATION_MESSAGES_H

#include "train/round/state.h"

/* Evaluate the present version so, into the table of clients and the record.  FED_REJECT:
 * interrupted; the record has no figures over clients then, and the version is kept. */
int fed__evaluate_by_messages(struct fed_federation *, struct fed_error *);

#endif
