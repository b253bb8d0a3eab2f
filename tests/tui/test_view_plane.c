/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `plane`: what it draws, of which version, and of whose models. */
#include <string.h>

#include "tui/glass.h"

static const char lines[] = "dataset moons train=400 test=100;set lr 0.1;set momentum 0.9;"
							"set batch 10;set epochs 3;add 10 noniid 30 1e6 4g";

START_TEST(golden_pictures)
{
	struct glass g;

	glass_init(&g, "");
	glass_open(&g, &fed__view_plane);
	ck_assert_str_eq(glass_look(&g, 80, 4, true),
	                 "there is no dataset yet; `dataset moons` chooses one\n\n\n\n");
	small_do(&g.session, lines);
	glass_golden(&g, "plane-examples", 80, 20, false);
	small_do(&g.session, "inject byzantine 2 attack=sign-flip;round 4");
	glass_golden(&g, "plane-80x24", 80, 21, false); /* without the watch's own rows */
	glass_golden(&g, "plane-120x40", 120, 37, false);
	glass_press(&g, "a");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "10 clients before local training");
	glass_press(&g, "a");
	glass_look(&g, 80, 16, false);
	glass_press(&g, "page down");
	glass_golden(&g, "plane-scrolled", 80, 16, false);
	glass_press(&g, "page down,down,up,page up,page up");
	glass_look(&g, 40, 10, false); /* no room beside it */
	glass_hides(&g, "client");
	glass_look(&g, 30, 2, false);
	glass_look(&g, 1, 1, true);
	glass_release(&g);
}
END_TEST

/* In the picture of 120 x 37, whether the tile of a client is the same as another's. */
static bool same_tile(const char *picture, const char *a, const char *b, int columns, int rows)
{
	const char *x = strstr(picture, a), *y = strstr(picture, b);
	bool same = true;

	ck_assert_msg(x && y, "no %s or %s in\n%s", a, b, picture);
	const char *line = picture, *next;
	size_t column[2] = {0}, row[2] = {0}, at = 0;
	for (; (next = strchr(line, '\n')); line = next + 1, at++) {
		for (int k = 0; k < 2; k++) {
			const char *found = k ? y : x;
			if (found >= line && found < next) {
				column[k] = (size_t)(found - line);
				row[k] = at;
			}
		}
	}
	for (int r = 1; r <= rows; r++) {
		const char *part[2];
		for (int k = 0; k < 2; k++) {
			part[k] = picture;
			for (size_t i = 0; i < row[k] + (size_t)r; i++)
				part[k] = strchr(part[k], '\n') + 1;
			part[k] += column[k];
		}
		for (int c = 0; c < columns; c++) {
			/* examples, capitals, are everyone's own */
			const char u = part[0][c], v = part[1][c];
			same &= u == v || (u >= 'A' && u <= 'Z') || (v >= 'A' && v <= 'Z');
		}
	}
	return same;
}

/* Before local training all clients have one model, after it each its own. */
START_TEST(clients_differ_after_local_training)
{
	struct glass g;

	glass_init(&g, lines);
	small_do(&g.session, "round 2");
	glass_open(&g, &fed__view_plane);
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "10 clients after local training");
	ck_assert(!same_tile(g.text.s, "client 0", "client 1", 16, 5));
	glass_press(&g, "a");
	glass_look(&g, 120, 37, false);
	ck_assert(same_tile(g.text.s, "client 0", "client 1", 16, 5));
	ck_assert(same_tile(g.text.s, "client 0", "client 5", 16, 5));
	glass_release(&g);
}
END_TEST

