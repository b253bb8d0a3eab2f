/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The view `room`, over a room that the test makes up. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "room/status.h"
#include "tui/glass.h"
#include "tui/widgets/big_text.h"

enum { MEMBERS_MOST = 200 };

/* A room made up: what the source copies. */
static struct fed_room_status fake;
static struct fed_member_status members[MEMBERS_MOST];
static bool fails;

static int give_fake(void *ctx, struct fed_room_status *out, struct fed_error *err)
{
	(void)ctx;
	if (fails)
		return fed_fail(err, "no memory for the room");
	if (out->capacity < fake.n) {
		fed_free(out->member);
		out->member = fed_alloc_array(MEMBERS_MOST, sizeof *out->member);
		ck_assert_ptr_nonnull(out->member);
		out->capacity = MEMBERS_MOST;
	}
	struct fed_member_status *own = out->member;
	const uint32_t capacity = out->capacity;
	*out = fake;
	out->member = own;
	out->capacity = capacity;
	if (fake.n)
		memcpy(out->member, members, fake.n * sizeof *members);
	return FED_OK;
}
static const struct fed_room_source source = {give_fake, NULL};

static struct fed_member_status *add(const char *name, enum fed_member_state state, uint32_t client)
{
	struct fed_member_status *m = &members[fake.n++];

	*m = (struct fed_member_status){.share = NAN, .asked_for = NAN};
	snprintf(m->member.name, sizeof m->member.name, "%s", name);
	snprintf(m->member.fingerprint, sizeof m->member.fingerprint, "AB12-CD34-EF56-%04u", fake.n);
	snprintf(m->member.program, sizeof m->member.program, "fedsh 1.2");
	snprintf(m->member.isa, sizeof m->member.isa, "avx2");
	snprintf(m->peer.address, sizeof m->peer.address, "10.0.0.%u", fake.n);
	m->member.state = state;
	m->member.client = client;
	m->member.vote = FED_SERVER;
	m->member.examples = client == FED_SERVER ? 0 : 600 + fake.n;
	m->peer.round_trip = client == FED_SERVER ? NAN : 0.001 * fake.n;
	m->peer.sent = 1000u * fake.n;
	m->peer.received = 3000u * fake.n;
	fake.in[state]++;
	return m;
}

static void work(struct fed_member_status *m, enum fed_member_task task, double share, double since)
{
	m->task = task;
	m->share = share;
	m->asked_for = since;
	fake.asked++;
}

static void add_address(const char *interface, const char *host, const char *kind)
{
	struct fed_room_address *a = &fake.address[fake.addresses++];

	snprintf(a->interface, sizeof a->interface, "%s", interface);
	snprintf(a->host, sizeof a->host, "%s", host);
	snprintf(a->kind, sizeof a->kind, "%s", kind);
}

static void open_fake(void)
{
	static int any;

	fake = (struct fed_room_status){.open = true, .of = (const struct fed_room *)&any};
	fails = false;
	snprintf(fake.code, sizeof fake.code, "K7QX-MRT2-W9ZB");
	snprintf(fake.port, sizeof fake.port, "5555");
	add_address("wlan0", "192.168.100.217", "wifi");
	add_address("docker0", "172.17.0.1", "virtual");
}

/* One of each state, and of each thing to do. */
static void fill_fake(void)
{
	open_fake();
	work(add("Ada", FED_MEMBER_CLIENT, 0), FED_TASK_RECEIVES, 0.34, 0.8);
	work(add("Bo", FED_MEMBER_CLIENT, 1), FED_TASK_WORKS, 0.999, 12.25);
	add("Cleo", FED_MEMBER_CLIENT, 2)->member.answered = 7;
	work(add("Dora", FED_MEMBER_CLIENT, 3), FED_TASK_SENDS, 0.5, 31);
	struct fed_member_status *m = add("Emil", FED_MEMBER_CLIENT, 4);
	work(m, FED_TASK_WORKS, NAN, 75);
	m->member.silent = true;
	m->silence = 9;
	fake.silent = 1;
	add("Fay", FED_MEMBER_WAITS, FED_SERVER);
	add("Gus", FED_MEMBER_PREPARES, FED_SERVER);
	add("Hal", FED_MEMBER_READY, FED_SERVER);
	m = add("Ina", FED_MEMBER_UNFIT, FED_SERVER);
	snprintf(m->member.why, sizeof m->member.why, "its rows have 3 columns, and 784 are needed");
	m = add("Jon", FED_MEMBER_LEFT, 5);
	m->silence = 90;
	snprintf(m->member.why, sizeof m->member.why, "nothing was heard from it");
	add("Kim", FED_MEMBER_OUT, FED_SERVER);
}

