/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history/condition.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

/* Three rounds; the last has no test loss. */
static void make_history(struct fed_history *h)
{
	const struct fed_record rounds[] = {
		{.round = 1, .test_accuracy = 0.5, .test_loss = 2, .clock = 10, .lr = 0.1},
		{.round = 2, .test_accuracy = 0.7, .test_loss = 1, .clock = 20, .lr = 0.1},
		{.round = 3, .test_accuracy = 0.6, .test_loss = NAN, .clock = 30, .lr = 0.1},
	};
	struct fed_error err;

	*h = (struct fed_history){0};
	for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++)
		fed_assert_ok(fed_history_add(h, &rounds[i], &err), &err);
}

static const struct {
	const char *text;
	bool holds;
} judged[] = {
	{"accuracy>=0.6", true},
	{"accuracy>0.6", false},
	{"accuracy<=6e-1", true},
	{"accuracy < 0.6", false},
	{"test-accuracy == 0.6", true},
	{"round!=3", false},
	{"version==3", true},
	{"accuracy[1]==0.7", true},
	{"accuracy[2]==0.5", true},
	{"accuracy[3]==0.5", false}, /* before the first round */
	{"accuracy[3]==nan", true},
	{"accuracy<accuracy[1]", true},
	{"accuracy[0]>=accuracy[1]", false},
	{"loss<1e9", false}, /* a comparison with NaN is false */
	{"loss>=-1", false},
	{"loss==nan", true},
	{"loss!=nan", false},
	{"loss[1]!=nan", true},
	{"loss!=loss", false},
	{"clock>=30 and round==3", true},
	{"clock>=30,round==3", true},
	{"clock>=31 or round==3", true},
	{"clock>=31 or round==3 and accuracy>0.9", false},
	{"round==3 and accuracy>0.9 or clock==30", true}, /* `and` binds tighter */
	{"round==3 or clock>99 and clock>99", true},
	{" round == 3 ", true},
	{"lr==.1", true},
	{"clock>-1", true},
};

START_TEST(judges)
{
	struct fed_history h;
	struct fed_condition *c;
	struct fed_error err;

	make_history(&h);
	fed_assert_ok(fed_condition_parse(&c, judged[_i].text, NULL, &err), &err);
	ck_assert_msg(fed_condition_holds(c, &h) == judged[_i].holds, "%s", judged[_i].text);
	fed_history_clear(&h);
	ck_assert(!fed_condition_holds(c, &h));
	fed_condition_free(c);
	fed_history_release(&h);
}
END_TEST

static const struct {
	const char *text, *words;
} refused[] = {
	{"", "ends where a metric"},
	{"   ", "ends where a metric"},
	{"accuracy", "ends where one of <"},
	{"accuracy>", "ends where a number"},
	{"accuracy=0.9", "== (equality"},
	{"accuracy=>0.9", "== (equality"},
	{"acuracy>0.9", "did you mean accuracy"},
	{"zzzzzz>1", "there are accuracy, loss"},
	{"0.9<accuracy", "a metric such as"},
	{"accuracy>0.9 and", "ends where a metric"},
	{"accuracy>0.9 or or loss<1", "no metric is called or"},
	{"accuracy>0.9 xor loss<1", "`and`, `or`"},
	{"accuracy>0.9,,loss<1", "a metric such as"},
	{"accuracy>1e", "number"},
	{"accuracy>1.2.3", "number"},
	{"accuracy>--1", "number"},
	{"accuracy>1e999", "number"},
	{"accuracy>nan", "== and !="},
	{"accuracy[", "rounds ago"},
	{"accuracy[]>1", "rounds ago"},
	{"accuracy[-1]>1", "rounds ago"},
	{"accuracy[1>1", "rounds ago"},
	{"accuracy[99999999]>1", "at most 1000000"},
	{"accuracy[99999999999999999999]>1", "rounds ago"},
	{"accuracy>0.9\x1b[31m", "`?[31m`"},
	{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>1",
     "no metric has a name of"},
	{"loss>1111111111111111111111111111111111111111111111111111111111111111111111111111111111111",
     "a number of"},
};

