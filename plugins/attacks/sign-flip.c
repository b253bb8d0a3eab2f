/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sign-flip - the honest update with opposite sign: out = -scale d.
 *
 * Li, Xu, Chen, Giannakis, Ling: RSA: Byzantine-Robust Stochastic Aggregation Methods for
 * Distributed Learning from Heterogeneous Datasets, AAAI 2019.
 */
#include <fedsh/attack.h>

struct sign_flip {
	double scale;
};

static const struct fed_field fields[] = {
	FED_REAL(struct sign_flip, scale, 1, 0, 1e9, "how many times longer than the honest update"),
	FED_END,
};

static const char doc[] =
	"    sends -scale d,   d = the attacker's honest update\n"
	"\n"
	"A step uphill. Alone, from what the client has trained itself.\n"
	"\n"
	"For: the plainest attack that works. With scale=1 it has the length of an\n"
	"honest update, so that clipping does not see it; with scale=10 one client in\n"
	"five outweighs the other four under a mean.\n"
	"\n"
	"Source: Li et al., RSA: Byzantine-Robust Stochastic Aggregation Methods for\n"
	"Distributed Learning from Heterogeneous Datasets, AAAI 2019, sec. 5.\n"
	"\n"
	"Differences: papers flip gradients, here it is the delta of all local steps,\n"
	"which for one step is the same. Their factor is often written with its sign\n"
	"(sigma = -4 is scale=4).";

static int craft(void *state, const struct fed_attacker *a, float *out, struct fed_error *err)
{
	const float factor = -(float)((const struct sign_flip *)state)->scale;

	(void)err;
	for (size_t j = 0; j < a->dim; j++)
		out[j] = factor * a->delta[j];
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(struct sign_flip, "sign-flip", "its own update backwards", doc, fields),
	.craft = craft,
};
