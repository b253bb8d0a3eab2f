/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tui/test_attached.c - terminals that look on: what they see, what they may, and what they cannot
 * hold up. */
#include "tui/attach/attached.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cpu.h"
#include "base/system/local_socket.h"
#include "session/small.h"
#include "tui/attach/attach.h"
#include "tui/attach/wire.h"

static struct fed_session session;
static struct fed_attached *attached;
static struct fed_temp temp;
static struct fed_text received, picture;
static char greeting[200], end[200];
static int terminal;
static size_t frames;
static int theme, shown_theme;

static void set_up(void)
{
	struct fed_error err;

	fed_temp_make(&temp);
	setenv("XDG_RUNTIME_DIR", temp.dir, 1);
	small_init(&session, NULL);
	small_do(&session, "dataset blobs train=400 test=40;model softmax;add 4 iid 20;round 2");
	fed_assert_ok(fed_attached_new(&attached, &session, NULL, NULL, &theme, &err), &err);
	greeting[0] = end[0] = 0;
	terminal = -1;
	frames = 0;
	theme = 0;
}

static void tear_down(void)
{
	fed_attached_free(attached);
	fed__session_release(&session);
	if (terminal >= 0)
		close(terminal);
	fed_text_release(&received);
	fed_text_release(&picture);
	unsetenv("XDG_RUNTIME_DIR");
	fed_temp_remove(&temp);
}

static int connect_one(void)
{
	struct fed_error err;
	char path[300];
	int fd;

	snprintf(path, sizeof path, "%s/fedsh/%ld.sock", temp.dir, (long)getpid());
	fed_assert_ok(fed_socket_connect(&fd, path, &err), &err);
	return fd;
}

static void put(enum fed_wire_kind kind, const void *body, size_t size)
{
	struct fed_wire_out out = {.sent = 0};

	fed__wire_put(&out, kind, body, size, NULL, 0);
	ck_assert(fed__wire_send(&out, terminal));
	fed__wire_out_release(&out);
}

static void hello(int columns, int rows)
{
	const struct fed_wire_hello h = {.version = FED_WIRE_VERSION,
	                                 .cell = sizeof(struct fed_cell),
	                                 .size = {columns, rows},
	                                 .utf8 = true};

	terminal = connect_one();
	put(FED_WIRE_HELLO, &h, sizeof h);
}

static void press(uint32_t code)
{
	const struct fed_press key = {.code = code};

	put(FED_WIRE_KEY, &key, sizeof key);
}

static void take_frame(const struct fed_wire_packet *p)
{
	struct fed_wire_frame frame;
	struct fed_canvas canvas;
	struct fed_error err;

	memcpy(&frame, p->payload, sizeof frame);
	fed_assert_ok(fed__canvas_init(&canvas, frame.columns, frame.rows, &err), &err);
	ck_assert_uint_eq(p->size - sizeof frame,
	                  (size_t)frame.columns * (size_t)frame.rows * sizeof *canvas.cell);
	memcpy(canvas.cell, p->payload + sizeof frame, p->size - sizeof frame);
	fed_text_clear(&picture);
	fed__canvas_text(&canvas, &picture, true, FED_PALETTE_NONE);
	fed__canvas_release(&canvas);
	frames++;
	shown_theme = frame.theme;
}

/* What the terminal reads; false: the session has closed it. */
static bool read_terminal(void)
{
	struct fed_wire_packet p;
	const bool there = fed_socket_receive(terminal, &received, 1 << 22);

	while (fed__wire_next(&received, 1 << 23, &p) == FED_OK) {
		if (p.kind == FED_WIRE_FRAME)
			take_frame(&p);
		else if (p.kind == FED_WIRE_GREETING)
			snprintf(greeting, sizeof greeting, "%.*s", (int)(p.size - 4), p.payload + 4);
		else
			snprintf(end, sizeof end, "ends: %.*s", (int)p.size, p.payload);
		fed__wire_drop(&received, &p);
	}
	return there;
}

