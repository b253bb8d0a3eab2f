/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The pool: order, window, waiting and taking back.  No test sleeps; where one needs a job that is
 * still running, a gate holds it.
 */
#include "base/system/pool.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"

/* Jobs stop at a closed gate. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	bool open;
	int inside; /* jobs that came to it */
};

static struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, true, 0};

static void gate_set(bool open)
{
	pthread_mutex_lock(&gate.lock);
	gate.open = open;
	gate.inside = 0;
	pthread_cond_broadcast(&gate.moved);
	pthread_mutex_unlock(&gate.lock);
}

static void gate_pass(void)
{
	pthread_mutex_lock(&gate.lock);
	gate.inside++;
	pthread_cond_broadcast(&gate.moved);
	while (!gate.open)
		pthread_cond_wait(&gate.moved, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

static void gate_await(int inside)
{
	pthread_mutex_lock(&gate.lock);
	while (gate.inside < inside)
		pthread_cond_wait(&gate.moved, &gate.lock);
	pthread_mutex_unlock(&gate.lock);
}

struct task {
	struct fed_job job; /* first: a job is its task */
	uint64_t in, out;
	bool gated, opens; /* the gate holds it; it opens the gate */
	int order;         /* when it started */
	atomic_int *started;
	int worker;
};

static void run(struct fed_job *job, int worker)
{
	struct task *t = (struct task *)job;

	t->order = atomic_fetch_add(t->started, 1);
	t->worker = worker;
	if (t->gated)
		gate_pass();
	if (t->opens)
		gate_set(true);
	t->out = fed_random(t->in, 0);
}

static struct task task(uint64_t in, double due, atomic_int *started)
{
	return (struct task){.job = {.run = run, .due = due, .seq = in}, .in = in, .started = started};
}

static struct fed_pool *make(int threads, int window)
{
	struct fed_pool *p = NULL;
	struct fed_error err;

	fed_assert_ok(fed_pool_init(&p, threads, window, &err), &err);
	ck_assert_int_eq(fed_pool_threads(p), threads);
	return p;
}

static void submit(struct fed_pool *p, struct task *t)
{
	struct fed_error err;

	fed_assert_ok(fed_pool_submit(p, &t->job, &err), &err);
}

static const int shapes[][2] = {{1, 1}, {1, 8}, {2, 1}, {2, 4}, {8, 2}, {8, 1000}};

/* All jobs run once and give the same, joined in any order. */
START_TEST(every_job_is_done)
{
	enum { N = 500 };
	static struct task tasks[N];
	struct fed_stream s = fed_stream_open(3, FED_FOR_DATA, (uint64_t)_i, 0);
	struct fed_pool *p = make(shapes[_i][0], shapes[_i][1]);
	atomic_int started = 0;
	uint32_t order[N];

	for (uint32_t i = 0; i < N; i++) {
		tasks[i] = task(i, fed_stream_real(&s), &started);
		submit(p, &tasks[i]);
		order[i] = i;
	}
	fed_stream_shuffle(&s, order, N);
	for (uint32_t i = 0; i < N; i++) {
		struct task *t = &tasks[order[i]];

		fed_pool_join(p, &t->job);
		ck_assert_uint_eq(t->out, fed_random(t->in, 0));
		ck_assert(t->worker >= 0 && t->worker < shapes[_i][0]);
	}
	ck_assert_int_eq(started, N);
	fed_pool_free(p);
}
END_TEST

START_TEST(jobs_start_by_due_time_then_number)
{
	enum { N = 64 };
	struct task tasks[N], first;
	struct fed_pool *p = make(2, 1000);
	atomic_int started = 0;

	/* The only worker is held while the others are submitted, backwards and in pairs. */
	gate_set(false);
	first = task(1000, -INFINITY, &started);
	first.gated = true;
	submit(p, &first);
	gate_await(1);
	for (int i = 0; i < N; i++) {
		tasks[i] = task((uint64_t)i, -(i / 2), &started);
		tasks[i].gated = i == 1; /* the last to start */
		submit(p, &tasks[i]);
	}
	gate_set(true);
	gate_await(1); /* not by a join, which would run some of them here */
	fed_pool_join(p, &first.job);
	for (int i = N - 1; i >= 0; i--) {
		fed_pool_join(p, &tasks[i].job);
		/* Later pairs are due first; in a pair the lower number goes first. */
		ck_assert_int_eq(tasks[i].order, 1 + (N - 2 - i / 2 * 2) + i % 2);
	}
	fed_pool_free(p);
}
END_TEST

START_TEST(the_window_holds_results_back)
{
	enum { N = 20, WINDOW = 3 };
	struct task tasks[N];
	struct fed_pool *p = make(2, WINDOW);
	atomic_int started = 0;

	for (int i = 0; i < N; i++) {
		tasks[i] = task((uint64_t)i, i, &started);
		submit(p, &tasks[i]);
	}
	for (int joined = 0; joined < N; joined++) {
		/* At most WINDOW are started and not joined. */
		ck_assert_int_le(atomic_load(&started), joined + WINDOW);
		fed_pool_join(p, &tasks[joined].job);
	}
	fed_pool_free(p);
}
END_TEST

/* The window is full of results that no caller takes: the last job is waited for all the same. */
START_TEST(waiting_goes_before_the_window)
{
	enum { N = 10 };
	struct task tasks[N];
	struct fed_pool *p = make(1, 1);
	atomic_int started = 0;

	for (int i = 0; i < N; i++) {
		tasks[i] = task((uint64_t)i, i, &started);
		submit(p, &tasks[i]);
	}
	for (int i = N - 1; i >= 0; i--) {
		fed_pool_join(p, &tasks[i].job);
		ck_assert_uint_eq(tasks[i].out, fed_random((uint64_t)i, 0));
	}
	fed_pool_free(p);
}
END_TEST

START_TEST(what_is_cancelled_never_starts)
{
	enum { N = 30 };
	struct task tasks[N], first;
	struct fed_pool *p = make(2, 1000);
	atomic_int started = 0;

	gate_set(false);
	first = task(1000, -1, &started);
	first.gated = true;
	submit(p, &first);
	gate_await(1);
	for (int i = 0; i < N; i++) {
		tasks[i] = task((uint64_t)i, i * 7 % N, &started);
		submit(p, &tasks[i]);
	}
	for (int i = 0; i < N; i += 2)
		fed_pool_cancel(p, &tasks[i].job);
	gate_set(true);
	fed_pool_cancel(p, &first.job); /* it runs: waits for its end */
	ck_assert_uint_eq(first.out, fed_random(1000, 0));
	fed_pool_cancel(p, &first.job); /* no longer the pool's: nothing */
	for (int i = 0; i < N; i++) {
		if (i % 2)
			fed_pool_join(p, &tasks[i].job);
		ck_assert_uint_eq(tasks[i].out, i % 2 ? fed_random((uint64_t)i, 0) : 0);
	}
	ck_assert_int_eq(started, 1 + N / 2);
	fed_pool_free(p);
}
END_TEST

/* While another thread runs what the owner waits for, the owner runs what comes next. */
START_TEST(waiting_is_work)
{
	enum { N = 5 };
	struct task tasks[N], first;
	struct fed_pool *p = make(2, 1 + N);
	atomic_int started = 0;

	gate_set(false);
	first = task(1000, -1, &started);
	first.gated = true;
	submit(p, &first);
	gate_await(1);
	for (int i = 0; i < N; i++) {
		tasks[i] = task((uint64_t)i, i, &started);
		tasks[i].opens = i == N - 1;
		submit(p, &tasks[i]);
	}
	fed_pool_join(p, &first.job); /* the gate opens when all the others have run */
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(tasks[i].worker, 1);
		ck_assert_int_eq(tasks[i].order, 1 + i);
		fed_pool_join(p, &tasks[i].job);
	}
	ck_assert_int_eq(first.worker, 0);
	fed_pool_free(p);
}
END_TEST

/* Of one thread the owner is all: nothing runs before it waits. */
START_TEST(one_thread_is_the_owner)
{
	enum { N = 5 };
	struct task tasks[N];
	struct fed_pool *p = make(1, N);
	atomic_int started = 0;

	for (int i = 0; i < N; i++) {
		tasks[i] = task((uint64_t)i, i, &started);
		submit(p, &tasks[i]);
	}
	for (int i = 0; i < N; i++) {
		ck_assert_int_eq(started, i);
		fed_pool_join(p, &tasks[i].job);
	}
	fed_pool_free(p);
}
END_TEST

struct sum {
	uint64_t *out;
	atomic_int *at_once; /* [threads], by worker: two at once on a worker would be wrong */
};

static void each(void *ctx, size_t i, int worker)
{
	struct sum *s = ctx;

	ck_assert_int_eq(atomic_fetch_add(&s->at_once[worker], 1), 0);
	s->out[i] = fed_random(i, 1);
	atomic_fetch_sub(&s->at_once[worker], 1);
}

/* Beside jobs that wait and run. */
START_TEST(each_i_once)
{
	static const size_t sizes[] = {0, 1, 2, 7, 1000, 20000};
	static uint64_t out[20000];
	struct fed_pool *p = make(shapes[_i][0], shapes[_i][1]);
	atomic_int at_once[8] = {0}, started = 0;
	struct sum sum = {out, at_once};
	struct fed_error err;
	struct task tasks[10];

	for (int i = 0; i < 10; i++) {
		tasks[i] = task((uint64_t)i, i, &started);
		submit(p, &tasks[i]);
	}
	for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
		memset(out, 0, sizeof out);
		fed_assert_ok(fed_pool_each(p, sizes[k], each, &sum, &err), &err);
		for (size_t i = 0; i < 20000; i++)
			ck_assert_uint_eq(out[i], i < sizes[k] ? fed_random(i, 1) : 0);
	}
	for (int i = 0; i < 10; i++)
		fed_pool_join(p, &tasks[i].job);
	fed_pool_free(p);
}
END_TEST

