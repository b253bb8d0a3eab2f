/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two streams and the link between them in virtual time. */
#include "network/link.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

double link_draw(struct link *link)
{
	return fed_random_real(link->key, link->draws++);
}

/* Messages ------------------------------------------------------------------------- */

static uint8_t *make_message(unsigned side, unsigned number, size_t n)
{
	uint8_t *bytes = malloc(n + 8);
	uint64_t word = number;

	for (size_t i = 0; i < n; i += 8) {
		memcpy(bytes + i, &word, 8);
		word = fed_random(side, number + i);
	}
	return bytes;
}

static void on_began(void *ctx)
{
	struct end *end = ctx;

	end->began++;
	end->last = 0;
}

static void on_message(void *ctx, void *bytes, size_t n)
{
	struct end *end = ctx;
	uint64_t number = 0;

	end->arrived++;
	if (n >= 8) {
		memcpy(&number, bytes, 8);
		ck_assert_uint_lt(number, LINK_LETTERS);
		uint8_t *right = make_message(!end->side, (unsigned)number, n);
		ck_assert_uint_eq(n, end->link->end[!end->side].letter[number].len);
		ck_assert(memcmp(bytes, right, n) == 0);
		free(right);
		/* in order, and once by these two lives */
		ck_assert_uint_gt(number, end->last);
		end->last = (unsigned)number;
		end->received[number]++;
	}
	fed_free(bytes);
}

static void on_over(void *ctx, struct fed__letter *letter, const char *why)
{
	struct end *end = ctx;
	const size_t i = (size_t)(letter - end->letter);

	ck_assert_int_eq(end->state[i], LETTER_WAITS);
	end->state[i] = why ? LETTER_LOST : LETTER_DELIVERED;
	if (why)
		snprintf(end->why, sizeof end->why, "%s", why);
	else if (letter->len)
		ck_assert_uint_ge(end->link->end[!end->side].received[i], 1);
	free((void *)letter->bytes);
	letter->bytes = NULL;
}

static bool on_has_room(void *ctx)
{
	struct link *link = ((struct end *)ctx)->link;

	return link->full == 0 || link_draw(link) >= link->full;
}

static struct link *damaging; /* a check has no context */

static bool on_check(const void *bytes, size_t n)
{
	(void)bytes;
	(void)n;
	return damaging->damage == 0 || link_draw(damaging) >= damaging->damage;
}

static const struct fed__stream_sink sink = {
	.began = on_began,
	.message = on_message,
	.over = on_over,
	.has_room = on_has_room,
	.check = on_check,
};

/* Beginning and ending ---------------------------------------------------------------- */

static void begin_life(struct end *end)
{
	end->life = 1000 * (end->side + 1) + ++end->lives;
	end->last = 0;
	fed__stream_init(&end->stream, &sink, end, end->life, 1 << 22, end->link->now);
	fed__stream_connected(&end->stream, end->link->now);
}

void link_begin(struct link *link, uint64_t key)
{
	*link = (struct link){.key = key, .latency = 0.01, .now = 100};
	damaging = link;
	for (unsigned side = 0; side < 2; side++) {
		link->end[side].link = link;
		link->end[side].side = side;
		link->heard_at[side] = link->now;
		begin_life(&link->end[side]);
	}
}

static void drop_packets(struct link *link)
{
	while (link->n_packets > 0)
		free(link->packet[--link->n_packets].bytes);
	link->on_wire[0] = link->on_wire[1] = 0;
	link->free_at[0] = link->free_at[1] = link->now;
}

void link_end(struct link *link)
{
	for (unsigned side = 0; side < 2; side++)
		fed__stream_release(&link->end[side].stream, "the end");
	drop_packets(link);
	free(link->packet);
}

unsigned link_send(struct link *link, unsigned side, size_t n)
{
	struct end *end = &link->end[side];
	const unsigned number = ++end->sent;

	ck_assert_uint_lt(number, LINK_LETTERS);
	end->letter[number] =
		(struct fed__letter){.bytes = make_message(side, number, n), .len = n, .owner = end};
	end->state[number] = LETTER_WAITS;
	fed__stream_send(&end->stream, &end->letter[number]);
	return number;
}

