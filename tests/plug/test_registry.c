/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The table of plugins: names, reloading, files that change or vanish while they are loaded.
 */
#include "plug/plugins.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "plug/calls/call.h"

static struct fed_temp temp;
static const char *file; /* in it */

static void make_folder(void)
{
	fed_temp_make(&temp);
	file = fed_temp_file(&temp, "plugin.so");
}

static void remove_folder(void)
{
	fed_temp_remove(&temp);
}

/* Writes into the file that is there, as cp does: the inode stays. */
static void overwrite(const char *path, const char *with)
{
	struct fed_text bytes = {0};
	struct fed_error err;

	ck_ok(fed_file_read(with, 1 << 26, &bytes, &err));
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes.s, bytes.len), (ssize_t)bytes.len);
	close(fd);
	fed_text_release(&bytes);
}

/* The step of `versioned`: its version. */
static float step_of(const struct fed_entry *entry)
{
	static const float zero[3];
	const struct fed_round round = {.dim = 3, .params = zero};
	const struct fed_update update = {.delta = zero, .base = zero, .weight = 1};
	struct fed_instance instance;
	struct fed_aggregation a;
	struct fed_error err;
	float out[3];

	ck_ok(fed_instance_init(&instance, entry, NULL, 0, &err));
	ck_ok(fed_aggregation_begin(&a, &instance, &round, 1, NULL, &err));
	ck_ok(fed_aggregation_add(&a, &update, &err));
	ck_ok(fed_aggregation_finish(&a, out, &err));
	fed_aggregation_release(&a);
	fed_instance_release(&instance);
	return out[2];
}

START_TEST(running_copy_is_private)
{
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry, *again;
	struct fed_error err;

	overwrite(file, FIXTURE("versioned_1"));
	ck_ok(fed_registry_load(registry, file, &entry, &err));
	ck_assert_int_eq(truncate(file, 0), 0);
	ck_assert_int_eq((int)step_of(entry), 1);
	/* a damaged file does not replace a good one */
	ck_assert_int_eq(fed_registry_reload(registry, FED_KIND_AGGREGATOR, "versioned", &again, &err),
	                 FED_FAIL);
	ck_says(err.text, "is empty");
	ck_assert_int_eq((int)step_of(entry), 1);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(fed_registry_reload(registry, FED_KIND_AGGREGATOR, "versioned", &again, &err),
	                 FED_FAIL);
	ck_assert_int_eq((int)step_of(entry), 1);
	ck_assert_str_eq(entry->head->help, "version 1");

	overwrite(file, FIXTURE("versioned_2"));
	ck_ok(fed_registry_reload(registry, FED_KIND_AGGREGATOR, "versioned", &again, &err));
	ck_assert_str_eq(again->head->help, "version 2");
	ck_assert_int_eq((int)step_of(again), 2);
	fed_registry_free(registry);
}
END_TEST

START_TEST(reload_refuses_another_plugin_and_users)
{
	struct fed_registry *registry = make_registry();
	struct fed_instance instance;
	const struct fed_entry *entry;
	struct fed_error err;

	overwrite(file, FIXTURE("versioned_1"));
	make_instance(registry, file, &instance, NULL, NULL, NULL, NULL);
	ck_assert_int_eq(fed_registry_reload(registry, FED_KIND_AGGREGATOR, "versioned", &entry, &err),
	                 FED_FAIL);
	ck_says(err.text, "is in use");
	ck_assert_int_eq(fed_registry_unload(registry, FED_KIND_AGGREGATOR, "versioned", &err),
	                 FED_FAIL);
	ck_says(err.text, "is in use");
	fed_instance_release(&instance);

	overwrite(file, FIXTURE("keeper"));
	ck_assert_int_eq(fed_registry_reload(registry, FED_KIND_AGGREGATOR, "versioned", &entry, &err),
	                 FED_FAIL);
	ck_says(err.text, "is now aggregator keeper, no longer aggregator versioned");
	ck_ok(fed_registry_unload(registry, FED_KIND_AGGREGATOR, "versioned", &err));
	ck_assert_ptr_null(fed_registry_at(registry, FED_KIND_AGGREGATOR, 0));
	ck_ok(fed_registry_load(registry, file, &entry, &err));
	fed_registry_free(registry);
}
END_TEST

START_TEST(names_are_taken_once)
{
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry;
	struct fed_error err;

	ck_ok(fed_registry_load(registry, FIXTURE("versioned_1"), &entry, &err));
	ck_assert_int_eq(fed_registry_load(registry, FIXTURE("versioned_1"), &entry, &err), FED_FAIL);
	ck_says(err.text, "use reload versioned");
	ck_assert_int_eq(fed_registry_load(registry, FIXTURE("versioned_2"), &entry, &err), FED_FAIL);
	ck_says(err.text, "the aggregator name versioned is taken by /");
	/* another kind may have the name; here only other names */
	ck_ok(fed_registry_load(registry, FIXTURE("builder"), &entry, &err));
	ck_assert_int_eq(entry->head->kind, FED_KIND_MODEL);
	fed_registry_free(registry);
}
END_TEST

