/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_autosave.c - the rescue file of sessions that are killed, and its absence
 * after others. */
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shell/lab.h"
#include "shell/program/terminal.h"
#include "support/suite.h"

#define ARGUMENTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static struct fed_temp temp;
static char rescue[512]; /* the last result of rescues() */

static void set_up(void)
{
	fed_temp_make(&temp);
	setenv("HOME", temp.dir, 1);
	unsetenv("XDG_STATE_HOME");
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

/* How many files of the rescue folder end so; the first one's path is in `rescue`. */
static size_t rescues(const char *end)
{
	char pattern[400];
	glob_t found;

	snprintf(pattern, sizeof pattern, "%s/.local/state/fedsh/rescue/*%s", temp.dir, end);
	const size_t n = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
	snprintf(rescue, sizeof rescue, "%s", n ? found.gl_pathv[0] : "");
	globfree(&found);
	return n;
}

static void begin(void)
{
	terminal_begin("xterm", temp.dir);
}

static void type(const char *line, const char *answer)
{
	terminal_wait("fedsh> ");
	terminal_type(line);
	terminal_type("\r");
	terminal_wait("\033[?2004l"); /* the line was taken; what follows is its output */
	terminal_wait(answer);
}

static void quit(void)
{
	type("quit", "");
	ck_assert_int_eq(terminal_end(), 0);
}

static void kill_it(void)
{
	terminal_signal(SIGKILL);
	ck_assert_int_eq(terminal_end(), 128 + SIGKILL);
}

/* Whether a condition holds for the session in the rescue file. */
static bool holds(const char *condition)
{
	static struct program_run run;
	char line[600];

	snprintf(line, sizeof line, "restore %s; expect %s", rescue, condition);
	program_run(&run, FED_BUILD_DIR "/fedsh", temp.dir, ARGUMENTS("-c", line), NULL, 0);
	return run.code == 0;
}

/* A session with 3 versions, killed at its prompt once they are saved: that is after a moment. */
static void leave_one(void)
{
	begin();
	type("dataset blobs train=200 test=20; add-client 3 samples=20; round 3", "round 3 ");
	terminal_wait("fedsh> ");
	while (rescues(".fed") != 1 || !holds("version==3"))
		;
	kill_it();
}

START_TEST(a_killed_session_is_offered)
{
	char line[600];

	leave_one();
	ck_assert_uint_eq(rescues(".fed"), 1);
	begin();
	snprintf(line, sizeof line, "restore %s", rescue);
	terminal_wait("a session was not ended by quit");
	terminal_wait(line); /* as it is typed */
	type(line, "restored");
	type("expect version==3", "holds: version 3 == 3");
	ck_assert_uint_eq(rescues(".fed"), 1); /* its own now */
	ck_assert_ptr_null(strstr(line, rescue));
	type("autosave discard", "0 saved sessions");
	type("reset", "session reset");
	quit();
	ck_assert_uint_eq(rescues(""), 0);
	begin();
	terminal_wait("fedsh> ");
	ck_assert_ptr_null(strstr(terminal_seen(), "restore"));
	terminal_type("\004");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

static void trained(void)
{
	begin();
	type("dataset blobs train=200 test=20; add-client 3 samples=20; round 3", "round 3 ");
}

/* A run that no file has outlives the session: offered once, by the next one. */
START_TEST(a_run_is_kept_at_the_end)
{
	char file[300];

	trained();
	terminal_wait("fedsh> ");
	terminal_type("\004");
	terminal_wait("the run of 3 versions is kept; the next session offers it");
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_uint_eq(rescues(".fed"), 1);
	ck_assert_uint_eq(rescues(".lock"), 1);
	begin();
	terminal_wait("the run of the last session of ");
	terminal_wait("restore ");
	terminal_wait("/rescue/offered.fed");
	quit();
	begin();
	terminal_wait("fedsh> ");
	ck_assert_ptr_null(strstr(terminal_seen(), "restore"));
	terminal_type("autosave\r");
	terminal_wait("offered.fed");
	snprintf(file, sizeof file, "restore %s",
	         fed_temp_file(&temp, ".local/state/fedsh/rescue/offered.fed"));
	type(file, "restored");
	type("expect version==3", "holds: version 3 == 3");
	type("quit", "the run of 3 versions is kept");
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_uint_eq(rescues(".fed"), 1); /* not one for each session */
	trained();
	type("quit", "is kept");
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_uint_eq(rescues(".fed"), 2); /* this one, and the one that was offered */
}
END_TEST

START_TEST(a_run_in_a_file_is_not_kept)
{
	trained();
	type("save mine.fed", "saved mine.fed");
	quit();
	ck_assert_uint_eq(rescues(""), 0);
	begin();
	type("restore mine.fed", "restored mine.fed");
	quit();
	ck_assert_uint_eq(rescues(""), 0);
	begin();
	type("restore mine.fed; round 1", "round 4 ");
	type("autosave off", "autosave is off");
	type("quit", "the run of 4 versions is not kept: autosave is off");
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_uint_eq(rescues(""), 0);
}
END_TEST

/* Also in the middle of a run, whose rest can be continued. */
START_TEST(a_run_is_saved_between_versions)
{
	char line[600];
	ino_t saved = 0;
	struct stat now;

	begin();
	type("dataset blobs train=200 test=20; add-client 3 samples=20; autosave 1", "every 1 s");
	terminal_wait("fedsh> ");
	ck_assert_uint_eq(rescues(".fed"), 1);
	terminal_type("run until version==100000000\r");
	for (bool made = false; !made;) { /* what it writes must be read */
		terminal_wait("accuracy");
		ck_assert_int_eq(stat(rescue, &now), 0);
		made = now.st_ino != saved && holds("version>0");
		saved = now.st_ino;
	}
	kill_it();
	begin();
	snprintf(line, sizeof line, "restore %s", rescue);
	type(line, "`continue` goes on with the run that was stopped");
	type("expect version>0", "holds: version ");
	quit();
}
END_TEST

START_TEST(live_sessions_are_not_offered)
{
	char line[600];

	leave_one();
	ck_assert_uint_eq(rescues(".lock"), 1);
	const int lock = open(rescue, O_RDWR | O_CLOEXEC);
	ck_assert_int_ge(lock, 0);
	ck_assert_int_eq(flock(lock, LOCK_EX | LOCK_NB), 0);
	begin();
	terminal_wait("fedsh> ");
	ck_assert_ptr_null(strstr(terminal_seen(), "was not ended"));
	terminal_type("autosave discard\r");
	terminal_wait("0 saved sessions removed");
	quit();
	close(lock);
	ck_assert_uint_eq(rescues(".fed"), 1);
	snprintf(line, sizeof line, "`restore %s`", rescue);
	begin();
	terminal_wait("was not ended by quit");
	type("autosave", line);
	type("autosave discard", "1 saved session removed");
	quit();
	ck_assert_uint_eq(rescues(""), 0);
}
END_TEST

START_TEST(a_lost_terminal_leaves_one)
{
	begin();
	type("dataset blobs train=200 test=20", "200 training");
	terminal_wait("fedsh> ");
	terminal_signal(SIGHUP);
	ck_assert_int_eq(terminal_end(), 128 + SIGHUP);
	ck_assert_uint_eq(rescues(".fed"), 1);
	begin();
	terminal_wait("was not ended by quit");
	type("autosave off", "autosave is off");
	type("set lr 0.2", "lr = 0.2");
	terminal_wait("fedsh> ");
	ck_assert_uint_eq(rescues(".fed"), 1); /* off: none of its own */
	kill_it();
	ck_assert_uint_eq(rescues(".fed"), 1);
}
END_TEST

START_TEST(a_failure_is_told_once)
{
	begin();
	terminal_wait("fedsh> ");
	ck_assert_int_eq(rmdir(fed_temp_file(&temp, ".local/state/fedsh/rescue")), 0);
	fed_temp_write(&temp, ".local/state/fedsh/rescue", "a file", 6);
	terminal_type("dataset blobs train=200 test=20\r");
	terminal_wait("warning: autosave: Not a directory");
	type("add-client 3 samples=20", "left in the pool");
	type("round 1", "accuracy");
	terminal_wait("fedsh> ");
	ck_assert_ptr_null(strstr(terminal_seen(), "autosave"));
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

/* A script saves when it says so, and leaves the file when it fails. */
START_TEST(scripts_save_when_they_say_so)
{
#define SCRIPT "dataset blobs train=200 test=20; add-client 3 samples=20; round 2; "
	static struct program_run run;

	program_run(&run, FED_BUILD_DIR "/fedsh", temp.dir, ARGUMENTS("-c", SCRIPT "xyzzy"), NULL, 0);
	ck_assert_int_eq(run.code, 2);
	ck_assert_uint_eq(rescues(""), 0);
	program_run(&run, FED_BUILD_DIR "/fedsh", temp.dir, ARGUMENTS("-c", "autosave 30; " SCRIPT),
	            NULL, 0);
	ck_assert_int_eq(run.code, 0);
	ck_assert_uint_eq(rescues(""), 0);
	program_run(&run, FED_BUILD_DIR "/fedsh", temp.dir,
	            ARGUMENTS("-c", "autosave 30; " SCRIPT "xyzzy"), NULL, 0);
	ck_assert_int_eq(run.code, 2);
	ck_assert_uint_eq(rescues(".fed"), 1);
	ck_assert_ptr_nonnull(strstr(run.err, rescue));
	ck_assert(holds("version==2"));
	ck_assert_uint_eq(rescues(".fed"), 1); /* a script that does not save does not take it over */
}
END_TEST

START_TEST(without_a_home_nothing_is_saved)
{
	static struct program_run run;

	unsetenv("HOME");
	program_run(&run, FED_BUILD_DIR "/fedsh", temp.dir,
	            ARGUMENTS("-c", "autosave; autosave 30; dataset blobs; autosave off"), NULL, 0);
	ck_assert_int_eq(run.code, 0);
	ck_assert_ptr_nonnull(strstr(run.err, "warning: autosave: No such file or directory"));
	ck_assert_uint_eq(rescues(""), 0);
}
END_TEST

/* Whether a process works in the test's folder: the program there, or one that it started. */
static bool somebody_is_here(void)
{
	glob_t found;
	bool here = false;

	if (glob("/proc/[0-9]*/cwd", 0, NULL, &found) != 0)
		return false;
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char folder[512];
		const ssize_t n = readlink(found.gl_pathv[i], folder, sizeof folder - 1);

		folder[n > 0 ? n : 0] = '\0';
		here |= strcmp(folder, temp.dir) == 0;
	}
	globfree(&found);
	return here;
}

/* Moments of a session with a guarded plugin at which it is killed, spread over two seconds; under
 * the address sanitizer torture/kill has more. */
static int moments(void)
{
	return getenv("FED_KILLS") ? atoi(getenv("FED_KILLS")) : FED_SANITIZED ? 4 : 8;
}

START_TEST(killed_at_any_moment)
{
	const long delay = 2000L * _i / moments(); /* milliseconds */
	char line[600];
	struct timespec now;
	struct stat file;

	begin();
	type("load " FED_BUILD_DIR "/fixtures/crash_reduce.so", "guarded");
	type("dataset blobs train=200 test=20; add-client 3 samples=20; aggregator crash-reduce",
	     "crash");
	type("autosave 1", "every 1 s");
	type("round 3", "round 3 ");
	terminal_wait("fedsh> ");
	while (rescues(".fed") != 1 || !holds("version==3"))
		;
	ck_assert(somebody_is_here());
	terminal_type("run until version==100000000\r");
	terminal_wait("round");
	nanosleep(&(struct timespec){delay / 1000, delay % 1000 * 1000000}, NULL);
	clock_gettime(CLOCK_REALTIME, &now);
	ck_assert_int_eq(stat(rescue, &file), 0);
	kill_it();
	/* the interval, and as much again for a machine that others use */
	ck_assert_int_le(now.tv_sec - file.st_mtim.tv_sec, 3);
	ck_assert(holds("version>=3"));
	while (somebody_is_here()) /* its worker processes end by themselves */
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	begin();
	snprintf(line, sizeof line, "restore %s", rescue);
	type(line, "restored");
	type("expect version>=3", "holds: version ");
	quit();
}
END_TEST

FED_SUITE(autosave)
{
	Suite *suite = suite_create("autosave");
	TCase *tests = tcase_create("autosave");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_killed_session_is_offered);
	tcase_add_test(tests, a_run_is_kept_at_the_end);
	tcase_add_test(tests, a_run_in_a_file_is_not_kept);
	tcase_add_test(tests, a_run_is_saved_between_versions);
	tcase_add_test(tests, live_sessions_are_not_offered);
	tcase_add_test(tests, a_lost_terminal_leaves_one);
	tcase_add_test(tests, a_failure_is_told_once);
	tcase_add_test(tests, scripts_save_when_they_say_so);
	tcase_add_test(tests, without_a_home_nothing_is_saved);
	tcase_add_loop_test(tests, killed_at_any_moment, 0, moments());
	suite_add_tcase(suite, tests);
	return suite;
}
