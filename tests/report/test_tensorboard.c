/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Event files, read by a decoder of their own: records by their checksums, protocol buffers. */
#include "report/tensorboard.h"

#include <math.h>
#include <string.h>

#include "support/suite.h"

/* CRC-32C by a table, which the writer does without. */
static uint32_t checksum(const unsigned char *b, size_t n)
{
	static uint32_t table[256];
	uint32_t c = 0xFFFFFFFF;

	for (uint32_t i = 0; i < 256; i++) {
		uint32_t x = i;

		for (int k = 0; k < 8; k++)
			x = x & 1 ? 0x82F63B78 ^ x >> 1 : x >> 1;
		table[i] = x;
	}
	while (n--)
		c = table[(c ^ *b++) & 255] ^ c >> 8;
	return c ^ 0xFFFFFFFF;
}

static uint64_t little(const unsigned char *b, int n)
{
	uint64_t x = 0;

	while (n--)
		x = x << 8 | b[n];
	return x;
}

static uint32_t masked(const unsigned char *b, size_t n)
{
	const uint32_t c = checksum(b, n);

	return (c >> 15 | c << 17) + 0xA282EAD8;
}

struct field {
	unsigned number, kind;
	uint64_t value;            /* of a varint, or bits */
	const unsigned char *data; /* [size] of bytes */
	size_t size;
};

static uint64_t varint(const unsigned char **at, const unsigned char *end)
{
	uint64_t x = 0;

	for (int shift = 0;; shift += 7) {
		ck_assert(*at < end && shift < 64);
		x |= (uint64_t)(**at & 127) << shift;
		if (*(*at)++ < 128)
			return x;
	}
}

/* The next field of a message; false at its end. */
static bool next(const unsigned char **at, const unsigned char *end, struct field *f)
{
	if (*at == end)
		return false;
	const uint64_t key = varint(at, end);
	*f = (struct field){.number = (unsigned)(key >> 3), .kind = key & 7};
	if (f->kind == 0)
		f->value = varint(at, end);
	f->size = f->kind == 1 ? 8 : f->kind == 5 ? 4 : f->kind == 2 ? varint(at, end) : 0;
	ck_assert(f->kind == 0 || f->kind == 1 || f->kind == 2 || f->kind == 5);
	ck_assert_uint_le(f->size, (size_t)(end - *at));
	f->data = *at;
	if (f->kind == 1 || f->kind == 5)
		f->value = little(*at, (int)f->size);
	*at += f->size;
	return true;
}

static struct field find(const unsigned char *data, size_t size, unsigned number)
{
	const unsigned char *at = data;
	struct field f;

	while (next(&at, data + size, &f))
		if (f.number == number)
			return f;
	return (struct field){.number = 0};
}

/* Check a record's sums; returns its event. */
static struct field record_at(const struct fed_text *file, size_t *at)
{
	const unsigned char *b = (const unsigned char *)file->s + *at;
	const size_t n = little(b, 8);

	ck_assert_uint_le(*at + 16 + n, file->len);
	ck_assert_uint_eq(little(b + 8, 4), masked(b, 8));
	ck_assert_uint_eq(little(b + 12 + n, 4), masked(b + 12, n));
	*at += 16 + n;
	return (struct field){.data = b + 12, .size = n};
}

static double real_of(const struct field *f)
{
	double x;
	float y;

	if (f->size == 8) {
		memcpy(&x, &f->value, sizeof x);
		return x;
	}
	const uint32_t bits = (uint32_t)f->value;
	memcpy(&y, &bits, sizeof y);
	return y;
}

START_TEST(rounds_are_scalars)
{
	struct fed_record r = {
		.round = 300, .test_accuracy = 0.75, .test_loss = NAN, .clock = INFINITY};
	struct fed_text file = {0};
	size_t at = 0, scalars = 0, expected = 0;

	ck_assert_uint_eq(checksum((const unsigned char *)"123456789", 9), 0xE3069283); /* RFC 3720 */
	fed_tensorboard_begin(&file, 1700000000.5);
	fed_tensorboard_round(&file, &r, 1700000001.25);
	const struct field first = record_at(&file, &at), second = record_at(&file, &at);
	ck_assert_uint_eq(at, file.len);

	struct field f = find(first.data, first.size, 3);
	ck_assert_uint_eq(f.size, 13);
	ck_assert_mem_eq(f.data, "brain.Event:2", 13);
	f = find(first.data, first.size, 1);
	ck_assert_double_eq(real_of(&f), 1700000000.5);

	f = find(second.data, second.size, 1);
	ck_assert_double_eq(real_of(&f), 1700000001.25);
	ck_assert_uint_eq(find(second.data, second.size, 2).value, 300);
	const struct field summary = find(second.data, second.size, 5);
	const unsigned char *in = summary.data;
	while (next(&in, summary.data + summary.size, &f)) {
		const struct field tag = find(f.data, f.size, 1), value = find(f.data, f.size, 2);
		const struct fed_field *metric;
		struct fed_error err;
		char name[64] = "";

		ck_assert_uint_lt(tag.size, sizeof name);
		memcpy(name, tag.data, tag.size);
		fed_assert_ok(fed_metric_find(name, &metric, &err), &err);
		ck_assert_double_eq(real_of(&value), (float)fed_metric_value(metric, &r));
		scalars++;
	}
	for (const struct fed_field *m = fed_metrics; m->type; m++)
		expected += isfinite(fed_metric_value(m, &r)); /* others are left out */
	ck_assert_uint_eq(scalars, expected);
	fed_text_release(&file);
}
END_TEST

START_TEST(texts_are_tensors_of_one_string)
{
	struct fed_text file = {0};
	size_t at = 0;

	fed_tensorboard_text(&file, "composition", "| a | b |", 7, 3);
	const struct field event = record_at(&file, &at);
	ck_assert_uint_eq(find(event.data, event.size, 2).value, 7);
	const struct field summary = find(event.data, event.size, 5),
					   value = find(summary.data, summary.size, 1),
					   tensor = find(value.data, value.size, 8),
					   text = find(tensor.data, tensor.size, 8),
					   shape = find(tensor.data, tensor.size, 2),
					   dim = find(shape.data, shape.size, 2),
					   metadata = find(value.data, value.size, 9),
					   plugin = find(metadata.data, metadata.size, 1),
					   name = find(plugin.data, plugin.size, 1);
	ck_assert_uint_eq(find(tensor.data, tensor.size, 1).value, 7);
	ck_assert_uint_eq(find(dim.data, dim.size, 1).value, 1);
	ck_assert_uint_eq(text.size, 9);
	ck_assert_mem_eq(text.data, "| a | b |", 9);
	ck_assert_uint_eq(name.size, 4);
	ck_assert_mem_eq(name.data, "text", 4);
	fed_text_release(&file);
}
END_TEST

FED_SUITE(tensorboard)
{
	Suite *suite = suite_create("tensorboard");
	TCase *tests = tcase_create("tensorboard");

	tcase_add_test(tests, rounds_are_scalars);
	tcase_add_test(tests, texts_are_tensors_of_one_string);
	suite_add_tcase(suite, tests);
	return suite;
}
