/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * experiments/trials.c - parallel execution of trials by threads of their own.
 */
#include "experiments/trials.h"

#include <pthread.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/system/thread.h"
#include "session/internal.h"

int fed__trials_init(struct fed_trials *t, size_t n, const struct fed_session *s,
                     struct fed_error *err)
{
	*t = (struct fed_trials){.n = n};
	if (fed_session_check_copies(s, err))
		return FED_FAIL;
	t->outcome = fed_alloc_array(n, sizeof *t->outcome);
	if (!t->outcome)
		return fed_fail_memory(err, n * sizeof *t->outcome, "the outcomes");
	for (size_t k = 0; k < n; k++) {
		t->outcome[k] = (struct fed_outcome){0};
		fed_history_total(&(struct fed_history){0}, &t->outcome[k].total);
	}
	t->start = fed__session_hash(s);
	return FED_OK;
}

void fed__trials_release(struct fed_trials *t)
{
	fed_free(t->outcome);
	*t = (struct fed_trials){0};
}

bool fed__trials_fit(const struct fed_trials *t, const struct fed_session *s)
{
	return t->outcome && t->start == fed__session_hash(s);
}

int fed_trials_check_outcomes(const struct fed_trials *t, const char *rows, struct fed_error *err)
{
	for (size_t k = 0; k < t->n; k++)
		if (!t->outcome[k].played || !*t->outcome[k].why)
			return FED_OK;
	if (t->n == 0)
		return FED_OK;
	if (t->n == 1)
		return fed_fail(err, "it failed because: %s", t->outcome[0].why);
	return fed_fail(err, "all of the %zu %s failed, the first because: %s", t->n, rows,
	                t->outcome[0].why);
}

/* One trial ------------------------------------------------------------------------------ */

struct trial {
	struct fed_session copy;
	const struct fed_session *session;
	const struct fed_trials_plan *plan;
	struct fed_trials *trials;
	struct fed_outcome *outcome;
	size_t k;
	struct fed_memory_share memory;
	struct trial *next; /* of those that were played */
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

	return fed_federation_measure(f, f->params, &x->outcome->total, err);
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
		atomic_fetch_add(&x->trials->rounds, result.versions);
	}
	fed_history_total(&x->copy.history, &o->total);
	o->clients = x->copy.parts.clients.n_present;
	return rc ? rc : evaluate_trial(x, err);
}

static void play_trial(struct trial *x)
{
	struct fed_error err = {""};
	bool dropped = false;

	const double began = fed_wall_seconds();
	const int rc = play_rounds(x, &dropped, &err);
	x->outcome->seconds = fed_wall_seconds() - began;
	const bool again = rc && x->memory.refused;
	if (rc && !again)
		snprintf(x->outcome->why, sizeof x->outcome->why, "%s", err.text);
	x->outcome->played = !dropped && !again;
	if (!x->outcome->played) {
		atomic_fetch_sub(&x->trials->rounds, x->outcome->rounds);
		x->outcome->rounds = 0;
	}
}

static void drop_trial(struct trial *x)
{
	if (!x)
		return;
	fed__session_drop(&x->copy);
	if (x->plan->dropped)
		x->plan->dropped(x->plan->ctx, x->k);
	fed_free(x);
}

/* Make trial k.  *unfit: it is the plan that cannot make it. */
static struct trial *prepare_trial(const struct fed_session *s, const struct fed_trials_plan *plan,
                                   size_t k, bool *unfit, struct fed_error *err)
{
	struct trial *x = fed_alloc(sizeof *x);

	if (!x) {
		fed_fail_memory(err, sizeof *x, "a trial");
		return NULL;
	}
	*unfit = false;
	x->session = s;
	x->plan = plan;
	x->k = k;
	if (fed__session_copy(&x->copy, s, plan->afresh, err))
		goto failed;
	x->copy.parts.settings.threads = 1;
	if (!plan->until && !plan->by_round)
		x->copy.parts.settings.eval_every = 0; /* the final model is evaluated anyway */
	else if (plan->until && x->copy.parts.settings.eval_every == 0)
		x->copy.parts.settings.eval_every = 1;
	*unfit = plan->make(plan->ctx, k, &x->copy, err) != FED_OK;
	if (*unfit)
		goto failed;
	return x;
failed:
	drop_trial(x);
	return NULL;
}

