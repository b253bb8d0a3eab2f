/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "session/small.h"
#include "support/suite.h"

#define FIXTURE(name) FED_BUILD_DIR "/fixtures/" name ".so"

static struct fed_temp temp;

static void make_folder(void)
{
	fed_temp_make(&temp);
}
static void remove_folder(void)
{
	fed_temp_remove(&temp);
}

/* A copy of a fixture under `name`, as a compiler would write it over the old one. */
static const char *put_plugin(const char *name, const char *fixture)
{
	struct fed_text bytes = {0};
	struct fed_error err = {""};

	fed_assert_ok(fed_file_read(fixture, 1 << 24, &bytes, &err), &err);
	unlink(fed_temp_file(&temp, name));
	fed_temp_write(&temp, name, bytes.s, bytes.len);
	fed_text_release(&bytes);
	return temp.file;
}

static void load(struct fed_session *s, const char *path)
{
	const struct fed_entry *entry;
	struct fed_error err = {""};

	fed_assert_ok(fed_session_load(s, path, &entry, &err), &err);
	ck_assert_str_eq(entry->head->name, "versioned");
}

START_TEST(reload_takes_the_new_file_between_rounds)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	load(&s, put_plugin("p.so", FIXTURE("versioned_1")));
	small_do(&s, "aggregator versioned;round 1");
	const float before = fed_session_params(&s)[0];
	put_plugin("p.so", FIXTURE("versioned_2"));
	small_do(&s, "round 1"); /* the running copy is private */
	ck_assert_double_eq_tol(fed_session_params(&s)[0], before + 1, 1e-5);
	fed_assert_ok(fed_session_reload(&s, "versioned", &err), &err);
	ck_assert_uint_eq(fed_session_version(&s), 2);
	small_do(&s, "round 1");
	ck_assert_double_eq_tol(fed_session_params(&s)[0], before + 3, 1e-5);
	/* A broken file: the old plugin stands, still in use. */
	fed_temp_write(&temp, "p.so", "no ELF", 6);
	ck_assert_int_eq(fed_session_reload(&s, "versioned", &err), FED_FAIL);
	small_do(&s, "round 1");
	ck_assert_double_eq_tol(fed_session_params(&s)[0], before + 5, 1e-5);
	fed__session_release(&s);
}
END_TEST

static void has_said(const struct heard *heard, const char *words)
{
	ck_assert_msg(strstr(heard->text, words) != NULL, "\"%s\" lacks \"%s\"", heard->text, words);
}

/* Step of one round of the fixture: 100 rounds + total. */
static double step_of_round(struct fed_session *s)
{
	const float before = fed_session_params(s)[0];

	small_do(s, "round 1");
	return (double)fed_session_params(s)[0] - (double)before;
}

START_TEST(state_stays_when_the_struct_is_the_same)
{
	struct fed_session s;
	struct heard heard;
	const struct fed_entry *entry;
	struct fed_error err = {""};

	small_compose(&s, &heard, "fedavg");
	fed_assert_ok(fed_session_load(&s, put_plugin("p.so", FIXTURE("carrying_1")), &entry, &err),
	              &err);
	small_do(&s, "aggregator carrying unit=2;round 1");
	ck_assert_double_eq_tol(step_of_round(&s), 204, 1e-3);
	fed_assert_ok(fed_session_reload(&s, "carrying", &err), &err);
	has_said(&heard, "carrying keeps its settings and its state, with total");
	ck_assert_double_eq_tol(step_of_round(&s), 306, 1e-3);

	/* One setting more: the vector stays, the private member does not. */
	put_plugin("p.so", FIXTURE("carrying_2"));
	fed_assert_ok(fed_session_reload(&s, "carrying", &err), &err);
	has_said(&heard, "carrying keeps its settings and total; the rest of its state begins anew");
	ck_assert_double_eq_tol(step_of_round(&s), 108, 1e-3);

	/* A file that is refused: all of it stays. */
	fed_temp_write(&temp, "p.so", "no ELF", 6);
	ck_assert_int_eq(fed_session_reload(&s, "carrying", &err), FED_FAIL);
	ck_assert_double_eq_tol(step_of_round(&s), 210, 1e-3);
	fed__session_release(&s);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* Momentum, and what clients keep: the rounds are those of a session without reloads. */
START_TEST(reloading_the_same_file_changes_no_bit)
{
	static const char *const rules[] = {"fedavgm", "scaffold"};
	struct fed_session s, other;
	struct fed_error err = {""};

	for (size_t i = 0; i < 2; i++) {
		small_compose(&s, NULL, rules[i]);
		small_compose(&other, NULL, rules[i]);
		small_do(&s, "round 2");
		fed_assert_ok(fed_session_reload(&s, rules[i], &err), &err);
		small_do(&s, "round 2");
		small_do(&other, "round 4");
		ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&other),
		                 s.parts.net.dim * sizeof(float));
		fed__session_release(&s);
		fed__session_release(&other);
	}
}
END_TEST

