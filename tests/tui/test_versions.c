/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A view that stays open through rounds, steps and injections shows what one does that is opened
 * now, and names the session's version.
 */
#include <stdio.h>
#include <string.h>

#include "report/update_geometry.h"
#include "tui/glass.h"
#include "tui/views/updates.h"

/* Updates are large enough for a look at them to count as slow (more than 2 ms). */
#if FED_SANITIZED
#define HIDDEN "16"
#else
#define HIDDEN "64"
#endif
static const char lines[] = "dataset glyphs train=500 test=20;model mlp hidden=" HIDDEN ";"
							"aggregator krum f=2;add 40 noniid 12 1e6 4g;set batch 10";

/* What the keys r, s and space and the prompt make the session do. */
static const char *const deeds[] = {
	"round 1",
	"round 1",
	"step 3",
	"step 1",
	"inject byzantine 1,4 attack=sign-flip",
	"step 5",
	"step 90",
	"step 20",
	"continue",
	"inject offline 2;round 1",
	"round 2",
	"step 2;abort",
	"inject straggler 3 factor=5;round 1",
};
enum { N_DEEDS = sizeof deeds / sizeof *deeds, COLUMNS = 100, ROWS = 40 };

static uint64_t stamp_of(const struct glass *g)
{
	return fed__view_stamp(g->view, g->state, &g->watched);
}

/* As the watch does between two events; what is seen then. */
static void look(struct glass *g, char *text, size_t size)
{
	if (g->view->made && g->session.running && !fed_session_open(&g->session))
		g->view->made(g->state, &g->watched);
	const int n = snprintf(text, size, "%s", glass_look(g, COLUMNS, ROWS, true));
	ck_assert_int_lt(n, (int)size);
}

/* The map marks where points were a version ago, which a fresh view cannot know: its other pages
 * are compared. */
static void open_view(struct glass *g, const struct fed_view *view)
{
	glass_open(g, view);
	if (view == &fed__view_updates)
		glass_press(g, "right");
}

/* The views `updates`, `plane` and `clients` remember what the session has no more: updates, once a
 * round works in their memory, and their norms. */
static bool may_be_compared(const struct glass *g)
{
	struct fed_error unused;

	if (g->view != &fed__view_updates && g->view != &fed__view_clients &&
	    g->view != &fed__view_plane)
		return true;
	const bool arrived = g->view != &fed__view_clients && fed_session_open(&g->session) &&
	                     fed_session_federation(&g->session)->verdicts.n_taken;

	return arrived || fed_updates_kept(&g->session, &unused) == FED_OK;
}

static void look_fresh(const struct glass *kept, char *text, size_t size)
{
	struct glass g = *kept;

	g.text = (struct fed_text){0};
	open_view(&g, kept->view);
	look(&g, text, size);
	glass_close(&g);
	fed_text_release(&g.text);
}

/* Fails with the first line that differs. */
static void must_be_equal(const struct glass *g, const char *deed, const char *a, const char *b)
{
	if (strcmp(a, b) == 0)
		return;
	while (strcspn(a, "\n") == strcspn(b, "\n") && strncmp(a, b, strcspn(a, "\n") + 1) == 0) {
		a += strcspn(a, "\n") + 1;
		b += strcspn(b, "\n") + 1;
	}
	ck_abort_msg("%s after \"%s\":\n%.*s\nis not\n%.*s", g->view->name, deed, (int)strcspn(a, "\n"),
	             a, (int)strcspn(b, "\n"), b);
}

/* "version 3" and the like, of the views that name one. */
static void names_the_version(const struct glass *g, const char *text)
{
	const bool plane = g->view == &fed__view_plane;
	const char *const at = plane ? text : strstr(text, "updates of ");
	unsigned long long version;

	if (at && !fed_session_open(&g->session)) {
		ck_assert_int_eq(sscanf(strstr(at, "version "), "version %llu", &version), 1);
		ck_assert_uint_eq(version, fed_session_version(&g->session));
	}
}

START_TEST(shows_the_present_version)
{
	struct glass g;
	static char seen[65536], fresh[65536], before[65536];

	glass_init(&g, lines);
	open_view(&g, fed__view_at((size_t)_i));
	look(&g, before, sizeof before);
	for (int i = 0; i < N_DEEDS; i++) {
		const uint64_t stamp = stamp_of(&g);

		small_do(&g.session, deeds[i]);
		const bool changed = stamp_of(&g) != stamp;
		look(&g, seen, sizeof seen);
		if (may_be_compared(&g)) {
			look_fresh(&g, fresh, sizeof fresh);
			must_be_equal(&g, deeds[i], seen, fresh);
		}
		ck_assert_msg(changed || strcmp(seen, before) == 0, "%s after \"%s\" is not painted anew",
		              g.view->name, deeds[i]);
		names_the_version(&g, seen);
		memcpy(before, seen, sizeof before);
	}
	glass_release(&g);
}
END_TEST

/* A run that waits for frames may leave versions out; when it has ended, every view is as one that
 * is opened then, also when the run ended without a frame of its last versions. */
START_TEST(shows_the_last_version_of_a_run)
{
	struct glass g;
	static char seen[65536], fresh[65536];

	glass_init(&g, lines);
	open_view(&g, fed__view_at((size_t)_i));
	for (int run = 0; run < 3; run++) {
		g.watched.busy = true;
		for (int round = 0; round < 3; round++) {
			small_do(&g.session, "round 1");
			if (round <= run)
				look(&g, seen, sizeof seen);
		}
		const uint64_t stamp = stamp_of(&g);
		g.watched.busy = false;
		const bool anew = stamp_of(&g) != stamp || run < 2;
		snprintf(fresh, sizeof fresh, "%s", seen);
		look(&g, seen, sizeof seen);
		ck_assert_msg(anew || strcmp(seen, fresh) == 0, "%s is not painted anew", g.view->name);
		look_fresh(&g, fresh, sizeof fresh);
		must_be_equal(&g, "a run", seen, fresh);
		names_the_version(&g, seen);
	}
	glass_release(&g);
}
END_TEST

/* The same of the map, whose points of a version ago a fresh view does not have. */
START_TEST(the_last_version_of_a_run_is_shown)
{
	struct glass g;
	static char text[65536];

	glass_init(&g, lines);
	glass_open(&g, &fed__view_updates);
	g.watched.busy = true;
	small_do(&g.session, "round 1");
	look(&g, text, sizeof text);
	glass_shows(&g, "updates of version 1");
	small_do(&g.session, "round 1");
	look(&g, text, sizeof text);
	const bool late = strstr(text, "updates of version 1 (the last is 2)");
	ck_assert_msg(late || strstr(text, "updates of version 2"), "%s", text);
	const uint64_t stamp = stamp_of(&g);
	g.watched.busy = false;
	ck_assert(!late || stamp_of(&g) != stamp);
	look(&g, text, sizeof text);
	glass_shows(&g, "updates of version 2");
	glass_release(&g);
}
END_TEST

FED_SUITE(versions)
{
	Suite *suite = suite_create("versions");
	TCase *tests = tcase_create("versions");
	int n = 0;

	while (fed__view_at((size_t)n))
		n++;
	tcase_add_loop_test(tests, shows_the_present_version, 0, n);
	tcase_add_loop_test(tests, shows_the_last_version_of_a_run, 0, n);
	tcase_add_test(tests, the_last_version_of_a_run_is_shown);
	suite_add_tcase(suite, tests);
	return suite;
}
