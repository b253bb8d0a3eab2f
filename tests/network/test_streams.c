/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Streams by property, over random schedules in virtual time, and what is said on the wire. */
#include "network/streams.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "network/link.h"
#include "support/suite.h"

static struct link link_;

static void set_up(void)
{
	link_begin(&link_, 1);
}

static void tear_down(void)
{
	link_end(&link_);
}

/* Random schedules -------------------------------------------------------------------- */

static size_t draw_length(struct link *link)
{
	const double kind = link_draw(link);
	const double most = kind < 0.5 ? 100 : kind < 0.9 ? 300000 : FED_SANITIZED ? 600000 : 1500000;

	return 8 + (size_t)(most * link_draw(link));
}

static void step(struct link *link, bool restarts, bool cancels)
{
	const unsigned side = link_draw(link) < 0.5;
	const double what = link_draw(link);

	if (what < 0.35 && link->end[side].sent < LINK_LETTERS - 20)
		link_send(link, side, draw_length(link));
	else if (what < 0.42)
		link_cut(link);
	else if (what < 0.47 && restarts)
		link_begin_again(link, side);
	else if (what < 0.52 && cancels && link->end[side].sent > 0)
		link_cancel(link, side,
		            link->end[side].sent - (unsigned)(4 * link_draw(link)) % link->end[side].sent);
	else
		link_run(link, 0.3 * link_draw(link) * link_draw(link));
}

/* Nothing goes wrong any more: what waits is delivered. */
static void settle(struct link *link)
{
	link->loss = link->repeat = link->full = link->damage = 0;
	link->reorders = false;
	link_run(link, 10); /* each end knows the life of the other */
	for (int i = 0; i < 200 && !link_is_idle(link); i++)
		link_run(link, 1);
	ck_assert(link_is_idle(link));
	/* and what is sent now comes in the first place */
	for (unsigned side = 0; side < 2; side++) {
		const unsigned number = link_send(link, side, 300000);
		link_run(link, 2);
		ck_assert_int_eq(link->end[side].state[number], LETTER_DELIVERED);
		ck_assert_uint_eq(link->end[!side].received[number], 1);
	}
}

/* That messages come whole, in order and at most once to a life, and that each ends once, is
 * asserted at each one (link.c). */
static void play(uint64_t key, bool restarts, bool cancels, double damage)
{
	struct link link;

	link_begin(&link, key);
	link.loss = 0.2 * link_draw(&link) * (link_draw(&link) < 0.7);
	link.repeat = 0.2 * link_draw(&link) * (link_draw(&link) < 0.5);
	link.reorders = link_draw(&link) < 0.5;
	link.jitter = 0.1 * link_draw(&link);
	link.latency = 0.1 * link_draw(&link);
	link.full = 0.5 * link_draw(&link) * (link_draw(&link) < 0.3);
	link.damage = damage;
	for (int i = 0; i < 120; i++)
		step(&link, restarts, cancels);
	settle(&link);
	for (unsigned side = 0; side < 2; side++) {
		const struct end *from = &link.end[side], *to = &link.end[!side];
		for (unsigned i = 1; i <= from->sent; i++) {
			ck_assert_int_ne(from->state[i], LETTER_WAITS);
			ck_assert(from->state[i] != LETTER_DELIVERED || to->received[i] >= 1);
			ck_assert_uint_le(to->received[i], to->lives);
			if (!restarts && !cancels && damage == 0)
				ck_assert_int_eq(from->state[i], LETTER_DELIVERED);
			if (!restarts)
				ck_assert_uint_le(to->received[i], 1);
		}
	}
	link_end(&link);
}

enum { PLAYS = FED_SANITIZED ? 15 : 80 };

START_TEST(both_live)
{
	for (uint64_t key = 0; key < PLAYS; key++)
		play(key, false, false, 0);
}
END_TEST

START_TEST(some_are_cancelled)
{
	for (uint64_t key = 0; key < PLAYS; key++)
		play(1000 + key, false, true, 0);
}
END_TEST

