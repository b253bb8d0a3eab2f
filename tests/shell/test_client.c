/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/test_client.c - what log, client and timeline show, in a world of round numbers. */
#include <string.h>

#include "lab.h"
#include "support/suite.h"

static struct shell_lab lab;

/* 12 parameters and a frame are 112 bytes: 0.112 s each way.  50 examples at 16 FLOPs forward and
 * twice that backward are 2,400 FLOPs: 0.024 s, for client 3 ten times as long. */
static void open_world(void)
{
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	ck_assert_int_eq(shell_lab_run(&lab, "dataset blobs; model softmax; aggregator fedavg; "
	                                     "transport local; "
	                                     "add-client 4 samples=50 device=1e5 link=1000; "
	                                     "set client 3 device=1e4; scheme sync quorum=0.5"),
	                 FED_EXIT_OK);
}

static void close_world(void)
{
	shell_lab_close(&lab);
}

static const char *said(const char *line)
{
	return shell_lab_reply(&lab, line, FED_EXIT_OK);
}

static void refuses(const char *line, const char *words)
{
	assert_shows(shell_lab_reply(&lab, line, FED_EXIT_USAGE), words);
}

START_TEST(a_client_s_story)
{
	said("round 2");
	const char *story = said("client 1");
	const char *table = strstr(story, "  version");

	ck_assert_ptr_eq(strstr(story, "client 1\n"
	                               "  data          50 examples, iid, labels 9859\n"
	                               "  device        100 kFLOP/s\n"
	                               "  link          1.0 kB/s\n"
	                               "  updates used  2\n"
	                               "  last loss     "),
	                 story);
	ck_assert_str_eq(table, "  version  sent at  bytes down  download  trained  bytes up  upload  "
	                        "ended at  what became of it\n"
	                        "        0      0 s       112 B    112 ms  24.0 ms     112 B  112 ms   "
	                        " 248 ms  used for version 1 "
	                        "with weight 0.5\n"
	                        "        1   248 ms       112 B    112 ms  24.0 ms     112 B  112 ms   "
	                        " 496 ms  used for version 2 "
	                        "with weight 0.5\n");
	story = said("client 3 n=1");
	ck_assert_str_eq(strstr(story, "2 invitations"),
	                 "2 invitations, the last 1; `client 3 n=2` shows all\n"
	                 "  version  sent at  bytes down  download  trained  bytes up  upload  ended "
	                 "at  what became of it\n"
	                 "        1   248 ms       112 B    112 ms        -         -       -    496 "
	                 "ms  late: enough "
	                 "others "
	                 "have reported\n");
}
END_TEST

START_TEST(stories_of_other_ends)
{
	said("scheme async concurrency=4; aggregator fedbuff buffer=3; set lr 0.1; round 3");
	const char *story = said("client 3");
	ck_assert_ptr_nonnull(strstr(story, "464 ms  used for version 2 with weight 0.333, 1 version "
	                                    "stale, score 0.7071\n"));
	ck_assert_ptr_nonnull(strstr(story, "  it trains\n"));
	ck_assert_ptr_nonnull(strstr(said("scheme sync"), "scheme"));
	ck_assert_ptr_nonnull(strstr(said("client 3; client 2; client 1; client 0"), "  cancelled\n"));
	said("remove-client 2");
	ck_assert_ptr_nonnull(strstr(said("client 2"), "client 2 was removed\n"));
	refuses("client 4", "no client 4: there are 0 to 3");
	said("restart");
	ck_assert_ptr_nonnull(strstr(said("client 1"), "it was not invited yet\n"));
	said("reset");
	refuses("client 1", "add-client");
}
END_TEST

