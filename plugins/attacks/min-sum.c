/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * min-sum - the update farthest from the honest mean whose sum of squared distances to the honest
 * ones is at most that of the outermost honest one:
 *
 *     sum_i |mean + gamma p - d_i|^2 <= max_i sum_k |d_i - d_k|^2
 *
 * The sum over a point at distance r from the mean is n r^2 + sum_k |mean - d_k|^2, on both sides:
 * the crafted update is as far from the mean as the outermost one.  perturb.h has p and the source.
 */
#include "perturb.h"

static const struct fed_field fields[] = {
	PERTURB_ROW,
	FED_END,
};

static const char doc[] =
	"    all attackers send mean + gamma p, with the largest gamma such that\n"
	"    sum_i |mean + gamma p - d_i|^2 <= max_i sum_k |d_i - d_k|^2,\n"
	"    which is gamma |p| = max_i |d_i - mean|\n"
	"\n" PERTURB_WAYS "\n"
	"mean and std are of the honest updates d_i: what is sent is, taken together,\n"
	"no further from them than the outermost honest update.\n"
	"\n"
	"For: rules that add up distances, as krum's score does. It goes less far\n"
	"than min-max.\n"
	"\n" PERTURB_SOURCE;

static int collude(void *state, const struct fed_collusion *c, float *out, struct fed_error *err)
{
	const struct perturb *s = state;
	const struct apart q = measure(s, c);
	double most = 0;

	(void)err;
	for (uint32_t i = 0; i < c->n_known; i++)
		most = fmax(most, q.a[i]);
	send_moved(s, c, q.pp > 0 ? sqrt(most / q.pp) : 0, out);
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(struct perturb, "min-sum", "off the mean, within the sum of distances", doc,
                       fields),
	.collude = collude,
};
