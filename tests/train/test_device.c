/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Devices and links: what can be typed, how values spread, what a round takes.
 */
#include "train/clients/device.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/suite.h"
#include "train/lab.h"

#define BLOBS "blobs classes=4 train=2000 test=50"

static const struct {
	const char *typed;
	double flops, spread; /* spread < 0: refused */
	const char *words;    /* name of the profile, or part of the refusal */
} devices[] = {
	{"phone", 2e9, 0, "phone"},
	{"laptop", 1e10, 0, "laptop"},
	{"server:1", 1e12, 1, "server"},
	{"iot:0.25", 1e8, 0.25, "iot"},
	{"ideal", 0, 0, "ideal"},
	{"2e9", 2e9, 0, NULL},
	{"3.5e6:0.1", 3.5e6, 0.1, NULL},
	{"2G", 2e9, 0, NULL},
	{"1.5T:0.2", 1.5e12, 0.2, NULL},
	{"G", 0, -1, "no device"},
	{"2GG", 0, -1, "no device"},
	{"0", 0, 0, NULL},
	{"phon", 0, -1, "did you mean phone?"},
	{"toaster", 0, -1, "ideal, server, laptop, phone, iot, or FLOP/s as in 2e9"},
	{"", 0, -1, "there are"},
	{"phone:", 0, -1, "a number from 0 to 3"},
	{"phone:4", 0, -1, "a number from 0 to 3"},
	{"phone:-1", 0, -1, "a number from 0 to 3"},
	{"phone:nan", 0, -1, "a number from 0 to 3"},
	{"phone:0.1:2", 0, -1, "a number from 0 to 3"},
	{"-1", 0, -1, "from 1 FLOP/s, 0 for no time"},
	{"0.5", 0, -1, "from 1 FLOP/s"},
	{"1e31", 0, -1, "from 1 FLOP/s"},
	{"inf", 0, -1, ""},
	{"nan", 0, -1, ""},
	{"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 0, -1,
     "no device"},
};

START_TEST(devices_are_read)
{
	const struct fed_device_spec before = {.flops = 7, .spread = 7, .profile = 7};
	struct fed_device_spec spec = before;
	struct fed_error err = {""};
	const int rc = fed_device_parse(devices[_i].typed, &spec, &err);

	if (devices[_i].spread < 0) {
		ck_assert_msg(rc == FED_FAIL && strstr(err.text, devices[_i].words), "%s: \"%s\"",
		              devices[_i].typed, err.text);
		ck_assert_mem_eq(&spec, &before, sizeof spec);
		return;
	}
	fed_assert_ok(rc, &err);
	ck_assert_double_eq(spec.flops, devices[_i].flops);
	ck_assert_double_eq(spec.spread, devices[_i].spread);
	ck_assert(spec.spread_given == (strchr(devices[_i].typed, ':') != NULL));
	if (devices[_i].words)
		ck_assert_str_eq(fed_device_profiles[spec.profile].name, devices[_i].words);
	else
		ck_assert_uint_eq(spec.profile, FED_NO_PROFILE);
}
END_TEST

START_TEST(links_are_read)
{
	struct fed_link_spec spec;
	struct fed_error err = {""};

	for (size_t k = 0; fed_link_profiles[k].name; k++) {
		char typed[40];

		snprintf(typed, sizeof typed, "%s:0.3", fed_link_profiles[k].name);
		fed_assert_ok(fed_link_parse(typed, &spec, &err), &err);
		ck_assert_uint_eq(spec.profile, k);
		ck_assert_double_eq(spec.spread, 0.3);
		ck_assert_mem_eq(&spec.link, &fed_link_profiles[k].link, sizeof spec.link);
	}
	fed_assert_ok(fed_link_parse("1e6", &spec, &err), &err);
	ck_assert_uint_eq(spec.profile, FED_NO_PROFILE);
	ck_assert_double_eq(spec.link.up, 1e6);
	ck_assert_double_eq(spec.link.down, 1e6);
	ck_assert_double_eq(spec.link.latency + spec.link.jitter + spec.link.drop_rate, 0);
	fed_assert_ok(fed_link_parse("2M@0.02:0.3", &spec, &err), &err);
	ck_assert_double_eq(spec.link.up, 2e6);
	ck_assert_double_eq(spec.link.latency, 0.02);
	ck_assert_double_eq(spec.spread, 0.3);
	ck_assert_int_eq(fed_link_parse("4g@0.02", &spec, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "4g has a latency"));
	ck_assert_int_eq(fed_link_parse("1e6@-1", &spec, &err), FED_FAIL);
	ck_assert_int_eq(fed_link_parse("1e6@", &spec, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "the latency in seconds"));
	ck_assert_int_eq(fed_link_parse("0", &spec, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "from 0.001 bytes/s"));
	ck_assert_int_eq(fed_link_parse("satelite", &spec, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "did you mean satellite?"));
}
END_TEST

