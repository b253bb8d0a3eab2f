/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The selection rules against their definitions: distributions by a chi-square test with fixed
 * seeds, choices by hand.
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "drive.h"
#include "plug/calls/call_selection.h"
#include "support/suite.h"

enum { N = 12 };

/* A made-up federation of N candidates whose ids are 10, 11, ... */
struct town {
	struct fed_candidate of[N];
	bool away[N];
	uint32_t described;
	char notes[256];
};

static bool describe(void *ctx, uint32_t i, struct fed_candidate *out)
{
	struct town *t = ctx;

	t->described++;
	*out = t->of[i];
	return !t->away[i];
}

static int draw(void *ctx, uint32_t *chosen, uint32_t *n, struct fed_error *err)
{
	(void)ctx, (void)err;
	for (uint32_t i = 0; i < *n; i++)
		chosen[i] = N - 1 - i; /* descending: the host sorts */
	return FED_OK;
}

static void note(void *ctx, const char *text)
{
	struct town *t = ctx;

	strncat(t->notes, text, sizeof t->notes - strlen(t->notes) - 1);
}

static struct town make_town(void)
{
	struct town t = {.described = 0};

	for (uint32_t i = 0; i < N; i++)
		t.of[i] = (struct fed_candidate){.client = 10 + i,
		                                 .samples = 10 * (i + 1),
		                                 .loss = NAN,
		                                 .loss_rms = NAN,
		                                 .expected = 1,
		                                 .seconds = NAN};
	return t;
}

static int choose(struct drive *d, struct town *t, const struct fed_selection_round *round,
                  uint32_t *chosen, uint32_t *n, struct fed_error *err)
{
	const struct fed_selection_services services = {
		.ctx = t, .describe = describe, .draw = draw, .note = note};

	return fed_call_select(&d->instance, round, &services, chosen, n, err);
}

/* Choose, which must succeed. */
static uint32_t chosen_by(struct drive *d, struct town *t, const struct fed_selection_round *round,
                          uint32_t *chosen)
{
	struct fed_error err = {""};
	uint32_t n;

	fed_assert_ok(choose(d, t, round, chosen, &n, &err), &err);
	return n;
}

