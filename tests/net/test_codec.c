/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs against tables, bounds, a sort, and themselves: what was decoded encodes to the same.
 */
#include "net/codec.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "support/suite.h"

enum { MOST = 5000 };

static const struct fed_codec codecs[] = {
	{FED_CODEC_NONE, 1},      {FED_CODEC_FP16, 1},     {FED_CODEC_INT8, 1},
	{FED_CODEC_TOP_K, 0.001}, {FED_CODEC_TOP_K, 0.05}, {FED_CODEC_TOP_K, 1},
};
#define CODECS ((int)(sizeof codecs / sizeof *codecs))
static const size_t lengths[] = {0, 1, 2, 255, 256, 257, 512, 1000, MOST};
#define LENGTHS (sizeof lengths / sizeof *lengths)

static uint32_t bits_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static float float_of(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* Normal numbers of many sizes; `even`: with many that are equal. */
static void fill(float *v, size_t n, uint64_t seed, bool even)
{
	struct fed_stream random = fed_stream_open(seed, FED_FOR_DATA, n, even);

	for (size_t j = 0; j < n; j++) {
		const double x = fed_stream_normal(&random);
		v[j] = (float)(even ? rint(2 * x) : x * pow(10, floor(fed_stream_real(&random) * 8 - 6)));
	}
}

/* Names --------------------------------------------------------------------- */

START_TEST(names_are_understood)
{
	static const struct {
		const char *text;
		enum fed_codec_kind kind;
		double share;
	} rows[] = {
		{"none", FED_CODEC_NONE, 1},     {"fp16", FED_CODEC_FP16, 1},
		{"int8", FED_CODEC_INT8, 1},     {"top-k:0.01", FED_CODEC_TOP_K, 0.01},
		{"top_k:1", FED_CODEC_TOP_K, 1}, {"top-k:1e-6", FED_CODEC_TOP_K, 1e-6},
	};
	struct fed_error err;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_codec codec;

		fed_assert_ok(fed_codec_parse(rows[i].text, &codec, &err), &err);
		ck_assert_int_eq(codec.kind, rows[i].kind);
		ck_assert_double_eq(codec.share, rows[i].share);
	}
	for (int k = 0; k < FED_CODECS; k++) {
		struct fed_codec codec;

		fed_assert_ok(fed_codec_parse(fed_codecs[k].example, &codec, &err), &err);
		ck_assert_int_eq(codec.kind, k);
	}
	ck_assert_ptr_null(fed_codecs[FED_CODECS].name);
}
END_TEST

START_TEST(others_are_refused_in_words)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"", "there are none, fp16, int8, top-k:SHARE"},
		{"zip", "no codec is called zip; there are none"},
		{"topk:0.1", "did you mean top-k? There are none"},
		{"fp61", "did you mean fp16?"},
		{"top-k", "needs the share"},
		{"top-k:", "needs the share"},
		{"top-k:0", "above 0 and at most 1"},
		{"top-k:1.01", "above 0 and at most 1"},
		{"top-k:-0.1", "above 0 and at most 1"},
		{"top-k:nan", "above 0 and at most 1"},
		{"top-k:1%", "top-k:1%: the share"},
		{"fp16:2", "codec fp16 takes nothing after its name"},
		{"a name that is so long that it fits nowhere at all", "no codec is called a name"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_codec codec = {.kind = FED_CODECS, .share = 7};
		struct fed_error err = {""};

		ck_assert_int_eq(fed_codec_parse(rows[i].text, &codec, &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, rows[i].words), "%s: %s", rows[i].text, err.text);
		ck_assert(codec.kind == FED_CODECS && codec.share == 7);
	}
}
END_TEST

/* fp16 ---------------------------------------------------------------------- */

START_TEST(halves_are_those_of_the_standard)
{
	static const struct {
		double x;
		uint16_t half;
	} rows[] = {
		{0.0, 0x0000},
		{-0.0, 0x8000},
		{1, 0x3c00},
		{-2, 0xc000},
		{0.1, 0x2e66},
		{1 / 3.0, 0x3555},
		{65504, 0x7bff},
		{65503.9, 0x7bff},
		{65520, 0x7bff}, /* saturates */
		{1e30, 0x7bff},
		{-1e30, 0xfbff},
		{INFINITY, 0x7c00},
		{-INFINITY, 0xfc00},
		{NAN, 0x7e00},
		{0x1p-14, 0x0400},
		{0x1p-24, 0x0001},
		{0x1p-25, 0x0000},
		{0x1.0002p-25, 0x0001},
		{0x1.8p-24, 0x0002},
		{0x1.4p-23, 0x0002},
		{0x1.cp-23, 0x0004},
		{0x1.ff8p-15, 0x03ff},
		{0x1.ffcp-15, 0x0400},
		{1 + 0x1p-11, 0x3c00},
		{1 + 0x3p-11, 0x3c02},
		{1 + 0x1.02p-11, 0x3c01},
		{2047.5, 0x6800},
		{1e-30, 0x0000},
		{-1e-45, 0x8000},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(fed__half_of((float)rows[i].x) == rows[i].half, "%a: %04x, not %04x",
		              rows[i].x, fed__half_of((float)rows[i].x), rows[i].half);
}
END_TEST

/* Sign, exponent and fraction as the standard reads them. */
static double half_by_the_book(uint16_t half)
{
	const int exponent = half >> 10 & 31, fraction = half & 1023;
	const double magnitude =
		exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);

	return half & 0x8000 ? -magnitude : magnitude;
}

