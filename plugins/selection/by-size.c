/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * by-size - clients with more examples are likelier, and then count alike:
 *
 *     P(next is i) = n_i / (sum of n_j over those not drawn yet),    step = 1/m sum d_i
 *
 * Li, Sahu, Zaheer, Sanjabi, Talwalkar, Smith: Federated Optimization in Heterogeneous Networks,
 * MLSys 2020, section 5.1 (the sampling scheme of FedProx).
 */
#include "best.h"

static const char doc[] =
	"    P(next is i) = n_i / (sum of n_j over those not drawn yet)\n"
	"    the mean of the m updates has equal weights\n"
	"\n"
	"For: the same mean as uniform draws weighted by n_i, with less variance where\n"
	"sizes differ much: a large client is drawn more often instead of counting\n"
	"more.  The setting `weighting` has no effect.\n"
	"\n"
	"It looks at all n clients, in time n log m.\n"
	"\n"
	"Source: Li et al., Federated Optimization in Heterogeneous Networks, MLSys\n"
	"2020, section 5.1.\n"
	"\n"
	"Differences: FedProx draws with replacement, which may invite a client twice;\n"
	"here a client that was drawn is out, so that the largest clients are drawn a\n"
	"little less often than their share.";

static int select_by_size(void *state, const struct fed_selection_round *r, uint32_t *chosen,
                          uint32_t *n, struct fed_error *err)
{
	struct fed_candidate c;
	struct best best;

	(void)state;
	if (best_init(&best, r->host, r->wanted, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < r->candidates; i++)
		if (r->host->describe(r->host, i, &c, sizeof c) && c.samples > 0)
			best_add(&best, i, draw_key(r->seed, c.client, (double)c.samples));
	best_take(&best, chosen, n);
	return FED_OK;
}

FED_PLUGIN struct fed_selection fed_plugin = {
	.head = FED_SELECTION(char, "by-size", "likelier with more examples, then equal weights", doc,
                          NULL),
	.knows = FED_KNOWS_SAMPLES,
	.equal_weights = true,
	.select = select_by_size,
};