static void attend(void)
{
	if (fed_attached_read(attached, false))
		fed_attached_show(attached, false);
}

static void wait_picture(const char *words)
{
	const double began = fed_wall_seconds();

	while (!picture.len || !strstr(fed_text_str(&picture), words)) {
		ck_assert_msg(fed_wall_seconds() < began + 30, "no %s in\n%s", words,
		              fed_text_str(&picture));
		attend();
		read_terminal();
	}
}

static void wait_end(const char *words)
{
	const double began = fed_wall_seconds();

	while (read_terminal() || !*end) {
		ck_assert_msg(fed_wall_seconds() < began + 30, "it never ends, but\n%s",
		              fed_text_str(&picture));
		attend();
	}
	ck_assert_str_eq(end, words);
}

START_TEST(a_terminal_sees_the_session)
{
	hello(80, 24);
	wait_picture("version 2 ");
	ck_assert_str_eq(greeting, "4 clients, version 2");
	ck_assert_uint_eq(fed_attached_count(attached), 1);
	small_do(&session, "round 1");
	wait_picture("version 3 ");
	press('2');
	wait_picture("[2 clients]");
	put(FED_WIRE_SIZE, &(struct fed_wire_size){50, 10}, sizeof(struct fed_wire_size));
	wait_picture("[2");
	put(FED_WIRE_SIZE, &(struct fed_wire_size){10, 3}, sizeof(struct fed_wire_size));
	wait_picture("needs 40");
	put(FED_WIRE_SIZE, &(struct fed_wire_size){-5, 1 << 30}, sizeof(struct fed_wire_size));
	press('q');
	wait_end("ends: ");
	ck_assert_uint_eq(fed_attached_count(attached), 0);
}
END_TEST

/* `set theme` at the session's prompt is a frame for each terminal. */
START_TEST(a_terminal_follows_the_theme)
{
	hello(80, 24);
	wait_picture("version 2 ");
	ck_assert_int_eq(shown_theme, 0);
	theme = 2;
	const double began = fed_wall_seconds();
	while (shown_theme != theme) {
		ck_assert(fed_wall_seconds() < began + 30);
		attend();
		read_terminal();
	}
	press('q');
	wait_end("ends: ");
}
END_TEST

/* Keys that command the session are refused, filters and help are not. */
START_TEST(a_terminal_only_looks)
{
	static const char commands[] = "rs +-ihe:";

	hello(100, 30);
	wait_picture("q leave");
	ck_assert_ptr_null(strstr(fed_text_str(&picture), "command"));
	for (const char *key = commands; *key; key++) {
		press((unsigned char)*key);
		wait_picture("this terminal looks on");
		press('?');
		wait_picture("leave; the session goes on");
		ck_assert_ptr_null(strstr(fed_text_str(&picture), "inject a fault"));
		press(FED_KEY_ESCAPE);
		wait_picture("q leave");
	}
	press(FED_KEY_PASTE);
	wait_picture("this terminal looks on");
	press('2');
	press('/');
	press('3');
	press(FED_KEY_ENTER);
	wait_picture("1-1 of 1 chosen from 4");
	ck_assert_uint_eq(fed_session_version(&session), 2);
	ck_assert(!fed_session_open(&session));
}
END_TEST

/* One that reads nothing gets no more frames, and costs nothing. */
START_TEST(a_stopped_terminal_is_not_waited_for)
{
	hello(400, 100);
	for (int i = 0; i < 40; i++) {
		press('0' + (uint32_t)(1 + i % 3));
		const double began = fed_wall_seconds();
		while (fed_wall_seconds() < began + 0.06)
			attend();
	}
	read_terminal();
	ck_assert_uint_lt(frames, 10); /* what the socket could hold */
	press('1');
	wait_picture("[1 overview]");
}
END_TEST

