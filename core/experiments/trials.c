/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/trials.c - parallel execution of trials on the session's thread pool.
 */
#include "experiments/trials.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "session/internal.h"

/* Hash of the session's state ----------------------------------------------------------- */

static uint64_t hash_bytes(uint64_t h, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ h >> 31;
}

static uint64_t hash_fields(uint64_t h, const struct fed_field *rows, const void *state)
{
	struct fed_text text = {0};

	for (const struct fed_field *row = rows; row && row->type != FED_TYPE_END; row++) {
		if (!fed_field_settable(row))
			continue;
		fed_field_print(row, state, &text);
		fed_text_put(&text, " ", 1);
	}
	h = hash_bytes(h, fed_text_str(&text), text.len);
	fed_text_release(&text);
	return h;
}

static uint64_t hash_instance(uint64_t h, const struct fed_instance *x)
{
	const struct fed_head *head = x->entry->head;

	h = hash_fields(hash_bytes(h, head->name, strlen(head->name)), head->fields, x->state);
	return x->after ? hash_instance(h, x->after) : h;
}

static uint64_t hash_client(uint64_t h, const struct fed_client *c)
{
	h = hash_bytes(h, c->examples, c->count * sizeof *c->examples);
	h = hash_bytes(h, &c->shift, sizeof c->shift);
	h = hash_bytes(h, &c->device, sizeof c->device);
	return hash_bytes(h, &c->link, sizeof c->link);
}

static uint64_t hash_fault(uint64_t h, const struct fed_fault *f)
{
	h = hash_fields(h, fed_fault_types[f->kind].fields, &f->args);
	h = hash_bytes(h, f->client, f->n * sizeof *f->client);
	h = hash_bytes(h, &f->from, sizeof f->from);
	h = hash_bytes(h, &f->until, sizeof f->until);
	return f->attack ? hash_instance(h, &f->attack->instance) : h;
}

static uint64_t hash_state(const struct fed_session *s)
{
	const uint64_t version = fed_session_version(s);
	uint64_t h = 0xcbf29ce484222325u;

	h = hash_bytes(h, fed_session_params(s), s->parts.net.dim * sizeof(float));
	h = hash_bytes(h, &version, sizeof version);
	h = hash_bytes(h, &s->parts.data->fingerprint, sizeof s->parts.data->fingerprint);
	h = hash_fields(h, fed_settings_fields, &s->parts.settings);
	h = hash_instance(h, &s->parts.aggregator);
	h = hash_instance(h, &s->parts.transport);
	h = hash_instance(h, &s->parts.model);
	h = hash_bytes(h, s->parts.scheme->name, strlen(s->parts.scheme->name));
	h = hash_fields(h, s->parts.scheme->fields, s->parts.scheme_state);
	for (uint32_t i = 0; i < s->parts.clients.n_present; i++)
		h = hash_client(h, &s->parts.clients.client[s->parts.clients.present[i]]);
	for (size_t i = 0; i < s->parts.faults.n; i++)
		h = hash_fault(h, &s->parts.faults.fault[i]);
	return h;
}

int fed__trials_init(struct fed_trials *t, size_t n, const struct fed_session *s,
                     struct fed_error *err)
{
	*t = (struct fed_trials){.n = n};
	t->outcome = fed_alloc_array(n, sizeof *t->outcome);
	if (!t->outcome)
		return fed_fail_memory(err, n * sizeof *t->outcome, "the outcomes");
	for (size_t k = 0; k < n; k++) {
		t->outcome[k] = (struct fed_outcome){0};
		fed_history_total(&(struct fed_history){0}, &t->outcome[k].total);
	}
	t->start = hash_state(s);
	return FED_OK;
}

void fed__trials_release(struct fed_trials *t)
{
	fed_free(t->outcome);
	*t = (struct fed_trials){0};
}

bool fed__trials_fit(const struct fed_trials *t, const struct fed_session *s)
{
	return t->outcome && t->start == hash_state(s);
}

int fed_trials_check_outcomes(const struct fed_trials *t, const char *rows, struct fed_error *err)
{
	for (size_t k = 0; k < t->n; k++)
		if (!t->outcome[k].played || !*t->outcome[k].why)
			return FED_OK;
	if (t->n == 0)
		return FED_OK;
	return fed_fail(err, "all of the %zu %s failed, the first because: %s", t->n, rows,
	                t->outcome[0].why);
}

/* One trial ------------------------------------------------------------------------------ */

struct trial {
	struct fed_session copy;
	const struct fed_session *session;
	const struct fed_trials_plan *plan;
	struct fed_outcome *outcome;
	struct fed_memory_share memory;
};

static bool is_trial_over(const struct trial *x)
{
	x->outcome->reached = x->plan->until && fed_condition_holds(x->plan->until, &x->copy.history);
	return x->outcome->reached || x->outcome->rounds >= x->plan->rounds;
}

/* Evaluate the final model, whether or not its last round did. */
static int evaluate_trial(struct trial *x, struct fed_error *err)
{
	struct fed_federation *f = &x->copy.federation;
	struct fed_record *r = &x->outcome->total;

	if (fed_federation_evaluate(f, f->params, f->data->train, f->data->test, &r->test_loss,
	                            &r->test_accuracy, err))
		return FED_FAIL;
	if (fed_federation_evaluate_clients(f, f->params, r, err))
		return FED_FAIL;
	r->parameter_error = fed_federation_parameter_error(f, f->params);
	return fed_federation_attacked(f, f->params, &r->attack_success, err);
}

