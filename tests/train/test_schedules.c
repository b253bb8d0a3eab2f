/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random schedules of faults: whatever happens in whatever order, a federation goes on, accounts
 * for every invitation, takes no update twice, and does the same again.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"
#include "train/faults/faults.h"
#include "train/participants.h"
#include "train/lab.h"
#include "train/round/message_faults.h"
#include "train/schemes/schemes.h"

#define EVENTS (FED_SANITIZED ? 2500 : 10000)
#define CLIENTS 12u
#define SPLIT_FROM 20u /* schedules from this one on are of split learning */
#define INVITATIONS_MAX 400000u
#define MARKS_MAX 100000u

/* What is watched while a schedule runs. */
struct watch {
	uint64_t hash;  /* of every event, in order */
	uint8_t *end;   /* [INVITATIONS_MAX]: how often an invitation ended */
	uint8_t *used;  /* [INVITATIONS_MAX]: how often its update was taken */
	uint8_t **mark; /* [MARKS_MAX]: which of them the open round set; an abort takes them back */
	size_t marks;
	uint64_t rounds, aborts, failures;
};

static void mix(struct watch *w, uint64_t x)
{
	w->hash = (w->hash ^ x) * 0x100000001b3u;
	w->hash ^= w->hash >> 29;
}

/* Once for each invitation; numbers of an aborted round are given again. */
static void mark(struct watch *w, uint8_t *of, uint64_t invitation)
{
	ck_assert_uint_lt(invitation, INVITATIONS_MAX);
	ck_assert_uint_lt(w->marks, MARKS_MAX);
	ck_assert_uint_eq(of[invitation]++, 0);
	w->mark[w->marks++] = &of[invitation];
}

static void take(void *ctx, const struct fed_event *e)
{
	struct watch *w = ctx;
	uint64_t clock;

	memcpy(&clock, &e->clock, sizeof clock);
	mix(w, (uint64_t)e->kind << 32 | e->client);
	mix(w, e->version);
	mix(w, clock);
	mix(w, e->invitation ^ e->bytes << 20);
	if (e->kind == FED_EVENT_REPORTED)
		mark(w, w->used, e->invitation);
	if (e->kind == FED_EVENT_REPORTED || e->kind == FED_EVENT_LOST || e->kind == FED_EVENT_LATE)
		mark(w, w->end, e->invitation);
	while (e->kind == FED_EVENT_ABORTED && w->marks)
		*w->mark[--w->marks] = 0;
	if (e->kind == FED_EVENT_ROUND)
		w->marks = 0;
}

/* Every invitation that was open or made in the round ended in exactly one way, or is open. */
static void check_counts(const struct fed_federation *f, uint32_t open_before)
{
	const struct fed_record *r = &f->record;

	ck_assert_double_eq(open_before + r->invited,
	                    r->reported + r->refused + r->lost + r->late + f->n_open);
}

static uint64_t range(struct fed_stream *s, uint64_t low, uint64_t high)
{
	return low + fed_stream_below(s, (uint32_t)(high - low + 1));
}

