/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Timelines against golden text in golden/timeline-NAME.txt (FEDSH_GOLDEN=write writes them): a
 * schedule with each phase and each end, told by hand.
 */
#include "tui/widgets/timeline.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "history/event_log.h"
#include "support/suite.h"
#include "tui/glass.h"
#include "tui/widgets/canvas.h"

/* kind, client, invitation, clock, bytes */
static const struct {
	enum fed_event_kind kind;
	uint32_t client;
	uint64_t invitation;
	double clock;
	uint64_t bytes;
} told[] = {
	{FED_EVENT_SENT, 3, 1, 0, 100},
	{FED_EVENT_SENT, 4, 2, 0, 100},
	{FED_EVENT_SENT, 11, 3, 0, 100},
	{FED_EVENT_SENT, 12, 4, 0, 100},
	{FED_EVENT_SENT, 13, 5, 0, 100},
	{FED_EVENT_SENT, 14, 6, 0, 100},
	{FED_EVENT_RECEIVED, 3, 1, 1, 0},
	{FED_EVENT_RECEIVED, 4, 2, 2, 0},
	{FED_EVENT_RECEIVED, 11, 3, 1.5, 0},
	{FED_EVENT_RECEIVED, 13, 5, 1, 0},
	{FED_EVENT_RECEIVED, 14, 6, 1, 0},
	{FED_EVENT_LOST, 12, 4, 3, 0},
	{FED_EVENT_TRAINED, 3, 1, 5, 100},
	{FED_EVENT_TRAINED, 4, 2, 4, 100},
	{FED_EVENT_TRAINED, 13, 5, 2, 0}, /* it is held ... */
	{FED_EVENT_REPORTED, 3, 1, 7, 0},
	{FED_EVENT_FAULT, 13, 5, 7, 100}, /* ... until here */
	{FED_EVENT_REFUSED, 4, 2, 8, 0},
	{FED_EVENT_REPORTED, 13, 5, 9, 0},
	{FED_EVENT_LATE, 11, 3, 10, 0},
	{FED_EVENT_SENT, 3, 7, 10, 100},
	{FED_EVENT_SENT, 4, 8, 10, 100},
	{FED_EVENT_RECEIVED, 3, 7, 12, 0},
	{FED_EVENT_RECEIVED, 4, 8, 11, 0},
	{FED_EVENT_TRAINED, 4, 8, 11.01, 100}, /* too short for a cell */
	{FED_EVENT_REPORTED, 4, 8, 16, 0},
	{FED_EVENT_CANCELLED, UINT32_MAX, 0, 18, 0},
	{FED_EVENT_SENT, 4, 9, 18, 100},
	{FED_EVENT_RECEIVED, 4, 9, 19, 0},
};

static struct fed_invitation_log invitation_log;
static const struct fed_record rounds[] = {
	{.round = 1, .clock = 10}, {.round = 2, .clock = 18}, {.round = 3, .clock = 18.1}};

static void tell(void)
{
	const struct fed_client_verdict first[] = {
		{.client = 3, .invitation = 1, .verdict = {.used = true, .weight = 1}},
		{.client = 13, .invitation = 5},
	};
	const struct fed_client_verdict second = {.client = 4, .invitation = 8};

	invitation_log = (struct fed_invitation_log){0};
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		const struct fed_event event = {.kind = told[i].kind,
		                                .client = told[i].client,
		                                .invitation = told[i].invitation,
		                                .clock = told[i].clock,
		                                .bytes = told[i].bytes};

		if (told[i].kind == FED_EVENT_LATE)
			fed_invitation_log_set_verdicts(
				&invitation_log, 1, 10,
				&(struct fed_verdicts){.of = (struct fed_client_verdict *)first, .n = 2});
		if (told[i].kind == FED_EVENT_CANCELLED)
			fed_invitation_log_set_verdicts(
				&invitation_log, 2, 18,
				&(struct fed_verdicts){.of = (struct fed_client_verdict *)&second, .n = 1});
		fed__invitation_log_take(&invitation_log, &event, i + 1);
	}
}

static struct fed_timeline window(double from, double to)
{
	struct fed_timeline w = {.invitation_log = &invitation_log,
	                         .round = rounds,
	                         .rounds = 3,
	                         .from = from,
	                         .to = to,
	                         .now = 20};
	struct fed_error err = {""};

	fed_assert_ok(fed_invitation_log_clients(&invitation_log, from, to, &w.client, &w.n, &err),
	              &err);
	return w;
}

static void compare(const char *name, double from, double to, int columns, bool utf8, bool color)
{
	struct fed_timeline w = window(from, to);
	struct fed_text out = {0};
	struct fed_error err = {""};
	char file[128];

	fed_assert_ok(fed_timeline_chart_text(&w, columns, utf8, color, &out, &err), &err);
	snprintf(file, sizeof file, "timeline-%s", name);
	glass_compare(fed_text_str(&out), file);
	fed_text_release(&out);
	fed_timeline_release(&w);
}

START_TEST(golden_timelines)
{
	tell();
	compare("all", 0, 20, 68, true, false);
	compare("ascii", 0, 20, 68, false, false);
	compare("color", 0, 20, 48, true, true);
	compare("last", 10, 20, 68, true, false); /* nothing of the first round */
	compare("narrow", 0, 20, FED_TIMELINE_COLUMNS, true, false);
	compare("middle", 4, 6, 68, true, false); /* none begins or ends */
	fed__invitation_log_release(&invitation_log);
}
END_TEST