START_TEST(model_s_plugin_reloads_with_its_settings)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "model mlp hidden=7;round 2");
	fed_assert_ok(fed_session_reload(&s, "mlp", &err), &err);
	ck_assert_uint_eq(fed_session_version(&s), 2);
	ck_assert_uint_eq(s.parts.net.dim, 2 * 7 + 7 + 7 * 4 + 4);
	small_do(&s, "round 1");
	fed__session_release(&s);
}
END_TEST

/* A build that cannot run costs nothing: neither the plugin that is loaded nor the run. */
START_TEST(a_model_stays_when_its_new_build_crashes)
{
	struct fed_session s;
	struct fed_error err = {""};
	const struct fed_entry *entry;

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_guard(&s, FED_BUILD_DIR "/fedsh-worker", &err), &err);
	fed_assert_ok(fed_session_load(&s, put_plugin("frail.so", FIXTURE("frail_1")), &entry, &err),
	              &err);
	small_do(&s, "model frail;round 2");
	const size_t bytes = s.parts.net.dim * sizeof(float);
	float *before = fed_alloc(bytes);
	memcpy(before, fed_session_params(&s), bytes);
	put_plugin("frail.so", FIXTURE("frail_2"));
	ck_assert_int_eq(fed_session_reload(&s, "frail", &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "in forward()") &&
	                  strstr(err.text, "; what was loaded before stays"),
	              "%s", err.text);
	ck_assert_uint_eq(fed_session_version(&s), 2);
	ck_assert_mem_eq(fed_session_params(&s), before, bytes);
	small_do(&s, "round 1");
	put_plugin("frail.so", FIXTURE("frail_1"));
	fed_assert_ok(fed_session_reload(&s, "frail", &err), &err);
	ck_assert_uint_eq(fed_session_version(&s), 3);
	small_do(&s, "round 1");
	fed_free(before);
	fed__session_release(&s);
}
END_TEST

START_TEST(used_and_unknown_plugins_are_not_unloaded)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	load(&s, FIXTURE("versioned_1"));
	small_do(&s, "aggregator versioned");
	ck_assert_int_eq(fed_session_unload(&s, "versioned", &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "the session's aggregator now"));
	ck_assert_int_eq(fed_session_unload(&s, "versionde", &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "did you mean versioned?"));
	small_do(&s, "aggregator fedavg");
	fed_assert_ok(fed_session_unload(&s, "aggregator.versioned", &err), &err);
	small_refuses(&s, "aggregator versioned", "versioned");
	fed__session_release(&s);
}
END_TEST

START_TEST(saved_session_finds_its_plugins)
{
	struct fed_session s, other;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	load(&s, put_plugin("p.so", FIXTURE("versioned_1")));
	small_do(&s, "aggregator versioned;round 1");
	fed_assert_ok(fed_session_save(&s, fed_temp_file(&temp, "a.fed"), &err), &err);
	small_init(&other, NULL);
	fed_assert_ok(fed_session_restore(&other, fed_temp_file(&temp, "a.fed"), &err), &err);
	small_do(&s, "round 1");
	small_do(&other, "round 1");
	small_same(&s, &other);
	fed__session_release(&other);

	small_init(&other, NULL);
	unlink(fed_temp_file(&temp, "p.so"));
	ck_assert_int_eq(fed_session_restore(&other, fed_temp_file(&temp, "a.fed"), &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "plugin versioned"));
	fed__session_release(&other);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(reload)
{
	Suite *suite = suite_create("reload");
	TCase *tests = tcase_create("reload");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_test(tests, reload_takes_the_new_file_between_rounds);
	tcase_add_test(tests, state_stays_when_the_struct_is_the_same);
	tcase_add_test(tests, reloading_the_same_file_changes_no_bit);
	tcase_add_test(tests, model_s_plugin_reloads_with_its_settings);
	tcase_add_test(tests, a_model_stays_when_its_new_build_crashes);
	tcase_add_test(tests, used_and_unknown_plugins_are_not_unloaded);
	tcase_add_test(tests, saved_session_finds_its_plugins);
	suite_add_tcase(suite, tests);
	return suite;
}