/* A job that spreads a part of its work. */
struct sharing {
	struct fed_job job;
	struct fed_pool *pool;
	struct sum sum;
	size_t n;
};

static void run_sharing(struct fed_job *job, int worker)
{
	struct sharing *t = (struct sharing *)job;

	fed_pool_share(t->pool, worker, t->n, each, &t->sum);
}

/* Each i of each job once, while other jobs share theirs and the owner waits, takes back, or shares
 * too. */
START_TEST(jobs_share_their_work)
{
	enum { JOBS = 24, MOST = 3000 };
	static uint64_t out[JOBS][MOST], all[MOST];
	static struct sharing jobs[JOBS];
	struct fed_pool *p = make(shapes[_i][0], shapes[_i][1]);
	atomic_int at_once[JOBS + 1][8];
	struct fed_error err;

	memset(out, 0, sizeof out);
	memset(at_once, 0, sizeof at_once);
	for (int k = 0; k < JOBS; k++) {
		jobs[k] = (struct sharing){.job = {.run = run_sharing, .seq = (uint64_t)k},
		                           .pool = p,
		                           .sum = {out[k], at_once[k]},
		                           .n = (size_t)fed_random((uint64_t)k, 2) % MOST};
		fed_assert_ok(fed_pool_submit(p, &jobs[k].job, &err), &err);
	}
	struct sum sum = {all, at_once[JOBS]};
	fed_assert_ok(fed_pool_each(p, MOST, each, &sum, &err), &err);
	for (int k = JOBS; k-- > 0;) {
		if (k % 5 == 1)
			fed_pool_cancel(p, &jobs[k].job); /* all of it or nothing */
		else
			fed_pool_join(p, &jobs[k].job);
		const bool ran = k % 5 != 1 || out[k][0] != 0;
		for (size_t i = 0; i < MOST; i++)
			ck_assert_uint_eq(out[k][i], ran && i < jobs[k].n ? fed_random(i, 1) : 0);
	}
	fed_pool_free(p);
}
END_TEST

