/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The history of a session in its file: places are the same to the bit where it is restored, in a
 * new session and behind another one; a killed program leaves a whole file; limits hold.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "checkpoint/checkpoint.h"
#include "session/composition.h"
#include "shell/lab.h"
#include "support/suite.h"
#include "travel/travel.h"

#define BLOBS "dataset blobs train=400 test=20; model mlp hidden=5,4; add-client 6 samples=20; "
/* Three branches, with a fault, another aggregator and an open round. */
#define TREE                                                                                     \
	"round 70; rewind 20; branch krum; aggregator krum f=1; round 4; step 3; rewind 22; inject " \
	"late 1; round 3; set lr 0.3"

static struct shell_lab lab;
static struct fed_temp temp;

static void open_lab(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
}

static void set_up(void)
{
	fed_temp_make(&temp);
	open_lab();
}

static void close_lab(void)
{
	shell_lab_close(&lab);
}

static void tear_down(void)
{
	close_lab();
	fed_temp_remove(&temp);
}

static void run(const char *line)
{
	shell_lab_reply(&lab, line, FED_EXIT_OK);
}

/* A line with the path of the file in it. */
static const char *with_file(const char *before, const char *after)
{
	static char line[1000];

	snprintf(line, sizeof line, "%s%s%s", before, fed_temp_file(&temp, "tree.fed"), after);
	return line;
}

static uint64_t digest(void)
{
	struct fed_error err = {""};
	uint64_t d;

	fed_assert_ok(fed__snapshot_digest(lab.shell.session, &d, &err), &err);
	return d;
}

/* What the places of TREE are. */
static const char *const places[] = {
	"switch b1", "rewind 23",   "undo",      "switch main",           "rewind 65",
	"rewind 3",  "switch krum", "rewind 21", "rewind before fault 1",
};
#define PLACES (sizeof places / sizeof *places)

static void visit(uint64_t found[PLACES])
{
	for (size_t i = 0; i < PLACES; i++) {
		shell_lab_run(&lab, places[i]);
		found[i] = digest();
	}
}

START_TEST(places_are_the_same_in_another_session)
{
	uint64_t here[PLACES], there[PLACES];

	run(BLOBS TREE);
	const uint64_t present = digest();
	run(with_file("save ", ""));
	visit(here);
	close_lab();
	open_lab();
	run(with_file("restore ", ""));
	ck_assert_uint_eq(digest(), present);
	ck_assert_uint_eq(fed_travel_tree(lab.shell.travel)->n_branches, 3);
	visit(there);
	for (size_t i = 0; i < PLACES; i++)
		ck_assert_msg(here[i] == there[i], "another state after `%s`", places[i]);
	run("switch b1; undo; undo; round 2");
}
END_TEST

/* Breakpoints that came along to an earlier place are there in the file, and become a revision of
 * their own before the run that they stop. */
START_TEST(carried_breakpoints_are_saved)
{
	run(BLOBS "round 6; break client==1 and event==trained; reverse-step");
	run(with_file("save ", ""));
	close_lab();
	open_lab();
	run(with_file("restore ", ""));
	shell_lab_run(&lab, "round 4");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 6);
	const struct fed_tree *tree = fed_travel_tree(lab.shell.travel);
	const struct fed_revision *last = &tree->revision[fed_travel_place(lab.shell.travel).revision];
	ck_assert_str_eq(tree->revision[last->from.revision].lines,
	                 "break delete all\nbreak client==1 and event==trained\n");
}
END_TEST

START_TEST(a_history_follows_the_one_that_is_here)
{
	uint64_t here[PLACES], there[PLACES];

	run(BLOBS TREE);
	run(with_file("save ", ""));
	visit(here);
	close_lab();
	open_lab();
	run(BLOBS "branch krum; round 2");
	const uint64_t before = digest();
	const char *said = shell_lab_reply(&lab, with_file("restore ", ""), FED_EXIT_OK);
	ck_assert_ptr_nonnull(strstr(said, "`main-2`, `krum-2`, `b1` (here)"));
	const uint64_t restored = digest();
	run("undo");
	ck_assert_uint_eq(digest(), before);
	ck_assert_str_eq(
		fed_travel_tree(lab.shell.travel)->branch[fed_travel_branch(lab.shell.travel)].name,
		"krum");
	run("redo");
	ck_assert_uint_eq(digest(), restored);
	run("branch rename krum old; branch rename main older; branch rename main-2 main; branch "
	    "rename krum-2 krum");
	visit(there);
	for (size_t i = 0; i < PLACES; i++)
		ck_assert_msg(here[i] == there[i], "another state after `%s`", places[i]);
	run(with_file("switch old; save ", ""));
	close_lab();
	open_lab();
	run(with_file("restore ", "; switch b1; switch main; switch old; rewind 1"));
}
END_TEST