/* Each profile can be simulated: times that are none, bandwidths, probabilities. */
START_TEST(profiles_are_sound)
{
	for (const struct fed_device_profile *p = fed_device_profiles; p->name; p++)
		ck_assert(p->help && p->flops >= 0 && isfinite(p->flops));
	for (const struct fed_link_profile *p = fed_link_profiles; p->name; p++)
		ck_assert(p->help && p->link.latency >= 2 * p->link.jitter && p->link.up > 0 &&
		          p->link.down >= p->link.up && p->link.drop_rate >= 0 && p->link.drop_rate < 0.1);
	ck_assert_uint_le(sizeof(struct fed_client), 104);
}
END_TEST

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

enum { DRAWS = 20001 };

/* Lognormal: the median is the profile's, the logarithm has the spread as standard deviation. */
static void check_spread(double *v, double median, double spread)
{
	double mean = 0, squares = 0;

	qsort(v, DRAWS, sizeof *v, ascending);
	for (int i = 0; i < DRAWS; i++)
		mean += log(v[i] / median) / DRAWS;
	for (int i = 0; i < DRAWS; i++)
		squares += pow(log(v[i] / median) - mean, 2) / DRAWS;
	ck_assert_double_le(fabs(mean), 4 * spread / sqrt(DRAWS));
	ck_assert_double_le(fabs(log(v[DRAWS / 2] / median)), 4 * 1.2534 * spread / sqrt(DRAWS));
	ck_assert_double_le(fabs(sqrt(squares) - spread), 4 * spread / sqrt(2.0 * DRAWS));
	/* The quantile at one standard deviation. */
	ck_assert_double_eq_tol(v[(int)(0.841345 * DRAWS)] / median, exp(spread), 0.05 * exp(spread));
}

START_TEST(spreads_are_lognormal)
{
	static double flops[DRAWS], down[DRAWS];
	struct fed_device_spec device;
	struct fed_link_spec link;
	struct fed_error err = {""};
	double together = 0;

	fed_assert_ok(fed_device_parse("phone:0.5", &device, &err), &err);
	fed_assert_ok(fed_link_parse("4g:0.3", &link, &err), &err);
	for (uint32_t id = 0; id < DRAWS; id++) {
		const struct fed_client_link l = fed__link_draw(&link, 11, id);

		flops[id] = (double)fed__device_draw(&device, 11, id);
		down[id] = (double)l.down;
		together += log(flops[id] / 2e9) / 0.5 * log(down[id] / 1.5e6) / 0.3 / DRAWS;
		ck_assert_double_eq_tol((double)l.up / (double)l.down, 625e3 / 1.5e6, 1e-6);
		ck_assert_float_eq(l.latency, (float)link.link.latency);
	}
	/* A fast phone has no better link for it. */
	ck_assert_double_le(fabs(together), 4 / sqrt(DRAWS));
	check_spread(flops, 2e9, 0.5);
	check_spread(down, 1.5e6, 0.3);
}
END_TEST

START_TEST(draws_depend_on_seed_and_client_alone)
{
	const struct fed_device_spec a = {2e9, 0.5, 0}, b = {1e6, 0.5, 0}, sure = {2e9, 0, 0};
	const struct fed_device_spec wild = {1e30, 3, 0}, slow = {1, 3, 0};

	for (uint32_t id = 0; id < 1000; id++) {
		const float x = fed__device_draw(&a, 1, id);

		ck_assert(x == fed__device_draw(&a, 1, id));
		ck_assert(x != fed__device_draw(&a, 2, id) && x != fed__device_draw(&a, 1, id + 1));
		/* The same client is as fast among others. */
		ck_assert_double_eq_tol((double)x / 2e9, (double)fed__device_draw(&b, 1, id) / 1e6, 1e-5);
		ck_assert_float_eq(fed__device_draw(&sure, 1, id), 2e9f);
		ck_assert(isfinite(fed__device_draw(&wild, 1, id)) && fed__device_draw(&slow, 1, id) > 0);
	}
}
END_TEST

static void equip(struct lab *lab, uint32_t id, const char *device, const char *link)
{
	struct fed_device_spec d;
	struct fed_link_spec l;
	struct fed_error err = {""};

	fed_assert_ok(fed_device_parse(device, &d, &err), &err);
	fed_assert_ok(fed_link_parse(link, &l, &err), &err);
	fed_client_equip(&lab->clients.client[id], id, &d, &l, 1);
}

/* Model down, computing, update up, from the numbers of the client's row. */
static double closed_form(const struct lab *lab, uint32_t id)
{
	const struct fed_client *x = &lab->clients.client[id];
	const double bytes = FED_FRAME_BYTES + 4.0 * (double)lab->net.dim;
	const double flops =
		x->count * (double)lab->settings.epochs * 3 * fed_net_flops(&lab->net, 0, lab->net.layers);
	const double compute = x->device > 0 ? flops / (double)x->device : 0;

	return (double)x->link.latency + bytes / (double)x->link.down + compute +
	       (double)x->link.latency + bytes / (double)x->link.up;
}

