/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * support/main.c - the main function of every test executable: runs the suites named on the command
 * line, or all of its folder.
 */
#include "support/suite.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Of a sanitizer's runtime. */
__attribute__((weak)) void __sanitizer_print_stack_trace(void);

enum { HANGS_AFTER = 540 /* seconds; ctest ends a suite after 600 */ };

static const char *running; /* the suite that runs in this process, without forks */
static pid_t process;

/* Say where a suite stopped whose tests have no processes of their own. */
static void say_where(const char *what)
{
	fprintf(stderr, "%s %s in the test named here, or with CK_FORK=yes:\n", running, what);
	if (__sanitizer_print_stack_trace)
		__sanitizer_print_stack_trace();
	_exit(EXIT_FAILURE);
}

static void hangs(int signal)
{
	(void)signal;
	say_where("hangs");
}

/* A test that calls exit() must not end its suite in silence. */
static void ends(void)
{
	if (running && getpid() == process)
		say_where("calls exit()");
}

/* Not by SIGALRM: Check takes that one, and kills the process group. */
static void watch_for_end(const char *name)
{
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGVTALRM};
	const struct itimerspec after = {.it_value.tv_sec = HANGS_AFTER};
	timer_t timer;

	running = name;
	process = getpid();
	atexit(ends);
	signal(SIGVTALRM, hangs);
	if (timer_create(CLOCK_MONOTONIC, &event, &timer) == 0)
		timer_settime(timer, 0, &after, NULL);
}

static int run(const struct fed_named_suite *suite)
{
	SRunner *runner = srunner_create(suite->make());

	if (srunner_fork_status(runner) == CK_NOFORK)
		watch_for_end(suite->name);
	srunner_run_all(runner, CK_NORMAL);
	running = NULL;
	signal(SIGVTALRM, SIG_IGN);
	const int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Run each suite in a process of its own, so that no state is left for the next. */
static int run_all(void)
{
	int result = EXIT_SUCCESS;

	for (const struct fed_named_suite *suite = fed_suites; suite->name; suite++) {
		int status = EXIT_FAILURE;
		fflush(NULL);
		const pid_t child = fork();
		if (child == 0)
			exit(run(suite));
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
			result = EXIT_FAILURE;
	}
	return result;
}

static const struct fed_named_suite *find(const char *name)
{
	const struct fed_named_suite *suite = fed_suites;

	while (suite->name && strcmp(suite->name, name) != 0)
		suite++;
	return suite->name ? suite : NULL;
}

static int list(const char *program)
{
	fprintf(stderr, "usage: %s [SUITE]; without a name all of them run:\n", program);
	for (const struct fed_named_suite *suite = fed_suites; suite->name; suite++)
		fprintf(stderr, "  %s\n", suite->name);
	return EXIT_FAILURE;
}

/* Restart with one BLAS thread, as the program has it. BLAS starts its threads while it is loaded,
 * and the thread sanitizer knows nothing of how they are told of their work. */
static void restart_for_blas(char **argv)
{
	static const char one_thread[] = "OPENBLAS_NUM_THREADS";

	if (!getenv(one_thread) && !setenv(one_thread, "1", 0))
		execv("/proc/self/exe", argv);
}

int main(int argc, char **argv)
{
	restart_for_blas(argv);
	/* Check's own limit of 4 s for a test is too short for a sanitizer on a busy machine.  It is
	 * read when a test case is made. */
	setenv("CK_DEFAULT_TIMEOUT", "120", 0);
	if (argc < 2)
		return run_all();
	const struct fed_named_suite *suite = argc == 2 ? find(argv[1]) : NULL;
	return suite ? run(suite) : list(argv[0]);
}
