/* SPDX-License-Identifier: GPL-3.0-or-later */
/* watch/test_watch.c - a lecturer at the watch: views, keys, the command line, sizes, the end. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/file.h"
#include "support/suite.h"
#include "tui/widgets/tint.h"
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

#define COMPOSE "dataset blobs train=600 test=100; model softmax; add-client 10 samples=50"

static void begin_as(const char *term)
{
	emulator_begin(&(struct emulated){.term = term, .folder = temp.dir});
	emulator_wait("fedsh>");
}

/* The watch over ten clients. */
static void begin(void)
{
	begin_as("xterm-256color");
	emulator_type(COMPOSE "; watch\r");
	emulator_wait("[1 overview]");
}

static void command(const char *line)
{
	emulator_type(":");
	emulator_type(line);
	emulator_type("\r");
}

static void leave(void)
{
	emulator_type("q");
	emulator_wait_left();
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}

/* Every terminal: each view by its number, the keys, back to the shell. */
static void look_around(const char *term)
{
	static const char *const names[] = {"overview", "clients", "timeline", "log"};

	begin_as(term);
	emulator_type(COMPOSE "; round 2; watch\r");
	emulator_wait("[1 overview]");
	emulator_wait("q back"); /* drawn last: the title is there */
	char title[100];
	snprintf(title, sizeof title, "%.*s", (int)strcspn(emulator_screen(), "\n"), emulator_screen());
	for (const char *digit = "123456789"; *digit; digit++) {
		const char key[] = {*digit, 0};
		char shown[8];

		snprintf(shown, sizeof shown, "[%c ", *digit);
		if (*digit > '1' && !strstr(title, (char[]){' ', *digit, ' ', 0}))
			break; /* there are no more */
		emulator_type(key);
		emulator_wait(shown);
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		emulator_wait(names[i]);
	emulator_type("\t");
	emulator_wait("[1 overview]");
	emulator_wait("round 2 is made");
	emulator_type("?");
	emulator_wait("in all views");
	emulator_type("\033");
	emulator_wait_gone("in all views");
	emulator_type("q");
	emulator_wait_left();
	emulator_type("status\r");
	emulator_wait("scheme");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
	ck_assert(emulator_is_restored());
}

START_TEST(views_on_xterm)
{
	look_around("xterm-256color");
}
END_TEST

START_TEST(views_on_linux)
{
	look_around("linux");
}
END_TEST

START_TEST(views_on_vt100)
{
	look_around("vt100");
}
END_TEST

/* The grey of the titles on a background that the terminal tells; keys typed meanwhile count. */
static void on_background(const char *background, int color)
{
	emulator_begin(&(struct emulated){
		.term = "xterm-256color", .folder = temp.dir, .color = true, .background = background});
	emulator_wait("fedsh>");
	emulator_type(COMPOSE "; round 5; watch\r2");
	emulator_wait("[2 clients]");
	emulator_type("1");
	emulator_wait("[1 overview]");
	emulator_wait("a test loss");
	emulator_wait_color(color);
	leave();
}

START_TEST(colours_suit_the_background)
{
	on_background("ffff/fafa/f0f0", 242);
	on_background("0000/0000/1010", 246);
	on_background(NULL, 246);
}
END_TEST

/* Regions are half blocks in the tints of their classes, of 256 colours and on both backgrounds,
 * and letters where there are no colours. */
static void draw_regions(const char *background)
{
	emulator_begin(&(struct emulated){
		.term = "xterm-256color", .folder = temp.dir, .color = true, .background = background});
	emulator_wait("fedsh>");
	emulator_type("set lr 0.5; " COMPOSE "; round 3; watch plane\r");
	emulator_wait("version 3, accuracy");
}

START_TEST(regions_have_tints)
{
	for (int light = 0; light < 2; light++) {
		draw_regions(light ? "ffff/fafa/f0f0" : "0000/0000/1010");
		for (unsigned c = 0; c < 2; c++) { /* the first two suffice: a region and an example */
			emulator_wait_color(fed__tint_256(fed__tint(c, 1), light));
			emulator_wait_color(fed__tint_256(fed__tint(c, FED_TINT_MARK), light));
		}
		ck_assert(emulator_shows("▀▀"));
		emulator_type("a");
		emulator_wait("before local training");
		emulator_type("r");
		emulator_wait("version 4, accuracy");
		leave();
	}
	begin();
	emulator_type("8");
	emulator_wait("[8 plane]");
	emulator_wait("A 0  B 1");
	ck_assert(!emulator_shows("▀"));
	leave();
}
END_TEST

START_TEST(a_late_answer_is_no_key)
{
	emulator_begin(&(struct emulated){
		.term = "xterm-256color", .folder = temp.dir, .color = true, .deaf = true});
	emulator_wait("fedsh>");
	emulator_type(COMPOSE "; watch\r");
	emulator_wait("[1 overview]");
	emulator_type("\033]11;rgb:4444/4444/4444\033\\");
	emulator_type("\033[?64;1;2;4c");
	emulator_type(":read");
	emulator_wait(":read"); /* and so is all that was before it */
	ck_assert(emulator_shows("[1 overview]"));
	emulator_type("\025\033");
	emulator_wait_gone(":read");
	emulator_type("3");
	emulator_wait("[3 updates]");
	emulator_type("2");
	emulator_wait(">       0");
	emulator_type(":");
	emulator_type("\033");
	leave();
}
END_TEST

/* While an answer may still come, an escape takes nothing from the key behind it. */
START_TEST(keys_behind_an_escape_count)
{
	emulator_begin(&(struct emulated){
		.term = "xterm-256color", .folder = temp.dir, .color = true, .deaf = true});
	emulator_wait("fedsh>");
	emulator_type(COMPOSE "; watch clients\r");
	emulator_wait(">       0");
	emulator_type("\033\033[B");
	emulator_wait(">       1");
	leave();
}
END_TEST

START_TEST(a_dumb_terminal_is_refused)
{
	begin_as("dumb");
	emulator_type("watch\r");
	emulator_wait("TERM=dumb cannot show it");
	emulator_type("watch overvew\r");
	emulator_wait("did you mean overview?");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

START_TEST(a_locale_without_utf8_is_ascii)
{
	emulator_begin(&(struct emulated){.term = "xterm", .folder = temp.dir, .ascii = true});
	emulator_wait("fedsh>");
	emulator_type(COMPOSE "; round 5; watch\r");
	emulator_wait("[1 overview]");
	emulator_wait("round 5 is made");
	for (const char *c = emulator_screen(); *c; c++)
		ck_assert_msg((unsigned char)*c < 0x80, "%s", emulator_screen());
	leave();
}
END_TEST

START_TEST(pausing_and_single_events)
{
	begin();
	command("round 1000000");
	emulator_wait("running");
	emulator_type(" ");
	emulator_wait("paused");
	emulator_type("r");
	emulator_type("s");
	emulator_wait_silent(); /* nothing changes: nothing is written */
	ck_assert(emulator_shows("paused"));
	emulator_type(" ");
	emulator_wait("running");
	emulator_type("-");
	emulator_wait("50 rounds a second at most");
	emulator_type("+");
	emulator_wait("full speed");
	leave();
}
END_TEST

START_TEST(a_round_is_driven_by_events)
{
	begin();
	emulator_type("s"); /* opens the round */
	emulator_wait("next:");
	emulator_wait("10 downloading");
	emulator_type("s");
	emulator_wait("9 downloading");
	emulator_wait("1 training");
	emulator_type(" ");
	emulator_wait("round 1 is made");
	emulator_type("r");
	emulator_wait("round 2 is made");
	leave();
}
END_TEST

/* Some views wish to see each version: training does not wait until a frame is due. With a frame
 * each 0.05 s it would take 200 s; it takes about one. */
START_TEST(rounds_do_not_wait_for_frames)
{
	begin();
	emulator_type("2");
	command(FED_SANITIZED ? "set participants 1; round 400" : "set participants 1; round 4000");
	const double began = fed_wall_seconds();
	emulator_wait(FED_SANITIZED ? "version 400 " : "version 4,000 ");
	if (!FED_SANITIZED)
		ck_assert_double_lt(fed_wall_seconds() - began, 150);
	leave();
}
END_TEST

/* A fault is injected while rounds run: they stop between two events and go on behind it. */
START_TEST(commands_while_rounds_run)
{
	begin();
	command("round 1000000");
	emulator_wait("running");
	command("inject straggler 3 factor=5");
	command("status");
	emulator_wait("esc close"); /* what it prints, over the view */
	emulator_wait("> status");
	emulator_wait("running");
	command("heal 3");
	command("nonsense");
	emulator_wait("error: no command nonsense");
	emulator_wait("running");
	emulator_type("q");
	emulator_wait("stopped at version");
	emulator_type("faults\r");
	emulator_wait("no faults; ");
	emulator_type("continue\003");
	emulator_type("quit\r");
	ck_assert_int_eq(emulator_end(), 0);
}
END_TEST

START_TEST(interrupts_stop_what_runs)
{
	begin();
	command("round 1000000");
	emulator_wait("running");
	emulator_type("\003");
	emulator_wait("paused");
	command("continue");
	emulator_wait("running");
	leave();
}
END_TEST

START_TEST(the_command_line)
{
	begin();
	emulator_type(":stat\t");
	emulator_wait(":status");
	emulator_type("\025");                          /* Ctrl-U */
	emulator_type("add-client 1\033[D\033[D\0331"); /* Escape leaves it, 1 is a view */
	emulator_wait_gone(":add-client");
	command("set lr 0.25");
	emulator_wait("lr = 0.25");
	emulator_type(":\033[A"); /* up: the history */
	emulator_wait(":set lr 0.25");
	emulator_type("\b5\r");
	emulator_wait("lr = 0.25");
	emulator_type(":dat\t");
	emulator_wait(":dataset");
	emulator_type("\025\033");
	emulator_type("\033[200~round 1\nround 2\033[201~\r");
	emulator_wait("round 3 is made");
	leave();
}
END_TEST

START_TEST(marks_sort_and_filter)
{
	begin();
	emulator_type("2");
	emulator_wait("[2 clients]");
	emulator_type("/3-5\r");
	emulator_wait("/ 3-5");
	emulator_type("x"); /* no key of any kind */
	emulator_type("m\r");
	emulator_type("/nonsense==1\r");
	emulator_wait("nonsense");
	emulator_type("/\025\r");
	emulator_wait_gone("/ 3-5");
	emulator_type("i");
	emulator_wait(":inject crash");
	emulator_type("4\r");
	emulator_type("1");
	emulator_wait("[1 overview]");
	leave();
}
END_TEST

/* < and > step through versions in each view, which shows the one that the title names; space plays
 * what came, b begins a branch. */
START_TEST(versions_back_and_forward)
{
	static const struct {
		const char *key, *shown, *at_4, *at_5;
	} views[] = {
		{"1", "[1 overview]", "round 4 is made", "round 5 is made"},
		{"2", "[2 clients]", "version 4 of 9", "version 5 of 9"},
		{"3", "[3 updates]", "updates of version 4", "updates of version 5"},
		{"4", "[4 timeline]", "version 4 of 9", "version 5 of 9"},
		{"6", "[6 log]", "version 4 of 9", "version 5 of 9"},
		{"8", "[8 plane]", "version 4, accuracy", "version 5, accuracy"},
	};

	begin_as("xterm-256color");
	emulator_type(COMPOSE "; round 9; rewind 5; watch\r");
	emulator_wait("version 5 of 9");
	emulator_wait("> forward");
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		emulator_type(views[i].key);
		emulator_wait(views[i].shown);
		emulator_wait(views[i].at_5);
		emulator_type("<");
		emulator_wait(views[i].at_4);
		emulator_type(">");
		emulator_wait(views[i].at_5);
	}
	/* What a command shows of a version is shown of the next one, too. */
	command("evaluate show=confusion");
	emulator_wait("the global model of version 5");
	emulator_type("<");
	emulator_wait("the global model of version 4");
	emulator_type(">");
	emulator_wait("the global model of version 5");
	emulator_type("q");  /* closes it */
	emulator_type("1 "); /* to where the branch ends, which is no place to go forward from */
	emulator_wait("round 9 is made");
	emulator_wait_gone("> forward");
	command("rewind 7");
	emulator_wait("version 7 of 9");
	emulator_type("bother\r");
	emulator_wait("version 7 on other");
	emulator_type("r");
	emulator_wait("version 8 on other");
	command("switch main");
	emulator_wait("round 9 is made");
	leave();
}
END_TEST

/* What a terminal can become, and back again. */
START_TEST(any_size)
{
	static const int sizes[][2] = {{1, 1},  {0, 0},    {2, 500}, {500, 2}, {40, 10},
	                               {39, 9}, {200, 60}, {1, 200}, {100, 30}};

	begin();
	command("round 1000000");
	emulator_wait("running");
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		emulator_resize(sizes[i][0], sizes[i][1]);
		emulator_type("2");
		emulator_read_on();
		emulator_type("1");
	}
	emulator_wait("[1 overview]");
	for (int i = 0; i < 100; i++)
		emulator_resize(1 + i * 37 % 150, 1 + i * 23 % 60);
	emulator_resize(80, 24);
	emulator_wait("[1 overview]");
	emulator_wait("q back");
	emulator_resize(30, 5);
	emulator_wait("needs 40 x 10, has 30 x 5");
	emulator_resize(100, 30);
	emulator_wait("q back");
	leave();
}
END_TEST

