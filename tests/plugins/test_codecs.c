/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fp16, int8 and top-k against tables, bounds, a sort and themselves; damaged bytes for all codecs.
 */
#include "codecs.h"

#include <float.h>
#include <stdlib.h>

enum { BLOCK = 256 };

/* Those that encode what they decoded to the same bytes. */
static const struct {
	const char *name, *settings;
} exact[] = {
	{"fp16", ""},         {"int8", ""}, {"top-k", "share=0.001"}, {"top-k", "share=0.05"},
	{"top-k", "share=1"},
};
#define EXACT ((int)(sizeof exact / sizeof *exact))
static const size_t lengths[] = {0, 1, 2, 255, 256, 257, 512, 1000, LONGEST};
#define LENGTHS (sizeof lengths / sizeof *lengths)

/* fp16 ---------------------------------------------------------------------- */

static uint16_t half_of(const struct drive *d, float x)
{
	unsigned char bytes[2];

	encode(d, &x, 1, bytes);
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static float half_value(const struct drive *d, uint16_t half)
{
	const unsigned char bytes[2] = {(unsigned char)half, (unsigned char)(half >> 8)};
	struct fed_error err = {""};
	float x;

	fed_assert_ok(decode(d, bytes, 2, &x, 1, &err), &err);
	return x;
}

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

	struct drive d;

	drive_open(&d, "fp16", "");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const uint16_t half = half_of(&d, (float)rows[i].x);

		ck_assert_msg(half == rows[i].half, "%a: %04x, not %04x", rows[i].x, half, rows[i].half);
	}
	drive_close(&d);
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
	struct drive d;

	drive_open(&d, "fp16", "");
	for (uint32_t half = 0; half < 65536; half++) {
		const float x = half_value(&d, (uint16_t)half);

		ck_assert_uint_eq(half_of(&d, x), half);
		ck_assert((bits_of(x) >> 31) == half >> 15);
		if ((half >> 10 & 31) != 31)
			ck_assert_double_eq((double)x, half_by_the_book((uint16_t)half));
		else
			ck_assert(half & 1023 ? isnan(x) != 0 : isinf(x) != 0);
	}
	drive_close(&d);
}
END_TEST

/* Any float goes to the nearest of its two neighbours, of equally near ones to the even. */
START_TEST(halves_are_the_nearest)
{
	struct drive d;

	drive_open(&d, "fp16", "");
	for (uint32_t i = 0; i < 300000; i++) {
		const uint32_t bits = (uint32_t)(fed_random(1, i)) & 0x7fffffffu;
		const double x = (double)float_of(i % 3 ? bits : 0x33000000u + bits % 0x14800000u);

		if (!(x < 65504))
			continue;
		const uint16_t half = half_of(&d, (float)x);
		const double got = half_by_the_book(half), off = fabs(got - x);
		const double above = fabs(half_by_the_book((uint16_t)(half + 1)) - x);
		const double below = half ? fabs(half_by_the_book((uint16_t)(half - 1)) - x) : INFINITY;
		ck_assert_msg(off < above || (off == above && half % 2 == 0), "%a: %04x", x, half);
		ck_assert_msg(off < below || (off == below && half % 2 == 0), "%a: %04x", x, half);
	}
	drive_close(&d);
}
END_TEST

/* int8 ---------------------------------------------------------------------- */

