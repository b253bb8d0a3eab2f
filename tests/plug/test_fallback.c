/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Private copies where the kernel gives no memfd: through a temporary file that leaves no trace.
 */
#include "plug/plugins.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool has_memfd = true;

/* Stands in for the C library's in all suites of the folder; fails in the tests of this one. */
int memfd_create(const char *name, unsigned flags)
{
	if (has_memfd)
		return (int)syscall(SYS_memfd_create, name, flags);
	errno = ENOSYS;
	return -1;
}

static struct fed_temp temp;

static void setup(void)
{
	has_memfd = false;
	fed_temp_make(&temp);
}

static void teardown(void)
{
	fed_temp_remove(&temp);
	has_memfd = true;
}

START_TEST(loads_through_a_file)
{
	static const char *const paths[] = {FIXTURE("keeper"), FIXTURE("versioned_1"),
	                                    FIXTURE("mean_stream")};
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry[COUNT(paths)];
	struct fed_error err;

	setenv("TMPDIR", temp.dir, 1);
	for (size_t i = 0; i < COUNT(paths); i++)
		ck_ok(fed_registry_load(registry, paths[i], &entry[i], &err));
	ck_assert_uint_eq(fed_temp_count(&temp), 0);
	ck_assert_str_eq(entry[0]->head->name, "keeper");
	ck_assert_str_eq(entry[1]->head->name, "versioned");
	ck_ok(fed_registry_reload(registry, FED_KIND_AGGREGATOR, "versioned", &entry[1], &err));
	fed_registry_free(registry);
}
END_TEST

START_TEST(tells_where_it_could_not)
{
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry;
	struct fed_error err;

	setenv("TMPDIR", "/nowhere", 1);
	ck_assert_int_eq(fed_registry_load(registry, FIXTURE("keeper"), &entry, &err), FED_FAIL);
	ck_says(err.text, "cannot be copied to /nowhere: No such file");
	fed_registry_free(registry);
}
END_TEST

FED_SUITE(fallback)
{
	Suite *suite = suite_create("fallback");
	TCase *tests = tcase_create("fallback");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, loads_through_a_file);
	tcase_add_test(tests, tells_where_it_could_not);
	suite_add_tcase(suite, tests);
	return suite;
}
