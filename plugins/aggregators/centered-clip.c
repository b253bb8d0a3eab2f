/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * centered-clip - the last step plus the mean of the updates' differences from it, clipped to a
 * norm:
 *
 *     v <- v + 1/n * sum_i (d_i - v) min(1, tau / |d_i - v|)      L times
 *     step = v
 *
 * Karimireddy, He, Jaggi: Learning from History for Byzantine Robust Optimization, ICML 2021,
 * section 4.
 */
#include <string.h>

#include "clip.h"

struct centered_clip {
	double tau;
	int64_t iterations;
	double *v; /* [dim], the last step */
};

static const struct fed_field fields[] = {
	FED_REAL(struct centered_clip, tau, 0, 0, 1e30,
             "longest difference; 0: the median of the round"),
	FED_INT(struct centered_clip, iterations, 3, 1, 1000, "L: times that it moves in a round"),
	FED_PERSISTENT(struct centered_clip, v, "the last step"),
	FED_END,
};

static const char doc[] =
	"    v <- v + 1/n sum_i (d_i - v) min(1, tau / |d_i - v|)  L = iterations times\n"
	"    step = v\n"
	"\n"
	"v begins with the last round's step (0 at first).  tau=0 takes the median of\n"
	"the distances |d_i - v| each time; of an even number the lower of the two\n"
	"middle ones (the rule `median` takes their mean).  Samples have no say.\n"
	"\n"
	"For: an update moves the step by at most tau/n, and attackers who are clever\n"
	"each round anew (alie) are held by the rounds before, above all when clients\n"
	"use momentum.  tau should be about the spread of the honest updates.\n"
	"\n"
	"Breakdown: v moves by at most L tau in a round; with tau=0 and at most half of\n"
	"the updates Byzantine tau is at most the distance of the farthest honest one.\n"
	"Within that they pull by their number; the source's promise is for fewer than\n"
	"half, a tau near the spread of the honest ones, and many rounds.\n"
	"\n"
	"The views show the last distance |d_i - v| as the score; an update is trusted\n"
	"when its difference is shortened to no less than half.\n"
	"\n"
	"Source: Karimireddy, He, Jaggi: Learning from History for Byzantine Robust\n"
	"Optimization, ICML 2021, section 4.\n"
	"\n"
	"Differences: the paper gives tau, and finds one iteration enough from the\n"
	"second round on; the median is this program's.";

static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[],
                  size_t n, struct fed_verdict *const v[], float *out, struct fed_error *err)
{
	const struct centered_clip *a = state;
	const struct fed_host *host = r->host;
	const float **row = host->scratch(host, n + 1, sizeof *row, err);
	double *w = host->scratch(host, n + 1, sizeof *w, err);
	double *distance = host->scratch(host, n, sizeof *distance, err);
	float *center = host->scratch(host, r->dim, sizeof *center, err);

	if (!row || !w || !distance || !center)
		return FED_FAIL;
	for (size_t j = 0; j < r->dim; j++)
		center[j] = (float)a->v[j];
	for (size_t i = 0; i < n; i++)
		row[i] = u[i]->delta;
	row[n] = center;
	for (int64_t t = 0; t < a->iterations; t++) {
		double tau = a->tau, sum = 0;

		if (host->lengths(host, row, n, center, distance, err) ||
		    clip_lengths(host, distance, n, &tau, err))
			return FED_FAIL;
		for (size_t i = 0; i < n; i++)
			sum += w[i] = clip_factor(distance[i], tau) / (double)n;
		w[n] = 1 - sum;
		if (host->combine(host, row, w, n + 1, out, err))
			return FED_FAIL;
		memcpy(center, out, r->dim * sizeof *center);
	}
	for (size_t j = 0; j < r->dim; j++)
		a->v[j] = (double)out[j];
	for (size_t i = 0; i < n; i++) {
		v[i]->weight = (float)w[i];
		v[i]->score = (float)distance[i];
		host->mark(host, i, -1, w[i] * (double)n >= 0.5);
	}
	return FED_OK;
}

/* Scratch of a round: the centre. */
static double scratch_bytes(const void *state, size_t n, size_t dim)
{
	(void)state, (void)n;
	return (double)dim * sizeof(float);
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const struct centered_clip *a = state;
	const struct fed_host *host = r->host;
	double *distance = host->scratch(host, n, sizeof *distance, err), tau = a->tau, square;
	struct tell t = {.to = to};

	if (!distance || host->lengths(host, &step, 1, NULL, &square, err))
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		distance[i] = (double)v[i]->score * (double)v[i]->score;
	if (clip_lengths(host, distance, n, &tau, err))
		return FED_FAIL;
	tell_line(&t, "n = %zu update%s, v moves %lld time%s to become the step, which is %.4g long", n,
	          n == 1 ? "" : "s", (long long)a->iterations, a->iterations == 1 ? "" : "s",
	          sqrt(square));
	tell_line(&t, "the last time with tau = %.4g%s:", tau,
	          a->tau > 0 ? "" : ", the median of the distances");
	return clip_tell(&t, r, u, n, distance, tau, "|d_i - v|", err);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct centered_clip, "centered-clip",
                           "steps from the last one, differences cut to a length", doc, fields),
	.reduce = reduce,
	.tell = tell,
	.scratch_bytes = scratch_bytes,
};
