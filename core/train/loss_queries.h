/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/loss_queries.h - loss queries: the losses of candidates at the present model, by messages.
 *
 * Selection by the present loss (power-of-choice) costs a round trip before the round: the server
 * sends the model to each candidate, who evaluates it on all of its examples and answers with the
 * mean loss.  Messages, bytes, FLOPs and virtual time count as those of the round do.  A candidate
 * that was asked and is then invited has the model: it is sent word to begin, without it.
 *
 * A query is no invitation: a candidate that does not answer is neither lost nor late, it is just
 * not known.  When the last query is over the scheme's answered() is called.
 */
#ifndef FED_TRAIN_LOSS_QUERIES_H
#define FED_TRAIN_LOSS_QUERIES_H

#include "train/federation.h"

/* Ask the candidates that the rule names; *asks: whether it named any. */
int fed__ask_losses(struct fed_federation *, uint32_t wanted, bool *asks, struct fed_error *);
/* Whether a message is one of a query. */
static inline bool fed_is_loss_query(const struct fed_envelope *e)
{
	return e->head.kind == FED_MESSAGE_QUERY || e->head.kind == FED_MESSAGE_ANSWER;
}
/* A candidate on another machine will not answer: its query is over, if it has one. */
int fed__loss_query_gone(struct fed_federation *, uint32_t client, struct fed_error *);
/* Handle such a message: it arrived, or was lost. */
int fed__loss_query_arrives(struct fed_federation *, const struct fed_envelope *,
                            struct fed_error *);
int fed__loss_query_lost(struct fed_federation *, const struct fed_envelope *, struct fed_error *);
/* Handle FED_QUEUED_ANSWER: a client has evaluated the model. */
int fed__loss_evaluated(struct fed_federation *, uint64_t query, struct fed_error *);
/* Handle an answer of a client on another machine, which it computed itself. */
int fed__loss_reported(struct fed_federation *, const struct fed_envelope *, struct fed_error *);
/* End the queries that nothing in flight can answer any more; false: there are none. */
bool fed__loss_queries_end(struct fed_federation *, int *rc, struct fed_error *);
void fed__loss_queries_clear(struct fed_federation *);

#endif
