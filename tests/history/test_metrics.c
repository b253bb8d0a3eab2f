/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history/metrics.h"

#include <math.h>
#include <string.h>

#include "support/suite.h"

START_TEST(table_is_well_formed_and_complete)
{
	struct fed_error err;
	size_t rows = 0;

	fed_assert_ok(fed_fields_check(fed_metrics, sizeof(struct fed_record), &err), &err);
	for (const struct fed_field *m = fed_metrics; m->type; m++, rows++) {
		ck_assert(!fed_field_settable(m));
		ck_assert_str_ne(m->help, "");
	}
	ck_assert_uint_eq(rows * sizeof(double), sizeof(struct fed_record));
}
END_TEST

static const struct {
	const char *typed, *name;
} names[] = {{"accuracy", "test_accuracy"}, {"loss", "test_loss"},
             {"version", "round"},          {"round", "round"},
             {"bytes-up", "bytes_up"},      {"bytes_up", "bytes_up"}};

START_TEST(finds_by_name)
{
	const struct fed_field *m;
	struct fed_error err;

	fed_assert_ok(fed_metric_find(names[_i].typed, &m, &err), &err);
	ck_assert_str_eq(m->name, names[_i].name);
}
END_TEST

START_TEST(says_the_nearest)
{
	const struct fed_field *m;
	struct fed_error err;

	ck_assert_int_eq(fed_metric_find("acurracy", &m, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "did you mean accuracy?"));
	ck_assert_int_eq(fed_metric_find("xyzzy", &m, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "bytes-up"));
	ck_assert_ptr_nonnull(strstr(err.text, "explain metrics"));
}
END_TEST

START_TEST(history_grows_and_sums)
{
	struct fed_history h = {0};
	struct fed_record total;
	struct fed_error err;

	for (int i = 1; i <= 200; i++) {
		const struct fed_record r = {
			.round = i, .clock = 2 * i, .bytes_up = i, .used = 1, .wall = 0.5, .test_loss = NAN};
		fed_assert_ok(fed_history_add(&h, &r, &err), &err);
	}
	fed_history_total(&h, &total);
	ck_assert_double_eq(total.round, 200);
	ck_assert_double_eq(total.clock, 400);
	ck_assert_double_eq(total.bytes_up, 20100);
	ck_assert_double_eq(total.used, 200);
	ck_assert_double_eq(total.wall, 100);
	ck_assert(isnan(total.test_loss));
	fed_history_clear(&h);
	fed_history_total(&h, &total);
	ck_assert_double_eq(total.bytes_up, 0);
	fed_history_release(&h);
}
END_TEST

START_TEST(json_has_every_metric)
{
	const struct fed_record r = {.round = 3, .test_accuracy = 0.25, .test_loss = NAN, .clock = 1.5};
	struct fed_text out = {0};

	fed_record_json(&r, &out);
	ck_assert_str_eq(fed_text_str(&out),
	                 "{\"v\":1,\"event\":\"round\",\"round\":3,\"clock\":1.5,\"wall\":0,"
	                 "\"test_accuracy\":0.25,\"test_loss\":null,\"train_loss\":0,\"step_norm\":0,"
	                 "\"updates\":0,\"staleness\":0,"
	                 "\"invited\":0,\"reported\":0,\"used\":0,\"refused\":0,\"lost\":0,\"late\":0,"
	                 "\"attackers\":0,\"defence_precision\":0,\"defence_recall\":0,"
	                 "\"honest_distance\":0,\"attack_success\":0,\"parameter_error\":0,"
	                 "\"bytes_up\":0,\"bytes_down\":0,\"messages\":0,\"client_flops\":0,"
	                 "\"server_flops\":0,\"lr\":0,\"server_wait\":0,"
	                 "\"clients_accuracy\":0,\"clients_loss\":0,\"clients_weighted\":0,"
	                 "\"clients_deviation\":0,\"clients_worst_tenth\":0,\"clients_worst\":0,"
	                 "\"clients_fairness\":0,\"client_memory\":0,\"perplexity\":0,"
	                 "\"unseen_accuracy\":0,\"unseen_loss\":0,\"unseen_worst_tenth\":0,"
	                 "\"macro_f1\":0,\"balanced_accuracy\":0,\"worst_class\":0,\"auc\":0,"
	                 "\"class_recall\":0,\"class_precision\":0,\"class_f1\":0,\"mae\":0,"
	                 "\"rmse\":0,\"r2\":0,\"clients_measured\":0,"
	                 "\"clients_missing\":0,\"evaluation_bytes\":0,\"evaluation_seconds\":0}");
	fed_text_release(&out);
}
END_TEST

/* What is measured on the model is not due in a round without evaluation; the others are. */
START_TEST(what_is_evaluated_is_not_always_due)
{
	static const char *const evaluated[] = {"test_accuracy",
	                                        "test_loss",
	                                        "attack_success",
	                                        "parameter_error",
	                                        "perplexity",
	                                        "unseen_accuracy",
	                                        "unseen_loss",
	                                        "unseen_worst_tenth",
	                                        "clients_accuracy",
	                                        "clients_loss",
	                                        "clients_worst",
	                                        "clients_worst_tenth",
	                                        "clients_deviation",
	                                        "clients_fairness",
	                                        "clients_weighted",
	                                        "macro_f1",
	                                        "balanced_accuracy",
	                                        "worst_class",
	                                        "auc",
	                                        "class_recall",
	                                        "class_precision",
	                                        "class_f1",
	                                        "mae",
	                                        "rmse",
	                                        "r2",
	                                        "clients_measured",
	                                        "clients_missing",
	                                        "evaluation_bytes",
	                                        "evaluation_seconds"};
	const struct fed_record r = {.test_loss = NAN, .test_accuracy = NAN, .train_loss = 1};

	for (const struct fed_field *m = fed_metrics; m->type; m++) {
		bool is = false;

		for (size_t i = 0; i < sizeof evaluated / sizeof *evaluated; i++)
			is |= strcmp(m->name, evaluated[i]) == 0;
		ck_assert_msg(fed_metric_is_evaluated(m) == is, "%s", m->name);
		ck_assert(fed_metric_is_due(m, &r) == !is);
	}
}
END_TEST

FED_SUITE(metrics)
{
	Suite *suite = suite_create("metrics");
	TCase *tests = tcase_create("metrics");

	tcase_add_test(tests, table_is_well_formed_and_complete);
	tcase_add_loop_test(tests, finds_by_name, 0, (int)(sizeof names / sizeof *names));
	tcase_add_test(tests, says_the_nearest);
	tcase_add_test(tests, history_grows_and_sums);
	tcase_add_test(tests, what_is_evaluated_is_not_always_due);
	tcase_add_test(tests, json_has_every_metric);
	suite_add_tcase(suite, tests);
	return suite;
}
