/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/export.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "session/small.h"
#include "support/suite.h"

static struct fed_temp temp;

static void make_folder(void)
{
	fed_temp_make(&temp);
}
static void remove_folder(void)
{
	fed_temp_remove(&temp);
}

static void export_to(struct fed_session *s, const char *name)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_session_export(s, fed_temp_file(&temp, name), NULL, &err), &err);
}

static void contents(const char *name, struct fed_text *out)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_file_read(fed_temp_file(&temp, name), 1 << 24, out, &err), &err);
}

/* Whole sessions --------------------------------------------------------- */

static const char *const files[] = {"m.npz", "m.safetensors", "M.NPZ"};

START_TEST(parameters_come_back)
{
	struct fed_session s, other;
	struct heard heard;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "round 2");
	export_to(&s, files[_i]);
	small_compose(&other, &heard, "fedavg");
	fed_assert_ok(fed_session_import(&other, fed_temp_file(&temp, files[_i]), NULL, &err), &err);
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&other),
	                 s.parts.net.dim * sizeof(float));
	ck_assert_uint_eq(fed_session_version(&other), 0);
	ck_assert_ptr_nonnull(strstr(heard.text, "12 parameters in 2 tensors"));
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

static const struct {
	const char *model, *words;
} strangers[] = {
	{"model mlp hidden=3", "dense1.weight has shape (4, 2) there, (3, 2) in this model"},
	{"model mlp hidden=4", "dense2.weight is missing"},
	{"dataset linear d=2 train=20 test=4", "dense1.weight has shape (4, 2) there, (1, 2)"},
};

START_TEST(other_models_are_refused)
{
	struct fed_session s, other;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_init(&other, NULL);
	small_do(&other, "dataset blobs train=20 test=4");
	small_do(&other, strangers[_i].model);
	for (int k = 0; k < 2; k++) {
		export_to(&s, files[k]);
		ck_assert_int_eq(fed_session_import(&other, fed_temp_file(&temp, files[k]), NULL, &err),
		                 FED_FAIL);
		ck_assert_msg(strstr(err.text, strangers[_i].words) != NULL, "%s", err.text);
	}
	fed__session_release(&s);
	fed__session_release(&other);
}
END_TEST

/* PyTorch's layout: dense1.weight is (out, in), the transpose of what the net keeps. */
START_TEST(layout_is_pytorch_s)
{
	struct fed_session s;
	struct fed_text bytes = {0};
	uint64_t header;

	small_compose(&s, NULL, "fedavg");
	export_to(&s, "m.safetensors");
	contents("m.safetensors", &bytes);
	memcpy(&header, bytes.s, 8);
	ck_assert_uint_eq((8 + header) % 8, 0);
	const float *w = fed_session_params(&s);
	for (size_t out = 0; out < 4; out++) {
		for (size_t in = 0; in < 2; in++) {
			float x;
			memcpy(&x, bytes.s + 8 + header + (out * 2 + in) * sizeof x, sizeof x);
			ck_assert(x == w[in * 4 + out]); /* a copy, no arithmetic */
		}
	}
	fed_text_release(&bytes);
	fed__session_release(&s);
}
END_TEST

START_TEST(csv_has_all_rounds)
{
	struct fed_session s;
	struct fed_text bytes = {0};
	unsigned commas = 0, lines = 0, metrics = 0;

	while (fed_metrics[metrics].type)
		metrics++;
	small_compose(&s, NULL, "fedavg");
	small_do(&s, "set eval-every 2;round 3");
	export_to(&s, "h.csv");
	contents("h.csv", &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		commas += bytes.s[i] == ',';
		lines += bytes.s[i] == '\n';
	}
	ck_assert_uint_eq(lines, 4);
	ck_assert_uint_eq(commas, 4 * (metrics - 1));
	ck_assert_ptr_nonnull(strstr(bytes.s, "round,clock,wall,test_accuracy,test_loss,"));
	/* Round 1 was not evaluated: two empty cells, which pandas reads as NaN. */
	const char *row = strstr(bytes.s, "\n1,");
	for (int k = 0; k < 3; k++)
		row = strchr(row, ',') + 1;
	ck_assert_int_eq(strncmp(row, ",,", 2), 0);
	ck_assert_ptr_null(strstr(bytes.s, "nan"));
	fed_text_release(&bytes);
	fed__session_release(&s);
}
END_TEST

