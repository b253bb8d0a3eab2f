/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedadagrad - FedAvg through Adagrad at the server:
 *
 *     D    = sum_i n_i / N * d_i
 *     m    <- beta1 m + (1 - beta1) D
 *     v    <- v + D^2
 *     step = eta m / (sqrt(v) + tau)
 *
 * Reddi et al.: Adaptive Federated Optimization, ICLR 2021, algorithm 2 (FedAdagrad).
 * All but the line for v is in fedopt.h.
 */
#include "fedopt.h"

static const struct fed_field fields[] = {
	FEDOPT_ROWS,
	FED_END,
};

static const char doc[] =
	"    m <- beta1 m + (1 - beta1) D,   v <- v + D^2\n"
	"    step = eta m/(sqrt(v) + tau)\n"
	"\n" FEDOPT_MEAN "\n"
	"For: models in which some parameters are seldom touched (words, rare classes);\n"
	"these keep a long step while the busy ones are slowed down.  v only grows, so\n"
	"steps shrink for ever: good near a minimum, slow in long runs.\n"
	"\n" FEDOPT_SOURCE "\n"
	"Differences: the paper's experiments switch the momentum off (beta1=0), the\n"
	"usual Adagrad; algorithm 2 has it.  Some systems start v at zero.";

static double next_v(const struct fedopt *a, double v, double D2)
{
	(void)a;
	return v + D2;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct fedopt, "fedadagrad", "fedavg through Adagrad at the server", doc,
                           fields),
	.begin = fedopt_begin,
	.add = fedopt_add,
	.finish = fedopt_finish,
};