/* A number behind this key in the last JSON line that has it. */
static double json_number(const char *json, const char *key)
{
	char name[64];
	const char *last = NULL;

	snprintf(name, sizeof name, "\"%s\":", key);
	for (const char *at = json; (at = strstr(at, name)); at++)
		last = at + strlen(name);
	ck_assert_msg(last, "no %s in %s", key, json);
	return atof(last);
}

START_TEST(numbers_are_those_of_json)
{
	static const char *const arguments[] = {"--json", "lines.json", NULL};
	struct fed_text json = {0}, words = {0};
	struct fed_error err;

	emulator_begin(
		&(struct emulated){.term = "xterm-256color", .folder = temp.dir, .argument = arguments});
	emulator_wait("fedsh>");
	emulator_type(COMPOSE "; watch\r");
	emulator_wait("[1 overview]");
	command("round 3");
	emulator_wait("round 3 is made");
	emulator_wait("ready");
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "lines.json"), 1 << 20, &json, &err), &err);
	const char *lines = fed_text_str(&json);
	fed_text_add(&words, "accuracy %.2f %%  loss %#.4g  train %#.4g",
	             100 * json_number(lines, "test_accuracy"), json_number(lines, "test_loss"),
	             json_number(lines, "train_loss"));
	emulator_wait(fed_text_str(&words));
	fed_text_clear(&words);
	fed_text_add(&words, "down ");
	fed_text_bytes(&words, 3 * json_number(lines, "bytes_down"));
	fed_text_add(&words, "  up ");
	fed_text_bytes(&words, 3 * json_number(lines, "bytes_up"));
	fed_text_add(&words, "  %.0f messages", 3 * json_number(lines, "messages"));
	emulator_wait(fed_text_str(&words));
	fed_text_clear(&words);
	fed_text_add(&words, "version 3  clock ");
	fed_text_clock(&words, json_number(lines, "clock"));
	emulator_wait(fed_text_str(&words));
	leave();
	fed_text_release(&json);
	fed_text_release(&words);
}
END_TEST