/* Any fault with any parameters, on a few clients, for some versions. */
static void inject(struct lab *lab, struct fed_stream *s)
{
	static const char *const attacks[] = {"sign-flip", "replay", "ipm",
	                                      "alie",      "nan",    "label-flip"};
	const enum fed_fault_kind kind = (enum fed_fault_kind)range(s, 0, FED_FAULT_KINDS - 1);
	const char *name = fed_fault_types[kind].name;
	const uint64_t from = lab->federation.version + range(s, 0, 3), n = range(s, 1, 5);
	const double p = 0.05 + 0.95 * fed_stream_real(s);
	char spec[200];

	switch (kind) {
	case FED_FAULT_STRAGGLER:
	case FED_FAULT_SLOW_LINK:
		snprintf(spec, sizeof spec, "%s factor=%g", name, 1 + 30 * p);
		break;
	case FED_FAULT_LATE:
		snprintf(spec, sizeof spec, "%s versions=%d p=%g", name, (int)range(s, 1, 9), p);
		break;
	case FED_FAULT_CORRUPT:
		snprintf(spec, sizeof spec, "%s bits=%d p=%g", name, (int)range(s, 1, 40), p);
		break;
	case FED_FAULT_BYZANTINE:
		snprintf(spec, sizeof spec, "%s attack=%s knowledge=%s", name, attacks[range(s, 0, 5)],
		         p < 0.5 ? "all" : "partial");
		break;
	case FED_FAULT_DRIFT:
		snprintf(spec, sizeof spec, "%s what=%s rate=%g", name, p < 0.5 ? "labels" : "inputs",
		         p / 50);
		break;
	case FED_FAULT_CHURN:
		snprintf(spec, sizeof spec, "%s join=%g leave=%g", name, p, fed_stream_real(s) / 2);
		break;
	case FED_FAULT_DATA_ARRIVES:
	case FED_FAULT_DATA_EXPIRES:
		snprintf(spec, sizeof spec, "%s rate=%g", name, p);
		break;
	case FED_FAULT_OFFLINE:
	case FED_FAULT_PARTITION:
		snprintf(spec, sizeof spec, "%s", name);
		break;
	default:
		snprintf(spec, sizeof spec, "%s p=%g", name, p);
	}
	const uint32_t first = (uint32_t)range(s, 0, CLIENTS - 1);
	lab_inject(lab, spec, first, (uint32_t)n, from, from + range(s, 1, 12));
}

/* Between two events of the federation. */
static void meddle(struct lab *lab, struct fed_stream *s, struct watch *w)
{
	const uint32_t dice = (uint32_t)range(s, 0, 199);
	const uint32_t some[] = {(uint32_t)range(s, 0, 5), (uint32_t)range(s, 6, 11)};

	if (dice < 4 && lab->faults.n < 12)
		inject(lab, s);
	else if (dice < 6)
		fed_faults_heal(&lab->faults, some, 2, UINT32_MAX);
	else if (dice == 6)
		fed_faults_heal(&lab->faults, NULL, 0, UINT32_MAX);
	else if (dice == 7 && lab->federation.in_round) {
		fed_federation_abort(&lab->federation, "for the test");
		w->aborts++;
	}
}

/* A variant of split learning. */
static void compose_split(struct lab *lab, uint64_t seed)
{
	static const char *const parallel[] = {"off", "off", "v1", "v2", "v2"};
	const bool peer = seed % 5 == 1, batch = seed % 5 == 4;

	lab_scheme(lab, &fed_scheme_split, "parallel", parallel[seed % 5]);
	lab_scheme(lab, &fed_scheme_split, "relay", peer ? "peer" : "server");
	lab_scheme(lab, &fed_scheme_split, "smashed", batch ? "batch" : "single");
	lab_scheme(lab, &fed_scheme_split, "labels", seed % 2 ? "client" : "server");
	lab_scheme(lab, &fed_scheme_split, "order", seed % 3 ? "random" : "round-robin");
}

