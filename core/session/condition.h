/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/condition.h - conditions over metrics: "accuracy>=0.9", "clock>=3600 or round==50".
 *
 *     condition = all { "or" all };   all = term { ("and" | ",") term }
 *     term = METRIC OP side ;         OP = < <= > >= == !=
 *     side = NUMBER | "nan" | [ NUMBER "*" ] METRIC [ ("+" | "-") NUMBER ]
 *     METRIC = [ RUN "." ] name [ "[" K "]" ]
 *
 * name[K] is the value K rounds ago, RUN.name that of a kept run (session/runs.h), taken when the
 * condition is parsed; nan stands with == and != alone.
 * A comparison with NaN is false, but for == nan and != nan.
 */
#ifndef FED_SESSION_CONDITION_H
#define FED_SESSION_CONDITION_H

#include "session/runs.h"

struct fed_condition;
/* runs: the kept ones, or NULL when there are none. */
int fed_condition_parse(struct fed_condition **, const char *text, const struct fed_runs *runs,
                        struct fed_error *);
void fed_condition_free(struct fed_condition *);
/* Over the last record of the history; an empty history is false. */
bool fed_condition_holds(const struct fed_condition *, const struct fed_history *);
/* "accuracy = 0.81, clock = 12": the present values of what it names. */
void fed_condition_values(const struct fed_condition *, const struct fed_history *,
                          struct fed_text *);

#endif
