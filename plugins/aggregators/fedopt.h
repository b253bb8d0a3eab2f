/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedopt.h - adaptive server optimisers, shared by fedadagrad, fedadam and fedyogi: all but the
 * second moment.
 *
 *     D    = sum_i n_i / N * d_i
 *     m    <- beta1 m + (1 - beta1) D
 *     v    <- next_v(v, D^2)                 each plugin's own
 *     step = eta m / (sqrt(v) + tau)         no bias correction
 *
 * per coordinate; m starts at 0 and v at tau^2.  Reddi, Charles, Zaheer, Garrett, Rush, Konecny,
 * Kumar, McMahan: Adaptive Federated Optimization, ICLR 2021, algorithm 2.
 *
 * A plugin defines `static double next_v(const struct fedopt *, double v, double D2)` and puts
 * FEDOPT_ROWS into its fields and fedopt_begin, fedopt_add and fedopt_finish into its table.
 */
#ifndef FEDOPT_H
#define FEDOPT_H

#include <math.h>
#include <fedsh/aggregator.h>
#include <fedsh/host.h>

struct fedopt {
	double eta, beta1, beta2, tau;
	double total; /* N: weights so far */
	double *sum;  /* [dim], sum of n_i d_i so far */
	double *m;    /* [dim], first moment, from round to round */
	double *v;    /* [dim], second moment, from round to round */
};

/* Field rows of all three; fedadagrad has no beta2. */
#define FEDOPT_ROWS                                                                                \
	FED_REAL(struct fedopt, eta, 0.01, 0, 100, "learning rate of the server"),                     \
		FED_REAL(struct fedopt, beta1, 0.9, 0, 0.999999, "how much of the past m remembers"),      \
		FED_REAL(struct fedopt, tau, 1e-3, 1e-9, 1, "adaptivity: the smaller, the more adaptive"), \
		FED_SCRATCH(struct fedopt, sum, "weighted sum of the updates"),                            \
		FED_PERSISTENT(struct fedopt, m, "first moment of the mean update"),                       \
		FED_PERSISTENT(struct fedopt, v, "second moment of the mean update")
#define FEDOPT_BETA2 \
	FED_REAL(struct fedopt, beta2, 0.99, 0, 0.999999, "how much of the past v remembers")

/* Paragraphs of all three docs. */
#define FEDOPT_MEAN                                                                   \
	"D is the mean of the updates weighted by samples, as in fedavg (the paper's\n"   \
	"listing has the plain mean: weighting=equal).  m starts at 0, v at tau^2, the\n" \
	"least that the paper allows.  There is no bias correction.\n"
#define FEDOPT_SOURCE \
	"Source: Reddi et al., Adaptive Federated Optimization, ICLR 2021, algorithm 2.\n"

/* The plugin's second moment; D2 is D^2 of the same coordinate. */
static double next_v(const struct fedopt *a, double v, double D2);

static int fedopt_begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	struct fedopt *a = state;

	(void)r, (void)err;
	a->total = 0;
	return FED_OK;
}

static int fedopt_add(void *state, const struct fed_round *r, const struct fed_update *u,
                      struct fed_verdict *v, struct fed_error *err)
{
	struct fedopt *a = state;

	(void)v;
	a->total += u->weight;
	return r->host->accumulate(r->host, a->sum, u->weight, u->delta, err);
}

static int fedopt_finish(void *state, const struct fed_round *r, float *out, struct fed_error *err)
{
	struct fedopt *a = state;

	if (!(a->total > 0))
		return fed_fail(err, "no mean: the weights of the updates sum to %g", a->total);
	for (size_t j = 0; j < r->dim; j++) {
		const double D = a->sum[j] / a->total;
		/* v is 0 before the first round; later only where beta2 = 0 does not use it. */
		const double v = a->v[j] > 0 ? a->v[j] : a->tau * a->tau;

		a->m[j] = a->beta1 * a->m[j] + (1 - a->beta1) * D;
		a->v[j] = next_v(a, v, D * D);
		out[j] = (float)(a->eta * a->m[j] / (sqrt(a->v[j]) + a->tau));
	}
	return FED_OK;
}

#endif