START_TEST(processes_begin_again)
{
	for (uint64_t key = 0; key < 2 * PLAYS; key++)
		play(2000 + key, true, key % 2, 0);
}
END_TEST

START_TEST(messages_are_damaged)
{
	for (uint64_t key = 0; key < PLAYS; key++)
		play(3000 + key, key % 3 == 0, key % 2, 0.3);
}
END_TEST

/* The window ----------------------------------------------------------------------------- */

/* On 1 Mbit/s a large message keeps the wire busy and its queue short: what is said behind it is
 * heard within seconds, and nothing is sent twice. */
START_TEST(slow_link_has_a_short_queue)
{
	link_.seconds_of_byte = 8e-6;
	const unsigned number = link_send(&link_, 0, 4000000);
	link_run(&link_, 40);
	ck_assert_int_eq(link_.end[0].state[number], LETTER_DELIVERED);
	ck_assert_uint_le(link_.most_on_wire[1], FED__WINDOW_LEAST + 4096);
	ck_assert_double_lt(link_.heard_gap[1], 2.5);
	ck_assert_double_lt(link_.heard_gap[0], 2.5);
	ck_assert_uint_eq(link_.end[0].stream.repeated, 0);
	ck_assert_uint_eq(link_.end[1].stream.in.window, FED__WINDOW_LEAST);
}
END_TEST

/* Eight times slower a window takes longer than the pause before sending again. */
START_TEST(slower_link_repeats_little)
{
	link_.seconds_of_byte = 64e-6;
	const unsigned number = link_send(&link_, 0, 1000000);
	link_run(&link_, 120);
	ck_assert_int_eq(link_.end[0].state[number], LETTER_DELIVERED);
	ck_assert_uint_lt(link_.carried[1], 2000000);
}
END_TEST

/* Where nothing arrives, pauses grow to half a minute and stay there. */
START_TEST(outage_is_not_filled_with_repetitions)
{
	ck_assert_uint_gt(link_send(&link_, 0, 500), 0);
	link_run(&link_, 5); /* the round trip is known */
	link_.loss = 1;
	const unsigned number = link_send(&link_, 0, 500);
	link_run(&link_, 30);
	ck_assert_uint_ge(link_.end[0].stream.repeated, 3); /* after 1, 2, 4, 8 and 16 seconds */
	ck_assert_uint_le(link_.end[0].stream.repeated, 5);
	link_run(&link_, 300);
	ck_assert_uint_ge(link_.end[0].stream.repeated, 10);
	ck_assert_uint_le(link_.end[0].stream.repeated, 16);
	link_.loss = 0;
	link_run(&link_, 35);
	ck_assert_int_eq(link_.end[0].state[number], LETTER_DELIVERED);
	ck_assert_uint_eq(link_.end[1].received[number], 1);
}
END_TEST

/* A window of 256 KiB on a fast link with a latency would be 256 KiB for each round trip. */
START_TEST(fast_link_has_a_large_window)
{
	link_.latency = 0.05;
	link_.seconds_of_byte = 1e-8;
	const double begin = link_.now;
	const unsigned number = link_send(&link_, 0, 4000000);
	while (link_.end[0].state[number] == LETTER_WAITS && link_.now < begin + 20)
		link_run(&link_, 0.01);
	ck_assert_double_lt(link_.now - begin, 0.8);
	ck_assert_uint_gt(link_.end[1].stream.in.window, 1 << 20);
	/* And it shrinks when the link gets slow. */
	link_.seconds_of_byte = 8e-6;
	const unsigned next = link_send(&link_, 0, 4000000);
	link_run(&link_, 60);
	ck_assert_int_eq(link_.end[0].state[next], LETTER_DELIVERED);
	ck_assert_uint_eq(link_.end[1].stream.in.window, FED__WINDOW_LEAST);
}
END_TEST