static void open_glass(struct glass *g, const char *lines)
{
	glass_init(g, lines);
	g->watched.room = &source;
	glass_open(g, &fed__view_room);
}

START_TEST(golden_rooms)
{
	struct glass g;

	fill_fake();
	open_glass(&g, "");
	glass_golden(&g, "room", 120, 38, true);
	glass_golden(&g, "room-80", 80, 22, true);
	glass_golden(&g, "room-60-ascii", 60, 22, false);
	glass_golden(&g, "room-40x9", 40, 9, true);
	glass_press(&g, "c,w,]");
	glass_golden(&g, "room-small", 80, 22, false);
	glass_release(&g);
}
END_TEST

/* What is said where there is nothing to show. */
START_TEST(without_a_room)
{
	struct glass g;

	glass_init(&g, "");
	glass_open(&g, &fed__view_room);
	glass_look(&g, 80, 10, true);
	glass_shows(&g, "no room is open: `serve` opens one");
	glass_press(&g, "up,down,],[,o,w,c,a,A,K,enter,x,u,page down,end");
	ck_assert_str_eq(g.said, "");
	glass_close(&g);
	open_fake();
	g.watched.room = &source;
	glass_open(&g, &fed__view_room);
	glass_look(&g, 80, 12, true);
	glass_shows(&g, "no members yet");
	glass_shows(&g, "fedsh join 192.168.100.217:5555 K7QX-MRT2-W9ZB");
	glass_press(&g, "up,down,],[,o,w,a,A,K,enter,x,u,page down,end");
	glass_look(&g, 80, 12, true);
	glass_shows(&g, "fedsh join 172.17.0.1:5555 K7QX-MRT2-W9ZB  docker0, virtual; 2 of 2");
	ck_assert_str_eq(g.said, "");
	fails = true;
	struct fed_canvas canvas;
	struct fed_error err = {""};
	fed_assert_ok(fed__canvas_init(&canvas, 80, 12, &err), &err);
	ck_assert_int_eq(g.view->paint(g.state, &g.watched, &canvas, &err), FED_FAIL);
	fed__canvas_release(&canvas);
	glass_release(&g);
}
END_TEST

/* Names in the order of the rows, separated by spaces. */
static void names_shown(struct glass *g, char *out, size_t size)
{
	const char *text = glass_look(g, 100, 38, false);
	size_t n = 0;

	*out = '\0';
	for (const char *line = text; *line; line = strchr(line, '\n') + 1)
		for (uint32_t i = 0; i < fake.n; i++) {
			const char *name = members[i].member.name;

			if (strncmp(line + 3, name, strlen(name)) == 0 && line[3 + strlen(name)] == ' ')
				n += (size_t)snprintf(out + n, size - n, "%s%s", n ? " " : "", name);
		}
}

static void check_order(struct glass *g, const char *keys, const char *want)
{
	char names[200];

	if (*keys)
		glass_press(g, keys);
	names_shown(g, names, sizeof names);
	ck_assert_str_eq(names, want);
}

START_TEST(orders)
{
	struct glass g;

	fill_fake();
	open_glass(&g, "");
	check_order(&g, "", "Ada Bo Cleo Dora Emil Jon Fay Gus Hal Ina Kim");
	check_order(&g, "w", "Ada Bo Dora Emil Cleo Jon Fay Gus Hal Ina Kim");
	/* the client's column is behind the name's; then come state, progress, for, silence */
	check_order(&g, "w,[", "Ada Bo Cleo Dora Emil Fay Gus Hal Ina Jon Kim");
	check_order(&g, "o", "Kim Jon Ina Hal Gus Fay Emil Dora Cleo Bo Ada");
	check_order(&g, "],],]", "Ada Emil Bo Dora Cleo Fay Gus Hal Ina Jon Kim");
	check_order(&g, "]", "Emil Dora Bo Ada Cleo Fay Gus Hal Ina Jon Kim");
	check_order(&g, "]", "Jon Emil Ada Bo Cleo Dora Fay Gus Hal Ina Kim");
	/* the cursor stays with its member */
	glass_press(&g, "home,down");
	glass_look(&g, 100, 30, false);
	glass_shows(&g, "\n>  Emil");
	glass_press(&g, "o");
	glass_look(&g, 100, 30, false);
	glass_shows(&g, "\n>  Emil");
	glass_release(&g);
}
END_TEST

