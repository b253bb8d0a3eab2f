/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rounds against references: FedSGD is gradient descent on the pooled data, one client is plain
 * SGD, threads change no bit, an abort at any event changes nothing.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"
#include "train/lab.h"

#define SIMULATED FED_BUILD_DIR "/fixtures/simulated.so"
#define BLOBS "blobs classes=4 train=600 test=200"

/* Softmax regression in double, one step of gradient descent on the mean loss of `ids`. */
static void reference_step(const struct fed_dataset *data, const uint32_t *ids, uint32_t n,
                           double lr, double *w)
{
	const uint32_t in = (uint32_t)fed_shape_size(&data->shape), out = data->classes;
	double *g = calloc((size_t)in * out + out, sizeof *g), *p = calloc(out, sizeof *p);
	float *x = calloc(in, sizeof *x);

	for (uint32_t i = 0; i < n; i++) {
		int32_t label;
		double sum = 0;
		fed_dataset_gather(data, &ids[i], 1, NULL, x, &label, NULL);
		for (uint32_t c = 0; c < out; c++) {
			double z = w[(size_t)in * out + c];
			for (uint32_t j = 0; j < in; j++)
				z += x[j] * w[(size_t)j * out + c];
			sum += p[c] = exp(z);
		}
		for (uint32_t c = 0; c < out; c++) {
			const double d = p[c] / sum - (c == (uint32_t)label);
			for (uint32_t j = 0; j < in; j++)
				g[(size_t)j * out + c] += x[j] * d / n;
			g[(size_t)in * out + c] += d / n;
		}
	}
	for (size_t j = 0; j < (size_t)in * out + out; j++)
		w[j] -= lr * g[j];
	free(g);
	free(p);
	free(x);
}

static double *as_double(const float *v, size_t n)
{
	double *w = calloc(n, sizeof *w);

	for (size_t j = 0; j < n; j++)
		w[j] = v[j];
	return w;
}

static double distance(const float *a, const double *b, size_t n)
{
	double worst = 0;

	for (size_t j = 0; j < n; j++)
		worst = fmax(worst, fabs(a[j] - b[j]));
	return worst;
}

START_TEST(fedsgd_with_all_clients_is_gradient_descent_on_the_pooled_data)
{
	struct lab lab;

	lab_compose(&lab, BLOBS, "softmax", "fedsgd", "local", 7, 40, FED_PARTITION_NONIID);
	lab_add(&lab, 3, 55, FED_PARTITION_IID, 1e9); /* unequal sizes */
	lab.settings.lr = 0.5;
	lab_start(&lab);
	uint32_t pooled[1000], n = 0;
	for (uint32_t i = 0; i < lab.clients.n; i++)
		for (uint32_t k = 0; k < lab.clients.client[i].count; k++)
			pooled[n++] = lab.clients.client[i].examples[k];
	double *w = as_double(lab.federation.params, lab.net.dim);

	for (int round = 0; round < 5; round++) {
		lab_run(&lab, 1);
		reference_step(lab.data, pooled, n, 0.5, w);
		ck_assert_double_lt(distance(lab.federation.params, w, lab.net.dim), 2e-5);
	}
	free(w);
	lab_release(&lab);
}
END_TEST

START_TEST(one_client_is_plain_sgd)
{
	struct lab lab;

	lab_compose(&lab, BLOBS, "softmax", "fedavg", "local", 1, 55, FED_PARTITION_IID);
	lab.settings.epochs = 3;
	lab.settings.batch = 10; /* the last batch of an epoch has 5 */
	lab_start(&lab);
	double *w = as_double(lab.federation.params, lab.net.dim);
	uint32_t order[55];

	for (uint64_t version = 0; version < 3; version++) {
		struct fed_stream shuffle = fed_stream_open(1, FED_FOR_SHUFFLE, version, 0);
		memcpy(order, lab.clients.client[0].examples, sizeof order);
		for (int epoch = 0; epoch < 3; epoch++) {
			fed_stream_shuffle(&shuffle, order, 55);
			for (uint32_t i = 0; i < 55; i += 10)
				reference_step(lab.data, order + i, 55 - i < 10 ? 55 - i : 10, 0.1, w);
		}
		lab_run(&lab, 1);
		ck_assert_double_lt(distance(lab.federation.params, w, lab.net.dim), 1e-4);
	}
	free(w);
	lab_release(&lab);
}
END_TEST

