/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/pool.c - a thread pool: a priority queue of jobs, and parallel loops.
 *
 * One mutex guards all members that are not atomic.  Queued jobs are in a binary heap by (due,
 * seq); `place` is a job's index in it, so that any job can be removed.
 *
 * Waking a thread takes as long as a small job, and parallel loops often follow each other closely:
 * a thread that helped with one spins for a moment before it sleeps.
 */
#include "base/system/pool.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/system/thread.h"

#define SPIN_SECONDS 200e-6 /* of spinning, before a thread that helped sleeps */

enum state { IDLE, QUEUED, RUNNING, DONE };

/* A parallel loop; lives on the stack of the thread that runs it (the initiator). */
struct loop {
	void (*work)(void *ctx, size_t i, int worker);
	void *ctx;
	size_t n;
	atomic_size_t next; /* the lowest i that is not taken yet */
	atomic_int helpers; /* threads inside besides the initiator; written under the lock */
	bool awaited;       /* the initiator sleeps until the helpers are done */
	struct loop *next_loop;
};

struct worker {
	struct fed_pool *pool;
	pthread_t thread;
	int index;
};

struct fed_pool {
	pthread_mutex_t lock;
	pthread_cond_t work;   /* workers: there may be work */
	pthread_cond_t done;   /* owner: a job ended, or there may be work */
	pthread_cond_t helped; /* initiators: the last helper is done */
	struct fed_job **heap;
	size_t n, cap;
	size_t away; /* jobs that run elsewhere, and may be put back */
	struct loop *loops;
	atomic_int idle;       /* idle threads; written under the lock */
	atomic_uint changes;   /* counter of changes of jobs and loops; written under the lock */
	int running, finished; /* numbers of jobs; finished: not joined yet */
	int window, wider;     /* of the threads, and of what runs elsewhere */
	void (*wake_taker)(void *ctx); /* or NULL */
	void *taker;
	int asleep, woken; /* sleeping workers; those of them that were signalled */
	bool waiting;      /* the owner sleeps on `done` */
	bool quit;
	int threads, workers; /* the last of the threads is the owner, not a worker */
	struct worker worker[];
};

/* The heap --------------------------------------------------------------- */

static bool job_before(const struct fed_job *a, const struct fed_job *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void put_at(struct fed_pool *p, size_t place, struct fed_job *job)
{
	p->heap[place] = job;
	job->place = place;
}

/* Put `job` into the heap by sifting it up or down from the free index `place`. */
static void sift_job(struct fed_pool *p, size_t place, struct fed_job *job)
{
	while (place > 0 && job_before(job, p->heap[(place - 1) / 2])) {
		put_at(p, place, p->heap[(place - 1) / 2]);
		place = (place - 1) / 2;
	}
	for (size_t child; (child = 2 * place + 1) < p->n; place = child) {
		if (child + 1 < p->n && job_before(p->heap[child + 1], p->heap[child]))
			child++;
		if (!job_before(p->heap[child], job))
			break;
		put_at(p, place, p->heap[child]);
	}
	put_at(p, place, job);
}

static void remove_job(struct fed_pool *p, struct fed_job *job)
{
	struct fed_job *last = p->heap[--p->n];

	if (last != job)
		sift_job(p, job->place, last);
}

/* Threads ---------------------------------------------------------------- */

/* A loop with an index that is not taken yet, or NULL. */
static struct loop *find_loop(struct fed_pool *p)
{
	for (struct loop *s = p->loops; s; s = s->next_loop)
		if (atomic_load_explicit(&s->next, memory_order_relaxed) < s->n)
			return s;
	return NULL;
}

/* Whether a job may begin.  Running jobs count against the window like finished ones. */
static bool may_begin(const struct fed_pool *p)
{
	return p->n && p->running + p->finished < p->window + p->wider;
}

/* Dequeue the next job, or NULL. */
static struct fed_job *next_job(struct fed_pool *p)
{
	if (!may_begin(p))
		return NULL;
	struct fed_job *job = p->heap[0];
	remove_job(p, job);
	return job;
}

/* Tell the taker that the next job, if it is portable, may be taken. */
static void wake_taker(struct fed_pool *p)
{
	if (p->wake_taker && may_begin(p) && p->heap[0]->portable)
		p->wake_taker(p->taker);
}

/* Wake one sleeping worker.  Waking costs as much as a small job, so a window that was full is
 * first drained to one half. */
static void wake_worker(struct fed_pool *p)
{
	if (p->asleep == p->woken || p->n == 0 || p->running + p->finished > (p->window + p->wider) / 2)
		return;
	p->woken++;
	pthread_cond_signal(&p->work);
}

static void wake_all(struct fed_pool *p)
{
	p->woken = p->asleep;
	pthread_cond_broadcast(&p->work);
}

static void wake_owner(struct fed_pool *p)
{
	if (p->waiting)
		pthread_cond_signal(&p->done);
}

/* Spinning threads see the change and look for work. */
static void note_change(struct fed_pool *p)
{
	atomic_fetch_add_explicit(&p->changes, 1, memory_order_release);
}

/* Spin until a change or a timeout, with the lock released. */
static void spin_for_change(struct fed_pool *p)
{
	const unsigned seen = atomic_load(&p->changes);
	const double end = fed_wall_seconds() + SPIN_SECONDS;

	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; atomic_load_explicit(&p->changes, memory_order_acquire) == seen; i++) {
		fed_cpu_relax(i);
		if (i % 64 == 63 && fed_wall_seconds() > end)
			break;
	}
	pthread_mutex_lock(&p->lock);
}

