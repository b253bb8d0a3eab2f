/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `clients`: sorted, filtered, marked; its figures are those of the session. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/update_geometry.h"
#include "report/label_histogram.h"
#include "tui/glass.h"

static const char lines[] = "dataset blobs train=400 test=40;model softmax;aggregator krum f=1;"
							"add 4 noniid 12 1e6 4g;add 4 iid 20 phone;set batch 5;remove 5;"
							"inject byzantine 1 attack=sign-flip;inject offline 6";

START_TEST(golden_tables)
{
	struct glass g;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_clients);
	glass_golden(&g, "clients-new", 100, 12, true);
	small_do(&g.session, "round 2");
	glass_golden(&g, "clients", 190, 12, true);
	glass_golden(&g, "clients-80x6", 80, 6, true);
	glass_golden(&g, "clients-ascii", 100, 12, false);
	glass_press(&g, "],],],x");
	glass_golden(&g, "clients-sorted", 60, 12, false);
	small_do(&g.session, "step 9");
	glass_golden(&g, "clients-open", 80, 12, true);
	glass_press(&g, "enter");
	glass_golden(&g, "clients-story", 110, 14, true);
	glass_golden(&g, "clients-story-40", 40, 10, false);
	glass_release(&g);
}
END_TEST

/* What a client has, as it sees it: rows of a table, texts, pictures; `down` draws others. */
START_TEST(examples_of_a_client)
{
	static const char lettered[] = " .:-=+*#%@";
	struct glass g;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_clients);
	glass_press(&g, "e");
	glass_look(&g, 80, 14, true);
	glass_shows(&g, "client 0\n");
	glass_shows(&g, "8 of its 12 examples\n#");
	struct fed_text first = {0};
	fed_text_add(&first, "%s", strstr(g.text.s, "\n#"));
	glass_press(&g, "down");
	glass_look(&g, 80, 14, true);
	ck_assert_str_ne(strstr(g.text.s, "\n#"), first.s);
	glass_press(&g, "up");
	glass_look(&g, 80, 14, true);
	ck_assert_str_eq(strstr(g.text.s, "\n#"), first.s);
	fed_text_release(&first);
	glass_press(&g, "e");
	glass_look(&g, 80, 14, true);
	glass_hides(&g, "of its 12 examples");
	glass_press(&g, "enter,down,enter,e");
	small_do(&g.session, "heal all;inject byzantine 1 attack=label-flip");
	glass_look(&g, 80, 14, true);
	glass_shows(&g, "; it sees poisoned by label-flip\n");
	glass_shows(&g, ", told ");
	glass_look(&g, 80, 6, true); /* no place for one */
	glass_look(&g, 1, 1, true);
	small_do(&g.session, "remove all;dataset markov;model softmax;add 2 natural 0");
	glass_press(&g, "backspace,e");
	glass_look(&g, 80, 14, true);
	glass_shows(&g, " -> ");
	small_do(&g.session, "remove all;dataset glyphs train=200 test=20;add 2 iid 40");
	glass_press(&g, "backspace,e");
	glass_look(&g, 80, 22, true); /* five pictures of 14 columns, twice */
	glass_shows(&g, "10 of its 40 examples\n");
	const char *row = strchr(strstr(g.text.s, " #"), '\n');
	for (int i = 0; i < 3; i++) /* the middle of a digit has ink */
		row = strchr(row + 1, '\n');
	ck_assert_uint_eq(strspn(row + 1, lettered), strcspn(row + 1, "\n"));
	ck_assert_ptr_nonnull(strpbrk(row + 1, "#%@"));
	glass_look(&g, 60, 30, true);
	glass_look(&g, 120, 40, false);
	glass_release(&g);
}
END_TEST

START_TEST(nothing_to_show)
{
	struct glass g;

	glass_init(&g, "");
	glass_open(&g, &fed__view_clients);
	ck_assert_str_eq(glass_look(&g, 60, 2, true), "no clients yet: `add-client 10` makes some\n\n");
	glass_press(&g, "up,down,end,x,X,u,enter,e,[,],o");
	ck_assert_uint_eq(g.watched.n_marked, 0);
	glass_release(&g);
}
END_TEST

/* The number in the first column of a line. */
static unsigned client_in(const char *text, int line)
{
	while (line-- > 0)
		text = strchr(text, '\n') + 1;
	return (unsigned)strtoul(text + strspn(text, " >*"), NULL, 10);
}

