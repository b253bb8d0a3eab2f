/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * replay - free rider: sends its first update in every round.
 */
#include <string.h>

#include <fedsh/attack.h>

static const char doc[] =
	"    first time   sends d and keeps it,   d = its honest update\n"
	"    later        sends what it kept\n"
	"\n"
	"The memory is the client's own, and begins anew with the session.\n"
	"\n"
	"For: a client that trains once and is paid forever. Its update is of honest\n"
	"length and was honest once; it becomes wrong as the model moves on, first\n"
	"slowly, then by pushing past the minimum.\n"
	"\n"
	"Source: Lin, Du, Liu, Free-riders in Federated Learning: Attacks and\n"
	"Defenses, 2019 (arXiv:1911.12560), whose delta attack sends the last change\n"
	"of the global model.\n"
	"\n"
	"Differences: here it is the client's own old update, the stale gradient of\n"
	"the asynchronous literature made on purpose.";

static bool is_zero(const float *v, size_t n)
{
	for (size_t j = 0; j < n; j++)
		if (v[j] != 0)
			return false;
	return true;
}

static int craft(void *state, const struct fed_attacker *a, float *out, struct fed_error *err)
{
	(void)state, (void)err;
	if (is_zero(a->memory, a->dim))
		memcpy(a->memory, a->delta, a->dim * sizeof *a->memory);
	memcpy(out, a->memory, a->dim * sizeof *out);
	return FED_OK;
}

FED_PLUGIN struct fed_attack fed_plugin = {
	.head = FED_ATTACK(char, "replay", "its first update, again and again", doc, NULL),
	.craft = craft,
	.remembers = true,
};
