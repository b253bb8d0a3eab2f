/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/study_table.h - a metric of a study's runs, grouped by factors: means, spreads,
 * paired differences; and by round, for figures.
 *
 * The levels of the first factor of `by` are compared, in one row for each combination of the
 * levels of the others.  Runs of a group differ in the remaining factors, usually the seed; two
 * groups of a row are compared in pairs of runs that agree in all of these.
 */
#ifndef FED_EXPERIMENTS_STUDY_TABLE_H
#define FED_EXPERIMENTS_STUDY_TABLE_H

#include "experiments/factors.h"
#include "experiments/store.h"

#define FED_CONFIDENCE 0.95

struct fed_study_group {
	size_t n;        /* runs with the metric */
	double mean, sd; /* of a sample; NaN where n is too small */
	bool best;       /* of its row, which has others; equal ones all are */
	/* Mean of (this - best) over the pairs, and the limits of its confidence interval (Student's
	 * t); NaN for the best, and where there are too few pairs. */
	double difference, low, high;
	size_t pairs;
};

struct fed_study_by {
	size_t factor[FED_FACTORS_MAX]; /* [n] indices; n 0: all runs are one group */
	size_t n;
};

struct fed_study_table {
	struct fed_factors factors;
	const struct fed_field *metric;
	struct fed_study_by by;
	size_t rows, columns;
	struct fed_study_group *group; /* [rows][columns] */
	size_t missing, failed;        /* runs */
	bool rising;                   /* the best is the largest mean */
};

/* Names of factors joined by commas; "": all but the seed. */
int fed__study_by_parse(struct fed_study_by *, const struct fed_factors *, const char *text,
                        struct fed_error *);
/* Read a study's runs; costs are sums over their rounds, other metrics those of the last one.  *t
 * must be zeroed; release it also on failure. */
int fed_study_table_read(struct fed_study_table *t, struct fed_store *,
                         const struct fed_stored_study *, const struct fed_field *metric,
                         const char *by, struct fed_error *);
void fed_study_table_release(struct fed_study_table *); /* zeroed is fine */
/* Level of a row in the k-th factor of `by`, k >= 1. */
const char *fed_study_row_level(const struct fed_study_table *, size_t row, size_t k);
/* Whether more is better: accuracies, shares of what is found, fairness. */
bool fed__metric_rises(const struct fed_field *);

/* A metric by round over the runs of a group. */
struct fed_study_band {
	char name[256];            /* "aggregator=fedavg partition=iid" */
	double *round, *mean, *sd; /* [n] rounds in which a run has the metric; sd NaN with one run */
	uint32_t *runs;            /* [n] how many have it */
	size_t n;
};
struct fed_study_bands {
	struct fed_study_band *band; /* [n] */
	size_t n;
};
/* A band for each combination of the levels of `by`, in the order of the table; more than
 * FED_SERIES_MAX are refused.  *b must be zeroed; release it also on failure. */
int fed_study_bands_read(struct fed_study_bands *b, struct fed_store *,
                         const struct fed_stored_study *, const struct fed_field *metric,
                         const char *by, struct fed_error *);
void fed_study_bands_release(struct fed_study_bands *); /* zeroed is fine */

#endif
