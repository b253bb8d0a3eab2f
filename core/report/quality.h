/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/quality.h - the quality of a model's answers: per class, as a confusion matrix, of a
 * regression, of a language model.
 *
 * Definitions: precision of a class is the share of the answers "this class" that are right, recall
 * the share of its examples that are found, F1 = 2 TP / (2 TP + FP + FN).  Macro F1 is the mean of
 * F1 over the classes that occur among the labels or the answers.  AUC of a class is the
 * probability that an example of it gets a higher softmax score than one of the others, ties
 * counting half (Mann and Whitney 1947); macro AUC is the mean over the classes that have both.
 * Regression: MAE, RMSE and R2 = 1 - sum (y - t)^2 / sum (t - mean)^2, each the mean over the
 * outputs.  Perplexity is e to the mean loss.
 */
#ifndef FED_REPORT_QUALITY_H
#define FED_REPORT_QUALITY_H

#include "session/session.h"

struct fed_shift;

/* More classes have no confusion matrix, no figures of single classes and no AUC. */
enum { FED_QUALITY_CLASSES = 1024 };

struct fed_class_quality {
	uint32_t examples, answers;        /* of this class */
	double precision, recall, f1, auc; /* NaN where there is nothing to divide by */
};

struct fed_quality {
	uint32_t n;                     /* examples */
	uint32_t unknown;               /* answers that are not finite: they count as wrong */
	double loss;                    /* mean */
	double perplexity;              /* NaN unless the answers are tokens */
	double accuracy, macro_f1, auc; /* NaN for regression */
	double mae, rmse, r2;           /* NaN for classes; R2 also where all targets are equal */
	uint32_t classes;               /* of the two tables; 0: none */
	uint32_t *confusion;            /* [classes][classes]: a row a label, a column an answer */
	struct fed_class_quality *of;   /* [classes] */
};
void fed_quality_release(struct fed_quality *); /* zeroed is fine */

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