START_TEST(the_cursor_follows_its_client)
{
	struct glass g;
	const char *seen;

	glass_init(&g, lines);
	glass_open(&g, &fed__view_clients);
	seen = glass_look(&g, 60, 12, false);
	ck_assert_int_eq(seen[strlen("  ")], '^');
	ck_assert_ptr_nonnull(strstr(seen, "\n>       0")); /* in the first row */
	glass_press(&g, "o");
	seen = glass_look(&g, 60, 12, false);
	ck_assert_ptr_nonnull(strstr(seen, "\n>       7"));
	glass_press(&g, "down,down,o");
	seen = glass_look(&g, 60, 12, false);
	ck_assert_ptr_nonnull(strstr(seen, "\n>       4"));
	ck_assert_uint_eq(client_in(seen, 1), 0);
	small_do(&g.session, "remove 4"); /* its place is taken by the next one */
	seen = glass_look(&g, 60, 12, false);
	ck_assert_ptr_nonnull(strstr(seen, "\n>       6"));
	glass_press(&g, "end");
	seen = glass_look(&g, 60, 12, false);
	ck_assert_ptr_nonnull(strstr(seen, "\n>       7"));
	glass_press(&g, "home,page down,page up");
	seen = glass_look(&g, 60, 4, false);
	ck_assert_ptr_nonnull(strstr(seen, "\n>       0"));
	glass_release(&g);
}
END_TEST

START_TEST(filters_and_marks)
{
	struct glass g;
	struct fed_error err = {""};

	glass_init(&g, lines);
	small_do(&g.session, "round 1");
	glass_open(&g, &fed__view_clients);
	fed_assert_ok(fed__view_clients.filter(g.state, &g.watched, "examples>12 and done", &err),
	              &err);
	ck_assert_str_eq(fed__view_clients.filtered(g.state), "examples>12 and done");
	glass_look(&g, 80, 12, true);
	glass_shows(&g, "rows 1-2 of 2 chosen from 7");
	ck_assert_int_eq(fed__view_clients.filter(g.state, &g.watched, "exampels>12", &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "did you mean examples"));
	ck_assert_str_eq(fed__view_clients.filtered(g.state), "examples>12 and done");
	glass_press(&g, "X");
	ck_assert_uint_eq(g.watched.n_marked, 2);
	ck_assert_uint_eq(g.watched.marked[0], 4);
	ck_assert_uint_eq(g.watched.marked[1], 7);
	fed_assert_ok(fed__view_clients.filter(g.state, &g.watched, "", &err), &err);
	glass_press(&g, "x,x"); /* 0 and 1 */
	ck_assert_uint_eq(g.watched.n_marked, 4);
	ck_assert_uint_eq(g.watched.marked[1], 1);
	glass_press(&g, "up,x");
	ck_assert_uint_eq(g.watched.n_marked, 3);
	ck_assert_uint_eq(g.watched.marked[1], 4);
	glass_look(&g, 80, 12, true);
	glass_shows(&g, "3 marked");
	glass_press(&g, "u");
	ck_assert_uint_eq(g.watched.n_marked, 0);
	fed_assert_ok(fed__view_clients.filter(g.state, &g.watched, "loss>1e9", &err), &err);
	glass_look(&g, 80, 12, true);
	glass_shows(&g, "no client matches");
	glass_press(&g, "x,X,enter,down");
	glass_release(&g);
}
END_TEST

START_TEST(clicks)
{
	struct glass g;
	struct fed_error err = {""};

	glass_init(&g, lines);
	glass_open(&g, &fed__view_clients);
	glass_look(&g, 80, 12, false);
	struct fed_press press = {FED_KEY_CLICK, 20, 4, 80, 12};
	fed_assert_ok(glass_try(&g, &press, &err), &err);
	glass_look(&g, 80, 12, false);
	glass_shows(&g, "\n>       3");
	press.column = 5; /* the title of the numbers: turn */
	press.row = 0;
	fed_assert_ok(glass_try(&g, &press, &err), &err);
	glass_look(&g, 80, 12, false);
	glass_shows(&g, "by client, descending");
	press.row = 11; /* below the last one */
	fed_assert_ok(glass_try(&g, &press, &err), &err);
	glass_shows(&g, "\n>       3");
	glass_release(&g);
}
END_TEST

