/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ditto - a model of its own for each client beside the global one.  The global model x is
 * FedAvg's; client i, when it takes part, also trains
 *
 *     v_i  on  F_i(v) + lambda/2 |v - x|^2
 *
 * from where v_i was, and is judged by it.
 *
 * Li, Hu, Beirami, Smith: Ditto: Fair and Robust Federated Learning Through Personalization, ICML
 * 2021, algorithm 1.
 */
#include <fedsh/client_hooks.h>

#include "mean.h"

struct ditto {
	struct mean mean; /* first member: the functions of mean.h take a pointer to the whole */
	double lambda;
	int64_t own_epochs;
};

static const char *const same[] = {"epochs", NULL};
static const struct fed_field fields[] = {
	FED_REAL(struct ditto, lambda, 0.1, 0, 1000,
             "pull of the own models towards the global one; 0: each is trained alone"),
	FED_INT_WORD(struct ditto, own_epochs, 0, 0, 100000, same,
                 "passes that train the own model in a round; epochs: as many as the other's"),
	MEAN_SUM,
	FED_END,
};

static const char doc[] =
	"    step = sum_i n_i/N d_i                          (the global model, fedavg)\n"
	"    v_i <- v_i - eta (grad F_i(v_i) + lambda (v_i - x))     (client i's own)\n"
	"\n"
	"Each client that takes part trains twice: its copy of the global model x,\n"
	"whose change it sends, and its own model v_i, which stays.  v_i begins as the\n"
	"first model that the client receives.  Clients are judged by v_i: own accuracy\n"
	"in `clients` and `evaluate all`, clients-accuracy, ...  With lambda=0 v_i is\n"
	"what client i makes of its examples alone, with a large one it is x.\n"
	"\n"
	"For: fairness and robustness at once.  An attacker that spoils x reaches v_i\n"
	"only as far as lambda lets it, and a client unlike the others keeps a model\n"
	"that suits it.  Costs: twice the computing, nothing more in messages.\n"
	"\n"
	"Source: Li et al., Ditto: Fair and Robust Federated Learning Through\n"
	"Personalization, ICML 2021, algorithm 1.\n"
	"\n"
	"Differences: v_i is trained for whole passes, in the batches of the global\n"
	"model's, rather than for s steps.";

static void plan(const void *state, struct fed_plan *p)
{
	const struct ditto *a = state;

	if (FED_HAS(p, own_epochs))
		p->own_epochs = a->own_epochs ? a->own_epochs : p->epochs;
}

/* Gradient term of a client's own model, before each of its steps. */
static void pull(const void *state, const struct fed_local *l, const float *w, float *g, size_t j0,
                 size_t j1)
{
	const float lambda = (float)((const struct ditto *)state)->lambda;
	const float *x = l->received;

	for (size_t j = j0; j < j1; j++)
		g[j] += lambda * (w[j] - x[j]);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct ditto, "ditto", "fedavg, and a model of its own for each client",
                           doc, fields),
	.plan = plan,
	.begin = mean_begin,
	.add = mean_add,
	.finish = mean_finish_as_fedavg,
	.tell = mean_tell,
	.client_vectors = 1,
	.own_model = 1,
	.local_gradient = pull,
	.affine = true,
};