START_TEST(others_go_on_when_one_is_gone)
{
	hello(80, 24);
	const int other = connect_one();
	attend();
	close(other);
	wait_picture("version 2 ");
	const int half = connect_one();
	ck_assert_int_eq(fed_socket_send(half, "\x05\0\0\0", 4), 4); /* half a packet */
	attend();
	close(half);
	small_do(&session, "round 1");
	wait_picture("version 3 ");
	fed_attached_free(attached);
	attached = NULL;
	read_terminal();
	ck_assert_str_eq(end, "ends: the session has ended");
}
END_TEST

START_TEST(nonsense_ends_it)
{
	static const char noise[] = "GET / HTTP/1.1\r\n\r\n";
	struct fed_wire_hello h = {.version = FED_WIRE_VERSION + 1};

	terminal = connect_one();
	ck_assert_int_gt(fed_socket_send(terminal, noise, sizeof noise), 0);
	wait_end("ends: the session runs another version of fedsh");
	close(terminal);
	end[0] = 0;
	terminal = connect_one();
	put(FED_WIRE_HELLO, &h, sizeof h);
	wait_end("ends: the session runs another version of fedsh");
	close(terminal);
	end[0] = 0;
	terminal = connect_one();
	press('q'); /* without a hello */
	wait_end("ends: the session runs another version of fedsh");
}
END_TEST

START_TEST(there_are_eight_at_most)
{
	int fd[8];

	for (int i = 0; i < 8; i++)
		fd[i] = connect_one();
	attend();
	hello(80, 24);
	attend();
	wait_end("ends: as many terminals are attached as can be");
	for (int i = 0; i < 8; i++)
		close(fd[i]);
	close(terminal);
	attend();
	end[0] = 0;
	hello(80, 24);
	wait_picture("version 2 ");
}
END_TEST

START_TEST(sessions_are_found)
{
	struct fed_text path = {0}, list = {0};
	struct fed_error err;
	char own[300], other[300], line[100];
	int listener;

	snprintf(own, sizeof own, "%s/fedsh/%ld.sock", temp.dir, (long)getpid());
	snprintf(other, sizeof other, "%s/fedsh/1.sock", temp.dir);
	fed_assert_ok(fed_attach_find("", &path, &list, &err), &err);
	ck_assert_str_eq(fed_text_str(&path), own);
	fed_assert_ok(fed_socket_listen(&listener, other, &err), &err);
	fed_text_clear(&list);
	ck_assert_int_eq(fed_attach_find("", &path, &list, &err), FED_REJECT);
	ck_assert_str_eq(err.text, "2 sessions run; name one by its number");
	snprintf(line, sizeof line, "%ld  busy\n", (long)getpid()); /* it does not answer now */
	ck_assert_ptr_nonnull(strstr(fed_text_str(&list), line));
	ck_assert_ptr_nonnull(strstr(fed_text_str(&list), "1  busy\n"));
	fed_text_clear(&path);
	fed_assert_ok(fed_attach_find("1", &path, &list, &err), &err);
	ck_assert_str_eq(fed_text_str(&path), other);
	ck_assert_int_eq(fed_attach_find("one", &path, &list, &err), FED_FAIL);
	fed_attached_free(attached);
	attached = NULL;
	close(listener); /* as if it was killed */
	ck_assert_int_eq(fed_attach_find("", &path, &list, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "no session of yours runs"));
	fed_text_release(&path);
	fed_text_release(&list);
}
END_TEST

FED_SUITE(attached)
{
	Suite *suite = suite_create("attached");
	TCase *tests = tcase_create("attached");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, a_terminal_sees_the_session);
	tcase_add_test(tests, a_terminal_follows_the_theme);
	tcase_add_test(tests, a_terminal_only_looks);
	tcase_add_test(tests, a_stopped_terminal_is_not_waited_for);
	tcase_add_test(tests, others_go_on_when_one_is_gone);
	tcase_add_test(tests, nonsense_ends_it);
	tcase_add_test(tests, there_are_eight_at_most);
	tcase_add_test(tests, sessions_are_found);
	suite_add_tcase(suite, tests);
	return suite;
}
