/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bgd - Byzantine gradient descent: the median of the means of random groups:
 *
 *     split the n clients into k groups, anew in each round
 *     step = median of the k groups' means
 *
 * Chen, Su, Xu: Distributed Statistical Machine Learning in Adversarial Settings: Byzantine
 * Gradient Descent, POMACS 2017 (SIGMETRICS 2018), algorithm 2.
 */
#include <math.h>
#include <string.h>

#include "geometric.h"
#include "tell.h"

enum median { GEOMETRIC, COORDINATE };

struct bgd {
	int64_t groups, q;
	double eps;
	int median;
	double tolerance;
	int64_t iterations;
};

static const char *const automatic[] = {"auto", NULL};
static const char *const medians[] = {"geometric", "coordinate", NULL};

static const struct fed_field fields[] = {
	FED_INT_WORD(struct bgd, groups, 0, 0, 1000000, automatic, "k: groups of clients"),
	FED_INT(struct bgd, q, 0, 0, 1000000, "Byzantine clients that it must withstand"),
	FED_REAL(struct bgd, eps, 0.1, 0, 1000, "how many groups more than 2q"),
	FED_CHOICE(struct bgd, median, GEOMETRIC, medians, "of the groups' means"),
	GEOMETRIC_ROWS(struct bgd),
	FED_END,
};

static const char doc[] =
	"    split the n clients at random into k groups, anew in each round\n"
	"    m_g  = sum_{i in g} w_i d_i / sum_{i in g} w_i,   w_i = n_i (or 1)\n"
	"    step = argmin_z sum_g |z - m_g|                   median=geometric\n"
	"    step_j = median_g m_gj                            median=coordinate\n"
	"\n"
	"Sizes of groups differ by 1 at most.  k=1 is the mean, k=n the median of all.\n"
	"Needs 2 (1 + eps) q <= k <= n for q Byzantine clients; groups=auto takes the\n"
	"least such k, or n/2 rounded up when q is 0.\n"
	"\n"
	"For: a Byzantine client corrupts the mean of its group, whatever it sends; as\n"
	"long as fewer than half of the groups are corrupted the median stays with the\n"
	"others.  Few groups: little noise, withstands few attackers.  Many groups: the\n"
	"other way round.  For linear regression with N examples in d dimensions the\n"
	"error is of the order max(sqrt(d q/N), sqrt(d/N)).\n"
	"\n"
	"Breakdown: half of the groups, so k/2 clients if each is in another group.\n"
	"With b < k/2 of them |step - c| <= 2 (k - b)/(k - 2b) max |m_g - c| over the\n"
	"means of the others and for every c (median=geometric), or each step_j lies\n"
	"between two of theirs (coordinate).\n"
	"\n"
	"The views show each client's group, whether the median trusted it (it is no\n"
	"farther from the step than twice the middle group), and as score how far the\n"
	"group's mean is from the step.\n"
	"\n"
	"Source: Chen, Su, Xu: Distributed Statistical Machine Learning in Adversarial\n"
	"Settings: Byzantine Gradient Descent, POMACS 1(2), 2017, algorithm 2.\n"
	"\n"
	"Differences: the paper fixes the groups, lets k divide n, has equally many\n"
	"examples everywhere, and takes a (1 + gamma)-approximate median of those means\n"
	"that are not too long.";

static size_t group_count(const struct bgd *a, size_t n)
{
	const double least = ceil(2 * (1 + a->eps) * (double)a->q - 1e-9);

	if (a->groups)
		return (size_t)a->groups;
	return a->q ? (size_t)fmax(least, 1) : (n + 1) / 2;
}

static int check(const struct bgd *a, size_t n, size_t *k, int rc, struct fed_error *err)
{
	const double least = 2 * (1 + a->eps) * (double)a->q;

	*k = group_count(a, n);
	if (*k <= n && least <= (double)*k + 1e-9)
		return FED_OK;
	return fed_error_set(
		err, rc,
		"needs 2 (1 + eps) q <= k <= n, but 2 (1 + eps) q = %.6g, k = %zu group%s and "
		"n = %zu update%s; %s",
		least, *k, *k == 1 ? "" : "s", n, n == 1 ? "" : "s",
		*k > n ? "ask more clients, or take fewer groups (a smaller q under groups=auto)"
			   : "take more groups, or a smaller q");
}

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	size_t k;

	return check(state, r->invited, &k, FED_REJECT, err);
}

