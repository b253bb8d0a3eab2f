/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `updates`: the map keeps its axes, figures are those of the insight. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "report/update_geometry.h"
#include "tui/glass.h"
#include "tui/views/updates.h"

static const char lines[] = "dataset blobs train=400 test=40;model softmax;aggregator krum f=2;"
							"add 10 noniid 12 1e6 4g;set batch 5;"
							"inject byzantine 1,4 attack=sign-flip;inject straggler 2 factor=3";

START_TEST(golden_pages)
{
	struct glass g;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_updates);
	ck_assert_str_eq(glass_look(&g, 60, 1, true), "there are no updates yet; `round` makes some\n");
	small_do(&g.session, "round 1");
	glass_look(&g, 60, 16, true);
	small_do(&g.session, "round 1");
	glass_golden(&g, "updates-map", 70, 18, true);
	glass_golden(&g, "updates-map-ascii", 40, 12, false);
	glass_press(&g, "right");
	glass_golden(&g, "updates-bars", 110, 14, true);
	glass_press(&g, "],]");
	glass_golden(&g, "updates-scores", 50, 8, false);
	glass_press(&g, "right");
	glass_look(&g, 60, 8, true);
	glass_shows(&g, "this rule makes no groups");
	small_do(&g.session, "aggregator bgd groups=5 q=2;round 1");
	glass_golden(&g, "updates-groups", 80, 9, true);
	glass_golden(&g, "updates-groups-40", 40, 5, false);
	glass_release(&g);
}
END_TEST

/* An open round works where the updates were: those of the version before stay in sight until the
 * first arrives. */
START_TEST(shows_what_has_arrived_in_an_open_round)
{
	struct glass g;
	char before[16384], line[64];

	glass_init(&g, lines);
	small_do(&g.session, "round 1;step 4");
	glass_open(&g, &fed__view_updates);
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "when the open round has ended");
	small_do(&g.session, "continue");
	snprintf(before, sizeof before, "%s", glass_look(&g, 80, 20, true));
	glass_shows(&g, "updates of version 2");
	small_do(&g.session, "step 4");
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "updates of version 2; none of round 3 yet");
	ck_assert_str_eq(strchr(g.text.s, '\n'), strchr(before, '\n'));
	const struct fed_verdicts *const v = &g.session.federation.verdicts;
	for (size_t n = 0; fed_session_open(&g.session); small_do(&g.session, "step")) {
		glass_look(&g, 80, 20, true);
		if (v->n_taken == 0)
			continue;
		ck_assert_uint_ge(v->n_taken, n);
		n = v->n_taken;
		snprintf(line, sizeof line, "round 3 is open: %zu update%s arrived", n,
		         n == 1 ? " has" : "s have");
		glass_shows(&g, line);
		if (n < 3)
			continue;
		glass_press(&g, "right");
		glass_look(&g, 110, 20, true);
		for (size_t i = 0; i < n; i++) {
			snprintf(line, sizeof line, "%7u  %-9s  -", v->taken[i].client,
			         v->taken[i].byzantine ? "Byzantine" : "honest");
			glass_shows(&g, line);
		}
		glass_press(&g, "right");
		glass_look(&g, 80, 20, true);
		glass_shows(&g, "groups when the round ends");
		glass_press(&g, "right");
	}
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "updates of version 3");
	/* A run does not wait for it. */
	small_do(&g.session, "step 30");
	g.watched.busy = true;
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "updates of version 3");
	g.watched.busy = false;
	small_do(&g.session, "abort;remove all;restart");
	glass_look(&g, 80, 20, true);
	glass_shows(&g, "there are no updates yet");
	glass_press(&g, "right,down,page down,up,page up,left");
	glass_release(&g);
}
END_TEST

START_TEST(shows_the_figures_of_the_insight)
{
	struct glass g;
	struct fed_update_geometry in;
	struct fed_error err = {""};

	glass_init(&g, lines);
	small_do(&g.session, "round 2");
	fed_assert_ok(fed_update_geometry_init(&in, &g.session, &err), &err);
	glass_open(&g, &fed__view_updates);
	glass_press(&g, "right");
	glass_look(&g, 120, 30, true);
	for (size_t i = 0; i < in.n; i++) {
		struct fed_text want = {0};
		const struct fed_client_verdict *u = &in.of[i];

		fed_text_add(&want, "%7u  %-9s  %-8s  %9.3f  %6.4f  %#9.4g", u->client,
		             u->byzantine ? "Byzantine" : "honest", u->verdict.used ? "used" : "filtered",
		             fed_update_geometry_cosine(&in, i, in.n + FED_LANDMARK_STEP),
		             u->verdict.weight, in.update[i].norm);
		glass_shows(&g, fed_text_str(&want));
		fed_text_release(&want);
	}
	fed_update_geometry_release(&in);
	glass_release(&g);
}
END_TEST

