/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/explain_round.h - the last round in words: the rule's formula with its numbers in it, and
 * the truth that the rule is not told.
 */
#ifndef FED_REPORT_EXPLAIN_ROUND_H
#define FED_REPORT_EXPLAIN_ROUND_H

#include "session/session.h"

struct fed_round_explanation {
	uint64_t version;      /* that the round made */
	struct fed_text lines; /* a newline after each */
	struct fed_text truth; /* one line, which may be long */
};
/* By the session's aggregator, or by its pre-aggregation (which must be there); n, weights and
 * lengths where the plugin tells nothing.  FED_REJECT: there is no such round, err says why.
 * FED_FAIL: the plugin failed, or memory; what it told before stands. */
int fed_round_explanation_init(struct fed_round_explanation *, const struct fed_session *,
                               bool pre_aggregation, struct fed_error *);
void fed_round_explanation_release(struct fed_round_explanation *); /* zeroed is fine */

#endif
