/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every plugin that comes with the program passes its conformance run, and so do the fixtures that
 * are faulty on demand when nothing is demanded.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "conformance/run.h"

static void expect_pass(const char *folder, const char *file, const char *settings)
{
	struct run run;

	run_plugin(&run, folder, file, settings, NULL);
	for (size_t i = 0; i < run.n; i++)
		ck_assert_msg(run.result[i].outcome != FED_CONFORMANCE_FAILED,
		              "%s, %s: given %s; got %s; expected %s", file, run.result[i].check,
		              run.result[i].given, run.result[i].got, run.result[i].expected);
}

/* The settings of a plugin's run: under a sanitizer the large nets are smaller ones. */
static const char *settings_of(const char *name)
{
	static const char *const smaller[][2] = {
		{"cnn", "filters1=4 filters2=8 units=16"},
		{"mlp", "hidden=24,16"},
	};

	for (size_t i = 0; FED_SANITIZED && i < sizeof smaller / sizeof *smaller; i++)
		if (strcmp(smaller[i][0], name) == 0)
			return smaller[i][1];
	return NULL;
}

/* The plugins of one kind, or all of them in the folder that have such a head. */
static void pass_all(enum fed_kind kind)
{
	struct dirent **name;
	const int n = scandir(FED_PLUGIN_DIR, &name, NULL, alphasort);
	unsigned passed = 0;

	ck_assert_int_gt(n, 0);
	for (int i = 0; i < n; i++) {
		char *end = strstr(name[i]->d_name, ".so");

		if (end) {
			*end = '\0';
			if (entry_of(FED_PLUGIN_DIR, name[i]->d_name)->head->kind == kind) {
				expect_pass(FED_PLUGIN_DIR, name[i]->d_name, settings_of(name[i]->d_name));
				passed++;
			}
		}
		free(name[i]);
	}
	free(name);
	ck_assert_uint_gt(passed, 1);
}

START_TEST(builtin_plugins_pass)
{
	pass_all((enum fed_kind)_i);
}
END_TEST

START_TEST(good_fixtures_pass)
{
	static const char *const good[][2] = {
		{"faulty_reduce", "how=good groups=1"},
		{"faulty_columns", "how=good"},
		{"faulty_model", "how=good"},
		{"batch_norm", "declared=yes"},
		{"running", NULL},
		{"faulty_craft", "how=good"},
		{"faulty_collude", "how=good"},
		{"faulty_poison", "how=good"},
		{"faulty_select", "how=good"},
		{"simulated", "how=good"},
		{"misbehave_codec", "how=good"},
		{"simulated", "how=drop-third"},
		{"loopback", "damage=no twice=no refuse_open=no"},
	};

	expect_pass(FED_BUILD_DIR "/fixtures", good[_i][0], good[_i][1]);
}
END_TEST

/* Aggregators alone use the host's threads. */
#ifdef __SANITIZE_THREAD__
#define LAST_KIND FED_KIND_AGGREGATOR
#else
#define LAST_KIND FED_KIND_CODEC
#endif

FED_SUITE(builtin)
{
	Suite *suite = suite_create("builtin");
	TCase *tests = tcase_create("builtin");

	tcase_add_loop_test(tests, builtin_plugins_pass, FED_KIND_AGGREGATOR, LAST_KIND + 1);
	tcase_add_loop_test(tests, good_fixtures_pass, 0, 12);
	suite_add_tcase(suite, tests);
	return suite;
}
