/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `undo`: each command that discards a run, and the way back, to the bit; what is recorded then.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "history/kept_runs.h"
#include "session/composition.h"
#include "shell/lab.h"
#include "support/suite.h"

#define BLOBS "dataset blobs train=300 test=20; model softmax; add-client 4 samples=20; "

static struct shell_lab lab;
static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void tear_down(void)
{
	shell_lab_close(&lab);
	fed_temp_remove(&temp);
}

static const char *run(const char *line)
{
	return shell_lab_reply(&lab, line, FED_EXIT_OK);
}

/* The digest of the state as text: real time that rounds took apart, which a replay has anew. */
static void take(struct fed_text *out)
{
	struct fed_error err = {""};
	uint64_t digest = 0;

	fed_text_clear(out);
	fed_assert_ok(fed__snapshot_digest(lab.shell.session, &digest, &err), &err);
	fed_text_add(out, "%016llx", (unsigned long long)digest);
}

static bool same(const struct fed_text *a, const struct fed_text *b)
{
	return a->len == b->len && memcmp(a->s, b->s, a->len) == 0;
}

static const struct {
	const char *compose, *discard, *as; /* the run's name afterwards; NULL: none */
} ways[] = {
	{"round 3", "restart", "last"},
	{"round 3", "reset", NULL},
	{"set lr 0.3; round 2; keep a; round 1", "reset keep-settings", NULL},
	{"round 3; keep mine", "restart", "mine"},
	{"round 2", "model mlp hidden=3", "last"},
	{"round 2; remove-client all", "dataset moons", "last"},
	{"round 2", "source FILE", "last"},
	{"round 2", "replay FILE", "last"},
	{"round 2", "restore SAVED", NULL},
	{"set server-link 1k; scheme async concurrency=3; aggregator fedasync; round 4", "restart",
     "last"},
	{"set codec int8; aggregator scaffold; inject late 1 versions=2; round 3", "reset", NULL},
	{"model mlp hidden=4,4; scheme split cut=2; round 2", "model softmax", "last"},
	{"round 2; step 4; set lr 0.2; step 2", "reset", NULL}, /* in an open round */
	{"round 1; step 3", "reset", NULL},
};

/* Its words with the files of this test. */
static void put_line(struct fed_text *out, const char *line)
{
	static const char *const names[][2] = {{"FILE", "a.fedsh"}, {"SAVED", "a.fed"}};

	for (size_t k = 0; k < 2; k++) {
		const char *at = strstr(line, names[k][0]);

		if (at) {
			fed_text_put(out, line, (size_t)(at - line));
			fed_text_add(out, "%s", fed_temp_file(&temp, names[k][1]));
			return;
		}
	}
	fed_text_add(out, "%s", line);
}

START_TEST(it_goes_back_to_the_bit_and_forward_again)
{
	static const char script[] =
		"reset\ndataset blobs train=200 test=20\nadd-client 2 samples=9\nround 1\nrestart\n";
	struct fed_text before = {0}, after = {0}, now = {0}, line = {0}, journal = {0};

	fed_temp_write(&temp, "a.fedsh", script, sizeof script - 1);
	run(BLOBS "round 1");
	fed_text_add(&line, "save %s; reset", fed_temp_file(&temp, "a.fed"));
	run(fed_text_str(&line));
	fed_text_clear(&line);
	put_line(&line, ways[_i].discard);

	run(BLOBS);
	run(ways[_i].compose);
	take(&before);
	fed_text_add(&journal, "%s", fed_text_str(&lab.shell.journal));
	assert_shows(run(fed_text_str(&line)), "`undo` goes back to it");
	take(&after);
	ck_assert(!same(&before, &after));
	const struct fed_runs *runs = fed_session_kept_runs(lab.shell.session);
	ck_assert_uint_eq(runs->n, ways[_i].as != NULL);
	if (ways[_i].as)
		ck_assert_str_eq(runs->run[0].name, ways[_i].as);

	run("undo");
	take(&now);
	ck_assert(same(&before, &now));
	ck_assert_str_eq(fed_text_str(&lab.shell.journal), fed_text_str(&journal));
	run("redo");
	take(&now);
	ck_assert(same(&after, &now));
	run("undo");
	take(&now);
	ck_assert(same(&before, &now));
	fed_text_release(&before);
	fed_text_release(&after);
	fed_text_release(&now);
	fed_text_release(&line);
	fed_text_release(&journal);
}
END_TEST

