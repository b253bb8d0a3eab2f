/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * oort - clients whose losses are high and who are fast, and a share that was never tried:
 *
 *     U_i = n_i sqrt(mean of loss^2),    utility_i = (U_i + sqrt(0.1 ln R / L_i)) (T / t_i)^alpha
 *
 * Lai, Zhu, Madhyastha, Chowdhury: Oort: Efficient Federated Learning via Guided Participant
 * Selection, OSDI 2021, algorithm 1.
 */
#include <stdlib.h>

#include "best.h"

struct oort {
	double alpha, step, exploration, decay, least, cutoff; /* settings */
	int64_t window, most;
	double preferred; /* T, seconds; 0: no round yet */
	uint64_t round;   /* R */
	double share;     /* of the exploration, 0 before the first round */
	double sum,
		before;       /* utility of the participants in this window of rounds and the one before */
	uint64_t counted; /* rounds in the window */
};

static const struct fed_field fields[] = {
	FED_REAL(struct oort, alpha, 2, 0, 100, "how much a slow client loses; 0: nothing"),
	FED_REAL(struct oort, step, 10, 0, 1e9,
             "seconds by which the pacer lengthens the preferred round T, and its beginning"),
	FED_INT(struct oort, window, 20, 1, 1000000, "W: rounds that the pacer compares with as many"),
	FED_REAL(struct oort, exploration, 0.9, 0, 1, "share of clients never tried, at first"),
	FED_REAL(struct oort, decay, 0.98, 0, 1, "factor of that share at each round"),
	FED_REAL(struct oort, least, 0.2, 0, 1, "below which the share does not fall"),
	FED_REAL(struct oort, cutoff, 0.95, 0, 1,
             "c: part of the utility in place (1 - share) m that admits a client to the draw"),
	FED_INT(struct oort, most, 10, 1, 1000000,
            "participations after which a client is not preferred any more"),
	FED_END,
};

static const char doc[] =
	"    U_i = n_i sqrt(mean over its examples of loss^2)      statistical utility\n"
	"    utility_i = (U_i + sqrt(0.1 ln R / L_i)) * (T / t_i)^alpha  if t_i > T\n"
	"    utility_i =  U_i + sqrt(0.1 ln R / L_i)                     else\n"
	"\n"
	"R: number of this round; L_i: the version that i last helped to make; t_i: the\n"
	"seconds that its last participation took; loss: of its last training.  A share\n"
	"e of the m participants explores: clients never tried, P proportional to their\n"
	"speed (what device and link promise).  The others are drawn, P proportional to\n"
	"utility, among all whose utility is at least c times that in place (1 - e) m.\n"
	"e begins at 0.9 and is multiplied by 0.98 at each round, down to 0.2.\n"
	"\n"
	"The pacer lengthens T by `step` seconds, at which it begins, when the utility\n"
	"of the participants of the last W rounds is less than that of the W before:\n"
	"then the fast clients are exhausted.  A client that took part `most` times is\n"
	"taken only when others do not suffice; outliers of U_i are cut to its 95th\n"
	"percentile.\n"
	"\n"
	"For: time to accuracy where devices differ.  Clients report one number more\n"
	"with each update (the mean of their squared losses, 4 bytes), which attackers\n"
	"can raise at will.  It looks at all n clients, in time n log n.  Without\n"
	"devices and links (time 0) only the losses count.\n"
	"\n"
	"Source: Lai et al., Oort: Efficient Federated Learning via Guided Participant\n"
	"Selection, OSDI 2021, algorithm 1 and section 4.\n"
	"\n"
	"Differences: the loss is the mean over the whole local training.  The authors'\n"
	"code (FedScale) divides utilities by their range before it adds the confidence\n"
	"term and takes T as a percentile of durations; here it is as in algorithm 1.";

/* A candidate that took part before. */
struct explored {
	double stat, utility;
	uint32_t i, client;
	bool worn; /* took part too often */
};

/* Candidates in the two groups, and the utility of those of the last round. */
struct survey {
	struct explored *of; /* [n] */
	uint32_t n;
	struct best untried; /* drawn by speed */
	double gained;
};

