/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/client_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "report/update_geometry.h"
#include "session/small.h"

/* The clients chosen, as they stand in the order. */
static void show(struct fed_client_table *r, const struct fed_session *s, char *out, size_t size)
{
	struct fed_error err = {""};
	size_t at = 0;

	fed_assert_ok(fed_client_table_make(r, s, &err), &err);
	fed_client_table_order(r, 0, r->n);
	*out = 0;
	for (uint32_t i = 0; i < r->n; i++)
		at += (size_t)snprintf(out + at, size - at, "%s%u", i ? " " : "", r->ranked[i].client);
}

static void compose(struct fed_session *s)
{
	small_init(s, NULL);
	small_do(s, "dataset blobs train=400 test=40;model softmax;aggregator krum f=1");
	small_do(s, "add 4 noniid 12 1e6 4g;add 4 iid 20 2e6;set batch 5;remove 5");
	small_do(s, "inject byzantine 1 attack=sign-flip;inject offline 6;round 2");
}

static const struct {
	const char *filter, *by;
	bool down;
	const char *chosen;
} choices[] = {
	{"", NULL, false, "0 1 2 3 4 6 7"},
	{"", NULL, true, "7 6 4 3 2 1 0"},
	{"2-6", NULL, false, "2 3 4 6"},
	{" 0,2 , 7 ", NULL, false, "0 2 7"},
	{"all", NULL, false, "0 1 2 3 4 6 7"},
	{"2-6 and examples==20", NULL, false, "4 6"},
	{"examples<20", NULL, true, "3 2 1 0"},
	{"client>=3 and client<6", NULL, false, "3 4"},
	{"client==1 or client==7", NULL, false, "1 7"},
	{"byzantine", NULL, false, "1"},
	{"byzantine==0 and faults==1", NULL, false, "6"},
	{"lost", NULL, false, "6"},
	{"state!=lost", NULL, false, "0 1 2 3 4 7"},
	{"state==done and device>1e6", NULL, false, "4 7"},
	{"done and link>1e12", NULL, false, "4 7"},
	{"examples>2*client+11", NULL, false, "0 4"},
	{"", "examples", true, "4 6 7 0 1 2 3"},
	{"", "device", false, "0 1 2 3 4 6 7"},
	{"", "labels", true, NULL},
	{"", "weight", false, NULL},
	{"", "norm", true, NULL},
	{"", "bytes", true, NULL},
};

START_TEST(chooses_and_sorts)
{
	struct fed_session s;
	struct fed_client_table r = {0};
	struct fed_error err = {""};
	char got[256];

	compose(&s);
	for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
		const struct fed_field *by =
			choices[i].by ? fed_fields_find(fed_client_table_fields, choices[i].by) : NULL;

		fed_assert_ok(fed_client_table_filter(&r, &s, choices[i].filter, &err), &err);
		fed_client_table_sort(&r, by, choices[i].down);
		show(&r, &s, got, sizeof got);
		if (choices[i].chosen)
			ck_assert_msg(strcmp(got, choices[i].chosen) == 0, "%s by %s: %s is not %s",
			              choices[i].filter, choices[i].by ? choices[i].by : "-", got,
			              choices[i].chosen);
		/* Whatever the figure: it ascends or descends, what is not known last, equals by number. */
		double before = choices[i].down ? INFINITY : -INFINITY;
		for (uint32_t k = 0; k < r.n; k++) {
			struct fed_client_table_row row;
			fed_client_table_figures(&r, &s, r.ranked[k].client, &row);
			const double x = by ? fed_field_number(by, &row) : row.client;
			if (!isnan(before) && !isnan(x))
				ck_assert(choices[i].down ? x <= before : x >= before);
			ck_assert(isnan(x) || !isnan(before));
			before = x;
			ck_assert_uint_eq(fed_client_table_place(&r, r.ranked[k].client), k);
		}
	}
	fed_client_table_release(&r);
	fed__session_release(&s);
}
END_TEST

static const struct {
	const char *filter, *words;
} refused[] = {
	{"los>2", "did you mean loss?"},
	{"9", "from 0 to 7"},
	{"5", "client 5 was removed"},
	{"loss>", "a number"},
	{"state<lost", "== and != alone"},
	{"state==gone", "one of"},
	{"1-2 or loss>1", "1-2 or loss>1"},
	{"loss=2", "equality has two signs"},
	{"-1", "a metric"},
	{"loss>1 and", "ends"},
};

