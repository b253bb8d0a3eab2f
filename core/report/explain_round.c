/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/explain_round.c - explanation of the last round by its plugin or by lengths, and the
 * truth.
 */
#include "report/explain_round.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/random.h"
#include "plug/distances.h"
#include "report/update_geometry.h"
#include "session/composition.h"

enum { SHOWN = 12 }; /* updates, or clients in a list */

/* Without an explanation of the plugin ----------------------------------- */

struct mover {
	double length, by; /* by: how far it alone moves the step */
	size_t i;
};

static int farthest_first(const void *a, const void *b)
{
	const struct mover *p = a, *q = b;

	if (p->by != q->by)
		return p->by > q->by ? -1 : 1;
	return (p->i > q->i) - (p->i < q->i);
}

static int measure_movers(const struct fed_telling *t, struct mover *mover, double *step,
                          struct fed_error *err)
{
	const size_t all = t->n + 1;
	const float **row = fed_alloc_array(all, sizeof *row);
	double *square = fed_alloc_array(all, sizeof *square);
	int rc = FED_OK;

	if (!row || !square)
		rc = fed_fail_memory(err, all * sizeof *square, "the updates' lengths");
	for (size_t i = 0; rc == FED_OK && i < all; i++)
		row[i] = i < t->n ? t->update[i].delta : t->step;
	if (rc == FED_OK)
		rc = fed_lengths(row, all, t->round.dim, NULL, t->pool, square, err);
	for (size_t i = 0; rc == FED_OK && i < t->n; i++) {
		const double length = sqrt(square[i]);
		mover[i] = (struct mover){length, length * (double)t->verdict[i].weight, i};
	}
	if (rc == FED_OK)
		*step = sqrt(square[t->n]);
	fed_free(row);
	fed_free(square);
	return rc;
}

static int explain_lengths(const struct fed_telling *t, struct fed_error *err)
{
	struct mover *mover = fed_alloc_array(t->n, sizeof *mover);
	double step = 0, total = 0;

	if (!mover)
		return fed_fail_memory(err, t->n * sizeof *mover, "the updates' lengths");
	const int rc = measure_movers(t, mover, &step, err);
	for (size_t i = 0; i < t->n; i++)
		total += t->update[i].weight;
	if (rc == FED_OK) {
		qsort(mover, t->n, sizeof *mover, farthest_first);
		fed_text_add(t->lines,
		             "n = %zu updates, their weights sum to N = %.6g, the step is %.4g long\n",
		             t->n, total, step);
	}
	for (size_t k = 0; rc == FED_OK && k < t->n && k < SHOWN; k++) {
		const struct fed_update *u = &t->update[mover[k].i];

		fed_text_add(t->lines,
		             "    client %u: n_i/N = %.6g/%.6g = %.4g, |d_i| = %.4g, share in the step "
		             "%.4g\n",
		             u->client, u->weight, total, total > 0 ? u->weight / total : 0,
		             mover[k].length, (double)t->verdict[mover[k].i].weight);
	}
	if (rc == FED_OK && t->n > SHOWN)
		fed_text_add(t->lines, "    and %zu that move the step less\n", t->n - SHOWN);
	fed_free(mover);
	return rc;
}

/* The truth -------------------------------------------------------------- */

/* "16 trusted: 1 Byzantine (12), 15 honest", "4 filtered or suspect: all honest". */
static void add_truth(struct fed_text *out, const struct fed_verdicts *g, bool trusted)
{
	size_t all = 0, bad = 0, shown = 0;

	for (size_t i = 0; i < g->n; i++) {
		if (fed_client_verdict_trusted(&g->of[i]) != trusted)
			continue;
		all++;
		bad += g->of[i].byzantine;
	}
	fed_text_add(out, "%zu %s", all, trusted ? "trusted" : "filtered or suspect");
	if (!bad) {
		fed_text_add(out, "%s", all ? ": all honest" : "");
		return;
	}
	fed_text_add(out, ": %zu Byzantine (", bad);
	for (size_t i = 0; i < g->n && shown < SHOWN; i++)
		if (fed_client_verdict_trusted(&g->of[i]) == trusted && g->of[i].byzantine)
			fed_text_add(out, "%s%u", shown++ ? ", " : "", g->of[i].client);
	fed_text_add(out, "%s), %zu honest", bad > SHOWN ? ", ..." : "", all - bad);
}