START_TEST(undo_takes_back_a_script_that_restores)
{
	run(BLOBS TREE);
	run(with_file("save ", ""));
	run("reset; " BLOBS "round 1");
	const uint64_t before = digest();
	const char *script = with_file("restore ", "\nround 2\n");
	fed_temp_write(&temp, "s.fedsh", script, strlen(script));
	char line[600];
	snprintf(line, sizeof line, "source %s; undo", fed_temp_file(&temp, "s.fedsh"));
	run(line);
	ck_assert_uint_eq(digest(), before);
}
END_TEST

START_TEST(the_present_alone)
{
	run(BLOBS TREE);
	const uint64_t present = digest();
	run(with_file("save ", " --here"));
	close_lab();
	open_lab();
	run(with_file("restore ", ""));
	ck_assert_uint_eq(digest(), present);
	ck_assert_uint_eq(fed_travel_tree(lab.shell.travel)->n_branches, 1);
	shell_lab_reply(&lab, "rewind 3", FED_EXIT_FAILED);
	/* Who knows no history takes the present of a file that has one. */
	run("undo; " BLOBS TREE);
	run(with_file("save ", ""));
	struct fed_error err = {""};
	fed_assert_ok(fed_session_restore(lab.shell.session, fed_temp_file(&temp, "tree.fed"), &err),
	              &err);
	ck_assert_uint_eq(digest(), present);
}
END_TEST

/* What each version was made with is known at once. */
START_TEST(compositions_of_all_versions_are_restored)
{
	run(BLOBS "set lr 0.3; round 2; set lr 0.02; round 2");
	run(with_file("save ", ""));
	close_lab();
	open_lab();
	run(with_file("restore ", ""));
	const struct fed_composition_log *log = &lab.shell.compositions;
	ck_assert_ptr_nonnull(strstr(fed__composition_log_at(log, 2)->text, "lr=0.3\n"));
	ck_assert_ptr_nonnull(strstr(fed__composition_log_at(log, 3)->text, "lr=0.02\n"));
}
END_TEST

/* A look at another branch leaves the events that are known here, also where the place has a
 * snapshot of before they were. */
START_TEST(a_look_elsewhere_keeps_the_events)
{
	struct fed_text before = {0};

	run(BLOBS "round 4; rewind 2; set lr 0.05; round 3");
	run(with_file("save ", ""));
	run(with_file("restore ", "; round 2; undo; redo"));
	fed_text_add(&before, "%s", shell_lab_reply(&lab, "timeline", FED_EXIT_OK));
	run("diff main b1");
	ck_assert_str_eq(shell_lab_reply(&lab, "timeline", FED_EXIT_OK), fed_text_str(&before));
	fed_text_release(&before);
}
END_TEST

START_TEST(a_figure_in_a_file_has_the_branches)
{
	struct fed_text line = {0}, file = {0};
	struct fed_error err = {""};

	run(BLOBS "round 6; rewind 3; branch krum; aggregator krum f=1; round 2");
	fed_text_add(&line, "plot accuracy to=%s", fed_temp_file(&temp, "a.svg"));
	run(fed_text_str(&line));
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "a.svg"), 1 << 20, &file, &err), &err);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&file), ">main<"));
	ck_assert_ptr_nonnull(strstr(fed_text_str(&file), ">krum<"));
	ck_assert_ptr_nonnull(strstr(fed_text_str(&file), ">fork<"));
	fed_text_release(&line);
	fed_text_release(&file);
}
END_TEST

static uint32_t count_branches(void)
{
	return fed_travel_tree(lab.shell.travel)->n_branches;
}

/* A file that was saved here, or restored before, brings no second history: the session goes to its
 * place, and `undo` back to where it was each time. */
