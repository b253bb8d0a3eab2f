/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * alie - a little is enough: the honest mean, less z standard deviations of each parameter.
 *
 *     sends mean_j - z std_j
 *     Phi(z) = (n - m - s)/(n - m),   s = floor(n/2 + 1) - m
 *
 * n updates, m of them the attackers'; s is the number of honest ones that must be further out than
 * the attackers, so that these are in a majority.  Baruch, Baruch, Goldberg: A Little Is Enough:
 * Circumventing Defenses For Distributed Learning, NeurIPS 2019.
 */
#include "honest.h"

struct alie {
	double z;
};

static const struct fed_field fields[] = {
	FED_REAL(struct alie, z, 0, 0, 1e9, "standard deviations; 0 is the paper's, from n and m"),
	FED_END,
};

static const char doc[] =
	"    all attackers send mean_j - z std_j for each parameter j\n"
	"    Phi(z) = (n - m - s)/(n - m),   s = floor(n/2 + 1) - m\n"
	"\n"
	"mean and std are of the honest updates, std the population's; Phi is the\n"
	"normal distribution, n the updates that the server will see, m those of the\n"
	"attackers. z lies where s honest updates are still further out, so that they\n"
	"and the attackers are a majority. n=50, m=24 gives z = 1.43. The rows\n"
	"(1,2,3), (4,5,6), (7,8,9) and z=1.5 give (0.325765, 1.325765, 2.325765).\n"
	"\n"
	"For: defences that filter outliers: the attackers lie inside the spread of\n"
	"the honest updates, and all on the same side. The more the clients differ,\n"
	"the more it does.\n"
	"\n"
	"Source: Baruch, Baruch, Goldberg, A Little Is Enough: Circumventing Defenses\n"
	"For Distributed Learning, NeurIPS 2019, algorithm 3; minus as in their code.\n"
	"\n"
	"Differences: s is at least 1 and z at least 0 (few attackers: n=10, m=2 gives\n"
	"0, the honest mean itself); set z, their experiments have 1 and 1.5, to see\n"
	"the attack all the same.";

/* Quantile z >= 0 with 1 - Phi(z) = tail, by bisection; 0 when tail >= 1/2. */
static double normal_beyond(double tail)
{
	double low = 0, high = 40;

	for (int i = 0; i < 100; i++) {
		const double z = (low + high) / 2;

		if (erfc(z / sqrt(2)) / 2 > tail)
			low = z;
		else
			high = z;
	}
	return low;
}

static double z_of(const struct alie *a, const struct fed_collusion *c)
{
	const double n = c->clients, m = c->attackers, honest = n - m;
	const double s = fmax(1, floor(n / 2 + 1) - m);

	return a->z > 0 ? a->z : normal_beyond(s / honest);
}

static int collude(void *state, const struct fed_collusion *c, float *out, struct fed_error *err)
{
	const double z = z_of(state, c);
	double mean[TILE], std[TILE];

	(void)err;
	for (size_t j0 = 0; j0 < c->dim; j0 += TILE) {
		const size_t m = tile_at(c, j0);

		honest_mean(c, j0, m, mean);
		honest_std(c, j0, m, mean, std);
		for (size_t j = 0; j < m; j++)
			out[j0 + j] = (float)(mean[j] - z * std[j]);
	}
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(struct alie, "alie", "a little is enough: just inside the honest spread",
                       doc, fields),
	.collude = collude,
};