struct meeting {
	struct fed_job job;
	struct fed_pool *pool;
	int threads;
	atomic_int there;
	atomic_bool met;
};

/* Waits, for a while, until all threads are in it. */
static void meet(void *ctx, size_t i, int worker)
{
	struct meeting *m = ctx;

	(void)i, (void)worker;
	atomic_fetch_add(&m->there, 1);
	for (unsigned k = 0; k < 1u << 16 && atomic_load(&m->there) < m->threads; k++)
		fed_cpu_relax(k);
	if (atomic_load(&m->there) == m->threads)
		m->met = true;
}

static void run_meeting(struct fed_job *job, int worker)
{
	struct meeting *m = (struct meeting *)job;

	while (!m->met) { /* until all others were idle when it was shared */
		atomic_store(&m->there, 0);
		fed_pool_share(m->pool, worker, (size_t)m->threads, meet, m);
	}
}

/* The owner, who waits for the job, helps too. */
START_TEST(all_idle_threads_help)
{
	struct meeting m = {.job = {.run = run_meeting}, .threads = _i};
	struct fed_error err;

	m.pool = make(m.threads, 4);
	for (int again = 0; again < 20; again++) {
		m.met = false;
		fed_assert_ok(fed_pool_submit(m.pool, &m.job, &err), &err);
		fed_pool_join(m.pool, &m.job);
		ck_assert(m.met);
	}
	fed_pool_free(m.pool);
}
END_TEST