START_TEST(all_halves_round_trip)
{
	for (uint32_t half = 0; half < 65536; half++) {
		const float x = fed__half_value((uint16_t)half);

		ck_assert_uint_eq(fed__half_of(x), half);
		ck_assert((bits_of(x) >> 31) == half >> 15);
		if ((half >> 10 & 31) != 31)
			ck_assert_double_eq((double)x, half_by_the_book((uint16_t)half));
		else
			ck_assert(half & 1023 ? isnan(x) != 0 : isinf(x) != 0);
	}
}
END_TEST

/* Any float goes to the nearest of its two neighbours, of equally near ones to the even. */
START_TEST(halves_are_the_nearest)
{
	for (uint32_t i = 0; i < 300000; i++) {
		const uint32_t bits = (uint32_t)(fed_random(1, i)) & 0x7fffffffu;
		const double x = (double)float_of(i % 3 ? bits : 0x33000000u + bits % 0x14800000u);

		if (!(x < 65504))
			continue;
		const uint16_t half = fed__half_of((float)x);
		const double got = half_by_the_book(half), off = fabs(got - x);
		const double above = fabs(half_by_the_book((uint16_t)(half + 1)) - x);
		const double below = half ? fabs(half_by_the_book((uint16_t)(half - 1)) - x) : INFINITY;
		ck_assert_msg(off < above || (off == above && half % 2 == 0), "%a: %04x", x, half);
		ck_assert_msg(off < below || (off == below && half % 2 == 0), "%a: %04x", x, half);
	}
}
END_TEST

/* int8 ---------------------------------------------------------------------- */

static void there_and_back(const struct fed_codec *codec, const float *v, size_t n, float *out)
{
	unsigned char bytes[8 * MOST];
	struct fed_error err;
	const size_t len = fed__codec_encode(codec, v, n, bytes);

	fed_assert_ok(fed__codec_decode(codec->kind, bytes, len, out, n, &err), &err);
}

START_TEST(int8_is_off_by_half_a_step_at_most)
{
	const struct fed_codec codec = {.kind = FED_CODEC_INT8};
	float v[MOST], got[MOST];

	for (uint64_t seed = 0; seed < 20; seed++) {
		fill(v, MOST, seed, false);
		there_and_back(&codec, v, MOST, got);
		for (size_t j = 0; j < MOST; j += FED_CODEC_BLOCK) {
			const size_t end = j + FED_CODEC_BLOCK < MOST ? j + FED_CODEC_BLOCK : MOST;
			float m = 0;

			for (size_t k = j; k < end; k++)
				m = fmaxf(m, fabsf(v[k]));
			for (size_t k = j; k < end; k++) {
				ck_assert(fabs((double)v[k] - (double)got[k]) <= (double)m / 254 * (1 + 1e-5));
				if (fabsf(v[k]) == m)
					ck_assert(got[k] == v[k]);
			}
		}
	}
}
END_TEST

START_TEST(int8_bytes_are_as_written_down)
{
	const struct fed_codec codec = {.kind = FED_CODEC_INT8};
	static const float v[] = {1, -2, 0, 127, 2.5f, 3.5f, -126.9f, 0.49f};
	static const signed char q[] = {1, -2, 0, 127, 2, 4, -127, 0};
	unsigned char bytes[12];

	ck_assert_uint_eq(fed__codec_encode(&codec, v, 8, bytes), 12);
	ck_assert_mem_eq(bytes, "\x00\x00\xfe\x42", 4); /* 127.0f */
	ck_assert_mem_eq(bytes + 4, q, sizeof q);
}
END_TEST

