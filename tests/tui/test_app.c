/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of the watch without terminal and threads: title, footer, keys, the line that is typed.
 */
#include <string.h>

#include "session/small.h"
#include "tui/views/messages.h"
#include "tui/app.h"

static struct fed_session session;
static struct fed_app app;
static struct fed_text text;

static void set_up(void)
{
	struct fed_error err;

	small_init(&session, NULL);
	small_do(&session, "dataset blobs train=400 test=40;model softmax;add 4 iid 20");
	app = (struct fed_app){.watched = {.session = &session, .utf8 = true}};
	app.watched.messages = fed__messages_new();
	ck_assert_ptr_nonnull(app.watched.messages);
	fed_assert_ok(fed__app_init(&app, NULL, &err), &err);
}

static void tear_down(void)
{
	struct fed_messages *messages = app.watched.messages;

	fed__app_release(&app);
	fed__messages_free(messages);
	fed__session_release(&session);
	fed_text_release(&text);
}

static const char *look(const struct fed_runner_state *now, int columns, int rows)
{
	struct fed_error err;

	fed__app_read_messages(&app);
	fed_assert_ok(fed__app_paint(&app, now, true, columns, rows, &err), &err);
	fed_text_clear(&text);
	fed__canvas_text(&app.whole, &text, true, false);
	return fed_text_str(&text);
}

static void shows(const char *words)
{
	ck_assert_msg(strstr(fed_text_str(&text), words), "no %s in\n%s", words, fed_text_str(&text));
}

static enum fed_app_action press(uint32_t code)
{
	return fed__app_press(&app, &(struct fed_press){.code = code});
}

static void type(const char *keys)
{
	for (; *keys; keys++)
		ck_assert_int_eq(press((unsigned char)*keys), FED_APP_ACTION_NONE);
}

static const struct fed_runner_state idle = {.busy = false}, running = {.busy = true},
									 paused = {.busy = true, .waiting = true, .paused = true};

START_TEST(title_and_footer)
{
	look(&idle, 100, 24);
	shows("[1 overview]");
	shows(" version 0  clock 0 s  ready\n");
	shows("r one round  : command  tab next view  ? keys  q back");
	look(&idle, 80, 24); /* all of them, close together */
	shows("[1 overview]2clients 3updates 4timeline ");
	shows(" 9room\n");
	look(&running, 100, 24);
	shows("space pause");
	look(&paused, 100, 24);
	shows("space go on  s one event");
	look(&running, 40, 10);
	shows("[1 overview]  v0  0 s  running");
	shows("? keys  q back");
	app.alone = true;
	look(&running, 40, 10);
	shows("? keys  q leave");
	ck_assert_str_eq(look(&idle, 39, 3), "needs 40 x 10, has 39 x 3\n\n\n");
	ck_assert_str_eq(look(&idle, 20, 5), "needs 40 x 10, has 2\n\n\n\n\n");
	for (int columns = 1; columns < 60; columns += 4)
		for (int rows = 1; rows < 20; rows += 3)
			look(&idle, columns, rows);
}
END_TEST

START_TEST(keys_and_deeds)
{
	look(&idle, 80, 24);
	ck_assert_int_eq(press(' '), FED_APP_ACTION_PAUSE);
	ck_assert_int_eq(press('s'), FED_APP_ACTION_STEP);
	ck_assert_int_eq(press('r'), FED_APP_ACTION_ROUND);
	ck_assert_int_eq(press('='), FED_APP_ACTION_FASTER);
	ck_assert_int_eq(press('-'), FED_APP_ACTION_SLOWER);
	ck_assert_int_eq(press('q'), FED_APP_ACTION_LEAVE);
	ck_assert_int_eq(press('2'), FED_APP_ACTION_NONE);
	ck_assert_uint_eq(app.at, 1);
	press(FED_KEY_BACK_TAB);
	press(FED_KEY_BACK_TAB);
	ck_assert_ptr_null(fed__view_at(app.at + 1));
	press(FED_KEY_TAB);
	ck_assert_uint_eq(app.at, 0);
	press('/');
	look(&idle, 80, 24);
	shows("the view overview has no filter");
	press('?');
	look(&idle, 80, 24);
	shows("in all views");
	press(FED_KEY_DOWN);
	press('x');
	look(&idle, 80, 24);
	shows("nothing trained yet");
}
END_TEST

