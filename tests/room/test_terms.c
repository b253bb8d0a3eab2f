/* SPDX-License-Identifier: GPL-3.0-or-later */
/* room/test_terms.c - what a member's data must have in common with the server's before round 1:
 * data of another order fit, others are refused in one sentence at both ends.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "base/mem.h"
#include "data/dataset.h"
#include "room/free_port.h"
#include "room/member/member.h"
#include "room/member/internal.h"
#include "room/room.h"
#include "session/composition.h"
#include "session/small.h"
#include "support/suite.h"

#define PATIENCE 20.0

static struct fed_temp temp;
static struct fed_session server;
static struct heard heard;
static struct fed_room *room;
static struct fed_join *member;
static uint16_t port;

static void put_text(const char *name, const char *text)
{
	fed_temp_write(&temp, name, text, strlen(text));
}

static void open_room(const char *composition)
{
	char endpoint[64], key[256], line[600];
	struct fed_error err;

	port = free_port();
	snprintf(endpoint, sizeof endpoint, "tcp://127.0.0.1:%u", port);
	snprintf(key, sizeof key, "%s", fed_temp_file(&temp, "server.key"));
	snprintf(line, sizeof line, composition, temp.dir);
	small_init(&server, &heard);
	small_do(&server, line);
	const struct fed_room_options o = {.endpoint = endpoint,
	                                   .key_file = key,
	                                   .patience = FED_ROOM_PATIENCE,
	                                   .most = FED_ROOM_MOST};
	fed_assert_ok(fed_room_open(&room, &server, &o, &err), &err);
}

/* Join with this data, "%s" is the folder, until the member's state is one of these. */
static void join(const char *data, enum fed_membership wanted, enum fed_membership other)
{
	const double end = fed_wall_seconds() + PATIENCE;
	struct fed_join_view view = {0};
	enum fed_network_trouble trouble;
	struct fed_error err;
	char key[256], typed[600];

	snprintf(key, sizeof key, "%s", fed_temp_file(&temp, "member.key"));
	snprintf(typed, sizeof typed, data, temp.dir);
	const struct fed_join_options o = {.host = "127.0.0.1",
	                                   .port = port,
	                                   .code = fed_room_code(room),
	                                   .name = "Ada",
	                                   .key_file = key,
	                                   .data = typed,
	                                   .plugin_folder = FED_PLUGIN_DIR};
	fed_assert_ok(fed_join_new(&member, &o, &trouble, &err), &err);
	do {
		ck_assert_msg(fed_wall_seconds() < end, "the member is in state %d: %s", view.state,
		              view.why);
		fed_join_step(member, 0.01);
		fed_room_idle(room, 0.01);
		fed_join_view(member, &view);
	} while (view.state != wanted && view.state != other);
	ck_assert_msg(view.state == wanted, "the member is in state %d: %s", view.state, view.why);
}

/* Until the member has met the terms that the server is about to tell; its session is the working
 * thread's as long as it has not said so. */
static void await_preparation(void)
{
	const double end = fed_wall_seconds() + PATIENCE;
	struct fed_join_view before, view = {0};

	fed_join_view(member, &before);
	do {
		ck_assert_msg(fed_wall_seconds() < end, "the member is in state %d", view.state);
		fed_room_idle(room, 0.01);
		fed_join_step(member, 0.01);
		fed_join_view(member, &view);
	} while (view.since == before.since || view.state == FED_JOIN_PREPARES);
}

static void leave(void)
{
	fed_join_free(member, "the test is over");
	member = NULL;
}