/* A thread that takes portable jobs, runs most of them and puts the others back. */
struct taker {
	struct fed_pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	bool awake, quit;
	int took, put_back;
};

static void wake_taker(void *ctx)
{
	struct taker *t = ctx;

	pthread_mutex_lock(&t->lock);
	t->awake = true;
	pthread_cond_signal(&t->woken);
	pthread_mutex_unlock(&t->lock);
}

static void *take_jobs(void *ctx)
{
	struct taker *t = ctx;
	bool quit = false;

	while (!quit) {
		struct fed_job *job;

		pthread_mutex_lock(&t->lock);
		while (!t->awake && !t->quit)
			pthread_cond_wait(&t->woken, &t->lock);
		t->awake = false;
		quit = t->quit;
		pthread_mutex_unlock(&t->lock);
		while ((job = fed_pool_take(t->pool, NULL, NULL)) != NULL) {
			if (t->took++ % 3 == 2) {
				t->put_back++;
				fed_pool_put_back(t->pool, job);
				continue;
			}
			run(job, -1);
			fed_pool_return(t->pool, job);
		}
	}
	return NULL;
}

/* Each job runs once, here or elsewhere, unless it is cancelled; those that are not portable run
 * here. */
START_TEST(jobs_run_elsewhere)
{
	enum { N = 3000 };
	static struct task tasks[N];
	struct fed_stream s = fed_stream_open(5, FED_FOR_DATA, (uint64_t)_i, 0);
	struct fed_pool *p = make(shapes[_i][0], shapes[_i][1]);
	struct taker t = {
		.pool = p, .lock = PTHREAD_MUTEX_INITIALIZER, .woken = PTHREAD_COND_INITIALIZER};
	atomic_int started = 0;
	int cancelled = 0, elsewhere = 0;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, take_jobs, &t), 0);
	fed_pool_widen(p, 4);
	fed_pool_set_taker(p, wake_taker, &t);
	for (uint32_t i = 0; i < N; i++) {
		tasks[i] = task(i, fed_stream_real(&s), &started);
		tasks[i].order = -1;
		tasks[i].job.portable = i % 5 != 0;
		submit(p, &tasks[i]);
		if (i % 40 != 39)
			continue;
		for (uint32_t k = i - 39; k <= i; k++)
			if (fed_stream_real(&s) < 0.1)
				fed_pool_cancel(p, &tasks[k].job);
			else
				fed_pool_join(p, &tasks[k].job);
	}
	wake_taker(&t);
	fed_pool_set_taker(p, NULL, NULL);
	pthread_mutex_lock(&t.lock);
	t.quit = true;
	pthread_cond_signal(&t.woken);
	pthread_mutex_unlock(&t.lock);
	pthread_join(thread, NULL);
	for (uint32_t i = 0; i < N; i++) {
		if (tasks[i].order < 0) {
			cancelled++;
			continue;
		}
		ck_assert_uint_eq(tasks[i].out, fed_random(tasks[i].in, 0));
		ck_assert(tasks[i].worker >= 0 || tasks[i].job.portable);
		elsewhere += tasks[i].worker < 0;
	}
	ck_assert_int_eq(started, N - cancelled);
	ck_assert_int_eq(elsewhere, t.took - t.put_back);
	fed_pool_free(p);
}
END_TEST

static bool is_wanted(void *ctx, const struct fed_job *job)
{
	return job->seq == *(const uint64_t *)ctx;
}

/* The first that is preferred, else the first; nothing that is not portable. */
START_TEST(a_taker_prefers)
{
	struct fed_pool *p = make(1, 9);
	atomic_int started = 0;
	struct task a[] = {task(1, 1, &started), task(2, 2, &started), task(3, 3, &started),
	                   task(4, 4, &started)};
	uint64_t wanted = a[2].job.seq;

	for (int i = 0; i < 4; i++) {
		a[i].job.portable = i != 3;
		submit(p, &a[i]);
	}
	ck_assert_ptr_eq(fed_pool_take(p, is_wanted, &wanted), &a[2].job);
	ck_assert_ptr_eq(fed_pool_take(p, is_wanted, &wanted), &a[0].job);
	wanted = a[3].job.seq;
	ck_assert_ptr_eq(fed_pool_take(p, is_wanted, &wanted), &a[1].job);
	ck_assert_ptr_null(fed_pool_take(p, is_wanted, &wanted));
	for (int i = 0; i < 4; i++) {
		if (a[i].job.portable)
			fed_pool_put_back(p, &a[i].job);
		fed_pool_join(p, &a[i].job);
	}
	fed_pool_free(p);
}
END_TEST

