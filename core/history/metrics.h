/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * history/metrics.h - metrics of a round by name, and the history of rounds.
 *
 * One table of field rows over struct fed_record serves JSON, `history`, `plot`, `expect`, `run
 * until`, CSV and checkpoints.
 */
#ifndef FED_HISTORY_METRICS_H
#define FED_HISTORY_METRICS_H

#include "base/fields.h"
#include "train/round/record.h"

/* All FED_TYPE_REAL, READONLY; ends with FED_END. */
extern const struct fed_field fed_metrics[];

/* Field row of a metric's name as typed; also the short names: accuracy = test_accuracy, loss =
 * test_loss, version = round.  The error has the nearest name, or some. */
int fed_metric_find(const char *name, const struct fed_field **, struct fed_error *);
double fed_metric_value(const struct fed_field *, const struct fed_record *);
/* Whether a metric is a share, from 0 to 1: accuracies, precision, recall. */
bool fed_metric_is_share(const struct fed_field *);
/* What a session needs before its rounds have the metric; NULL: nothing, or `explain` says it. */
const char *fed_metric_needs(const struct fed_field *);
/* Append a value with its unit: "81.20 %", "15.9 MB", "-" for NaN. */
void fed_metric_put(const struct fed_field *, double value, struct fed_text *);
/* Whether a metric is a counter, known while the round runs (invited, refused, bytes); the others
 * are known at its end. */
bool fed__metric_counts(const struct fed_field *);
/* Whether a metric is measured on the model, at evaluations alone. */
bool fed_metric_is_evaluated(const struct fed_field *);
/* False for a metric over the test examples in a round that `eval-every N` left out. */
bool fed_metric_is_due(const struct fed_field *, const struct fed_record *);
/* Whether a loss is NaN or infinite.  The test loss may be missing: then there is no accuracy. */
bool fed_record_is_lost(const struct fed_record *);

/* Digest of a record: of all its figures but wall time, bit for bit.  Two runs with the same
 * digests went the same way: step norm and losses depend on every parameter. */
uint64_t fed_record_digest(const struct fed_record *);

struct fed_history {
	struct fed_record *record; /* [n], one a version, oldest first */
	size_t n, capacity;
};
/* Reserve capacity for one more record, so that the next add cannot fail. */
int fed_history_reserve(struct fed_history *, struct fed_error *);
int fed_history_add(struct fed_history *, const struct fed_record *, struct fed_error *);
/* Value of a metric `back` rounds ago, NaN before the first.  For the last round (back 0) a metric
 * over the test examples is that of the last evaluation: under `eval-every N` most rounds have
 * none. */
double fed_history_figure(const struct fed_history *, const struct fed_field *metric, size_t back);
void fed_history_clear(struct fed_history *);
void fed_history_release(struct fed_history *);
/* Totals of a history: sums over all rounds (wall, clients, attackers, bytes, messages, FLOPs);
 * other metrics are those of the last round. */
void fed_history_total(const struct fed_history *, struct fed_record *total);

/* Append a record as JSON, {"v":1,"event":"round",...}, without a newline. */
void fed_record_json(const struct fed_record *, struct fed_text *);

#endif
