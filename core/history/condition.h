/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/condition.h - conditions over metrics: "accuracy>=0.9", "clock>=3600 or round==50".
 *
 *     condition = all { "or" all };   all = term { ("and" | ",") term }
 *     term = METRIC OP side ;         OP = < <= > >= == !=
 *     side = NUMBER | "nan" | [ NUMBER "*" ] METRIC [ ("+" | "-") NUMBER ]
 *     METRIC = [ RUN "." ] name [ "[" K "]" ]
 *
 * name[K] is the value K rounds ago, RUN.name that of a kept run (history/kept_runs.h), taken when
 * the condition is parsed; nan stands with == and != alone. A comparison with NaN is false, but for
 * == nan and != nan.
 *
 * Breakpoints know terms over single events, too (fed_condition_parse_event):
 *
 *     term = "client" OP NUMBER | "event" ("==" | "!=") KIND | "nan"
 *
 * KIND is a name of history/event_log.h; nan: a loss, an update or a step is not finite.
 *
 * Conditions over the rows of a table (fed_condition_parse_row) have its fields in place of
 * metrics, without [K] and RUN:
 *
 *     term = FIELD OP side | CHOICE ("==" | "!=") WORD | WORD | FLAG
 *
 * A WORD alone is one that a choice of the table may have, and stands for CHOICE == WORD.
 */
#ifndef FED_HISTORY_CONDITION_H
#define FED_HISTORY_CONDITION_H

#include "history/kept_runs.h"

struct fed_condition;
/* runs: the kept ones, or NULL when there are none. */
int fed_condition_parse(struct fed_condition **, const char *text, const struct fed_runs *runs,
                        struct fed_error *);
int fed_condition_parse_event(struct fed_condition **, const char *text,
                              const struct fed_runs *runs, struct fed_error *);
/* fields: INT, REAL, CHOICE and FLAG, kept until the condition is freed. */
int fed_condition_parse_row(struct fed_condition **, const char *text,
                            const struct fed_field *fields, struct fed_error *);
int fed_condition_copy(struct fed_condition **, const struct fed_condition *, struct fed_error *);
void fed_condition_free(struct fed_condition *);              /* NULL is fine */
const char *fed_condition_text(const struct fed_condition *); /* as typed */
/* The i-th number that it took from kept runs, in the order of its text; NULL past the last. */
double *fed_condition_taken(struct fed_condition *, size_t i);
/* Over the last record of the history; an empty history is false. */
bool fed_condition_holds(const struct fed_condition *, const struct fed_history *);
/* "accuracy = 0.81, clock = 12": the present values of what it names. */
void fed_condition_values(const struct fed_condition *, const struct fed_history *,
                          struct fed_text *);

/* A moment of an open round. */
struct fed_condition_context {
	const struct fed_history *history;
	const struct fed_record *open; /* the counters so far are the newest values; NULL: no round */
	const struct fed_event *event; /* NULL: none in particular */
	double clock;                  /* virtual seconds */
	const void *row; /* what the fields of fed_condition_parse_row describe; NULL: metrics */
};
/* How often its value may change. */
enum fed_condition_rate {
	FED_CONDITION_RATE_ROUNDS,   /* with a round's figures */
	FED_CONDITION_RATE_COUNTERS, /* it names counters (fed_metric_counts) and the clock alone */
	FED_CONDITION_RATE_EVENTS,   /* it has a term over events */
};
enum fed_condition_rate fed_condition_pace(const struct fed_condition *);
bool fed_condition_holds_at(const struct fed_condition *, const struct fed_condition_context *);
/* Of one that fed_condition_parse_row made, over a struct that its fields describe. */
bool fed_condition_holds_row(const struct fed_condition *, const void *row);
/* Whether it looks at this field. */
bool fed_condition_names(const struct fed_condition *, const struct fed_field *);
void fed_condition_values_at(const struct fed_condition *, const struct fed_condition_context *,
                             struct fed_text *);

#endif