START_TEST(beats_are_sent_when_nothing_else_is)
{
	link_run(&link_, 60);
	for (unsigned side = 0; side < 2; side++) {
		ck_assert_double_lt(link_.heard_gap[side], 1.1);
		ck_assert_uint_lt(link_.end[side].stream.heads, 70);
	}
}
END_TEST

/* Single messages --------------------------------------------------------------------------- */

START_TEST(empty_message_arrives)
{
	const unsigned number = link_send(&link_, 0, 0);

	link_run(&link_, 1);
	ck_assert_int_eq(link_.end[0].state[number], LETTER_DELIVERED);
	ck_assert_uint_eq(link_.end[1].arrived, 1);
}
END_TEST

START_TEST(longer_than_is_taken_is_told)
{
	const unsigned number = link_send(&link_, 0, (1 << 22) + 1), next = link_send(&link_, 0, 100);

	link_run(&link_, 1);
	ck_assert_int_eq(link_.end[0].state[number], LETTER_LOST);
	ck_assert(strstr(link_.end[0].why, "longer than"));
	ck_assert_int_eq(link_.end[0].state[next], LETTER_DELIVERED);
	ck_assert_uint_eq(link_.end[1].stream.in.capacity, 0);
}
END_TEST

START_TEST(damaged_message_is_sent_four_times)
{
	static const size_t lengths[] = {8, 60000, 200000, 1000000};

	for (size_t i = 0; i < 4; i++) {
		const size_t before = link_.carried[1];
		link_.damage = 1;
		const unsigned number = link_send(&link_, 0, lengths[i]);
		link_run(&link_, 1);
		ck_assert_int_eq(link_.end[0].state[number], LETTER_LOST);
		ck_assert(strstr(link_.end[0].why, "damaged"));
		ck_assert_uint_ge(link_.carried[1] - before, 4 * lengths[i]);
		ck_assert_uint_lt(link_.carried[1] - before, 4 * lengths[i] + 2000);
		link_.damage = 0;
		const unsigned next = link_send(&link_, 0, 100);
		link_run(&link_, 1);
		ck_assert_int_eq(link_.end[0].state[next], LETTER_DELIVERED);
	}
	ck_assert_uint_eq(link_.end[1].arrived, 4);
}
END_TEST

/* The wire ------------------------------------------------------------------------------------- */

START_TEST(head_is_as_the_page_says)
{
	static const uint8_t right[FED__HEAD_BYTES] = {
		1, 1, 0, 0, 0x44, 0x33, 0x22, 0x11, 0x88, 0x77, 0x66, 0x55, 7, 0, 0, 0,
		1, 2, 3, 4, 5,    6,    7,    8,    9,    8,    7,    6,    5, 4, 3, 2};
	const struct fed__head head = {FED__CHUNK, 0x11223344,         0x55667788,
	                               7,          0x0807060504030201, 0x0203040506070809};
	uint8_t bytes[FED__HEAD_BYTES + FED_NETWORK_CHUNK + 1] = {0};
	struct fed__head read;

	fed__head_write(&head, bytes);
	ck_assert_mem_eq(bytes, right, sizeof right);
	ck_assert(fed__head_read(&read, bytes, sizeof bytes - 1));
	ck_assert(read.type == head.type && read.life == head.life && read.to_life == head.to_life &&
	          read.number == head.number && read.offset == head.offset && read.total == head.total);
	ck_assert(!fed__head_read(&read, bytes, sizeof bytes)); /* a chunk is no longer */
	ck_assert(!fed__head_read(&read, bytes, FED__HEAD_BYTES - 1));
	static const struct {
		unsigned at, value;
	} wrong[] = {{0, 0}, {0, 4}, {1, 0}, {1, 2}, {2, 1}, {3, 1}};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		const uint8_t was = bytes[wrong[i].at];
		bytes[wrong[i].at] = (uint8_t)wrong[i].value;
		ck_assert(!fed__head_read(&read, bytes, FED__HEAD_BYTES));
		bytes[wrong[i].at] = was;
	}
	memset(bytes + 4, 0, 4); /* a life */
	ck_assert(!fed__head_read(&read, bytes, FED__HEAD_BYTES));
}
END_TEST

