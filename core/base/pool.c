/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Threads that run jobs.
 *
 * One mutex guards everything but the index of fed_pool_each.  Jobs that wait stand in a heap by
 * (due, seq); `place` is a job's index there, so that any of them can be taken out.
 */
#include "base/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"
#include "base/thread.h"

enum state { IDLE, QUEUED, RUNNING, DONE };

/* One fed_pool_each. */
struct each {
	void (*work)(void *ctx, size_t i, int worker);
	void *ctx;
	size_t n;           /* 0: none */
	atomic_size_t next; /* the i that nobody has taken yet */
	int busy;           /* workers in it */
};

struct worker {
	struct fed_pool *pool;
	pthread_t thread;
	int index;
};

struct fed_pool {
	pthread_mutex_t lock;
	pthread_cond_t work; /* workers: there may be something to do */
	pthread_cond_t done; /* owner: something ended */
	struct fed_job **heap;
	size_t n, cap;
	struct each each;
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

static bool each_open(struct fed_pool *p)
{
	return atomic_load(&p->each.next) < p->each.n;
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

static void await_end(struct fed_pool *p)
{
	p->waiting = true;
	pthread_cond_wait(&p->done, &p->lock);
	p->waiting = false;
}

/* With the lock; gives it up while the work runs. */
static void run_each(struct fed_pool *p, int index)
{
	struct each *each = &p->each;
	size_t i;

	each->busy++;
	pthread_mutex_unlock(&p->lock);
	while ((i = atomic_fetch_add(&each->next, 1)) < each->n)
		each->work(each->ctx, i, index);
	pthread_mutex_lock(&p->lock);
	if (--each->busy == 0)
		tell_owner(p);
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

static void *work(void *arg)
{
	struct worker *w = arg;
	struct fed_pool *p = w->pool;

	pthread_mutex_lock(&p->lock);
	while (!p->quit) {
		struct fed_job *job;

		if (each_open(p))
			run_each(p, w->index);
		else if ((job = next_job(p)) != NULL)
			run_job(p, job, w->index);
		else
			sleep_until_called(p);
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
	call_all(p);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->workers; i++)
		pthread_join(p->worker[i].thread, NULL);
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

	pthread_mutex_lock(&p->lock);
	if (job->state == QUEUED) {
		take_out(p, job);
		run_job(p, job, owner);
	}
	while (job->state == RUNNING) {
		struct fed_job *other = next_job(p);

		if (other)
			run_job(p, other, owner);
		else
			await_end(p);
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

int fed_pool_each(struct fed_pool *p, size_t n, void (*each_work)(void *ctx, size_t i, int worker),
                  void *ctx, struct fed_error *err)
{
	(void)err; /* nothing here can fail today */
	if (!p) {
		for (size_t i = 0; i < n; i++)
			each_work(ctx, i, 0);
		return FED_OK;
	}
	pthread_mutex_lock(&p->lock);
	p->each.work = each_work;
	p->each.ctx = ctx;
	atomic_store(&p->each.next, 0);
	p->each.n = n;
	if (n > 1 && p->asleep > p->woken)
		call_all(p);
	run_each(p, p->threads - 1);
	while (p->each.busy > 0)
		await_end(p);
	p->each.n = 0;
	pthread_mutex_unlock(&p->lock);
	return FED_OK;
}
