/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The thread that executes lines, and the signals of its event descriptor. */
#include <poll.h>
#include <semaphore.h>

#include "session/small.h"
#include "tui/runner.h"

static struct fed_session session;
static struct fed_runner *runner;
static sem_t begun, go_on;

/* A line: it waits to be let on, then has two events. */
static void execute(void *ctx, const char *line, bool queued)
{
	(void)ctx;
	(void)line;
	(void)queued;
	sem_post(&begun);
	sem_wait(&go_on);
	fed_session_hold(&session, false);
	fed_session_hold(&session, false);
}

static const char *resume(void *ctx)
{
	(void)ctx;
	return NULL;
}

static bool done(void *ctx)
{
	(void)ctx;
	return false;
}

static void set_up(void)
{
	const struct fed_watch_host host = {
		.session = &session, .execute = execute, .resume = resume, .done = done};
	struct fed_error err;

	small_init(&session, NULL);
	sem_init(&begun, 0, 0);
	sem_init(&go_on, 0, 0);
	fed_assert_ok(fed_runner_new(&runner, &host, 0, &err), &err);
}

static void tear_down(void)
{
	fed_runner_free(runner);
	fed__session_release(&session);
	sem_destroy(&begun);
	sem_destroy(&go_on);
}

static bool is_signalled(int milliseconds)
{
	struct pollfd p = {.fd = fed_runner_event_fd(runner), .events = POLLIN};

	return poll(&p, 1, milliseconds) == 1;
}

static void submit_and_wait(void)
{
	struct fed_error err;

	fed_assert_ok(fed_runner_submit(runner, "a line", &err), &err);
	sem_wait(&begun); /* the runner is busy, and stays so */
	fed_runner_clear_event(runner);
}

/* A frame is wished, cannot be had, and given up; the pause that was pressed is reached only then:
 * without a signal nothing would show it. */
START_TEST(a_pause_that_is_reached_is_signalled)
{
	submit_and_wait();
	fed__runner_pause(runner, true);
	ck_assert(!fed_runner_take(runner));
	fed_runner_give(runner);
	sem_post(&go_on);
	ck_assert(is_signalled(60000));
	ck_assert(fed_runner_state(runner).waiting);
	ck_assert(fed_runner_take(runner));
	fed_runner_clear_event(runner);
	fed_runner_give(runner);
	ck_assert(!is_signalled(50)); /* once: nothing has changed since */
	fed__runner_pause(runner, false);
	ck_assert(is_signalled(60000)); /* the line has ended */
}
END_TEST

static void pause_at_an_event(void)
{
	submit_and_wait();
	fed__runner_pause(runner, true);
	sem_post(&go_on);
	ck_assert(is_signalled(60000));
	fed_runner_clear_event(runner);
}

static void wait_until_idle(void)
{
	while (fed_runner_state(runner).busy)
		is_signalled(1);
}

/* Each permitted event ends in a wait that is signalled. */
START_TEST(an_event_that_is_permitted_is_signalled)
{
	pause_at_an_event();
	fed__runner_permit_one(runner);
	ck_assert(is_signalled(60000));
	ck_assert(fed_runner_state(runner).waiting);
	ck_assert(fed_runner_state(runner).paused);
	fed__runner_permit_one(runner);
	wait_until_idle();
}
END_TEST

/* A pause is one of the lines that are there: one that is typed later runs. */
START_TEST(a_pause_ends_with_the_last_line)
{
	pause_at_an_event();
	fed__runner_permit_one(runner);
	fed__runner_permit_one(runner);
	wait_until_idle();
	ck_assert(!fed_runner_state(runner).paused);
	submit_and_wait();
	sem_post(&go_on);
	wait_until_idle();
}
END_TEST

FED_SUITE(runner)
{
	Suite *suite = suite_create("runner");
	TCase *tests = tcase_create("runner");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_pause_that_is_reached_is_signalled);
	tcase_add_test(tests, an_event_that_is_permitted_is_signalled);
	tcase_add_test(tests, a_pause_ends_with_the_last_line);
	suite_add_tcase(suite, tests);
	return suite;
}