START_TEST(a_history_that_is_here_is_not_added_again)
{
	run(BLOBS TREE);
	run(with_file("save ", ""));
	const uint64_t saved = digest();
	const uint32_t branches = count_branches(), revisions = fed_travel_tree(lab.shell.travel)->n;
	run("round 2");
	const uint64_t later = digest();
	run(with_file("restore ", ""));
	ck_assert_uint_eq(digest(), saved);
	run(with_file("switch main; restore ", ""));
	ck_assert_uint_eq(digest(), saved);
	run(with_file("switch main; set lr 0.3; restore ", ""));
	ck_assert_uint_eq(count_branches(), branches);
	ck_assert_uint_eq(fed_travel_tree(lab.shell.travel)->n, revisions + 2);
	run("undo 2"); /* the last restore, and what came before it */
	ck_assert_uint_ne(digest(), saved);
	run("redo");
	ck_assert_uint_eq(digest(), saved);
	/* All three were taken from where the session was; each undone once. */
	run("switch b1");
	ck_assert_uint_eq(digest(), later);
	run("undo");
	ck_assert_uint_eq(digest(), saved);
	run("redo; round");

	/* Where the session was restored from is forgotten by another command. */
	run(with_file("save ", ""));
	run(with_file("set lr 0.4; restore ", "; set lr 0.5; undo; undo; redo; redo"));

	/* Another beginning has the same commands. */
	close_lab();
	open_lab();
	run("set seed 6; " BLOBS TREE);
	run(with_file("restore ", ""));
	ck_assert_uint_eq(count_branches(), 2 * branches);
	const uint64_t restored = digest();
	run(with_file("round; restore ", ""));
	ck_assert_uint_eq(count_branches(), 2 * branches);
	ck_assert_uint_eq(digest(), restored);
}
END_TEST

/* Damage ------------------------------------------------------------------------------------ */

START_TEST(without_memory_a_session_and_its_history_stay)
{
	run(BLOBS TREE);
	run(with_file("save ", ""));
	run("reset; " BLOBS "round 2");
	const uint64_t before = digest();
	struct fed_error err = {""};
	uint64_t k = 1, step = 1;

	for (int rc = FED_FAIL; rc; k += step, step += 1 + k / 50) {
		fed_travel_begin(lab.shell.travel, false);
		fed__mem_fail_at(k);
		rc = fed_travel_restore(lab.shell.travel, fed_temp_file(&temp, "tree.fed"), &err);
		const bool failed = !fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		if (rc == FED_OK && failed)
			continue; /* it was not needed for the session */
		if (rc)
			ck_assert_uint_eq(digest(), before);
		ck_assert(rc == FED_OK || failed);
	}
	ck_assert_uint_gt(k, 20);
}
END_TEST

/* Each allocation of rounds, moves and commands fails once: the session goes on. */
START_TEST(without_memory_rounds_and_commands_go_on)
{
	run(BLOBS "set snapshot-every 1; round 3");
	for (uint64_t k = 1; k < 400; k += 1 + k / 12) {
		fed__mem_fail_at(k);
		shell_lab_run(&lab, k % 3 ? "round 2" : k % 2 ? "rewind -1" : "set lr 0.2");
		fed__mem_fail_at(0);
		run("round; versions; branches");
	}
	run("undo; redo; round");
}
END_TEST

/* Limits ------------------------------------------------------------------------------------ */

START_TEST(memory_holds_what_it_may)
{
	run(BLOBS "set snapshot-every 1; set history-memory 2M; round 300");
	for (int i = 0; i < 20; i++)
		run("round 10");
	ck_assert_uint_le(fed_travel_memory(lab.shell.travel), 2000000);
	ck_assert_uint_gt(fed_travel_snapshots(lab.shell.travel), 10);
	run("rewind 3; rewind 400; rewind 37; redo");
}
END_TEST

/* The widest gap between two snapshots of the present branch, in versions. */
static uint64_t widest_gap(void)
{
	const struct fed_tree *tree = fed_travel_tree(lab.shell.travel);
	uint64_t last = 0, gap = 0;

	for (uint32_t i = 0; i < tree->n; i++)
		for (uint32_t k = 0; k < tree->revision[i].n_kept; k++) {
			const struct fed_kept_snapshot *x = &tree->revision[i].kept[k];
			const uint64_t version = x->inside ? x->version : tree->revision[i].version;

			gap = version > last + gap ? version - last : gap;
			last = version;
		}
	const uint64_t end = fed_session_version(lab.shell.session) - last;
	return end > gap ? end : gap;
}