/* What stands in a row is what the session says. */
START_TEST(shows_the_figures_of_the_session)
{
	struct glass g;
	struct fed_update_geometry in;
	struct fed_error err = {""};

	glass_init(&g, lines);
	small_do(&g.session, "heal all;round 3");
	fed_assert_ok(fed_update_geometry_init(&in, &g.session, &err), &err);
	glass_open(&g, &fed__view_clients);
	for (size_t i = 0; i < in.n; i++) {
		const struct fed_client_verdict *u = &in.of[i];
		const struct fed_client *c = fed_clients_get(&g.session.parts.clients, u->client);
		const struct fed_costs *costs = fed_ledger_of(&g.session.ledger, u->client);
		struct fed_text want = {0};
		char who[12];

		snprintf(who, sizeof who, "%u", u->client);
		fed_assert_ok(fed__view_clients.filter(g.state, &g.watched, who, &err), &err);
		glass_look(&g, 250, 3, true);
		fed_labels_put(&want, c, g.session.parts.data, 20, true, &err);
		glass_shows(&g, fed_text_str(&want));
		fed_text_clear(&want);
		fed_text_bytes(&want, (double)(costs->bytes_up + costs->bytes_down));
		glass_shows(&g, fed_text_str(&want));
		fed_text_clear(&want);
		fed_text_add(&want, " %#.4g ", (double)c->loss);
		glass_shows(&g, fed_text_str(&want));
		fed_text_clear(&want);
		fed_text_add(&want, " %#.4g ", in.update[i].norm);
		glass_shows(&g, fed_text_str(&want));
		fed_text_clear(&want);
		fed_text_add(&want, " %.3f ", fed_update_geometry_cosine(&in, i, in.n + FED_LANDMARK_STEP));
		glass_shows(&g, fed_text_str(&want));
		glass_shows(&g, u->verdict.used ? "used" : "filtered");
		fed_text_release(&want);
	}
	fed_update_geometry_release(&in);
	glass_release(&g);
}
END_TEST

/* Of painting, best of a few: the machine may be busy. */
static double seconds_of_frame(struct glass *g)
{
	struct fed_canvas canvas;
	struct fed_error err = {""};
	double best = 1;

	fed_assert_ok(fed__canvas_init(&canvas, 200, 60, &err), &err);
	for (int i = 0; i < 9; i++) {
		struct timespec a, b;

		g->session.parts.clients.equipped++; /* something has changed */
		fed__canvas_clear(&canvas);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &a);
		fed_assert_ok(g->view->paint(g->state, &g->watched, &canvas, &err), &err);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &b);
		const double took = (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec);
		best = took < best ? took : best;
	}
	fed__canvas_release(&canvas);
	return best;
}

START_TEST(a_hundred_thousand)
{
	struct glass g;
	struct fed_error err = {""};

	glass_init(&g, "dataset blobs train=400000 test=40;model softmax;add 100000 noniid 4 phone 4g;"
	               "set participants 2000;inject offline 7;inject byzantine 20 attack=sign-flip;"
	               "round 2;step 500");
	glass_open(&g, &fed__view_clients);
	const double plain = seconds_of_frame(&g);
	glass_press(&g, "]");
	const double state = seconds_of_frame(&g);
	fed_assert_ok(
		fed__view_clients.filter(g.state, &g.watched, "1-90000 and loss>0 or training", &err),
		&err);
	const double chosen = seconds_of_frame(&g);
	glass_press(&g, "down,end,page up");
	const double end = seconds_of_frame(&g);
	printf("100,000 clients: %.1f ms, by state %.1f ms, chosen %.1f ms, the last ones %.1f ms\n",
	       1e3 * plain, 1e3 * state, 1e3 * chosen, 1e3 * end);
	ck_assert_double_lt(plain + state + chosen + end, 0.4); /* sanitizers and all */
	glass_release(&g);
}
END_TEST

FED_SUITE(view_clients)
{
	Suite *suite = suite_create("view_clients");
	TCase *tests = tcase_create("view_clients");

	tcase_add_test(tests, golden_tables);
	tcase_add_test(tests, examples_of_a_client);
	tcase_add_test(tests, nothing_to_show);
	tcase_add_test(tests, the_cursor_follows_its_client);
	tcase_add_test(tests, filters_and_marks);
	tcase_add_test(tests, clicks);
	tcase_add_test(tests, shows_the_figures_of_the_session);
	tcase_add_test(tests, a_hundred_thousand);
	suite_add_tcase(suite, tests);
	return suite;
}
