/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What recording costs: the events of rounds of small models with 1,000 clients, all of them
 * invited, are told again to a recorder that is full, and that time is compared with the rounds'
 * own.  One JSON line a model; the first one is as small as models get (12 parameters).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "session/internal.h"

enum { CLIENTS = 1000, ROUNDS = 40, EVENTS_MOST = 6 * CLIENTS, TURNS = 600 };

static const struct work {
	const char *name, *dataset, *model, *hidden;
} works[] = {
	{"softmax", "blobs", "softmax", NULL},
	{"mlp", "blobs", "mlp", "32"},
	{"softmax-784", "glyphs", "softmax", NULL},
};

/* The events of the last round. */
struct tape {
	struct fed_event event[EVENTS_MOST];
	struct fed_record record;
	size_t n;
};

static void listen(void *ctx, const struct fed_event *event)
{
	struct tape *t = ctx;

	if (event->kind == FED_EVENT_SENT && t->n && t->event[t->n - 1].kind == FED_EVENT_ROUND)
		t->n = 0;
	if (t->n == EVENTS_MOST)
		return;
	t->event[t->n] = *event;
	t->event[t->n].text = NULL; /* valid during the call */
	t->event[t->n].record = &t->record;
	if (event->record)
		t->record = *event->record;
	t->n++;
}

static int compose(struct fed_session *s, const struct work *w, struct tape *tape,
                   struct fed_error *err)
{
	const struct fed_assign hidden = {"hidden", w->hidden};
	const struct fed_partition how = {.kind = FED_PARTITION_IID,
	                                  .samples = 20,
	                                  .shards = 2,
	                                  .alpha = 1,
	                                  .spread = 1,
	                                  .reuse = true};
	struct fed_device_spec phones;
	struct fed_link_spec mobile;
	uint32_t first;

	return fed_device_parse("phone:0.5", &phones, err) || fed_link_parse("4g:0.5", &mobile, err) ||
	       fed__session_init(s, FED_PLUGIN_DIR, (struct fed_sink){listen, tape}, err) ||
	       fed_session_dataset(s, w->dataset, NULL, 0, err) ||
	       fed_session_model(s, w->model, &hidden, w->hidden != NULL, err) ||
	       fed_session_add_clients(s, CLIENTS, &how, &phones, &mobile, NULL, &first, err) ||
	       fed_session_set(s, "threads", "2", err) ||
	       fed_session_set(s, "eval_every", "never", err);
}

/* Seconds of the fastest round. */
static int run(struct fed_session *s, double *best, struct fed_error *err)
{
	*best = 1e9;
	for (int i = 0; i < ROUNDS; i++) {
		const double start = fed_wall_seconds();
		struct fed_run_result result;

		if (fed_session_run(s, 1, NULL, &result, err))
			return FED_FAIL;
		const double took = fed_wall_seconds() - start;
		*best = took < *best ? took : *best;
	}
	return FED_OK;
}

/* Seconds that the tape's events take at best, as further rounds of the session. */
static double record(struct fed_event_log *r, struct tape *tape,
                     const struct fed_verdicts *verdicts)
{
	double best = 1e9;

	for (int turn = 0; turn < TURNS; turn++) {
		const double start = fed_wall_seconds();

		for (size_t i = 0; i < tape->n; i++)
			fed_event_log_take(r, &tape->event[i]);
		fed_invitation_log_set_verdicts(&r->invitation_log, 1, tape->record.clock, verdicts);
		const double took = fed_wall_seconds() - start;
		/* The first ones make it grow. */
		best = r->first > 1 && took < best ? took : best;
		for (size_t i = 0; i < tape->n; i++)
			tape->event[i].invitation += tape->event[i].invitation ? CLIENTS : 0;
		for (size_t i = 0; i < verdicts->n; i++)
			verdicts->of[i].invitation += CLIENTS;
	}
	return best;
}

static int report(const struct work *w, struct fed_error *err)
{
	static struct tape tape;
	struct fed_session s;
	double round;

	tape.n = 0;
	if (compose(&s, w, &tape, err) || run(&s, &round, err))
		return FED_FAIL;
	const double recording = record(&s.event_log, &tape, &s.federation.verdicts);
	printf("{\"bench\":\"record\",\"model\":\"%s\",\"clients\":%d,\"events\":%zu,\"round_s\":%.6f,"
	       "\"recording_s\":%.6f,\"ns_per_event\":%.1f,\"share\":%.4f}\n",
	       w->name, CLIENTS, tape.n, round, recording, 1e9 * recording / (double)tape.n,
	       recording / round);
	fed__session_release(&s);
	return FED_OK;
}

int main(int argc, char **argv)
{
	struct fed_error err = {""};
	const char *core = fed_blas_better_core();

	(void)argc;
	if (core) {
		setenv("OPENBLAS_CORETYPE", core, 1);
		setenv("OPENBLAS_NUM_THREADS", "1", 1);
		execv("/proc/self/exe", argv);
	}
	fed_blas_init();
	for (size_t i = 0; i < sizeof works / sizeof *works; i++)
		if (report(&works[i], &err)) {
			fprintf(stderr, "bench_record: %s\n", err.text);
			return 1;
		}
	return 0;
}
