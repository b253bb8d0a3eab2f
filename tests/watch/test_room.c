/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch/test_room.c - the view of a room at a terminal, with a member in a process of its own. */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"
#include "watch/emulator.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

static int port_of_test(void)
{
	return 11000 + 2 * (getpid() % 4000); /* other suites use others; the next tells the key */
}

/* A program that joins the room whose code is on the screen. */
static pid_t join_room(const char *name, const char *data)
{
	char host[32], code[20] = "", home[300], option[64];
	const char *line = strstr(emulator_screen(), "fedsh join ");
	pid_t child;

	ck_assert(line && sscanf(line, "fedsh join %31s %19s", host, code) == 2);
	snprintf(home, sizeof home, "HOME=%s", temp.dir);
	snprintf(option, sizeof option, "%s", name);
	char *const argument[] = {"fedsh",   "join", host,     code,
	                          "--name",  option, "--data", (char *)(uintptr_t)data,
	                          "--plain", NULL};
	char *const environment[] = {home, "PATH=/usr/bin:/bin", NULL};
	posix_spawn_file_actions_t quiet;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", 0, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", 1, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", 1, 0);
	ck_assert_int_eq(
		posix_spawn(&child, FED_BUILD_DIR "/fedsh", &quiet, NULL, argument, environment), 0);
	posix_spawn_file_actions_destroy(&quiet);
	return child;
}

/* A script waits for a member in the watch; the member is admitted by a key, trains, and is sent
 * out. */
START_TEST(a_member_comes_and_goes)
{
	char line[200];
	int status;

	emulator_begin(&(struct emulated){
		.term = "xterm-256color", .folder = temp.dir, .columns = 120, .rows = 40});
	emulator_wait("fedsh>");
	snprintf(line, sizeof line,
	         "dataset blobs train=400 test=40; model softmax; serve 127.0.0.1:%d strict\r",
	         port_of_test());
	emulator_type("watch room\r");
	emulator_wait("no room is open");
	emulator_type(":");
	emulator_type(line);
	emulator_wait("no members yet");
	emulator_type(":wait-room 1; round 3\r");
	const pid_t member = join_room("all", "blobs:0-49");
	emulator_wait("? waits for approval");
	emulator_wait("0 here, 1 waits for approval; the room is strict");
	emulator_wait("member-all"); /* a name that would mean others, too */
	emulator_type("A");          /* runs although `wait-room` has not ended */
	emulator_wait("round 3 is made");
	emulator_wait("1 here; the room is strict");
	emulator_type("K");
	emulator_wait("0 here, 1 sent out");
	ck_assert_int_eq(waitpid(member, &status, 0), member);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	emulator_type(":serve stop\r");
	emulator_wait("no room is open");
	emulator_type("q");
	emulator_wait_left();
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

FED_SUITE(room)
{
	Suite *suite = suite_create("room");
	TCase *tests = tcase_create("room");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_member_comes_and_goes);
	suite_add_tcase(suite, tests);
	return suite;
}
