/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A file of format 1, which every later fedsh reads.  tests/fixtures/saved_v1.fedsh made it: with
 * clients, vectors that they keep, residuals, faults, a message that a fault holds back,
 * breakpoints, a kept run, and an open round in which something was edited.
 */
#include <math.h>
#include <string.h>

#include "base/file.h"
#include "checkpoint/checkpoint.h"
#include "session/small.h"

#define SAVED FED_SOURCE_DIR "/tests/fixtures/saved_v1.fedsh-state"

static void restore(struct fed_session *s)
{
	struct fed_error err = {""};

	small_init(s, NULL);
	fed_assert_ok(fed_session_restore(s, SAVED, &err), &err);
}

/* What is in it is written again as it was: on any machine, for no number of it is computed. */
START_TEST(it_is_read_bit_for_bit)
{
	struct fed_session s;
	struct fed_text saved = {0}, again = {0};
	struct fed_error err = {""};

	restore(&s);
	fed_assert_ok(fed_file_read(SAVED, 1 << 20, &saved, &err), &err);
	fed_assert_ok(fed_snapshot_take(&s, &again, &err), &err);
	ck_assert_uint_eq(saved.len, again.len);
	ck_assert_mem_eq(saved.s, again.s, saved.len);
	fed_text_release(&saved);
	fed_text_release(&again);
	fed__session_release(&s);
}
END_TEST

START_TEST(what_is_in_it_is_there)
{
	struct fed_session s;

	restore(&s);
	ck_assert_uint_eq(s.parts.net.dim, 12);
	ck_assert_uint_eq(fed_crc32(0, fed_session_params(&s), 12 * sizeof(float)), 2235406373u);
	ck_assert_uint_eq(fed_session_version(&s), 3);
	ck_assert(fed_session_open(&s));
	ck_assert_uint_eq(s.federation.steps, 3);
	ck_assert_uint_eq(s.edits.n, 4);
	ck_assert_uint_eq(s.parts.clients.n, 7);
	ck_assert_uint_eq(s.parts.clients.n_present, 6);
	ck_assert_uint_eq(s.parts.faults.made, 3);
	ck_assert_uint_eq(s.parts.faults.n, 2);
	ck_assert_uint_eq(s.breakpoints.n, 2);
	ck_assert_uint_eq(s.runs.n, 1);
	ck_assert_double_eq(s.parts.settings.lr, 0.25);
	ck_assert_float_eq(s.parts.clients.client[4].device, 1e5f);
	fed__session_release(&s);
}
END_TEST

/* Of three more versions the numbers may differ in the last bits between processors. */
START_TEST(it_goes_on_as_it_did)
{
	static const float params[12] = {
		-0.432912111f, -0.374284983f, -0.0867405981f, -0.0933700874f, 0.743824542f, 0.0723238289f,
		-0.780048311f, 0.191922486f,  -0.210558116f,  -0.163252652f,  -0.22493273f, -0.245442376f,
	};
	struct fed_session s;

	restore(&s);
	fed_session_unbreak_all(&s);
	small_do(&s, "continue;round 2");
	ck_assert_uint_eq(fed_session_version(&s), 6);
	for (int j = 0; j < 12; j++)
		ck_assert_msg(fabsf(fed_session_params(&s)[j] - params[j]) < 1e-4f, "%d: %.9g", j,
		              (double)fed_session_params(&s)[j]);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(format)
{
	Suite *suite = suite_create("format");
	TCase *tests = tcase_create("format");

	tcase_add_test(tests, it_is_read_bit_for_bit);
	tcase_add_test(tests, what_is_in_it_is_there);
	tcase_add_test(tests, it_goes_on_as_it_did);
	suite_add_tcase(suite, tests);
	return suite;
}
