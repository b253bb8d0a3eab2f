/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rounds over the server's own link: closed forms of their time and of what messages wait.
 */
#include "train/clients/device.h"

#include <check.h>
#include <math.h>
#include <string.h>

#include "support/suite.h"
#include "train/lab.h"
#include "train/schemes/schemes.h"

#define BLOBS "blobs classes=4 train=2000 test=50"

static const struct {
	const char *typed;
	double up, down, latency; /* up < 0: refused */
	const char *words;
} links[] = {
	{"none", 0, 0, 0, NULL},
	{"100M", 1e8, 1e8, 0, NULL},
	{"1M/10M", 1e6, 1e7, 0, NULL},
	{"2.5e3", 2500, 2500, 0, NULL},
	{"lan", 118e6, 118e6, 1e-4, NULL},
	{"4g", 625e3, 1.5e6, 35e-3, NULL},
	{"4g/lan", -1, 0, 0, "on both sides of / are bytes/s"},
	{"1M/", -1, 0, 0, "no link"},
	{"4g:0.3", -1, 0, 0, "without a spread"},
	{"lam", -1, 0, 0, "did you mean lan?"},
	{"0", -1, 0, 0, "from 0.001 bytes/s"},
	{"-1k", -1, 0, 0, "from 0.001 bytes/s"},
	{"M", -1, 0, 0, "no link"},
};

START_TEST(rates_are_read)
{
	struct fed_server_link_rates rates = {.up = 7};
	struct fed_error err = {""};
	const int rc = fed__server_link_parse(links[_i].typed, &rates, &err);

	if (links[_i].up < 0) {
		ck_assert_int_eq(rc, FED_FAIL);
		ck_assert_msg(strstr(err.text, links[_i].words), "%s: %s", links[_i].typed, err.text);
		ck_assert_double_eq(rates.up, 7);
		return;
	}
	fed_assert_ok(rc, &err);
	ck_assert_double_eq(rates.up, links[_i].up);
	ck_assert_double_eq(rates.down, links[_i].down);
	ck_assert_double_eq(rates.latency, links[_i].latency);
}
END_TEST

/* What happened at the link. */
struct seen {
	int queued, passed;
	double waited; /* from queued to passed, together */
};
static void see(void *ctx, const struct fed_event *event)
{
	struct seen *s = ctx;

	s->queued += event->kind == FED_EVENT_QUEUED;
	s->passed += event->kind == FED_EVENT_PASSES;
	if (event->kind == FED_EVENT_QUEUED)
		s->waited -= event->clock;
	if (event->kind == FED_EVENT_PASSES)
		s->waited += event->clock;
}

/* C clients whose own links and devices take no time: models leave one after the other, each update
 * follows at once, and meets a free link. */
START_TEST(more_clients_make_a_longer_round)
{
	static const uint32_t clients[] = {1, 2, 5, 20};
	double before = 0;

	for (size_t k = 0; k < sizeof clients / sizeof *clients; k++) {
		const double c = clients[k];
		struct seen seen = {0};
		struct lab lab;

		lab_compose(&lab, BLOBS, "softmax", "fedavg", "local", 0, 0, FED_PARTITION_IID);
		lab_add(&lab, clients[k], 10, FED_PARTITION_IID, 0);
		strcpy(lab.settings.server_link, "1k/2k");
		lab.sink = (struct fed_sink){see, &seen};
		lab_start(&lab);
		const double bytes = FED_FRAME_BYTES + 4.0 * (double)lab.net.dim;
		const double up = bytes / 1e3, down = bytes / 2e3;
		for (int round = 1; round <= 3; round++) {
			/* Down one leaves each `down` seconds; up the link is busy from the first on. */
			const double want = down + c * up;

			lab_run(&lab, 1);
			ck_assert_double_eq_tol(lab.federation.record.clock, round * want, 1e-9 * round * want);
			/* 0, 1, ... times `down`; then 0, 1, ... times up - down */
			ck_assert_double_eq_tol(lab.federation.record.server_wait,
			                        c * (c - 1) / 2 * (down + (up - down)), 1e-9);
		}
		ck_assert_int_eq(seen.queued, 3 * 2 * ((int)clients[k] - 1));
		ck_assert_int_eq(seen.passed, seen.queued);
		ck_assert_double_eq_tol(seen.waited, 3 * lab.federation.record.server_wait, 1e-8);
		ck_assert_double_gt(lab.federation.record.clock, before);
		before = lab.federation.record.clock;
		lab_release(&lab);
	}
}
END_TEST

/* A link so fast that it takes no time changes no number. */
START_TEST(an_ideal_one_changes_nothing)
{
	struct lab lab[2];

	for (int i = 0; i < 2; i++) {
		lab_compose(&lab[i], BLOBS, "softmax", "fedavg", "lossy", 0, 0, FED_PARTITION_IID);
		lab_add(&lab[i], 6, 10, FED_PARTITION_IID, 1e6);
		if (i)
			strcpy(lab[i].settings.server_link, "ideal");
		lab_start(&lab[i]);
		lab_run(&lab[i], 3);
	}
	ck_assert_mem_eq(lab[0].federation.params, lab[1].federation.params,
	                 lab[0].net.dim * sizeof(float));
	ck_assert_double_eq(lab[0].federation.record.clock, lab[1].federation.record.clock);
	ck_assert(isnan(lab[0].federation.record.server_wait));
	ck_assert_double_eq(lab[1].federation.record.server_wait, 0);
	lab_release(&lab[0]);
	lab_release(&lab[1]);
}
END_TEST

static const struct fed_scheme *scheme_async(void)
{
	const struct fed_scheme *scheme = NULL;
	struct fed_error err = {""};

	fed_assert_ok(fed_scheme_find("async", &scheme, &err), &err);
	return scheme;
}

/* Many unequal clients, which come late, over a link that is busy all the time. */
START_TEST(threads_change_nothing)
{
	struct lab lab[2];

	for (int i = 0; i < 2; i++) {
		lab_compose(&lab[i], BLOBS, "softmax", "fedasync", "lossy", 0, 0, FED_PARTITION_IID);
		for (uint32_t id = 0; id < 12; id++)
			lab_add(&lab[i], 1, 5 + id % 4, FED_PARTITION_IID, 1e5 * (1 + id % 3));
		lab_scheme(&lab[i], scheme_async(), "concurrency", "7");
		strcpy(lab[i].settings.server_link, "5k/9k");
		lab[i].settings.threads = 1 + 3 * i;
		lab_start(&lab[i]);
		lab_run(&lab[i], 40);
	}
	ck_assert_mem_eq(lab[0].federation.params, lab[1].federation.params,
	                 lab[0].net.dim * sizeof(float));
	ck_assert_double_eq(lab[0].federation.record.clock, lab[1].federation.record.clock);
	ck_assert_double_eq(lab[0].federation.record.server_wait, lab[1].federation.record.server_wait);
	ck_assert_double_gt(lab[0].federation.record.server_wait, 0);
	lab_release(&lab[0]);
	lab_release(&lab[1]);
}
END_TEST

FED_SUITE(server_link)
{
	Suite *suite = suite_create("server_link");
	TCase *tests = tcase_create("server_link");

	tcase_add_loop_test(tests, rates_are_read, 0, (int)(sizeof links / sizeof *links));
	tcase_add_test(tests, more_clients_make_a_longer_round);
	tcase_add_test(tests, an_ideal_one_changes_nothing);
	tcase_add_test(tests, threads_change_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
