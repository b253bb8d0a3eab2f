/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bucketing - pre-aggregation: means of random buckets of updates:
 *
 *     put the n updates into buckets of s at random; each becomes its bucket's mean
 *
 * Karimireddy, He, Jaggi: Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing, ICLR
 * 2022, algorithm 1.
 */
#include "robust_tell.h"

struct bucketing {
	int64_t s;
};

static const struct fed_field fields[] = {
	FED_INT(struct bucketing, s, 2, 1, 1000000, "updates in a bucket"),
	FED_END,
};

static const char doc[] =
	"    shuffle the n updates; bucket k holds numbers (k - 1) s + 1 .. k s\n"
	"    y_k = mean of bucket k,   k = 1 .. n/s rounded up\n"
	"\n"
	"and the aggregator behind it sees the y_k alone.  The last bucket may have\n"
	"fewer; s=1 changes nothing.  Needs s <= n.\n"
	"\n"
	"    aggregator krum f=2 after=bucketing s=2\n"
	"\n"
	"For: the mean of s clients with different data lies nearer to that of all, so\n"
	"rules that compare updates mistake fewer honest ones.  f Byzantine updates\n"
	"corrupt up to f buckets, of which there are only n/s: the aggregator's own\n"
	"inequality holds for n/s.\n"
	"\n"
	"Breakdown: that of the aggregator behind it, of n/s updates: with a median\n"
	"half of the buckets, n/(2s) clients if each is in another one.\n"
	"\n"
	"Source: Karimireddy, He, Jaggi: Byzantine-Robust Learning on Heterogeneous\n"
	"Datasets via Bucketing, ICLR 2022, algorithm 1.\n"
	"\n"
	"Differences: the paper's first version drew each update s times (resampling).";

static int begin(void *state, const struct fed_round *r, struct fed_error *err)
{
	const int64_t s = ((const struct bucketing *)state)->s;

	if (s <= (int64_t)r->invited)
		return FED_OK;
	return fed_reject(err, "needs s <= n, but s = %lld and n = %u update%s", (long long)s,
	                  r->invited, r->invited == 1 ? "" : "s");
}

static size_t mixtures(const void *state, size_t n)
{
	const size_t s = (size_t)((const struct bucketing *)state)->s;

	return n / s + (n % s != 0);
}

static int mix(const void *state, const struct fed_round *r, const struct fed_update *const u[],
               size_t n, double *shares, size_t m, struct fed_error *err)
{
	const size_t s = (size_t)((const struct bucketing *)state)->s;
	struct robust_place *place = r->host->scratch(r->host, n, sizeof *place, err);

	if (!place)
		return FED_FAIL;
	for (size_t i = 0; i < n; i++)
		place[i] = (struct robust_place){fed_random_real(r->seed, u[i]->client), u[i]->client,
		                                 (uint32_t)i};
	robust_sort(place, n);
	for (size_t k = 0; k < m; k++) {
		const size_t end = (k + 1) * s < n ? (k + 1) * s : n;

		for (size_t p = k * s; p < end; p++)
			shares[k * n + place[p].i] = 1 / (double)(end - k * s);
	}
	return FED_OK;
}

static int tell(const void *state, const struct fed_round *r, const struct fed_update *const u[],
                size_t n, const struct fed_verdict *const v[], const float *step,
                const struct fed_teller *to, struct fed_error *err)
{
	const size_t m = mixtures(state, n);
	double *shares = r->host->scratch(r->host, m * n, sizeof *shares, err);
	struct tell t = {.to = to};

	(void)v, (void)step;
	if (!shares || mix(state, r, u, n, shares, m, err))
		return FED_FAIL;
	tell_line(&t, "n = %zu update%s in %zu bucket%s of %lld, each named by its lowest client", n,
	          n == 1 ? "" : "s", m, m == 1 ? "" : "s",
	          (long long)((const struct bucketing *)state)->s);
	return tell_mixtures(&t, r, u, n, shares, m, err);
}

FED_PLUGIN struct fed_aggregator fed_plugin = {
	.head = FED_AGGREGATOR(struct bucketing, "bucketing",
                           "in front of an aggregator: means of random updates", doc, fields),
	.begin = begin,
	.mix = mix,
	.mixtures = mixtures,
	.tell = tell,
	.affine = true,
};