/* The events of client 3 in its turn of split learning. */
struct turn_event {
	enum fed_event_kind kind;
	double clock;
};

/* Log them and draw 22 seconds of them; both are the caller's to release. */
static void draw_turn(const struct turn_event *turn, size_t n, struct fed_event_log *log,
                      struct fed_text *out)
{
	uint32_t client = 3;
	struct fed_error err = {""};

	for (size_t i = 0; i < n; i++)
		fed_event_log_take(log, &(struct fed_event){.kind = turn[i].kind,
		                                            .client = client,
		                                            .invitation = 1,
		                                            .clock = turn[i].clock,
		                                            .bytes = 100});
	const struct fed_timeline w = {.invitation_log = &log->invitation_log,
	                               .event_log = log,
	                               .first = 1,
	                               .to = 22,
	                               .now = 22,
	                               .client = &client,
	                               .n = 1};
	fed_assert_ok(fed_timeline_chart_text(&w, 30, true, false, out, &err), &err);
}

/* Split learning: messages are traffic, and only the server's work is waited for; a client whose
 * turn has ended is idle. */
START_TEST(a_turn)
{
	static const struct turn_event turn[] = {
		{FED_EVENT_SENT, 0},     {FED_EVENT_RECEIVED, 2}, {FED_EVENT_SMASHED, 5},
		{FED_EVENT_REACHED, 7},  {FED_EVENT_GRADIENT, 8}, {FED_EVENT_ARRIVED, 9},
		{FED_EVENT_SMASHED, 14}, {FED_EVENT_REACHED, 15}, {FED_EVENT_GRADIENT, 15},
		{FED_EVENT_ARRIVED, 16}, {FED_EVENT_TRAINED, 18}, {FED_EVENT_REPORTED, 20}};
	struct fed_event_log r = {0};
	struct fed_text out = {0};

	draw_turn(turn, sizeof turn / sizeof *turn, &r, &out);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&out), "\n      3 ◂◂███▸▸·◂█████▸◂██▸▸\n"));
	ck_assert_double_eq(
		fed_invitation_computed_seconds(fed_invitation_log_last(&r.invitation_log, 3)), 10);
	fed_text_release(&out);
	fed_event_log_release(&r);
}
END_TEST

/* What waits at the server's link is neither traffic nor idle: the model, activations, a gradient
 * and the update, each for two seconds. */
START_TEST(a_turn_that_queues)
{
	static const struct turn_event turn[] = {
		{FED_EVENT_SENT, 0},     {FED_EVENT_QUEUED, 0},  {FED_EVENT_PASSES, 2},
		{FED_EVENT_RECEIVED, 3}, {FED_EVENT_SMASHED, 5}, {FED_EVENT_QUEUED, 6},
		{FED_EVENT_PASSES, 8},   {FED_EVENT_REACHED, 9}, {FED_EVENT_GRADIENT, 10},
		{FED_EVENT_QUEUED, 10},  {FED_EVENT_PASSES, 12}, {FED_EVENT_ARRIVED, 13},
		{FED_EVENT_TRAINED, 15}, {FED_EVENT_QUEUED, 16}, {FED_EVENT_PASSES, 18},
		{FED_EVENT_REPORTED, 20}};
	struct fed_event_log r = {0};
	struct fed_text out = {0};

	draw_turn(turn, sizeof turn / sizeof *turn, &r, &out);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&out), "\n      3 ░░◂██▸░░▸·░░◂██▸░░▸▸\n"));
	fed_text_release(&out);
	fed_event_log_release(&r);
}
END_TEST

START_TEST(what_cannot_be_drawn)
{
	struct fed_text out = {0};
	struct fed_error err = {""};

	tell();
	struct fed_timeline w = window(0, 20);
	ck_assert_int_eq(fed_timeline_chart_text(&w, FED_TIMELINE_COLUMNS - 1, true, false, &out, &err),
	                 FED_FAIL);
	w.to = w.from;
	ck_assert_int_eq(fed_timeline_chart_text(&w, 80, true, false, &out, &err), FED_FAIL);
	ck_assert_uint_eq(out.len, 0);
	fed_timeline_release(&w);
	fed__invitation_log_release(&invitation_log);
}
END_TEST

static int draw(void *ctx, struct fed_error *err)
{
	struct fed_text out = {0};
	const int rc = fed_timeline_chart_text(ctx, 80, true, true, &out, err);

	fed_text_release(&out);
	return rc;
}

START_TEST(survives_every_allocation)
{
	tell();
	struct fed_timeline w = window(0, 20);
	ck_assert_uint_ge(fed_each_allocation(draw, &w), 2);
	fed_timeline_release(&w);
	fed__invitation_log_release(&invitation_log);
}
END_TEST

FED_SUITE(timeline)
{
	Suite *suite = suite_create("timeline");
	TCase *tests = tcase_create("timeline");

	tcase_add_test(tests, golden_timelines);
	tcase_add_test(tests, a_turn);
	tcase_add_test(tests, a_turn_that_queues);
	tcase_add_test(tests, what_cannot_be_drawn);
	tcase_add_test(tests, survives_every_allocation);
	suite_add_tcase(suite, tests);
	return suite;
}