START_TEST(clicks_on_names)
{
	const struct fed_press first = {.code = FED_KEY_CLICK, .column = 2, .row = 0},
						   second = {.code = FED_KEY_CLICK, .column = 16, .row = 0},
						   below = {.code = FED_KEY_CLICK, .column = 2, .row = 1},
						   behind = {.code = FED_KEY_CLICK, .column = 99, .row = 0};

	look(&idle, 100, 24);
	fed__app_press(&app, &second);
	ck_assert_uint_eq(app.at, 1);
	look(&idle, 100, 24);
	fed__app_press(&app, &below);
	fed__app_press(&app, &behind);
	ck_assert_uint_eq(app.at, 1);
	fed__app_press(&app, &first);
	ck_assert_uint_eq(app.at, 0);
	look(&idle, 40, 10); /* room for the one that is shown */
	fed__app_press(&app, &first);
	ck_assert_uint_eq(app.at, 0);
}
END_TEST

START_TEST(a_line_is_edited)
{
	press(':');
	type("setlr 0.5");
	for (int i = 0; i < 6; i++)
		press(FED_KEY_LEFT);
	type(" ");
	press(FED_KEY_END);
	press(FED_KEY_BACKSPACE);
	type("25");
	look(&idle, 40, 10);
	shows(":set lr 0.25");
	ck_assert_int_eq(press(FED_KEY_TAB), FED_APP_ACTION_COMPLETE);
	ck_assert_int_eq(press(FED_KEY_UP), FED_APP_ACTION_OLDER);
	ck_assert_int_eq(press(FED_KEY_ENTER), FED_APP_ACTION_LINE);
	ck_assert_str_eq(app.prompt.line, "set lr 0.25");
	press(FED_KEY_PASTE); /* a paste opens the line; its newlines are kept */
	type("a");
	press(FED_KEY_ENTER);
	type("b");
	press(FED_KEY_PASTE_END);
	ck_assert_int_eq(press(FED_KEY_ENTER), FED_APP_ACTION_LINE);
	ck_assert_str_eq(app.prompt.line, "a\nb");
	press(':');
	for (int i = 0; i < 5000; i++)
		press(0xD55C); /* wide, and more than there is room for */
	look(&idle, 60, 16);
	ck_assert_int_lt(app.cursor, 60);
	press(FED_KEY_ESCAPE);
	ck_assert_int_eq(app.prompting, FED_PROMPTING_NOTHING);
}
END_TEST

START_TEST(completion)
{
	struct fed_prompt p = {.label = ":"};

	fed__prompt_open(&p, ":", "data");
	fed__prompt_complete(&p, "dataset", 0);
	ck_assert_str_eq(p.line, "dataset ");
	fed__prompt_complete(&p, "blobs\nblurs", 8);
	ck_assert_str_eq(p.line, "dataset bl");
	fed__prompt_complete(&p, "blobs\nblurs", 8);
	ck_assert_str_eq(fed_text_str(&p.choices), "blobs  blurs");
	fed__prompt_complete(&p, "blobs=", 8);
	ck_assert_str_eq(p.line, "dataset blobs=");
	fed__prompt_release(&p);
}
END_TEST

/* A hint stands behind the line while the cursor is at its end, and there is room. */
START_TEST(hints_and_further_lines)
{
	struct fed_prompt p = {.label = ":"};
	struct fed_canvas canvas;
	struct fed_text drawn = {0};
	struct fed_error err;

	fed_assert_ok(fed__canvas_init(&canvas, 24, 1, &err), &err);
	fed__prompt_open(&p, ":", "add-client ");
	fed_text_add(&p.hint, "N [PART]");
	ck_assert_int_eq(fed__prompt_paint(&p, &canvas, 0), 12);
	fed__canvas_text(&canvas, &drawn, true, FED_PALETTE_NONE);
	ck_assert_str_eq(fed_text_str(&drawn), ":add-client N [PART]\n");
	p.cursor--;
	fed_text_clear(&drawn);
	fed__canvas_clear(&canvas);
	fed__prompt_paint(&p, &canvas, 0);
	fed__canvas_text(&canvas, &drawn, true, FED_PALETTE_NONE);
	ck_assert_str_eq(fed_text_str(&drawn), ":add-client\n");
	fed__prompt_open(&p, ":", "add-client \\");
	fed__prompt_continue(&p);
	ck_assert_str_eq(p.line, "add-client \\\n");
	ck_assert_uint_eq(p.cursor, p.n);
	fed_text_release(&drawn);
	fed__prompt_release(&p);
	fed__canvas_release(&canvas);
}
END_TEST

