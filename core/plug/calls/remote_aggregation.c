/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_aggregation.c - an aggregation in a worker process.
 *
 * The worker makes the same aggregation (call_aggregation.c) of updates that it reads in shared
 * memory.  A streaming rule gets each update at once, the others all of them at the end.
 */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "plug/guard/worker.h"
#include "plug/calls/remote.h"
#include "plug/result_checks.h"
#include "plug/wire.h"

enum { BLOCK = 4096 }; /* coordinates of a step that are copied and checked at a time */

static const struct fed_aggregator *aggregator_of(const struct fed_instance *instance)
{
	return &instance->entry->copy.aggregator;
}

static void put_vectors(struct fed_worker *w, const struct fed_instance *instance)
{
	fed_put_number(&w->packet, instance->vectors ? instance->dim : 0);
	if (instance->vectors)
		fed_put_input(w, instance->vectors, fed_instance_vector_bytes(instance, instance->dim));
}

/* What the plugin asks of the host while it aggregates. */
static bool asked(void *ctx, struct fed_packet_reader *r, struct fed_packet *answer)
{
	const struct fed_host *outer = ctx;
	const char *text = r->kind == FED_NOTE ? fed_get_text(r) : NULL;

	(void)answer;
	if (!text)
		r->short_ = true;
	else if (outer && outer->note)
		outer->note(outer, text);
	return false;
}

static struct fed_worker_host host_of(const struct fed_aggregation *a)
{
	return (struct fed_worker_host){asked, (void *)(uintptr_t)a->place.outer};
}

/* The guarded plugin that ended the process: that of the crash, or the first that is guarded. */
static const struct fed_instance *culprit(const struct fed_instance *x)
{
	const struct fed_crash_report *r = x->worker->report;

	if (x->after && x->after->entry->guard && (!x->entry->guard || (r->frames && r->plugin == 1)))
		return x->after;
	return x;
}

/* An aggregation in which the process did not end; entries are the registry's, never constant. */
static void clear_failures(const struct fed_instance *x)
{
	for (; x; x = x->after)
		((struct fed_entry *)x->entry)->failures = 0;
}

/* Call within an open aggregation.  The words of the plugin come with its name already. */
static int call(struct fed_aggregation *a, const char *function, struct fed_packet_reader *reply,
                struct fed_error *err)
{
	struct fed_worker *w = a->instance->worker;
	const struct fed_worker_host host = host_of(a);
	struct fed_error words;
	int rc;

	if (a->started && a->started != w->starts)
		return fed_fail(err, "%s %s: crashed in this round",
		                fed_kind_name(a->instance->entry->head->kind),
		                a->instance->entry->head->name);
	if (fed_worker_call(w, function, &host, reply, &rc, &words, err)) {
		const struct fed_instance *x = culprit(a->instance);

		/* an interrupt is the user's, who need not wait for a slow rule */
		((struct fed_entry *)x->entry)->failures += !atomic_load(&w->guard->interrupted);
		return fed__fail_by_name(x, err);
	}
	if (rc != FED_OK)
		*err = words;
	return rc == FED_OK || rc == FED_REJECT ? rc : FED_FAIL;
}

float *fed__remote_rows(const struct fed_instance *instance, size_t floats)
{
	return fed__worker_rows(instance->worker, floats * sizeof(float));
}

int fed__remote_begin(struct fed_aggregation *a, struct fed_error *err)
{
	struct fed_worker *w = a->instance->worker;
	struct fed_packet_reader reply;

	if (fed_worker_enter(w, err))
		return fed__fail_by_name(a->instance, err);
	fed_worker_request(w, FED_ASK_AGGREGATION);
	fed_put_state(&w->packet, a->instance);
	put_vectors(w, a->instance);
	fed__put_round(w, &a->round);
	fed_put_number(&w->packet, a->capacity);
	fed_put_number(&w->packet, (uint64_t)fed_pool_threads(a->place.pool));
	const int rc = call(a, "begin()", &reply, err);
	if (rc == FED_OK)
		a->started = w->starts;
	a->copies = w->copies.used;
	fed_worker_leave(w);
	return rc;
}