static int by_stat(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The best first: those that are not worn, then by utility; ties to the lower candidate. */
static int by_utility(const void *a, const void *b)
{
	const struct explored *x = a, *y = b;

	if (x->worn != y->worn)
		return x->worn ? 1 : -1;
	if (x->utility != y->utility)
		return x->utility > y->utility ? -1 : 1;
	return (x->i > y->i) - (x->i < y->i);
}

/* Statistical utility: of a loss that is not finite none. */
static double stat_utility(const struct fed_candidate *c)
{
	const double rms = isnan(c->loss_rms) ? c->loss : c->loss_rms; /* reported to another rule */

	return isfinite(rms) && rms > 0 ? (double)c->samples * rms : 0;
}

static double with_time(const struct oort *s, const struct fed_candidate *c, double stat)
{
	const double last = c->last ? (double)c->last : 1;
	const double u = stat + sqrt(0.1 * log((double)s->round) / last);

	return c->seconds > s->preferred ? u * pow(s->preferred / c->seconds, s->alpha) : u;
}

static int look_at_all(const struct oort *s, const struct fed_selection_round *r, uint32_t explore,
                       struct survey *v, struct fed_error *err)
{
	const struct fed_selection_host *host = r->host;
	struct fed_candidate c;

	*v = (struct survey){.of = host->scratch(host, r->candidates, sizeof *v->of, err)};
	if (!v->of || best_init(&v->untried, host, explore, err))
		return FED_FAIL;
	for (uint32_t i = 0; i < r->candidates; i++) {
		if (!host->describe(host, i, &c, sizeof c) || c.samples == 0)
			continue;
		if (c.times == 0) {
			const double speed = c.expected > 0 && isfinite(c.expected) ? 1 / c.expected : 1;

			best_add(&v->untried, i, draw_key(r->seed, c.client, speed));
			continue;
		}
		struct explored *x = &v->of[v->n++];
		*x = (struct explored){.stat = stat_utility(&c),
		                       .i = i,
		                       .client = c.client,
		                       .worn = c.times >= (uint64_t)s->most};
		if (c.last == r->version)
			v->gained += x->stat;
	}
	return FED_OK;
}

/* Cut the statistical utilities to their 95th percentile, and set the utilities. */
static int rank(const struct oort *s, const struct fed_selection_round *r, struct survey *v,
                struct fed_error *err)
{
	double *stat = r->host->scratch(r->host, v->n, sizeof *stat, err);
	struct fed_candidate c;

	if (!stat)
		return FED_FAIL;
	for (uint32_t k = 0; k < v->n; k++)
		stat[k] = v->of[k].stat;
	qsort(stat, v->n, sizeof *stat, by_stat);
	for (uint32_t k = 0; k < v->n; k++) {
		const double most = stat[(size_t)(0.95 * (double)(v->n - 1))];
		struct explored *x = &v->of[k];

		r->host->describe(r->host, x->i, &c, sizeof c);
		x->utility = with_time(s, &c, x->stat < most ? x->stat : most);
	}
	qsort(v->of, v->n, sizeof *v->of, by_utility);
	return FED_OK;
}

/* The pacer: compare the utility of this window of rounds with that of the one before. */
static void pace(struct oort *s, double gained)
{
	s->sum += gained;
	if (++s->counted < (uint64_t)s->window)
		return;
	if (s->sum < s->before)
		s->preferred += s->step;
	s->before = s->sum;
	s->sum = 0;
	s->counted = 0;
}

/* Draw k of the explored by utility, among those above the cut-off. */
static int exploit(const struct oort *s, const struct fed_selection_round *r, struct survey *v,
                   uint32_t k, uint32_t *chosen, uint32_t *n, struct fed_error *err)
{
	const uint64_t key = fed_random(r->seed, UINT64_MAX - 1);
	struct best best;
	uint32_t drawn;

	*n = 0;
	if (k == 0)
		return FED_OK;
	const struct explored *last = &v->of[k - 1];
	if (best_init(&best, r->host, k, err))
		return FED_FAIL;
	for (uint32_t p = 0; p < v->n; p++) {
		const struct explored *x = &v->of[p];
		const bool admitted =
			x->worn == last->worn ? x->utility >= s->cutoff * last->utility : !x->worn;

		/* those before the worn ones are certain, and so is who comes before the last where the
		 * utility is 0 */
		if (!admitted)
			continue;
		if (last->worn && !x->worn)
			best_add(&best, x->i, -1);
		else
			best_add(&best, x->i, draw_key(key, x->client, x->utility > 0 ? x->utility : 1e-300));
	}
	best_take(&best, chosen, &drawn);
	*n = drawn;
	return FED_OK;
}

static int select_oort(void *state, const struct fed_selection_round *r, uint32_t *chosen,
                       uint32_t *n, struct fed_error *err)
{
	struct oort *s = state;
	struct survey v;
	uint32_t old = 0, fresh = 0;

	if (s->round++ == 0) {
		s->preferred = s->step;
		s->share = s->exploration;
	} else if (s->share > s->least) {
		s->share = s->share * s->decay > s->least ? s->share * s->decay : s->least;
	}
	if (look_at_all(s, r, r->wanted, &v, err))
		return FED_FAIL;
	if (s->round > 1)
		pace(s, v.gained);
	if (v.n && rank(s, r, &v, err))
		return FED_FAIL;

	uint32_t explore = (uint32_t)ceil(s->share * r->wanted - 1e-9);
	if (r->wanted - explore > v.n) /* too few were tried */
		explore = r->wanted - v.n;
	if (explore > v.untried.n)
		explore = v.untried.n;
	const uint32_t rest = r->wanted - explore < v.n ? r->wanted - explore : v.n;
	if (exploit(s, r, &v, rest, chosen, &old, err))
		return FED_FAIL;
	/* The heap holds as many untried ones as are wanted: take the first of them. */
	while (v.untried.n > explore) {
		const struct keyed last = v.untried.of[--v.untried.n];

		if (v.untried.n)
			best_sink(&v.untried, last);
	}
	best_take(&v.untried, chosen + old, &fresh);
	*n = old + fresh;
	return FED_OK;
}

FED_PLUGIN struct fed_selection fed_plugin = {
	.head = FED_SELECTION(struct oort, "oort", "high losses, fast clients, and some never tried",
                          doc, fields),
	.knows = FED_KNOWS_SAMPLES | FED_KNOWS_LOSS | FED_KNOWS_LOSS_SQUARES | FED_KNOWS_SPEED |
             FED_KNOWS_HISTORY,
	.select = select_oort,
};
