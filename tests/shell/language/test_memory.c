/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/language/test_memory.c - what no memory would hold is refused in words, and the session
 * goes on. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "shell/lab.h"
#include "support/suite.h"

static struct shell_lab lab;
static struct fed_temp machine;

/* A hundred thousand copies of this model are more than 600 GB. */
static void open_world(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	ck_assert_int_eq(shell_lab_run(&lab, "dataset glyphs train=200 test=50; model cnn; "
	                                     "aggregator fedavg; transport local; set eval-every 0; "
	                                     "add-client 100000 samples=1 reuse"),
	                 FED_EXIT_OK);
}

static void close_world(void)
{
	shell_lab_close(&lab);
	fed__mem_root("");
	if (*machine.dir)
		fed_temp_remove(&machine);
	machine = (struct fed_temp){0}; /* of the next test */
}

/* From now on the machine says that it has so much, which it may not. */
static void pretend(unsigned megabytes)
{
	char path[128], text[64];

	if (!*machine.dir)
		fed_temp_make(&machine);
	snprintf(path, sizeof path, "%s/proc", machine.dir);
	mkdir(path, 0700);
	snprintf(text, sizeof text, "MemAvailable: %u kB\n", megabytes * 1000);
	fed_temp_write(&machine, "proc/meminfo", text, strlen(text));
	fed__mem_root(machine.dir);
}

static void says(const char *line, enum fed_exit wanted, const char *words)
{
	const size_t before = strlen(shell_lab_said(&lab));
	const enum fed_exit result = shell_lab_run(&lab, line);
	const char *said = shell_lab_said(&lab) + before;

	ck_assert_msg(result == wanted, "%s: %d, %s", line, (int)result, said);
	ck_assert_msg(strstr(said, words), "%s: \"%s\" is not in:\n%s", line, words, said);
}

START_TEST(clients_beyond_memory)
{
	says("add-client 4000000000 samples=100 reuse", FED_EXIT_FAILED, " are free; take fewer");
	says("status", FED_EXIT_OK, "clients     100,000");
}
END_TEST

/* Updates of a small model are nothing, Krum's distances between all of them 600 MB. */
START_TEST(distances_beyond_memory)
{
	says("reset; dataset blobs; model softmax; transport local; set eval-every 0; "
	     "add-client 5000 samples=1 reuse; set fraction 1",
	     FED_EXIT_OK, "");
	pretend(300);
	says("aggregator krum f=1; round 1", FED_EXIT_ROUND, "5,000 clients in a round need 6");
	says("aggregator median after=nnm; round 1", FED_EXIT_ROUND, "5,000 clients in a round need ");
	says("history", FED_EXIT_OK, "no rounds");
	says("aggregator median; round 1", FED_EXIT_OK, "");
}
END_TEST

enum { AT_ONCE = 4 };
static const char *const at_once[AT_ONCE] = {
	"scheme split parallel=v1", "scheme split parallel=v2 labels=client",
	"scheme split parallel=v2 labels=client smashed=batch",
	"aggregator median; scheme split parallel=v2 cut=1", /* which keeps all updates */
};

START_TEST(turns_at_once_beyond_memory)
{
	says(at_once[_i], FED_EXIT_OK, "scheme split");
	says("set fraction 1; round 1", FED_EXIT_ROUND, "100,000 clients at once need ");
	says("history", FED_EXIT_OK, "no rounds");
	/* What it says helps. */
	says("set participants 4; round 1", FED_EXIT_OK, "clients 4");
	says("set smashed single; set parallel off; set participants 40; round 1", FED_EXIT_OK,
	     "clients 40");
}
END_TEST

static const struct {
	const char *compose, *says, *helps;
} rounds[] = {
	{"aggregator fedavg", "100,000 clients in a round need ", "set participants 4"},
	{"aggregator median", "or an aggregator that keeps no updates", "set participants 4"},
	{"aggregator krum after=bucketing", "or an aggregator that keeps no updates",
     "set participants 4; aggregator fedavg"},
	{"scheme async concurrency=100000; aggregator fedasync", "100,000 clients at work need ",
     "set concurrency 4"},
};

START_TEST(updates_beyond_memory)
{
	says(rounds[_i].compose, FED_EXIT_OK, "");
	says("set fraction 1; round 1", FED_EXIT_ROUND, rounds[_i].says);
	says("history", FED_EXIT_OK, "no rounds");
	says(rounds[_i].helps, FED_EXIT_OK, "");
	says("round 2", FED_EXIT_OK, "round 2");
}
END_TEST

START_TEST(a_hundred_thousand_small_updates)
{
	if (FED_SANITIZED)
		says("model mlp hidden=2; set participants 5000; round 2", FED_EXIT_OK, "clients 5000");
	else
		says("model mlp hidden=2; set fraction 1; round 2", FED_EXIT_OK, "clients 100000");
}
END_TEST

/* The sanitizers' allocator tells of no freed blocks, which count as free. */
enum { UPDATES_MB = FED_SANITIZED ? 80 : 60 };

/* Updates of clients that differ are not on their way at once: 3,000 are 94 MB, and those of one
 * moment are few.  Those that no command waits for are cancelled. */
START_TEST(updates_one_after_the_other)
{
	says("model softmax; remove-client all; set fraction 1", FED_EXIT_OK, "removed");
	pretend(UPDATES_MB);
	says("add-client 3000 samples=1 reuse device=phone link=4g; round 1", FED_EXIT_ROUND,
	     "3,000 clients in a round need ");
	says("scheme async concurrency=3000; round 1", FED_EXIT_ROUND, "3,000 clients at work need ");
	says("set client all device=phone:2 link=4g:2; scheme sync", FED_EXIT_OK, "");
	says("scheme sync quorum=0.1; round 1", FED_EXIT_OK, "clients 300");
	says("scheme sync deadline=0.1; round 1", FED_EXIT_OK, "round 2");
	says("scheme async concurrency=3000; aggregator fedasync; round 3000", FED_EXIT_OK,
	     "round 3000");
}
END_TEST

/* In turn one client at a time is all there is. */
START_TEST(a_million_clients_in_turn)
{
	says("model softmax; add-client 900000 samples=1 reuse", FED_EXIT_OK, "100000 to 999999");
	says("scheme split cut=1; model mlp hidden=8; set participants 100; round 2", FED_EXIT_OK,
	     "clients 100");
}
END_TEST

FED_SUITE(memory)
{
	Suite *suite = suite_create("memory");
	TCase *tests = tcase_create("memory");

	tcase_add_checked_fixture(tests, open_world, close_world);
	tcase_add_test(tests, clients_beyond_memory);
	tcase_add_test(tests, distances_beyond_memory);
	/* Of 100,000 clients each: the last one, which has most, under sanitizers. */
	tcase_add_loop_test(tests, turns_at_once_beyond_memory, FED_SANITIZED ? AT_ONCE - 1 : 0,
	                    AT_ONCE);
	tcase_add_loop_test(tests, updates_beyond_memory, 0, sizeof rounds / sizeof *rounds);
	tcase_add_test(tests, a_hundred_thousand_small_updates);
	tcase_add_test(tests, updates_one_after_the_other);
	tcase_add_test(tests, a_million_clients_in_turn);
	suite_add_tcase(suite, tests);
	return suite;
}