int fed__remote_add(struct fed_aggregation *a, const struct fed_update *u, struct fed_verdict *v,
                    struct fed_error *err)
{
	struct fed_worker *w = a->instance->worker;
	struct fed_packet_reader reply;

	if (fed_worker_enter(w, err))
		return fed__fail_by_name(a->instance, err);
	fed_worker_request(w, FED_ASK_ADD);
	fed__put_updates(w, &a->round, NULL, u, 1, fed_returned_vectors(a->instance));
	int rc = call(a, "add()", &reply, err);
	if (rc == FED_OK)
		fed_get_verdicts(&reply, v, 1);
	if (rc == FED_OK && reply.short_)
		rc = fed_fail(err, "the worker process gave no verdict");
	/* those that wait for the end must stay */
	if (!a->place.deferred)
		fed_worker_drop_copies(w, a->copies);
	fed_worker_leave(w);
	return rc;
}

/* Names of what the plugin does at the end of a round. */
static const char *function_of(const struct fed_instance *instance)
{
	const struct fed_aggregator *plugin = aggregator_of(instance);

	return plugin->columns ? "columns()" : plugin->reduce ? "reduce()" : "finish()";
}

static int check_verdicts(const struct fed_aggregation *a, struct fed_error *err)
{
	for (size_t i = 0; i < a->n; i++)
		if (!isfinite(a->verdict[i].weight))
			return fed_fail(err, "aggregator %s: gave the update of client %u the weight %f",
			                a->instance->entry->head->name, a->update[i].client,
			                (double)a->verdict[i].weight);
	return FED_OK;
}

/* The results of a finished aggregation. */
static int take_results(struct fed_aggregation *a, struct fed_packet_reader *reply,
                        struct fed_error *err)
{
	struct fed_worker *w = a->instance->worker;

	fed_get_verdicts(reply, a->verdict, a->n);
	fed__get_trusts(reply, a->trust, a->n);
	const uint64_t mixed = fed_get_number(reply);
	if (mixed > (a->mixed ? a->n : 0))
		reply->short_ = true;
	else
		fed_get_verdicts(reply, a->mixed, mixed);
	if (fed_get_state(reply, a->instance, err) || reply->short_)
		return fed_fail(err, "the worker process gave no result");
	if (!fed_worker_output_intact(w))
		return fed_fail(err, "%s wrote past the end of its output", function_of(a->instance));
	if (check_verdicts(a, err))
		return FED_FAIL;
	clear_failures(a->instance);
	return FED_OK;
}

/* Copy the step and check it, by blocks that are in the cache for both. */
static int take_step(const struct fed_aggregation *a, float *out, struct fed_error *err)
{
	const float *values = a->instance->worker->out.values;
	const size_t dim = a->round.dim;

	for (size_t j0 = 0; j0 < dim; j0 += BLOCK) {
		const size_t j1 = j0 + BLOCK < dim ? j0 + BLOCK : dim;

		memcpy(out + j0, values + j0, (j1 - j0) * sizeof *out);
		if (fed__check_step(a->instance, out, j0, j1, err))
			return FED_FAIL;
	}
	return FED_OK;
}

int fed__remote_finish(struct fed_aggregation *a, float *out, struct fed_error *err)
{
	struct fed_worker *w = a->instance->worker;
	const bool keeps = fed_aggregation_keeps(a->instance);
	struct fed_packet_reader reply;
	int rc;

	if (fed_worker_enter(w, err))
		return fed__fail_by_name(a->instance, err);
	float *values = fed_worker_output(w, a->round.dim * sizeof *values);
	if (!values) {
		fed_worker_leave(w);
		return fed_fail_memory(err, a->round.dim * sizeof *out, "a step");
	}
	fed_worker_request(w, FED_ASK_FINISH);
	fed_put_output(&w->packet, w);
	if (keeps)
		fed__put_updates(w, &a->round, a->update[0].delta, a->update, a->n,
		                 fed_returned_vectors(a->instance));
	rc = call(a, function_of(a->instance), &reply, err);
	if (rc == FED_OK)
		a->started = 0; /* nothing of it is open there any more */
	if (rc == FED_OK && take_results(a, &reply, err))
		rc = fed__fail_by_name(a->instance, err);
	else if (rc == FED_OK)
		rc = take_step(a, out, err);
	fed_worker_leave(w);
	return rc == FED_OK ? FED_OK : FED_FAIL;
}