START_TEST(int8_tells_what_is_not_finite)
{
	static const float odd[] = {NAN, INFINITY, -INFINITY};
	const struct fed_codec codec = {.kind = FED_CODEC_INT8};
	float v[600], got[600];

	for (size_t i = 0; i < 3; i++) {
		fill(v, 600, i, false);
		v[300] = odd[i];
		v[512] = v[599] = FLT_MIN / 2; /* the last block: next to nothing */
		for (size_t j = 513; j < 599; j++)
			v[j] = 0;
		there_and_back(&codec, v, 600, got);
		for (size_t j = 0; j < 600; j++)
			ck_assert(j < 256 ? isfinite(got[j]) : j < 512 ? isnan(got[j]) : got[j] == 0);
	}
}
END_TEST

/* top-k --------------------------------------------------------------------- */

struct ranked {
	uint32_t magnitude;
	size_t j;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->magnitude != y->magnitude)
		return x->magnitude > y->magnitude ? -1 : 1;
	return x->j < y->j ? -1 : x->j > y->j;
}

static void check_against_sort(const float *v, size_t n, double share)
{
	const struct fed_codec codec = {.kind = FED_CODEC_TOP_K, .share = share};
	static struct ranked rank[MOST];
	float got[MOST], want[MOST] = {0};

	for (size_t j = 0; j < n; j++)
		rank[j] = (struct ranked){bits_of(v[j]) & 0x7fffffffu, j};
	qsort(rank, n, sizeof *rank, by_rank);
	for (size_t i = 0; i < fed__codec_kept(&codec, n); i++)
		if (rank[i].magnitude)
			want[rank[i].j] = v[rank[i].j];
	there_and_back(&codec, v, n, got);
	ck_assert_msg(memcmp(got, want, n * sizeof *got) == 0, "%zu numbers, share %g", n, share);
}

START_TEST(top_k_is_the_head_of_a_sort)
{
	static const double shares[] = {1e-6, 0.001, 0.01, 0.05, 0.3, 0.5, 0.999, 1};
	float v[MOST];

	for (size_t i = 0; i < LENGTHS; i++)
		for (size_t k = 0; k < sizeof shares / sizeof *shares; k++)
			for (uint64_t seed = 0; seed < 6; seed++) {
				fill(v, lengths[i], seed, seed % 2);
				if (seed >= 4 && lengths[i] > 100) {
					v[7] = NAN;
					v[70] = -INFINITY;
					v[77] = INFINITY;
				}
				check_against_sort(v, lengths[i], shares[k]);
			}
}
END_TEST

START_TEST(top_k_counts)
{
	static const struct {
		double share;
		size_t n, kept;
	} rows[] = {{0.01, 100, 1}, {0.01, 101, 2}, {0.01, 1, 1}, {0.07, 100, 7},      {1e-9, 5, 1},
	            {1, 5, 5},      {0.5, 5, 3},    {0.1, 0, 0},  {0.05, 199210, 9961}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct fed_codec codec = {.kind = FED_CODEC_TOP_K, .share = rows[i].share};

		ck_assert_uint_eq(fed__codec_kept(&codec, rows[i].n), rows[i].kept);
		ck_assert_uint_eq(fed_codec_size(&codec, rows[i].n), 8 * rows[i].kept);
	}
}
END_TEST

/* All codecs ---------------------------------------------------------------- */

START_TEST(sizes_are_exact)
{
	static const uint64_t each[] = {4 * 1000, 2 * 1000, 1000 + 4 * 4, 8, 8 * 50, 8 * 1000};
	float v[1000];
	unsigned char bytes[8000];

	fill(v, 1000, 3, false);
	ck_assert_uint_eq(fed_codec_size(&codecs[_i], 1000), each[_i]);
	ck_assert_uint_eq(fed__codec_encode(&codecs[_i], v, 1000, bytes), each[_i]);
}
END_TEST

/* Decoded vectors encode to the same bytes, also when all that is not zero is sent. */
START_TEST(decoded_encodes_to_the_same)
{
	const struct fed_codec all = {.kind = codecs[_i].kind, .share = 1};
	static unsigned char first[8 * MOST], again[8 * MOST];
	float v[MOST], got[MOST];
	struct fed_error err;

	for (size_t i = 0; i < LENGTHS; i++)
		for (uint64_t seed = 0; seed < 20; seed++) {
			const size_t n = lengths[i];

			fill(v, n, seed, seed % 2);
			for (size_t j = 0; seed % 4 == 3 && j < n; j += 97)
				v[j] = float_of((uint32_t)fed_random(seed, j)); /* anything at all */
			const size_t len = fed__codec_encode(&codecs[_i], v, n, first);
			ck_assert_uint_le(len, fed_codec_size(&codecs[_i], n));
			fed_assert_ok(fed__codec_decode(all.kind, first, len, got, n, &err), &err);
			ck_assert_uint_eq(fed__codec_encode(&codecs[_i], got, n, again), len);
			ck_assert_mem_eq(first, again, len);
			ck_assert_uint_eq(fed__codec_encode(&all, got, n, again), len);
			ck_assert_mem_eq(first, again, len);
		}
}
END_TEST