static const char *const aggregators[] = {"fedavg",         "fedsgd",  "fedavgm",
                                          "fedprox mu=0.1", "fednova", "fedadagrad",
                                          "fedadam",        "fedyogi", "scaffold"};

/* Parameters after three rounds with that many threads. */
static float *after_rounds(const char *aggregator, int64_t threads, size_t *dim)
{
	struct lab lab;

	lab_compose(&lab, BLOBS, "mlp hidden=16", aggregator, "local", 12, 30, FED_PARTITION_QUANTITY);
	lab.settings.threads = threads;
	lab.settings.fraction = 0.7;
	lab.settings.momentum = 0.5;
	lab.settings.epochs = 2;
	lab_start(&lab);
	lab_run(&lab, 3);
	float *params = malloc(lab.net.dim * sizeof *params);
	memcpy(params, lab.federation.params, lab.net.dim * sizeof *params);
	*dim = lab.net.dim;
	lab_release(&lab);
	return params;
}

START_TEST(threads_change_no_bit)
{
	size_t dim;
	float *one = after_rounds(aggregators[_i], 1, &dim);

	for (int threads = 2; threads <= 8; threads *= 2) {
		float *many = after_rounds(aggregators[_i], threads, &dim);
		ck_assert_msg(memcmp(one, many, dim * sizeof *one) == 0, "%s with %d threads",
		              aggregators[_i], threads);
		free(many);
	}
	free(one);
}
END_TEST

static void compose_stateful(struct lab *lab, struct lab_interrupter *interrupter)
{
	lab_compose(lab, BLOBS, "softmax", "scaffold", "local", 5, 20, FED_PARTITION_NONIID);
	lab->sink = lab_interrupt(lab, interrupter);
	lab_start(lab);
	lab_run(lab, 2);
}

START_TEST(an_abort_at_any_event_changes_nothing)
{
	struct lab lab, undisturbed;
	struct lab_interrupter none, interrupter;
	struct fed_error err = {""};
	int aborted = 0;

	compose_stateful(&undisturbed, &none);
	lab_run(&undisturbed, 1);
	for (int k = 1; k < 100; k++) {
		compose_stateful(&lab, &interrupter);
		interrupter.left = k;
		float *before = malloc(lab.net.dim * sizeof *before);
		memcpy(before, lab.federation.params, lab.net.dim * sizeof *before);
		const double clock = lab.federation.clock.now;
		const int rc = fed_federation_round(&lab.federation, &err);
		atomic_store(&lab.federation.stop, 0);
		interrupter.left = 0;
		if (rc == FED_REJECT) {
			aborted++;
			ck_assert(memcmp(before, lab.federation.params, lab.net.dim * sizeof *before) == 0);
			ck_assert_uint_eq(lab.federation.version, 2);
			ck_assert_double_eq(lab.federation.clock.now, clock);
			lab_run(&lab, 1); /* and the round can be made as if nothing had been */
		}
		free(before);
		ck_assert(memcmp(undisturbed.federation.params, lab.federation.params,
		                 lab.net.dim * sizeof *before) == 0);
		lab_release(&lab);
		if (rc == FED_OK)
			break;
	}
	ck_assert_int_ge(aborted, 10); /* begin, 5 sent, 5 trained, ... */
	lab_release(&undisturbed);
}
END_TEST

START_TEST(a_round_without_memory_changes_nothing)
{
	struct lab lab, undisturbed;
	struct lab_interrupter none;
	struct fed_error err = {""};
	int failed = 0;

	compose_stateful(&undisturbed, &none);
	lab_run(&undisturbed, 1);
	for (uint64_t k = 1; k < 1000; k++) {
		compose_stateful(&lab, &none);
		fed__mem_fail_at(k);
		const int rc = fed_federation_round(&lab.federation, &err);
		fed__mem_fail_at(0);
		if (rc) {
			failed++;
			ck_assert_uint_eq(lab.federation.version, 2);
			lab_run(&lab, 1);
		}
		ck_assert(memcmp(undisturbed.federation.params, lab.federation.params,
		                 lab.net.dim * sizeof(float)) == 0);
		lab_release(&lab);
		if (rc == FED_OK && k > 60)
			break;
	}
	ck_assert_int_ge(failed, 10); /* what earlier rounds have allocated is used again */
	lab_release(&undisturbed);
}
END_TEST

