/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/system/pool.h - a thread pool that runs jobs in the order of virtual time.
 *
 * Jobs start in the order (due, seq); at most `window` finished jobs may wait to be joined, which
 * bounds the memory of results.  All functions are called by one thread, the owner, which works as
 * one of the pool's threads while it waits: joining a job that has not started runs it in the
 * owner, regardless of the window (so no wait can deadlock), and while a job runs elsewhere the
 * owner runs the next ones.
 *
 * A job may spread a loop over idle threads (fed_pool_share); it calls no other function of the
 * pool.
 *
 * Jobs that are `portable` may be taken out of the queue by another thread, which has them run
 * elsewhere (on a rank of a cluster) and returns them when they are done.
 */
#ifndef FED_BASE_SYSTEM_POOL_H
#define FED_BASE_SYSTEM_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_pool;

struct fed_job {
	/* Set by the caller before fed_pool_submit.  worker is in [0, threads). */
	void (*run)(struct fed_job *, int worker);
	double due;   /* virtual time at which the owner needs the result */
	uint64_t seq; /* breaks ties */
	int portable; /* fed_pool_take() may take it; its taker knows what it is by this number
	               */
	/* Private to the pool. */
	int state;
	size_t place;
};

/* threads >= 1, the owner included; window >= 1. */
int fed_pool_init(struct fed_pool **, int threads, int window, struct fed_error *);
void fed_pool_free(struct fed_pool *); /* after all jobs were joined or cancelled; NULL is fine */
int fed_pool_threads(const struct fed_pool *); /* NULL: 1 */

int fed_pool_submit(struct fed_pool *, struct fed_job *, struct fed_error *);
/* Wait until the job is done; the caller then owns it again. */
void fed_pool_join(struct fed_pool *, struct fed_job *);
/* Cancel a job: one that has not started is removed, a running one is waited for. */
void fed_pool_cancel(struct fed_pool *, struct fed_job *);

/* Jobs that run elsewhere; on any thread. --------------------------------------------- */

/* wake(ctx) is called, quickly and under the pool's lock, when a portable job may be taken.  NULL:
 * no more.  By the owner. */
void fed_pool_set_taker(struct fed_pool *, void (*wake)(void *ctx), void *ctx);
/* How many more jobs may wait to be joined, or run, than the window of the threads has; by the
 * owner. */
void fed_pool_widen(struct fed_pool *, int more);
/* Queued jobs. */
size_t fed_pool_queued(struct fed_pool *);
/* Whether a thread of the pool has nothing to do. */
bool fed_pool_has_idle(struct fed_pool *);
/* If the next job is portable, take the first portable one that is preferred or, where none is or
 * `prefers` is NULL, the next one; NULL: there is none, or the window is full.  prefers() is called
 * under the pool's lock, for each job. */
struct fed_job *fed_pool_take(struct fed_pool *, bool (*prefers)(void *ctx, const struct fed_job *),
                              void *ctx);
/* Return one that is done. */
void fed_pool_return(struct fed_pool *, struct fed_job *);
/* Put one back that was not run: it waits again, and is not portable any more.  Cannot fail. */
void fed_pool_put_back(struct fed_pool *, struct fed_job *);

/* A parallel loop: work(ctx, i, worker) for i in [0, n), spread over the threads; returns when all
 * are done.  Which worker gets which i is not determined, so work must write results by i.  Without
 * a pool (NULL) this thread runs all. */
int fed_pool_each(struct fed_pool *, size_t n, void (*work)(void *ctx, size_t i, int worker),
                  void *ctx, struct fed_error *);
/* The same from within a job, which runs on thread `worker`; only idle threads help.  i is taken in
 * order: when i begins, all before it have begun.  Pays from about ten microseconds of work. */
void fed_pool_share(struct fed_pool *, int worker, size_t n,
                    void (*work)(void *ctx, size_t i, int worker), void *ctx);

#endif