/* Under eval-every the last evaluation counts; a loss that is lost is not passed over. */
START_TEST(takes_the_last_evaluation)
{
	const struct fed_record rounds[] = {
		{.round = 1, .test_accuracy = 0.5, .test_loss = 2, .train_loss = 2},
		{.round = 2, .test_accuracy = NAN, .test_loss = NAN, .train_loss = 1},
		{.round = 3, .test_accuracy = NAN, .test_loss = NAN, .train_loss = NAN},
	};
	static const struct {
		const char *text;
		size_t rounds;
		bool holds;
	} rows[] = {
		{"accuracy==0.5 and loss==2 and round==2 and train-loss==1", 2, true},
		{"accuracy[1]==0.5", 2, true},
		{"accuracy==nan", 3, true},
	};
	struct fed_error err;

	for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
		struct fed_history h = {0};
		struct fed_condition *c;

		for (size_t i = 0; i < rows[k].rounds; i++)
			fed_assert_ok(fed_history_add(&h, &rounds[i], &err), &err);
		fed_assert_ok(fed_condition_parse(&c, rows[k].text, NULL, &err), &err);
		ck_assert_msg(fed_condition_holds(c, &h) == rows[k].holds, "%s", rows[k].text);
		fed_condition_free(c);
		fed_history_release(&h);
	}
}
END_TEST

START_TEST(refuses)
{
	struct fed_condition *c;
	struct fed_error err = {""};

	ck_assert_int_eq(fed_condition_parse(&c, refused[_i].text, NULL, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, refused[_i].words) != NULL, "%s: %s", refused[_i].text,
	              err.text);
}
END_TEST

START_TEST(has_limits)
{
	struct fed_text text = {0};
	struct fed_condition *c;
	struct fed_error err;

	for (int i = 0; i < 64; i++)
		fed_text_add(&text, "%sround>=%d", i ? "," : "", i);
	fed_assert_ok(fed_condition_parse(&c, fed_text_str(&text), NULL, &err), &err);
	fed_condition_free(c);
	fed_text_add(&text, ",round>1");
	ck_assert_int_eq(fed_condition_parse(&c, fed_text_str(&text), NULL, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "at most 64"));
	while (text.len < 5000)
		fed_text_add(&text, " ");
	ck_assert_int_eq(fed_condition_parse(&c, fed_text_str(&text), NULL, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "at most 4096"));
	fed_text_release(&text);
}
END_TEST

/* accuracy is a share, test-loss never known, the round at least 5. */
static struct fed_metric_range range_of(const void *ctx, const struct fed_field *metric)
{
	(void)ctx;
	if (strcmp(metric->name, "test_accuracy") == 0)
		return (struct fed_metric_range){0, 1, false, false, "a share"};
	if (strcmp(metric->name, "test_loss") == 0)
		return (struct fed_metric_range){NAN, NAN, true, false, "unknown"};
	if (strcmp(metric->name, "round") == 0)
		return (struct fed_metric_range){5, INFINITY, false, false, "rises"};
	if (strcmp(metric->name, "late") == 0)
		return (struct fed_metric_range){0, 0, false, false, "none"};
	return (struct fed_metric_range){-INFINITY, INFINITY, false, false, ""};
}

static const struct {
	const char *text, *obstacle; /* NULL: it may hold */
} awaited[] = {
	{"accuracy>0.9", NULL},
	{"accuracy>1", "accuracy"},
	{"accuracy>=1", NULL},
	{"accuracy<0", "accuracy"},
	{"accuracy<=0", NULL},
	{"accuracy==1.5", "accuracy"},
	{"accuracy!=0.5", NULL},
	{"loss<1", "loss"},
	{"loss!=1", "loss"},
	{"loss==nan", NULL},
	{"loss!=nan", "loss"},
	{"accuracy!=nan", NULL},
	{"round==4", "round"},
	{"round==5", NULL},
	{"round<5", "round"},
	{"late>0", "late"},
	{"late!=0", "late"},
	{"late==0", NULL},
	{"train_loss<late", NULL},
	{"late>accuracy", "late"},
	{"late>=accuracy", NULL},
	{"late>=round", "late"},
	{"accuracy>accuracy[1]+1", "accuracy"},
	{"accuracy>2*accuracy[1]-1", NULL},
	{"accuracy<-2*accuracy[1]-1", "accuracy"},
	{"train_loss<loss", "loss"},
	{"accuracy>0.9 and late>0", "late"},
	{"late>0 and accuracy>0.9", "late"},
	{"late>0 or accuracy>0.9", NULL},
	{"accuracy>0.9 or late>0", NULL},
	{"late>0 or accuracy>1.5", "accuracy"},
};