static void compose(struct lab *lab, uint64_t seed, int64_t threads, struct watch *w)
{
	static const char *const aggregators[] = {"fedavg", "scaffold", "fedbuff buffer=3", "fedasync"};
	const bool split = seed >= SPLIT_FROM, async = !split && seed % 2;

	lab_compose(lab, "blobs train=600 test=30 classes=3", split ? "mlp hidden=6,5" : "softmax",
	            aggregators[split   ? 0
	                        : async ? 2 + seed / 2 % 2
	                                : seed / 2 % 2],
	            seed % 3 ? "local" : "lossy retries=1", 0, 0, FED_PARTITION_IID);
	lab_add(lab, CLIENTS / 2, 20, FED_PARTITION_IID, 1e7);
	lab_add(lab, CLIENTS / 2, 40, FED_PARTITION_IID, 1e6);
	const struct fed_link_spec link = {
		.link = {.latency = 0.01, .jitter = 0.005, .up = 1e4, .down = 1e5, .drop_rate = 0.2},
		.profile = FED_NO_PROFILE};
	for (uint32_t i = 0; i < CLIENTS; i += 2)
		fed_client_equip(&lab->clients.client[i], i, NULL, &link, 1);
	lab_scheme(lab, async ? &fed__scheme_async : &fed_scheme_sync, NULL, NULL);
	if (split)
		compose_split(lab, seed);
	if (async && seed % 5 == 1)
		lab_scheme(lab, &fed__scheme_async, "max_staleness", "3");
	if (!async && !split && seed % 4 == 0)
		lab_scheme(lab, &fed_scheme_sync, "deadline", "0.05");
	if (!async && !split && seed % 4 == 2)
		lab_scheme(lab, &fed_scheme_sync, "over_select", "1.4");
	lab->settings.fraction = 0.7;
	lab->settings.batch = 10;
	lab->settings.epochs = 1;
	lab->settings.eval_every = 0;
	lab->settings.seed = (int64_t)seed;
	lab->settings.threads = threads;
	lab->sink = (struct fed_sink){.take = take, .ctx = w};
}

/* The schedule of a seed; the watch tells what came of it. */
static void run(uint64_t seed, int64_t threads, struct watch *w)
{
	struct fed_stream s = fed_stream_open(seed, FED_FOR_DATA, 77, 0);
	struct fed_error err = {""};
	struct lab lab;
	uint64_t params = 0;
	uint32_t open_before = 0;

	*w = (struct watch){
		.hash = 1,
		.end = fed_alloc(INVITATIONS_MAX),
		.used = fed_alloc(INVITATIONS_MAX),
		.mark = fed_alloc_array(MARKS_MAX, sizeof *w->mark),
	};
	ck_assert(w->end && w->used && w->mark);
	memset(w->end, 0, INVITATIONS_MAX);
	memset(w->used, 0, INVITATIONS_MAX);
	compose(&lab, seed, threads, w);
	lab_start(&lab);
	struct fed_federation *f = &lab.federation;
	for (int i = 0; i < EVENTS; i++) {
		bool made = false;

		meddle(&lab, &s, w);
		if (!f->in_round)
			open_before = f->n_open;
		if (fed_federation_begin(f, &err) || fed_federation_advance(f, &made, &err)) {
			w->failures++;
			continue;
		}
		if (made) {
			w->rounds++;
			check_counts(f, open_before);
		}
	}
	for (size_t j = 0; j < f->net->dim; j++) {
		uint32_t bits;
		ck_assert(isfinite(f->params[j]));
		memcpy(&bits, &f->params[j], sizeof bits);
		params = params * 31 + bits;
	}
	mix(w, params);
	lab_release(&lab);
	fed_free(w->end);
	fed_free(w->used);
	fed_free(w->mark);
}

START_TEST(random_schedules)
{
	struct watch one, other;

	run((uint64_t)_i, 1, &one);
	run((uint64_t)_i, 4, &other);
	ck_assert_uint_eq(one.hash, other.hash);
	/* A round of split learning has some hundred events. */
	ck_assert_uint_gt(one.rounds, EVENTS / (_i < (int)SPLIT_FROM ? 200 : 2000));
	ck_assert_uint_eq(one.rounds, other.rounds);
}
END_TEST

FED_SUITE(schedules)
{
	Suite *s = suite_create("schedules");
	TCase *c = tcase_create("schedules");

	tcase_add_loop_test(c, random_schedules, FED_THREAD_SANITIZED ? SPLIT_FROM - 8 : 0,
	                    SPLIT_FROM + (FED_THREAD_SANITIZED ? 8 : 20));
	suite_add_tcase(s, c);
	return s;
}
