/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ring of events and the texts in it, fed by hand. */
#include "history/event_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "fedsh/transport.h"
#include "history/event_filter.h"
#include "support/suite.h"

static void say(struct fed_event_log *r, enum fed_event_kind kind, uint64_t version, double clock,
                const char *text)
{
	static const struct fed_record record = {
		.test_accuracy = 0.5, .test_loss = 2, .used = 3, .invited = 4};
	const struct fed_event event = {.kind = kind,
	                                .version = version,
	                                .clock = clock,
	                                .client = FED_SERVER,
	                                .text = text,
	                                .record = &record};

	fed_event_log_take(r, &event);
}

static void step(struct fed_event_log *r, enum fed_event_kind kind, uint32_t client,
                 uint64_t invitation, double clock)
{
	const struct fed_event event = {
		.kind = kind, .clock = clock, .client = client, .invitation = invitation};

	fed_event_log_take(r, &event);
}

/* Phrases -------------------------------------------------------------------- */

START_TEST(a_text_is_kept_once)
{
	struct fed_string_pool p = {0};
	const uint32_t a = fed__string_pool_take(&p, "a"), b = fed__string_pool_take(&p, "b");

	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(fed__string_pool_take(&p, "a"), a);
	ck_assert_uint_eq(fed__string_pool_take(&p, NULL), 0);
	ck_assert_ptr_null(fed__string_pool_text(&p, 0));
	ck_assert_str_eq(fed__string_pool_text(&p, b), "b");
	ck_assert_uint_eq(p.bytes, 4);
	fed__string_pool_drop(&p, a);
	ck_assert_str_eq(fed__string_pool_text(&p, a), "a");
	fed__string_pool_drop(&p, a);
	fed__string_pool_drop(&p, 0);
	ck_assert_uint_eq(p.in_use, 1);
	ck_assert_uint_eq(p.bytes, 2);
	ck_assert_uint_eq(fed__string_pool_take(&p, "c"), a); /* the place is used again */
	fed__string_pool_release(&p);
}
END_TEST

/* Against an array of counts: 200 texts, taken and dropped at random. */
START_TEST(many_texts)
{
	enum { TEXTS = 200, MOVES = 20000 };
	struct fed_string_pool p = {0};
	uint32_t users[TEXTS] = {0}, number[TEXTS] = {0}, in_use = 0;
	char text[16];

	for (uint32_t i = 0; i < MOVES; i++) {
		const uint32_t k = (uint32_t)fed_random(1, i) % TEXTS;

		snprintf(text, sizeof text, "text %u", k);
		if (fed_random(2, i) % 2 && users[k]) {
			fed__string_pool_drop(&p, number[k]);
			users[k]--;
		} else {
			const uint32_t n = fed__string_pool_take(&p, text);
			ck_assert(users[k] == 0 || n == number[k]);
			number[k] = n;
			users[k]++;
		}
	}
	for (uint32_t k = 0; k < TEXTS; k++) {
		snprintf(text, sizeof text, "text %u", k);
		in_use += users[k] > 0;
		if (users[k])
			ck_assert_str_eq(fed__string_pool_text(&p, number[k]), text);
	}
	ck_assert_uint_eq(p.in_use, in_use);
	fed__string_pool_release(&p);
}
END_TEST

/* Events ------------------------------------------------------------------------ */