static void chose(const uint32_t *chosen, uint32_t n, const char *wanted)
{
	char text[128] = "";

	for (uint32_t i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s%u", i ? " " : "", chosen[i]);
	ck_assert_str_eq(text, wanted);
}

/* Sum of (observed - expected)^2 / expected. */
static double chi_square(const double *observed, const double *expected, uint32_t n)
{
	double sum = 0;

	for (uint32_t i = 0; i < n; i++)
		sum += (observed[i] - expected[i]) * (observed[i] - expected[i]) / expected[i];
	return sum;
}

/* Probabilities that i is the first or second of two draws without replacement by weight. */
static void pairs_by_weight(const double *w, double *inclusion)
{
	double total = 0;

	for (uint32_t i = 0; i < N; i++)
		total += w[i];
	for (uint32_t i = 0; i < N; i++) {
		inclusion[i] = w[i] / total;
		for (uint32_t j = 0; j < N; j++)
			if (j != i)
				inclusion[i] += w[j] / total * w[i] / (total - w[j]);
	}
}

START_TEST(by_size_draws_as_it_says)
{
	enum { ROUNDS = 20000 };
	struct town t = make_town();
	struct drive d;
	double times[N] = {0}, expected[N], weight[N], singles[N] = {0}, share[N];
	uint32_t chosen[N];

	drive_open(&d, "by-size", "");
	for (uint32_t i = 0; i < N; i++)
		weight[i] = (double)t.of[i].samples;
	pairs_by_weight(weight, expected);
	for (uint64_t k = 0; k < ROUNDS; k++) {
		struct fed_selection_round round = {
			.candidates = N, .wanted = 2, .version = k, .seed = fed_random(7, k)};

		ck_assert_uint_eq(chosen_by(&d, &t, &round, chosen), 2);
		times[chosen[0]]++;
		times[chosen[1]]++;
		round.wanted = 1;
		ck_assert_uint_eq(chosen_by(&d, &t, &round, chosen), 1);
		singles[chosen[0]]++;
	}
	for (uint32_t i = 0; i < N; i++) {
		expected[i] *= ROUNDS;
		share[i] = weight[i] / 780 * ROUNDS;
	}
	/* 31.3: exceeded with probability 0.001 by a chi-square variable of 11 degrees of freedom */
	ck_assert_double_lt(chi_square(singles, share, N), 31.3);
	ck_assert_double_lt(chi_square(times, expected, N), 31.3);
	/* and uniform draws are told apart from it */
	for (uint32_t i = 0; i < N; i++)
		share[i] = ROUNDS / (double)N;
	ck_assert_double_gt(chi_square(singles, share, N), 1000);
	t.away[11] = true;
	for (uint64_t k = 0; k < 100; k++) {
		const struct fed_selection_round round = {
			.candidates = N, .wanted = N, .seed = fed_random(8, k)};

		ck_assert_uint_eq(chosen_by(&d, &t, &round, chosen), N - 1);
	}
	drive_close(&d);
}
END_TEST

START_TEST(uniform_is_the_hosts_draw)
{
	struct town t = make_town();
	struct drive d;
	uint32_t chosen[N];
	const struct fed_selection_round round = {.candidates = N, .wanted = 3};

	drive_open(&d, "uniform", "");
	chose(chosen, chosen_by(&d, &t, &round, chosen), "9 10 11");
	/* only the chosen were looked at, and they by the host's check */
	ck_assert_uint_eq(t.described, 3);
	drive_close(&d);
}
END_TEST

START_TEST(round_robin_goes_round)
{
	struct town t = make_town();
	struct drive d;
	uint32_t chosen[N];
	const struct fed_selection_round round = {.candidates = N, .wanted = 5};

	drive_open(&d, "round-robin", "");
	chose(chosen, chosen_by(&d, &t, &round, chosen), "0 1 2 3 4");
	t.away[6] = true;
	chose(chosen, chosen_by(&d, &t, &round, chosen), "5 7 8 9 10");
	chose(chosen, chosen_by(&d, &t, &round, chosen), "0 1 2 3 11");
	/* clients 14 and 15 left: the next one is where they were */
	memmove(&t.of[4], &t.of[6], 6 * sizeof t.of[0]);
	memset(t.away, 0, sizeof t.away);
	const struct fed_selection_round fewer = {.candidates = N - 2, .wanted = 2};
	chose(chosen, chosen_by(&d, &t, &fewer, chosen), "4 5");
	ck_assert_uint_eq(t.of[4].client, 16);
	drive_close(&d);
}
END_TEST

START_TEST(power_of_choice_takes_the_highest_answers)
{
	struct town t = make_town();
	struct drive d;
	struct fed_error err = {""};
	const struct fed_selection_services services = {
		.ctx = &t, .describe = describe, .draw = draw, .note = note};
	struct fed_selection_round round = {.candidates = N, .wanted = 2, .seed = 5};
	uint32_t asked[N], chosen[N], n;

	drive_open(&d, "power-of-choice", "d=5");
	n = fed_call_asks(&d.instance, &round, &services);
	ck_assert_uint_eq(n, 5);
	fed_assert_ok(fed_call_ask(&d.instance, &round, &services, asked, &n, &err), &err);
	ck_assert_uint_eq(n, 5);
	round.asked = asked;
	round.n_asked = n;
	round.answer = (const double[]){1, 3, NAN, 2, 3};
	ck_assert_uint_eq(chosen_by(&d, &t, &round, chosen), 2);
	ck_assert_uint_eq(chosen[0], asked[1]);
	ck_assert_uint_eq(chosen[1], asked[4]);
	/* without an answer no candidate is chosen, and of those away neither */
	round.answer = (const double[]){NAN, NAN, NAN, 4, NAN};
	ck_assert_uint_eq(chosen_by(&d, &t, &round, chosen), 1);
	ck_assert_uint_eq(chosen[0], asked[3]);
	round.answer = (const double[]){NAN, NAN, NAN, NAN, NAN};
	ck_assert_int_eq(choose(&d, &t, &round, chosen, &n, &err), FED_FAIL);
	ck_assert_str_eq(err.text, "selection power-of-choice: no candidate answered");
	/* d of at least the number wanted, and of no more than there are */
	round.wanted = 7;
	ck_assert_uint_eq(fed_call_asks(&d.instance, &round, &services), 7);
	drive_close(&d);
	drive_open(&d, "power-of-choice", "d=100");
	ck_assert_uint_eq(fed_call_asks(&d.instance, &round, &services), N);
	drive_close(&d);
}
END_TEST

START_TEST(power_of_choice_remembers_reported_losses)
{
	struct town t = make_town();
	struct drive d;
	uint32_t chosen[N];
	const struct fed_selection_round round = {.candidates = N, .wanted = 3, .seed = 5};

	for (uint32_t i = 0; i < N; i++)
		t.of[i].loss = i == 4 ? NAN : (i * 5) % N; /* 0 5 10 3 - 1 6 11 4 9 2 7 */
	drive_open(&d, "power-of-choice", "d=12 variant=last");
	chose(chosen, chosen_by(&d, &t, &round, chosen), "2 4 7");
	drive_close(&d);
}
END_TEST

/* Make candidate i known to Oort. */
static void took_part(struct town *t, uint32_t i, double rms, double seconds, uint64_t last)
{
	t->of[i].loss_rms = rms;
	t->of[i].seconds = seconds;
	t->of[i].last = last;
	t->of[i].times = 1;
	t->of[i].samples = 100;
}

START_TEST(oort_prefers_useful_and_fast_clients)
{
	struct town t = make_town();
	struct drive d;
	uint32_t chosen[N];
	double times[N] = {0};

	for (uint32_t i = 0; i < N; i++)
		took_part(&t, i, 1, 5, 1);
	t.of[3].loss_rms = 9; /* useful and fast */
	t.of[5].loss_rms = 9; /* as useful, but takes twice the preferred time: a quarter */
	t.of[5].seconds = 20;
	t.of[7].loss_rms = 9; /* worn out */
	t.of[7].times = 10;
	/* no exploration, and the cut-off at the utility in place m alone */
	drive_open(&d, "oort", "exploration=0 least=0 cutoff=1 step=10");
	struct fed_selection_round round = {.candidates = N, .wanted = 1, .version = 1, .seed = 3};
	chose(chosen, chosen_by(&d, &t, &round, chosen), "3");
	round.wanted = 2;
	chose(chosen, chosen_by(&d, &t, &round, chosen), "3 5"); /* 900 / 4 is more than 100 */
	round.wanted = N;
	ck_assert_uint_eq(chosen_by(&d, &t, &round, chosen), N); /* then the worn one too */
	drive_close(&d);

	/* Behind the cut-off the draw is by utility: 3 is 9 times as likely as each other one. */
	for (uint32_t i = 0; i < N; i++)
		took_part(&t, i, i == 3 ? 9 : 1, 5, 1000000);
	drive_open(&d, "oort", "exploration=0 least=0 cutoff=0");
	for (uint64_t k = 0; k < 8000; k++) {
		round = (struct fed_selection_round){
			.candidates = N, .wanted = 1, .version = 2, .seed = fed_random(9, k)};
		ck_assert_uint_eq(chosen_by(&d, &t, &round, chosen), 1);
		times[chosen[0]]++;
	}
	/* the 95th percentile of 12 is the 11th value: the outlier is cut to it */
	for (uint32_t i = 0; i < N; i++)
		ck_assert_double_lt(fabs(times[i] - 8000.0 / N), 5 * sqrt(8000.0 / N));
	drive_close(&d);
}
END_TEST

START_TEST(oort_explores_by_speed)
{
	enum { ROUNDS = 8000 };
	struct town t = make_town();
	struct drive d;
	uint32_t chosen[N];
	double times[N] = {0}, expected[N];

	for (uint32_t i = 0; i < N; i++)
		t.of[i].expected = i < 6 ? 1 : 3;
	for (uint32_t i = 0; i < N; i++)
		expected[i] = (i < 6 ? 1.0 : 1.0 / 3) / 8 * ROUNDS;
	for (uint64_t k = 0; k < ROUNDS; k++) {
		const struct fed_selection_round round = {
			.candidates = N, .wanted = 1, .seed = fed_random(11, k)};

		drive_open(&d, "oort", "");
		ck_assert_uint_eq(chosen_by(&d, &t, &round, chosen), 1);
		times[chosen[0]]++;
		drive_close(&d);
	}
	ck_assert_double_lt(chi_square(times, expected, N), 31.3);
}
END_TEST

/* Of ten, nine are new at first (0.9), fewer as the share shrinks, two at the end (0.2). */
START_TEST(oort_explores_less_and_less)
{
	struct town t = make_town();
	struct drive d;
	uint32_t chosen[N], fresh = 0;

	for (uint32_t i = 0; i < 5; i++)
		took_part(&t, i, 1, 5, 1);
	drive_open(&d, "oort", "decay=0.5");
	for (int k = 0; k < 4; k++) {
		static const uint32_t wanted_fresh[] = {5, 3, 2, 1}; /* of 5 wanted: 4.5, 2.25, 1.1, 1 */
		const struct fed_selection_round round = {
			.candidates = N, .wanted = 5, .version = 1, .seed = (uint64_t)k};

		ck_assert_uint_eq(chosen_by(&d, &t, &round, chosen), 5);
		fresh = 0;
		for (uint32_t i = 0; i < 5; i++)
			fresh += chosen[i] >= 5;
		ck_assert_uint_eq(fresh, wanted_fresh[k]);
	}
	drive_close(&d);
}
END_TEST

/* The pacer: when the participants' utility falls from window to window, T grows by a step. */
START_TEST(oort_paces)
{
	struct town t = make_town();
	struct drive d;
	uint32_t chosen[N];

	for (uint32_t i = 0; i < N; i++)
		took_part(&t, i, 1, i == 0 ? 15 : 5, 1);
	drive_open(&d, "oort", "exploration=0 least=0 cutoff=1 step=10 window=2 alpha=100");
	for (uint64_t k = 1; k <= 5; k++) {
		const struct fed_selection_round round = {
			.candidates = N, .wanted = N - 1, .version = k, .seed = k};

		for (uint32_t i = 0; i < N; i++) {
			t.of[i].last = k;
			t.of[i].loss_rms = 10 - (double)k; /* falls */
		}
		chosen_by(&d, &t, &round, chosen);
		/* client 0 takes 15 s: it is slow until T is 20, after two windows of two rounds */
		if (k < 5)
			ck_assert_uint_eq(chosen[0], 1);
		else
			ck_assert_uint_eq(chosen[0], 0);
	}
	drive_close(&d);
}
END_TEST

static const struct {
	const char *how, *says;
	int rc;
} wrongs[] = {
	{"too-many", "selection misbehave-select: chooses 4 candidates, at most 3 are allowed",
     FED_FAIL},
	{"twice", "selection misbehave-select: chooses candidate 0 twice", FED_FAIL},
	{"beyond", "selection misbehave-select: chooses candidate 12, allowed are 0 to 11", FED_FAIL},
	{"away", "selection misbehave-select: chooses candidate 4, who is away", FED_FAIL},
	{"reject", "selection misbehave-select: has no mind to", FED_REJECT},
	{"bad-code", "select() returned 7", FED_FAIL},
	{"greedy", "out of memory", FED_FAIL},
};

START_TEST(a_wrong_choice_is_refused)
{
	struct town t = make_town();
	struct fed_error err = {""};
	struct drive d;
	uint32_t chosen[N + 1], n;
	char setting[32];
	const struct fed_selection_round round = {.candidates = N, .wanted = 3};

	t.away[4] = true;
	snprintf(setting, sizeof setting, "how=%s", wrongs[_i].how);
	drive_file(&d, FED_BUILD_DIR "/fixtures/misbehave_select.so", setting);
	ck_assert_int_eq(choose(&d, &t, &round, chosen, &n, &err), wrongs[_i].rc);
	ck_assert_msg(strstr(err.text, wrongs[_i].says), "%s", err.text);
	drive_close(&d);
}
END_TEST

/* A rule that declares nothing is told ids alone. */
START_TEST(what_is_not_declared_is_not_told)
{
	struct town t = make_town();
	struct drive d;
	uint32_t chosen[N];
	const struct fed_selection_round round = {.candidates = N, .wanted = 3};

	for (uint32_t i = 0; i < N; i++)
		t.of[i].loss = t.of[i].loss_rms = t.of[i].seconds = t.of[i].times = t.of[i].last = 1;
	drive_file(&d, FED_BUILD_DIR "/fixtures/misbehave_select.so", "how=look");
	chose(chosen, chosen_by(&d, &t, &round, chosen), "0 1 2");
	drive_close(&d);
}
END_TEST

START_TEST(a_rule_may_write_a_note)
{
	struct town t = make_town();
	struct drive d;
	uint32_t chosen[N];
	const struct fed_selection_round round = {.candidates = N, .wanted = 3};

	drive_file(&d, FED_BUILD_DIR "/fixtures/misbehave_select.so", "how=good");
	chose(chosen, chosen_by(&d, &t, &round, chosen), "0 1 2");
	ck_assert_str_eq(t.notes, "chose the first");
	drive_close(&d);
}
END_TEST

FED_SUITE(selection)
{
	Suite *suite = suite_create("selection");
	TCase *tests = tcase_create("selection");

	tcase_add_test(tests, by_size_draws_as_it_says);
	tcase_add_test(tests, uniform_is_the_hosts_draw);
	tcase_add_test(tests, round_robin_goes_round);
	tcase_add_test(tests, power_of_choice_takes_the_highest_answers);
	tcase_add_test(tests, power_of_choice_remembers_reported_losses);
	tcase_add_test(tests, oort_prefers_useful_and_fast_clients);
	tcase_add_test(tests, oort_explores_by_speed);
	tcase_add_test(tests, oort_explores_less_and_less);
	tcase_add_test(tests, oort_paces);
	tcase_add_loop_test(tests, a_wrong_choice_is_refused, 0, sizeof wrongs / sizeof *wrongs);
	tcase_add_test(tests, what_is_not_declared_is_not_told);
	tcase_add_test(tests, a_rule_may_write_a_note);
	suite_add_tcase(suite, tests);
	return suite;
}
