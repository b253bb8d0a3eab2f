/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedrep - a shared representation under heads of the clients' own.  In each round client i first
 * trains its head with the body fixed, then the body with that head fixed,
 *
 *     h_i <- argmin F_i(x, h),   y <- y - eta grad F_i(y, h_i)  from y = x
 *
 * and sends the body's change; the step is FedAvg's weighted mean of these.
 *
 * Collins, Hassani, Mokhtari, Shakkottai: Exploiting Shared Representations for Personalized
 * Federated Learning, ICML 2021, algorithm 1.
 */
#include <fedsh/client_hooks.h>

#include "mean.h"

struct fedrep {
	struct mean mean; /* first member: the functions of mean.h take a pointer to the whole */
	int64_t head_epochs;
};

static const char *const same[] = {"epochs", NULL};
static const struct fed_field fields[] = {
	FED_INT_WORD(struct fedrep, head_epochs, 0, 0, 100000, same,
                 "passes that train the head alone; epochs: as many as the body's"),
	MEAN_SUM,
	FED_END,
};

static const char doc[] =
	"    client i:  h_i trained for head-epochs, the body fixed at x\n"
	"               then the body y for `epochs`, the head fixed at h_i\n"
	"    step = sum_i n_i/N (y_i - x)\n"
	"\n"
	"The body x is one representation for all, the head h_i belongs to client i\n"
	"and never travels: `set local-layers last:1` says which layers are the head.\n"
	"FedPer (fedavg with the same local layers) trains both at once; here the\n"
	"body gets gradients through a head that suits the client already.\n"
	"\n"
	"For: clients that need different answers for like inputs, as where each has\n"
	"a few of the classes.  A head costs few examples, a body many.\n"
	"\n"
	"Source: Collins et al., Exploiting Shared Representations for Personalized\n"
	"Federated Learning, ICML 2021, algorithm 1.\n"
	"\n"
	"Differences: passes over the examples instead of single steps; the mean is\n"
	"weighted by samples (the paper's clients have equally many).";

static void plan(const void *state, struct fed_plan *p)
{
	const struct fedrep *a = state;

	if (FED_HAS(p, head_epochs))
		p->head_epochs = a->head_epochs ? a->head_epochs : p->epochs;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct fedrep, "fedrep", "own heads first, then the shared body", doc,
                           fields),
	.plan = plan,
	.begin = mean_begin,
	.add = mean_add,
	.finish = mean_finish_as_fedavg,
	.tell = mean_tell,
	.affine = true,
};
