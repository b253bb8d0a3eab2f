/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `timeline`: windows of virtual time, clients scrolled and filtered. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checkpoint/checkpoint.h"
#include "tui/glass.h"

static const char lines[] = "dataset blobs train=400 test=40;model softmax;scheme sync deadline=2;"
							"add 4 noniid 12 1e4 3g;add 4 iid 20 2e4:0.5 wifi;set batch 5;"
							"inject straggler 1 factor=9;inject offline 6";

START_TEST(golden_timelines)
{
	struct glass g;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_timeline);
	ck_assert_str_eq(glass_look(&g, 60, 1, true), "no rounds yet: `round 5` makes some\n");
	small_do(&g.session, "round 5");
	glass_golden(&g, "timeline", 80, 11, true);
	glass_golden(&g, "timeline-ascii", 80, 6, false);
	glass_press(&g, "left,],]");
	glass_golden(&g, "timeline-back", 60, 11, true);
	glass_press(&g, "a");
	glass_golden(&g, "timeline-run", 60, 7, true);
	glass_release(&g);
}
END_TEST

START_TEST(scrolls_and_filters)
{
	struct glass g;
	struct fed_error err = {""};

	glass_init(&g, lines);
	small_do(&g.session, "round 2");
	glass_open(&g, &fed__view_timeline);
	glass_look(&g, 100, 6, true);
	glass_shows(&g, "\n      0 ");
	glass_shows(&g, "1-3 of 8 clients, until now");
	glass_press(&g, "down,page down");
	glass_look(&g, 100, 6, true);
	glass_hides(&g, "\n      0 ");
	glass_shows(&g, "4-6 of 8 clients");
	glass_press(&g, "page down,page down,page down");
	glass_look(&g, 100, 6, true);
	glass_shows(&g, "6-8 of 8 clients");
	glass_press(&g, "page up,page up,page up,up");
	g.watched.marked = calloc(1, sizeof *g.watched.marked);
	g.watched.marked[0] = 2;
	g.watched.n_marked = g.watched.marked_capacity = 1;
	glass_look(&g, 100, 6, true);
	glass_shows(&g, "\n      2*");
	free(g.watched.marked);
	g.watched.marked = NULL;
	g.watched.n_marked = g.watched.marked_capacity = 0;
	fed_assert_ok(fed__view_timeline.filter(g.state, &g.watched, "1,6-7 and lost", &err), &err);
	glass_look(&g, 100, 8, true);
	glass_shows(&g, "\n      6 ");
	glass_hides(&g, "\n      7 ");
	fed_assert_ok(fed__view_timeline.filter(g.state, &g.watched, "7 and lost", &err), &err);
	glass_look(&g, 100, 8, true);
	glass_shows(&g, "none of these clients");
	ck_assert_int_eq(fed__view_timeline.filter(g.state, &g.watched, "99", &err), FED_FAIL);
	ck_assert_str_eq(fed__view_timeline.filtered(g.state), "7 and lost");
	glass_release(&g);
}
END_TEST

/* A window stays where it was put while the run goes on; `end` follows again. */
START_TEST(stays_or_follows)
{
	struct glass g;
	char before[4096];

	glass_init(&g, lines);
	small_do(&g.session, "round 4");
	glass_open(&g, &fed__view_timeline);
	glass_press(&g, "],home");
	snprintf(before, sizeof before, "%s", glass_look(&g, 100, 11, true));
	glass_shows(&g, "`end` follows");
	small_do(&g.session, "round 2");
	ck_assert_str_eq(glass_look(&g, 100, 11, true), before);
	glass_press(&g, "end");
	glass_look(&g, 100, 11, true);
	glass_shows(&g, "until now");
	glass_press(&g, "left");
	glass_shows(&g, "until now");
	glass_press(&g, "right");
	glass_look(&g, 100, 11, true);
	glass_shows(&g, "until now");
	for (int i = 0; i < 100; i++)
		glass_press(&g, i % 3 ? "]" : "left");
	glass_look(&g, 100, 11, true);
	for (int i = 0; i < 100; i++)
		glass_press(&g, "[");
	glass_look(&g, 100, 11, true);
	glass_shows(&g, "until now"); /* all of the run */
	small_do(&g.session, "restart");
	glass_look(&g, 100, 11, true);
	glass_shows(&g, "no rounds yet");
	glass_press(&g, "left,],a,home,end");
	glass_release(&g);
}
END_TEST

/* A saved file has no log, but the run has rounds. */
START_TEST(a_restored_run)
{
	struct fed_temp temp;
	struct fed_error err;
	struct glass g;

	fed_temp_make(&temp);
	glass_init(&g, lines);
	small_do(&g.session, "round 2");
	fed_assert_ok(fed_session_save(&g.session, fed_temp_file(&temp, "two.fed"), &err), &err);
	fed_assert_ok(fed_session_restore(&g.session, fed_temp_file(&temp, "two.fed"), &err), &err);
	glass_open(&g, &fed__view_timeline);
	glass_look(&g, 60, 11, true);
	glass_hides(&g, "no rounds yet");
	glass_shows(&g, "the log begins at version 2: saved files have no log");
	small_do(&g.session, "round 1");
	glass_look(&g, 60, 11, true);
	glass_shows(&g, "\n      0 ");
	glass_release(&g);
	fed_temp_remove(&temp);
}
END_TEST

START_TEST(a_hundred_thousand)
{
	struct glass g;
	struct fed_canvas canvas;
	struct fed_error err = {""};
	double best = 1;

	glass_init(&g, "dataset blobs train=100000 test=40;model softmax;add 100000 iid 1 phone 4g;"
	               "set participants 100000;round 1;step 500");
	glass_open(&g, &fed__view_timeline);
	fed_assert_ok(fed__canvas_init(&canvas, 200, 60, &err), &err);
	for (int i = 0; i < 7; i++) {
		struct timespec a, b;

		fed__canvas_clear(&canvas);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		fed_assert_ok(g.view->paint(g.state, &g.watched, &canvas, &err), &err);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		const double took = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
		best = took < best ? took : best;
	}
	fed__canvas_release(&canvas);
	printf("100,000 clients that were all busy: %.1f ms\n", 1e3 * best);
	ck_assert_double_lt(best, 0.3); /* sanitizers and all */
	glass_release(&g);
}
END_TEST

FED_SUITE(view_timeline)
{
	Suite *suite = suite_create("view_timeline");
	TCase *tests = tcase_create("view_timeline");

	tcase_add_test(tests, golden_timelines);
	tcase_add_test(tests, scrolls_and_filters);
	tcase_add_test(tests, stays_or_follows);
	tcase_add_test(tests, a_restored_run);
	tcase_add_test(tests, a_hundred_thousand);
	suite_add_tcase(suite, tests);
	return suite;
}
