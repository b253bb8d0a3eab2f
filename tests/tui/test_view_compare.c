/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `compare`: figures are those of the histories. */
#include <math.h>
#include <string.h>

#include "tui/glass.h"

static const char lines[] = "dataset blobs train=400 test=40;model softmax;aggregator median;"
							"add 6 noniid 12 1e5 3g;set batch 5";

static void keep(struct fed_session *s, const char *name)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_runs_keep(&s->runs, name, &s->history, NULL, &err), &err);
}

START_TEST(golden_charts)
{
	struct glass g;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_compare);
	ck_assert_str_eq(glass_look(&g, 60, 1, true), "no rounds yet: `round 5` makes some\n");
	small_do(&g.session, "round 5");
	glass_golden(&g, "compare-alone", 80, 20, true);
	keep(&g.session, "plain");
	small_do(&g.session, "restart;inject byzantine 1,2 attack=sign-flip;round 8");
	glass_golden(&g, "compare", 80, 20, true);
	glass_press(&g, "],right");
	glass_golden(&g, "compare-loss-ascii", 60, 14, false);
	glass_press(&g, "right");
	glass_golden(&g, "compare-bytes-30x9", 30, 9, true);
	glass_golden(&g, "compare-30x2", 30, 2, true);
	glass_release(&g);
}
END_TEST

START_TEST(shows_the_figures_of_the_histories)
{
	struct glass g;
	struct fed_record total;
	struct fed_text want = {0};

	glass_init(&g, lines);
	small_do(&g.session, "round 3");
	keep(&g.session, "three");
	small_do(&g.session, "round 2");
	glass_open(&g, &fed__view_compare);
	glass_look(&g, 120, 24, true);
	fed_metric_put(fed_fields_find(fed_metrics, "test_accuracy"),
	               g.session.history.record[4].test_accuracy, &want);
	glass_shows(&g, fed_text_str(&want));
	fed_history_total(&g.session.history, &total);
	fed_text_clear(&want);
	fed_text_bytes(&want, total.bytes_up + total.bytes_down);
	glass_shows(&g, fed_text_str(&want));
	fed_text_clear(&want);
	fed_text_clock(&want, total.clock);
	glass_shows(&g, fed_text_str(&want));
	glass_shows(&g, "three");
	glass_shows(&g, "this run");
	glass_press(&g, "["); /* wall has values, round and clock are passed over */
	glass_look(&g, 120, 24, true);
	glass_shows(&g, "wall");
	for (int i = 0; i < 60; i++) { /* all figures, along all axes */
		glass_press(&g, i % 7 ? "]" : "right");
		glass_look(&g, 90, 22, true);
		glass_hides(&g, "no values");
	}
	/* The same run under a name is one curve. */
	keep(&g.session, "now");
	glass_look(&g, 120, 24, true);
	glass_hides(&g, "this run");
	fed_text_release(&want);
	glass_release(&g);
}
END_TEST

START_TEST(a_regression_has_no_accuracy)
{
	struct glass g;

	glass_init(&g, "dataset linear train=100 test=20;model linear;add 3 iid 10;round 2");
	glass_open(&g, &fed__view_compare);
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "test-loss");
	glass_release(&g);
}
END_TEST

/* Rounds are taken as they come; a long run is painted quickly, and no peak is lost. */
START_TEST(follows_long_runs)
{
	struct glass g;
	struct fed_error err = {""};
	char grown[16384];
	struct fed_history *h = &g.session.history;

	glass_init(&g, lines);
	small_do(&g.session, "round 3");
	keep(&g.session, "short");
	glass_open(&g, &fed__view_compare);
	const uint64_t before = g.view->stamp(g.state, &g.watched);
	while (h->n < 40000) {
		struct fed_record r = h->record[0];

		r.round = (double)h->n + 1;
		r.test_accuracy = h->n == 20001 ? 0.97 : h->n % 7 ? 0.5 : NAN;
		fed_assert_ok(fed_history_add(h, &r, &err), &err);
		if (h->n % 8000 == 0)
			glass_look(&g, 100, 30, true);
	}
	ck_assert_uint_ne(g.view->stamp(g.state, &g.watched), before);
	snprintf(grown, sizeof grown, "%s", glass_look(&g, 100, 30, true));
	glass_shows(&g, "97.00 %     20,002");
	glass_shows(&g, "short");
	glass_close(&g);
	glass_open(&g, &fed__view_compare); /* the same, taken at once */
	ck_assert_str_eq(glass_look(&g, 100, 30, true), grown);
	glass_release(&g);
}
END_TEST

FED_SUITE(view_compare)
{
	Suite *suite = suite_create("view_compare");
	TCase *tests = tcase_create("view_compare");

	tcase_add_test(tests, golden_charts);
	tcase_add_test(tests, shows_the_figures_of_the_histories);
	tcase_add_test(tests, a_regression_has_no_accuracy);
	tcase_add_test(tests, follows_long_runs);
	suite_add_tcase(suite, tests);
	return suite;
}
