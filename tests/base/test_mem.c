/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Allocation: zeroed, aligned, counted, and failing on demand.
 */
#include "base/mem.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "support/suite.h"

static bool all_zero(const void *bytes, size_t n)
{
	const unsigned char *b = bytes;

	for (size_t i = 0; i < n; i++)
		if (b[i] != 0)
			return false;
	return true;
}

START_TEST(blocks_are_zeroed_and_counted)
{
	const int64_t before = fed__mem_live();
	char *a = fed_alloc(1000), *b = fed_alloc_array(7, 11), *empty = fed_alloc(0);
	char *s = fed_strdup("glyphs");

	ck_assert(a && b && empty && s);
	ck_assert(all_zero(a, 1000) && all_zero(b, 77));
	ck_assert_str_eq(s, "glyphs");
	ck_assert_int_eq(fed__mem_live(), before + 4);
	fed_free(a);
	fed_free(b);
	fed_free(empty);
	fed_free(s);
	fed_free(NULL);
	ck_assert_int_eq(fed__mem_live(), before);
}
END_TEST

START_TEST(resize_keeps_and_zeroes)
{
	char *a = fed_resize(NULL, 0, 3);
	memcpy(a, "abc", 3);

	a = fed_resize(a, 3, 5000);
	ck_assert_mem_eq(a, "abc", 3);
	ck_assert(all_zero(a + 3, 4997));
	fed__mem_fail_at(1);
	ck_assert_ptr_null(fed_resize(a, 5000, 9000));
	ck_assert_mem_eq(a, "abc", 3);
	a = fed_resize(a, 5000, 2);
	ck_assert_mem_eq(a, "ab", 2);
	fed_free(a);
}
END_TEST

START_TEST(products_that_overflow_are_refused)
{
	ck_assert_ptr_null(fed_alloc_array(SIZE_MAX / 2, 3));
	ck_assert_ptr_null(fed_alloc_floats(SIZE_MAX / 4));
	ck_assert_ptr_null(fed_alloc_floats(SIZE_MAX));
}
END_TEST

START_TEST(floats_are_aligned_and_zeroed)
{
	static const size_t sizes[] = {0, 1, 15, 16, 17, 199210, 1 << 20, 1663370};
	const int64_t before = fed__mem_live();

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		float *v = fed_alloc_floats(sizes[i]);

		ck_assert_ptr_nonnull(v);
		ck_assert_uint_eq((uintptr_t)v % 64, 0);
		ck_assert(all_zero(v, sizes[i] * sizeof *v));
		if (sizes[i] > 0)
			v[sizes[i] - 1] = 1;
		fed_free_floats(v);
	}
	ck_assert_int_eq(fed__mem_live(), before);
}
END_TEST

START_TEST(the_kth_allocation_fails_once)
{
	fed__mem_fail_at(3);
	void *a = fed_alloc(1);
	float *b = fed_alloc_floats(1);
	ck_assert(fed__mem_fail_ahead());
	ck_assert_ptr_null(fed_strdup("third"));
	ck_assert(!fed__mem_fail_ahead());
	void *d = fed_alloc(1);

	ck_assert(a && b && d);
	fed_free(a);
	fed_free_floats(b);
	fed_free(d);
}
END_TEST

START_TEST(the_error_says_how_much_for_what)
{
	struct fed_error err;

	ck_assert_int_eq(fed_fail_memory(&err, 4096, "the clients"), FED_FAIL);
	ck_assert_str_eq(err.text, "out of memory (4096 bytes for the clients)");
}
END_TEST

/* A machine of files, where a process may have 8 GiB. */
static struct fed_temp machine;

static void put(const char *path, const char *text)
{
	char folder[256];

	for (const char *at = path; (at = strchr(at, '/')); at++) {
		snprintf(folder, sizeof folder, "%s/%.*s", machine.dir, (int)(at - path), path);
		mkdir(folder, 0700);
	}
	fed_temp_write(&machine, path, text, strlen(text));
}

