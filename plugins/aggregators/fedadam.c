/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedadam - FedAvg through Adam at the server:
 *
 *     D    = sum_i n_i / N * d_i
 *     m    <- beta1 m + (1 - beta1) D
 *     v    <- beta2 v + (1 - beta2) D^2
 *     step = eta m / (sqrt(v) + tau)
 *
 * Reddi et al.: Adaptive Federated Optimization, ICLR 2021, algorithm 2 (FedAdam).
 * All but the line for v is in fedopt.h.
 */
#include "fedopt.h"

static const struct fed_field fields[] = {
	FEDOPT_ROWS,
	FEDOPT_BETA2,
	FED_END,
};

static const char doc[] =
	"    m <- beta1 m + (1 - beta1) D,   v <- beta2 v + (1 - beta2) D^2\n"
	"    step = eta m/(sqrt(v) + tau)\n"
	"\n" FEDOPT_MEAN "\n"
	"For: steps of about eta in every coordinate whatever the size of D, which\n"
	"spares the tuning of the clients' learning rate; good on language models.\n"
	"Where D becomes small the steps do not: lower eta near the end.\n"
	"\n" FEDOPT_SOURCE "\n"
	"Differences: many systems bias-correct as Kingma and Ba's Adam does, which\n"
	"makes the first rounds longer; some start v at zero.";

static double next_v(const struct fedopt *a, double v, double D2)
{
	return a->beta2 * v + (1 - a->beta2) * D2;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head =
		FED_AGGREGATOR(struct fedopt, "fedadam", "fedavg through Adam at the server", doc, fields),
	.begin = fedopt_begin,
	.add = fedopt_add,
	.finish = fedopt_finish,
};