START_TEST(the_oldest_go)
{
	struct fed_event_log r = {.limit = 512};
	char text[32];

	ck_assert_ptr_null(fed_event_log_at(&r, 0));
	ck_assert_ptr_null(fed_event_log_at(&r, 1));
	ck_assert_uint_eq(fed_event_log_since(&r, 0), 1);
	for (unsigned i = 1; i <= 2000; i++) {
		snprintf(text, sizeof text, "text %u", i / 2);
		say(&r, FED_EVENT_NOTICE, i / 10, i, text);
	}
	ck_assert_uint_eq(r.n, 2000);
	ck_assert_uint_eq(r.capacity, 512);
	ck_assert_ptr_null(fed_event_log_at(&r, 2000 - 512));
	ck_assert_ptr_null(fed_event_log_at(&r, 2001));
	for (unsigned i = 2000 - 511; i <= 2000; i++) {
		const struct fed_logged_event *e = fed_event_log_at(&r, i);

		ck_assert_ptr_nonnull(e);
		snprintf(text, sizeof text, "text %u", i / 2);
		ck_assert_str_eq(fed_event_log_text(&r, e), text);
		ck_assert_uint_eq(e->version, i / 10);
		ck_assert_double_eq(e->clock, i);
		ck_assert_uint_eq(e->client, FED_SERVER);
	}
	ck_assert_uint_eq(r.texts.in_use, 257); /* the oldest kept is the second with its text */
	ck_assert_uint_eq(fed_event_log_since(&r, 180), 1800);
	ck_assert_uint_eq(fed_event_log_since(&r, 0), 2000 - 511);
	ck_assert_uint_eq(fed_event_log_since(&r, 201), 2001);
	fed_event_log_restart(&r);
	ck_assert_uint_eq(fed_event_log_since(&r, 0), 2001);
	say(&r, FED_EVENT_NOTICE, 0, 0, NULL);
	ck_assert_uint_eq(fed_event_log_since(&r, 0), 2001);
	ck_assert_ptr_null(fed_event_log_text(&r, fed_event_log_at(&r, 2001)));
	fed_event_log_release(&r);
}
END_TEST

START_TEST(large_texts_push_out_old_events)
{
	struct fed_event_log r = {0};
	char *text = malloc(1 << 20);

	memset(text, 'x', 1 << 20);
	text[(1 << 20) - 1] = 0;
	for (unsigned i = 0; i < 40; i++) {
		text[0] = (char)('A' + i);
		say(&r, FED_EVENT_PLUGIN, 0, 0, text);
	}
	ck_assert_uint_le(r.texts.bytes, FED_TEXTS_BYTES);
	ck_assert_uint_eq(r.n - r.first + 1, 16);
	ck_assert_int_eq(fed_event_log_text(&r, fed_event_log_at(&r, 40))[0], 'A' + 39);
	free(text);
	fed_event_log_release(&r);
}
END_TEST

/* The log rounds as the round's line does: as a float, 0.64825 would be 0.6483. */
START_TEST(a_round_is_rounded_once)
{
	for (int k = 0; k < 2000; k++) {
		struct fed_event_log r = {0};
		struct fed_text line = {0};
		char expected[64];
		const struct fed_record record = {
			.test_accuracy = 0.00005 * k, .test_loss = 0.6 + 0.00005 * k, .invited = 1};

		fed_event_log_take(&r, &(struct fed_event){.kind = FED_EVENT_ROUND, .record = &record});
		fed_logged_event_put(&line, &r, fed_event_log_at(&r, 1), NULL);
		snprintf(expected, sizeof expected, "accuracy %.2f %%, loss %#.4g, ",
		         100 * record.test_accuracy, record.test_loss);
		ck_assert_msg(strstr(fed_text_str(&line), expected) != NULL, "%s is not in %s", expected,
		              line.s);
		fed_text_release(&line);
		fed_event_log_release(&r);
	}
}
END_TEST

START_TEST(a_round_has_its_figures)
{
	struct fed_event_log r = {0};

	say(&r, FED_EVENT_ROUND, 1, 3, NULL);
	const struct fed_logged_event *e = fed_event_log_at(&r, 1);
	ck_assert_double_eq(e->accuracy, 0.5);
	ck_assert_double_eq(e->loss, 2);
	ck_assert_uint_eq(e->used, 3);
	ck_assert_uint_eq(e->invited, 4);
	fed_event_log_release(&r);
}
END_TEST