START_TEST(bytes_messages_flops_and_time_follow_the_closed_form)
{
	struct lab lab;

	lab_compose(&lab, BLOBS, "softmax", "fedavg", "local", 6, 30, FED_PARTITION_IID);
	lab_add(&lab, 2, 30, FED_PARTITION_IID, 1e6); /* a thousand times slower */
	lab.settings.epochs = 4;
	lab_start(&lab);
	lab_run(&lab, 1);
	const struct fed_record *r = &lab.federation.record;
	const double flops = 30 * 4 * 3 * fed_net_flops(&lab.net, 0, lab.net.layers);

	ck_assert_double_eq(r->invited, 8);
	ck_assert_double_eq(r->reported, 8);
	ck_assert_double_eq(r->used, 8);
	ck_assert_double_eq(r->messages, 16);
	ck_assert_double_eq(r->bytes_down, 8.0 * (FED_FRAME_BYTES + 4.0 * (double)lab.net.dim));
	ck_assert_double_eq(r->bytes_up, r->bytes_down);
	ck_assert_double_eq_tol(r->client_flops, 8 * flops, 1e-6 * flops);
	ck_assert_double_eq_tol(r->clock, flops / 1e6, 1e-9); /* the slowest client's time */
	lab_release(&lab);
}
END_TEST

START_TEST(participants_are_a_uniform_sample_of_the_asked_size)
{
	struct lab lab;
	int times[40] = {0};

	lab_compose(&lab, BLOBS, "softmax", "fedavg", "local", 40, 10, FED_PARTITION_IID);
	lab.settings.fraction = 0.1;
	lab.settings.eval_every = 0;
	lab_start(&lab);
	for (int round = 0; round < 400; round++) {
		lab_run(&lab, 1);
		ck_assert_uint_eq(lab.federation.verdicts.n, 4);
		for (uint32_t i = 0; i < 4; i++)
			times[lab.federation.verdicts.of[i].client]++;
	}
	for (int i = 0; i < 40; i++) /* 40 expected, standard deviation 6 */
		ck_assert_msg(times[i] > 10 && times[i] < 70, "client %d: %d times", i, times[i]);
	lab_release(&lab);
}
END_TEST

START_TEST(lost_messages_are_counted_and_the_round_goes_on)
{
	struct lab lab;

	lab_compose(&lab, BLOBS, "softmax", "fedavg", SIMULATED " how=drop-third", 9, 20,
	            FED_PARTITION_IID);
	lab_start(&lab);
	for (int round = 0; round < 3; round++) {
		lab_run(&lab, 1);
		const struct fed_record *r = &lab.federation.record;
		ck_assert_double_gt(r->lost, 0);
		ck_assert_double_eq(r->invited, r->reported + r->lost + r->refused);
	}
	lab_release(&lab);
}
END_TEST

START_TEST(what_comes_twice_or_in_reverse_is_applied_once)
{
	static const char *const how[] = {SIMULATED, SIMULATED " how=twice", SIMULATED " how=reverse"};
	float *params[3];
	size_t dim = 0;

	for (int i = 0; i < 3; i++) {
		struct lab lab;
		lab_compose(&lab, BLOBS, "softmax", "fedavg", how[i], 9, 20, FED_PARTITION_IID);
		lab_start(&lab);
		lab_run(&lab, 3);
		ck_assert_double_eq(lab.federation.record.used, 9);
		dim = lab.net.dim;
		params[i] = malloc(dim * sizeof *params[i]);
		memcpy(params[i], lab.federation.params, dim * sizeof *params[i]);
		lab_release(&lab);
	}
	ck_assert(memcmp(params[0], params[1], dim * sizeof(float)) == 0);
	for (size_t j = 0; j < dim; j++) /* another order of the sum */
		ck_assert_float_eq_tol(params[0][j], params[2][j], 1e-5f);
	for (int i = 0; i < 3; i++)
		free(params[i]);
}
END_TEST