int fed__trials_check(const struct fed_session *s, const struct fed_trials_plan *plan, size_t k,
                      struct fed_error *err)
{
	bool unfit = false;
	struct trial *x = prepare_trial(s, plan, k, &unfit, err);

	drop_trial(x);
	return x ? FED_OK : FED_FAIL;
}

/* All of them ---------------------------------------------------------------------------- */

#define PLAYERS_MAX 256
#define LOOK_EVERY 0.05 /* seconds between two calls of progress, while nothing ends */

/* Threads that play trials, which their owner makes and drops.  One more trial than there are
 * threads is ready, so that none waits for its making. */
struct players {
	pthread_mutex_t lock; /* of: */
	pthread_cond_t begin, end;
	struct trial *ready;  /* to be played next, or NULL */
	struct trial *played; /* list of those that the owner has to take */
	bool closed;
	/* The owner's alone: */
	struct fed_trials *trials;
	struct fed_session *session;
	const struct fed_trials_plan *plan;
	pthread_t thread[PLAYERS_MAX];
	size_t threads;
	size_t next;    /* trial to be made next */
	size_t at_work; /* made, and not taken yet */
	bool alone;     /* those that exceeded their share of memory, one at a time */
	bool stopped;   /* no more are made */
};

static void *run_player(void *arg)
{
	struct players *p = arg;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		while (!p->ready && !p->closed)
			pthread_cond_wait(&p->begin, &p->lock);
		struct trial *x = p->ready;
		if (!x)
			break;
		p->ready = NULL;
		pthread_cond_signal(&p->end); /* the next one can be made */
		pthread_mutex_unlock(&p->lock);
		play_trial(x);
		pthread_mutex_lock(&p->lock);
		x->next = p->played;
		p->played = x;
		pthread_cond_signal(&p->end);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* The next trial that is to be played, or n. */
static size_t find_next(const struct players *p)
{
	const struct fed_trials *t = p->trials;
	size_t k = p->next;

	while (k < t->n && (t->outcome[k].played || t->outcome[k].alone != p->alone))
		k++;
	return k;
}

/* A trial that cannot be made has failed; an interrupt while its data were loaded is none of it. */
static int keep_unfit(struct players *p, size_t k, struct fed_error *err)
{
	struct fed_outcome *o = &p->trials->outcome[k];

	if (atomic_load(&p->session->interrupts))
		return FED_OK;
	snprintf(o->why, sizeof o->why, "%s", err->text);
	if (p->plan->keep(p->plan->ctx, k, NULL, o, err))
		return FED_FAIL;
	o->played = true;
	p->trials->played++;
	return FED_OK;
}

/* Make the next trial, unless one is ready or none is left. */
static int make_ready(struct players *p, struct fed_error *err)
{
	struct fed_trials *t = p->trials;
	const size_t k = find_next(p);

	pthread_mutex_lock(&p->lock);
	const bool room = !p->ready;
	pthread_mutex_unlock(&p->lock);
	if (p->stopped || k == t->n || !room || p->at_work > p->threads)
		return FED_OK;
	bool unfit = false;
	struct trial *x = prepare_trial(p->session, p->plan, k, &unfit, err);
	p->next = k + 1;
	if (!x)
		return unfit && p->plan->keep ? keep_unfit(p, k, err) : FED_FAIL;
	x->trials = t;
	x->outcome = &t->outcome[k];
	x->outcome->scheme = x->copy.parts.scheme->name;
	x->memory.sharers = (uint32_t)p->threads;
	if (p->at_work == 0 && find_next(p) == t->n) /* the last one, and nothing else runs */
		x->copy.parts.settings.threads = fed_pool_threads(p->session->federation.pool);
	p->at_work++;
	pthread_mutex_lock(&p->lock);
	p->ready = x;
	pthread_cond_signal(&p->begin);
	pthread_mutex_unlock(&p->lock);
	return FED_OK;
}

/* Take a trial that was played: count it, hand its run over, and drop it. */
static int take_played(struct players *p, struct trial *x, struct fed_error *err)
{
	struct fed_outcome *o = x->outcome;
	int rc = FED_OK;

	p->at_work--;
	o->alone |= x->memory.refused;
	if (o->played && p->plan->keep)
		rc = p->plan->keep(p->plan->ctx, x->k, &x->copy, o, err);
	if (rc)
		o->played = false;
	p->trials->played += o->played;
	p->trials->alone += o->played && p->alone;
	drop_trial(x);
	return rc;
}

/* Wait a moment for trials to end, or for room for one more; the list of those that were played. */
static struct trial *wait_played(struct players *p)
{
	const double until = fed_wall_seconds() + LOOK_EVERY;

	pthread_mutex_lock(&p->lock);
	if (!p->played && (p->ready || p->stopped || find_next(p) == p->trials->n))
		fed_condition_wait(&p->end, &p->lock, until);
	struct trial *x = p->played;
	p->played = NULL;
	pthread_mutex_unlock(&p->lock);
	return x;
}

static int start_players(struct players *p, struct fed_error *err)
{
	const size_t threads = (size_t)fed_pool_threads(p->session->federation.pool);
	const size_t left = p->trials->n - p->trials->played;
	const size_t wanted = p->alone || left == 1 ? 1 : threads < left ? threads : left;

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->begin, NULL);
	fed_condition_init(&p->end);
	while (p->threads < wanted && p->threads < PLAYERS_MAX) {
		const int error = fed_thread_start(&p->thread[p->threads], run_player, p);

		if (error && p->threads == 0)
			return fed_fail(err, "no thread for the trials: %s", strerror(error));
		if (error)
			break;
		p->threads++;
	}
	return FED_OK;
}