START_TEST(an_aborted_round_is_marked)
{
	static const char marks[] = "..rrr..rr."; /* r: rolled back, by event */
	struct fed_event_log r = {0};

	say(&r, FED_EVENT_NOTICE, 0, 0, "before");
	say(&r, FED_EVENT_WARNING, 0, 0, "before, too");
	step(&r, FED_EVENT_SENT, 1, 1, 0);
	say(&r, FED_EVENT_BEGIN, 0, 0, NULL);
	step(&r, FED_EVENT_RECEIVED, 1, 1, 5);
	say(&r, FED_EVENT_ABORTED, 0, 0, "why");
	say(&r, FED_EVENT_NOTICE, 0, 0, "between");
	step(&r, FED_EVENT_SENT, 1, 2, 0);
	step(&r, FED_EVENT_LOST, 1, 2, 0);
	say(&r, FED_EVENT_ABORTED, 0, 0, "why");
	say(&r, FED_EVENT_ABORTED, 0, 0, "none is open");
	for (uint64_t k = 1; k <= 10; k++)
		ck_assert_int_eq(fed_event_log_at(&r, k)->undone, marks[k - 1] == 'r');
	ck_assert_uint_eq(r.invitation_log.n, 0);
	fed_event_log_release(&r);
}
END_TEST

START_TEST(kinds_have_names)
{
	for (size_t k = 0; k < FED_EVENT_KINDS; k++)
		ck_assert_ptr_nonnull(fed_event_name(k));
	ck_assert_ptr_null(fed_event_name(FED_EVENT_KINDS));
	ck_assert(fed_event_is_step(FED_EVENT_SENT));
	ck_assert(!fed_event_is_step(FED_EVENT_LOST));
	ck_assert_uint_eq(sizeof(struct fed_logged_event), 48);
	ck_assert_uint_eq(sizeof(struct fed_invitation_record), 144);
	ck_assert_uint_le(FED_EVENT_KINDS, 64);
}
END_TEST

/* It forgets where it cannot keep, and never fails. */
static int fill(void *ctx, struct fed_error *err)
{
	struct fed_event_log r = {.limit = 1024, .invitation_log.limit = 512};
	char text[32];

	(void)ctx, (void)err;
	for (uint32_t i = 0; i < 900; i++) {
		snprintf(text, sizeof text, "text %u", i % 300);
		say(&r, FED_EVENT_NOTICE, i, i, text);
		step(&r, FED_EVENT_SENT, i % 700, i + 1, i);
		step(&r, FED_EVENT_RECEIVED, i % 700, i + 1, i + 0.5);
	}
	ck_assert_uint_le(r.n - r.first + 1, r.capacity ? r.capacity : 1);
	for (uint32_t client = 0; client < 700; client++)
		for (const struct fed_invitation_record *x =
		         fed_invitation_log_last(&r.invitation_log, client);
		     x; x = fed_invitation_log_before(&r.invitation_log, x))
			ck_assert_uint_eq(x->client, client);
	fed_event_log_release(&r);
	return FED_OK;
}

START_TEST(survives_every_allocation)
{
	ck_assert_uint_gt(fed_each_allocation(fill, NULL), 300);
}
END_TEST

FED_SUITE(event_log)
{
	Suite *suite = suite_create("recorder");
	TCase *tests = tcase_create("recorder");

	tcase_add_test(tests, a_text_is_kept_once);
	tcase_add_test(tests, many_texts);
	tcase_add_test(tests, the_oldest_go);
	tcase_add_test(tests, large_texts_push_out_old_events);
	tcase_add_test(tests, a_round_has_its_figures);
	tcase_add_test(tests, a_round_is_rounded_once);
	tcase_add_test(tests, an_aborted_round_is_marked);
	tcase_add_test(tests, kinds_have_names);
	tcase_add_test(tests, survives_every_allocation);
	suite_add_tcase(suite, tests);
	return suite;
}