/* One interrupt lets a running trial finish; a second one drops it. */
static int play_rounds(struct trial *x, bool *dropped, struct fed_error *err)
{
	struct fed_outcome *o = x->outcome;
	struct fed_run_result result;
	int rc = fed_session_start(&x->copy, err);

	x->copy.federation.memory_share = &x->memory;
	while (rc == FED_OK && !is_trial_over(x)) {
		*dropped = atomic_load(&x->session->interrupts) > 1;
		if (*dropped)
			return FED_OK;
		rc = fed_session_run(&x->copy, 1, NULL, &result, err);
		o->rounds += result.versions;
	}
	fed_history_total(&x->copy.history, &o->total);
	o->clients = x->copy.parts.clients.n_present;
	return rc ? rc : evaluate_trial(x, err);
}

static void play_trial(void *ctx, size_t i, int worker)
{
	struct trial *x = ((struct trial **)ctx)[i];
	struct fed_error err = {""};
	bool dropped = false;

	(void)worker;
	const int rc = play_rounds(x, &dropped, &err);
	const bool again = rc && x->memory.refused;
	if (rc && !again)
		snprintf(x->outcome->why, sizeof x->outcome->why, "%s", err.text);
	x->outcome->played = !dropped && !again;
	if (!x->outcome->played)
		x->outcome->rounds = 0;
}

static void drop_trial(struct trial *x)
{
	if (x)
		fed__session_drop(&x->copy);
	fed_free(x);
}

/* Make trial k with `threads` threads; results do not depend on their number. */
static struct trial *prepare_trial(const struct fed_session *s, const struct fed_trials_plan *plan,
                                   size_t k, int threads, struct fed_error *err)
{
	struct trial *x = fed_alloc(sizeof *x);

	if (!x) {
		fed_fail_memory(err, sizeof *x, "a trial");
		return NULL;
	}
	x->session = s;
	x->plan = plan;
	if (fed__session_copy(&x->copy, s, plan->afresh, err))
		goto failed;
	x->copy.parts.settings.threads = threads;
	if (!plan->until)
		x->copy.parts.settings.eval_every = 0; /* the final model is evaluated anyway */
	else if (x->copy.parts.settings.eval_every == 0)
		x->copy.parts.settings.eval_every = 1;
	if (plan->make(plan->ctx, k, &x->copy, err))
		goto failed;
	return x;
failed:
	drop_trial(x);
	return NULL;
}

int fed__trials_check(const struct fed_session *s, const struct fed_trials_plan *plan, size_t k,
                      struct fed_error *err)
{
	struct trial *x = prepare_trial(s, plan, k, 1, err);

	drop_trial(x);
	return x ? FED_OK : FED_FAIL;
}

/* All of them ---------------------------------------------------------------------------- */

/* Make up to `most` remaining trials; returns how many. */
static size_t prepare_some(struct trial **x, struct fed_trials *t, const struct fed_session *s,
                           const struct fed_trials_plan *plan, size_t most, struct fed_error *err)
{
	const size_t left = t->n - t->played;
	const int threads = left == 1 ? fed_pool_threads(s->federation.pool) : 1;
	size_t n = 0;

	for (size_t k = 0; n < most && n < left && k < t->n; k++) {
		if (t->outcome[k].played)
			continue;
		x[n] = prepare_trial(s, plan, k, threads, err);
		if (!x[n])
			return n;
		t->outcome[k].scheme = x[n]->copy.parts.scheme->name;
		x[n++]->outcome = &t->outcome[k];
	}
	return n;
}

/* Play up to `most` remaining trials in parallel.  *alone: one of them exceeded its share of
 * memory, and must be played again by itself. */
static int play_some(struct fed_trials *t, struct fed_session *s,
                     const struct fed_trials_plan *plan, size_t most, bool *alone,
                     struct fed_error *err)
{
	struct trial **x = fed_alloc_array(most, sizeof *x);

	if (!x)
		return fed_fail_memory(err, most * sizeof *x, "the trials");
	const size_t n = prepare_some(x, t, s, plan, most, err);
	for (size_t i = 0; i < n; i++)
		x[i]->memory = (struct fed_memory_share){.sharers = (uint32_t)n};
	int rc = n == most ? fed_pool_each(s->federation.pool, n, play_trial, x, err) : FED_FAIL;
	for (size_t i = 0; i < n; i++) {
		t->played += rc == FED_OK && x[i]->outcome->played;
		*alone = *alone || x[i]->memory.refused;
		drop_trial(x[i]);
	}
	fed_free(x);
	return rc;
}

int fed__trials_play(struct fed_trials *t, struct fed_session *s,
                     const struct fed_trials_plan *plan, void (*progress)(void *progress_ctx),
                     void *progress_ctx, bool *interrupted, struct fed_error *err)
{
	const size_t threads = (size_t)fed_pool_threads(s->federation.pool);
	bool alone = false; /* true after the first trial that exceeded its share of memory */

	*interrupted = false;
	while (t->played < t->n) {
		const bool by_itself = alone;
		const size_t played = t->played, most = t->n - played < threads ? t->n - played : threads;

		*interrupted = atomic_load(&s->interrupts) > 0;
		if (*interrupted)
			return FED_OK;
		if (play_some(t, s, plan, by_itself ? 1 : most, &alone, err))
			return FED_FAIL;
		t->alone += by_itself ? t->played - played : 0;
		progress(progress_ctx);
	}
	return FED_OK;
}