static void sleep_until_done(struct fed_pool *p)
{
	p->waiting = true;
	pthread_cond_wait(&p->done, &p->lock);
	p->waiting = false;
}

static void run_parts(struct loop *s, int index)
{
	size_t i;

	while ((i = atomic_fetch_add(&s->next, 1)) < s->n)
		s->work(s->ctx, i, index);
}

/* Called with the lock, which is released while the loop runs.  Once the last helper has left, the
 * loop's memory is gone. */
static void help_loop(struct fed_pool *p, struct loop *s, int index)
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
	wake_owner(p);
}

static void sleep_until_woken(struct fed_pool *p)
{
	p->asleep++;
	while (p->woken == 0)
		pthread_cond_wait(&p->work, &p->lock);
	p->woken--;
	p->asleep--;
}

/* Wait until there may be work; spin: do not sleep, since this thread has just helped. */
static void wait_idle(struct fed_pool *p, bool spin, void (*sleep)(struct fed_pool *))
{
	atomic_fetch_add(&p->idle, 1);
	if (spin)
		spin_for_change(p);
	else
		sleep(p);
	atomic_fetch_sub(&p->idle, 1);
}

static void *run_worker(void *arg)
{
	struct worker *w = arg;
	struct fed_pool *p = w->pool;
	bool eager = false;

	pthread_mutex_lock(&p->lock);
	while (!p->quit) {
		struct loop *loop;
		struct fed_job *job;

		if ((loop = find_loop(p)) != NULL) {
			help_loop(p, loop, w->index);
			eager = true;
		} else if ((job = next_job(p)) != NULL) {
			run_job(p, job, w->index);
		} else {
			wait_idle(p, eager, sleep_until_woken);
			eager = false;
		}
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* The owner -------------------------------------------------------------- */

static void init_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP); /* spins: it is held briefly */
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
	init_lock(&p->lock);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->done, NULL);
	pthread_cond_init(&p->helped, NULL);
	p->window = window;
	p->threads = threads;
	for (int i = 0; i < threads - 1; i++) {
		p->worker[i] = (struct worker){.pool = p, .index = i};
		const int error = fed_thread_start(&p->worker[i].thread, run_worker, &p->worker[i]);
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
	wake_all(p);
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

/* Called with the lock. */
static int reserve_job(struct fed_pool *p, struct fed_error *err)
{
	if (p->n + p->away < p->cap)
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
	const int rc = reserve_job(p, err);
	if (rc == FED_OK) {
		job->state = QUEUED;
		p->n++;
		sift_job(p, p->n - 1, job);
		note_change(p);
		wake_worker(p);
		wake_taker(p);
	}
	pthread_mutex_unlock(&p->lock);
	return rc;
}

/* Called with the lock: return a finished job to the owner. */
static void release_job(struct fed_pool *p, struct fed_job *job)
{
	job->state = IDLE;
	p->finished--;
	wake_worker(p); /* the window has a free place */
	wake_taker(p);
}

void fed_pool_join(struct fed_pool *p, struct fed_job *job)
{
	const int owner = p->threads - 1;
	bool eager = false;

	pthread_mutex_lock(&p->lock);
	while (job->state == QUEUED || job->state == RUNNING) { /* one that runs may be put back */
		struct fed_job *other = job->state == QUEUED ? job : next_job(p);
		struct loop *loop = other ? NULL : find_loop(p);

		if (other == job) {
			remove_job(p, job);
			run_job(p, job, owner);
		} else if (other) {
			run_job(p, other, owner);
		} else if (loop) {
			help_loop(p, loop, owner);
			eager = true;
		} else {
			wait_idle(p, eager, sleep_until_done);
			eager = false;
		}
	}
	if (job->state == DONE)
		release_job(p, job);
	pthread_mutex_unlock(&p->lock);
}

void fed_pool_cancel(struct fed_pool *p, struct fed_job *job)
{
	pthread_mutex_lock(&p->lock);
	while (job->state == RUNNING)
		sleep_until_done(p);
	if (job->state == QUEUED) {
		remove_job(p, job);
		job->state = IDLE;
	}
	if (job->state == DONE)
		release_job(p, job);
	pthread_mutex_unlock(&p->lock);
}

/* Jobs that run elsewhere --------------------------------------------------- */

void fed_pool_set_taker(struct fed_pool *p, void (*wake)(void *ctx), void *ctx)
{
	pthread_mutex_lock(&p->lock);
	p->wake_taker = wake;
	p->taker = ctx;
	pthread_mutex_unlock(&p->lock);
}

void fed_pool_widen(struct fed_pool *p, int more)
{
	pthread_mutex_lock(&p->lock);
	p->wider = more;
	pthread_mutex_unlock(&p->lock);
}

size_t fed_pool_queued(struct fed_pool *p)
{
	pthread_mutex_lock(&p->lock);
	const size_t n = p->n;
	pthread_mutex_unlock(&p->lock);
	return n;
}

bool fed_pool_has_idle(struct fed_pool *p)
{
	return atomic_load_explicit(&p->idle, memory_order_relaxed) > 0;
}

/* The first portable job that is preferred, or the next one. */
static struct fed_job *preferred(const struct fed_pool *p,
                                 bool (*prefers)(void *ctx, const struct fed_job *), void *ctx)
{
	struct fed_job *best = NULL;

	for (size_t i = 0; prefers && i < p->n; i++) {
		struct fed_job *job = p->heap[i];

		if (job->portable && (!best || job_before(job, best)) && prefers(ctx, job))
			best = job;
	}
	return best ? best : p->heap[0];
}

struct fed_job *fed_pool_take(struct fed_pool *p,
                              bool (*prefers)(void *ctx, const struct fed_job *), void *ctx)
{
	struct fed_job *job = NULL;

	pthread_mutex_lock(&p->lock);
	if (may_begin(p) && p->heap[0]->portable) {
		job = preferred(p, prefers, ctx);
		remove_job(p, job);
		job->state = RUNNING;
		p->running++;
		p->away++;
	}
	pthread_mutex_unlock(&p->lock);
	return job;
}

void fed_pool_return(struct fed_pool *p, struct fed_job *job)
{
	pthread_mutex_lock(&p->lock);
	p->running--;
	p->away--;
	p->finished++;
	job->state = DONE;
	note_change(p);
	wake_owner(p);
	pthread_mutex_unlock(&p->lock);
}

void fed_pool_put_back(struct fed_pool *p, struct fed_job *job)
{
	pthread_mutex_lock(&p->lock);
	p->running--;
	p->away--;
	job->portable = 0;
	job->state = QUEUED;
	p->n++;
	sift_job(p, p->n - 1, job);
	note_change(p);
	wake_worker(p);
	wake_owner(p);
	pthread_mutex_unlock(&p->lock);
}

/* Parallel loops ---------------------------------------------------------- */

/* Called with the lock. */
static void publish_loop(struct fed_pool *p, struct loop *s)
{
	s->next_loop = p->loops;
	p->loops = s;
	note_change(p);
	for (size_t i = 1; i < s->n && p->asleep > p->woken; i++) {
		p->woken++;
		pthread_cond_signal(&p->work);
	}
	wake_owner(p);
}

/* Called with the lock; returns when no helper is inside. */
static void retire_loop(struct fed_pool *p, struct loop *s)
{
	struct loop **at = &p->loops;

	while (*at != s)
		at = &(*at)->next_loop;
	*at = s->next_loop;
	if (atomic_load(&s->helpers) == 0)
		return;
	pthread_mutex_unlock(&p->lock);
	const double end = fed_wall_seconds() + SPIN_SECONDS;
	for (unsigned i = 0; atomic_load(&s->helpers) && (i % 64 || fed_wall_seconds() < end); i++)
		fed_cpu_relax(i);
	pthread_mutex_lock(&p->lock);
	s->awaited = true;
	while (atomic_load(&s->helpers) > 0)
		pthread_cond_wait(&p->helped, &p->lock);
}

static void run_loop(struct fed_pool *p, int index, size_t n,
                     void (*part)(void *ctx, size_t i, int worker), void *ctx)
{
	struct loop s = {.work = part, .ctx = ctx, .n = n};

	pthread_mutex_lock(&p->lock);
	publish_loop(p, &s);
	pthread_mutex_unlock(&p->lock);
	run_parts(&s, index);
	pthread_mutex_lock(&p->lock);
	retire_loop(p, &s);
	pthread_mutex_unlock(&p->lock);
}

void fed_pool_share(struct fed_pool *p, int worker, size_t n,
                    void (*part)(void *ctx, size_t i, int worker), void *ctx)
{
	if (p && n > 1 && atomic_load_explicit(&p->idle, memory_order_relaxed) > 0) {
		run_loop(p, worker, n, part, ctx);
		return;
	}
	for (size_t i = 0; i < n; i++)
		part(ctx, i, worker);
}

int fed_pool_each(struct fed_pool *p, size_t n, void (*each)(void *ctx, size_t i, int worker),
                  void *ctx, struct fed_error *err)
{
	(void)err; /* cannot fail; the signature leaves room for it */
	if (p && n > 1) {
		run_loop(p, p->threads - 1, n, each, ctx);
		return FED_OK;
	}
	for (size_t i = 0; i < n; i++)
		each(ctx, i, p ? p->threads - 1 : 0);
	return FED_OK;
}