/* One client, every device with every link: each round takes the closed form. */
START_TEST(a_round_takes_the_closed_form_of_each_profile)
{
	for (const struct fed_device_profile *d = fed_device_profiles; d->name; d++)
		for (const struct fed_link_profile *l = fed_link_profiles; l->name; l++) {
			struct lab lab;

			lab_compose(&lab, BLOBS, "mlp hidden=200", "fedavg", "local", 1, 30, FED_PARTITION_IID);
			equip(&lab, 0, d->name, l->name);
			lab_start(&lab);
			const double bytes = FED_FRAME_BYTES + 4.0 * (double)lab.net.dim;
			/* From the tables, in doubles. */
			const double flops =
				30 * (double)lab.settings.epochs * 3 * fed_net_flops(&lab.net, 0, lab.net.layers);
			const double want = 2 * l->link.latency + bytes / l->link.down + bytes / l->link.up +
			                    (d->flops > 0 ? flops / d->flops : 0);
			for (int round = 1; round <= 3; round++) {
				lab_run(&lab, 1);
				ck_assert_double_eq_tol(lab.federation.record.clock, round * want,
				                        1e-6 * round * want + 1e-15);
				ck_assert_double_eq(lab.federation.record.bytes_down, bytes);
				ck_assert_double_eq(lab.federation.record.bytes_up, bytes);
			}
			lab_release(&lab);
		}
}
END_TEST

/* Several unequal clients: a round takes what the slowest of them does. */
static void mixed(struct lab *lab, const char *transport)
{
	static const char *const device[] = {"phone:0.5", "laptop", "iot:1", "server", "3e8"};
	static const char *const link[] = {"4g:0.3", "wifi", "satellite", "3g:1",
	                                   "ideal",  "2e5",  "lan"};

	lab_compose(lab, BLOBS, "mlp hidden=16", "fedavg", transport, 0, 0, FED_PARTITION_IID);
	for (uint32_t id = 0; id < 24; id++) {
		lab_add(lab, 1, 10 + 3 * id % 29, FED_PARTITION_IID, 0);
		equip(lab, id, device[id % 5], link[id % 7]);
	}
}

START_TEST(a_round_takes_what_its_slowest_client_takes)
{
	struct lab lab;
	double clock = 0;

	mixed(&lab, "local");
	lab.settings.fraction = 0.3;
	lab_start(&lab);
	for (int round = 0; round < 20; round++) {
		double slowest = 0;

		lab_run(&lab, 1);
		for (uint32_t i = 0; i < lab.federation.verdicts.n; i++)
			slowest = fmax(slowest, closed_form(&lab, lab.federation.verdicts.of[i].client));
		clock += slowest;
		ck_assert_double_eq_tol(lab.federation.record.clock, clock, 1e-9 * clock);
	}
	lab_release(&lab);
}
END_TEST

/* Over links that lose: as many threads as you like, the same bits, times and counts; and each
 * client that was invited reported or is lost. */
START_TEST(threads_change_nothing_over_lossy_links)
{
	static const int threads[] = {1, 2, 5};
	struct lab first;
	double lost = 0;

	mixed(&first, "lossy retries=1");
	for (uint32_t id = 0; id < 24; id++)
		first.clients.client[id].link.drop_rate = 0.3f;
	first.settings.threads = 1;
	lab_start(&first);
	lab_run(&first, 8);
	for (size_t k = 0; k < sizeof threads / sizeof *threads; k++) {
		struct lab lab;

		mixed(&lab, "lossy retries=1");
		for (uint32_t id = 0; id < 24; id++)
			lab.clients.client[id].link.drop_rate = 0.3f;
		lab.settings.threads = threads[k];
		lab_start(&lab);
		for (int round = 0; round < 8; round++) {
			lab_run(&lab, 1);
			const struct fed_record *r = &lab.federation.record;
			ck_assert_double_eq(r->invited, r->reported + r->lost);
			ck_assert_double_eq(r->bytes_down, 24 * (FED_FRAME_BYTES + 4.0 * (double)lab.net.dim));
			lost += r->lost;
		}
		ck_assert_mem_eq(lab.federation.params, first.federation.params,
		                 lab.net.dim * sizeof(float));
		struct fed_record a = lab.federation.record, b = first.federation.record;
		a.wall = b.wall = 0;
		ck_assert_mem_eq(&a, &b, sizeof a);
		lab_release(&lab);
	}
	/* Two tries each way: 1 - 0.91^2 of 24 * 8 * 3. */
	ck_assert_double_le(fabs(lost / (24 * 8 * 3) - (1 - 0.91 * 0.91)), 0.12);
	lab_release(&first);
}
END_TEST

FED_SUITE(device)
{
	Suite *suite = suite_create("device");
	TCase *tests = tcase_create("device");

	tcase_add_loop_test(tests, devices_are_read, 0, (int)(sizeof devices / sizeof *devices));
	tcase_add_test(tests, links_are_read);
	tcase_add_test(tests, profiles_are_sound);
	tcase_add_test(tests, spreads_are_lognormal);
	tcase_add_test(tests, draws_depend_on_seed_and_client_alone);
	tcase_add_test(tests, a_round_takes_the_closed_form_of_each_profile);
	tcase_add_test(tests, a_round_takes_what_its_slowest_client_takes);
	tcase_add_test(tests, threads_change_nothing_over_lossy_links);
	suite_add_tcase(suite, tests);
	return suite;
}