/* Staleness under sync is 0: it does not mix with that under async. */
START_TEST(a_histogram_is_of_the_scheme)
{
	said("round 2");
	assert_shows(said("histogram staleness"), "staleness of 4 updates: mean 0, least 0, most 0\n");
	said("scheme async concurrency=4; aggregator fedbuff buffer=3; set lr 0.1");
	shell_lab_reply(&lab, "histogram staleness", FED_EXIT_FAILED);
	assert_shows(shell_lab_said(&lab), "no update was made since scheme async was chosen");
	said("round 3");
	assert_shows(said("histogram staleness"),
	             "staleness of 9 updates since scheme async was chosen: mean 0.5556, ");
	assert_shows(said("histogram staleness last=1"),
	             "staleness of 3 updates of the last version: mean 0.6667, ");
	assert_shows(said("histogram staleness last=5"),
	             "staleness of 13 updates of the last 5 versions: mean 0.3846, ");
	assert_shows(shell_lab_reply(&lab, "histogram loss last=2", FED_EXIT_FAILED),
	             "last= is of updates");
	said("restart; round 1");
	assert_shows(said("histogram staleness"), "staleness of 3 updates: mean 0, ");
}
END_TEST

START_TEST(the_log_and_its_filters)
{
	static const struct {
		const char *line, *text;
	} rows[] = {
		{"log kind=late client=3", "version 1  clock 496 ms  late  client 3  enough others have "
	                               "reported\n"},
		{"log kind=late,lost version=1",
	     "late  client 3  enough others have reported\n"
	     "version 1  clock 496 ms  late  client 2  enough others have reported\n"},
		{"log kind=sent,received client=0 version=1-",
	     "version 1  clock 248 ms  sent  client 0  112 B\n"
	     "version 1  clock 360 ms  received  client 0\n"},
		{"log 1 kind=begin", "version 1  clock 248 ms  begin\n"},
		{"log kind=trained client=0-2 n=2", "version 1  clock 384 ms  trained  client 1  112 B\n"
	                                        "version 1  clock 384 ms  trained  client 2  112 B\n"},
		{"log text=ENOUGH 1 version=-0", "version 0  clock 248 ms  late  client 2"},
		{"log text=ENOUGH version=7-", "no such event; `log kind=all` shows the steps, too\n"},
		{"log text=nobody kind=all", "no such event\n"},
		{"log text=COMMAND", "version 1  clock 248 ms  aborted by a command\n"},
	};

	said("round 1; step; step; abort; round 1");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *text = said(rows[i].line);
		ck_assert_msg(strstr(text, rows[i].text) != NULL, "%s: %s", rows[i].line, text);
	}
	refuses("log kind=los", "did you mean lost?");
	refuses("log kind=zzzz", "notice, warning");
	refuses("log version=3-1", "as in 3-5 or 3-");
	refuses("log version=x", "as in 3-5 or 3-");
	refuses("log client=7", "from 0 to 3");
}
END_TEST

/* What a timeline was asked for, if `records`; the linker calls it in place of
 * fed_timeline_chart_text(). */
static bool records;
int __real_fed_timeline_chart_text(const struct fed_timeline *, int columns, bool utf8, bool color,
                                   struct fed_text *out, struct fed_error *);
int __wrap_fed_timeline_chart_text(const struct fed_timeline *, int columns, bool utf8, bool color,
                                   struct fed_text *out, struct fed_error *);
int __wrap_fed_timeline_chart_text(const struct fed_timeline *w, int columns, bool utf8, bool color,
                                   struct fed_text *out, struct fed_error *err)
{
	if (!records)
		return __real_fed_timeline_chart_text(w, columns, utf8, color, out, err);
	fed_text_add(out, "%d columns:", columns);
	for (uint32_t i = 0; i < w->n; i++)
		fed_text_add(out, " %u", w->client[i]);
	fed_text_add(out, " in %.3f to %.3f, %zu versions\n", w->from, w->to, w->rounds);
	return FED_OK;
}