START_TEST(refuses_filters)
{
	struct fed_session s;
	struct fed_client_table r = {0};
	char before[256], after[256];

	compose(&s);
	fed_assert_ok(fed_client_table_filter(&r, &s, "2-6", &(struct fed_error){""}),
	              &(struct fed_error){""});
	show(&r, &s, before, sizeof before);
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct fed_error err = {""};
		ck_assert_int_eq(fed_client_table_filter(&r, &s, refused[i].filter, &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, refused[i].words), "%s: %s", refused[i].filter, err.text);
		show(&r, &s, after, sizeof after);
		ck_assert_str_eq(before, after);
	}
	fed_client_table_release(&r);
	fed__session_release(&s);
}
END_TEST

/* A part of the order is where it would be in the whole. */
START_TEST(orders_a_window)
{
	enum { N = 3000 };
	struct fed_client_table r = {0}, whole = {0};
	struct fed_ranked *rows = fed_alloc_array(N, sizeof *rows),
					  *all = fed_alloc_array(N, sizeof *all);

	for (uint32_t i = 0; i < N; i++)
		rows[i] = (struct fed_ranked){fed_random(7, i) % 500, i};
	memcpy(all, rows, N * sizeof *rows);
	r.ranked = rows;
	whole.ranked = all;
	r.n = whole.n = N;
	fed_client_table_order(&whole, 0, N);
	for (uint32_t k = 0; k < 200; k++) {
		const uint32_t from = (uint32_t)(fed_random(8, k) % N);
		const uint32_t n = (uint32_t)(fed_random(9, k) % 80), to = from + n < N ? from + n : N;

		fed_client_table_order(&r, from, from + n);
		ck_assert_mem_eq(rows + from, all + from, (to - from) * sizeof *rows);
		ck_assert_uint_eq(fed_client_table_place(&r, all[from].client), from);
	}
	fed_client_table_release(&r);
	fed_client_table_release(&whole);
}
END_TEST

static int state_of(const struct fed_session *s, struct fed_client_table *r, uint32_t id)
{
	struct fed_client_table_row row;

	fed_assert_ok(fed_client_table_make(r, s, &(struct fed_error){""}), &(struct fed_error){""});
	fed_client_table_figures(r, s, id, &row);
	return row.state;
}

START_TEST(follows_a_round)
{
	struct fed_session s;
	struct fed_client_table r = {0};
	bool seen[FED_ACTIVITIES] = {false};
	struct fed_run_result result;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "remove all;add 4 noniid 12 1e6 4g;inject offline 7;set participants 2");
	for (uint32_t id = 4; id < 7; id++)
		ck_assert_int_eq(state_of(&s, &r, id), FED_ACTIVITY_IDLE);
	ck_assert_int_eq(state_of(&s, &r, 7), FED_ACTIVITY_AWAY);
	do {
		fed_assert_ok(fed_session_step(&s, &result, &err), &err);
		for (uint32_t id = 4; id < 8; id++)
			seen[state_of(&s, &r, id)] = true;
	} while (fed_session_open(&s));
	ck_assert(seen[FED_ACTIVITY_IDLE] && seen[FED_ACTIVITY_DOWNLOADS]);
	ck_assert(seen[FED_ACTIVITY_TRAINS] && seen[FED_ACTIVITY_UPLOADS] && seen[FED_ACTIVITY_DONE]);
	small_do(&s, "step"); /* another round: nothing of the last one is done in it */
	for (uint32_t id = 4; id < 8; id++)
		ck_assert_int_ne(state_of(&s, &r, id), FED_ACTIVITY_DONE);
	small_do(&s, "abort;restart");
	ck_assert_int_eq(state_of(&s, &r, 4), FED_ACTIVITY_IDLE);
	fed_client_table_release(&r);
	fed__session_release(&s);
}
END_TEST