START_TEST(a_recording_leads_to_the_session_as_it_is)
{
	struct fed_text before = {0}, now = {0}, line = {0}, file = {0};
	struct fed_error err = {""};

	run(BLOBS "round 1");
	fed_text_add(&line, "record %s", fed_temp_file(&temp, "r.fedsh"));
	run(fed_text_str(&line));
	run("round 1; restart; set lr 0.7; round 2; undo 3; round 1; reset; dataset moons; undo 2");
	run("record stop");
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "r.fedsh"), 4000, &file, &err), &err);
	ck_assert_ptr_null(strstr(fed_text_str(&file), "lr 0.7"));
	ck_assert_ptr_null(strstr(fed_text_str(&file), "moons"));
	ck_assert_ptr_null(strstr(fed_text_str(&file), "restart"));
	const uint32_t bits = fed_crc32(0, fed_session_params(lab.shell.session), 12 * sizeof(float));
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 3);
	fed_text_clear(&line);
	fed_text_add(&line, "replay %s", fed_temp_file(&temp, "r.fedsh"));
	run(fed_text_str(&line));
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 3);
	ck_assert_uint_eq(fed_crc32(0, fed_session_params(lab.shell.session), 12 * sizeof(float)),
	                  bits);
	fed_text_release(&before);
	fed_text_release(&now);
	fed_text_release(&line);
	fed_text_release(&file);
}
END_TEST

/* A recording that ends within a run has the digests of the versions up to there. */
START_TEST(a_recording_that_ends_within_a_run_can_be_verified)
{
	struct fed_text line = {0}, file = {0};
	struct fed_error err = {""};

	fed_text_add(&line, "record %s", fed_temp_file(&temp, "v.fedsh"));
	run(fed_text_str(&line));
	run(BLOBS "round 2; step 3; round 6; rewind 5; record stop");
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "v.fedsh"), 4000, &file, &err), &err);
	assert_shows(fed_text_str(&file), "\n#: seed 1\n");
	assert_shows(fed_text_str(&file), "\n#= 5 ");
	assert_lacks(fed_text_str(&file), "\n#= 6 ");
	fed_text_clear(&line);
	fed_text_add(&line, "replay %s verify", fed_temp_file(&temp, "v.fedsh"));
	assert_shows(run(fed_text_str(&line)), "all 5 versions: the same bits");
	fed_text_release(&line);
	fed_text_release(&file);
}
END_TEST

/* Type "VERB FILE AFTER". */
static const char *with_file(const char *verb, const char *name, const char *after)
{
	struct fed_text line = {0};

	fed_text_add(&line, "%s%s%s", verb, fed_temp_file(&temp, name), after);
	const char *said = run(fed_text_str(&line));
	fed_text_release(&line);
	return said;
}

START_TEST(files_that_stay_are_named)
{
	run(BLOBS "round 2");
	with_file("export ", "a.csv", "");
	run("round 3");
	with_file("plot accuracy to=", "b.svg", "");
	with_file("versions > ", "c.txt", "");
	assert_shows(run("undo"), "/c.txt stay as written");
	run("redo");
	const char *said = run("rewind -4");
	assert_shows(said, "/a.csv, ");
	assert_shows(said, "/b.svg, ");
	run("redo");
	/* One that is written again is of there; those before the place are not named. */
	with_file("export ", "a.csv", "");
	run("set lr 0.1");
	assert_lacks(run("undo"), "written");
	/* What a command writes is of its end. */
	with_file("round 2 > ", "d.txt", "");
	assert_shows(run("undo"), "/d.txt stays as written");
}
END_TEST

