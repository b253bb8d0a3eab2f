/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Samples: drawn from the right examples, as the client sees them, changing nothing.
 */
#include <string.h>

#include "base/mem.h"
#include "report/sample.h"
#include "session/small.h"
#include "support/suite.h"

static struct fed_session s;

static void set_up(void)
{
	small_init(&s, NULL);
}

static void tear_down(void)
{
	fed__session_release(&s);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static struct fed_sample draw(const struct fed_sample_plan *plan)
{
	struct fed_sample sample;
	struct fed_error err;

	fed_assert_ok(fed_sample_draw(&sample, &s, plan, &err), &err);
	return sample;
}

/* Example i has what the dataset's example `id` has. */
static void assert_is(const struct fed_sample *sample, uint32_t i, uint32_t id)
{
	const struct fed_dataset *data = s.parts.data;
	const size_t size = fed_shape_size(&data->shape);
	float x[64];

	ck_assert_uint_le(size, 64);
	fed_dataset_gather(data, &id, 1, NULL, x, NULL, NULL);
	ck_assert_mem_eq(sample->x + i * size, x, size * sizeof *x);
	ck_assert_int_eq(sample->label[i], data->label[id]);
	ck_assert_int_eq(sample->seen[i], data->label[id]);
}

START_TEST(of_the_dataset)
{
	small_do(&s, "dataset blobs train=50 test=20");
	const struct fed_sample_plan plan = {.class = -1, .n = 12, .draw = 1};
	const struct fed_sample_plan test = {.class = -1, .n = 100, .draw = 1, .test = true};
	struct fed_sample a = draw(&plan), again = draw(&plan), all = draw(&test);

	ck_assert_uint_eq(a.n, 12);
	ck_assert_uint_eq(a.among, 50);
	ck_assert_mem_eq(a.place, again.place, a.n * sizeof *a.place);
	for (uint32_t i = 0; i < a.n; i++) {
		assert_is(&a, i, a.place[i]);
		if (i > 0)
			ck_assert(a.label[i] > a.label[i - 1] ||
			          (a.label[i] == a.label[i - 1] && a.place[i] > a.place[i - 1]));
	}
	ck_assert_uint_eq(all.n, 20); /* not more than there are, each once */
	for (uint32_t i = 0; i < all.n; i++)
		assert_is(&all, i, 50 + all.place[i]);
	fed_sample_release(&a);
	fed_sample_release(&again);
	fed_sample_release(&all);
}
END_TEST

START_TEST(another_draw_draws_others)
{
	struct fed_sample_plan plan = {.class = -1, .n = 12, .draw = 1};
	uint32_t same = 0;

	small_do(&s, "dataset blobs train=500 test=20");
	struct fed_sample a = draw(&plan);
	plan.draw = 2;
	struct fed_sample b = draw(&plan);
	for (uint32_t i = 0; i < 12; i++)
		same += a.place[i] == b.place[i];
	ck_assert_uint_lt(same, 6);
	fed_sample_release(&a);
	fed_sample_release(&b);
}
END_TEST

START_TEST(of_a_client_and_of_a_class)
{
	small_do(&s, "dataset blobs train=200 test=20; add 4 iid 30");
	const struct fed_client *row = fed_clients_get(&s.parts.clients, 2);
	const struct fed_sample_plan plan = {
		.of_client = true, .client = 2, .class = -1, .n = 10, .draw = 1};
	struct fed_sample_plan of_class = plan;
	struct fed_sample a = draw(&plan), b;

	ck_assert_uint_eq(a.among, 30);
	ck_assert_uint_eq(a.changed.len, 0);
	for (uint32_t i = 0; i < a.n; i++)
		assert_is(&a, i, row->examples[a.place[i]]);
	of_class.class = a.label[0];
	of_class.n = FED_SAMPLE_MOST;
	b = draw(&of_class);
	uint32_t held = 0;
	for (uint32_t i = 0; i < row->count; i++)
		held += s.parts.data->label[row->examples[i]] == a.label[0];
	ck_assert_uint_eq(b.n, held);
	for (uint32_t i = 0; i < b.n; i++)
		ck_assert_int_eq(b.label[i], a.label[0]);
	fed_sample_release(&a);
	fed_sample_release(&b);
}
END_TEST

/* Partition feature, drift and poisoning show: they are what the client trains on. */
START_TEST(as_the_client_sees_them)
{
	const struct fed_sample_plan plan = {
		.of_client = true, .client = 1, .class = -1, .n = 20, .draw = 1};

	small_do(&s, "dataset blobs train=200 test=20; add 3 feature 30");
	const struct fed_client *row = fed_clients_get(&s.parts.clients, 1);
	struct fed_sample a = draw(&plan);
	float x[2];
	for (uint32_t i = 0; i < a.n; i++) {
		fed_dataset_gather(s.parts.data, &row->examples[a.place[i]], 1, &row->shift, x, NULL, NULL);
		ck_assert_mem_eq(a.x + 2 * i, x, sizeof x);
	}
	ck_assert_ptr_nonnull(strstr(fed_text_str(&a.changed), "(partition feature)"));
	fed_sample_release(&a);

	small_do(&s, "inject byzantine 1 attack=label-flip");
	a = draw(&plan);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&a.changed), "poisoned by label-flip"));
	uint32_t changed = 0;
	for (uint32_t i = 0; i < a.n; i++) {
		ck_assert_int_eq(a.label[i], s.parts.data->label[row->examples[a.place[i]]]);
		changed += a.seen[i] != a.label[i];
	}
	ck_assert_uint_gt(changed, 0);
	fed_sample_release(&a);
	struct fed_sample_plan other = plan;
	other.client = 0;
	a = draw(&other);
	ck_assert_ptr_null(strstr(fed_text_str(&a.changed), "poisoned"));
	fed_sample_release(&a);
}
END_TEST