static void end_players(struct players *p)
{
	pthread_mutex_lock(&p->lock);
	p->closed = true;
	struct trial *unplayed = p->ready;
	p->ready = NULL;
	pthread_cond_broadcast(&p->begin);
	pthread_mutex_unlock(&p->lock);
	for (size_t i = 0; i < p->threads; i++)
		pthread_join(p->thread[i], NULL);
	drop_trial(unplayed);
	pthread_cond_destroy(&p->begin);
	pthread_cond_destroy(&p->end);
	pthread_mutex_destroy(&p->lock);
}

/* Take back a trial that no thread has begun. */
static void take_back(struct players *p)
{
	pthread_mutex_lock(&p->lock);
	struct trial *x = p->ready;
	p->ready = NULL;
	pthread_mutex_unlock(&p->lock);
	p->at_work -= x != NULL;
	drop_trial(x);
}

struct progress_call {
	void (*progress)(void *ctx);
	void *ctx;
};

/* Play what is left, or of it those that must be alone. */
static int play_these(struct fed_trials *t, struct fed_session *s,
                      const struct fed_trials_plan *plan, bool alone, struct progress_call call,
                      struct fed_error *err)
{
	struct players p = {.trials = t, .session = s, .plan = plan, .alone = alone};
	int rc = start_players(&p, err);

	p.stopped = rc || atomic_load(&s->interrupts) > 0;
	while (!(p.stopped && p.at_work == 0)) {
		if (rc == FED_OK)
			rc = make_ready(&p, err);
		for (struct trial *x = wait_played(&p), *next; x; x = next) {
			struct fed_error more = {""};

			next = x->next;
			if (take_played(&p, x, rc ? &more : err) && rc == FED_OK)
				rc = FED_FAIL;
		}
		call.progress(call.ctx);
		p.stopped = rc || atomic_load(&s->interrupts) > 0 || find_next(&p) == t->n;
		if (rc || (atomic_load(&s->interrupts) > 0 && p.at_work > 1))
			take_back(&p);
	}
	end_players(&p);
	return rc;
}

static bool any_alone(const struct fed_trials *t)
{
	for (size_t k = 0; k < t->n; k++)
		if (t->outcome[k].alone && !t->outcome[k].played)
			return true;
	return false;
}

int fed__trials_play(struct fed_trials *t, struct fed_session *s,
                     const struct fed_trials_plan *plan, void (*progress)(void *progress_ctx),
                     void *progress_ctx, bool *interrupted, struct fed_error *err)
{
	const struct progress_call call = {progress, progress_ctx};

	t->each = plan->until ? 0 : plan->rounds;
	int rc = t->played < t->n ? play_these(t, s, plan, false, call, err) : FED_OK;

	if (rc == FED_OK && any_alone(t))
		rc = play_these(t, s, plan, true, call, err);
	*interrupted = rc == FED_OK && t->played < t->n;
	return rc;
}
