/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/schemes/sync.c - synchronous scheme: invite a sample of clients, wait for enough of them,
 * step.
 *
 * McMahan 2017, algorithm 1: m = max(C K, 1) clients drawn uniformly without replacement.  Bonawitz
 * 2019, section 4: invite more than are needed, take the first, cancel the rest.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "train/loss_queries.h"
#include "train/participants.h"
#include "train/memory_budget.h"
#include "train/remote_clients.h"
#include "train/round/aggregate.h"
#include "train/round/emit.h"
#include "train/round/invitations.h"
#include "train/schemes/schemes.h"
#include "train/selection.h"

struct sync {
	double deadline, quorum, over_select; /* settings */
	struct fed_aggregation aggregation;
	uint32_t invited; /* clients to invite at most */
	uint32_t enough;  /* reports that complete the version */
	bool asking;      /* losses of candidates are asked for; no client is invited yet */
	bool begun, over;
};

static const struct fed_field fields[] = {
	FED_REAL(struct sync, deadline, 0, 0, 1e12,
             "virtual seconds after which a round no longer waits; 0: it waits"),
	FED_REAL(struct sync, quorum, 1, 0, 1,
             "share of the clients wanted that completes a round, and without which it fails; 1: "
             "all who are not lost"),
	FED_REAL(struct sync, over_select, 1, 1, 100, "invite this many times the clients wanted"),
	FED_END,
};

/* Select the participants, and send them the model. */
static int invite_selected(struct fed_federation *f, struct sync *s, struct fed_error *err)
{
	uint32_t *chosen = fed_alloc_array(s->invited, sizeof *chosen), invited;

	s->asking = false;
	if (!chosen)
		return fed_fail_memory(err, s->invited * sizeof *chosen, "the participants");
	int rc = fed__select_clients(f, s->invited, chosen, &invited, err);
	if (rc == FED_OK)
		rc = fed__memory_for_round(f, chosen, invited, s->enough, s->deadline, err);
	if (rc == FED_OK)
		rc = fed__begin_aggregation(f, &s->aggregation, invited, err);
	s->begun = rc == FED_OK;
	if (rc == FED_OK)
		rc = fed__invite(f, chosen, invited, err);
	fed_free(chosen);
	return rc;
}

static int sync_begin(struct fed_federation *f, void *state, struct fed_error *err)
{
	struct sync *s = state;
	const uint32_t population = f->n_seen, m = fed__wanted_clients(f);
	const double more = ceil(m * s->over_select - 1e-9);

	s->invited = more > population ? population : (uint32_t)more;
	s->enough = (uint32_t)ceil(m * s->quorum - 1e-9);
	s->enough += s->enough == 0;
	s->over = false;
	f->patience = s->deadline;
	int rc = fed__ask_losses(f, s->invited, &s->asking, err);
	if (rc == FED_OK && !s->asking)
		rc = invite_selected(f, s, err);
	if (rc == FED_OK && s->deadline > 0)
		rc = fed__set_deadline(f, f->clock.now + s->deadline, err);
	return rc;
}

/* The candidates' losses are known: the round goes on as any other. */
static int sync_answered(struct fed_federation *f, void *state, struct fed_error *err)
{
	return invite_selected(f, state, err);
}

static int sync_arrived(struct fed_federation *f, void *state, const struct fed_envelope *e,
                        const float *base, struct fed_error *err)
{
	struct sync *s = state;
	const struct fed_update update = fed__update_of(f, e, base);

	return fed_aggregation_add(&s->aggregation, &update, err);
}

static int sync_lost(struct fed_federation *f, void *state, uint64_t number, struct fed_error *err)
{
	(void)f, (void)state, (void)number, (void)err;
	return FED_OK; /* its invitation is closed already */
}

static int sync_deadline(struct fed_federation *f, void *state, struct fed_error *err)
{
	struct sync *s = state;
	bool waits;

	if (fed__reports_before_deadline(f, &waits, err) || waits)
		return waits ? FED_OK : FED_FAIL;
	if (s->asking)
		return fed_fail(err, "the deadline has passed while candidates were asked for their "
		                     "losses");
	s->over = true;
	fed__invitations_expire(f, "the deadline has passed");
	return FED_OK;
}

static bool sync_complete(const struct fed_federation *f, const void *state)
{
	const struct sync *s = state;

	if (s->asking)
		return false;
	return s->over || s->aggregation.n + f->collusions.n_waiting >= s->enough || f->n_open == 0;
}

static int sync_finish(struct fed_federation *f, void *state, float *out, struct fed_error *err)
{
	struct sync *s = state;

	fed__invitations_expire(f, "enough others have reported");
	if (s->quorum < 1 && s->aggregation.n < s->enough) {
		fed_fail(err, "the quorum is missed: %zu client%s reported, %u are needed",
		         s->aggregation.n, s->aggregation.n == 1 ? "" : "s", s->enough);
		return fed__fail_unreported(f, err);
	}
	if (fed_aggregation_finish(&s->aggregation, out, err))
		return FED_FAIL;
	fed__verdicts_set(f, &s->aggregation);
	return FED_OK;
}

static void sync_end(struct fed_federation *f, void *state)
{
	struct sync *s = state;

	(void)f;
	if (s->begun)
		fed_aggregation_release(&s->aggregation);
	s->begun = false;
}

static bool sync_drops_late(const void *state)
{
	const struct sync *s = state;

	return s->deadline > 0 || s->quorum < 1 || s->over_select > 1;
}

static bool sync_waits_for_all(const void *state)
{
	const struct sync *s = state;

	return s->quorum >= 1 && s->over_select <= 1;
}

const struct fed_scheme fed_scheme_sync = {
	.name = "sync",
	.help = "invite a sample of the clients, wait for them, step once",
	.doc = "Each round wants m = max(C K, 1) of the K clients, drawn uniformly without\n"
		   "replacement (settings `fraction` = C, or `participants` = m), or by the rule that\n"
		   "`select` chooses. Each trains E epochs\n"
		   "of mini-batches of B examples on its own data (`epochs`, `batch`) and sends its\n"
		   "update; when they have reported the aggregator makes one step. A round lasts as\n"
		   "long as the slowest client that it waits for:\n"
		   "\n"
		   "  over-select=1.3  invites 1.3 m clients and steps with the first m\n"
		   "  quorum=0.8       steps as soon as 0.8 m have reported; with fewer it fails.\n"
		   "                   1, the default, waits for all who are not lost\n"
		   "  deadline=60      steps after 60 virtual seconds with the updates received so far\n"
		   "\n"
		   "Clients that are not waited for are late: their work is dropped and counted.\n"
		   "A client that never answers is lost once nothing else is in flight.\n"
		   "\n"
		   "Source: McMahan et al. 2017, algorithm 1; Bonawitz et al. 2019, section 4.\n",
	.fields = fields,
	.state_size = sizeof(struct sync),
	.begin = sync_begin,
	.answered = sync_answered,
	.arrived = sync_arrived,
	.lost = sync_lost,
	.deadline = sync_deadline,
	.complete = sync_complete,
	.finish = sync_finish,
	.end = sync_end,
	.drops_late = sync_drops_late,
	.waits_for_all = sync_waits_for_all,
};
