/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Traces, read by a JSON parser that is not ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "report/export.h"
#include "session/small.h"

static struct fed_temp temp;

static void make_folder(void)
{
	fed_temp_make(&temp);
}
static void remove_folder(void)
{
	fed_temp_remove(&temp);
}

static void export_to(struct fed_session *s, const char *name)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_session_export(s, fed_temp_file(&temp, name), NULL, &err), &err);
}

static void check(struct fed_session *s, unsigned versions, unsigned clients)
{
	char command[1000];

	export_to(s, "t.json");
	snprintf(command, sizeof command,
	         "python3 '" FED_SOURCE_DIR "/tests/report/chrome_trace.py' '%s' %u %u >/dev/null",
	         temp.file, versions, clients);
	ck_assert_int_eq(system(command), 0);
}

#define COMPOSE "dataset blobs train=400 test=40;model softmax;set batch 5;"
static const struct {
	const char *lines;
	unsigned versions, clients;
} worlds[] = {
	{COMPOSE "add 8 iid 20 1e5:1 4g:1;round 6", 6, 8},
	{COMPOSE "add 8 iid 20 ideal ideal;round 3", 3, 8},
	{COMPOSE "add 8 iid 20 1e5:1 4g:1;scheme sync quorum=0.5;round 6", 6, 8},
	{COMPOSE "add 8 iid 20 1e5:1 3g:1;transport lossy retries=0;round 25", 25, 8},
	{COMPOSE "add 8 iid 20 1e5:2 4g:1;scheme async concurrency=5;aggregator fedbuff buffer=4;"
             "round 40",
     40, 8},
	{COMPOSE "add 8 iid 20 1e5:2 3g:1;transport lossy retries=0;"
             "scheme async concurrency=6 max_staleness=1;aggregator fedasync;round 60",
     60, 8},
	{COMPOSE "model mlp hidden=4,4;add 8 iid 20 1e5:1 4g:1;scheme split cut=2;round 3", 3, 8},
	{COMPOSE "model mlp hidden=4,4;add 8 iid 20 1e5:1 4g:1;scheme split cut=2,4 labels=client "
             "parallel=v2;round 3",
     3, 8},
	/* Slow enough for the clock to reach years. */
	{COMPOSE "set epochs 20000;add 3 iid 20 1 satellite;round 3", 3, 3},
};

START_TEST(traces_are_complete)
{
	struct fed_session s;

	if (system("python3 -c 'import json' >/dev/null 2>&1") != 0)
		return;
	small_init(&s, NULL);
	small_do(&s, worlds[_i].lines);
	check(&s, worlds[_i].versions, worlds[_i].clients);
	fed__session_release(&s);
}
END_TEST

START_TEST(an_empty_run)
{
	struct fed_session s;
	struct fed_text text = {0};
	struct fed_error err = {""};

	small_init(&s, NULL);
	export_to(&s, "t.json");
	fed_assert_ok(fed_file_read(temp.file, 1 << 20, &text, &err), &err);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&text), "\"traceEvents\":["));
	ck_assert_ptr_null(strstr(fed_text_str(&text), "\"ph\":\"X\""));
	fed_text_release(&text);
	fed__session_release(&s);
}
END_TEST

FED_SUITE(chrome_trace)
{
	Suite *suite = suite_create("trace");
	TCase *tests = tcase_create("trace");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_loop_test(tests, traces_are_complete, 0, (int)(sizeof worlds / sizeof *worlds));
	tcase_add_test(tests, an_empty_run);
	suite_add_tcase(suite, tests);
	return suite;
}