/* Bytes of any kind: refused, or such as an encoder writes. */
START_TEST(nothing_else_is_taken)
{
	const struct fed_codec all = {.kind = _i, .share = 1};
	unsigned taken = 0;

	for (uint64_t seed = 0; seed < 200000; seed++) {
		const size_t n = fed_random(seed, 0) % 6, len = fed_random(seed, 1) % 25;
		unsigned char bytes[25], again[64];
		struct fed_error err = {""};
		float v[6];

		for (size_t i = 0; i < len; i++) /* small numbers and any */
			bytes[i] = (unsigned char)(fed_random(seed, 2 + i) % (seed % 2 ? 256 : 3));
		if (fed__codec_decode((enum fed_codec_kind)_i, bytes, len, v, n, &err)) {
			ck_assert(*err.text != 0);
			continue;
		}
		taken++;
		ck_assert_uint_eq(fed__codec_encode(&all, v, n, again), len);
		ck_assert_mem_eq(bytes, again, len);
	}
	ck_assert_uint_gt(taken, 1000);
}
END_TEST

START_TEST(lies_are_refused_in_words)
{
	static const struct {
		int kind;
		const char *bytes;
		size_t len, n;
		const char *words;
	} rows[] = {
		{FED_CODEC_NONE, "12345", 5, 1, "5 bytes for 1 numbers under codec none"},
		{FED_CODEC_FP16, "123", 3, 1, "under codec fp16"},
		{FED_CODEC_INT8, "\0\0\0\0", 4, 1, "under codec int8"},
		{FED_CODEC_INT8, "\0\0\x80\x3f\x7e", 5, 1, "block 0 "}, /* nothing is 127 */
		{FED_CODEC_INT8, "\0\0\x80\x3f\x80", 5, 1, "block 0 "}, /* -128 */
		{FED_CODEC_INT8, "\0\0\x80\xbf\x7f", 5, 1, "block 0 "}, /* m = -1 */
		{FED_CODEC_INT8, "\0\0\x80\x7f\x7f", 5, 1, "block 0 "}, /* infinite */
		{FED_CODEC_INT8, "\1\0\0\0\x7f", 5, 1, "block 0 "},     /* subnormal */
		{FED_CODEC_INT8, "\0\0\0\0\x7f", 5, 1, "block 0 "},
		{FED_CODEC_TOP_K, "1234", 4, 1, "under codec top-k"},
		{FED_CODEC_TOP_K, "\0\0\0\0\0\0\x80\x3f\1\0\0\0\0\0\x80\x3f", 16, 1, "16 bytes for 1"},
		{FED_CODEC_TOP_K, "\0\0\0\0\0\0\x80\x3f\0\0\0\0\0\0\x80\x3f", 16, 2, "entry 1 "},
		{FED_CODEC_TOP_K, "\2\0\0\0\0\0\x80\x3f", 8, 2, "entry 0 "},
		{FED_CODEC_TOP_K, "\0\0\0\0\0\0\0\x80", 8, 2, "entry 0 "},
		{FED_CODECS, "", 0, 0, "unknown"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_error err = {""};
		float v[2];

		ck_assert_int_eq(fed__codec_decode((enum fed_codec_kind)rows[i].kind,
		                                   (const unsigned char *)rows[i].bytes, rows[i].len, v,
		                                   rows[i].n, &err),
		                 FED_REJECT);
		ck_assert_msg(strstr(err.text, rows[i].words), "row %zu: %s", i, err.text);
	}
}
END_TEST

FED_SUITE(codec)
{
	Suite *suite = suite_create("codec");
	TCase *tests = tcase_create("codec");

	tcase_add_test(tests, names_are_understood);
	tcase_add_test(tests, others_are_refused_in_words);
	tcase_add_test(tests, halves_are_those_of_the_standard);
	tcase_add_test(tests, all_halves_round_trip);
	tcase_add_test(tests, halves_are_the_nearest);
	tcase_add_test(tests, int8_is_off_by_half_a_step_at_most);
	tcase_add_test(tests, int8_bytes_are_as_written_down);
	tcase_add_test(tests, int8_tells_what_is_not_finite);
	tcase_add_test(tests, top_k_is_the_head_of_a_sort);
	tcase_add_test(tests, top_k_counts);
	tcase_add_loop_test(tests, sizes_are_exact, 0, CODECS);
	tcase_add_loop_test(tests, decoded_encodes_to_the_same, 0, CODECS);
	tcase_add_loop_test(tests, nothing_else_is_taken, 0, FED_CODECS);
	tcase_add_test(tests, lies_are_refused_in_words);
	suite_add_tcase(suite, tests);
	return suite;
}