void fed__remote_release(struct fed_aggregation *a)
{
	struct fed_worker *w = a->instance->worker;
	struct fed_packet_reader reply;
	struct fed_error unused;
	int rc;

	/* nothing is open in a process that has ended */
	if (!w->pid || fed_worker_enter(w, &unused))
		return;
	if (a->started && a->started == w->starts) {
		fed_worker_request(w, FED_ASK_RELEASE);
		(void)fed_worker_call(w, "release", NULL, &reply, &rc, &unused, &unused);
	}
	fed_worker_drop_copies(w, 0);
	fed_worker_leave(w);
}

/* Explanations and numbers ----------------------------------------------- */

int fed__remote_tell(const struct fed_telling *t, bool pre_aggregation, struct fed_error *err)
{
	struct fed_worker *w = t->instance->worker;
	const size_t bytes = t->round.dim * sizeof *t->step;
	struct fed_packet_reader reply;
	struct fed_error words;
	int rc;

	if (fed_worker_enter(w, err))
		return fed__fail_by_name(t->instance, err);
	fed_worker_request(w, FED_ASK_TELL);
	fed_put_state(&w->packet, t->instance);
	put_vectors(w, t->instance);
	fed__put_round(w, &t->round);
	fed__put_updates(w, &t->round, NULL, t->update, t->n, 0);
	fed_put_verdicts(&w->packet, t->verdict, t->n);
	fed_put_number(&w->packet, t->mixed != NULL);
	if (t->mixed)
		fed_put_verdicts(&w->packet, t->mixed, t->n);
	fed_put_input(w, t->step, bytes);
	fed_put_number(&w->packet, (uint64_t)fed_pool_threads(t->pool));
	fed_put_number(&w->packet, pre_aggregation);
	const bool lost = fed_worker_call(w, "tell()", NULL, &reply, &rc, &words, err) != FED_OK;
	if (!lost && rc == FED_OK) {
		const char *lines = fed_get_text(&reply);

		fed_text_put_clean(t->lines, lines ? lines : "", lines ? strlen(lines) : 0, true);
	} else if (!lost) {
		*err = words;
	}
	fed_worker_drop_copies(w, 0);
	fed_worker_leave(w);
	return lost ? fed__fail_by_name(t->instance, err) : rc;
}

double fed__remote_number(const struct fed_instance *instance, uint32_t which, size_t n, size_t dim,
                          double fallback)
{
	struct fed_worker *w = instance->worker;
	struct fed_packet_reader reply;
	static const char *const functions[] = {
		[FED_NUMBER_UPDATES_PER_STEP] = "updates_per_step()",
		[FED_NUMBER_MIXTURES] = "mixtures()",
		[FED_NUMBER_SCRATCH] = "scratch_bytes()",
	};
	struct fed_error unused, why;
	double number = fallback;
	int rc;

	if (fed_worker_enter(w, &unused))
		return fallback;
	fed_worker_request(w, FED_ASK_NUMBER);
	fed_put_state(&w->packet, instance);
	fed_put_number(&w->packet, which);
	fed_put_number(&w->packet, n);
	fed_put_number(&w->packet, dim);
	if (fed_worker_call(w, functions[which], NULL, &reply, &rc, &unused, &why) != FED_OK)
		fed__worker_report(w, why.text); /* these functions have no error */
	else if (rc == FED_OK)
		FED_GET(&reply, number);
	fed_worker_leave(w);
	return isfinite(number) && number >= 0 ? number : fallback;
}