/* Lengths and cosines are those of `updates`, verdicts those of the judgement. */
START_TEST(agrees_with_insight)
{
	struct fed_session s;
	struct fed_client_table r = {0};
	struct fed_update_geometry in;
	struct fed_error err = {""};

	compose(&s);
	fed_assert_ok(fed_update_geometry_init(&in, &s, &err), &err);
	fed_assert_ok(fed_client_table_make(&r, &s, &err), &err);
	for (size_t i = 0; i < in.n; i++) {
		struct fed_client_table_row row;
		fed_client_table_figures(&r, &s, in.of[i].client, &row);
		ck_assert_double_eq_tol(row.norm, in.update[i].norm, 1e-4 * row.norm);
		ck_assert_double_eq_tol(row.cosine,
		                        fed_update_geometry_cosine(&in, i, in.n + FED_LANDMARK_STEP), 1e-4);
		ck_assert_int_eq(row.verdict,
		                 in.of[i].verdict.used ? FED_VERDICT_USED : FED_VERDICT_FILTERED);
		ck_assert(row.byzantine == in.of[i].byzantine);
	}
	fed_update_geometry_release(&in);
	/* They stay while the next round is open, and go with it. */
	struct fed_client_table_row before, open;
	fed_client_table_figures(&r, &s, 0, &before);
	small_do(&s, "step");
	fed_assert_ok(fed_client_table_make(&r, &s, &err), &err);
	fed_client_table_figures(&r, &s, 0, &open);
	ck_assert(before.norm == open.norm);
	small_do(&s, "continue;restart");
	fed_assert_ok(fed_client_table_make(&r, &s, &err), &err);
	fed_client_table_figures(&r, &s, 0, &open);
	ck_assert(isnan(open.norm) && open.verdict == FED_VERDICT_NONE);
	fed_client_table_release(&r);
	fed__session_release(&s);
}
END_TEST

/* A client that was lost has no verdict, and not that of the round before. */
START_TEST(who_is_lost_has_no_verdict)
{
	struct fed_session s;
	struct fed_client_table r = {0};
	struct fed_client_table_row lost, other;
	struct fed_error err = {""};

	compose(&s);
	fed_assert_ok(fed_client_table_make(&r, &s, &err), &err);
	fed_client_table_figures(&r, &s, 3, &lost);
	ck_assert_int_ne(lost.verdict, FED_VERDICT_NONE);
	small_do(&s, "inject crash 3;round 1");
	fed_assert_ok(fed_client_table_make(&r, &s, &err), &err);
	fed_client_table_figures(&r, &s, 3, &lost);
	fed_client_table_figures(&r, &s, 2, &other);
	ck_assert_int_eq(lost.state, FED_ACTIVITY_LOST);
	ck_assert_int_eq(lost.verdict, FED_VERDICT_NONE);
	ck_assert(isnan(lost.score) && isnan(lost.weight) && isnan(lost.norm));
	ck_assert_int_ne(other.verdict, FED_VERDICT_NONE);
	small_do(&s, "heal all;round 1");
	fed_assert_ok(fed_client_table_make(&r, &s, &err), &err);
	fed_client_table_figures(&r, &s, 3, &lost);
	ck_assert_int_ne(lost.verdict, FED_VERDICT_NONE);
	fed_client_table_release(&r);
	fed__session_release(&s);
}
END_TEST

static int use(void *ctx, struct fed_error *err)
{
	const struct fed_session *s = ctx;
	struct fed_client_table r = {0};
	struct fed_client_table_row row;

	fed_client_table_sort(&r, fed_fields_find(fed_client_table_fields, "labels"), true);
	int rc = fed_client_table_filter(&r, s, "0-3 and norm>0 or lost", err);
	if (rc == FED_OK)
		rc = fed_client_table_make(&r, s, err);
	if (rc == FED_OK) {
		fed_client_table_order(&r, 0, r.n);
		fed_client_table_figures(&r, s, 0, &row);
	}
	fed_client_table_release(&r);
	return rc;
}

START_TEST(survives_every_allocation)
{
	struct fed_session s;

	compose(&s);
	ck_assert_uint_ge(fed_each_allocation(use, &s), 5);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(client_table)
{
	Suite *suite = suite_create("roster");
	TCase *tests = tcase_create("roster");

	tcase_add_test(tests, chooses_and_sorts);
	tcase_add_test(tests, refuses_filters);
	tcase_add_test(tests, orders_a_window);
	tcase_add_test(tests, follows_a_round);
	tcase_add_test(tests, agrees_with_insight);
	tcase_add_test(tests, who_is_lost_has_no_verdict);
	tcase_add_test(tests, survives_every_allocation);
	suite_add_tcase(suite, tests);
	return suite;
}