/* A script that says it has the same bits as one that never discarded anything. */
START_TEST(a_script_may_say_it)
{
	run(BLOBS "round 2; reset; undo; round 2");
	const uint32_t bits = fed_crc32(0, fed_session_params(lab.shell.session), 12 * sizeof(float));
	run("reset; " BLOBS "round 4");
	ck_assert_uint_eq(fed_crc32(0, fed_session_params(lab.shell.session), 12 * sizeof(float)),
	                  bits);
}
END_TEST

START_TEST(commands_are_taken_back_one_by_one)
{
	assert_shows(shell_lab_reply(&lab, "undo", FED_EXIT_FAILED), "no command before this one");
	assert_shows(shell_lab_reply(&lab, "redo", FED_EXIT_FAILED), "nothing was gone back on");
	run(BLOBS "round 2; restart");
	/* Neither a command that fails nor one that only looks. */
	shell_lab_reply(&lab, "restore /no/such/file", FED_EXIT_IO);
	run("model; dataset");
	shell_lab_reply(&lab, "model xyzzy", FED_EXIT_USAGE);
	assert_shows(run("undo"), "back at version 2, 0.192 us, before `restart`");
	assert_shows(run("undo 2"), "before `add-client 4 samples=20`");
	assert_shows(run("redo"), "forward to version 2");
	assert_shows(shell_lab_reply(&lab, "branch rename", FED_EXIT_USAGE), "begins a branch here");
	assert_shows(shell_lab_reply(&lab, "branch delete", FED_EXIT_USAGE), "begins a branch here");
	assert_shows(shell_lab_reply(&lab, "play 1", FED_EXIT_FAILED), "is not ahead of the present");
	run("set lr 0.7");
	assert_shows(shell_lab_reply(&lab, "play", FED_EXIT_FAILED), "nothing comes after version 2");
	assert_shows(shell_lab_reply(&lab, "undo 99", FED_EXIT_FAILED), "only 5 commands changed");
}
END_TEST

START_TEST(one_that_is_too_large_is_refused_at_once)
{
	struct fed_text out = {0}, whole = {0};
	struct fed_error err = {""};

	run(BLOBS "round 2");
	fed_assert_ok(fed_snapshot_take(lab.shell.session, &whole, &err), &err);
	fed_text_add(&out, "before");
	for (size_t most = 1; most < whole.len; most += 1 + most / 3) {
		ck_assert_int_eq(fed_snapshot_take_apart(lab.shell.session, &out, NULL, most, &err),
		                 FED_REJECT);
		ck_assert_ptr_nonnull(strstr(err.text, "more than"));
		ck_assert_str_eq(fed_text_str(&out), "before");
	}
	fed_assert_ok(fed_snapshot_take_apart(lab.shell.session, &out, NULL, whole.len, &err), &err);
	ck_assert_uint_eq(out.len, whole.len + 6);
	fed_text_release(&out);
	fed_text_release(&whole);
}
END_TEST

FED_SUITE(undo)
{
	Suite *suite = suite_create("undo");
	TCase *tests = tcase_create("undo");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, it_goes_back_to_the_bit_and_forward_again, 0,
	                    (int)(sizeof ways / sizeof *ways));
	tcase_add_test(tests, a_recording_leads_to_the_session_as_it_is);
	tcase_add_test(tests, a_recording_that_ends_within_a_run_can_be_verified);
	tcase_add_test(tests, files_that_stay_are_named);
	tcase_add_test(tests, a_script_may_say_it);
	tcase_add_test(tests, commands_are_taken_back_one_by_one);
	tcase_add_test(tests, one_that_is_too_large_is_refused_at_once);
	suite_add_tcase(suite, tests);
	return suite;
}