/* An attacker bears its mark, an update that the rule left out the word. */
START_TEST(attackers_and_verdicts_are_marked)
{
	struct glass g;

	glass_init(&g, lines);
	small_do(&g.session, "aggregator krum f=2;inject byzantine 2,7 attack=sign-flip");
	glass_open(&g, &fed__view_plane);
	glass_look(&g, 230, 20, false);
	glass_shows(&g, "client 2 Byzantine");
	glass_hides(&g, "filtered"); /* not yet */
	small_do(&g.session, "round 1");
	glass_look(&g, 230, 20, false);
	glass_shows(&g, "client 2 Byzantine filtered");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, " 2 Byzantine filtered");
	glass_hides(&g, "client 2");
	glass_shows(&g, " 7 Byzantine filtered");
	glass_hides(&g, "client 3 Byzantine");
	small_do(&g.session, "restart;aggregator fedavg;scheme async concurrency=5;aggregator fedasync;"
	                     "round 12");
	glass_look(&g, 80, 14, false);
	glass_shows(&g, "stale by ");
	glass_release(&g);
}
END_TEST

/* The picture moves with the versions, follows an open round, and keeps what the round overwrites.
 */
START_TEST(it_follows_versions_and_open_rounds)
{
	struct glass g;
	char before[16384], line[80];

	glass_init(&g, lines);
	glass_open(&g, &fed__view_plane);
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "version 0, no model yet");
	glass_shows(&g, "the two features of moons");
	for (int v = 1; v <= 3; v++) {
		small_do(&g.session, "round 1");
		snprintf(before, sizeof before, "%s", glass_look(&g, 120, 37, false));
		snprintf(line, sizeof line, "version %d, accuracy ", v);
		glass_shows(&g, line);
	}
	small_do(&g.session, "step 4");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "; none of round 4 yet\n");
	ck_assert_str_eq(strchr(g.text.s, '\n'), strchr(before, '\n'));
	const struct fed_verdicts *const v = &g.session.federation.verdicts;
	while (v->n_taken < 3)
		small_do(&g.session, "step");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "round 4 is open: 3 updates have arrived");
	glass_shows(&g, "3 clients after local training");
	small_do(&g.session, "abort");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "version 3, accuracy ");
	glass_shows(&g, "10 clients and their examples"); /* their updates were overwritten */
	small_do(&g.session, "round 1");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "version 4, ");
	glass_shows(&g, "10 clients after local training");
	small_do(&g.session, "restart");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "version 0\n");
	small_do(&g.session, "remove all;dataset xor train=200 test=40");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "the two features of xor");
	glass_release(&g);
}
END_TEST

/* A run that waits for frames has coarser pictures; its last one is as fine as a picture at rest.
 */
START_TEST(a_run_ends_with_a_fine_picture)
{
	struct glass g;
	char busy[16384];

	glass_init(&g, "dataset glyphs train=300 test=60;model mlp hidden=200;add 4 iid 20");
	glass_open(&g, &fed__view_plane);
	g.watched.busy = true;
	small_do(&g.session, "round 1");
	snprintf(busy, sizeof busy, "%s", glass_look(&g, 120, 37, false));
	glass_shows(&g, "two principal components (");
	const uint64_t stamp = fed__view_stamp(g.view, g.state, &g.watched);
	g.watched.busy = false;
	ck_assert(fed__view_stamp(g.view, g.state, &g.watched) != stamp); /* is painted anew */
	glass_look(&g, 120, 37, false);
	ck_assert_str_ne(busy, g.text.s);
	snprintf(busy, sizeof busy, "%s", g.text.s);
	ck_assert_str_eq(glass_look(&g, 120, 37, false), busy);
	glass_press(&g, "p");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "the plane through test examples ");
	glass_press(&g, "p");
	ck_assert_str_eq(glass_look(&g, 120, 37, false), busy);
	small_do(&g.session, "remove all;dataset markov users=3");
	glass_look(&g, 120, 37, false);
	glass_shows(&g, "tokens, which are on no plane");
	glass_release(&g);
}
END_TEST

FED_SUITE(view_plane)
{
	Suite *suite = suite_create("view_plane");
	TCase *tests = tcase_create("view_plane");

	tcase_add_test(tests, golden_pictures);
	tcase_add_test(tests, clients_differ_after_local_training);
	tcase_add_test(tests, attackers_and_verdicts_are_marked);
	tcase_add_test(tests, it_follows_versions_and_open_rounds);
	tcase_add_test(tests, a_run_ends_with_a_fine_picture);
	suite_add_tcase(suite, tests);
	return suite;
}
