/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store of clients: ids, the pool's balance, memory; and the gate.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"
#include "train/round/gate.h"
#include "train/lab.h"

START_TEST(a_row_keeps_the_million_client_rule)
{
	ck_assert_uint_le(sizeof(struct fed_client) + sizeof(uint32_t), 128);
	ck_assert_uint_le(fed_clients_estimate(1000000, 20), 250000000u);
}
END_TEST

/* Examples held and examples in the pool are all there are, none twice. */
static void check_balance(const struct lab *lab)
{
	char *held = calloc(lab->data->train, 1);
	uint32_t n = 0, present = 0;

	for (uint32_t i = 0; i < lab->clients.n; i++) {
		const struct fed_client *client = fed_clients_get(&lab->clients, i);
		if (!client)
			continue;
		ck_assert_uint_eq(lab->clients.present[present++], i);
		for (uint32_t k = 0; k < client->count; k++) {
			ck_assert_int_eq(held[client->examples[k]], 0);
			held[client->examples[k]] = 1;
			n++;
		}
	}
	ck_assert_uint_eq(present, lab->clients.n_present);
	ck_assert_uint_eq(n + lab->clients.pool.left, lab->data->train);
	free(held);
}

START_TEST(random_joining_and_leaving_keeps_the_balance)
{
	struct fed_stream random = fed_stream_open(_i, FED_FOR_WHO, 0, 0);
	struct lab lab;

	lab_compose(&lab, "blobs train=900 test=10", "softmax", "fedavg", "local", 3, 10,
	            FED_PARTITION_IID);
	for (int step = 0; step < 60; step++) {
		const uint32_t n = 1 + fed_stream_below(&random, 5);
		if (fed_stream_below(&random, 2) && lab.clients.pool.left > 5 * 30) {
			lab_add(&lab, n, 2 + fed_stream_below(&random, 29),
			        fed_stream_below(&random, 2) ? FED_PARTITION_IID : FED_PARTITION_NONIID, 1e9f);
		} else if (lab.clients.n_present >= n) {
			uint32_t ids[5];
			for (uint32_t i = 0; i < n; i++)
				ids[i] = lab.clients.present[lab.clients.n_present - n + i];
			fed_clients_remove(&lab.clients, ids, n);
			for (uint32_t i = 0; i < n; i++)
				ck_assert_ptr_null(fed_clients_get(&lab.clients, ids[i]));
		}
		check_balance(&lab);
	}
	lab_release(&lab);
}
END_TEST

static int add_some(void *ctx, struct fed_error *err)
{
	struct lab *lab = ctx;
	const struct fed_clients_plan plan = {
		.n = 4,
		.how = {.kind = FED_PARTITION_NONIID, .samples = 20, .shards = 2},
		.seed = 1,
	};
	uint32_t first, before = lab->clients.n, left = lab->clients.pool.left;
	const int rc = fed_clients_add(&lab->clients, lab->data, &plan, &first, err);

	if (rc) {
		ck_assert_uint_eq(lab->clients.n, before);
		ck_assert_uint_eq(lab->clients.pool.left, left);
	}
	check_balance(lab);
	return rc;
}

START_TEST(joining_without_memory_changes_nothing)
{
	struct lab lab;

	lab_compose(&lab, "blobs train=900 test=10", "softmax", "fedavg", "local", 3, 10,
	            FED_PARTITION_IID);
	for (uint64_t k = 1;; k++) {
		struct fed_error err = {""};
		fed__mem_fail_at(k);
		const int rc = add_some(&lab, &err);
		fed__mem_fail_at(0);
		if (rc == FED_OK)
			break;
		ck_assert_ptr_nonnull(strstr(err.text, "memory"));
	}
	ck_assert_uint_eq(lab.clients.n_present, 7);
	lab_release(&lab);
}
END_TEST

static const struct {
	const char *what, *words;
	uint32_t vectors;
	size_t dim;
	uint64_t samples;
	uint32_t steps;
	float third; /* the third number of the last vector */
} gate_cases[] = {
	{"good", NULL, 2, 5, 10, 1, 0.5f},
	{"too small", "4 numbers", 2, 4, 10, 1, 0},
	{"too few vectors", "1 vectors", 1, 5, 10, 1, 0},
	{"no samples", "0 samples", 2, 5, 0, 1, 0},
	{"no steps", "0 steps", 2, 5, 10, 0, 0},
	{"NaN", "its returned vector is NaN at coordinate 2", 2, 5, 10, 1, NAN},
	{"infinite", "its returned vector is infinite at coordinate 2", 2, 5, 10, 1, -INFINITY},
};

START_TEST(the_gate_refuses_in_words)
{
	struct fed_shared_vectors *p =
		fed_shared_vectors_new(gate_cases[_i].vectors, gate_cases[_i].dim);
	const struct fed_envelope e = {
		.payload = p, .samples = gate_cases[_i].samples, .steps = gate_cases[_i].steps};
	struct fed_error err = {""};

	p->vector[p->n - 1][2] = gate_cases[_i].third;
	const int rc = fed__gate_check(&e, 1, 5, &err);
	ck_assert_int_eq(rc, gate_cases[_i].words ? FED_REJECT : FED_OK);
	if (gate_cases[_i].words)
		ck_assert_msg(strstr(err.text, gate_cases[_i].words), "%s: %s", gate_cases[_i].what,
		              err.text);
	fed_shared_vectors_unref(p);
}
END_TEST

FED_SUITE(clients)
{
	Suite *s = suite_create("clients");
	TCase *c = tcase_create("store and gate");

	tcase_add_test(c, a_row_keeps_the_million_client_rule);
	tcase_add_loop_test(c, random_joining_and_leaving_keeps_the_balance, 0, 10);
	tcase_add_test(c, joining_without_memory_changes_nothing);
	tcase_add_loop_test(c, the_gate_refuses_in_words, 0, sizeof gate_cases / sizeof *gate_cases);
	suite_add_tcase(s, c);
	return s;
}
