/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torturing/torture.c - main function of the torture: parts, seeds and seconds.
 *
 *     torture PART [--seconds N] [--seed S]      one part, seeds S, S + 1, ...; without seconds one
 *
 * Each seed runs in a process and a folder of its own; one that fails, dies or hangs ends the run
 * with the command that repeats it.
 */
#include "torturing/torture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plug/registry.h"

enum { HANGS_AFTER = 420 /* seconds: a loaded machine is no hang */ };

static const struct torture_part parts[] = {
	{"memory", "the k-th allocation of a command fails", torture_memory},
	{"every", "each allocation of a command fails; seeds count the commands", torture_every},
	{"files", "the k-th write, fsync or rename of a command fails", torture_files},
	{"writes", "each write, fsync and rename of a script fails; seeds: script and share",
     torture_writes},
	{"shared", "each piece of guarded plugins' shared memory is missing", torture_shared},
	{"frames", "each allocation of the watch's loop fails; seeds: share", torture_frames},
	{"kill", "a program that saves is killed", torture_kill},
	{"flips", "bits of a saved file flip", torture_flips},
	{"commands", "commands drawn at random, whole, with mistakes, nonsense", torture_commands},
#ifdef FED_TORTURE_WATCH
	{"watch", "random keys, sizes and signals at the watch", torture_watch},
#endif
	{0},
};

static const struct torture_part *part;
static uint64_t seed;

/* In memory where the system has such a place: thousands of files are synced. */
static void make_folder(struct fed_temp *temp)
{
	*temp = (struct fed_temp){.dir = "/dev/shm/fedsh-test-XXXXXX"};
	if (!mkdtemp(temp->dir))
		fed_temp_make(temp);
}

START_TEST(try_one)
{
	struct fed_temp temp;
	struct torture t = {.seed = seed, .random = fed_stream_open(seed, FED_FOR_OBSERVER, 14, 0)};

	make_folder(&temp);
	ck_assert_int_eq(chdir(temp.dir), 0);
	t.folder = temp.dir;
	setenv("HOME", temp.dir, 1);
	part->try_one(&t);
	ck_assert_int_eq(chdir("/"), 0);
	fed_temp_remove(&temp);
}
END_TEST

/* In the child: Check says what failed, and where. */
static int run_here(void)
{
	Suite *suite = suite_create(part->name);
	TCase *tests = tcase_create(part->name);
	SRunner *runner = srunner_create(suite);

	alarm(HANGS_AFTER);
	tcase_add_test(tests, try_one);
	suite_add_tcase(suite, tests);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_SILENT);
	const int failed = srunner_ntests_failed(runner);
	if (failed)
		srunner_print(runner, CK_NORMAL);
	srunner_free(runner);
	return failed;
}

static bool try_seed(void)
{
	int status;
	const pid_t child = fork();

	if (child == 0)
		exit(run_here()); /* and what was not freed is found */
	if (child < 0 || waitpid(child, &status, 0) != child)
		return false;
	if (WIFSIGNALED(status))
		printf("%s: %s\n", part->name,
		       WTERMSIG(status) == SIGALRM ? "hangs" : strsignal(WTERMSIG(status)));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void ignore(void *ctx, const char *path, const char *text)
{
	(void)ctx, (void)path, (void)text;
}

/* Open the plugins once, here: support/keep.c lends their libraries to each try. */
static void open_libraries(void)
{
	struct fed_registry *plugins;
	struct fed_error err;

	if (fed_registry_init(&plugins, &err))
		return;
	fed_registry_scan(plugins, FED_PLUGIN_DIR, true, ignore, NULL, &err);
	fed_registry_free(plugins);
}

static int usage(void)
{
	fprintf(stderr, "usage: torture PART [--seconds N] [--seed S]; PART is\n");
	for (const struct torture_part *p = parts; p->name; p++)
		fprintf(stderr, "  %-10s %s\n", p->name, p->help);
	return 2;
}

int main(int n, char **argument)
{
	double seconds = 0;

	for (const struct torture_part *p = parts; n > 1 && p->name; p++)
		if (strcmp(p->name, argument[1]) == 0)
			part = p;
	if (!part || n % 2)
		return usage();
	for (int i = 2; i + 1 < n; i += 2) {
		if (strcmp(argument[i], "--seconds") == 0)
			seconds = strtod(argument[i + 1], NULL);
		else if (strcmp(argument[i], "--seed") == 0)
			seed = strtoull(argument[i + 1], NULL, 10);
		else
			return usage();
	}
	open_libraries();
	const time_t end = time(NULL) + (time_t)seconds;
	uint64_t tries = 0;
	do {
		fflush(stdout);
		if (!try_seed()) {
			printf("repeat it with: %s %s --seed %llu\n", argument[0], part->name,
			       (unsigned long long)seed);
			return 1;
		}
		seed++;
		tries++;
	} while (time(NULL) < end);
	printf("%s: %llu tries\n", part->name, (unsigned long long)tries);
	return 0;
}