START_TEST(find_suggests_and_lists)
{
	static const char *const paths[] = {FIXTURE("mean_stream"), FIXTURE("keeper"),
	                                    FIXTURE("mean_columns"), FIXTURE("builder")};
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry;
	struct fed_error err;

	ck_assert_int_eq(fed_registry_find(registry, FED_KIND_AGGREGATOR, "x", &entry, &err), FED_FAIL);
	ck_says(err.text, "loaded are: none");
	for (size_t i = 0; i < COUNT(paths); i++)
		ck_ok(fed_registry_load(registry, paths[i], &entry, &err));
	ck_ok(fed_registry_find(registry, FED_KIND_AGGREGATOR, "keeper", &entry, &err));
	ck_assert_str_eq(entry->head->name, "keeper");
	ck_assert_int_eq(fed_registry_find(registry, FED_KIND_AGGREGATOR, "keepr", &entry, &err),
	                 FED_FAIL);
	ck_says(err.text, "did you mean keeper?");
	ck_says(err.text, "keeper, mean-columns, mean-stream");
	ck_assert_int_eq(fed_registry_find(registry, FED_KIND_MODEL, "keeper", &entry, &err), FED_FAIL);
	ck_assert_str_eq(fed_registry_at(registry, FED_KIND_AGGREGATOR, 0)->head->name, "keeper");
	ck_assert_str_eq(fed_registry_at(registry, FED_KIND_AGGREGATOR, 2)->head->name, "mean-stream");
	ck_assert_ptr_null(fed_registry_at(registry, FED_KIND_AGGREGATOR, 3));
	ck_assert_str_eq(fed_registry_at(registry, FED_KIND_MODEL, 0)->head->name, "builder");
	ck_assert_ptr_null(fed_registry_at(registry, FED_KIND_TRANSPORT, 0));
	fed_registry_free(registry);
}
END_TEST

static void count_bad(void *ctx, const char *path, const char *text)
{
	char *seen = ctx;

	strcat(strcat(seen, strrchr(path, '/') + 1), " ");
	ck_assert_ptr_nonnull(text);
}

START_TEST(scan_takes_good_files_in_name_order)
{
	static const struct {
		const char *name, *fixture;
	} files[] = {{"a.so", FIXTURE("keeper")},
	             {"b.so", FIXTURE("bad_abi")},
	             {"c.so", FIXTURE("mean_stream")},
	             {".hidden.so", FIXTURE("mean_columns")},
	             {"d.txt", FIXTURE("mean_reduce")}};
	struct fed_registry *registry = make_registry();
	const struct fed_entry *entry;
	char seen[256] = "";
	struct fed_error err;

	for (size_t i = 0; i < COUNT(files); i++)
		overwrite(fed_temp_file(&temp, files[i].name), files[i].fixture);
	ck_ok(fed_registry_scan(registry, temp.dir, true, count_bad, seen, &err));
	ck_assert_str_eq(seen, "b.so ");
	ck_ok(fed_registry_find(registry, FED_KIND_AGGREGATOR, "keeper", &entry, &err));
	ck_assert(entry->builtin);
	ck_assert_ptr_null(fed_registry_at(registry, FED_KIND_AGGREGATOR, 2));
	ck_assert_int_eq(fed_registry_unload(registry, FED_KIND_AGGREGATOR, "keeper", &err), FED_FAIL);
	ck_says(err.text, "comes with fedsh");
	ck_assert_int_eq(fed_registry_scan(registry, "/nowhere", true, count_bad, seen, &err),
	                 FED_FAIL);
	ck_says(err.text, "/nowhere: No such file");
	fed_registry_free(registry);
}
END_TEST

START_TEST(kinds_have_names)
{
	enum fed_kind kind;
	struct fed_error err;

	for (int k = FED_KIND_AGGREGATOR; k <= FED_KIND_LAST; k++) {
		ck_ok(fed_kind_parse(fed_kind_name(k), &kind, &err));
		ck_assert_int_eq(kind, k);
	}
	ck_assert_int_eq(fed_kind_parse("agregator", &kind, &err), FED_FAIL);
	ck_says(err.text, "did you mean aggregator?");
}
END_TEST

FED_SUITE(registry)
{
	Suite *suite = suite_create("registry");
	TCase *tests = tcase_create("registry");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, running_copy_is_private);
	tcase_add_test(tests, reload_refuses_another_plugin_and_users);
	tcase_add_test(tests, names_are_taken_once);
	tcase_add_test(tests, find_suggests_and_lists);
	tcase_add_test(tests, scan_takes_good_files_in_name_order);
	tcase_add_test(tests, kinds_have_names);
	suite_add_tcase(suite, tests);
	return suite;
}
