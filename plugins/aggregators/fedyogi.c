/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedyogi - FedAvg through Yogi at the server:
 *
 *     D    = sum_i n_i / N * d_i
 *     m    <- beta1 m + (1 - beta1) D
 *     v    <- v - (1 - beta2) D^2 sign(v - D^2)
 *     step = eta m / (sqrt(v) + tau)
 *
 * Reddi et al.: Adaptive Federated Optimization, ICLR 2021, algorithm 2 (FedYogi).
 * All but the line for v is in fedopt.h.
 */
#include "fedopt.h"

static const struct fed_field fields[] = {
	FEDOPT_ROWS,
	FEDOPT_BETA2,
	FED_END,
};

static const char doc[] =
	"    m <- beta1 m + (1 - beta1) D,   v <- v - (1 - beta2) D^2 sign(v - D^2)\n"
	"    step = eta m/(sqrt(v) + tau)\n"
	"\n" FEDOPT_MEAN "\n"
	"For: as fedadam, but v moves towards D^2 by a step that does not depend on how\n"
	"far it has to go.  After a few large updates it forgets them slowly, so the\n"
	"steps stay small where fedadam's grow back quickly: steadier when clients\n"
	"differ a lot from round to round.\n"
	"\n" FEDOPT_SOURCE "\n"
	"Differences: many systems start v at zero or at another constant.";

static double next_v(const struct fedopt *a, double v, double D2)
{
	const double sign = (v > D2) - (v < D2);

	return v - (1 - a->beta2) * D2 * sign;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head =
		FED_AGGREGATOR(struct fedopt, "fedyogi", "fedavg through Yogi at the server", doc, fields),
	.begin = fedopt_begin,
	.add = fedopt_add,
	.finish = fedopt_finish,
};
