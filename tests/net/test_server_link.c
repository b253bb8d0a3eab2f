/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The server's link: its queue in closed form, and which messages pass it in which order.
 */
#include "net/codecs.h"
#include "net/messenger.h"
#include "net/server_link.h"

#include "plug/plugins.h"

START_TEST(each_begins_when_the_one_before_has_passed)
{
	struct fed_server_link link = {.rates = {.up = 100, .down = 1000, .latency = 0.5}};
	struct fed_server_link_turn turn;

	turn = fed__server_link_join(&link, true, 2, 300);
	ck_assert_double_eq(turn.begins, 2);
	ck_assert_double_eq(turn.arrives, 5.5);
	turn = fed__server_link_join(&link, true, 4, 200); /* waits one second, not the latency */
	ck_assert_double_eq(turn.begins, 5);
	ck_assert_double_eq(turn.arrives, 7.5);
	turn = fed__server_link_join(&link, false, 4, 2000); /* the other direction is free */
	ck_assert_double_eq(turn.begins, 4);
	ck_assert_double_eq(turn.arrives, 6.5);
	turn = fed__server_link_join(&link, true, 10, 100); /* so is this one, again */
	ck_assert_double_eq(turn.begins, 10);
	ck_assert_double_eq(turn.arrives, 11.5);
}
END_TEST

START_TEST(without_one_nothing_waits)
{
	struct fed_server_link link = {.busy = {9, 9}};
	const struct fed_server_link_turn turn = fed__server_link_join(&link, true, 2, 300);

	ck_assert(!fed_server_link_exists(&link));
	ck_assert_double_eq(turn.begins, 2);
	ck_assert_double_eq(turn.arrives, 2);
	ck_assert_double_eq(link.busy.up, 9);
}
END_TEST

/* Messages --------------------------------------------------------------------------- */

static struct fed_registry *registry;
static struct fed_instance transport;
static struct fed_event_queue queue;
static struct fed_messenger messenger;

/* Client c: c seconds of latency. */
static void link_of(void *ctx, uint32_t client, struct fed_link *link)
{
	(void)ctx;
	*link = (struct fed_link){.latency = client, .up = INFINITY, .down = INFINITY};
}

static void open_messenger(void)
{
	const struct fed_server_link_rates rates = {.up = FED_FRAME_BYTES, .down = FED_FRAME_BYTES};
	struct fed_error err;

	registry = make_registry();
	make_instance(registry, FIXTURE("simulated"), &transport, "delay", "0", NULL, NULL);
	fed_event_queue_init(&queue);
	ck_ok(fed_messenger_init(&messenger, &transport, &queue, 1, link_of, NULL, &err));
	fed_messenger_set_server_link(&messenger, &rates); /* an empty frame takes one second */
}

static void close_messenger(void)
{
	fed_messenger_release(&messenger);
	fed_event_queue_release(&queue);
	fed_instance_release(&transport);
	fed_registry_free(registry);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static void send(uint32_t from, uint32_t to)
{
	const struct fed_envelope e = {.head = {.from = from, .to = to, .kind = FED_MESSAGE_START}};
	struct fed_error err;

	ck_ok(fed_messenger_send(&messenger, &e, NULL, &err));
}

/* Handle events until a message arrives: its client, when, and how often one of them waited. */
static uint32_t next_arrival(double *when, int *waited)
{
	struct fed_queued_event due;
	struct fed_error err;
	double waits;

	while (fed__event_queue_next(&queue, &due)) {
		if (due.kind == FED_QUEUED_AT_SERVER_LINK) {
			ck_ok(fed_messenger_queue(&messenger, due.ref, &waits, &err));
			*waited += waits > 0;
		} else if (due.kind == FED_QUEUED_DEPARTS) {
			ck_ok(fed_messenger_depart(&messenger, due.ref, &err));
		} else if (due.kind == FED_QUEUED_MESSAGE) {
			fed_envelope_free(fed_messenger_take(&messenger, due.ref));
			*when = queue.now;
			return due.who;
		} else {
			ck_assert_uint_eq(due.kind, FED_QUEUED_PASSES);
		}
	}
	ck_abort_msg("nothing arrives");
	return 0;
}

static void expect_arrival(uint32_t client, double at, int *waited)
{
	double when;

	ck_assert_uint_eq(next_arrival(&when, waited), client);
	ck_assert_double_eq_tol(when, at, 1e-12);
}

START_TEST(messages_from_the_server_leave_in_the_order_of_sending)
{
	int waited = 0;

	open_messenger();
	send(FED_SERVER, 9); /* the one with the longest way goes first */
	send(FED_SERVER, 1);
	send(FED_SERVER, 0);
	expect_arrival(1, 2 + 1, &waited);
	expect_arrival(0, 3, &waited); /* sent later: a later number */
	expect_arrival(9, 1 + 9, &waited);
	ck_assert_int_eq(waited, 2);
	close_messenger();
}
END_TEST

START_TEST(messages_to_the_server_queue_in_the_order_in_which_they_reach_its_link)
{
	int waited = 0;

	open_messenger();
	send(5, FED_SERVER);
	send(2, FED_SERVER); /* reaches it first */
	send(2, FED_SERVER);
	expect_arrival(2, 3, &waited);
	expect_arrival(2, 4, &waited);
	expect_arrival(5, 6, &waited);
	ck_assert_int_eq(waited, 1);
	close_messenger();
}
END_TEST

START_TEST(what_clients_pass_to_each_other_does_not_cross_it)
{
	int waited = 0;

	open_messenger();
	send(FED_SERVER, 1);
	send(3, 4);
	expect_arrival(1, 2, &waited);
	expect_arrival(4, 3, &waited); /* this transport takes the link of the sender alone */
	ck_assert_int_eq(waited, 0);
	ck_assert_double_eq(messenger.server.busy.down, 1);
	ck_assert_double_eq(messenger.server.busy.up, 0);
	close_messenger();
}
END_TEST

START_TEST(cancelled_messages_leave_it_free)
{
	int waited = 0;

	open_messenger();
	send(FED_SERVER, 1);
	send(FED_SERVER, 2);
	expect_arrival(1, 2, &waited);
	ck_assert_double_eq(messenger.server.busy.down, 2);
	fed_messenger_clear(&messenger);
	fed_event_queue_clear(&queue);
	send(FED_SERVER, 3);
	expect_arrival(3, 2 + 1 + 3, &waited);
	ck_assert_int_eq(waited, 1);
	close_messenger();
}
END_TEST

FED_SUITE(server_link)
{
	Suite *suite = suite_create("server_link");
	TCase *tests = tcase_create("server_link");

	tcase_add_test(tests, each_begins_when_the_one_before_has_passed);
	tcase_add_test(tests, without_one_nothing_waits);
	tcase_add_test(tests, messages_from_the_server_leave_in_the_order_of_sending);
	tcase_add_test(tests, messages_to_the_server_queue_in_the_order_in_which_they_reach_its_link);
	tcase_add_test(tests, what_clients_pass_to_each_other_does_not_cross_it);
	tcase_add_test(tests, cancelled_messages_leave_it_free);
	suite_add_tcase(suite, tests);
	return suite;
}
