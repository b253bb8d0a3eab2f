/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `overview`: curves, the round as it happens, what it cost. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "train/local/places.h"
#include "tui/views/round_series.h"
#include "tui/glass.h"

static const char lines[] = "dataset blobs train=400 test=40;model softmax;"
							"scheme sync deadline=2;add 8 iid 20 2e4:0.5 wifi;set batch 5";

START_TEST(golden_overviews)
{
	struct glass g;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_overview);
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "nothing trained yet");
	small_do(&g.session, "round 6;inject straggler 1 factor=9;inject offline 6;round 3");
	glass_golden(&g, "overview", 100, 24, true);
	glass_golden(&g, "overview-ascii", 80, 24, false);
	glass_golden(&g, "overview-least", 40, 8, true);
	small_do(&g.session, "step 15");
	glass_golden(&g, "overview-open", 60, 14, true);
	glass_release(&g);
}
END_TEST

/* Ranks of a cluster that never take a training. */
static struct fed_ranks_status ranks_now = {
	.ranks = 3, .busy = 2, .jobs = 5, .sent = 1000, .received = 2000};

static int attach_none(struct fed_ranks *r, struct fed_trainer *t, struct fed_text *notes,
                       struct fed_error *err)
{
	(void)r, (void)t, (void)notes, (void)err;
	return FED_OK;
}

static void detach_none(struct fed_ranks *r, struct fed_trainer *t)
{
	(void)r, (void)t;
}

static void say_status(struct fed_ranks *r, struct fed_ranks_status *out)
{
	(void)r;
	*out = ranks_now;
}

static bool say_report(struct fed_ranks *r, uint32_t i, struct fed_rank_report *out)
{
	(void)r;
	*out = (struct fed_rank_report){.rank = i + 1,
	                                .threads = 2,
	                                .jobs = i,
	                                .busy = 3,
	                                .since = 2 + 4 * i,
	                                .sent = 1000 * (i + 1),
	                                .received = 5000,
	                                .host = "pc17.cs.example"};
	return i < ranks_now.ranks;
}

START_TEST(ranks_are_a_row)
{
	struct fed_ranks ranks = {.threads = 3,
	                          .attach = attach_none,
	                          .detach = detach_none,
	                          .status = say_status,
	                          .report = say_report};
	struct glass g;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_overview);
	glass_look(&g, 80, 20, true);
	glass_hides(&g, "ranks");
	fed_session_use_ranks(&g.session, &ranks);
	small_do(&g.session, "round 2");
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "ranks   2 busy, 1 waiting  have 5 trainings  sent 1.0 kB  received 2.0 kB");
	glass_press(&g, "R");
	glass_look(&g, 80, 15, true);
	glass_shows(&g, " 1 pc17.cs.exam busy  75 %  has 0   sent 1.0 kB  received 5.0 kB");
	glass_shows(&g, " 3 pc17.cs.exam busy  15 %  has 2   sent 3.0 kB  received 5.0 kB");
	ranks_now.ranks = 99;
	glass_look(&g, 80, 15, true);
	glass_shows(&g, "and more: `ranks`");
	for (int rows = 1; rows < 30; rows++)
		glass_look(&g, 60, rows, true);
	glass_press(&g, "R");
	ranks_now.ended = true;
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "ranks   have ended");
	for (int rows = 1; rows < 30; rows++)
		glass_look(&g, 60, rows, true);
	glass_release(&g);
}
END_TEST

/* Not every version is evaluated. */
START_TEST(what_was_not_measured_is_not_shown)
{
	struct glass g;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_overview);
	small_do(&g.session, "set eval-every 5;round 2");
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "round 2 is made  train ");
	glass_hides(&g, "nan");
	small_do(&g.session, "round 4");
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "  loss ");
	glass_hides(&g, "nan");
	glass_release(&g);
}
END_TEST

/* A loaded aggregator fails: its step is skipped, then made by another rule; then it is set aside.
 */
