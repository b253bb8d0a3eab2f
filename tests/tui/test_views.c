/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All views: whatever the session's state, the size and the keys, something is painted inside the
 * canvas, nothing in the session changes and nothing is left behind.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tui/glass.h"

/* One after the other in the same session. */
static const char *const ages[] = {
	"",
	"dataset blobs train=400 test=40;model softmax;set batch 5",
	"add 9 noniid 12 1e5 4g;aggregator krum f=1;inject byzantine 1,4 attack=sign-flip",
	"step 3",
	"step 9",
	"continue;round 2;inject offline 2;inject straggler 3 factor=5",
	"remove 1,5-6;step 6",
	"abort",
	"round 1;heal all;restart",
	"remove all",
	"add 70 iid 2 phone wifi;aggregator bgd groups=6 q=1;round 1",
	"reset;dataset glyphs train=200 test=20;model mlp hidden=30,20",
	"scheme async;add 6 iid 20 1e6 3g",
	"set participants 3;aggregator fedasync;round 4;step 5",
	"abort;aggregator fedavg;scheme split cut=2;round 1;step 20",
	"reset;dataset linear train=100 test=20;model linear;add 3 iid 10;round 2",
};

static uint32_t draw(uint64_t *k, uint32_t n)
{
	return (uint32_t)(fed_random(2026, ++*k) % n);
}

/* What people may find out about a session without painting. */
static uint64_t print_of(const struct fed_session *s)
{
	uint64_t sum = s->event_log.n + 31 * s->parts.clients.n_present + 17 * s->draws + s->history.n;

	for (size_t j = 0; s->running && j < s->parts.net.dim; j++)
		sum = 1000003 * sum + (uint64_t)(fed_session_params(s)[j] * 1e6f);
	return sum;
}

static void press_any(struct glass *g, uint64_t *k, int columns, int rows)
{
	size_t n = 0;
	struct fed_error err = {""};

	while (g->view->keys && g->view->keys[n].code)
		n++;
	if (!n)
		return;
	const struct fed_key *key = &g->view->keys[draw(k, (uint32_t)n)];
	const struct fed_press press = {.code = key->also && draw(k, 2) ? key->also : key->code,
	                                .column = (int)draw(k, (uint32_t)columns),
	                                .row = (int)draw(k, (uint32_t)rows),
	                                .columns = columns,
	                                .rows = rows};
	if (key->press(g->state, &g->watched, &press, &err))
		ck_assert_str_ne(err.text, "");
	if (key->matters)
		key->matters(g->state, &g->watched);
}

static void filter_any(struct glass *g, uint64_t *k)
{
	static const char *const filters[] = {"",         "1-3", "loss>0",      "lost or done",
	                                      "%",        "99",  "state==idle", "and and",
	                                      "random:2", "5%",  "sent",        "3 and norm>1e9"};
	struct fed_error err = {""};

	if (!g->view->filter)
		return;
	const char *text = filters[draw(k, sizeof filters / sizeof *filters)];
	if (g->view->filter(g->state, &g->watched, text, &err))
		ck_assert_str_ne(err.text, "");
}

static void try_sizes(struct glass *g, uint64_t *k, int times)
{
	for (int i = 0; i < times; i++) {
		const int columns = 1 + (int)draw(k, i % 3 ? 250 : 30),
				  rows = 1 + (int)draw(k, i % 2 ? 80 : 12);
		const uint64_t before = print_of(&g->session);

		press_any(g, k, columns, rows);
		if (draw(k, 4) == 0)
			filter_any(g, k);
		fed__view_stamp(g->view, g->state, &g->watched);
		glass_look(g, columns, rows, draw(k, 2));
		ck_assert_uint_eq(print_of(&g->session), before);
		if (g->view->made && g->session.running && !fed_session_open(&g->session))
			g->view->made(g->state, &g->watched);
	}
}

START_TEST(whatever_the_state)
{
	struct glass g;
	uint64_t k = (uint64_t)_i << 32;
	void *kept; /* of a view that stays open through all ages */

	glass_init(&g, "");
	glass_open(&g, fed__view_at((size_t)_i));
	for (size_t age = 0; age < sizeof ages / sizeof *ages; age++) {
		if (*ages[age])
			small_do(&g.session, ages[age]);
		/* As the watch does: the marked are present. */
		uint32_t n = 0;
		for (uint32_t i = 0; i < g.watched.n_marked; i++)
			if (fed_clients_get(&g.session.parts.clients, g.watched.marked[i]))
				g.watched.marked[n++] = g.watched.marked[i];
		g.watched.n_marked = n;
		try_sizes(&g, &k, 25);
		kept = g.state;
		glass_open(&g, g.view); /* a fresh one beside it */
		try_sizes(&g, &k, 10);
		const struct fed_view *view = g.view;
		glass_close(&g);
		g.view = view;
		g.state = kept;
	}
	glass_release(&g);
}
END_TEST

