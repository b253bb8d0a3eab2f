/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shell/program/test_kit.c - writing a plugin: its files by name, what is said of it, and the
 * terminal's part: editor, debugger, a source that is built when it is saved. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "shell/lab.h"
#include "support/suite.h"
#include "shell/program/terminal.h"

#define PROGRAM FED_BUILD_DIR "/fedsh"
#define SESSION "dataset blobs; add-client 4 samples=20; "

static struct fed_temp temp;
static struct program_run run;
static char said[sizeof run.out + sizeof run.err];

static void set_up(void)
{
	fed_temp_make(&temp);
	setenv("HOME", temp.dir, 1);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

/* Run commands in the folder; returns their output, errors behind it. */
static const char *reply(const char *commands, int code)
{
	program_run(&run, PROGRAM, temp.dir, (const char *const[]){"-c", commands, NULL}, "", 0);
	ck_assert_msg(run.code == code, "%s: %d\n%s%s", commands, run.code, run.out, run.err);
	snprintf(said, sizeof said, "%s%s", run.out, run.err);
	return said;
}

/* Names ---------------------------------------------------------------------- */

START_TEST(files_are_found_by_the_plugin_s_name)
{
	reply("new-plugin aggregator mine", 0);
	assert_shows(reply("load mine", 7), "`build mine` makes it");
	assert_shows(reply("build mine", 0), "built mine/mine.so; `load mine`");
	assert_shows(reply("load mine; build mine", 0), "built mine/mine.so; `reload mine` takes it");
	assert_shows(reply("aggregator mine", 2), "trimmed-mean; `load mine` loads mine/mine.so\n");
	assert_shows(reply("info mine", 2), "; `load mine` loads mine/mine.so\n");
	ck_assert_ptr_null(strstr(reply("scheme mine", 2), "`load mine`"));
	assert_shows(reply("load /bin/sh", 7), "is a program, not a shared object");
	reply("load ./mine/mine.so; reload mine; unload mine", 0);
	reply("load ./mine.so", 0); /* as scripts said it before plugins had folders */
	reply("build mine/mine.c; build ./mine/; load mine/", 0);

	/* A file without a folder. */
	fed_temp_write(&temp, "lone.c", "#error no\n", 10);
	assert_shows(reply("build lone", 7), "error no");
	assert_shows(reply("build nobody", 7), "`new-plugin KIND nobody` writes one");
}
END_TEST

START_TEST(plugins_are_c)
{
	fed_temp_write(&temp, "mine.cpp", "int x;\n", 7);
	assert_shows(reply("build mine.cpp", 7), "mine.cpp is C++, and plugins are C");
	assert_shows(reply("build mine", 7), "mine.cpp is C++, and plugins are C");
}
END_TEST

START_TEST(a_new_plugin_overwrites_nothing_unasked)
{
	reply("new-plugin aggregator mine; edit mine old=\"scale, 1,\" new=\"scale, 7,\"", 0);
	assert_shows(reply("new-plugin aggregator mine", 5), "or say replace");
	assert_shows(reply("build mine; load mine; info mine", 0), "scale  7");
	reply("new-plugin aggregator mine replace; build mine", 0);
	assert_shows(reply("load mine; info mine", 0), "scale  1 ");
	reply("new-plugin attack mine layer=own", 2);
	assert_shows(reply("new-plugin aggregator fedavg", 2), "choose another, as in my-fedavg");
	fed_temp_write(&temp, "lone.c", "", 0);
	assert_shows(reply("new-plugin attack lone", 5), "lone.c exists already");
}
END_TEST

START_TEST(a_text_is_replaced_where_it_occurs_once)
{
	reply("new-plugin aggregator mine", 0);
	assert_shows(reply("edit mine old=\"no such\" new=x", 5), "has no \"no such\"");
	assert_shows(reply("edit mine old=return new=x", 5), "more than once");
	assert_shows(reply("edit mine old=scale", 5), "old= and new= go together");
	reply("build mine", 0);
}
END_TEST

/* What is said of one ---------------------------------------------------------- */

START_TEST(info_tells_what_it_did)
{
	reply("new-plugin aggregator mine; build mine", 0);
	reply("load mine; info mine; " SESSION "aggregator mine; round 2; info mine", 0);
	assert_shows(said, "/mine/mine.c\n  0 calls, 0 failures of its process\n");
	assert_shows(said, "in them, 0 failures of its process\n  step = scale * weighted mean");

	reply("edit mine old=\"s->total = 0;\" new=\"*(volatile int *)0 = 1;\"; build mine", 0);
	reply("load mine; set on-plugin-error skip; " SESSION "aggregator mine; round 2; info mine", 0);
	assert_shows(said, "2 failures of its process, in each of the last 2 rounds");
}
END_TEST

START_TEST(two_rules_are_compared_on_the_same_updates)
{
	reply("new-plugin aggregator mine; build mine", 0);
	assert_shows(reply("load mine; " SESSION "round; diff-plugin mine fedavg", 0),
	             "the steps are the same, bit for bit");
	assert_shows(reply("load mine; " SESSION "round; diff-plugin mine fedavg scale=3", 0),
	             "cosine 1.000000");
	/* What the session uses has its settings there; half of a step is half of it away. */
	assert_shows(
		reply("load mine; " SESSION "aggregator mine scale=0.5; round; diff-plugin mine fedavg", 0),
		"(50 % of fedavg's norm)");
	assert_shows(reply(SESSION "diff-plugin median fedavg", 1), "`round` makes some");
	reply(SESSION "round; diff-plugin median nosuch", 2);
	reply(SESSION "round; diff-plugin median fedavg depth=3", 2);
}
END_TEST

START_TEST(a_rule_is_measured_guarded_and_trusted)
{
	reply("new-plugin aggregator mine; build mine", 0);
	reply("load mine; bench-plugin mine n=4 d=1000 scale=2", 0);
	assert_shows(said, "4 updates of 1,000 numbers");
	assert_shows(said, "guarded");
	assert_shows(said, "trusted");
	assert_shows(said, "fedavg");
	reply("bench-plugin lossy", 7);

	/* Trusted it ends a process, which is not this one; guarded it fails first. */
	reply("edit mine old=\"s->total = 0;\" new=\"*(volatile int *)0 = 1;\"; build mine", 0);
	assert_shows(reply("load mine; bench-plugin mine n=4 d=1000", 7), "used a NULL pointer");
}
END_TEST

/* Scripts have no terminal. */
START_TEST(scripts_are_told_what_to_say_instead)
{
	reply("new-plugin aggregator mine; build mine; watch-plugin off", 0);
	assert_shows(reply("watch-plugin mine", 1), "in a script say `build mine; reload mine`");
	assert_shows(reply("edit mine", 0), "in a script `edit NAME old=... new=...`");
	assert_shows(reply("load mine; debug-plugin mine", 7), "choose it first");
	assert_shows(reply("load mine; aggregator mine; debug-plugin mine", 0),
	             "in a terminal it starts");
}
END_TEST

/* Terminal ------------------------------------------------------------------- */

/* Replace the source as editors do: another file is written and renamed. */
static void save_source(const char *what)
{
	char from[300];
	FILE *f;

	snprintf(from, sizeof from, "%s/mine/new", temp.dir);
	f = fopen(from, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(
		f,
		"#include <fedsh/aggregator.h>\n"
		"static int columns(const void *s, const struct fed_round *r,\n"
		"    const struct fed_update *const u[], size_t n, size_t j0, size_t j1, float *out,\n"
		"    struct fed_error *err)\n"
		"{ for (size_t j = j0; j < j1; j++) out[j] = 0; return FED_OK; }\n"
		"FED_PLUGIN struct fed_aggregator fed_plugin = {\n"
		"    .head = FED_AGGREGATOR(char, \"mine\", \"%s\", \"\", NULL), .columns = columns };\n",
		what);
	fclose(f);
	ck_assert_int_eq(rename(from, fed_temp_file(&temp, "mine/mine.c")), 0);
}

START_TEST(a_saved_source_is_built_and_reloaded)
{
	reply("new-plugin aggregator mine", 0);
	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("watch-plugin mine\r");
	terminal_wait("whenever mine/mine.c is saved");
	terminal_wait("fedsh> ");
	terminal_type("expect loss");
	terminal_wait("expect loss");
	save_source("the first");
	terminal_wait("aggregator mine: the first (guarded)");
	terminal_wait("expect loss"); /* what was typed is there again, and goes on */
	terminal_type("=\025aggregator mine\r");
	terminal_wait("aggregator mine\r\n");
	terminal_wait("aggregator mine");
	terminal_wait("fedsh> ");
	save_source("the second");
	terminal_wait("mine is loaded again");
	terminal_wait("fedsh> ");
	terminal_type("info mine\r");
	terminal_wait("aggregator mine: the second");
	terminal_wait("fedsh> ");

	/* One that does not compile: the old one stays, and the next one is taken. */
	save_source("\" oops \"\"");
	terminal_wait("refused it (see above)");
	terminal_wait("fedsh> ");
	save_source("the third");
	terminal_wait("mine is loaded again");
	terminal_wait("fedsh> ");
	terminal_type("watch-plugin off\r");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

/* In a run it is taken between two rounds, which the recording tells. */
START_TEST(a_run_goes_on_with_what_was_saved)
{
	struct fed_text recorded = {0};
	struct fed_error err;

	reply("new-plugin aggregator mine; build mine", 0);
	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("record r.fedsh; load mine; watch-plugin mine\r");
	terminal_wait("whenever mine/mine.c is saved");
	terminal_wait("fedsh> ");
	terminal_type("dataset glyphs train=2000 test=500; model mlp hidden=100\r");
	terminal_wait("parameters");
	terminal_wait("fedsh> ");
	terminal_type("add-client 10 samples=200; aggregator mine; round 100000\r");
	terminal_wait("round 2  ");
	save_source("in between");
	terminal_wait("mine is loaded again");
	terminal_wait("  loss ");
	terminal_type("\003");
	terminal_wait("stopped at version");
	terminal_wait("fedsh> ");
	terminal_type("info mine; quit\r");
	terminal_wait("aggregator mine: in between");
	ck_assert_int_eq(terminal_end(), 0);
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "r.fedsh"), 1 << 16, &recorded, &err), &err);
	without_digests(recorded.s);
	assert_shows(recorded.s, "round 100000\nreload mine\npause ");
	ck_assert_str_eq(recorded.s + strlen(recorded.s) - strlen("\ncontinue\n"), "\ncontinue\n");
	fed_text_release(&recorded);
}
END_TEST