static void build_machine(void)
{
	fed_temp_make(&machine);
	put("proc/meminfo", "MemTotal: 9999999 kB\nMemAvailable: 8388608 kB\n");
	fed__mem_root(machine.dir);
}

static void remove_machine(void)
{
	fed__mem_root("");
	fed_temp_remove(&machine);
}

/* What the C library keeps comes on top. */
static void has_mib(double mib)
{
	const double have = fed_mem_available() / (1 << 20);

	ck_assert_msg(have >= mib && have < mib + 64, "%f MiB instead of %f", have, mib);
}

START_TEST(the_machine_is_the_limit)
{
	has_mib(8192);
	put("proc/self/cgroup", "0::/user/shell\n");
	has_mib(8192);
	put("sys/fs/cgroup/user/shell/memory.max", "max\n");
	put("sys/fs/cgroup/user/shell/memory.current", "1000000\n");
	has_mib(8192);
	put("proc/self/cgroup", "");
	has_mib(8192);
	put("proc/self/cgroup", "no colons\n0:\n::\n4:memoryless,my-memory:/\n");
	has_mib(8192);
	put("proc/meminfo", "");
	ck_assert(fed_mem_available() == INFINITY);
}
END_TEST

START_TEST(a_control_group_is_the_limit)
{
	put("proc/self/cgroup", "1:name=systemd:/\n0::/box/inner\n");
	put("sys/fs/cgroup/box/inner/memory.max", "2147483648\n");
	has_mib(2048);
	put("sys/fs/cgroup/box/inner/memory.current", "1073741824\n");
	has_mib(1024);
	/* Pages of files are let go when memory is wanted. */
	put("sys/fs/cgroup/box/inner/memory.stat",
	    "anon 1\nfile 2\nslab_inactive_file 7\ninactive_file 536870912\n");
	has_mib(1536);
	/* The group around it has less left, the one around that more. */
	put("sys/fs/cgroup/box/memory.max", "4294967296\n");
	put("sys/fs/cgroup/box/memory.current", "4026531840\n");
	put("sys/fs/cgroup/memory.max", "6442450944\n");
	has_mib(256);
	put("sys/fs/cgroup/box/memory.current", "5026531840\n");
	has_mib(0);
}
END_TEST

/* In a container the path is the host's, and the mount the container's own. */
START_TEST(a_container_sees_its_own_group)
{
	put("proc/self/cgroup", "0::/system.slice/container-4711.scope\n");
	put("sys/fs/cgroup/memory.max", "1073741824\n");
	put("sys/fs/cgroup/memory.current", "536870912\n");
	has_mib(512);
}
END_TEST

START_TEST(groups_of_version_1)
{
	put("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/a/b\n0::/\n");
	put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
	put("sys/fs/cgroup/memory/a/b/memory.usage_in_bytes", "1048576\n");
	has_mib(8192);
	put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "3221225472\n");
	put("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "2147483648\n");
	has_mib(1024);
	put("sys/fs/cgroup/memory/a/memory.stat", "inactive_file 5\ntotal_inactive_file 1073741824\n");
	has_mib(2048);
}
END_TEST

FED_SUITE(mem)
{
	Suite *suite = suite_create("mem");
	TCase *tests = tcase_create("mem");

	tcase_add_test(tests, blocks_are_zeroed_and_counted);
	tcase_add_test(tests, resize_keeps_and_zeroes);
	tcase_add_test(tests, products_that_overflow_are_refused);
	tcase_add_test(tests, floats_are_aligned_and_zeroed);
	tcase_add_test(tests, the_kth_allocation_fails_once);
	tcase_add_test(tests, the_error_says_how_much_for_what);
	suite_add_tcase(suite, tests);
	tests = tcase_create("available");
	tcase_add_checked_fixture(tests, build_machine, remove_machine);
	tcase_add_test(tests, the_machine_is_the_limit);
	tcase_add_test(tests, a_control_group_is_the_limit);
	tcase_add_test(tests, a_container_sees_its_own_group);
	tcase_add_test(tests, groups_of_version_1);
	suite_add_tcase(suite, tests);
	return suite;
}