/* Runs that were stopped by pauses and commands in the middle of rounds: a replay is the same. */
START_TEST(a_record_of_it_replays)
{
	begin();
	command("scheme sync deadline=30; set client all device=phone; record all.fedsh");
	command("watch pace=2");
	emulator_wait("pace 2/s");
	command("round 100"); /* 50 seconds of them: the pause comes in time */
	emulator_wait("running");
	emulator_wait_gone("version 0 ");
	emulator_type(" ");
	emulator_wait("paused");
	emulator_type("s");
	emulator_type("s");
	command("inject straggler 3 factor=5");
	emulator_type("s");
	command("inject crash 2 p=0.5");
	command("watch pace=0");
	emulator_wait_gone("pace 2/s");
	emulator_type(" ");
	emulator_wait("round 100 is made");
	command("step 7");
	command("set lr 0.02; continue");
	emulator_wait("round 101 is made");
	command("record stop; export one.safetensors; expect version==101");
	emulator_wait("holds: version 101 == 101");
	command("replay all.fedsh; export two.safetensors; expect round==101");
	emulator_wait("holds: round 101 == 101");
	leave();
	struct fed_text one = {0}, two = {0};
	struct fed_error err;
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "one.safetensors"), 1 << 20, &one, &err),
	              &err);
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "two.safetensors"), 1 << 20, &two, &err),
	              &err);
	ck_assert_uint_eq(one.len, two.len);
	ck_assert_mem_eq(one.s, two.s, one.len);
	fed_text_release(&one);
	fed_text_release(&two);
}
END_TEST

