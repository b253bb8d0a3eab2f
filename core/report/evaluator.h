/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/evaluator.h - evaluation of models on examples of the session's dataset, as figures of
 * quality (train/round/quality.h).
 */
#ifndef FED_REPORT_EVALUATOR_H
#define FED_REPORT_EVALUATOR_H

#include "session/session.h"
#include "train/round/quality.h"

struct fed_shift;

/* Examples of the session's dataset that a model is tried on. */
struct fed_evaluation {
	const uint32_t *id; /* [n] by id; NULL: `first` and those that follow */
	uint32_t first, n;
	const struct fed_shift *shift; /* of a client's inputs, or NULL */
	bool brief;                    /* accuracy and loss, MAE and R2 alone, without tables */
};

/* Memory to try models of a session's net with, on all of its threads. */
struct fed_evaluator;
int fed_evaluator_init(struct fed_evaluator **, const struct fed_session *, struct fed_error *);
void fed_evaluator_free(struct fed_evaluator *); /* NULL is fine */
/* Quality of the model with these parameters [dim] on the examples; the same bits for any number of
 * threads.  FED_REJECT: interrupted. */
int fed_evaluator_run(struct fed_evaluator *, const float *params, const struct fed_evaluation *,
                      struct fed_quality *, struct fed_error *);

#endif
