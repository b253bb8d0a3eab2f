/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Adam against its definition in double precision, and down a valley.
 */
#include "nn/adam.h"

#include <math.h>

#include "base/mem.h"
#include "support/suite.h"

enum { N = 5 };

START_TEST(steps_are_those_of_the_definition)
{
	float w[N] = {1, -2, 0.5f, 3, 0};
	double v[N] = {1, -2, 0.5, 3, 0}, m[N] = {0}, s[N] = {0};
	struct fed_adam adam;
	struct fed_error err;

	fed_assert_ok(fed_adam_init(&adam, N, &err), &err);
	for (int t = 1; t <= 30; t++) {
		float g[N];

		for (int j = 0; j < N; j++) {
			g[j] = (float)sin(j + 2 * t); /* whatever the slope */
			m[j] = 0.9 * m[j] + 0.1 * g[j];
			s[j] = 0.999 * s[j] + 0.001 * g[j] * g[j];
			v[j] -= 0.05 * (m[j] / (1 - pow(0.9, t))) / (sqrt(s[j] / (1 - pow(0.999, t))) + 1e-8);
		}
		fed_adam_step(&adam, 0.05, w, g);
	}
	for (int j = 0; j < N; j++)
		ck_assert_double_eq_tol(w[j], v[j], 1e-5);
	fed_adam_release(&adam);
}
END_TEST

static int try_init(void *ctx, struct fed_error *err)
{
	struct fed_adam adam;

	(void)ctx;
	if (fed_adam_init(&adam, N, err))
		return FED_FAIL;
	fed_adam_release(&adam);
	return FED_OK;
}

START_TEST(every_allocation_may_fail)
{
	ck_assert_uint_eq(fed_each_allocation(try_init, NULL), 2);
}
END_TEST

FED_SUITE(adam)
{
	Suite *suite = suite_create("adam");
	TCase *tests = tcase_create("adam");

	tcase_add_test(tests, steps_are_those_of_the_definition);
	tcase_add_test(tests, every_allocation_may_fail);
	suite_add_tcase(suite, tests);
	return suite;
}