/* Any turn and reflection of a plane is found again. */
START_TEST(maps_are_turned_back)
{
	enum { N = 12 };
	double was_x[N], was_y[N], x[N], y[N], turn[4];

	for (uint32_t k = 0; k < 40; k++) {
		const double angle = 7 * fed_random_real(1, k), mirror = k % 2 ? -1 : 1;

		for (uint32_t i = 0; i < N; i++) {
			was_x[i] = fed_random_real(k, 2 * i) - 0.5;
			was_y[i] = fed_random_real(k, 2 * i + 1) - 0.5;
			x[i] = cos(angle) * was_x[i] - sin(angle) * mirror * was_y[i];
			y[i] = sin(angle) * was_x[i] + cos(angle) * mirror * was_y[i];
		}
		was_x[k % N] = NAN; /* it does not count */
		fed_plane_turn(N, x, y, was_x, was_y, turn);
		for (uint32_t i = 0; i < N; i++) {
			if (isnan(was_x[i]))
				continue;
			ck_assert_double_eq_tol(turn[0] * x[i] + turn[1] * y[i], was_x[i], 1e-12);
			ck_assert_double_eq_tol(turn[2] * x[i] + turn[3] * y[i], was_y[i], 1e-12);
		}
	}
	fed_plane_turn(0, x, y, was_x, was_y, turn); /* nothing to go by: as it is */
	ck_assert(turn[0] == 1 && turn[1] == 0 && turn[2] == 0 && turn[3] == 1);
}
END_TEST

/* From round to round points move less than the map's free choice of axes would make them. */
START_TEST(points_do_not_jump)
{
	struct fed_session s;
	struct fed_update_history history = {0};
	struct fed_error err = {""};
	double moved = 0, free_moved = 0;

	small_init(&s, NULL);
	small_do(&s, lines);
	for (int round = 0; round < 12; round++) {
		struct fed_update_geometry in;
		double last_x[10], last_y[10];

		small_do(&s, "round 1");
		for (size_t i = 0; i < history.n; i++) {
			last_x[i] = history.point[i].x;
			last_y[i] = history.point[i].y;
		}
		fed_assert_ok(fed_update_geometry_init(&in, &s, &err), &err);
		fed_assert_ok(fed__update_history_take(&history, &s, &err), &err);
		ck_assert_uint_eq(history.n, 10);
		for (size_t i = 0; i < 10; i++) {
			size_t k = 0;

			while (in.of[k].client != history.point[i].client)
				k++;
			ck_assert_double_eq_tol(hypot(history.point[i].x, history.point[i].y),
			                        hypot(in.update[k].x, in.update[k].y), 1e-9);
			ck_assert(fabs(history.point[i].x) <= history.reach_x);
			ck_assert(fabs(history.point[i].y) <= history.reach_y);
			if (round == 0)
				continue;
			moved += hypot(history.point[i].x - last_x[i], history.point[i].y - last_y[i]);
			free_moved += hypot(in.update[k].x - last_x[i], in.update[k].y - last_y[i]);
			ck_assert(history.point[i].was_x == last_x[i] && history.point[i].was_y == last_y[i]);
		}
		fed_update_geometry_release(&in);
	}
	ck_assert_msg(moved < free_moved, "%g is not less than %g", moved, free_moved);
	fed__update_history_release(&history);
	fed__session_release(&s);
}
END_TEST

/* One strong attacker is left to the rim: the others are as far apart as the map allows. */
START_TEST(a_strong_attacker_squeezes_nobody)
{
	struct fed_session s;
	struct fed_update_history history = {0};
	struct fed_error err = {""};
	double across = 0, up = 0;

	small_init(&s, NULL);
	small_do(&s, "dataset blobs train=400 test=40;model softmax;aggregator median;"
	             "add 10 iid 20;inject byzantine 1 attack=sign-flip scale=100;round 2");
	fed_assert_ok(fed__update_history_take(&history, &s, &err), &err);
	for (size_t i = 0; i < history.n; i++) {
		const double x = fabs(history.point[i].x - history.x) / history.reach_x;
		const double y = fabs(history.point[i].y - history.y) / history.reach_y;

		ck_assert(history.point[i].byzantine ? fmax(x, y) > 5 : fmax(x, y) <= 1);
		across = history.point[i].byzantine ? across : fmax(across, x);
		up = history.point[i].byzantine ? up : fmax(up, y);
	}
	ck_assert_double_gt(fmin(across, up), 0.6);
	fed__update_history_release(&history);
	fed__session_release(&s);
}
END_TEST

static int use(void *ctx, struct fed_error *err)
{
	struct fed_update_history history = {0};
	const int rc = fed__update_history_take(&history, ctx, err);

	fed__update_history_release(&history);
	return rc;
}

START_TEST(survives_every_allocation)
{
	struct fed_session s;

	small_init(&s, NULL);
	small_do(&s, lines);
	small_do(&s, "round 1");
	ck_assert_uint_ge(fed_each_allocation(use, &s), 5);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(view_updates)
{
	Suite *suite = suite_create("view_updates");
	TCase *tests = tcase_create("view_updates");

	tcase_add_test(tests, golden_pages);
	tcase_add_test(tests, shows_what_has_arrived_in_an_open_round);
	tcase_add_test(tests, shows_the_figures_of_the_insight);
	tcase_add_test(tests, maps_are_turned_back);
	tcase_add_test(tests, points_do_not_jump);
	tcase_add_test(tests, a_strong_attacker_squeezes_nobody);
	tcase_add_test(tests, survives_every_allocation);
	suite_add_tcase(suite, tests);
	return suite;
}
