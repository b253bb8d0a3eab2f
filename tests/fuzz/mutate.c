/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changing an input at random places: bytes, numbers in binary and in digits, words, pieces. */
#include "fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"

struct change {
	struct fed_input *input;
	size_t capacity;
	const struct fed_input *other;
	struct fed_stream random;
};

static size_t below(struct change *c, size_t n)
{
	return n > 0 ? fed_stream_below(&c->random, (uint32_t)n) : 0;
}

/* Mostly short. */
static size_t length(struct change *c, size_t most)
{
	const size_t n = 1 + below(c, (size_t)1 << below(c, 12));
	return n < most ? n : most;
}

/* n bytes at `at` give way to `with`; what does not fit is cut. */
static void replace(struct change *c, size_t at, size_t n, const void *with, size_t m)
{
	struct fed_input *in = c->input;
	uint8_t piece[4096];

	m = m < sizeof piece ? m : sizeof piece;
	m = m < c->capacity - at ? m : c->capacity - at;
	memcpy(piece, with, m); /* it may lie in the input itself */
	size_t tail = in->n - at - n;
	tail = tail < c->capacity - at - m ? tail : c->capacity - at - m;
	memmove(in->bytes + at + m, in->bytes + at + n, tail);
	memcpy(in->bytes + at, piece, m);
	in->n = at + m + tail;
}

static void change_byte(struct change *c)
{
	static const uint8_t odd[] = {0, 1, 0x7F, 0x80, 0xFF, '\n', '\r', '"', '\'', '\\', ',', '='};
	if (c->input->n == 0)
		return;
	uint8_t *byte = &c->input->bytes[below(c, c->input->n)];
	switch (below(c, 3)) {
	case 0:
		*byte ^= (uint8_t)(1u << below(c, 8));
		break;
	case 1:
		*byte = odd[below(c, sizeof odd)];
		break;
	default:
		*byte = (uint8_t)below(c, 256);
	}
}

/* A number of 2, 4 or 8 bytes, either order. */
static void change_number(struct change *c)
{
	static const uint64_t odd[] = {
		0,          1,          2,          0x7F,       0x80,       0xFF,
		0x7FFF,     0x8000,     0xFFFF,     0x10000,    0x7FFFFFFF, 0x80000000,
		0xFFFFFFFF, 0xFFFFFFFE, 1ull << 32, 1ull << 40, 1ull << 62, 0x7FFFFFFFFFFFFFFF,
		1ull << 63, UINT64_MAX,
	};
	const size_t size = (size_t)2 << below(c, 3);
	if (c->input->n < size)
		return;
	uint64_t value = odd[below(c, sizeof odd / sizeof *odd)] + below(c, 3) - 1;
	const bool big = below(c, 2);
	uint8_t *at = c->input->bytes + below(c, c->input->n - size + 1);
	for (size_t i = 0; i < size; i++, value >>= 8)
		at[big ? size - 1 - i : i] = (uint8_t)value;
}

/* A run of digits becomes another number. */
static void change_digits(struct change *c)
{
	static const char *const odd[] = {"0",
	                                  "1",
	                                  "-1",
	                                  "2",
	                                  "10",
	                                  "255",
	                                  "65536",
	                                  "1e9",
	                                  "1e308",
	                                  "nan",
	                                  "-inf",
	                                  "0x1",
	                                  "1e-9",
	                                  "00",
	                                  "",
	                                  "4294967296",
	                                  "18446744073709551616",
	                                  "-9223372036854775808"};
	const struct fed_input *in = c->input;
	size_t begin = below(c, in->n);
	while (begin < in->n && (in->bytes[begin] < '0' || in->bytes[begin] > '9'))
		begin++;
	size_t end = begin;
	while (end < in->n && in->bytes[end] >= '0' && in->bytes[end] <= '9')
		end++;
	const char *with = odd[below(c, sizeof odd / sizeof *odd)];
	if (end > begin)
		replace(c, begin, end - begin, with, strlen(with));
}

static void insert_word(struct change *c)
{
	size_t n = 0;
	while (fed_fuzz_words[n])
		n++;
	if (n == 0)
		return;
	const char *word = fed_fuzz_words[below(c, n)];
	const size_t at = below(c, c->input->n + 1);
	const size_t over = below(c, 2) ? 0 : strlen(word);
	replace(c, at, over < c->input->n - at ? over : c->input->n - at, word, strlen(word));
}

static void move_piece(struct change *c)
{
	struct fed_input *in = c->input;
	const size_t at = below(c, in->n + 1), n = length(c, in->n - at);
	const struct fed_input *from = below(c, 2) ? c->other : in;
	const size_t begin = below(c, from->n), m = length(c, from->n - begin);

	switch (below(c, 4)) {
	case 0: /* cut out */
		replace(c, at, n, "", 0);
		break;
	case 1: /* cut the end */
		in->n = at;
		break;
	case 2: /* insert a piece */
		replace(c, at, 0, from->bytes + begin, m);
		break;
	default: /* write a piece over this one */
		replace(c, at, n, from->bytes + begin, m);
	}
}

void fed_fuzz_mutate(struct fed_input *input, size_t capacity, const struct fed_input *other,
                     uint64_t key)
{
	static void (*const kinds[])(struct change *) = {change_byte, change_number, change_digits,
	                                                 insert_word, move_piece};
	struct change c = {input, capacity, other, {key, 0}};

	for (size_t changes = 1 + below(&c, 8); changes > 0; changes--)
		kinds[below(&c, sizeof kinds / sizeof *kinds)](&c);
}
