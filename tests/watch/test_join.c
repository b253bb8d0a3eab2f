/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch/test_join.c - the screen of a member at a terminal: a room, two sizes, keys, the way out.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "support/suite.h"
#include "watch/emulator.h"

static struct fed_temp temp;
static pid_t server;
static int commands; /* its standard input */
static char target[40], code[20];

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

static void say(const char *line)
{
	ck_assert_int_eq(write(commands, line, strlen(line)), (ssize_t)strlen(line));
}

/* Read the class code from what the server printed. */
static bool find_code(void)
{
	char path[300], line[300], before[80];
	FILE *f;

	snprintf(path, sizeof path, "%s/server.out", temp.dir);
	snprintf(before, sizeof before, "  fedsh join %s ", target);
	f = fopen(path, "re");
	code[0] = '\0';
	while (f && fgets(line, sizeof line, f))
		if (strncmp(line, before, strlen(before)) == 0)
			snprintf(code, sizeof code, "%.14s", line + strlen(before));
	if (f)
		fclose(f);
	return strlen(code) == 14;
}

/* A server that takes commands, with a room at a port of its own. */
static void serve(void)
{
	char command[200], out[300], state[300];
	int ends[2];

	snprintf(target, sizeof target, "127.0.0.1:%d", 22000 + getpid() % 10000 * 2);
	snprintf(out, sizeof out, "%s/server.out", temp.dir);
	snprintf(state, sizeof state, "%s/server-state", temp.dir);
	ck_assert_int_eq(pipe(ends), 0);
	server = fork();
	if (server == 0) {
		setenv("XDG_STATE_HOME", state, 1);
		dup2(ends[0], STDIN_FILENO);
		close(ends[1]);
		if (!freopen(out, "w", stdout) || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
			_exit(1);
		execl(FED_BUILD_DIR "/fedsh", "fedsh", (char *)NULL);
		_exit(1);
	}
	close(ends[0]);
	commands = ends[1];
	snprintf(command, sizeof command, "dataset blobs; serve %s\n", target);
	say(command);
	for (int i = 0; i < 400 && !find_code(); i++)
		usleep(25000);
	ck_assert_msg(*code, "no room was opened");
}

static void stop(void)
{
	int status;

	close(commands);
	ck_assert_int_eq(waitpid(server, &status, 0), server);
}

static void join(int columns, int rows)
{
	const char *const argument[] = {"join", target,   code,           "--name",
	                                "Ada",  "--data", "blobs:0-1199", NULL};

	emulator_begin(&(struct emulated){.term = "xterm-256color",
	                                  .folder = temp.dir,
	                                  .argument = argument,
	                                  .columns = columns,
	                                  .rows = rows});
}

START_TEST(one_screen_shows_what_a_member_does)
{
	serve();
	join(80, 24);
	emulator_wait("127.0.0.1");
	say("wait-room 1 within=10\n");
	emulator_wait("Ada is client 0");
	emulator_wait("waits for work");
	emulator_wait("1,200 examples");
	say("round 2; tell look at the screen in front\n");
	emulator_wait("2 trainings");
	emulator_wait("look at the screen in front");
	emulator_wait("model softmax, scheme sync, aggregator fedavg");
	emulator_wait("they stay on this machine");
	emulator_resize(38, 12);
	emulator_wait("q leaves");
	emulator_wait("fedsh join: Ada is client 0");
	emulator_type("v12\r");
	say("room\n");
	emulator_type("q");
	ck_assert_int_eq(emulator_end(), 0);
	ck_assert(emulator_is_restored());
	stop();
}
END_TEST

START_TEST(ctrl_c_leaves_and_a_refusal_is_said)
{
	serve();
	join(80, 24);
	say("wait-room 1 within=10\n");
	emulator_wait("Ada is client 0");
	emulator_type("\003");
	ck_assert_int_eq(emulator_end(), 0);
	ck_assert(emulator_is_restored());
	say("room\n"); /* takes that it has left */
	usleep(300000);
	join(80, 24);
	say("wait-room 1 within=10\n");
	emulator_wait("Ada is client 0");
	say("kick Ada why=enough\n");
	ck_assert_int_eq(emulator_end(), 1);
	ck_assert(emulator_shows("enough"));
	stop();
}
END_TEST

FED_SUITE(join)
{
	Suite *suite = suite_create("join");
	TCase *tests = tcase_create("join");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, one_screen_shows_what_a_member_does);
	tcase_add_test(tests, ctrl_c_leaves_and_a_refusal_is_said);
	suite_add_tcase(suite, tests);
	return suite;
}