START_TEST(what_was_put_back_stays)
{
	struct fed_pool *p = make(1, 1);
	atomic_int started = 0;
	struct task near = task(1, 1, &started), far = task(2, 2, &started),
				next = task(3, 3, &started);

	far.job.portable = next.job.portable = true;
	submit(p, &near);
	submit(p, &far);
	submit(p, &next);
	ck_assert_uint_eq(fed_pool_queued(p), 3);
	ck_assert_ptr_null(fed_pool_take(p, NULL, NULL)); /* the first in the queue is not portable */
	fed_pool_join(p, &near.job);
	ck_assert_ptr_eq(fed_pool_take(p, NULL, NULL), &far.job);
	ck_assert_ptr_null(fed_pool_take(p, NULL, NULL)); /* the window is full */
	fed_pool_widen(p, 1);
	ck_assert_ptr_eq(fed_pool_take(p, NULL, NULL), &next.job);
	fed_pool_put_back(p, &far.job);
	ck_assert_ptr_null(fed_pool_take(p, NULL, NULL));
	run(&next.job, -1);
	fed_pool_return(p, &next.job);
	fed_pool_join(p, &next.job);
	fed_pool_join(p, &far.job);
	ck_assert_int_eq(far.worker, 0);
	ck_assert_int_eq(next.worker, -1);
	fed_pool_free(p);
}
END_TEST

START_TEST(bad_sizes)
{
	struct fed_pool *p;
	struct fed_error err;

	ck_assert_int_eq(fed_pool_init(&p, 0, 1, &err), FED_FAIL);
	ck_assert_int_eq(fed_pool_init(&p, 1, 0, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "at least 1"));
	fed_pool_free(NULL);
}
END_TEST

static int some_jobs(void *ctx, struct fed_error *err)
{
	enum { N = 200 }; /* the heap grows twice */
	static struct task tasks[N];
	struct fed_pool *p;
	atomic_int started = 0;
	int rc, n = 0;

	(void)ctx;
	if (fed_pool_init(&p, 2, 1, err) != FED_OK)
		return FED_FAIL;
	for (rc = FED_OK; rc == FED_OK && n < N; n += rc == FED_OK) {
		tasks[n] = task((uint64_t)n, n, &started);
		rc = fed_pool_submit(p, &tasks[n].job, err);
	}
	for (int i = 0; i < n; i++)
		fed_pool_cancel(p, &tasks[i].job);
	fed_pool_free(p);
	return rc;
}

START_TEST(no_memory)
{
	ck_assert_uint_ge(fed_each_allocation(some_jobs, NULL), 2);
}
END_TEST

FED_SUITE(pool)
{
	const int n_shapes = sizeof shapes / sizeof *shapes;
	Suite *suite = suite_create("pool");
	TCase *tests = tcase_create("pool");

	tcase_add_loop_test(tests, every_job_is_done, 0, n_shapes);
	tcase_add_test(tests, jobs_start_by_due_time_then_number);
	tcase_add_test(tests, the_window_holds_results_back);
	tcase_add_test(tests, waiting_goes_before_the_window);
	tcase_add_test(tests, what_is_cancelled_never_starts);
	tcase_add_test(tests, waiting_is_work);
	tcase_add_test(tests, one_thread_is_the_owner);
	tcase_add_loop_test(tests, each_i_once, 0, n_shapes);
	tcase_add_loop_test(tests, jobs_share_their_work, 0, n_shapes);
	tcase_add_loop_test(tests, all_idle_threads_help, 2, 5);
	tcase_add_loop_test(tests, jobs_run_elsewhere, 0, n_shapes);
	tcase_add_test(tests, a_taker_prefers);
	tcase_add_test(tests, what_was_put_back_stays);
	tcase_add_test(tests, bad_sizes);
	tcase_add_test(tests, no_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