/* Partition the clients into groups: group [n], round robin in a random order. */
static int split(const struct fed_round *r, const struct fed_update *const u[], size_t n, size_t k,
                 uint32_t *group, struct fed_error *err)
{
	struct robust_place *place = r->host->scratch(r->host, n, sizeof *place, err);

	if (!place)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		place[i] = (struct robust_place){fed_random_real(r->seed, u[i]->client), u[i]->client,
		                                 (uint32_t)i};
	robust_sort(place, n);
	for (size_t p = 0; p < n; p++)
		group[place[p].i] = (uint32_t)(p % k);
	return FED_OK;
}

/* Compute the groups' means, to which mean [k] points; w [n]: each update's weight in its group's
 * mean. */
static int average(const struct fed_round *r, const struct fed_update *const u[], size_t n,
                   size_t k, const uint32_t *group, const float **mean, double *w,
                   struct fed_error *err)
{
	const struct fed_host *host = r->host;
	const size_t ld = (r->dim + 15) / 16 * 16;
	const float **row = host->scratch(host, n, sizeof *row, err);
	double *share = host->scratch(host, n, sizeof *share, err);
	float *block =
		ld < SIZE_MAX / sizeof *block ? host->scratch(host, k, ld * sizeof *block, err) : NULL;

	if (!row || !share || !block)
		return FED_FAIL;
	for (size_t g = 0; g < k; g++) {
		double total = 0;
		size_t members = 0;

		for (size_t i = 0; i < n; i++)
			total += group[i] == g ? u[i]->weight : 0;
		if (!(total > 0))
			return fed_fail(err, "no mean of group %zu: the weights of its updates sum to %g", g,
			                total);
		for (size_t i = 0; i < n; i++) {
			if (group[i] != g)
				continue;
			row[members] = u[i]->delta;
			share[members++] = w[i] = u[i]->weight / total;
		}
		if (host->combine(host, row, share, members, block + g * ld, err))
			return FED_FAIL;
		mean[g] = block + g * ld;
	}
	return FED_OK;
}

/* Compute the median of the means into out; weight [k], distance [k]: of each group in it. */
static int take_median(const struct bgd *a, const struct fed_round *r, const float *const *mean,
                       size_t k, double *weight, double *distance, float *out,
                       struct fed_error *err)
{
	const struct fed_host *host = r->host;
	const struct geometric how = {a->tolerance, a->iterations};
	struct robust_ranks ranks = {(k - 1) / 2, k / 2, out};
	double *equal = host->scratch(host, k, sizeof *equal, err), total = 0;
	uint64_t *within = host->scratch(host, k, sizeof *within, err);

	if (!equal || !within)
		return FED_FAIL;
	for (size_t g = 0; g < k; g++)
		equal[g] = 1;
	const int rc = a->median == GEOMETRIC
	                   ? geometric_median(r, &how, mean, equal, k, weight, out, err)
	                   : host->sorted(host, mean, k, ranks.lo, ranks.hi, robust_mean_of_ranks,
	                                  &ranks, within, err);
	if (rc || host->lengths(host, mean, k, out, distance, err))
		return FED_FAIL;
	for (size_t g = 0; g < k; g++) {
		distance[g] = sqrt(distance[g]);
		total += (double)within[g];
	}
	for (size_t g = 0; g < k && a->median == COORDINATE; g++)
		weight[g] = total > 0 ? (double)within[g] / total : 1 / (double)k;
	return FED_OK;
}

/* Note the suspect groups and their clients in the log. */
static void note_suspects(const struct fed_round *r, const struct fed_update *const u[], size_t n,
                          size_t k, const uint32_t *group, const bool *trusted)
{
	char text[400] = "the median of the groups suspects";
	size_t length = strlen(text), suspects = 0;

	for (size_t g = 0; g < k; g++) {
		if (trusted[g])
			continue;
		const char *before = " (clients ";
		length += (size_t)snprintf(text + length, sizeof text - length, "%s group %zu",
		                           suspects++ ? "," : "", g);
		for (size_t i = 0; i < n; i++) {
			if (group[i] != g)
				continue;
			length +=
				(size_t)snprintf(text + length, sizeof text - length, "%s%u", before, u[i]->client);
			before = " ";
			if (length > sizeof text - 60) {
				snprintf(text + length, sizeof text - length, " ...) and others");
				r->host->note(r->host, text);
				return;
			}
		}
		length += (size_t)snprintf(text + length, sizeof text - length, ")");
	}
	if (suspects)
		r->host->note(r->host, text);
}

