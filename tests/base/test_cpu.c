/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The processor: FEDSH_ISA lowers the choice, and nothing raises it.
 */
#include "base/cpu.h"

#include <sched.h>
#include <stdlib.h>

#include "support/suite.h"

/* Each in its own process, because the answer is kept. */
static const struct {
	const char *wanted;
	int most; /* the answer is at most this */
} lowered[] = {{"plain", FED_ISA_PLAIN},
               {"avx2", FED_ISA_AVX2},
               {"avx512", FED_ISA_AVX512},
               {"nonsense", FED_ISA_AVX512}};

START_TEST(the_environment_lowers_it)
{
	setenv("FEDSH_ISA", lowered[_i].wanted, 1);
	ck_assert_int_le((int)fed_cpu_isa(), lowered[_i].most);
	setenv("FEDSH_ISA", "plain", 1); /* asked once */
	const enum fed_isa isa = fed_cpu_isa();
	ck_assert_int_eq((int)fed_cpu_isa(), (int)isa);
	ck_assert_ptr_nonnull(fed_isa_name(isa));
}
END_TEST

START_TEST(processors_are_those_of_this_process)
{
	cpu_set_t one, old;

	ck_assert_int_eq(sched_getaffinity(0, sizeof old, &old), 0);
	ck_assert_int_eq(fed_cpu_count(), CPU_COUNT(&old));
	CPU_ZERO(&one);
	for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
		if (CPU_ISSET(i, &old))
			CPU_SET(i, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
	ck_assert_int_eq(fed_cpu_count(), 1);
	sched_setaffinity(0, sizeof old, &old);
}
END_TEST

START_TEST(the_clock_moves_forward)
{
	double last = fed_wall_seconds();

	for (int i = 0; i < 1000; i++) {
		const double now = fed_wall_seconds();

		ck_assert(now >= last);
		last = now;
	}
}
END_TEST

FED_SUITE(cpu)
{
	Suite *suite = suite_create("cpu");
	TCase *tests = tcase_create("cpu");

	tcase_add_loop_test(tests, the_environment_lowers_it, 0, sizeof lowered / sizeof *lowered);
	tcase_add_test(tests, processors_are_those_of_this_process);
	tcase_add_test(tests, the_clock_moves_forward);
	suite_add_tcase(suite, tests);
	return suite;
}