START_TEST(every_small_size)
{
	struct glass g;

	glass_init(&g, ages[1]);
	small_do(&g.session, "add 9 noniid 12 1e5 4g;inject offline 2;round 2");
	glass_open(&g, fed__view_at((size_t)_i));
	for (int columns = 1; columns < 45; columns++)
		for (int rows = 1; rows < 16; rows++)
			glass_look(&g, columns, rows, (columns + rows) % 2);
	glass_release(&g);
}
END_TEST

/* Whether a line of words ends in ~, which says that it was cut; in a timeline that is a bar. */
static bool is_cut(const char *picture, char *line, size_t size)
{
	for (const char *at = picture; (at = strstr(at, "~\n")); at++) {
		const char *begin = at, *end = at + 1;

		while (begin > picture && begin[-1] != '\n')
			begin--;
		if (at == begin || !isprint((unsigned char)at[-1]) || strchr("=<>. ", at[-1]))
			continue;
		snprintf(line, size, "%.*s", (int)(end - begin), begin);
		return true;
	}
	return false;
}

/* From 60 columns on, on each page of each view: what does not fit is wrapped or left out. */
START_TEST(nothing_is_cut)
{
	static const int columns[] = {60, 80, 100, 120};
	const struct fed_view *view = fed__view_at((size_t)_i);
	struct glass g;
	char line[300];

	glass_init(&g, "");
	for (size_t age = 0; age < sizeof ages / sizeof *ages; age++) {
		if (*ages[age])
			small_do(&g.session, ages[age]);
		for (int i = 0; i < (FED_SANITIZED ? 2 : 8); i++) { /* each as ASCII, too */
			const struct fed_key *key = view->keys;

			glass_open(&g, view);
			do { /* as it opens, and after each of its keys */
				glass_look(&g, columns[i / 2], 22, i % 2);
				ck_assert_msg(!is_cut(fed_text_str(&g.text), line, sizeof line),
				              "%s, %d columns: %s", view->name, columns[i / 2], line);
				if (key && key->code) {
					struct fed_error unused;
					const struct fed_press press = {
						.code = key->code, .columns = columns[i / 2], .rows = 22};
					key->press(g.state, &g.watched, &press, &unused);
				}
			} while (key && key++->code);
			glass_close(&g);
		}
	}
	glass_release(&g);
}
END_TEST

/* Tables of keys are well formed, names are told from each other. */
START_TEST(names_and_keys)
{
	for (size_t i = 0; fed__view_at(i); i++) {
		const struct fed_view *v = fed__view_at(i);

		ck_assert(v->name && v->help && v->paint && v->state_size);
		for (size_t j = 0; j < i; j++)
			ck_assert_str_ne(v->name, fed__view_at(j)->name);
		for (const struct fed_key *a = v->keys; a && a->code; a++) {
			ck_assert(a->name && a->help && a->press);
			for (const struct fed_key *b = v->keys; b < a; b++)
				ck_assert(a->code != b->code && a->code != b->also &&
				          (!a->also || a->also != b->code));
		}
	}
}
END_TEST

/* A frame for which memory runs out, then the next one. */
static int use(void *ctx, struct fed_error *err)
{
	struct glass *g = ctx;
	struct fed_canvas canvas;
	void *state = fed_alloc(g->view->state_size);
	int rc = state ? FED_OK : fed_fail_memory(err, g->view->state_size, "a view");

	if (rc == FED_OK && g->view->open)
		rc = g->view->open(state, &g->watched, err);
	if (rc) {
		fed_free(state);
		return rc;
	}
	rc = fed__canvas_init(&canvas, 90, 24, err);
	if (rc == FED_OK) {
		rc = g->view->paint(state, &g->watched, &canvas, err);
		fed__canvas_release(&canvas);
	}
	if (g->view->close)
		g->view->close(state);
	fed_free(state);
	return rc;
}

START_TEST(survives_every_allocation)
{
	struct glass g;

	glass_init(&g, ages[1]);
	small_do(&g.session, "add 9 noniid 12 1e5 4g;aggregator bgd groups=3 q=1;round 2");
	g.view = fed__view_at((size_t)_i);
	ck_assert_uint_ge(fed_each_allocation(use, &g), 2);
	g.view = NULL;
	glass_release(&g);
}
END_TEST

FED_SUITE(views)
{
	Suite *suite = suite_create("views");
	TCase *tests = tcase_create("views");
	int n = 0;

	while (fed__view_at((size_t)n))
		n++;
	tcase_add_loop_test(tests, whatever_the_state, 0, n);
	tcase_add_loop_test(tests, every_small_size, 0, n);
	tcase_add_loop_test(tests, nothing_is_cut, 0, n);
	tcase_add_test(tests, names_and_keys);
	tcase_add_loop_test(tests, survives_every_allocation, 0, n);
	suite_add_tcase(suite, tests);
	return suite;
}
