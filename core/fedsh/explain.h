/* SPDX-License-Identifier: 0BSD */
/*
 * fedsh/explain.h - output of tell(): lines with a formula and the numbers of the last round.
 */
#ifndef FEDSH_EXPLAIN_H
#define FEDSH_EXPLAIN_H

#include <math.h>
#include <stdlib.h>

#include "aggregator.h"
#include "host.h"

/* Callback for the lines of tell(): plain text without control characters. */
struct fed_teller {
	uint32_t size; /* sizeof(struct fed_teller) of the running host */
	void (*say)(const struct fed_teller *, const char *line);
};

/* Output of one line, formatted as by printf. */
__attribute__((format(printf, 2, 3))) static inline void fed_tell(const struct fed_teller *to,
                                                                  const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	to->say(to, line);
}

/* Compute length [n + 1]: Euclidean norms of the updates, then of the step. */
static inline int fed_norms(const struct fed_round *r, const struct fed_update *const u[], size_t n,
                            const float *step, double *length, struct fed_error *err)
{
	const float **row = r->host->scratch(r->host, n + 1, sizeof *row, err);

	if (!row)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		row[i] = u[i]->delta;
	row[n] = step;
	if (r->host->lengths(r->host, row, n + 1, NULL, length, err))
		return FED_FAIL;
	for (size_t i = 0; i <= n; i++)
		length[i] = sqrt(length[i]);
	return FED_OK;
}

/* Update with the length by which it moves the mean. */
struct fed_mover {
	double length; /* n_i/N |d_i| */
	const struct fed_update *update;
	double norm; /* |d_i| */
};

/* Order for qsort: the longest first; of equal ones the lowest client id. */
static inline int fed_mover_compare(const void *a, const void *b)
{
	const struct fed_mover *p = a, *q = b;

	if (p->length != q->length)
		return p->length > q->length ? -1 : 1;
	return (p->update->client > q->update->client) - (p->update->client < q->update->client);
}

/* tell() of a rule whose step is the weighted mean, sum_i n_i/N d_i: the updates that move it
 * most. */
static inline int fed_tell_mean(const struct fed_round *r, const struct fed_update *const u[],
                                size_t n, const float *step, const struct fed_teller *to,
                                struct fed_error *err)
{
	enum { MOST = 12 };
	struct fed_mover *mover = r->host->scratch(r->host, n, sizeof *mover, err);
	double *norm = r->host->scratch(r->host, n + 1, sizeof *norm, err), total = 0;

	if (!mover || !norm || fed_norms(r, u, n, step, norm, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		total += u[i]->weight;
	for (size_t i = 0; i < n; i++) {
		mover[i].length = u[i]->weight / total * norm[i];
		mover[i].update = u[i];
		mover[i].norm = norm[i];
	}
	qsort(mover, n, sizeof *mover, fed_mover_compare);
	fed_tell(to, "n = %zu update%s, N = %.6g: step = sum_i n_i/N d_i, |step| = %.4g", n,
	         n == 1 ? "" : "s", total, norm[n]);
	for (size_t p = 0; p < n && p < MOST; p++)
		fed_tell(to, "    client %u: n_i/N = %.6g/%.6g = %.4g, |d_i| = %.4g, n_i/N |d_i| = %.4g",
		         mover[p].update->client, mover[p].update->weight, total,
		         mover[p].update->weight / total, mover[p].norm, mover[p].length);
	if (n > MOST)
		fed_tell(to, "    and %zu that move the step less", n - MOST);
	return FED_OK;
}

#endif
