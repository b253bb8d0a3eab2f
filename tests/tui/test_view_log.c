/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `log`: events and messages in one order, filtered and scrolled. */
#include <string.h>

#include "tui/glass.h"
#include "tui/views/messages.h"

static const char lines[] = "dataset blobs train=400 test=40;model softmax;"
							"scheme sync deadline=2;add 8 iid 20 2e4:0.5 wifi;set batch 5;"
							"inject offline 6;round 3";

static void say(struct glass *g, enum fed_watch_stream stream, const char *text)
{
	fed__messages_add(g->watched.messages, stream, g->session.event_log.n, text, strlen(text));
}

static void begin(struct glass *g)
{
	glass_init(g, lines);
	g->watched.messages = fed__messages_new();
	ck_assert_ptr_nonnull(g->watched.messages);
	glass_open(g, &fed__view_log);
}

static void end(struct glass *g)
{
	glass_close(g);
	fed__messages_free(g->watched.messages);
	g->watched.messages = NULL;
	glass_release(g);
}

static void filter(struct glass *g, const char *text)
{
	struct fed_error err = {""};

	fed_assert_ok(fed__view_log.filter(g->state, &g->watched, text, &err), &err);
}

START_TEST(one_order)
{
	struct glass g;

	begin(&g);
	say(&g, FED_STREAM_LINE, "round 2\n");
	small_do(&g.session, "round 2");
	say(&g, FED_STREAM_STDERR, "a library\xff complains\n");
	say(&g, FED_STREAM_ERROR, "error: no such thing\n");
	say(&g, FED_STREAM_OUT, "no end yet");
	glass_golden(&g, "log", 80, 12, true);
	glass_hides(&g, "no end yet");
	glass_golden(&g, "log-ascii", 40, 5, false);
	end(&g);
}
END_TEST

START_TEST(filters)
{
	struct glass g;
	struct fed_error err = {""};

	begin(&g);
	say(&g, FED_STREAM_OUT, "printed words\n");
	filter(&g, "kind=round version=2");
	glass_look(&g, 100, 20, true);
	glass_shows(&g, "version 2 ");
	glass_hides(&g, "version 3 ");
	glass_hides(&g, "printed");
	filter(&g, "WORDS");
	glass_look(&g, 100, 20, true);
	glass_shows(&g, "printed words");
	glass_hides(&g, "version");
	filter(&g, "kind=lost client=1");
	glass_look(&g, 100, 20, true);
	glass_shows(&g, "nothing matches");
	ck_assert_int_eq(fed__view_log.filter(g.state, &g.watched, "kind=lots", &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "did you mean"));
	ck_assert_str_eq(fed__view_log.filtered(g.state), "kind=lost client=1");
	glass_press(&g, "a");
	glass_look(&g, 100, 20, true);
	glass_shows(&g, "trained");
	end(&g);
}
END_TEST

START_TEST(scrolls)
{
	struct glass g;

	begin(&g);
	for (int i = 0; i < 100; i++) {
		char text[32];
		snprintf(text, sizeof text, "line %d.\n", i);
		say(&g, FED_STREAM_OUT, text);
	}
	glass_look(&g, 40, 10, true);
	glass_shows(&g, "line 99.");
	glass_press(&g, "up,up");
	glass_look(&g, 40, 10, true);
	glass_shows(&g, "line 97.");
	glass_hides(&g, "line 98.");
	say(&g, FED_STREAM_OUT, "a new one\n");
	glass_look(&g, 40, 10, true);
	glass_hides(&g, "a new one"); /* it stays where it was put */
	glass_press(&g, "page up,page down,end");
	glass_look(&g, 40, 10, true);
	glass_shows(&g, "a new one");
	glass_press(&g, "home");
	glass_look(&g, 40, 24, true);
	glass_hides(&g, "line 99.");
	glass_press(&g, "down,end");
	end(&g);
}
END_TEST

/* Lines that are wider than the screen are wrapped, and each is on one page at least. */
START_TEST(wraps)
{
	struct glass g;
	bool seen[40] = {false};

	begin(&g);
	for (int i = 0; i < 40; i++) {
		struct fed_text text = {0};

		fed_text_add(&text, "[%d] ", i);
		for (int k = 0; k < 10 + 17 * (i % 4); k++)
			fed_text_add(&text, "word ");
		fed_text_add(&text, "(end %d)\n", i);
		say(&g, FED_STREAM_OUT, fed_text_str(&text));
		fed_text_release(&text);
	}
	for (int page = 0; page < 12; page++) {
		glass_look(&g, 80, 24, true);
		glass_hides(&g, "~");
		for (int i = 0; i < 40; i++) {
			char first[16], last[16];

			snprintf(first, sizeof first, "[%d] ", i);
			snprintf(last, sizeof last, "(end %d)", i);
			seen[i] |= strstr(fed_text_str(&g.text), first) && strstr(fed_text_str(&g.text), last);
		}
		glass_press(&g, "page up");
	}
	for (int i = 0; i < 40; i++)
		ck_assert_msg(seen[i], "line %d is on no page", i);
	glass_press(&g, "home");
	glass_look(&g, 80, 24, true);
	glass_shows(&g, "[0] ");
	end(&g);
}
END_TEST

/* The ring keeps the last lines, whatever their number. */
START_TEST(old_lines_go)
{
	struct glass g;
	struct fed_message_line about;

	begin(&g);
	for (int i = 0; i < FED_MESSAGES_MAX + 10; i++)
		say(&g, FED_STREAM_OUT, "x\r\n");
	ck_assert_uint_eq(fed__messages_count(g.watched.messages), FED_MESSAGES_MAX + 10);
	ck_assert(!fed__messages_get(g.watched.messages, 10, &about, NULL));
	ck_assert(fed__messages_get(g.watched.messages, 11, &about, NULL));
	glass_look(&g, 20, 20, true);
	end(&g);
}
END_TEST

FED_SUITE(view_log)
{
	Suite *suite = suite_create("view_log");
	TCase *tests = tcase_create("view_log");

	tcase_add_test(tests, one_order);
	tcase_add_test(tests, filters);
	tcase_add_test(tests, scrolls);
	tcase_add_test(tests, wraps);
	tcase_add_test(tests, old_lines_go);
	suite_add_tcase(suite, tests);
	return suite;
}
