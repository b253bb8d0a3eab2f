/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/quality.h - the quality of a model's answers: per class, as a confusion matrix, of a
 * regression, of a language model.
 *
 * Definitions: precision of a class is the share of the answers "this class" that are right, recall
 * the share of its examples that are found, F1 = 2 TP / (2 TP + FP + FN).  Macro F1 is the mean of
 * F1 over the classes that occur among the labels or the answers; balanced accuracy is the mean of
 * the recalls of the classes that have examples.  AUC of a class is the
 * probability that an example of it gets a higher softmax score than one of the others, ties
 * counting half (Mann and Whitney 1947); macro AUC is the mean over the classes that have both.
 * Regression: MAE, RMSE and R2 = 1 - sum (y - t)^2 / sum (t - mean)^2, each the mean over the
 * outputs.  Perplexity is e to the mean loss.
 */
#ifndef FED_TRAIN_ROUND_QUALITY_H
#define FED_TRAIN_ROUND_QUALITY_H

#include "fedsh/plugin.h"

struct fed_net;

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
	double accuracy, macro_f1, auc; /* NaN for regression, as are: */
	double balanced, worst_recall;  /* mean and least of the recalls of classes with examples */
	double mae, rmse, r2;           /* NaN for classes; R2 also where all targets are equal */
	uint32_t classes;               /* of the two tables; 0: none */
	uint32_t *confusion;            /* [classes][classes]: a row a label, a column an answer */
	struct fed_class_quality *of;   /* [classes] */
};
void fed_quality_release(struct fed_quality *); /* zeroed is fine */

/* A model's answers to n examples; released by fed_answers_release(), zeroed is fine. */
struct fed_answers {
	const struct fed_net *net;
	uint32_t n;
	float *y;       /* [n][outputs] */
	int32_t *label; /* [n], or NULL */
	float *target;  /* [n][outputs], or NULL */
};
int fed_answers_init(struct fed_answers *, const struct fed_net *, uint32_t n, struct fed_error *);
void fed_answers_release(struct fed_answers *);

enum fed_quality_parts {
	FED_QUALITY_BRIEF = 0,  /* accuracy and loss, MAE and R2 alone, without tables */
	FED_QUALITY_TABLES = 1, /* of classes: confusion and figures of each class */
	FED_QUALITY_AUC = 2,    /* the same with AUC */
};
/* Quality of answers with this mean loss; their outputs become softmax scores where AUC is found.
 * The caller releases *q. */
int fed_quality_judge(struct fed_answers *, double loss, unsigned parts, struct fed_quality *q,
                      struct fed_error *);

#endif