START_TEST(a_transport_that_fails_or_holds_everything_ends_the_round_in_words)
{
	static const char *const how[][2] = {
		{SIMULATED " how=drop-silently", "no update of 5 clients was accepted"},
		{SIMULATED " how=fail", "no route to client"},
		{SIMULATED " how=at-nan", "must be finite"},
		{SIMULATED " how=bad-code", "simulated"},
	};

	for (size_t i = 0; i < sizeof how / sizeof *how; i++) {
		struct lab lab;
		struct fed_error err = {""};
		lab_compose(&lab, BLOBS, "softmax", "fedavg", how[i][0], 5, 20, FED_PARTITION_IID);
		lab_start(&lab);
		ck_assert_msg(fed_federation_round(&lab.federation, &err) == FED_FAIL, "%s", how[i][0]);
		ck_assert_msg(strstr(err.text, how[i][1]), "%s: %s", how[i][0], err.text);
		ck_assert_uint_eq(lab.federation.version, 0);
		lab_release(&lab);
	}
}
END_TEST

START_TEST(real_bytes_over_a_socket_give_the_same_bits)
{
	struct lab simulated, real;

	lab_compose(&simulated, BLOBS, "softmax", "scaffold", "local", 5, 20, FED_PARTITION_NONIID);
	lab_compose(&real, BLOBS, "softmax", "scaffold", FED_BUILD_DIR "/fixtures/loopback.so", 5, 20,
	            FED_PARTITION_NONIID);
	lab_start(&simulated);
	lab_start(&real);
	lab_run(&simulated, 3);
	lab_run(&real, 3);
	for (size_t j = 0; j < real.net.dim; j++)
		ck_assert_float_eq_tol(simulated.federation.params[j], real.federation.params[j], 1e-5f);
	lab_release(&simulated);
	lab_release(&real);
}
END_TEST

START_TEST(a_round_without_clients_is_refused_before_anything_is_sent)
{
	struct lab lab;
	struct fed_error err = {""};

	lab_compose(&lab, BLOBS, "softmax", "fedavg", "local", 0, 0, FED_PARTITION_IID);
	lab_start(&lab);
	ck_assert_int_eq(fed_federation_round(&lab.federation, &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "add-client"));
	lab_release(&lab);
}
END_TEST

START_TEST(a_batch_in_parts_is_the_same_step)
{
	/* 5,000 examples of one client do not go through the workspace in one piece. */
	struct lab lab;

	lab_compose(&lab, "blobs classes=3 train=6000 test=10", "softmax", "fedsgd", "local", 1, 5000,
	            FED_PARTITION_IID);
	lab_start(&lab);
	double *w = as_double(lab.federation.params, lab.net.dim);
	lab_run(&lab, 1);
	reference_step(lab.data, lab.clients.client[0].examples, 5000, 0.1, w);
	ck_assert_double_lt(distance(lab.federation.params, w, lab.net.dim), 1e-5);
	free(w);
	lab_release(&lab);
}
END_TEST

FED_SUITE(federation)
{
	Suite *s = suite_create("federation");
	TCase *c = tcase_create("rounds");

	tcase_add_test(c, fedsgd_with_all_clients_is_gradient_descent_on_the_pooled_data);
	tcase_add_test(c, one_client_is_plain_sgd);
	tcase_add_loop_test(c, threads_change_no_bit, 0, sizeof aggregators / sizeof *aggregators);
	tcase_add_test(c, an_abort_at_any_event_changes_nothing);
	tcase_add_test(c, a_round_without_memory_changes_nothing);
	tcase_add_test(c, bytes_messages_flops_and_time_follow_the_closed_form);
	tcase_add_test(c, participants_are_a_uniform_sample_of_the_asked_size);
	tcase_add_test(c, lost_messages_are_counted_and_the_round_goes_on);
	tcase_add_test(c, what_comes_twice_or_in_reverse_is_applied_once);
	tcase_add_test(c, a_transport_that_fails_or_holds_everything_ends_the_round_in_words);
	tcase_add_test(c, real_bytes_over_a_socket_give_the_same_bits);
	tcase_add_test(c, a_round_without_clients_is_refused_before_anything_is_sent);
	tcase_add_test(c, a_batch_in_parts_is_the_same_step);
	suite_add_tcase(s, c);
	return s;
}
