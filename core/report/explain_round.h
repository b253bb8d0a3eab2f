/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/explain_round.h - explanation of the last round: the rule's formula with its numbers, and
 * the Byzantine clients, which the rule does not know.
 */
#ifndef FED_REPORT_EXPLAIN_ROUND_H
#define FED_REPORT_EXPLAIN_ROUND_H

#include "session/session.h"

struct fed_round_explanation {
	uint64_t version;      /* made by the round */
	struct fed_text lines; /* a newline after each */
	struct fed_text truth; /* one line, which may be long */
};
/* The explanation of the session's aggregator, or of its pre-aggregation (which must be chosen); n,
 * weights and lengths if the plugin gives none.  FED_REJECT: there is no such round, err says why.
 * FED_FAIL: the plugin failed, or memory; the lines before that are kept. */
int fed_round_explanation_init(struct fed_round_explanation *, const struct fed_session *,
                               bool pre_aggregation, struct fed_error *);
void fed_round_explanation_release(struct fed_round_explanation *); /* zeroed is fine */

#endif
