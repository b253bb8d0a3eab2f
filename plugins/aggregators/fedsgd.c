/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fedsgd - each client sends one gradient over all its examples; the server steps along their mean:
 *
 *     step = -eta * sum_i n_i / N * g_i,    N = sum_i n_i
 *
 * McMahan et al., AISTATS 2017, section 2.
 *
 * A client that makes one full-batch step with learning rate eta returns d_i = -eta g_i, so the
 * step is the weighted mean of the deltas.  plan() sets that one step.
 */
#include <fedsh/client_hooks.h>

#include "mean.h"

static const struct fed_field fields[] = {
	MEAN_SUM,
	FED_END,
};

static const char doc[] =
	"    step = -eta sum_i n_i/N g_i,   N = sum_i n_i\n"
	"\n"
	"Each client sends one gradient g_i over all of its n_i examples; eta is the\n"
	"clients' learning rate.  It sets epochs=1, batch=all and momentum=0 whatever\n"
	"the session says; weight-decay stays as it is (part of the gradient).\n"
	"\n"
	"For: the yardstick below fedavg.  With all clients in every round it equals\n"
	"gradient descent on the pooled data, however unequal the clients are, and it\n"
	"pays for that with many rounds.\n"
	"\n"
	"Source: McMahan et al., Communication-Efficient Learning of Deep Networks\n"
	"from Decentralized Data, AISTATS 2017, section 2.\n"
	"\n"
	"Differences: some systems call one local mini-batch step FedSGD; here, as in\n"
	"the paper (B = infinity, E = 1), it is the whole of the client's examples.";

static void plan(const void *state, struct fed_plan *p)
{
	(void)state;
	p->epochs = 1;
	p->batch = 0; /* all */
	p->momentum = 0;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct mean, "fedsgd", "one full-batch gradient from each client", doc,
                           fields),
	.plan = plan,
	.begin = mean_begin,
	.add = mean_add,
	.finish = mean_finish,
	.tell = mean_tell,
	.affine = true,
};
