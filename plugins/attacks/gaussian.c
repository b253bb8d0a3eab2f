/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gaussian - Gaussian noise: out = centre + N(0, std^2 I).
 *
 * Blanchard, El Mhamdi, Guerraoui, Stainer: Machine Learning with Adversaries: Byzantine Tolerant
 * Gradient Descent, NeurIPS 2017.
 */
#include <math.h>

#include <fedsh/attack.h>

enum around { ZERO, UPDATE };
static const char *const arounds[] = {"zero", "update", NULL};

struct gaussian {
	double std;
	int around; /* enum around */
};

static const struct fed_field fields[] = {
	FED_REAL(struct gaussian, std, 1, 0, 1e9, "standard deviation of each number"),
	FED_CHOICE(struct gaussian, around, ZERO, arounds, "what the noise is added to"),
	FED_END,
};

static const char doc[] =
	"    around=zero     sends      N(0, std^2) for each parameter\n"
	"    around=update   sends  d + N(0, std^2),   d = its honest update\n"
	"\n"
	"Drawn anew for each client and version.\n"
	"\n"
	"For: a broken client rather than a clever one, and noise as such\n"
	"(around=update with a small std is what a private client does). Its length\n"
	"is about std sqrt(dim), so a norm gives it away.\n"
	"\n"
	"Source: Blanchard et al., Machine Learning with Adversaries: Byzantine\n"
	"Tolerant Gradient Descent, NeurIPS 2017, sec. 5, with std=200 on gradients.";

/* Standard normal numbers 2k and 2k + 1 of the stream `key` (Box and Muller). */
static void two_normals(uint64_t key, uint64_t k, double out[2])
{
	const double r = sqrt(-2 * log(1 - fed_random_real(key, 2 * k)));
	const double angle = 6.283185307179586 * fed_random_real(key, 2 * k + 1);

	out[0] = r * cos(angle);
	out[1] = r * sin(angle);
}

static int craft(void *state, const struct fed_attacker *a, float *out, struct fed_error *err)
{
	const struct gaussian *g = state;
	double z[2] = {0};

	(void)err;
	for (size_t j = 0; j < a->dim; j++) {
		if (j % 2 == 0)
			two_normals(a->seed, j / 2, z);
		out[j] = (float)((g->around == UPDATE ? a->delta[j] : 0) + g->std * z[j % 2]);
	}
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(struct gaussian, "gaussian", "noise", doc, fields),
	.craft = craft,
};
