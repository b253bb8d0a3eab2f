/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads that run jobs.
 *
 * One mutex guards everything but what is atomic.  Jobs that wait stand in a heap by (due, seq);
 * `place` is a job's index there, so that any of them can be taken out.
 *
 * To wake a thread takes as long as a small job: one that helped with shared work, of which there
 * is often more in a moment, watches for it before it sleeps.
 */
#include "base/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/thread.h"

#define WATCH_SECONDS 200e-6 /* before a thread that helped sleeps */

enum state { IDLE, QUEUED, RUNNING, DONE };

/* Work that is spread over threads; lives on the stack of the one that shares it. */
struct share {
	void (*work)(void *ctx, size_t i, int worker);
	void *ctx;
	size_t n;
	atomic_size_t next; /* the i that nobody has taken yet */
	atomic_int helpers; /* that are in it; changes with the lock */
	bool awaited;       /* the one that shares sleeps until they are done */
	struct share *next_open;
};

struct worker {
	struct fed_pool *pool;
	pthread_t thread;
	int index;
};

struct fed_pool {
	pthread_mutex_t lock;
	pthread_cond_t work;   /* workers: there may be something to do */
	pthread_cond_t done;   /* owner: something ended, or there may be something to do */
	pthread_cond_t helped; /* who shares: the last helper is done */
	struct fed_job **heap;
	size_t n, cap;
	struct share *open;
	atomic_int idle;       /* threads that would help; changes with the lock */
	atomic_uint changes;   /* of jobs and shares; changes with the lock */
	int running, finished; /* jobs; finished ones are not joined yet */
	int window;
	int asleep, woken; /* workers that wait for work; those of them that were called */
	bool waiting;      /* the owner, for `done` */
	bool quit;
	int threads, workers; /* the last of the threads is the owner: it is no worker */
	struct worker worker[];
};

/* The heap --------------------------------------------------------------- */

