/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nan - an update of NaN in every coordinate.
 */
#include <math.h>

#include <fedsh/attack.h>

static const char doc[] =
	"    sends (NaN, NaN, ..., NaN)\n"
	"\n"
	"For: seeing the gate at work. One NaN in a mean makes the whole model NaN,\n"
	"and no later round repairs it; here the update is refused before an\n"
	"aggregator sees it, and the client counts as refused.\n"
	"\n"
	"Source: what a diverged client sends; Blanchard et al., NeurIPS 2017, show\n"
	"that no linear rule tolerates a single Byzantine update.";

static int craft(void *state, const struct fed_attacker *a, float *out, struct fed_error *err)
{
	(void)state, (void)err;
	for (size_t j = 0; j < a->dim; j++)
		out[j] = NAN;
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(char, "nan", "not a number, everywhere", doc, NULL),
	.craft = craft,
};