/* The figures of 3,000 versions alone are two thirds of a megabyte: snapshots share them. */
START_TEST(snapshots_of_a_long_run_go_on)
{
	setenv("XDG_STATE_HOME", temp.dir, 1);
	run(BLOBS "set eval-every never; set snapshot-every 100; set history-memory 1M; round 3000");
	ck_assert_uint_le(fed_travel_memory(lab.shell.travel), 1000000);
	ck_assert_uint_le(widest_gap(), 400);
	run("rewind 2999; rewind 1234; redo");
	unsetenv("XDG_STATE_HOME");
}
END_TEST

/* Older ones are kept as differences where memory is short. */
START_TEST(older_snapshots_are_compressed)
{
	run("dataset blobs train=400 test=20; model mlp hidden=200,100; add-client 6 samples=20; set "
	    "lr "
	    "0.01; set snapshot-every 1");
	fed_travel_limit(lab.shell.travel, 3600000, 0);
	const size_t before = fed_travel_memory(lab.shell.travel);
	run("round 40");
	const size_t raw = 40 * sizeof(float) * fed_session_parts(lab.shell.session)->net.dim;
	ck_assert_uint_ge(fed_travel_snapshots(lab.shell.travel), 40);
	ck_assert_uint_lt(fed_travel_memory(lab.shell.travel) - before, raw - raw / 10);
	run("rewind 1; rewind 30; rewind 16; rewind 17; redo");
}
END_TEST

/* Rounds beyond the memory of the history, whose file has so many bytes at most; how often it was
 * said that there are fewer snapshots. */
static unsigned count_warnings(uint64_t disk)
{
	unsigned warnings = 0;

	run(BLOBS "set snapshot-every 1; set history-memory 1M; round 300");
	run("round 100");
	ck_assert_uint_eq(fed_session_version(lab.shell.session), 400);
	ck_assert_uint_le(fed_travel_memory(lab.shell.travel), 1000000);
	ck_assert_uint_le(fed_travel_disk(lab.shell.travel), disk);
	ck_assert_uint_gt(fed_travel_snapshots(lab.shell.travel), 10);
	run("rewind 200; rewind 10; redo");
	for (const char *at = shell_lab_said(&lab); (at = strstr(at, "keeps fewer snapshots")); at++)
		warnings++;
	return warnings;
}

/* The file of the history cannot grow, as on a full disk. */
START_TEST(a_full_disk_thins_snapshots)
{
	const struct rlimit small = {100000, RLIM_INFINITY};
	struct rlimit before;

	setenv("XDG_STATE_HOME", temp.dir, 1);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_uint_eq(count_warnings(100000), 1);
	ck_assert_ptr_nonnull(strstr(shell_lab_said(&lab), "its file cannot grow: File too large"));
	setrlimit(RLIMIT_FSIZE, &before);
	unsetenv("XDG_STATE_HOME");
}
END_TEST

/* Nor can it be made: a file is where its folder would be. */
START_TEST(without_a_folder_snapshots_are_thinned)
{
	fed_temp_write(&temp, "file", "", 0);
	setenv("XDG_STATE_HOME", fed_temp_file(&temp, "file"), 1);
	ck_assert_uint_eq(count_warnings(0), 1);
	ck_assert_ptr_nonnull(strstr(shell_lab_said(&lab), "/file/fedsh/: Not a directory"));
	unsetenv("XDG_STATE_HOME");
}
END_TEST

/* Where it can grow nothing is said. */
START_TEST(older_snapshots_go_to_a_file)
{
	setenv("XDG_STATE_HOME", temp.dir, 1);
	ck_assert_uint_eq(count_warnings(4000000), 0);
	ck_assert_uint_gt(fed_travel_disk(lab.shell.travel), 100000);
	unsetenv("XDG_STATE_HOME");
}
END_TEST

/* Kills ------------------------------------------------------------------------------------- */

#define ROUNDS 60u
#define SPREAD 60000u              /* microseconds in which the kills come */
static uint64_t known[ROUNDS + 1]; /* digests of the killed session by version */