static bool before(const struct fed_job *a, const struct fed_job *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void put_at(struct fed_pool *p, size_t place, struct fed_job *job)
{
	p->heap[place] = job;
	job->place = place;
}

/* Where `job` belongs when `place` is free: up or down from there. */
static void settle(struct fed_pool *p, size_t place, struct fed_job *job)
{
	while (place > 0 && before(job, p->heap[(place - 1) / 2])) {
		put_at(p, place, p->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (size_t child; (child = 2 * place + 1) < p->n; place = child) {
		if (child + 1 < p->n && before(p->heap[child + 1], p->heap[child]))
			child++;
		if (!before(p->heap[child], job))
			break;
		put_at(p, place, p->heap[child]);
	}
	put_at(p, place, job);
}

static void take_out(struct fed_pool *p, struct fed_job *job)
{
	struct fed_job *last = p->heap[--p->n];

	if (last != job)
		settle(p, job->place, last);
}

/* Threads ---------------------------------------------------------------- */

/* Shared work of which a part is not taken yet, or NULL. */
static struct share *open_share(struct fed_pool *p)
{
	for (struct share *s = p->open; s; s = s->next_open)
		if (atomic_load_explicit(&s->next, memory_order_relaxed) < s->n)
			return s;
	return NULL;
}

/* The job to run now, or NULL.  Running jobs count as finished: soon they are. */
static struct fed_job *next_job(struct fed_pool *p)
{
	if (p->n == 0 || p->running + p->finished >= p->window)
		return NULL;
	struct fed_job *job = p->heap[0];
	take_out(p, job);
	return job;
}

/* Call one worker that sleeps.  To wake a thread costs as much as a small job, so a window that was
 * full is left to run half empty first. */
static void call_worker(struct fed_pool *p)
{
	if (p->asleep == p->woken || p->n == 0 || p->running + p->finished > p->window / 2)
		return;
	p->woken++;
	pthread_cond_signal(&p->work);
}

static void call_all(struct fed_pool *p)
{
	p->woken = p->asleep;
	pthread_cond_broadcast(&p->work);
}

static void tell_owner(struct fed_pool *p)
{
	if (p->waiting)
		pthread_cond_signal(&p->done);
}

/* Those who watch will look what there is to do. */
static void note_change(struct fed_pool *p)
{
	atomic_fetch_add_explicit(&p->changes, 1, memory_order_release);
}

/* Without sleeping, until there was a change, or for some time.  Gives up the lock meanwhile. */
static void watch(struct fed_pool *p)
{
	const unsigned seen = atomic_load(&p->changes);
	const double end = fed_wall_seconds() + WATCH_SECONDS;

	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; atomic_load_explicit(&p->changes, memory_order_acquire) == seen; i++) {
		fed_cpu_relax(i);
		if (i % 64 == 63 && fed_wall_seconds() > end)
			break;
	}
	pthread_mutex_lock(&p->lock);
}

static void await_end(struct fed_pool *p)
{
	p->waiting = true;
	pthread_cond_wait(&p->done, &p->lock);
	p->waiting = false;
}

static void run_parts(struct share *s, int index)
{
	size_t i;

	while ((i = atomic_fetch_add(&s->next, 1)) < s->n)
		s->work(s->ctx, i, index);
}

/* With the lock; gives it up while the work runs.  The share is gone once its last helper is. */
static void help(struct fed_pool *p, struct share *s, int index)
{
	atomic_fetch_add(&s->helpers, 1);
	pthread_mutex_unlock(&p->lock);
	run_parts(s, index);
	pthread_mutex_lock(&p->lock);
	const bool awaited = s->awaited;
	if (atomic_fetch_sub(&s->helpers, 1) == 1 && awaited)
		pthread_cond_broadcast(&p->helped);
}

static void run_job(struct fed_pool *p, struct fed_job *job, int index)
{
	job->state = RUNNING;
	p->running++;
	pthread_mutex_unlock(&p->lock);
	job->run(job, index);
	pthread_mutex_lock(&p->lock);
	p->running--;
	p->finished++;
	job->state = DONE;
	note_change(p);
	tell_owner(p);
}

static void sleep_until_called(struct fed_pool *p)
{
	p->asleep++;
	while (p->woken == 0)
		pthread_cond_wait(&p->work, &p->lock);
	p->woken--;
	p->asleep--;
}

/* Until there may be something to do.  eager: has just helped. */
static void be_idle(struct fed_pool *p, bool eager, void (*sleep)(struct fed_pool *))
{
	atomic_fetch_add(&p->idle, 1);
	if (eager)
		watch(p);
	else
		sleep(p);
	atomic_fetch_sub(&p->idle, 1);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct fed_pool *p = w->pool;
	bool eager = false;

	pthread_mutex_lock(&p->lock);
	while (!p->quit) {
		struct share *share;
		struct fed_job *job;

		if ((share = open_share(p)) != NULL) {
			help(p, share, w->index);
			eager = true;
		} else if ((job = next_job(p)) != NULL) {
			run_job(p, job, w->index);
		} else {
			be_idle(p, eager, sleep_until_called);
			eager = false;
		}
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* The owner -------------------------------------------------------------- */

static void make_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP); /* spins: it is held for moments */
	pthread_mutex_init(lock, &kind);
	pthread_mutexattr_destroy(&kind);
}

int fed_pool_init(struct fed_pool **out, int threads, int window, struct fed_error *err)
{
	if (threads < 1 || window < 1)
		return fed_fail(err, "%d threads with a window of %d: both must be at least 1", threads,
		                window);
	const size_t bytes = sizeof(struct fed_pool) + (size_t)threads * sizeof(struct worker);
	struct fed_pool *p = fed_alloc(bytes);
	if (!p)
		return fed_fail_memory(err, bytes, "the threads");
	make_lock(&p->lock);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	pthread_cond_init(&p->helped, NULL);
	p->window = window;
	p->threads = threads;
	for (int i = 0; i < threads - 1; i++) {
		p->worker[i] = (struct worker){.pool = p, .index = i};
		const int error = fed_thread_start(&p->worker[i].thread, work, &p->worker[i]);
		if (error != 0) {
			fed_pool_free(p);
			return fed_fail(err, "thread %d of %d cannot be started: %s; use fewer threads", i + 2,
			                threads, strerror(error));
		}
		p->workers++;
	}
	*out = p;
	return FED_OK;
}

void fed_pool_free(struct fed_pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	note_change(p);
	call_all(p);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->workers; i++)
		pthread_join(p->worker[i].thread, NULL);
	pthread_cond_destroy(&p->helped);
	pthread_cond_destroy(&p->done);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	fed_free(p->heap);
	fed_free(p);
}

int fed_pool_threads(const struct fed_pool *p)
{
	return p ? p->threads : 1;
}

/* With the lock. */
static int grow(struct fed_pool *p, struct fed_error *err)
{
	if (p->n < p->cap)
		return FED_OK;
	const size_t cap = p->cap ? 2 * p->cap : 64, unit = sizeof(struct fed_job *);
	struct fed_job **heap = fed_resize(p->heap, p->cap * unit, cap * unit);
	if (!heap)
		return fed_fail_memory(err, cap * unit, "the jobs");
	p->heap = heap;
	p->cap = cap;
	return FED_OK;
}

int fed_pool_submit(struct fed_pool *p, struct fed_job *job, struct fed_error *err)
{
	pthread_mutex_lock(&p->lock);
	const int rc = grow(p, err);
	if (rc == FED_OK) {
		job->state = QUEUED;
		p->n++;
		settle(p, p->n - 1, job);
		note_change(p);
		call_worker(p);
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* With the lock: the job is done and no longer the pool's. */
static void let_go(struct fed_pool *p, struct fed_job *job)
{
	job->state = IDLE;
	p->finished--;
	call_worker(p); /* the window has room again */
}

void fed_pool_join(struct fed_pool *p, struct fed_job *job)
{
	const int owner = p->threads - 1;
	bool eager = false;

	pthread_mutex_lock(&p->lock);
	if (job->state == QUEUED) {
		take_out(p, job);
		run_job(p, job, owner);
	}
	while (job->state == RUNNING) {
		struct fed_job *other = next_job(p);
		struct share *share = other ? NULL : open_share(p);

		if (other) {
			run_job(p, other, owner);
		} else if (share) {
			help(p, share, owner);
			eager = true;
		} else {
			be_idle(p, eager, await_end);
			eager = false;
		}
	}
	if (job->state == DONE)
		let_go(p, job);
	pthread_mutex_unlock(&p->lock);
}

void fed_pool_cancel(struct fed_pool *p, struct fed_job *job)
{
	pthread_mutex_lock(&p->lock);
	if (job->state == QUEUED) {
		take_out(p, job);
		job->state = IDLE;
	}
	while (job->state == RUNNING)
		await_end(p);
	if (job->state == DONE)
		let_go(p, job);
	pthread_mutex_unlock(&p->lock);
}

/* Shared work ------------------------------------------------------------ */

/* With the lock. */
static void open_to_helpers(struct fed_pool *p, struct share *s)
{
	s->next_open = p->open;
	p->open = s;
	note_change(p);
	for (size_t i = 1; i < s->n && p->asleep > p->woken; i++) {
		p->woken++;
		pthread_cond_signal(&p->work);
	}
	tell_owner(p);
}

/* With the lock; until nobody is in it. */
static void close_to_helpers(struct fed_pool *p, struct share *s)
{
	struct share **at = &p->open;

	while (*at != s)
		at = &(*at)->next_open;
	*at = s->next_open;
	if (atomic_load(&s->helpers) == 0)
		return;
	pthread_mutex_unlock(&p->lock);
	const double end = fed_wall_seconds() + WATCH_SECONDS;
	for (unsigned i = 0; atomic_load(&s->helpers) && (i % 64 || fed_wall_seconds() < end); i++)
		fed_cpu_relax(i);
	pthread_mutex_lock(&p->lock);
	s->awaited = true;
	while (atomic_load(&s->helpers) > 0)
		pthread_cond_wait(&p->helped, &p->lock);
}

static void share_out(struct fed_pool *p, int index, size_t n,
                      void (*part)(void *ctx, size_t i, int worker), void *ctx)
{
	struct share s = {.work = part, .ctx = ctx, .n = n};

	pthread_mutex_lock(&p->lock);
	open_to_helpers(p, &s);
	pthread_mutex_unlock(&p->lock);
	run_parts(&s, index);
	pthread_mutex_lock(&p->lock);
	close_to_helpers(p, &s);
	pthread_mutex_unlock(&p->lock);
}

void fed_pool_share(struct fed_pool *p, int worker, size_t n,
                    void (*part)(void *ctx, size_t i, int worker), void *ctx)
{
	if (p && n > 1 && atomic_load_explicit(&p->idle, memory_order_relaxed) > 0) {
		share_out(p, worker, n, part, ctx);
		return;
	}
	for (size_t i = 0; i < n; i++)
		part(ctx, i, worker);
}

int fed_pool_each(struct fed_pool *p, size_t n, void (*each)(void *ctx, size_t i, int worker),
                  void *ctx, struct fed_error *err)
{
	(void)err; /* nothing here can fail today */
	if (p && n > 1) {
		share_out(p, p->threads - 1, n, each, ctx);
		return FED_OK;
	}
	for (size_t i = 0; i < n; i++)
		each(ctx, i, p ? p->threads - 1 : 0);
	return FED_OK;
}