START_TEST(failures_of_plugins)
{
	const struct fed_entry *entry;
	struct fed_error err;
	struct glass g;

	glass_init(&g, lines);
	fed_assert_ok(fed_session_guard(&g.session, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	fed_assert_ok(
		fed_session_load(&g.session, FED_BUILD_DIR "/fixtures/crash_reduce.so", &entry, &err),
		&err);
	small_do(&g.session, "aggregator crash-reduce how=exit;set on-plugin-error skip;round 2");
	glass_open(&g, &fed__view_overview);
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "round 2: step skipped");
	glass_hides(&g, "set aside");
	small_do(&g.session, "set on-plugin-error fallback:median;round 1");
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "round 3 is made by median");
	glass_shows(&g, "set aside: aggregator crash-reduce; `reload crash-reduce` brings it back");
	fed_assert_ok(fed_session_reload(&g.session, "crash-reduce", &err), &err);
	glass_look(&g, 80, 20, true);
	glass_hides(&g, "set aside");
	glass_shows(&g, "round 3 is made by median");
	glass_close(&g);
	glass_open(&g, &fed__view_clients);
	glass_look(&g, 100, 20, true);
	glass_hides(&g, "skipped");
	small_do(&g.session, "set on-plugin-error skip;round 1");
	glass_look(&g, 100, 20, true);
	glass_shows(&g, "skipped");
	small_do(&g.session, "aggregator fedavg;round 1");
	glass_close(&g);
	glass_open(&g, &fed__view_overview);
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "round 5 is made");
	glass_hides(&g, "made by");
	glass_release(&g);
}
END_TEST

START_TEST(any_size)
{
	struct glass g;

	glass_init(&g, lines);
	small_do(&g.session, "round 2;step 5");
	glass_open(&g, &fed__view_overview);
	for (int columns = 1; columns < 130; columns += 7)
		for (int rows = 1; rows < 40; rows += 3)
			glass_look(&g, columns, rows, columns % 2);
	small_do(&g.session, "restart");
	glass_look(&g, 80, 24, true);
	glass_shows(&g, "nothing trained yet");
	glass_release(&g);
}
END_TEST

/* Nothing changes while nothing happens; an event changes the stamp. */
START_TEST(stamps)
{
	struct glass g;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_overview);
	small_do(&g.session, "step 3");
	const uint64_t before = fed__view_overview.stamp(g.state, &g.watched);
	ck_assert_uint_eq(fed__view_overview.stamp(g.state, &g.watched), before);
	small_do(&g.session, "step 1");
	ck_assert_uint_ne(fed__view_overview.stamp(g.state, &g.watched), before);
	glass_release(&g);
}
END_TEST

/* Many points become few, and no peak is lost. */
START_TEST(thin_curves_keep_their_peaks)
{
	struct fed_history h = {0};
	struct fed_round_series_set c = {0};
	struct fed_plot_series series[FED_ROUND_SERIES_KINDS];
	struct fed_error err;
	bool peak = false;

	for (int i = 1; i <= 10000; i++) {
		const struct fed_record r = {.round = i,
		                             .test_accuracy = i == 4321 ? 1 : 0.5,
		                             .attack_success = NAN,
		                             .test_loss = i % 2 ? NAN : 1,
		                             .train_loss = NAN};

		fed_assert_ok(fed_history_reserve(&h, &err), &err);
		fed_assert_ok(fed_history_add(&h, &r, &err), &err);
		if (i == 5000)
			fed_assert_ok(fed__round_series_set_follow(&c, &h, 1, &err), &err);
	}
	fed_assert_ok(fed__round_series_set_follow(&c, &h, 1, &err), &err);
	ck_assert_uint_eq(fed__round_series_set_series(&c, 0, FED_ROUND_SERIES_KINDS, 200, series), 2);
	ck_assert_uint_le(series[0].n, 201);
	for (size_t i = 0; i < series[0].n; i++) {
		peak = peak || series[0].y[i] > 0.9;
		ck_assert(i == 0 || series[0].x[i] > series[0].x[i - 1]);
	}
	ck_assert(peak);
	ck_assert(fabs(series[0].x[series[0].n - 1] - 10000) < 0.5);
	ck_assert(!fed__round_series_set_has(&c, FED_ROUND_SERIES_TRAIN_LOSS));
	fed__round_series_set_release(&c);
	fed_history_release(&h);
}
END_TEST

FED_SUITE(view_overview)
{
	Suite *suite = suite_create("view_overview");
	TCase *tests = tcase_create("view_overview");

	tcase_add_test(tests, golden_overviews);
	tcase_add_test(tests, what_was_not_measured_is_not_shown);
	tcase_add_test(tests, failures_of_plugins);
	tcase_add_test(tests, any_size);
	tcase_add_test(tests, ranks_are_a_row);
	tcase_add_test(tests, stamps);
	tcase_add_test(tests, thin_curves_keep_their_peaks);
	suite_add_tcase(suite, tests);
	return suite;
}