/* Rounds on a branch, each saved: to one file, or the present alone to one of its own. */
static const char *write_script(bool one)
{
	struct fed_text script = {0};
	char name[32];

	fed_text_add(&script, BLOBS "round 4; rewind 2; branch other; round 2\n");
	for (unsigned i = 5; i <= ROUNDS; i++) {
		snprintf(name, sizeof name, one ? "tree.fed" : "%u.fed", i);
		fed_text_add(&script, "round\nsave %s%s\n", fed_temp_file(&temp, name), one ? "" : " here");
	}
	const char *path = fed_temp_write(&temp, "script.fedsh", script.s, script.len);
	fed_text_release(&script);
	return path;
}

static pid_t start(const char *script)
{
	fflush(stdout);
	const pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(1);
		execl(FED_BUILD_DIR "/fedsh", "fedsh", script, (char *)NULL);
		_exit(1);
	}
	return pid;
}

/* The same session without a kill. */
static void learn(void)
{
	char line[600], name[32];
	int status;

	waitpid(start(write_script(false)), &status, 0);
	for (unsigned i = 5; i <= ROUNDS; i++) {
		snprintf(name, sizeof name, "%u.fed", i);
		snprintf(line, sizeof line, "restore %s", fed_temp_file(&temp, name));
		run(line);
		known[i] = digest();
	}
}

/* Kill one so long after its first save. */
static void kill_one(const char *script, unsigned microseconds)
{
	struct stat st;
	int status;

	unlink(fed_temp_file(&temp, "tree.fed"));
	const pid_t pid = start(script);
	while (stat(fed_temp_file(&temp, "tree.fed"), &st) && waitpid(pid, &status, WNOHANG) == 0)
		usleep(1000);
	usleep(microseconds);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

/* By the program itself: its arithmetic may not be the test's, bit for bit. */
static void check_places(void)
{
	char script[256];
	int status;
	const char *line =
		with_file("restore ", "\nswitch main\nexpect version==4\nswitch other\nrewind 3\nredo\n");

	snprintf(script, sizeof script, "%s", fed_temp_write(&temp, "check.fedsh", line, strlen(line)));
	waitpid(start(script), &status, 0);
	ck_assert_int_eq(status, 0);
}

START_TEST(a_killed_program_leaves_a_whole_history)
{
	const char *typed = getenv("FED_KILLS");
	const unsigned kills = typed ? (unsigned)atoi(typed) : 8;

	char script[256];

	learn();
	snprintf(script, sizeof script, "%s", write_script(true));
	for (unsigned i = 0; i < kills; i++) {
		kill_one(script, i * 7919 % SPREAD);
		close_lab();
		open_lab();
		run(with_file("restore ", ""));
		const uint64_t version = fed_session_version(lab.shell.session);
		ck_assert_uint_ge(version, 5);
		ck_assert_uint_le(version, ROUNDS);
		ck_assert_msg(digest() == known[version], "version %llu differs",
		              (unsigned long long)version);
		check_places();
		if (typed)
			printf("killed at version %llu\n", (unsigned long long)version);
	}
}
END_TEST

FED_SUITE(travel_file)
{
	Suite *suite = suite_create("travel_file");
	TCase *tests = tcase_create("travel_file");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, places_are_the_same_in_another_session);
	tcase_add_test(tests, carried_breakpoints_are_saved);
	tcase_add_test(tests, compositions_of_all_versions_are_restored);
	tcase_add_test(tests, a_look_elsewhere_keeps_the_events);
	tcase_add_test(tests, a_figure_in_a_file_has_the_branches);
	tcase_add_test(tests, a_history_that_is_here_is_not_added_again);
	tcase_add_test(tests, a_history_follows_the_one_that_is_here);
	tcase_add_test(tests, undo_takes_back_a_script_that_restores);
	tcase_add_test(tests, the_present_alone);
	tcase_add_test(tests, without_memory_a_session_and_its_history_stay);
	tcase_add_test(tests, without_memory_rounds_and_commands_go_on);
	tcase_add_test(tests, memory_holds_what_it_may);
	tcase_add_test(tests, snapshots_of_a_long_run_go_on);
	tcase_add_test(tests, older_snapshots_are_compressed);
	tcase_add_test(tests, a_full_disk_thins_snapshots);
	tcase_add_test(tests, without_a_folder_snapshots_are_thinned);
	tcase_add_test(tests, older_snapshots_go_to_a_file);
	tcase_add_test(tests, a_killed_program_leaves_a_whole_history);
	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	return suite;
}
