/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/condition.h - parser and evaluator of conditions over metrics: "accuracy>=0.9",
 * "clock>=3600 or round==50".
 *
 *     condition = all { "or" all };   all = term { ("and" | ",") term }
 *     term = METRIC OP side ;         OP = < <= > >= == !=
 *     side = NUMBER | "nan" | [ NUMBER "*" ] METRIC [ ("+" | "-") NUMBER ]
 *     METRIC = [ RUN "." ] name [ "[" K "]" ]
 *
 * name[K] is the value K rounds ago, RUN.name that of a kept run (history/kept_runs.h), read when
 * the condition is parsed; nan is allowed after == and != only. A comparison with NaN is false, but
 * for == nan and != nan.
 *
 * Breakpoints also have terms over single events (fed_condition_parse_event):
 *
 *     term = "client" OP NUMBER | "client" ("==" | "!=") NAME | "event" ("==" | "!=") KIND | "nan"
 *
 * KIND is a name of history/event_log.h; nan: a loss, an update or a step is not finite.
 *
 * Conditions over the rows of a table (fed_condition_parse_row) have its fields in place of
 * metrics, without [K] and RUN:
 *
 *     term = FIELD OP side | CHOICE ("==" | "!=") WORD | WORD | FLAG
 *
 * A WORD alone is a value of one of the table's choices, and means CHOICE == WORD.
 *
 * NAME is that of a present client (train/clients/names.h), also behind the field `client` of a
 * row; the condition's text has its number then, which stays true when the name changes.
 */
#ifndef FED_HISTORY_CONDITION_H
#define FED_HISTORY_CONDITION_H

#include "history/kept_runs.h"
#include "train/clients/clients.h"

struct fed_condition;
/* runs: the kept ones, or NULL when there are none; clients: those whose names may be used, or
 * NULL.
 */
int fed_condition_parse(struct fed_condition **, const char *text, const struct fed_runs *runs,
                        struct fed_error *);
int fed_condition_parse_event(struct fed_condition **, const char *text,
                              const struct fed_runs *runs, const struct fed_clients *,
                              struct fed_error *);
/* fields: INT, REAL, CHOICE and FLAG, kept until the condition is freed. */
int fed_condition_parse_row(struct fed_condition **, const char *text,
                            const struct fed_field *fields, const struct fed_clients *,
                            struct fed_error *);
int fed_condition_copy(struct fed_condition **, const struct fed_condition *, struct fed_error *);
void fed_condition_free(struct fed_condition *);              /* NULL is fine */
const char *fed_condition_text(const struct fed_condition *); /* as typed, but for names */
/* The i-th number read from kept runs, in the order of the text; NULL past the last. */
double *fed_condition_taken(struct fed_condition *, size_t i);
/* Whether the condition holds for the last record of the history; false for an empty one. */
bool fed_condition_holds(const struct fed_condition *, const struct fed_history *);
/* Append its comparisons with the present values in them, in as many digits as tell them apart:
 * "accuracy 0.91 >= 0.86 (fedsgd.accuracy-0.05)". */
void fed_condition_put(const struct fed_condition *, const struct fed_history *, struct fed_text *);
/* Append the present values of its operands: "accuracy = 0.81, clock = 12". */
void fed_condition_values(const struct fed_condition *, const struct fed_history *,
                          struct fed_text *);

/* The values that a metric can have in the rounds to come. */
struct fed_metric_range {
	double low, high;
	bool never;      /* it is NaN in all of them */
	bool recent;     /* earlier rounds may have had other values, which name[K] reads */
	const char *why; /* a clause that tells this range; static */
};
struct fed_metric_ranges {
	struct fed_metric_range (*of)(const void *ctx, const struct fed_field *metric);
	const void *ctx;
};
/* Whether the condition may still hold, each operand taken by itself; else *name is the operand, as
 * typed, whose *range keeps it from that. */
bool fed_condition_may_hold(const struct fed_condition *, const struct fed_metric_ranges *,
                            const char **name, struct fed_metric_range *range);

/* Values that a condition is evaluated on. */
struct fed_condition_context {
	const struct fed_history *history;
	const struct fed_record
		*open; /* record of the open round, whose counters are the newest values; or NULL */
	const struct fed_event *event; /* NULL: none in particular */
	double clock;                  /* virtual seconds */
	const void *row; /* struct of the fields of fed_condition_parse_row; NULL: metrics */
};
/* How often a condition's value may change. */
enum fed_condition_rate {
	FED_CONDITION_RATE_ROUNDS,   /* with a round's metrics */
	FED_CONDITION_RATE_COUNTERS, /* all its operands are counters (fed__metric_counts) or the clock
	                              */
	FED_CONDITION_RATE_EVENTS,   /* it has a term over events */
};
enum fed_condition_rate fed_condition_pace(const struct fed_condition *);
bool fed_condition_holds_at(const struct fed_condition *, const struct fed_condition_context *);
/* Whether a condition of fed_condition_parse_row holds for a struct of its fields. */
bool fed_condition_holds_row(const struct fed_condition *, const void *row);
/* Whether the field is an operand of the condition. */
bool fed_condition_names(const struct fed_condition *, const struct fed_field *);
void fed_condition_values_at(const struct fed_condition *, const struct fed_condition_context *,
                             struct fed_text *);

#endif
