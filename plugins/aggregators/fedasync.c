/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedasync - every arriving model is mixed into the global one, with a weight that falls with its
 * staleness:
 *
 *     x <- (1 - a_t) x + a_t x_i,    a_t = alpha s(tau)
 *
 * x_i is the model that client i trained, tau its staleness: versions made since the client was
 * sent its model.  alpha is the same at every step: only tau makes a_t smaller.
 *
 * Xie, Koyejo, Gupta: Asynchronous Federated Optimization, OPT2020 (arXiv:1903.03934), algorithm 1.
 */
#include <fedsh/client_hooks.h>

#include "tell.h"

enum function { POLYNOMIAL, HINGE, CONSTANT };
static const char *const functions[] = {"polynomial", "hinge", "constant", NULL};

struct fedasync {
	double alpha, a, b, rho;
	int function; /* enum function */
};

static const struct fed_field fields[] = {
	FED_REAL(struct fedasync, alpha, 0.6, 0, 1, "share of a fresh client's model in the mix"),
	FED_CHOICE(struct fedasync, function, POLYNOMIAL, functions, "how staleness lowers the share"),
	FED_REAL(struct fedasync, a, 0, 0, 1000,
             "steepness; 0 is the paper's: 0.5 for polynomial, 10 for hinge"),
	FED_REAL(struct fedasync, b, 4, 0, 1e9, "hinge: versions that cost nothing"),
	FED_REAL(struct fedasync, rho, 0.005, 0, 1000, "pull towards the received model"),
	FED_END,
};

static const char doc[] =
	"    x <- (1 - a_t) x + a_t x_i,   a_t = alpha s(tau)\n"
	"    polynomial   s = (tau + 1)^-a                                a = 0.5\n"
	"    hinge        s = 1 if tau <= b, else 1/(a (tau - b) + 1)     a = 10, b = 4\n"
	"    constant     s = 1\n"
	"    client i minimises F_i(w) + rho/2 |w - x|^2\n"
	"\n"
	"x_i is what client i made of the model that it received, tau the versions\n"
	"made since then.  alpha never compounds: a_t depends on this update's\n"
	"staleness alone.  The views show it as the update's score.\n"
	"\n"
	"For: scheme async, where the server waits for no client.  With one\n"
	"client, alpha=1 and rho=0 it is plain SGD.\n"
	"\n"
	"Source: Xie, Koyejo, Gupta, Asynchronous Federated Optimization, OPT2020\n"
	"(arXiv:1903.03934), algorithm 1; s from its adaptive variants.\n"
	"\n"
	"Differences: when a scheme hands several updates to one version (sync does)\n"
	"they are mixed one after another in the order in which they are given; the\n"
	"version, and so tau, is that of the first of them.  The paper's experiments\n"
	"also lower alpha once in a long run; here `aggregator fedasync alpha=0.3` does\n"
	"that when it is wanted.  Samples have no say, as in the paper.";

static double share(const struct fedasync *f, uint32_t staleness)
{
	const double tau = staleness;

	switch (f->function) {
	case POLYNOMIAL:
		return f->alpha * pow(tau + 1, -(f->a > 0 ? f->a : 0.5));
	case HINGE:
		return tau <= f->b ? f->alpha : f->alpha / ((f->a > 0 ? f->a : 10) * (tau - f->b) + 1);
	default:
		return f->alpha;
	}
}

static void weigh(const void *state, const struct fed_round *r, const struct fed_update *u,
                  struct fed_verdict *v)
{
	(void)r;
	v->weight = v->score = (float)share(state, u->staleness);
}

/* Step of the updates, mixed in one after another. */
static int columns(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                   size_t n, size_t j0, size_t j1, float *out, struct fed_error *err)
{
	enum { BLOCK = 256 };
	double sum[BLOCK], part = 0;
	uint32_t tau = 0; /* that part is of, once there is one */

	(void)err;
	for (size_t from = j0; from < j1; from += BLOCK) {
		const size_t width = j1 - from < BLOCK ? j1 - from : BLOCK;

		for (size_t k = 0; k < width; k++)
			sum[k] = 0;
		for (size_t i = 0; i < n; i++) {
			if (part == 0 || u[i]->staleness != tau) {
				tau = u[i]->staleness;
				part = share(state, tau);
			}
			const float *base = u[i]->base + from, *delta = u[i]->delta + from;
			const float *params = r->params + from;

			for (size_t k = 0; k < width; k++) {
				/* x_i - x; nothing is rounded away when base is x */
				const double apart = (double)base[k] - params[k] + delta[k];
				sum[k] += part * (apart - sum[k]);
			}
		}
		for (size_t k = 0; k < width; k++)
			out[from + k] = (float)sum[k];
	}
	return FED_OK;
}

/* Gradient term of a client, before each of its steps; w is its present model. */
static void pull(const void *state, const struct fed_local *l, const float *w, float *g, size_t j0,
                 size_t j1)
{
	const float rho = (float)((const struct fedasync *)state)->rho;
	const float *x = l->received;

	for (size_t j = j0; j < j1; j++)
		g[j] += rho * (w[j] - x[j]);
}

/* "s(3) = (3 + 1)^-0.5" */
static void tell_function(struct tell *t, const struct fedasync *f, uint32_t tau)
{
	tell_put(t, "s(%u) = ", tau);
	if (f->function == POLYNOMIAL)
		tell_put(t, "(%u + 1)^-%.4g = ", tau, f->a > 0 ? f->a : 0.5);
	else if (f->function == HINGE && tau > f->b)
		tell_put(t, "1/(%.4g (%u - %.4g) + 1) = ", f->a > 0 ? f->a : 10, tau, f->b);
}

/* Lines of the last round; later updates shrink what earlier ones added. */
static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const struct fedasync *f = state;
	double *length = r->host->scratch(r->host, n + 1, sizeof *length, err), after = 1;
	double *rest = r->host->scratch(r->host, n, sizeof *rest, err);
	struct tell t = {.to = to};

	(void)v;
	if (!length || !rest || fed_norms(r, u, n, step, length, err))
		return FED_FAIL;
	for (size_t i = n; i-- > 0; after *= 1 - share(f, u[i]->staleness))
		rest[i] = after * share(f, u[i]->staleness);
	tell_line(&t, "%zu mixed in, one after another: x <- (1 - a_t) x + a_t x_i, |step| = %.4g", n,
	          length[n]);
	for (size_t i = 0; i < n; i++) {
		if (tell_leaps(&i, n, TELL_ROWS))
			tell_line(&t, "    ...");
		const uint32_t tau = u[i]->staleness;
		tell_put(&t, "    client %u: ", u[i]->client);
		tell_function(&t, f, tau);
		tell_put(&t, "%.4g, a_t = %.4g s = %.4g", f->alpha > 0 ? share(f, tau) / f->alpha : 1,
		         f->alpha, share(f, tau));
		if (n > 1)
			tell_put(&t, ", at the end %.4g of x", rest[i]);
		tell_end(&t);
	}
	tell_line(&t, "of the old x %.4g is left", after);
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct fedasync, "fedasync", "mix each model in, the less the older",
                           doc, fields),
	.columns = columns,
	.local_gradient = pull,
	.weigh = weigh,
	.tell = tell,
	.ordered = true, /* each update moves the model that the next one meets */
};