START_TEST(what_cannot_be_drawn)
{
	struct fed_sample_plan plan = {.of_client = true, .client = 9, .class = -1, .n = 3};
	struct fed_sample sample;
	struct fed_error err;
	int64_t class;

	small_do(&s, "dataset blobs train=60 test=20; add 2 iid 10");
	ck_assert_int_eq(fed_sample_draw(&sample, &s, &plan, &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "no client 9"));
	ck_assert_int_eq(fed_sample_class(s.parts.data, "owl", &class, &err), FED_REJECT);
	ck_assert_int_eq(fed_sample_class(s.parts.data, "-1", &class, &err), FED_REJECT);
	fed_assert_ok(fed_sample_class(s.parts.data, "1", &class, &err), &err);
	ck_assert_int_eq(class, 1);
}
END_TEST

START_TEST(targets_and_tokens_in_words)
{
	const struct fed_sample_plan plan = {.class = -1, .n = 2, .draw = 1};
	struct fed_text text = {0};

	small_do(&s, "dataset linear train=60 test=20");
	struct fed_sample a = draw(&plan);
	char wanted[40];
	snprintf(wanted, sizeof wanted, "%.4g", (double)a.target[1]);
	fed_sample_put_label(&a, s.parts.data, 1, &text);
	ck_assert_str_eq(text.s, wanted);
	fed_sample_release(&a);
	fed_text_clear(&text);

	small_do(&s, "dataset markov");
	a = draw(&plan);
	fed_sample_put_tokens(&a, s.parts.data, 0, &text);
	snprintf(wanted, sizeof wanted, "%d ", (int)a.x[0]);
	ck_assert(!strncmp(text.s, wanted, strlen(wanted)));
	snprintf(wanted, sizeof wanted, " -> %d", a.label[0]);
	ck_assert_ptr_nonnull(strstr(text.s, wanted));
	fed_sample_release(&a);
	fed_text_release(&text);
}
END_TEST

static int try_draw(void *ctx, struct fed_error *err)
{
	const struct fed_sample_plan plan = {
		.of_client = true, .client = 1, .class = -1, .n = 5, .draw = 1};
	struct fed_sample sample;

	(void)ctx;
	if (fed_sample_draw(&sample, &s, &plan, err))
		return FED_FAIL;
	fed_sample_release(&sample);
	return FED_OK;
}

START_TEST(every_allocation_may_fail)
{
	small_do(&s, "dataset blobs train=60 test=20; add 2 feature 10");
	ck_assert_uint_gt(fed_each_allocation(try_draw, NULL), 5);
}
END_TEST

FED_SUITE(sample)
{
	Suite *suite = suite_create("sample");
	TCase *tests = tcase_create("sample");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, of_the_dataset);
	tcase_add_test(tests, another_draw_draws_others);
	tcase_add_test(tests, of_a_client_and_of_a_class);
	tcase_add_test(tests, as_the_client_sees_them);
	tcase_add_test(tests, what_cannot_be_drawn);
	tcase_add_test(tests, targets_and_tokens_in_words);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