/* More than the session's model can be is told as that, by numbers. */
START_TEST(a_file_of_a_larger_model_is_refused)
{
	static const char zeros[1 << 21];
	const char *path = fed_temp_write(&temp, "m.npz", zeros, sizeof zeros);
	struct fed_session s;
	struct fed_error err = {""};
	char words[64];

	small_compose(&s, NULL, "fedavg");
	ck_assert_int_eq(fed_session_import(&s, path, NULL, &err), FED_FAIL);
	snprintf(words, sizeof words, "the %zu parameters of the session's model", s.parts.net.dim);
	ck_assert_msg(strstr(err.text, words), "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, "m.npz: has 2.1 MB"));
	fed__session_release(&s);
}
END_TEST

START_TEST(other_endings_are_refused)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	ck_assert_int_eq(fed_session_export(&s, fed_temp_file(&temp, "m.pt"), NULL, &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, ".csv or .jsonl (rounds), .npz or .safetensors"));
	ck_assert_int_eq(fed_session_import(&s, fed_temp_file(&temp, "m.csv"), NULL, &err), FED_REJECT);
	ck_assert_uint_eq(fed_temp_count(&temp), 0);
	fed__session_release(&s);
}
END_TEST

START_TEST(failing_writes_leave_the_old_file)
{
	static const char *const names[] = {"m.npz", "m.safetensors", "h.csv", "t.json"};
	struct fed_session s;
	struct fed_text old = {0}, now = {0};
	struct fed_error err = {""};
	int rc = FED_FAIL;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "round 1");
	export_to(&s, names[_i]);
	contents(names[_i], &old);
	small_do(&s, "round 1");
	for (uint64_t k = 1; rc != FED_OK; k++) {
		fed__file_fail_at(k, EIO);
		rc = fed_session_export(&s, fed_temp_file(&temp, names[_i]), NULL, &err);
		fed__file_fail_at(0, 0);
		ck_assert_uint_eq(fed_temp_count(&temp), 1);
		fed_text_clear(&now);
		contents(names[_i], &now);
		if (rc != FED_OK)
			ck_assert(now.len == old.len && memcmp(now.s, old.s, old.len) == 0);
		ck_assert_uint_lt(k, 1000);
	}
	ck_assert(now.len != old.len || memcmp(now.s, old.s, old.len) != 0);
	fed_text_release(&old);
	fed_text_release(&now);
	fed__session_release(&s);
}
END_TEST

static int export_once(void *ctx, struct fed_error *err)
{
	const char *name[] = {"a.npz", "a.safetensors", "a.csv", "a.json"};

	for (int k = 0; k < 4; k++)
		if (fed_session_export(ctx, fed_temp_file(&temp, name[k]), NULL, err))
			return FED_FAIL;
	for (int k = 0; k < 2; k++)
		if (fed_session_import(ctx, fed_temp_file(&temp, name[k]), NULL, err))
			return FED_FAIL;
	return FED_OK;
}

START_TEST(survives_every_allocation)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_start(&s, &err), &err);
	fed_assert_ok(export_once(&s, &err), &err); /* the recorder keeps what it tells */
	ck_assert_uint_ge(fed_each_allocation(export_once, &s), 10);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(export)
{
	Suite *suite = suite_create("export");
	TCase *tests = tcase_create("sessions");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_loop_test(tests, parameters_come_back, 0, (int)(sizeof files / sizeof *files));
	tcase_add_loop_test(tests, other_models_are_refused, 0,
	                    (int)(sizeof strangers / sizeof *strangers));
	tcase_add_test(tests, layout_is_pytorch_s);
	tcase_add_test(tests, csv_has_all_rounds);
	tcase_add_test(tests, a_file_of_a_larger_model_is_refused);
	tcase_add_test(tests, other_endings_are_refused);
	tcase_add_loop_test(tests, failing_writes_leave_the_old_file, 0, 4);
	tcase_add_test(tests, survives_every_allocation);
	suite_add_tcase(suite, tests);
	return suite;
}