START_TEST(says_what_cannot_come)
{
	const struct fed_metric_ranges ranges = {range_of, NULL};
	struct fed_metric_range range;
	struct fed_condition *c;
	struct fed_error err;
	const char *name = "";

	fed_assert_ok(fed_condition_parse(&c, awaited[_i].text, NULL, &err), &err);
	const bool may = fed_condition_may_hold(c, &ranges, &name, &range);
	ck_assert_msg(may == !awaited[_i].obstacle, "%s", awaited[_i].text);
	if (!may)
		ck_assert_str_eq(name, awaited[_i].obstacle);
	fed_condition_free(c);
}
END_TEST

START_TEST(shows_values_once)
{
	struct fed_history h;
	struct fed_condition *c;
	struct fed_text out = {0};
	struct fed_error err;

	make_history(&h);
	fed_assert_ok(
		fed_condition_parse(&c, "accuracy>=0.9 or accuracy>accuracy[1] and clock>5", NULL, &err),
		&err);
	fed_condition_values(c, &h, &out);
	ck_assert_str_eq(fed_text_str(&out), "accuracy = 0.6, accuracy[1] = 0.7, clock = 30");
	fed_text_release(&out);
	fed_condition_free(c);
	fed_history_release(&h);
}
END_TEST

/* A moment of round 4: counters so far, and an event. */
static const struct {
	const char *text;
	bool holds;
	enum fed_condition_rate pace;
} moments[] = {
	{"client==7", true, FED_CONDITION_RATE_EVENTS},
	{"client!=7", false, FED_CONDITION_RATE_EVENTS},
	{"client>3,client<=7", true, FED_CONDITION_RATE_EVENTS},
	{"event==refused", true, FED_CONDITION_RATE_EVENTS},
	{"event != lost", true, FED_CONDITION_RATE_EVENTS},
	{"nan", true, FED_CONDITION_RATE_EVENTS},
	{"nan and client==8", false, FED_CONDITION_RATE_EVENTS},
	{"client==8 or nan", true, FED_CONDITION_RATE_EVENTS},
	{"client==7 and round==3", true, FED_CONDITION_RATE_EVENTS},
	{"client==7 and refused>1", true, FED_CONDITION_RATE_EVENTS},
	{"refused==2", true, FED_CONDITION_RATE_COUNTERS},
	{"refused[1]==1", true, FED_CONDITION_RATE_COUNTERS}, /* of the last round that ended */
	{"refused>refused[1] or lost>9", true, FED_CONDITION_RATE_COUNTERS},
	{"refused>=clock", false, FED_CONDITION_RATE_COUNTERS},
	{"clock==33", true, FED_CONDITION_RATE_COUNTERS},
	{"clock[1]==30", true, FED_CONDITION_RATE_COUNTERS},
	{"refused>0 and version==3", true, FED_CONDITION_RATE_ROUNDS},
	{"accuracy==0.6", true, FED_CONDITION_RATE_ROUNDS},
	{"accuracy[1]==0.7", true, FED_CONDITION_RATE_ROUNDS},
};