static void put_in(struct fed__head head, size_t n)
{
	static uint8_t bytes[FED__HEAD_BYTES + FED_NETWORK_CHUNK];

	head.life = head.life ? head.life : link_.end[0].life;
	fed__head_write(&head, bytes);
	fed__stream_in(&link_.end[1].stream, bytes, FED__HEAD_BYTES + n, link_.now);
}

/* What no sender of ours says changes nothing, and costs no memory. */
START_TEST(wrong_heads_are_ignored)
{
	struct fed__stream *stream = &link_.end[1].stream;

	link_run(&link_, 1);
	put_in((struct fed__head){.type = FED__CHUNK, .number = 0, .total = 8}, 8);
	put_in((struct fed__head){.type = FED__CHUNK, .number = 1, .total = 4}, 8);
	put_in((struct fed__head){.type = FED__CHUNK, .number = 1, .total = 8, .offset = 1}, 8);
	put_in((struct fed__head){.type = FED__CHUNK, .number = 1, .total = 8, .offset = UINT64_MAX},
	       8);
	put_in((struct fed__head){.type = FED__CHUNK, .number = 1, .total = 8}, 0);
	put_in((struct fed__head){.type = FED__CREDIT, .number = 1, .offset = 5, .total = 9}, 0);
	ck_assert_uint_eq(stream->junk, 5);
	ck_assert_uint_eq(link_.end[1].arrived, 0);
	ck_assert_uint_eq(stream->in.capacity, 0);
	/* A long message that is announced takes memory as it comes. */
	put_in((struct fed__head){.type = FED__CHUNK, .number = 1, .total = 4000000}, 1000);
	ck_assert_uint_le(stream->in.capacity, FED_NETWORK_CHUNK);
	/* Chunks that overlap what is there; another length of the same message. */
	put_in((struct fed__head){.type = FED__CHUNK, .number = 1, .total = 4000000, .offset = 500},
	       1000);
	ck_assert_uint_eq(stream->in.arrived, 1500);
	put_in((struct fed__head){.type = FED__CHUNK, .number = 1, .total = 1600, .offset = 1500}, 100);
	ck_assert_uint_eq(stream->in.arrived, 1500);
	/* Another life; the former one again. */
	put_in((struct fed__head){.type = FED__BEAT, .life = 77}, 0);
	ck_assert_uint_eq(link_.end[1].began, 2);
	put_in((struct fed__head){.type = FED__BEAT}, 0);
	ck_assert_uint_eq(link_.end[1].began, 2);
	ck_assert_uint_eq(stream->life, 77);
	/* What is for a former life of ours. */
	put_in(
		(struct fed__head){.type = FED__CHUNK, .life = 77, .to_life = 5, .number = 1, .total = 8},
		8);
	ck_assert_uint_eq(link_.end[1].arrived, 0);
}
END_TEST

FED_SUITE(streams)
{
	Suite *suite = suite_create("streams");
	TCase *tests = tcase_create("streams");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, both_live);
	tcase_add_test(tests, some_are_cancelled);
	tcase_add_test(tests, processes_begin_again);
	tcase_add_test(tests, messages_are_damaged);
	tcase_add_test(tests, slow_link_has_a_short_queue);
	tcase_add_test(tests, slower_link_repeats_little);
	tcase_add_test(tests, outage_is_not_filled_with_repetitions);
	tcase_add_test(tests, fast_link_has_a_large_window);
	tcase_add_test(tests, beats_are_sent_when_nothing_else_is);
	tcase_add_test(tests, empty_message_arrives);
	tcase_add_test(tests, longer_than_is_taken_is_told);
	tcase_add_test(tests, damaged_message_is_sent_four_times);
	tcase_add_test(tests, head_is_as_the_page_says);
	tcase_add_test(tests, wrong_heads_are_ignored);
	suite_add_tcase(suite, tests);
	return suite;
}