static int reduce(void *state, const struct fed_round *r, const struct fed_update *const u[],
                  size_t n, struct fed_verdict *const v[], float *out, struct fed_error *err)
{
	const struct bgd *a = state;
	const struct fed_host *host = r->host;
	size_t k;

	if (check(a, n, &k, FED_FAIL, err))
		return FED_FAIL;
	uint32_t *group = host->scratch(host, n, sizeof *group, err);
	const float **mean = host->scratch(host, k, sizeof *mean, err);
	double *w = host->scratch(host, n, sizeof *w, err);
	double *weight = host->scratch(host, k, sizeof *weight, err);
	double *distance = host->scratch(host, k, sizeof *distance, err);
	if (!group || !mean || !w || !weight || !distance || split(r, u, n, k, group, err) ||
	    average(r, u, n, k, group, mean, w, err) ||
	    take_median(a, r, mean, k, weight, distance, out, err))
		return FED_FAIL;
	const bool *trusted = robust_near(host, distance, k, err);
	if (!trusted)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++) {
		const uint32_t g = group[i];

		v[i]->weight = (float)(weight[g] * w[i]);
		v[i]->score = (float)distance[g];
		host->mark(host, i, (int32_t)g, trusted[g]);
	}
	note_suspects(r, u, n, k, group, trusted);
	return FED_OK;
}

/* Line of one group: its clients, the distance of its mean from the step, and its weight. */
static void tell_group(struct tell *t, const struct fed_update *const u[], size_t n,
                       const uint32_t *group, uint32_t g, const struct fed_verdict *const v[],
                       double distance, bool trusted, struct robust_place *place)
{
	size_t members = 0;
	double share = 0;

	for (size_t i = 0; i < n; i++) {
		if (group[i] != g)
			continue;
		place[members++] = (struct robust_place){0, u[i]->client, (uint32_t)i};
		share += (double)v[i]->weight;
	}
	robust_sort(place, members);
	tell_put(t, "    group %u: |m_%u - step| = %.4g, share %.4g, %s: clients", g, g, distance,
	         share, trusted ? "trusted" : "suspect");
	tell_clients(t, place, members);
	tell_end(t);
}

/* Scratch of a round: the groups' means, and the distances between them. */
static double scratch_bytes(const void *state, size_t n, size_t dim)
{
	struct fed_error unused;
	size_t k;

	if (check(state, n, &k, FED_FAIL, &unused))
		return 0; /* such a round is refused anyway */
	return (double)k * (double)dim * sizeof(float) + geometric_bytes(k);
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const struct bgd *a = state;
	const struct fed_host *host = r->host;
	struct tell t = {.to = to};
	size_t k;

	if (check(a, n, &k, FED_FAIL, err))
		return FED_FAIL;
	uint32_t *group = host->scratch(host, n, sizeof *group, err);
	const float **mean = host->scratch(host, k, sizeof *mean, err);
	double *w = host->scratch(host, n, sizeof *w, err);
	double *distance = host->scratch(host, k, sizeof *distance, err);
	struct robust_place *order = host->scratch(host, k, sizeof *order, err);
	struct robust_place *place = host->scratch(host, n, sizeof *place, err);
	if (!group || !mean || !w || !distance || !order || !place || split(r, u, n, k, group, err) ||
	    average(r, u, n, k, group, mean, w, err) ||
	    host->lengths(host, mean, k, step, distance, err))
		return FED_FAIL;
	for (uint32_t g = 0; g < k; g++) {
		distance[g] = sqrt(distance[g]);
		order[g] = (struct robust_place){distance[g], g, g};
	}
	const bool *trusted = robust_near(host, distance, k, err);
	if (!trusted)
		return FED_FAIL;
	robust_sort(order, k);
	tell_line(&t,
	          "n = %zu update%s in k = %zu group%s, 2 (1 + eps) q = %.6g <= k: step = %s median", n,
	          n == 1 ? "" : "s", k, k == 1 ? "" : "s", 2 * (1 + a->eps) * (double)a->q,
	          a->median == GEOMETRIC ? "geometric" : "coordinate-wise");
	tell_line(&t, "of the groups' means m_g; trusted up to twice the middle distance, 2 x %.4g",
	          order[k / 2].by);
	for (size_t p = 0; p < k; p++) {
		if (tell_leaps(&p, k, TELL_ROWS))
			tell_line(&t, "    ...");
		const uint32_t g = order[p].i;
		tell_group(&t, u, n, group, g, v, distance[g], trusted[g], place);
	}
	return FED_OK;
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct bgd, "bgd", "median of the means of random groups", doc, fields),
	.begin = begin,
	.reduce = reduce,
	.tell = tell,
	.scratch_bytes = scratch_bytes,
	.affine = true,
};
