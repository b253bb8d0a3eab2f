/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Streams of messages between processes: what comes may be anything.  An input is a series of
 * packets, each behind two bytes with its length and one that says what is done before it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "network/streams.h"

const char *const fed_fuzz_words[] = {NULL};

enum { MOST = 100000, OWN = 5, LETTERS = 4 };

struct state {
	struct fed__letter letter[LETTERS];
	unsigned over;
	uint64_t delivered; /* bytes */
};

static void began(void *ctx)
{
	(void)ctx;
	fed_fuzz_outcome("began");
}

static void message(void *ctx, void *bytes, size_t len)
{
	struct state *state = ctx;

	fed_fuzz_claim(len <= MOST && (len == 0 || bytes));
	state->delivered += len;
	fed_free(bytes);
	fed_fuzz_outcome(len ? "message" : "empty message");
}

static void over(void *ctx, struct fed__letter *letter, const char *why)
{
	struct state *state = ctx;

	fed_fuzz_claim(letter >= state->letter && letter < state->letter + LETTERS && letter->bytes);
	letter->bytes = NULL; /* once */
	state->over++;
	fed_fuzz_outcome(why ? why : "delivered");
}

static bool has_room(void *ctx)
{
	return ((struct state *)ctx)->delivered % 3 != 1;
}

static bool check(const void *bytes, size_t len)
{
	return len % 2 == 0 || ((const char *)bytes)[0] != 'x';
}

static const struct fed__stream_sink sink = {began, message, over, has_room, check};

static void add(struct fed_text *input, uint8_t does, struct fed__head head, size_t n)
{
	char bytes[3 + FED__HEAD_BYTES + 300] = {(char)(FED__HEAD_BYTES + n),
	                                         (char)((FED__HEAD_BYTES + n) >> 8), (char)does};

	head.life = head.life ? head.life : 9;
	fed__head_write(&head, (uint8_t *)bytes + 3);
	memset(bytes + 3 + FED__HEAD_BYTES, 'x', n);
	fed_text_put(input, bytes, 3 + FED__HEAD_BYTES + n);
}

static void seed(void (*fill)(struct fed_text *))
{
	struct fed_text input = {0};

	fill(&input);
	fed_fuzz_seed(input.s, input.len);
	fed_text_release(&input);
}

static void talk(struct fed_text *input)
{
	add(input, 0, (struct fed__head){.type = FED__BEAT}, 0);
	add(input, 1, (struct fed__head){.type = FED__CHUNK, .number = 1, .total = 500}, 300);
	add(input, 2, (struct fed__head){.type = FED__CHUNK, .number = 1, .offset = 300, .total = 500},
	    200);
	add(input, 0, (struct fed__head){.type = FED__CREDIT, .number = 1, .offset = 1000}, 0);
}

static void quarrel(struct fed_text *input)
{
	add(input, 1, (struct fed__head){.type = FED__CHUNK, .number = 1, .total = 301}, 301 - 1);
	add(input, 3, (struct fed__head){.type = FED__CREDIT, .number = 1, .total = 5000}, 0);
	add(input, 0, (struct fed__head){.type = FED__CHUNK, .number = 4, .total = UINT64_MAX}, 10);
	add(input, 0, (struct fed__head){.type = FED__BEAT, .life = 10, .to_life = 3}, 0);
	add(input, 2, (struct fed__head){.type = FED__CREDIT, .number = 2, .offset = UINT64_MAX}, 0);
}

void fed_fuzz_begin(void)
{
	seed(talk);
	seed(quarrel);
}

void fed_fuzz_end(void)
{
}

/* What is due is sent; all of it lies in the message and below the grant. */
static void send_due(struct fed__stream *stream, double now)
{
	struct fed__parcel parcel;

	for (int i = 0; i < 20 && fed__stream_out(stream, now, &parcel); i++) {
		if (parcel.head.type == FED__CHUNK) {
			const struct fed__letter *first = stream->out.first;
			fed_fuzz_claim(parcel.len <= FED_NETWORK_CHUNK &&
			               parcel.head.offset + parcel.len <= first->len &&
			               parcel.head.offset + parcel.len <= stream->out.granted);
			fed_fuzz_claim(parcel.len == 0 ||
			               parcel.body == (const uint8_t *)first->bytes + parcel.head.offset);
		}
		fed__stream_sent(stream, &parcel, now);
	}
	fed_fuzz_claim(fed__stream_when(stream, now) >= 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const size_t lengths[LETTERS] = {1000, 0, 300000, 20};
	static const uint8_t zeroes[300000];
	struct state state = {.over = 0};
	struct fed__stream stream;
	unsigned sent = 0;
	double now = 1;

	fed__stream_init(&stream, &sink, &state, OWN, MOST, now);
	while (n >= 3) {
		const size_t says = bytes[0] | (size_t)bytes[1] << 8, len = says < n - 3 ? says : n - 3;
		const unsigned does = bytes[2];
		if (does & 1 && sent < LETTERS) {
			state.letter[sent] = (struct fed__letter){.bytes = zeroes, .len = lengths[sent]};
			fed__stream_send(&stream, &state.letter[sent++]);
		}
		if (does & 2)
			send_due(&stream, now);
		if (does & 4)
			fed__stream_connected(&stream, now);
		if (does & 8)
			now += 1 + (does >> 4);
		if (does & 16 && sent > 0 && state.letter[sent - 1].bytes) {
			state.letter[sent - 1].dropped = true;
			fed__stream_sweep(&stream, "dropped");
		}
		fed__stream_in(&stream, bytes + 3, len, now);
		fed_fuzz_claim(stream.in.arrived <= stream.in.total || stream.in.done);
		fed_fuzz_claim(stream.in.capacity <= MOST);
		fed_fuzz_claim(stream.out.acknowledged <= stream.out.sent || !stream.out.numbered);
		bytes += 3 + len;
		n -= 3 + len;
	}
	send_due(&stream, now + 5);
	fed__stream_release(&stream, "the end");
	fed_fuzz_claim(state.over == sent);
	return 0;
}