/* The member is refused in one sentence with these words, at its screen and at the lecturer's. */
static void assert_refused(const char *data, const char *words)
{
	const double end = fed_wall_seconds() + PATIENCE;
	struct fed_join_view view;

	join(data, FED_JOIN_UNFIT, FED_JOIN_IDLE);
	fed_join_view(member, &view);
	ck_assert_msg(strstr(view.why, words), "%s: %s", words, view.why);
	ck_assert_ptr_null(strstr(view.why, ". "));
	while (!strstr(heard.text, words) && fed_wall_seconds() < end)
		fed_room_idle(room, 0.01);
	ck_assert_msg(strstr(heard.text, words), "%s: %s", words, heard.text);
	ck_assert_uint_eq(fed_room_present(room), 0);
	leave();
}

static void set_up(void)
{
	memset(&heard, 0, sizeof heard);
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_join_free(member, "the test is over");
	member = NULL;
	fed_room_close(room, "the test is over");
	room = NULL;
	fed__session_release(&server);
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static const char server_table[] =
	"age,height,pet\n10,150,cat\n20,160,dog\n30,170,owl\n40,180,cat\n"
	"50,190,dog\n60,145,owl\n15,155,cat\n25,165,dog\n35,175,owl\n";
static const char member_table[] = "pet,height,age\ndog,180,70\ncat,181,72\ndog,182,74\n"
								   "cat,183,76\ndog,184,78\n";
#define TABLES "dataset %s/server.csv;model softmax;aggregator fedavg;transport local"

/* A table of other columns' order without one class trains in the server's form. */
START_TEST(a_table_in_another_order_fits)
{
	put_text("server.csv", server_table);
	put_text("member.csv", member_table);
	open_room(TABLES);
	join("%s/member.csv label=pet test=0.2", FED_JOIN_IDLE, FED_JOIN_UNFIT);
	const struct fed_dataset *here = fed_session_parts(member->session)->data,
							 *there = fed_session_parts(&server)->data;
	ck_assert_uint_eq(here->classes, 3);
	ck_assert_str_eq(here->class_name[2], "owl");
	ck_assert_str_eq(here->input_name[1], "height");
	ck_assert_double_eq(here->scaling[0].mean, there->scaling[0].mean);
	ck_assert_double_eq(here->scaling[1].factor, there->scaling[1].factor);
	for (uint32_t e = 0; e < here->train; e++)
		ck_assert_int_ne(here->label[e], 2);
}
END_TEST

START_TEST(data_that_do_not_fit_are_refused)
{
	put_text("server.csv", server_table);
	put_text("fox.csv", "age,height,pet\n1,2,fox\n2,3,cat\n3,4,cat\n");
	put_text("few.csv", "age,pet\n1,cat\n2,dog\n3,cat\n");
	put_text("price.csv", "age,height,pet\n1,2,0.5\n2,3,1.5\n3,4,2.5\n");
	open_room(TABLES);
	assert_refused("%s/fox.csv", "the label fox in fox.csv is none of the server's, which are cat, "
	                             "dog and owl");
	assert_refused("%s/few.csv", "has no column height");
	assert_refused("%s/price.csv", "task=classes makes them so");
	assert_refused("blobs",
	               "the label 3 in blobs is none of the server's, which are cat, dog and owl");
}
END_TEST

/* Other data at the server: the member loads its own anew, by their form. */
START_TEST(terms_that_change_are_met_anew)
{
	put_text("server.csv", server_table);
	put_text("member.csv", member_table);
	open_room(TABLES);
	join("%s/member.csv label=pet", FED_JOIN_IDLE, FED_JOIN_UNFIT);
	small_do(&server, "set lr 0.25");
	small_do(&server, "set seed 1");
	await_preparation();
	ck_assert_double_eq(fed_session_parts(member->session)->settings.lr, 0.25);
	ck_assert_uint_eq(fed_room_present(room), 1);
}
END_TEST

FED_SUITE(terms)
{
	Suite *suite = suite_create("terms");
	TCase *tc = tcase_create("terms");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, a_table_in_another_order_fits);
	tcase_add_test(tc, data_that_do_not_fit_are_refused);
	tcase_add_test(tc, terms_that_change_are_met_anew);
	suite_add_tcase(suite, tc);
	return suite;
}
