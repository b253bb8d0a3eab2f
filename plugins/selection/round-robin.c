/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * round-robin - the clients in the order of their ids, m at a time.
 */
#include <fedsh/selection.h>

struct round_robin {
	uint64_t next; /* id from which on the next round chooses */
};

static const char doc[] =
	"Each round takes the next m clients in the order of their ids, and begins\n"
	"again behind the last.  Clients that are away are passed over, and lose their\n"
	"turn.\n"
	"\n"
	"For: every client takes part once in n/m rounds, without luck: all see the\n"
	"model equally often.  Where ids follow the data (label-sorted shards) rounds\n"
	"differ from each other more than with uniform draws.  Takes time for m\n"
	"clients.\n"
	"\n"
	"Source: the cyclic order of incremental gradient methods; Eichner et al.,\n"
	"Semi- Cyclic Stochastic Gradient Descent, ICML 2019, on what it does to a\n"
	"model.";

/* The first candidate whose id is at least `id`; n if there is none.  Ids ascend. */
static uint32_t first_from(const struct fed_selection_round *r, uint64_t id)
{
	uint32_t low = 0, high = r->candidates;

	while (low < high) {
		const uint32_t middle = low + (high - low) / 2;
		struct fed_candidate c;

		r->host->describe(r->host, middle, &c, sizeof c);
		if (c.client < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int select_next(void *state, const struct fed_selection_round *r, uint32_t *chosen,
                       uint32_t *n, struct fed_error *err)
{
	struct round_robin *s = state;
	const uint32_t first = first_from(r, s->next);
	struct fed_candidate c;

	(void)err;
	*n = 0;
	for (uint32_t k = 0; k < r->candidates && *n < r->wanted; k++) {
		const uint32_t i = (uint32_t)(((uint64_t)first + k) % r->candidates);

		if (!r->host->describe(r->host, i, &c, sizeof c))
			continue;
		chosen[(*n)++] = i;
		s->next = (uint64_t)c.client + 1;
	}
	return FED_OK;
}

FED_PLUGIN struct fed_selection fed_plugin = {
	.head = FED_SELECTION(struct round_robin, "round-robin", "one after the other, by their ids",
                          doc, NULL),
	.select = select_next,
};
