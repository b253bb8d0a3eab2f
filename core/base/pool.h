/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/pool.h - threads that run jobs.
 *
 * Jobs start in the order (due, seq); at most `window` finished jobs may wait to be joined, so
 * that results do not pile up in memory.  All functions are called by one thread, the owner, which
 * is one of the pool's threads whenever it waits: a job that has not started is run by whoever
 * joins it, whatever the window says (no wait can deadlock), and while another one runs elsewhere
 * the owner runs those that come next.
 *
 * A job may spread a part of its work over the threads that have nothing to do (fed_pool_share); it
 * calls nothing else here.
 */
#ifndef FED_BASE_POOL_H
#define FED_BASE_POOL_H

#include <stdatomic.h>
#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_pool;

struct fed_job {
	/* Set by the caller before fed_pool_submit.  worker is in [0, threads). */
	void (*run)(struct fed_job *, int worker);
	double due;   /* virtual time at which the owner will want the result */
	uint64_t seq; /* breaks ties */
	/* The pool's own. */
	int state;
	size_t place;
};

/* threads >= 1, the owner included; window >= 1. */
int fed_pool_init(struct fed_pool **, int threads, int window, struct fed_error *);
void fed_pool_free(struct fed_pool *); /* after all jobs were joined or cancelled; NULL is fine */
int fed_pool_threads(const struct fed_pool *); /* NULL: 1 */

int fed_pool_submit(struct fed_pool *, struct fed_job *, struct fed_error *);
/* Until the job is done; then it is the caller's again. */
void fed_pool_join(struct fed_pool *, struct fed_job *);
/* Take it back: if it has not started it never will; if it runs, wait for its end. */
void fed_pool_cancel(struct fed_pool *, struct fed_job *);

/* work(ctx, i, worker) for i in [0, n), spread over the threads, and wait.  Which worker gets which
 * i is not determined: work must write results by i.  Without a pool (NULL) all in this thread. */
int fed_pool_each(struct fed_pool *, size_t n, void (*work)(void *ctx, size_t i, int worker),
                  void *ctx, struct fed_error *);
/* The same from within a job, which runs on thread `worker`; only threads that are idle help.  i is
 * taken in order: when i begins, all before it have begun.  Worth some ten microseconds of work. */
void fed_pool_share(struct fed_pool *, int worker, size_t n,
                    void (*work)(void *ctx, size_t i, int worker), void *ctx);

#endif
