/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When the transport `local` delivers.
 */
#include <math.h>

#include "drive.h"
#include "support/suite.h"

enum { IDEAL, SLOW, FAST }; /* clients */

static const struct fed_link links[] = {
	[IDEAL] = {.up = INFINITY, .down = INFINITY},
	[SLOW] = {.latency = 0.5, .jitter = 3, .up = 100, .down = 400, .drop_rate = 0.9},
	[FAST] = {.latency = 0.001, .up = 1e6, .down = INFINITY},
};

struct host {
	struct fed_transport_host wire; /* first member */
	double now, when;
	uint64_t id;
	int delivered;
};

static double clock_of(const struct fed_transport_host *w)
{
	return ((const struct host *)w)->now;
}

static void link_of(const struct fed_transport_host *w, uint32_t client, struct fed_link *out,
                    size_t size)
{
	ck_assert_uint_eq(size, sizeof *out);
	(void)w;
	*out = links[client];
}

static void deliver(const struct fed_transport_host *w, uint64_t id, double when)
{
	struct host *h = (struct host *)w;

	h->delivered++;
	h->id = id;
	h->when = when;
}

static void drop(const struct fed_transport_host *w, uint64_t id, double when, const char *why)
{
	(void)w, (void)when;
	ck_abort_msg("message %llu was dropped: %s", (unsigned long long)id, why);
}

START_TEST(arrival)
{
	static const struct {
		uint32_t from, to;
		uint64_t bytes;
		double now, when;
	} table[] = {
		{FED_SERVER, IDEAL, 1 << 30, 7, 7},
		{IDEAL, FED_SERVER, 1 << 30, 7, 7},
		{FED_SERVER, SLOW, 1000, 10, 10 + 0.5 + 1000 / 400.0},
		{SLOW, FED_SERVER, 1000, 10, 10 + 0.5 + 1000 / 100.0},
		{FED_SERVER, FAST, 5000000, 0, 0.001},
		{FAST, FED_SERVER, 5000000, 0, 0.001 + 5},
	};
	struct host host = {{.size = sizeof(struct fed_transport_host),
	                     .clock = clock_of,
	                     .link = link_of,
	                     .deliver = deliver,
	                     .drop = drop}};
	struct drive d;
	struct fed_error err;

	drive_open(&d, "local", "");
	ck_assert(fed_is_simulated(&d.instance));
	fed_assert_ok(fed_call_open(&d.instance, &host.wire, &err), &err);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		const struct fed_message m = {
			.id = 40 + i, .from = table[i].from, .to = table[i].to, .bytes = table[i].bytes};
		host.now = table[i].now;
		host.delivered = 0;
		fed_assert_ok(fed_call_send(&d.instance, &host.wire, &m, &err), &err);
		ck_assert_int_eq(host.delivered, 1);
		ck_assert_uint_eq(host.id, m.id);
		ck_assert_double_eq_tol(host.when, table[i].when, 1e-12);
	}
	fed_call_close(&d.instance, &host.wire);
	drive_close(&d);
}
END_TEST

FED_SUITE(local)
{
	Suite *suite = suite_create("local");
	TCase *tests = tcase_create("local");

	tcase_add_test(tests, arrival);
	suite_add_tcase(suite, tests);
	return suite;
}