START_TEST(a_lesson_plays_itself)
{
	static const char lesson[] = "# SPDX-License-Identifier: GPL-3.0-or-later\n"
								 "# A lesson says what it does.\n" COMPOSE "\n\nwatch log\n"
								 "# It makes rounds.\nround 3\nexpect version==3\n"
								 "# The end of the lesson.\n";
	static const char *const arguments[] = {"--watch", "--pace", "1000", "lesson.fedsh", NULL};

	fed_temp_write(&temp, "lesson.fedsh", lesson, sizeof lesson - 1);
	emulator_begin(
		&(struct emulated){.term = "xterm-256color", .folder = temp.dir, .argument = arguments});
	emulator_wait("The end of the lesson.");
	emulator_wait(" log]");
	emulator_wait("> round 3");
	emulator_wait("ready");
	emulator_wait("q leave"); /* there is no prompt behind it */
	ck_assert(!emulator_shows("error"));
	emulator_type("q");
	ck_assert_int_eq(emulator_end(), 0);
	ck_assert(emulator_is_restored());
}
END_TEST

START_TEST(a_view_is_exported)
{
	struct fed_text picture = {0};
	struct fed_error err;

	begin();
	command("round 2");
	emulator_wait("round 2 is made");
	emulator_type("e\r");
	emulator_wait("overview.svg was written");
	emulator_type("e\025here.txt\r");
	emulator_wait("here.txt was written");
	emulator_type("e\025/nowhere/x.txt\r");
	emulator_wait("/nowhere/x.txt");
	leave();
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "overview.svg"), 1 << 20, &picture, &err),
	              &err);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&picture), "</svg>"));
	fed_text_clear(&picture);
	fed_assert_ok(fed_file_read(fed_temp_file(&temp, "here.txt"), 1 << 20, &picture, &err), &err);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&picture), "round 2 is made"));
	fed_text_release(&picture);
}
END_TEST

