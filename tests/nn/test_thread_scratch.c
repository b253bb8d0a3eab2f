/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Several threads on one batch: the bits of one.
 */
#include "base/blas.h"
#include "nn/nets.h"

/* Large enough for idle threads to take a share (nn/execute.c); the batches make one group of
 * examples and many, and take the dense layers' ways. */
static const struct {
	struct net_case net;
	uint32_t batch;
} shared[] = {
	{{LENET, {3, {28, 28, 1}}, 10, 10}, 40},
	{{CNN, {3, {20, 20, 1}}, 10, 10}, 12},
	{{CNN, {3, {12, 12, 3}}, 10, 10}, 67},
	{{"dense 300, relu, dense 270, tanh, dense 10", {1, {400}}, 10, 10}, 50},
	{{"dense 300, relu, dense 270, tanh, dense 10", {1, {600}}, 10, 10}, 130},
	{{"conv 16 3 1, relu, residual, conv 18 3 1, tanh, conv 16 3 1, end, global_pool, dense 4",
      {3, {12, 14, 3}},
      4,
      4},
     40},
	{{"embedding 11 48, residual, layer_norm, attention heads=3 causal, end, residual, dense "
      "units=300 each, gelu, dense units=48 each, end, last, dense 11",
      {1, {24}},
      11,
      11},
     24},
	/* frozen, with adapters */
	{{"lora rank=3 on=all, embedding 11 48, residual, layer_norm, attention heads=3 causal, end, "
      "residual, dense units=300 each, gelu, dense units=48 each, end, last, dense 11",
      {1, {24}},
      11,
      11},
     24},
	{{"lora rank=3 on=conv, conv 16 3 1, relu, residual, conv 18 3 1, tanh, conv 16 3 1, end, "
      "global_pool, dense 4",
      {3, {12, 14, 3}},
      4,
      4},
     40},
};

/* A job on some thread of the pool, as trainings are. */
struct pool_job {
	struct fed_job job;
	struct trial *t;
	struct fed_workspace ws;
	float *grads;
};

static void run_pool_job(struct fed_job *job, int worker)
{
	struct pool_job *j = (struct pool_job *)job;
	const struct trial *t = j->t;
	float *dy = fed_workspace_output_gradient(&j->ws);

	j->ws.worker = worker;
	memcpy(fed_workspace_input(&j->ws), t->input,
	       t->batch * fed_shape_size(&t->net.input) * sizeof(float));
	const float *y = fed_net_forward(&j->ws, t->params, t->batch);
	fed_net_loss(&t->net, y, t->label, t->target, t->batch, 1, dy, NULL);
	fed_net_backward(&j->ws, t->params, j->grads, dy, t->batch);
}

START_TEST(threads_do_not_change_bits)
{
	static const int threads[] = {1, 2, 5};
	struct trial t;

	make_trial(&t, &shared[_i].net, shared[_i].batch);
	gradient_of(&t);
	for (size_t k = 0; k < 3; k++) {
		struct fed_pool *pool;
		struct fed_thread_scratch thread_scratch;
		struct fed_error err;
		struct pool_job j = {.job = {.run = run_pool_job}, .t = &t};

		fed_assert_ok(fed_pool_init(&pool, threads[k], 2, &err), &err);
		fed_assert_ok(fed_thread_scratch_init(&thread_scratch, &t.net, pool, &err), &err);
		fed_assert_ok(
			fed_workspace_init_for(&j.ws, &thread_scratch, 0, t.net.layers, t.batch, true, &err),
			&err);
		j.grads = fed_alloc_floats(t.net.dim);
		for (int again = 0; again < 4; again++) {
			memset(j.grads, 0, t.net.dim * sizeof(float));
			fed_assert_ok(fed_pool_submit(pool, &j.job, &err), &err);
			fed_pool_join(pool, &j.job);
			ck_assert_mem_eq(j.ws.activation[t.net.layers], t.ws.activation[t.net.layers],
			                 (size_t)t.batch * t.net.outputs * sizeof(float));
			ck_assert_mem_eq(j.grads, t.grads, t.net.dim * sizeof(float));
			ck_assert_mem_eq(fed_workspace_input_gradient(&j.ws),
			                 fed_workspace_input_gradient(&t.ws),
			                 t.batch * fed_shape_size(&t.net.input) * sizeof(float));
		}
		fed_free_floats(j.grads);
		fed_workspace_release(&j.ws);
		fed_thread_scratch_release(&thread_scratch);
		fed_pool_free(pool);
	}
	free_trial(&t);
}
END_TEST

static int a_workspace(void *ctx, struct fed_error *err)
{
	const struct trial *t = ctx;
	struct fed_pool *pool = NULL;
	struct fed_thread_scratch thread_scratch = {0};
	struct fed_workspace ws = {0};

	const int rc =
		fed_pool_init(&pool, 2, 2, err) ||
				fed_thread_scratch_init(&thread_scratch, &t->net, pool, err) ||
				fed_workspace_init_for(&ws, &thread_scratch, 0, t->net.layers, 3, true, err)
			? FED_FAIL
			: FED_OK;
	fed_workspace_release(&ws);
	fed_thread_scratch_release(&thread_scratch);
	fed_pool_free(pool);
	return rc;
}

START_TEST(no_memory)
{
	struct trial t;

	make_trial(&t, &shared[0].net, 2);
	ck_assert_uint_ge(fed_each_allocation(a_workspace, &t), 8);
	free_trial(&t);
}
END_TEST

FED_SUITE(thread_scratch)
{
	Suite *suite = suite_create("thread-scratch");
	TCase *tests = tcase_create("thread-scratch");

	fed_blas_init(); /* else OpenBLAS starts threads of its own */
	tcase_add_loop_test(tests, threads_do_not_change_bits, 0,
	                    (int)(sizeof shared / sizeof *shared));
	tcase_add_test(tests, no_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