START_TEST(edit_opens_the_editor)
{
	setenv("VISUAL", "sed -i s/seconds/hours/", 1);
	reply("new-plugin transport mine", 0);
	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type("edit mine\r");
	terminal_wait("fedsh> ");
	terminal_type("edit mine old=\"delay; /* hours */\" new=\"delay;\"\r");
	terminal_wait("changed mine/mine.c");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
}
END_TEST

/* A debugger that shows what it is told and runs the program. */
static const char debugger[] = "#!/bin/sh\n"
							   "while [ \"$1\" != --args ]; do echo \"told: $1\"; shift; done\n"
							   "shift\n"
							   "exec \"$@\"\n";

START_TEST(the_debugger_gets_a_copy_of_the_session)
{
	char path[4096];

	fed_temp_write(&temp, "gdb", debugger, sizeof debugger - 1);
	ck_assert_int_eq(chmod(fed_temp_file(&temp, "gdb"), 0755), 0);
	snprintf(path, sizeof path, "%s:%s", temp.dir, getenv("PATH"));
	setenv("PATH", path, 1);
	setenv("TMPDIR", temp.dir, 1);
	reply("new-plugin aggregator mine; build mine", 0);
	terminal_begin("xterm", temp.dir);
	terminal_wait("fedsh> ");
	terminal_type(SESSION "load mine; aggregator mine; round\r");
	terminal_wait("round 1  ");
	terminal_wait("fedsh> ");
	terminal_type("debug-plugin mine\r");
	terminal_wait("told: catch load mine.so");
	terminal_wait("told: rbreak mine.c:.");
	terminal_wait("(trusted)");
	terminal_wait("round 2  ");
	terminal_wait("back in the session, which is as it was");
	terminal_wait("fedsh> ");
	terminal_type("expect round==1\r");
	terminal_wait("holds: round 1 == 1");
	terminal_wait("fedsh> ");
	terminal_type("quit\r");
	ck_assert_int_eq(terminal_end(), 0);
	run.code = system("ls \"$TMPDIR\" | grep fedsh-debug"); /* the copy is removed */
	ck_assert_int_ne(run.code, 0);
}
END_TEST

FED_SUITE(kit)
{
	Suite *suite = suite_create("kit");
	TCase *tests = tcase_create("kit");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, files_are_found_by_the_plugin_s_name);
	tcase_add_test(tests, plugins_are_c);
	tcase_add_test(tests, a_new_plugin_overwrites_nothing_unasked);
	tcase_add_test(tests, a_text_is_replaced_where_it_occurs_once);
	tcase_add_test(tests, info_tells_what_it_did);
	tcase_add_test(tests, two_rules_are_compared_on_the_same_updates);
	tcase_add_test(tests, a_rule_is_measured_guarded_and_trusted);
	tcase_add_test(tests, scripts_are_told_what_to_say_instead);
	tcase_add_test(tests, a_saved_source_is_built_and_reloaded);
	tcase_add_test(tests, a_run_goes_on_with_what_was_saved);
	tcase_add_test(tests, edit_opens_the_editor);
	tcase_add_test(tests, the_debugger_gets_a_copy_of_the_session);
	suite_add_tcase(suite, tests);
	return suite;
}