/* Whatever ends it, the terminal is as it was. */
static void end_by(int number, int code)
{
	begin();
	command("round 1000000");
	emulator_wait("running");
	emulator_signal(number);
	ck_assert_int_eq(emulator_end(), code);
	ck_assert(emulator_is_restored());
}

START_TEST(the_end_restores_the_terminal)
{
	end_by(SIGTERM, 128 + SIGTERM);
	end_by(SIGHUP, 128 + SIGHUP);
}
END_TEST

START_TEST(a_crash_restores_the_terminal)
{
#if !FED_SANITIZED
	end_by(SIGSEGV, 128 + SIGSEGV);
	end_by(SIGABRT, 128 + SIGABRT);
#endif
	end_by(SIGQUIT, 128 + SIGQUIT);
}
END_TEST

START_TEST(stopped_and_continued)
{
	begin();
	command("round 1000000");
	emulator_wait("running");
	emulator_signal(SIGTSTP); /* no shell could continue it here: it only redraws */
	emulator_read_on();
	emulator_wait("[1 overview]");
	emulator_signal(SIGSTOP);
	emulator_wait_stopped();
	emulator_signal(SIGCONT);
	emulator_type("?");
	emulator_wait("in all views");
	emulator_type("q");
	leave();
}
END_TEST

FED_SUITE(watch)
{
	Suite *suite = suite_create("watch");
	TCase *tests = tcase_create("watch");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, views_on_xterm);
	tcase_add_test(tests, views_on_linux);
	tcase_add_test(tests, views_on_vt100);
	tcase_add_test(tests, colours_suit_the_background);
	tcase_add_test(tests, regions_have_tints);
	tcase_add_test(tests, a_late_answer_is_no_key);
	tcase_add_test(tests, keys_behind_an_escape_count);
	tcase_add_test(tests, a_dumb_terminal_is_refused);
	tcase_add_test(tests, a_locale_without_utf8_is_ascii);
	tcase_add_test(tests, pausing_and_single_events);
	tcase_add_test(tests, a_round_is_driven_by_events);
	tcase_add_test(tests, rounds_do_not_wait_for_frames);
	tcase_add_test(tests, commands_while_rounds_run);
	tcase_add_test(tests, interrupts_stop_what_runs);
	tcase_add_test(tests, the_command_line);
	tcase_add_test(tests, marks_sort_and_filter);
	tcase_add_test(tests, versions_back_and_forward);
	tcase_add_test(tests, any_size);
	tcase_add_test(tests, numbers_are_those_of_json);
	tcase_add_test(tests, a_record_of_it_replays);
	tcase_add_test(tests, a_lesson_plays_itself);
	tcase_add_test(tests, a_view_is_exported);
	tcase_add_test(tests, the_end_restores_the_terminal);
	tcase_add_test(tests, a_crash_restores_the_terminal);
	tcase_add_test(tests, stopped_and_continued);
	suite_add_tcase(suite, tests);
	return suite;
}
