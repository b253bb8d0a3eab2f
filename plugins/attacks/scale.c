/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scale - the honest update, multiplied: out = factor d.
 *
 * Bagdasaryan, Veit, Hua, Estrin, Shmatikov: How To Backdoor Federated Learning, AISTATS 2020.
 */
#include <fedsh/attack.h>

struct scale {
	double factor;
};

static const struct fed_field fields[] = {
	FED_REAL(struct scale, factor, 10, -1e9, 1e9, "times the honest update"),
	FED_END,
};

static const char doc[] =
	"    sends factor d,   d = the attacker's honest update\n"
	"\n"
	"For: a client that claims more than its share. Under a mean of n equal\n"
	"clients, factor = n makes the new model the attacker's own (model\n"
	"replacement), up to what the others add. Clipping (norm-clip) stops it,\n"
	"a median hardly notices it.\n"
	"\n"
	"Source: Bagdasaryan et al., How To Backdoor Federated Learning, AISTATS 2020,\n"
	"sec. 4.2.\n"
	"\n"
	"Differences: there the attacker's update is of poisoned data; inject backdoor\n"
	"into the same clients as well to have both.";

static int craft(void *state, const struct fed_attacker *a, float *out, struct fed_error *err)
{
	const float factor = (float)((const struct scale *)state)->factor;

	(void)err;
	for (size_t j = 0; j < a->dim; j++)
		out[j] = factor * a->delta[j];
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(struct scale, "scale", "its own update, many times", doc, fields),
	.craft = craft,
};