void link_cancel(struct link *link, unsigned side, unsigned number)
{
	struct end *end = &link->end[side];

	if (end->state[number] != LETTER_WAITS)
		return;
	end->letter[number].dropped = true;
	fed__stream_sweep(&end->stream, "cancelled");
	ck_assert_int_eq(end->state[number], LETTER_LOST);
}

void link_cut(struct link *link)
{
	drop_packets(link);
	for (unsigned side = 0; side < 2; side++)
		fed__stream_connected(&link->end[side].stream, link->now);
}

void link_begin_again(struct link *link, unsigned side)
{
	struct end *end = &link->end[side];

	fed__stream_release(&end->stream, "its process ended");
	begin_life(end);
	for (size_t i = link->n_packets; i-- > 0;) { /* what is to it is gone; what it sent may come */
		struct packet *packet = &link->packet[i];
		if (packet->to != side)
			continue;
		free(packet->bytes);
		link->on_wire[side] -= packet->n;
		*packet = link->packet[--link->n_packets];
	}
	fed__stream_connected(&link->end[!side].stream, link->now);
}

bool link_is_idle(const struct link *link)
{
	return !link->end[0].stream.out.first && !link->end[1].stream.out.first;
}

/* The wire ------------------------------------------------------------------------------ */

static void put(struct link *link, unsigned to, const struct fed__parcel *parcel)
{
	if (link_draw(link) < link->loss)
		return;
	if (link->n_packets == link->most_packets) {
		link->most_packets = 2 * link->most_packets + 64;
		link->packet = realloc(link->packet, link->most_packets * sizeof *link->packet);
	}
	struct packet *packet = &link->packet[link->n_packets++];
	packet->n = FED__HEAD_BYTES + parcel->len;
	packet->bytes = malloc(packet->n);
	fed__head_write(&parcel->head, packet->bytes);
	if (parcel->len)
		memcpy(packet->bytes + FED__HEAD_BYTES, parcel->body, parcel->len);
	packet->to = to;
	packet->order = link->order++;
	if (link->free_at[to] < link->now)
		link->free_at[to] = link->now;
	link->free_at[to] += link->seconds_of_byte * (double)packet->n;
	packet->when = link->free_at[to] + link->latency;
	if (link->reorders)
		packet->when += link->jitter * link_draw(link);
	link->on_wire[to] += packet->n;
	if (link->on_wire[to] > link->most_on_wire[to])
		link->most_on_wire[to] = link->on_wire[to];
}

/* The first one that is due by `until`; -1. */
static int next_packet(const struct link *link, double until)
{
	int best = -1;

	for (size_t i = 0; i < link->n_packets; i++) {
		const struct packet *p = &link->packet[i], *b = best < 0 ? NULL : &link->packet[best];
		if (p->when <= until &&
		    (!b || p->when < b->when || (p->when == b->when && p->order < b->order)))
			best = (int)i;
	}
	return best;
}

static void send_due(struct link *link, unsigned side)
{
	struct fed__parcel parcel;

	for (int i = 0; i < 100 && fed__stream_out(&link->end[side].stream, link->now, &parcel); i++) {
		fed__stream_sent(&link->end[side].stream, &parcel, link->now);
		put(link, !side, &parcel);
		if (link_draw(link) < link->repeat)
			put(link, !side, &parcel);
	}
}

static void deliver(struct link *link, int i)
{
	const struct packet packet = link->packet[i];
	const unsigned to = packet.to;

	link->packet[i] = link->packet[--link->n_packets];
	link->on_wire[to] -= packet.n;
	link->carried[to] += packet.n;
	if (packet.when > link->now)
		link->now = packet.when;
	if (link->now - link->heard_at[to] > link->heard_gap[to])
		link->heard_gap[to] = link->now - link->heard_at[to];
	link->heard_at[to] = link->now;
	fed__stream_in(&link->end[to].stream, packet.bytes, packet.n, link->now);
	free(packet.bytes);
}

void link_run(struct link *link, double seconds)
{
	const double end = link->now + seconds;

	while (link->now < end) {
		send_due(link, 0);
		send_due(link, 1);
		double until = end;
		for (unsigned side = 0; side < 2; side++) {
			const double when = fed__stream_when(&link->end[side].stream, link->now);
			ck_assert(!isnan(when));
			until = when < until ? when : until;
		}
		until = until > link->now ? until : link->now + 1e-6;
		const int i = next_packet(link, until);
		if (i >= 0)
			deliver(link, i);
		else
			link->now = until;
	}
}
