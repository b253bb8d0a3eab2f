/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedprox - FedAvg with a proximal term that keeps clients near the received model.  Client i
 * minimises
 *
 *     F_i(w) + mu/2 |w - x|^2
 *
 * which adds mu (w - x) to each local gradient; the step is FedAvg's weighted mean.
 *
 * Li, Sahu, Zaheer, Sanjabi, Talwalkar, Smith: Federated Optimization in Heterogeneous Networks,
 * MLSys 2020, algorithm 2.
 */
#include <fedsh/client_hooks.h>

#include "mean.h"

struct fedprox {
	struct mean mean; /* first member: the functions of mean.h take a pointer to the whole */
	double mu;
};

static const struct fed_field fields[] = {
	FED_REAL(struct fedprox, mu, 0.01, 0, 1000, "pull towards the received model; 0 is fedavg"),
	MEAN_SUM,
	FED_END,
};

static const char doc[] =
	"    client i minimises F_i(w) + mu/2 |w - x|^2\n"
	"    step = sum_i n_i/N d_i\n"
	"\n"
	"x is the model that the client received: mu (w - x) is added to every local\n"
	"gradient.  mu=0 is fedavg.  A step of size lr is stable for lr (L + mu) < 2,\n"
	"L the curvature of F_i, so a large mu asks for a small lr.\n"
	"\n"
	"For: clients with different data that train for long.  The pull keeps them\n"
	"from running to their own minimum, at the price of slower local progress.\n"
	"The paper tries mu of 0.001, 0.01, 0.1 and 1.\n"
	"\n"
	"Source: Li et al., Federated Optimization in Heterogeneous Networks, MLSys\n"
	"2020, algorithm 2.\n"
	"\n"
	"Differences: the paper draws clients with probability n_i/N and takes the\n"
	"plain mean (weighting=equal with a draw by size); here, as in most systems,\n"
	"the draw is uniform and the mean weighted.  Clients that finish only part of\n"
	"their work are in the paper's algorithm too; here that is a matter of the\n"
	"scheme.";

/* Gradient term of a client, before each of its steps; w is its present model. */
static void pull(const void *state, const struct fed_local *l, const float *w, float *g, size_t j0,
                 size_t j1)
{
	const float mu = (float)((const struct fedprox *)state)->mu;
	const float *x = l->received;

	for (size_t j = j0; j < j1; j++)
		g[j] += mu * (w[j] - x[j]);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct fedprox, "fedprox", "fedavg with clients held near the model",
                           doc, fields),
	.begin = mean_begin,
	.add = mean_add,
	.finish = mean_finish,
	.local_gradient = pull,
	.tell = mean_tell,
	.affine = true,
};
