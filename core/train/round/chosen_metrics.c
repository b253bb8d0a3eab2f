/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/chosen_metrics.c - the table of such figures, and their choice by text.
 */
#include "train/round/chosen_metrics.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "train/round/quality.h"
#include "train/round/record.h"

#define PUT(m) offsetof(struct fed_record, m)
#define OF(m) offsetof(struct fed_quality, m)
#define OF_CLASS(m) offsetof(struct fed_class_quality, m)
static const char class_word[] = "class:";
static const struct {
	const char *word, *needs;
	size_t record, quality; /* offsets; of struct fed_class_quality where one_class */
	unsigned parts;
	bool one_class, regression;
} rows[] = {
	{"macro-f1", "`set metrics macro-f1`", PUT(macro_f1), OF(macro_f1), FED_QUALITY_TABLES},
	{"balanced-accuracy", "`set metrics balanced-accuracy`", PUT(balanced_accuracy), OF(balanced),
     FED_QUALITY_TABLES},
	{"worst-class", "`set metrics worst-class`", PUT(worst_class), OF(worst_recall),
     FED_QUALITY_TABLES},
	{"auc", "`set metrics auc`", PUT(auc), OF(auc), FED_QUALITY_AUC},
	{class_word, "`set metrics class:0`", PUT(class_recall), OF_CLASS(recall), FED_QUALITY_TABLES,
     .one_class = true},
	{class_word, "`set metrics class:0`", PUT(class_precision), OF_CLASS(precision),
     FED_QUALITY_TABLES, .one_class = true},
	{class_word, "`set metrics class:0`", PUT(class_f1), OF_CLASS(f1), FED_QUALITY_TABLES,
     .one_class = true},
	{"mae", "`set metrics mae`", PUT(mae), OF(mae), FED_QUALITY_BRIEF, .regression = true},
	{"rmse", "`set metrics rmse`", PUT(rmse), OF(rmse), FED_QUALITY_BRIEF, .regression = true},
	{"r2", "`set metrics r2`", PUT(r2), OF(r2), FED_QUALITY_BRIEF, .regression = true},
};
#undef PUT
#undef OF
#undef OF_CLASS
enum { ROWS = sizeof rows / sizeof *rows, WORD = 32 };

/* What a round measures without being told to. */
static const char *const always[] = {"accuracy", "loss", "perplexity"};

const char *fed_chosen_metric_word(size_t i)
{
	return i < ROWS ? rows[i].word : NULL;
}

static const char *word_at(const void *ctx, size_t i)
{
	(void)ctx;
	return fed_chosen_metric_word(i);
}

static int unknown_word(const char *word, struct fed_error *err)
{
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		if (fed_same_name(word, always[i]))
			return fed_fail(err, "metrics: %s needs no choice: rounds measure it anyway", word);
	if (fed_same_name(word, "fairness"))
		return fed_fail(err, "metrics: fairness needs no choice: clients-fairness, clients-worst "
		                     "and others are measured where clients hold examples out (`set "
		                     "holdout 0.2` before add-client)");
	const char *near = fed_nearest(word, word_at, NULL);
	return fed_fail(err,
	                "metrics: %s is not known%s%s%s; there are none, macro-f1, balanced-accuracy, "
	                "worst-class, auc, class:N, mae, rmse and r2",
	                fed_show(word).s, near ? "; did you mean " : "", near ? near : "",
	                near ? "?" : "");
}

/* Choose the class of class:N. */
static int choose_class(struct fed_chosen_metrics *m, const char *number, bool again,
                        struct fed_error *err)
{
	char *end;
	const unsigned long n = strtoul(number, &end, 10);

	if (*number < '0' || *number > '9' || *end || n >= FED_QUALITY_CLASSES)
		return fed_fail(err, "metrics: class:%s: N is a class' number, from 0 to %d",
		                fed_show(number).s, FED_QUALITY_CLASSES - 1);
	if (again)
		return fed_fail(err, "metrics: class:%u and class:%lu: one class can be chosen",
		                m->one_class, n);
	m->one_class = (uint32_t)n;
	return FED_OK;
}

static int choose(struct fed_chosen_metrics *m, const char *word, struct fed_error *err)
{
	const size_t prefix = sizeof class_word - 1;
	const bool of_class = strncmp(word, class_word, prefix) == 0;
	bool known = false, again = false;

	for (unsigned i = 0; i < ROWS; i++) {
		if (of_class ? !rows[i].one_class : rows[i].one_class || !fed_same_name(word, rows[i].word))
			continue;
		known = true;
		again |= m->chosen >> i & 1;
		m->chosen |= 1u << i;
		m->parts |= rows[i].parts;
	}
	if (!known)
		return unknown_word(word, err);
	return of_class ? choose_class(m, word + prefix, again, err) : FED_OK;
}

int fed_chosen_metrics_parse(const char *text, struct fed_chosen_metrics *m, struct fed_error *err)
{
	char word[WORD];

	*m = (struct fed_chosen_metrics){0};
	if (strcmp(text, "none") == 0)
		return FED_OK;
	for (const char *at = text, *end;; at = end + 1) {
		end = at + strcspn(at, ",");
		const int n = (int)(end - at) < WORD - 1 ? (int)(end - at) : WORD - 1;

		memcpy(word, at, (size_t)n);
		word[n] = '\0';
		if (choose(m, word, err))
			return FED_FAIL;
		if (!*end)
			return FED_OK;
	}
}

int fed_chosen_metrics_fit(const struct fed_chosen_metrics *m, uint32_t classes,
                           struct fed_error *err)
{
	for (unsigned i = 0; i < ROWS; i++) {
		if (!(m->chosen >> i & 1))
			continue;
		if (rows[i].regression != (classes == 0))
			return fed_fail(err, "metrics: %s is of %s; this model %s", rows[i].word,
			                rows[i].regression ? "regressions" : "classes",
			                rows[i].regression
			                    ? "tells classes apart: macro-f1, auc and others are "
			                      "of these"
			                    : "is a regression: mae, rmse and r2 are of these");
		if (rows[i].one_class && m->one_class >= classes)
			return fed_fail(err, "metrics: class:%u: the model has the classes 0 to %u",
			                m->one_class, classes - 1);
		if (rows[i].parts && classes > FED_QUALITY_CLASSES)
			return fed_fail(
				err, "metrics: %s%s is measured for at most %d classes; this model has %u",
				rows[i].word, rows[i].one_class ? "N" : "", FED_QUALITY_CLASSES, classes);
	}
	return FED_OK;
}

void fed__chosen_metrics_record(const struct fed_chosen_metrics *m, const struct fed_quality *q,
                                struct fed_record *r)
{
	for (unsigned i = 0; i < ROWS; i++) {
		const void *from = q;

		if (!(m->chosen >> i & 1))
			continue;
		if (rows[i].one_class && m->one_class >= q->classes)
			continue;
		if (rows[i].one_class)
			from = &q->of[m->one_class];
		memcpy((char *)r + rows[i].record, (const char *)from + rows[i].quality, sizeof(double));
	}
}

const char *fed_chosen_metric_needs(size_t offset)
{
	for (unsigned i = 0; i < ROWS; i++)
		if (rows[i].record == offset)
			return rows[i].needs;
	return NULL;
}

bool fed_chosen_metrics_have(const struct fed_chosen_metrics *m, size_t offset)
{
	for (unsigned i = 0; i < ROWS; i++)
		if (rows[i].record == offset)
			return m->chosen >> i & 1;
	return false;
}
