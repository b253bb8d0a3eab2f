/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/suite.h - helpers of all tests: definition of a suite, allocation failures, temporary
 * folders.
 *
 * A file test_text.c defines one suite and no main:
 *
 *     FED_SUITE(text)
 *     {
 *         Suite *suite = suite_create("text");
 *         TCase *tests = tcase_create("text");
 *         tcase_add_test(tests, counts_have_commas);
 *         suite_add_tcase(suite, tests);
 *         return suite;
 *     }
 *
 * The suites of a folder are one executable, build/tests/tests_FOLDER [test_text]; CMake writes the
 * list of them (fed_suites) from the names of the files, and support/main.c has the main function.
 * A test may take two minutes (CK_DEFAULT_TIMEOUT); CK_FORK=no in the environment keeps a suite in
 * one process, for a debugger.
 */
#ifndef FED_TEST_SUITE_H
#define FED_TEST_SUITE_H

#include <check.h>
#include <stdbool.h>

#include "fedsh/plugin.h"

/* Check writes to a file at each assertion that holds, in order to say after which one a test died:
 * which in loops is most of a test's time.  Here each says it when it holds first. */
#define _mark_point(file, line)                          \
	({                                                   \
		static _Thread_local bool fed_round_explanation; \
		if (!fed_round_explanation) {                    \
			fed_round_explanation = true;                \
			(_mark_point)(file, line);                   \
		}                                                \
	})

/* What watches this build, 0 or 1 (CMake defines it): any sanitizer; the thread sanitizer.  Under
 * them the same code runs on smaller cases, since the large ones take up to fifty times as long:
 * Release runs those, and alone asks how good a result is that takes many steps. */
#ifndef FED_SANITIZED
#define FED_SANITIZED 0
#endif
#ifdef __SANITIZE_THREAD__
#define FED_THREAD_SANITIZED 1
#else
#define FED_THREAD_SANITIZED 0
#endif

/* The head of the function that makes the suite of test_NAME.c. */
#define FED_SUITE(name)            \
	Suite *fed_suite_##name(void); \
	Suite *fed_suite_##name(void)

struct fed_named_suite {
	const char *name; /* test_text */
	Suite *(*make)(void);
};
/* The suites of this executable; the last has no name. */
extern const struct fed_named_suite fed_suites[];

/* Call try_it(ctx, err) with the k-th allocation failing, for k = 1, 2, ... until there is no k-th;
 * then it must succeed. A failure must set the error's text (a call may also succeed without the
 * memory); try_it frees what it allocated, since no block may be left. Returns the number of
 * allocations. */
unsigned fed_each_allocation(int (*try_it)(void *ctx, struct fed_error *), void *ctx);

/* A temporary folder; fed_temp_remove removes it with its contents. */
struct fed_temp {
	char dir[64];
	char file[256]; /* the last result of fed_temp_file */
};
void fed_temp_make(struct fed_temp *);
void fed_temp_remove(struct fed_temp *);
/* The path DIR/name, valid until the next call. */
const char *fed_temp_file(struct fed_temp *, const char *name);
/* Write a file DIR/name, whose folders are made; returns its path. */
const char *fed_temp_write(struct fed_temp *, const char *name, const void *bytes, size_t n);
/* Number of files in the folder. */
unsigned fed_temp_count(const struct fed_temp *);

/* Check that the call returns FED_OK; shows the error's text if not. */
#define fed_assert_ok(call, err) ck_assert_msg((call) == FED_OK, "%s: %s", #call, (err)->text)

#endif
