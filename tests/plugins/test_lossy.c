/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When and whether the transport `lossy` delivers, against closed forms.
 */
#include <math.h>
#include <string.h>

#include "drive.h"
#include "support/suite.h"

#define MESSAGES 40000

struct host {
	struct fed_transport_host wire; /* first member */
	struct fed_link link;
	double now, when;
	uint64_t id;
	bool dropped;
	int fates;
	char why[64];
};

static double clock_of(const struct fed_transport_host *w)
{
	return ((const struct host *)w)->now;
}

static void link_of(const struct fed_transport_host *w, uint32_t client, struct fed_link *out,
                    size_t size)
{
	ck_assert_uint_eq(size, sizeof *out);
	(void)client;
	*out = ((const struct host *)w)->link;
}

static void settle(struct host *h, uint64_t id, double when)
{
	ck_assert(isfinite(when) && when >= h->now);
	h->id = id;
	h->when = when;
	h->fates++;
}

static void deliver(const struct fed_transport_host *w, uint64_t id, double when)
{
	settle((struct host *)w, id, when);
}

static void drop(const struct fed_transport_host *w, uint64_t id, double when, const char *why)
{
	struct host *h = (struct host *)w;

	settle(h, id, when);
	h->dropped = true;
	snprintf(h->why, sizeof h->why, "%s", why);
}

static struct host host_of(struct fed_link link, uint64_t seed)
{
	return (struct host){.wire = {.size = sizeof(struct fed_transport_host),
	                              .seed = seed,
	                              .clock = clock_of,
	                              .link = link_of,
	                              .deliver = deliver,
	                              .drop = drop},
	                     .link = link,
	                     .now = 100};
}

/* Seconds until the message's fate. */
static double fate(struct drive *d, struct host *h, uint64_t id, bool down, uint64_t bytes)
{
	const struct fed_message m = {
		.id = id, .from = down ? FED_SERVER : 3, .to = down ? 3 : FED_SERVER, .bytes = bytes};
	struct fed_error err;

	h->fates = 0;
	h->dropped = false;
	fed_assert_ok(fed_call_send(&d->instance, &h->wire, &m, &err), &err);
	ck_assert_int_eq(h->fates, 1);
	ck_assert_uint_eq(h->id, id);
	return h->when - h->now;
}

START_TEST(a_steady_link_is_local)
{
	const struct fed_link link = {.latency = 0.5, .up = 100, .down = 400};
	struct host h = host_of(link, 1);
	struct drive d;

	drive_open(&d, "lossy", "");
	ck_assert(fed_is_simulated(&d.instance));
	ck_assert_double_eq_tol(fate(&d, &h, 1, true, 1000), 0.5 + 2.5, 1e-12);
	ck_assert_double_eq_tol(fate(&d, &h, 2, false, 1000), 0.5 + 10, 1e-12);
	h.link = (struct fed_link){.up = INFINITY, .down = INFINITY};
	ck_assert_double_eq_tol(fate(&d, &h, 3, false, 1 << 30), 0, 1e-12);
	drive_close(&d);
}
END_TEST

static const struct {
	struct fed_link link;
	const char *settings;
	double rto;
	int tries;
} table[] = {
	{{.latency = 0.1, .jitter = 0.02, .up = 1e4, .down = 1e4, .drop_rate = 0.1}, "", 2, 6},
	{{.latency = 0.1, .jitter = 0.3, .up = 1e4, .down = 1e5, .drop_rate = 0.5}, "retries=2", 2, 3},
	{{.latency = 1, .jitter = 1e6, .up = 1e3, .down = INFINITY, .drop_rate = 0.3},
     "rto=3.5",
     3.5,
     6},
	{{.latency = 0.01, .up = 1e3, .down = 1e3, .drop_rate = 0.9}, "retries=0", 2, 1},
	{{.latency = 0, .jitter = 5, .up = 1e3, .down = 1e3, .drop_rate = 0.2}, "retries=30", 2, 31},
	{{.latency = 0.3, .jitter = 0.3, .up = 1e6, .down = 1e6, .drop_rate = 0.02}, "", 2, 6},
};

