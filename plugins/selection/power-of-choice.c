/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * power-of-choice - of d candidates, drawn by size, the m with the highest loss.
 *
 * Cho, Wang, Joshi: Client Selection in Federated Learning: Convergence Analysis and
 * Power-of-Choice Selection Strategies, 2020 (AISTATS 2022: Towards Understanding Biased Client
 * Selection in Federated Learning).
 */
#include "best.h"

enum { ASKED, LAST };

struct power_of_choice {
	int64_t d;
	int variant;
};

static const char *const variants[] = {"asked", "last", NULL};
static const char *const twice[] = {"2m", NULL};
static const struct fed_field fields[] = {
	FED_INT_WORD(struct power_of_choice, d, 0, 0, 10000000, twice,
                 "candidates, m at least; more prefer high losses more"),
	FED_CHOICE(struct power_of_choice, variant, ASKED, variants,
               "asked: the loss at the present model, by messages; last: the last reported one"),
	FED_END,
};

static const char doc[] =
	"    1. draw d candidates without replacement, P(next is i) proportional to n_i\n"
	"    2. each evaluates the present model on its examples: F_i(x)\n"
	"    3. the m with the highest F_i train; their mean has equal weights\n"
	"\n"
	"variant=asked (pow-d) is the protocol of the paper: the server sends the model\n"
	"to d candidates, who compute a forward pass over all their examples and answer\n"
	"with one number; the m chosen have the model already.  All of it counts: d\n"
	"models down, d answers up, FLOPs, and the wait for the slowest candidate.  A\n"
	"candidate whose answer is lost is not chosen.\n"
	"variant=last (rpow-d) costs nothing: it takes the mean loss that a candidate\n"
	"reported with its last update; one that never took part counts as infinite.\n"
	"\n"
	"For: faster convergence where clients differ, since the ones that the model\n"
	"serves worst train next; the price is a biased mean, the larger d the more:\n"
	"the model ends where losses are balanced.  d = m is the draw by size.\n"
	"\n"
	"In split learning no client has the whole model: only variant=last works.\n"
	"\n"
	"Source: Cho, Wang, Joshi, Client Selection in Federated Learning, 2020,\n"
	"section 5.\n"
	"\n"
	"Differences: cpow-d, which evaluates a mini-batch instead of all examples, is\n"
	"not built.  Ties go to the lower id.";

static uint32_t candidates_of(const struct power_of_choice *s, const struct fed_selection_round *r)
{
	const int64_t d = s->d ? s->d : 2 * (int64_t)r->wanted;
	const int64_t least = d < r->wanted ? r->wanted : d;

	return least < r->candidates ? (uint32_t)least : r->candidates;
}

static int draw_by_size(const struct fed_selection_round *r, uint32_t *drawn, uint32_t *n,
                        struct fed_error *err)
{
	struct fed_candidate c;
	struct best best;

	if (best_init(&best, r->host, *n, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < r->candidates; i++)
		if (r->host->describe(r->host, i, &c, sizeof c) && c.samples > 0)
			best_add(&best, i, draw_key(r->seed, c.client, (double)c.samples));
	best_take(&best, drawn, n);
	return FED_OK;
}

static uint32_t asks(const void *state, const struct fed_selection_round *r)
{
	const struct power_of_choice *s = state;

	return s->variant == ASKED ? candidates_of(s, r) : 0;
}

static int ask(void *state, const struct fed_selection_round *r, uint32_t *asked, uint32_t *n,
               struct fed_error *err)
{
	(void)state;
	return draw_by_size(r, asked, n, err);
}

/* Key of a loss: the highest first; one that is not a number is as high as can be. */
static double key_of(double loss)
{
	return isnan(loss) ? -INFINITY : -loss;
}

static int select_answers(const struct fed_selection_round *r, struct best *best,
                          struct fed_error *err)
{
	struct fed_candidate unused;

	(void)err;
	for (uint32_t k = 0; k < r->n_asked; k++)
		if (!isnan(r->answer[k]) && r->host->describe(r->host, r->asked[k], &unused, sizeof unused))
			best_add(best, r->asked[k], key_of(r->answer[k]));
	return FED_OK;
}

static int select_reported(const struct power_of_choice *s, const struct fed_selection_round *r,
                           struct best *best, struct fed_error *err)
{
	uint32_t d = candidates_of(s, r);
	uint32_t *drawn = r->host->scratch(r->host, d, sizeof *drawn, err);
	struct fed_candidate c;

	if (!drawn || draw_by_size(r, drawn, &d, err))
		return FED_FAIL;
	for (uint32_t k = 0; k < d; k++) {
		r->host->describe(r->host, drawn[k], &c, sizeof c);
		best_add(best, drawn[k], key_of(c.loss));
	}
	return FED_OK;
}

static int select_highest(void *state, const struct fed_selection_round *r, uint32_t *chosen,
                          uint32_t *n, struct fed_error *err)
{
	const struct power_of_choice *s = state;
	struct best best;

	if (best_init(&best, r->host, r->wanted, err))
		return FED_FAIL;
	if (s->variant == ASKED ? select_answers(r, &best, err) : select_reported(s, r, &best, err))
		return FED_FAIL;
	best_take(&best, chosen, n);
	return *n || s->variant == LAST ? FED_OK : fed_fail(err, "no candidate answered");
}

FED_PLUGIN struct fed_selection fed_plugin = {
	.head = FED_SELECTION(struct power_of_choice, "power-of-choice",
                          "of d candidates those with the highest loss", doc, fields),
	.knows = FED_KNOWS_SAMPLES | FED_KNOWS_LOSS,
	.equal_weights = true,
	.select = select_highest,
	.asks = asks,
	.ask = ask,
};