START_TEST(filters)
{
	struct glass g;
	struct fed_error err = {""};
	char names[200];

	fill_fake();
	open_glass(&g, "");
	fed_assert_ok(g.view->filter(g.state, &g.watched, "A", &err), &err);
	check_order(&g, "", "Ada Dora Fay Gus Hal Ina");
	glass_shows(&g, "6 chosen from 11");
	fed_assert_ok(g.view->filter(g.state, &g.watched, "approval", &err), &err);
	check_order(&g, "", "Fay");
	glass_press(&g, "enter");
	ck_assert_str_eq(g.said, "approve Fay\n");
	fed_assert_ok(g.view->filter(g.state, &g.watched, "nothing like it", &err), &err);
	names_shown(&g, names, sizeof names);
	glass_shows(&g, "no member matches the filter");
	glass_press(&g, "enter,K,x");
	ck_assert_str_eq(g.said, "approve Fay\n");
	memset(names, 'x', 99);
	names[99] = '\0';
	ck_assert_int_eq(g.view->filter(g.state, &g.watched, names, &err), FED_FAIL);
	ck_assert_str_eq(g.view->filtered(g.state), "nothing like it");
	glass_release(&g);
}
END_TEST

/* Keys that ask for commands name the member at the cursor. */
START_TEST(commands)
{
	struct glass g;

	fill_fake();
	open_glass(&g, "dataset blobs train=40 test=10;model softmax;add 6 iid 5");
	glass_press(&g, "down,K");
	ck_assert_str_eq(g.said, "kick Bo\n");
	glass_press(&g, "end,K");
	ck_assert_str_eq(g.said, "kick Bo\n"); /* it is out already */
	glass_press(&g, "enter,A");
	ck_assert_str_eq(g.said, "kick Bo\nreadmit Kim\napprove all\n");
	glass_press(&g, "home,x,down,x");
	ck_assert_uint_eq(g.watched.n_marked, 2);
	ck_assert(g.watched.marked[0] == 0 && g.watched.marked[1] == 2);
	const struct fed_press press = {.code = 'x', .columns = 80, .rows = 24};
	struct fed_error err = {""};
	glass_press(&g, "end");
	ck_assert_int_eq(glass_try(&g, &press, &err), FED_FAIL);
	ck_assert_str_eq(err.text, "Kim is no client yet");
	glass_release(&g);
}
END_TEST

/* 200 members: each is reached by scrolling, and a click goes to the row that is under it. */
START_TEST(a_full_room)
{
	struct glass g;
	char name[16], want[40];

	open_fake();
	for (uint32_t i = 0; i < MEMBERS_MOST; i++) {
		snprintf(name, sizeof name, "s%03u", i);
		work(add(name, FED_MEMBER_CLIENT, i), FED_TASK_WORKS, i / 200.0, i);
	}
	open_glass(&g, "");
	for (uint32_t i = 0; i < MEMBERS_MOST; i++) {
		glass_look(&g, 80, 24, true);
		snprintf(want, sizeof want, "\n>  s%03u", i);
		glass_shows(&g, want);
		glass_press(&g, "down");
	}
	glass_press(&g, "home,page down,page down");
	glass_look(&g, 80, 24, false);
	const char *line = strstr(fed_text_str(&g.text), "\n   s0") + 1;
	int row = 0;
	for (const char *at = fed_text_str(&g.text); at < line; at++)
		row += *at == '\n';
	struct fed_press click = {
		.code = FED_KEY_CLICK, .column = 4, .row = row, .columns = 80, .rows = 24};
	struct fed_error err = {""};
	snprintf(want, sizeof want, "\n>  %.4s", line + 3);
	fed_assert_ok(glass_try(&g, &click, &err), &err);
	glass_look(&g, 80, 24, false);
	glass_shows(&g, want);
	click.row -= 2; /* the titles, the cursor was above: by name, descending at the second click */
	fed_assert_ok(glass_try(&g, &click, &err), &err);
	fed_assert_ok(glass_try(&g, &click, &err), &err);
	glass_press(&g, "home");
	glass_look(&g, 80, 24, false);
	glass_shows(&g, "by name, descending");
	glass_shows(&g, "\n>  s199");
	glass_release(&g);
}
END_TEST

