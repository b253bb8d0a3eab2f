/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * uniform - every set of m of the n clients is equally likely.
 *
 * McMahan, Moore, Ramage, Hampson, Aguera y Arcas: Communication-Efficient Learning of Deep
 * Networks from Decentralized Data, AISTATS 2017, algorithm 1.
 */
#include <fedsh/selection.h>

static const char doc[] =
	"Every set of m of the n clients is equally likely: a draw without replacement.\n"
	"\n"
	"For: the expectation of the round's mean is that of all clients, so that\n"
	"FedAvg moves, on average, as if all of them had taken part.  It is what a\n"
	"session does without `select`, bit for bit, in time for m clients, however\n"
	"many there are.\n"
	"\n"
	"Source: McMahan et al., Communication-Efficient Learning of Deep Networks from\n"
	"Decentralized Data, AISTATS 2017, algorithm 1.";

static int select_uniformly(void *state, const struct fed_selection_round *r, uint32_t *chosen,
                            uint32_t *n, struct fed_error *err)
{
	(void)state;
	*n = r->wanted;
	return r->host->draw(r->host, chosen, n, err);
}

FED_PLUGIN struct fed_selection fed_plugin = {
	.head = FED_SELECTION(char, "uniform", "every client is equally likely", doc, NULL),
	.select = select_uniformly,
};