START_TEST(int8_is_off_by_half_a_step_at_most)
{
	struct drive d;
	float v[LONGEST], got[LONGEST];

	drive_open(&d, "int8", "");
	for (uint64_t seed = 0; seed < 20; seed++) {
		fill(v, LONGEST, seed, false);
		there_and_back(&d, v, LONGEST, got);
		for (size_t j = 0; j < LONGEST; j += BLOCK) {
			const size_t end = j + BLOCK < LONGEST ? j + BLOCK : LONGEST;
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
	drive_close(&d);
}
END_TEST

START_TEST(int8_bytes_are_as_written_down)
{
	struct drive d;
	static const float v[] = {1, -2, 0, 127, 2.5f, 3.5f, -126.9f, 0.49f};
	static const signed char q[] = {1, -2, 0, 127, 2, 4, -127, 0};
	unsigned char bytes[12];

	drive_open(&d, "int8", "");
	ck_assert_uint_eq(encode(&d, v, 8, bytes), 12);
	ck_assert_mem_eq(bytes, "\x00\x00\xfe\x42", 4); /* 127.0f */
	ck_assert_mem_eq(bytes + 4, q, sizeof q);
	drive_close(&d);
}
END_TEST

START_TEST(int8_tells_what_is_not_finite)
{
	static const float odd[] = {NAN, INFINITY, -INFINITY};
	struct drive d;
	float v[600], got[600];

	drive_open(&d, "int8", "");
	for (size_t i = 0; i < 3; i++) {
		fill(v, 600, i, false);
		v[300] = odd[i];
		v[512] = v[599] = FLT_MIN / 2; /* the last block: next to nothing */
		for (size_t j = 513; j < 599; j++)
			v[j] = 0;
		there_and_back(&d, v, 600, got);
		for (size_t j = 0; j < 600; j++)
			ck_assert(j < 256 ? isfinite(got[j]) : j < 512 ? isnan(got[j]) : got[j] == 0);
	}
	drive_close(&d);
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
	char setting[32];
	struct drive d;
	static struct ranked rank[LONGEST];
	float got[LONGEST], want[LONGEST] = {0};

	for (size_t j = 0; j < n; j++)
		rank[j] = (struct ranked){bits_of(v[j]) & 0x7fffffffu, j};
	qsort(rank, n, sizeof *rank, by_rank);
	snprintf(setting, sizeof setting, "share=%.17g", share);
	drive_open(&d, "top-k", setting);
	for (size_t i = 0; i < bound(&d, n) / 8; i++)
		if (rank[i].magnitude)
			want[rank[i].j] = v[rank[i].j];
	there_and_back(&d, v, n, got);
	ck_assert_msg(memcmp(got, want, n * sizeof *got) == 0, "%zu numbers, share %g", n, share);
	drive_close(&d);
}

START_TEST(top_k_is_the_head_of_a_sort)
{
	static const double shares[] = {1e-6, 0.001, 0.01, 0.05, 0.3, 0.5, 0.999, 1};
	float v[LONGEST];

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
		char setting[32];
		struct drive d;

		snprintf(setting, sizeof setting, "share=%.17g", rows[i].share);
		drive_open(&d, "top-k", setting);
		ck_assert_uint_eq(bound(&d, rows[i].n), 8 * rows[i].kept);
		drive_close(&d);
	}
}
END_TEST

/* All codecs ---------------------------------------------------------------- */

START_TEST(sizes_are_exact)
{
	static const struct {
		const char *name, *settings;
		size_t bytes; /* of 1000 numbers */
	} rows[] = {
		{"fp16", "", 2000},         {"int8", "", 1000 + 4 * 4}, {"top-k", "share=0.001", 8},
		{"top-k", "share=1", 8000}, {"sign", "", 4 + 125},      {"powersgd", "rank=2", 4000},
	};
	float v[1000];
	unsigned char bytes[8000];

	fill(v, 1000, 3, false);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct drive d;

		drive_open(&d, rows[i].name, rows[i].settings);
		ck_assert_uint_eq(bound(&d, 1000), rows[i].bytes);
		ck_assert_uint_eq(encode(&d, v, 1000, bytes), rows[i].bytes);
		drive_close(&d);
	}
}
END_TEST

/* Decoded vectors encode to the same bytes. */
START_TEST(decoded_encodes_to_the_same)
{
	static unsigned char first[8 * LONGEST], again[8 * LONGEST];
	float v[LONGEST], got[LONGEST];
	struct fed_error err = {""};
	struct drive d;

	drive_open(&d, exact[_i].name, exact[_i].settings);
	for (size_t i = 0; i < LENGTHS; i++)
		for (uint64_t seed = 0; seed < 20; seed++) {
			const size_t n = lengths[i];

			fill(v, n, seed, seed % 2);
			for (size_t j = 0; seed % 4 == 3 && j < n; j += 97)
				v[j] = float_of((uint32_t)fed_random(seed, j)); /* anything at all */
			const size_t len = encode(&d, v, n, first);
			ck_assert_uint_le(len, bound(&d, n));
			fed_assert_ok(decode(&d, first, len, got, n, &err), &err);
			ck_assert_uint_eq(encode(&d, got, n, again), len);
			ck_assert_mem_eq(first, again, len);
		}
	drive_close(&d);
}
END_TEST