/* The stamp changes with what is shown, and not without. */
START_TEST(stamps)
{
	struct glass g;

	fill_fake();
	open_glass(&g, "");
	const uint64_t before = fed__view_stamp(g.view, g.state, &g.watched);
	ck_assert_uint_eq(fed__view_stamp(g.view, g.state, &g.watched), before);
	members[0].share += 0.01;
	const uint64_t share = fed__view_stamp(g.view, g.state, &g.watched);
	ck_assert_uint_ne(share, before);
	members[5].member.state = FED_MEMBER_PREPARES;
	const uint64_t state = fed__view_stamp(g.view, g.state, &g.watched);
	ck_assert_uint_ne(state, share);
	fake.code[0] = 'Z';
	ck_assert_uint_ne(fed__view_stamp(g.view, g.state, &g.watched), state);
	glass_release(&g);
}
END_TEST

/* Votes have a column when there are any. */
START_TEST(the_room_votes)
{
	struct glass g;

	fill_fake();
	open_glass(&g, "");
	glass_look(&g, 120, 30, true);
	glass_hides(&g, "votes");
	members[0].member.vote = 3;
	members[3].votes = 4;
	fake.votes = 4;
	glass_look(&g, 120, 30, true);
	glass_shows(&g, "votes");
	glass_shows(&g, "votes for client 3"); /* Ada, who is at the cursor */
	glass_release(&g);
}
END_TEST

START_TEST(every_size)
{
	struct glass g;

	fill_fake();
	open_glass(&g, "dataset blobs train=40 test=10;model softmax;add 6 iid 5;step 4");
	for (int columns = 1; columns < 100; columns += columns < 20 ? 1 : 7)
		for (int rows = 1; rows < 40; rows++)
			glass_look(&g, columns, rows, rows % 2);
	glass_look(&g, 200, 60, true);
	glass_shows(&g, "round 1: ");
	glass_release(&g);
}
END_TEST

/* Each character is drawn, differs from the others and fits its measure. */
START_TEST(large_letters)
{
	static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:[]";
	struct fed_canvas canvas;
	struct fed_error err = {""};
	char picture[sizeof all][400];

	for (size_t i = 0; i + 1 < sizeof all; i++) {
		const char one[] = {all[i], '\0'};
		const int columns = fed__big_text_columns(one, 2), rows = fed__big_text_rows(2, true);
		struct fed_text text = {0};

		ck_assert_int_gt(columns, 0);
		fed_assert_ok(fed__canvas_init(&canvas, columns + 4, rows + 2, &err), &err);
		fed__big_text_put(&canvas, 0, 0, one, 2, true, (struct fed_style){0});
		for (int k = 0; k < canvas.columns * canvas.rows; k++)
			ck_assert(canvas.cell[k].code == ' ' ||
			          (k % canvas.columns < columns && k / canvas.columns < rows));
		fed__canvas_text(&canvas, &text, true, FED_PALETTE_NONE);
		snprintf(picture[i], sizeof picture[i], "%s", fed_text_str(&text));
		for (size_t j = 0; j < i; j++)
			ck_assert_msg(strcmp(picture[i], picture[j]) != 0, "%c and %c look alike", all[i],
			              all[j]);
		fed_text_release(&text);
		fed__canvas_release(&canvas);
	}
	ck_assert_int_eq(fed__big_text_columns("f\u00e9", 1), 0);
	ck_assert_int_eq(fed__big_text_columns("ab", 1), fed__big_text_columns("AB", 1));
	ck_assert_int_le(fed__big_text_columns("WWWW-WWWW-WWWW", 1), 80);
	ck_assert_int_le(fed__big_text_columns("255.255.255.255:65535", 1), 80);
}
END_TEST

FED_SUITE(view_room)
{
	Suite *suite = suite_create("view_room");
	TCase *tests = tcase_create("view_room");

	tcase_add_test(tests, golden_rooms);
	tcase_add_test(tests, without_a_room);
	tcase_add_test(tests, orders);
	tcase_add_test(tests, filters);
	tcase_add_test(tests, commands);
	tcase_add_test(tests, a_full_room);
	tcase_add_test(tests, stamps);
	tcase_add_test(tests, the_room_votes);
	tcase_add_test(tests, every_size);
	tcase_add_test(tests, large_letters);
	suite_add_tcase(suite, tests);
	return suite;
}
