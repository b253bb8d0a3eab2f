/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * min-max - the update farthest from the honest mean whose distance to each honest one is at most
 * the largest distance between two honest ones:
 *
 *     max_i |mean + gamma p - d_i| <= max_ik |d_i - d_k|
 *
 * perturb.h has p and the source.
 */
#include "perturb.h"

static const struct fed_field fields[] = {
	PERTURB_ROW,
	FED_END,
};

static const char doc[] =
	"    all attackers send mean + gamma p, with the largest gamma such that\n"
	"    max_i |mean + gamma p - d_i| <= max_ik |d_i - d_k|\n"
	"\n" PERTURB_WAYS "\n"
	"mean and std are of the honest updates d_i: what is sent is no further from\n"
	"any of them than the two that differ most are from each other.\n"
	"\n"
	"For: any robust rule, without knowing which. Rules that measure distances\n"
	"see nothing unusual; the more the clients differ, the further it goes.\n"
	"\n" PERTURB_SOURCE;

/* |x - y|^2 in double precision, so that the condition holds to the last digits. */
static double squared_distance(const float *x, const float *y, size_t dim)
{
	double lane[LANES] = {0};

	for (size_t j = 0; j < dim; j++) {
		const double off = (double)x[j] - y[j];
		lane[j % LANES] += off * off;
	}
	return add_up(lane);
}

/* The largest gamma with pp gamma^2 + 2 b gamma <= slack. */
static double largest(double pp, double b, double slack)
{
	if (!(pp > 0) || !(slack > 0))
		return 0;
	const double root = sqrt(b * b + pp * slack);
	return b > 0 ? slack / (root + b) : (root - b) / pp;
}

static int collude(void *state, const struct fed_collusion *c, float *out, struct fed_error *err)
{
	const struct perturb *s = state;
	const uint32_t n = c->n_known;
	const double *apart = c->distances(c);
	size_t far = 0;

	if (!apart)
		return fed_fail(err, "no memory for the distances between %u updates", n);
	for (size_t k = 0; k < (size_t)n * n; k++)
		if (apart[k] > apart[far])
			far = k;
	const double most = squared_distance(c->known[far / n], c->known[far % n], c->dim);
	const struct apart q = measure(s, c);
	double gamma = largest(q.pp, q.b[0], most - q.a[0]);
	for (uint32_t i = 1; i < n; i++)
		gamma = fmin(gamma, largest(q.pp, q.b[i], most - q.a[i]));
	send_moved(s, c, gamma, out);
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(struct perturb, "min-max", "far off, but no further than honest ones", doc,
                       fields),
	.collude = collude,
};