/* The cursor is behind what is drawn, whatever the characters' widths. */
START_TEST(the_cursor_counts_columns)
{
	static const struct {
		const char *line;
		int cursor;
		const char *drawn;
	} rows[] = {
		{"漢字", 5, ":漢字\n"},
		{"cafe\u0301", 5, ":café\n"},
		{"\U0001F469\u200D\U0001F4BB", 5, ":\U0001F469\U0001F4BB\n"},
		{"a\nb", 4, ":a\u23ceb\n"},
		{"a\xff", 3, ":a\uFFFD\n"},
		{"0123456789漢字", 9, ":6789漢字\n"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_canvas canvas = {0};
		struct fed_prompt p = {0};
		struct fed_text drawn = {0};
		struct fed_error err;

		fed_assert_ok(fed__canvas_init(&canvas, 10, 1, &err), &err);
		fed__prompt_open(&p, ":", rows[i].line);
		ck_assert_int_eq(fed__prompt_paint(&p, &canvas, 0), rows[i].cursor);
		fed__canvas_text(&canvas, &drawn, true, false);
		ck_assert_str_eq(fed_text_str(&drawn), rows[i].drawn);
		fed_text_release(&drawn);
		fed__prompt_release(&p);
		fed__canvas_release(&canvas);
	}
}
END_TEST

static void lacks(const char *words)
{
	ck_assert_msg(!strstr(fed_text_str(&text), words), "%s in\n%s", words, fed_text_str(&text));
}

static void say(enum fed_watch_stream stream, const char *line)
{
	fed__messages_add(app.watched.messages, stream, 0, line, strlen(line));
	fed__messages_add(app.watched.messages, stream, 0, "\n", 1);
}

/* A command that prints nothing is answered by its events. */
START_TEST(a_typed_command_is_answered)
{
	fed__app_read_events(&app);
	press(':');
	type("inject offline 2");
	small_do(&session, "inject offline 2"); /* before it was asked for */
	fed__app_read_events(&app);
	ck_assert_int_eq(press(FED_KEY_ENTER), FED_APP_ACTION_LINE);
	look(&idle, 80, 24);
	lacks("fault 1");
	small_do(&session, "inject slow-link 3");
	ck_assert(fed__app_read_events(&app));
	look(&idle, 80, 24);
	shows("fault 2: slow-link factor=10 on client 3, from version 1 on  (more in the log)\n");
	press('1');
	small_do(&session, "inject offline 1");
	ck_assert(!fed__app_read_events(&app));
	look(&idle, 80, 24);
	lacks("fault 3");
}
END_TEST

START_TEST(lessons_and_messages)
{
	say(FED_STREAM_PART, "Lesson 0: none");
	say(FED_STREAM_HEADING, "1. Begin");
	say(FED_STREAM_CAPTION, "First words.");
	say(FED_STREAM_LINE, "round 3");
	look(&idle, 80, 24);
	shows(" First words.\n\n\n\n\n > round 3\n");
	shows("\u2500 Lesson 0: none \u2500 1. Begin \u2500\u2500");
	say(FED_STREAM_PART, "Lesson 0: none");
	say(FED_STREAM_HEADING, "1. Begin");
	say(FED_STREAM_LINE, "restart");
	say(FED_STREAM_OUT, "restarted");
	look(&idle, 80, 24); /* a caption stays until there is another */
	shows(" First words.\n\n\n\n > restart\n   restarted\n");
	say(FED_STREAM_PART, "Lesson 0: none");
	say(FED_STREAM_HEADING, "1. Begin");
	say(FED_STREAM_CAPTION, "Then");
	say(FED_STREAM_ERROR, "error: bad");
	look(&idle, 80, 24);
	shows(" Then\n\n\n\n > restart\n   restarted\nerror: bad\n");
	lacks("First");
}
END_TEST

FED_SUITE(app)
{
	Suite *suite = suite_create("app");
	TCase *tests = tcase_create("app");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, title_and_footer);
	tcase_add_test(tests, keys_and_deeds);
	tcase_add_test(tests, clicks_on_names);
	tcase_add_test(tests, a_line_is_edited);
	tcase_add_test(tests, completion);
	tcase_add_test(tests, hints_and_further_lines);
	tcase_add_test(tests, the_cursor_counts_columns);
	tcase_add_test(tests, a_typed_command_is_answered);
	tcase_add_test(tests, lessons_and_messages);
	suite_add_tcase(suite, tests);
	return suite;
}