START_TEST(judges_moments)
{
	struct fed_history h;
	struct fed_condition *c, *copy;
	struct fed_error err = {""};

	make_history(&h);
	h.record[2].refused = 1;
	const struct fed_record open = {.round = 4, .refused = 2, .lost = 1};
	const struct fed_event event = {
		.kind = FED_EVENT_REFUSED, .client = 7, .nan = true, .version = 3, .record = &open};
	const struct fed_condition_context now = {
		.history = &h, .open = &open, .event = &event, .clock = 33};
	fed_assert_ok(fed_condition_parse_event(&c, moments[_i].text, NULL, NULL, &err), &err);
	ck_assert_int_eq(fed_condition_pace(c), moments[_i].pace);
	fed_assert_ok(fed_condition_copy(&copy, c, &err), &err);
	fed_condition_free(c);
	ck_assert_msg(fed_condition_holds_at(copy, &now) == moments[_i].holds, "%s", moments[_i].text);
	/* Without an event nothing holds of it. */
	const struct fed_condition_context quiet = {.history = &h};
	if (moments[_i].pace == FED_CONDITION_RATE_EVENTS)
		ck_assert(!fed_condition_holds_at(copy, &quiet));
	fed_condition_free(copy);
	fed_history_release(&h);
}
END_TEST

static const struct {
	const char *text, *words;
} refused_events[] = {
	{"client", "ends where one of <"},
	{"client==", "ends where a client's number"},
	{"client==x", "a client's number is expected"},
	{"client==-1", "a client's number is expected"},
	{"client==nan", "a client's number is expected"},
	{"client=7", "== (equality"},
	{"event==", "ends where a kind of event"},
	{"event==lots", "no event is called lots; did you mean lost?"},
	{"event==qqqqqqqq", "there are notice, warning, begin"},
	{"event>=lost", "event compares with == and != alone"},
	{"event==7", "a kind of event such as lost"},
	{"nan==1", "`and`, `or` or the end"},
	{"nan nan", "`and`, `or` or the end"},
	{"clients==7", "no metric is called clients"},
};

START_TEST(refuses_events)
{
	struct fed_condition *c;
	struct fed_error err = {""};

	ck_assert_int_eq(fed_condition_parse_event(&c, refused_events[_i].text, NULL, NULL, &err),
	                 FED_FAIL);
	ck_assert_msg(strstr(err.text, refused_events[_i].words) != NULL, "%s: %s",
	              refused_events[_i].text, err.text);
}
END_TEST

/* They are for breakpoints alone. */
START_TEST(other_conditions_know_no_events)
{
	static const char *const texts[] = {"client==7", "event==lost"};
	struct fed_condition *c;
	struct fed_error err = {""};

	ck_assert_int_eq(fed_condition_parse(&c, texts[_i], NULL, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "is a word of `break`"));
	ck_assert_int_eq(fed_condition_parse(&c, "nan", NULL, &err), FED_FAIL);
}
END_TEST

static int parse_one(void *ctx, struct fed_error *err)
{
	struct fed_condition *c;

	(void)ctx;
	if (fed_condition_parse_event(&c, "accuracy>=0.9 or loss<1 and event==lost", NULL, NULL, err))
		return FED_FAIL;
	struct fed_condition *copy = NULL;
	const int rc = fed_condition_copy(&copy, c, err);
	fed_condition_free(copy);
	fed_condition_free(c);
	return rc;
}

START_TEST(survives_every_allocation)
{
	ck_assert_uint_ge(fed_each_allocation(parse_one, NULL), 4);
}
END_TEST

FED_SUITE(condition)
{
	Suite *suite = suite_create("condition");
	TCase *tests = tcase_create("condition");

	tcase_add_loop_test(tests, judges, 0, (int)(sizeof judged / sizeof *judged));
	tcase_add_loop_test(tests, refuses, 0, (int)(sizeof refused / sizeof *refused));
	tcase_add_test(tests, takes_the_last_evaluation);
	tcase_add_loop_test(tests, judges_moments, 0, (int)(sizeof moments / sizeof *moments));
	tcase_add_loop_test(tests, refuses_events, 0,
	                    (int)(sizeof refused_events / sizeof *refused_events));
	tcase_add_loop_test(tests, other_conditions_know_no_events, 0, 2);
	tcase_add_test(tests, has_limits);
	tcase_add_loop_test(tests, says_what_cannot_come, 0, (int)(sizeof awaited / sizeof *awaited));
	tcase_add_test(tests, shows_values_once);
	tcase_add_test(tests, survives_every_allocation);
	suite_add_tcase(suite, tests);
	return suite;
}