static void explain_truth(struct fed_text *out, const struct fed_verdicts *g)
{
	size_t bad = 0, secret = 0;

	for (size_t i = 0; i < g->n; i++) {
		bad += g->of[i].byzantine;
		secret += g->of[i].secret;
	}
	fed_text_add(out, "truth: ");
	if (secret) {
		fed_text_add(out, "secret until `reveal`: who of %zu client%s attacks", secret,
		             secret == 1 ? "" : "s");
		return;
	}
	if (bad) {
		add_truth(out, g, false);
		fed_text_add(out, "; ");
		add_truth(out, g, true);
	} else {
		fed_text_add(out, "all clients are honest");
	}
}

/* Explanation ------------------------------------------------------------ */

static struct fed_round round_of(const struct fed_session *s)
{
	const struct fed_federation *f = fed_session_federation(s);
	const uint64_t version = f->version - 1;

	return (struct fed_round){
		.version = version,
		.seed = fed_stream_key((uint64_t)fed_session_parts(s)->settings.seed, FED_FOR_PLUGIN,
	                           version, 0),
		.dim = f->net->dim,
		.params = f->params,
		.invited = (uint32_t)f->record.invited,
		.population = f->clients->n_present,
		.lr = f->record.lr,
	};
}

/* Updates and verdicts of the round. */
struct round_updates {
	struct fed_update *update;
	struct fed_verdict *verdict, *mixed;
};

static int collect_updates(struct round_updates *k, const struct fed_federation *f,
                           struct fed_error *err)
{
	const size_t n = f->verdicts.n;

	k->update = fed_alloc_array(n, sizeof *k->update);
	k->verdict = fed_alloc_array(n, sizeof *k->verdict);
	k->mixed = fed_alloc_array(n, sizeof *k->mixed);
	if (!k->update || !k->verdict || !k->mixed)
		return fed_fail_memory(err, n * sizeof *k->update, "the updates of the last round");
	for (size_t i = 0; i < n; i++) {
		k->update[i] = fed__kept_update(f, i);
		k->verdict[i] = f->verdicts.of[i].verdict;
		k->mixed[i] = f->verdicts.of[i].mixed;
	}
	return FED_OK;
}

int fed_round_explanation_init(struct fed_round_explanation *out, const struct fed_session *s,
                               bool pre_aggregation, struct fed_error *err)
{
	const struct fed_federation *f = fed_session_federation(s);
	struct round_updates kept = {0};

	*out = (struct fed_round_explanation){0};
	int rc = fed_updates_kept(s, err);
	if (rc == FED_OK && f->verdicts.outdated)
		rc = fed_reject(err, "the last round was made with other settings; `round` makes one with "
		                     "these");
	if (rc)
		return rc;
	rc = collect_updates(&kept, f, err);
	const struct fed_telling t = {
		.instance = &fed_session_parts(s)->aggregator,
		.round = round_of(s),
		.update = kept.update,
		.verdict = kept.verdict,
		.mixed = kept.mixed,
		.n = f->verdicts.n,
		.step = f->verdicts.step,
		.pool = f->pool,
		.lines = &out->lines,
	};
	out->version = f->version;
	if (rc == FED_OK)
		rc = pre_aggregation ? fed_call_tell_pre_aggregation(&t, err) : fed_call_tell(&t, err);
	if (rc == FED_OK && out->lines.len == 0)
		rc = explain_lengths(&t, err);
	explain_truth(&out->truth, &f->verdicts);
	if (rc == FED_OK && (out->lines.failed || out->truth.failed))
		rc = fed_fail_memory(err, out->lines.len, "the explanation of a round");
	fed_free(kept.update);
	fed_free(kept.verdict);
	fed_free(kept.mixed);
	return rc;
}

void fed_round_explanation_release(struct fed_round_explanation *out)
{
	fed_text_release(&out->lines);
	fed_text_release(&out->truth);
}