/* Bytes of any kind: refused, or such as an encoder writes. */
START_TEST(nothing_else_is_taken)
{
	static const char *const names[] = {"fp16", "int8", "top-k"};
	unsigned taken = 0;
	struct drive d;

	drive_open(&d, names[_i], _i == 2 ? "share=1" : "");
	for (uint64_t seed = 0; seed < 200000; seed++) {
		const size_t n = fed_random(seed, 0) % 6, len = fed_random(seed, 1) % 25;
		unsigned char bytes[25], again[64];
		struct fed_error err = {""};
		float v[6];

		for (size_t i = 0; i < len; i++) /* small numbers and any */
			bytes[i] = (unsigned char)(fed_random(seed, 2 + i) % (seed % 2 ? 256 : 3));
		if (decode(&d, bytes, len, v, n, &err)) {
			ck_assert(*err.text != 0);
			continue;
		}
		taken++;
		ck_assert_uint_eq(encode(&d, v, n, again), len);
		ck_assert_mem_eq(bytes, again, len);
	}
	ck_assert_uint_gt(taken, 1000);
	drive_close(&d);
}
END_TEST

START_TEST(lies_are_refused_in_words)
{
	static const struct {
		const char *name, *bytes;
		size_t len, n;
		const char *words;
	} rows[] = {
		{"fp16", "123", 3, 1, "codec fp16: 3 bytes are no encoding of 1 numbers"},
		{"int8", "\0\0\0\0", 4, 1, "4 bytes are no encoding"},
		{"int8", "\0\0\x80\x3f\x7e", 5, 1, "block 0 "}, /* nothing is 127 */
		{"int8", "\0\0\x80\x3f\x80", 5, 1, "block 0 "}, /* -128 */
		{"int8", "\0\0\x80\xbf\x7f", 5, 1, "block 0 "}, /* m = -1 */
		{"int8", "\0\0\x80\x7f\x7f", 5, 1, "block 0 "}, /* infinite */
		{"int8", "\1\0\0\0\x7f", 5, 1, "block 0 "},     /* subnormal */
		{"int8", "\0\0\0\0\x7f", 5, 1, "block 0 "},
		{"top-k", "1234", 4, 1, "4 bytes are no encoding"},
		{"top-k", "\0\0\0\0\0\0\x80\x3f\1\0\0\0\0\0\x80\x3f", 16, 1, "16 bytes are no"},
		{"top-k", "\0\0\0\0\0\0\x80\x3f\0\0\0\0\0\0\x80\x3f", 16, 2, "entry 1 "},
		{"top-k", "\2\0\0\0\0\0\x80\x3f", 8, 2, "entry 0 "},
		{"top-k", "\0\0\0\0\0\0\0\x80", 8, 2, "entry 0 "},
		{"sign", "\0\0\x80\x3f", 4, 1, "4 bytes are no"},
		{"sign", "\0\0\x80\xbf\1", 5, 1, "its scale is -1"},
		{"sign", "\0\0\x80\x7f\1", 5, 1, "its scale is inf"},
		{"sign", "\0\0\x80\x3f\2", 5, 1, "bits follow its last sign"},
		{"qsgd", "\0\0\0", 3, 1, "no sound length or count"},
		{"qsgd", "\0\0\0\0\x80\0\0\0", 8, 1, "bytes are no encoding"},
		{"powersgd", "\0\0\0\0\0", 5, 1, "5 bytes are no"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_error err = {""};
		struct drive d;
		float v[2];

		drive_open(&d, rows[i].name, "");
		ck_assert_int_eq(
			decode(&d, (const unsigned char *)rows[i].bytes, rows[i].len, v, rows[i].n, &err),
			FED_REJECT);
		ck_assert_msg(strstr(err.text, rows[i].words), "row %zu: %s", i, err.text);
		drive_close(&d);
	}
}
END_TEST

/* Damage: whatever the bytes and their number, decode() refuses them or writes a vector; buffers
 * have their exact size, for the address build. */
START_TEST(damaged_bytes_do_no_harm)
{
	static const char *const names[][2] = {
		{"fp16", ""},           {"int8", ""}, {"top-k", "share=0.1"}, {"qsgd", "bucket=50"},
		{"qsgd", "levels=300"}, {"sign", ""}, {"powersgd", ""}};
	enum { N = 400 };
	const struct fed_matrix form[] = {{20, 15}, {1, 20}, {8, 10}};
	const struct fed_coding c = {.n = N, .seed = 5, .matrices = 3, .matrix = form};
	unsigned refused = 0, finite = 0, seen = 0;
	struct drive d;
	float v[N];

	drive_open(&d, names[_i][0], names[_i][1]);
	const size_t most = fed_call_bound(&d.instance, &c);
	unsigned char *bytes = malloc(most);
	for (uint64_t seed = 0; seed < 4000; seed++) {
		float scratch[100];
		const struct fed_coding with = {
			.n = N, .seed = seed, .matrices = 3, .matrix = form, .scratch = scratch};
		struct fed_error err = {""};
		size_t len;

		fill(v, N, seed, false);
		if (seed % 16 == 0)
			v[seed % N] = NAN;
		ck_assert_uint_le(fed_call_scratch(&d.instance, &c), 100);
		fed_assert_ok(fed_call_encode(&d.instance, &with, v, bytes, &len, &err), &err);
		ck_assert_uint_le(len, most);
		size_t cut = len;
		if (seed % 4 == 1)
			cut = fed_random(seed, 0) % (len + 1);
		for (uint64_t k = 0; k < 1 + seed % 3 && cut; k++) {
			const size_t bit = fed_random(seed, 1 + k) % (8 * cut);

			bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
		}
		unsigned char *exactly = malloc(cut ? cut : 1);
		float *out = malloc(N * sizeof *out);
		memcpy(exactly, bytes, cut);
		const int rc = fed_call_decode(&d.instance, &c, exactly, cut, out, &err);
		ck_assert(rc == FED_OK || (rc == FED_REJECT && *err.text));
		refused += rc != FED_OK;
		bool sound = rc == FED_OK;
		for (size_t j = 0; sound && j < N; j++)
			sound = isfinite(out[j]);
		finite += sound;
		seen++;
		free(exactly);
		free(out);
	}
	/* the rest are not finite: the gate refuses those */
	ck_assert_uint_gt(refused, seen / 8);
	ck_assert_uint_le(refused + finite, seen);
	free(bytes);
	drive_close(&d);
}
END_TEST

FED_SUITE(codecs)
{
	Suite *suite = suite_create("codecs");
	TCase *tests = tcase_create("codecs");

	tcase_add_test(tests, halves_are_those_of_the_standard);
	tcase_add_test(tests, all_halves_round_trip);
	tcase_add_test(tests, halves_are_the_nearest);
	tcase_add_test(tests, int8_is_off_by_half_a_step_at_most);
	tcase_add_test(tests, int8_bytes_are_as_written_down);
	tcase_add_test(tests, int8_tells_what_is_not_finite);
	tcase_add_test(tests, top_k_is_the_head_of_a_sort);
	tcase_add_test(tests, top_k_counts);
	tcase_add_test(tests, sizes_are_exact);
	tcase_add_loop_test(tests, decoded_encodes_to_the_same, 0, EXACT);
	tcase_add_loop_test(tests, nothing_else_is_taken, 0, 3);
	tcase_add_test(tests, lies_are_refused_in_words);
	tcase_add_loop_test(tests, damaged_bytes_do_no_harm, 0, 7);
	suite_add_tcase(suite, tests);
	return suite;
}