/* Mean and standard error of the delays of what arrives, and the share of what does not. */
START_TEST(delay_and_loss_follow_the_closed_forms)
{
	const struct fed_link link = table[_i].link;
	const uint64_t bytes = 500;
	const double pushing = (double)bytes / link.up, p = link.drop_rate, n = table[_i].tries;
	const double timeout = table[_i].rto * (2 * link.latency + pushing), lost = pow(p, n);
	const double want = link.latency + pushing + timeout * (p / (1 - p) - n * lost / (1 - lost));
	struct host h = host_of(link, 12345 + (uint64_t)_i);
	struct drive d;
	double sum = 0, squares = 0, dropped = 0;
	char why[64];

	snprintf(why, sizeof why, "lost after %d %s", table[_i].tries,
	         table[_i].tries == 1 ? "try" : "tries");
	drive_open(&d, "lossy", table[_i].settings);
	for (uint64_t id = 1; id <= MESSAGES; id++) {
		const double t = fate(&d, &h, id, false, bytes);

		if (h.dropped) {
			ck_assert_double_eq_tol(t, n * timeout, 1e-9 * n * timeout + 1e-12);
			ck_assert_str_eq(h.why, why);
			dropped++;
			continue;
		}
		/* Between the shortest and the longest that is possible. */
		const double rest = fmod(t - pushing + 1e-9, timeout);
		ck_assert(t >= pushing - 1e-9 && rest <= 2 * link.latency + 2e-9);
		sum += t;
		squares += t * t;
	}
	const double arrived = MESSAGES - dropped, mean = sum / arrived;
	const double error = sqrt(fmax(squares / arrived - mean * mean, 0) / arrived);
	ck_assert_msg(fabs(mean - want) <= 4 * error + 1e-9, "mean %g, not %g (+- %g)", mean, want,
	              error);
	ck_assert_double_le(fabs(dropped / MESSAGES - lost),
	                    4 * sqrt(lost * (1 - lost) / MESSAGES) + 1e-12);
	drive_close(&d);
}
END_TEST

/* Little jitter: its standard deviation is the link's. */
START_TEST(jitter_is_normal)
{
	struct host h = host_of((struct fed_link){.latency = 1, .jitter = 0.1, .up = 1, .down = 1}, 9);
	struct drive d;
	double squares = 0, fourth = 0;

	drive_open(&d, "lossy", "");
	for (uint64_t id = 1; id <= MESSAGES; id++) {
		const double z = (fate(&d, &h, id, true, 0) - 1) / 0.1;
		squares += z * z / MESSAGES;
		fourth += z * z * z * z / MESSAGES;
	}
	/* Their own standard errors: sqrt(2/n) and sqrt(96/n). */
	ck_assert_double_le(fabs(squares - 1), 4 * sqrt(2.0 / MESSAGES));
	ck_assert_double_le(fabs(fourth - 3), 4 * sqrt(96.0 / MESSAGES));
	drive_close(&d);
}
END_TEST

/* Fates depend on seed and id, not on what was sent before. */
START_TEST(fates_repeat)
{
	const struct fed_link link = {
		.latency = 1, .jitter = 0.4, .up = 10, .down = 10, .drop_rate = 0.4};
	struct host a = host_of(link, 5), b = host_of(link, 5), other = host_of(link, 6);
	struct drive d, e;
	int same = 0;

	drive_open(&d, "lossy", "");
	drive_open(&e, "lossy", "");
	for (uint64_t id = 50; id > 0; id--)
		fate(&e, &b, id, true, 77);
	for (uint64_t id = 1; id <= 50; id++) {
		const double t = fate(&d, &a, id, true, 10), u = fate(&e, &b, id, true, 10);
		ck_assert_mem_eq(&t, &u, sizeof t);
		ck_assert(a.dropped == b.dropped);
		same += fate(&e, &other, id, true, 10) == t;
	}
	ck_assert_int_lt(same, 5);
	drive_close(&d);
	drive_close(&e);
}
END_TEST

FED_SUITE(lossy)
{
	Suite *suite = suite_create("lossy");
	TCase *tests = tcase_create("lossy");

	tcase_add_test(tests, a_steady_link_is_local);
	tcase_add_loop_test(tests, delay_and_loss_follow_the_closed_forms, 0,
	                    sizeof table / sizeof *table);
	tcase_add_test(tests, jitter_is_normal);
	tcase_add_test(tests, fates_repeat);
	suite_add_tcase(suite, tests);
	return suite;
}