/* Head and tail of a turn: 50 examples at 16 FLOPs forward, twice that backward. */
START_TEST(a_turn_of_split_learning)
{
	said("model mlp hidden=4; scheme split cut=1; round 1");
	const char *story = said("client 1");
	ck_assert_msg(strstr(story, "  24.0 ms  ") != NULL, "%s", story);
	ck_assert_ptr_nonnull(strstr(story, "passed its head on in version 1; "));
	ck_assert_ptr_nonnull(strstr(said("histogram compute"),
	                             "compute of 4 updates: mean 78 ms, least 24 ms, most 240 ms"));
	ck_assert_int_eq(shell_lab_run(&lab, "histogram weight"), FED_EXIT_FAILED);
	ck_assert_ptr_nonnull(
		strstr(shell_lab_said(&lab), "clients train in turn, and nothing is averaged"));
}
END_TEST

/* A saved file has no log. */
START_TEST(a_log_that_begins_later)
{
	static const char since[] = "the log begins at version 2: saved files have no log\n";
	struct fed_temp temp;
	char line[400];

	said("round 2");
	fed_temp_make(&temp);
	snprintf(line, sizeof line, "save %s/two.fed", temp.dir);
	said(line);
	shell_lab_close(&lab);
	shell_lab_open(&lab, FED_PLUGIN_DIR);
	snprintf(line, sizeof line, "restore %s/two.fed", temp.dir);
	said(line);
	fed_temp_remove(&temp);
	ck_assert_str_eq(said("log"), since);
	ck_assert_str_eq(said("timeline"), since);
	ck_assert_int_eq(shell_lab_run(&lab, "histogram weight"), FED_EXIT_FAILED);
	ck_assert_ptr_nonnull(strstr(shell_lab_said(&lab), "histogram: the log begins at version 2"));
	ck_assert_ptr_nonnull(strstr(
		said("client 1"),
		"\n"
		"it was not invited since version 2, where the log begins: saved files have no log\n"));
	said("round 1");
	ck_assert_ptr_nonnull(
		strstr(said("log kind=lost"), "no such event; the log begins at version"));
	ck_assert_ptr_nonnull(strstr(said("client 1"), since));
	said("restart");
	ck_assert_ptr_nonnull(strstr(said("client 1"), "\nit was not invited yet\n"));
}
END_TEST

START_TEST(a_timeline_s_window)
{
	records = true;
	ck_assert_str_eq(said("timeline"), "no rounds yet: `round 5` makes some\n");
	said("round 5");
	ck_assert_str_eq(said("timeline"), "80 columns: 0 1 2 3 in 0.496 to 1.240, 3 versions\n");
	ck_assert_str_eq(said("timeline n=9"), "80 columns: 0 1 2 3 in 0.000 to 1.240, 5 versions\n");
	ck_assert_str_eq(said("timeline 1,3 n=1"), "80 columns: 1 3 in 0.992 to 1.240, 1 versions\n");
	said("add-client 30 samples=20 device=1e5 link=1000; round 1");
	ck_assert_str_eq(
		said("timeline 10-33 n=1"),
		"80 columns: 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 in 1.240 "
		"to 1.474, 1 versions\n"
		"  and 5 more; `timeline WHO` chooses\n");
	refuses("timeline 99", "99: ");
}
END_TEST

START_TEST(no_time_passes_in_an_ideal_world)
{
	said("set client all device=ideal link=ideal; round 1");
	ck_assert_ptr_nonnull(strstr(said("timeline"), "no virtual time has passed"));
}
END_TEST

FED_SUITE(client)
{
	Suite *suite = suite_create("story");
	TCase *tests = tcase_create("story");

	tcase_add_checked_fixture(tests, open_world, close_world);
	tcase_add_test(tests, a_client_s_story);
	tcase_add_test(tests, stories_of_other_ends);
	tcase_add_test(tests, a_histogram_is_of_the_scheme);
	tcase_add_test(tests, the_log_and_its_filters);
	tcase_add_test(tests, a_turn_of_split_learning);
	tcase_add_test(tests, a_log_that_begins_later);
	tcase_add_test(tests, a_timeline_s_window);
	tcase_add_test(tests, no_time_passes_in_an_ideal_world);
	suite_add_tcase(suite, tests);
	return suite;
}
