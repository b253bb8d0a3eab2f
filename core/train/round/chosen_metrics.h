/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/chosen_metrics.h - figures of quality that rounds measure on the test examples beside
 * accuracy and loss, as the setting `metrics` chooses them.
 *
 * Their definitions are those of train/round/quality.h.
 */
#ifndef FED_TRAIN_ROUND_CHOSEN_METRICS_H
#define FED_TRAIN_ROUND_CHOSEN_METRICS_H

#include "fedsh/plugin.h"

struct fed_quality;
struct fed_record;

enum { FED_CHOSEN_METRICS_TEXT = 128 };

struct fed_chosen_metrics {
	uint32_t chosen;    /* a bit for each row of the table */
	uint32_t one_class; /* of class:N */
	unsigned parts;     /* of the quality that they need (enum fed_quality_parts) */
};

/* Parse "none" or words separated by commas. */
int fed_chosen_metrics_parse(const char *text, struct fed_chosen_metrics *, struct fed_error *);
/* Check that a model with so many classes (0: a regression) has these figures. */
int fed_chosen_metrics_fit(const struct fed_chosen_metrics *, uint32_t classes, struct fed_error *);
void fed__chosen_metrics_record(const struct fed_chosen_metrics *, const struct fed_quality *,
                                struct fed_record *);
/* Whether the metric at this offset in a record is chosen. */
bool fed_chosen_metrics_have(const struct fed_chosen_metrics *, size_t offset);
/* Word i of those that choose; NULL after the last. */
const char *fed_chosen_metric_word(size_t i);
/* What chooses the metric at this offset in a record: "`set metrics auc`"; NULL: it is none of
 * these. */
const char *fed_chosen_metric_needs(size_t offset);

#endif
