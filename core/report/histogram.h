/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/histogram.h - quantities of the run's updates and of the clients, counted in bins.
 */
#ifndef FED_REPORT_HISTOGRAM_H
#define FED_REPORT_HISTOGRAM_H

#include "base/text.h"
#include "session/session.h"

enum fed_quantity {
	/* Of updates. */
	FED_QUANTITY_STALENESS,
	FED_QUANTITY_DURATION,
	FED_QUANTITY_DOWNLOAD,
	FED_QUANTITY_COMPUTE,
	FED_QUANTITY_UPLOAD,
	FED_QUANTITY_WEIGHT,
	/* Of clients. */
	FED_QUANTITY_EXAMPLES,
	FED_QUANTITY_LOSS,
	FED_QUANTITIES
};
extern const char *const fed_quantity_names[FED_QUANTITIES + 1];
static inline bool fed_quantity_of_clients(enum fed_quantity q)
{
	return q >= FED_QUANTITY_EXAMPLES;
}
static inline bool fed_quantity_whole(enum fed_quantity q)
{
	return q == FED_QUANTITY_STALENESS || q == FED_QUANTITY_EXAMPLES;
}
static inline bool fed_quantity_seconds(enum fed_quantity q)
{
	return q >= FED_QUANTITY_DURATION && q <= FED_QUANTITY_UPLOAD;
}

enum { FED_HISTOGRAM_BINS = 100 };
struct fed_histogram {
	enum fed_quantity quantity;
	double low, high, mean;
	uint64_t n;          /* values */
	double first, width; /* bin k holds first + k * width <= x < first + (k + 1) * width */
	uint64_t count[FED_HISTOGRAM_BINS + 1];
	size_t bins;
};

/* At most `bins` bins, as wide as 1, 2 or 5 times a power of ten.  last: updates of the last N
 * versions; 0: all of the present scheme.  Fails with the reason where there are no values. */
int fed_histogram_take(struct fed_histogram *, const struct fed_session *, enum fed_quantity,
                       size_t bins, uint64_t last, struct fed_error *);

#endif
