/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Headers of safetensors and of NumPy's arrays, whole and damaged; half floats.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/npy.h"
#include "formats/safetensors.h"
#include "formats/shown.h"
#include "support/suite.h"

static int read_safetensors(const char *header, size_t data, struct fed_text *out,
                            struct fed_error *err)
{
	static const float numbers[] = {1, -2, 3, 4.5f, 5, 6, 7, 8};
	const struct fed_tensor_taker taker = {.take = formats_show, .ctx = out};
	struct fed_text file = {0};
	const uint64_t n = strlen(header);

	fed_text_put(&file, (const char *)&n, sizeof n);
	fed_text_put(&file, header, n);
	fed_text_put(&file, (const char *)numbers, data);
	const int rc = fed_safetensors_read(file.s, file.len, &taker, err);
	fed_text_release(&file);
	return rc;
}

#define A "\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"
static const struct {
	const char *header;
	size_t data;
	const char *shown, *words; /* one of the two */
} headers[] = {
	{"{" A "}", 8, "a(2)=1,-2;", NULL},
	{" { " A " } \n ", 8, "a(2)=1,-2;", NULL},
	{"{}", 0, "", NULL},
	{"{\"__metadata__\":{\"x\":\"y\\\"}\"}," A "}", 8, "a(2)=1,-2;", NULL},
	{"{\"b\":{\"data_offsets\":[8,16],\"shape\":[1,2],\"dtype\":\"F32\"}," A "}", 16,
     "a(2)=1,-2;b(1,2)=3,4.5;", NULL},
	{"{\"a\":{\"dtype\":\"BF16\",\"shape\":[4],\"data_offsets\":[0,8]}}", 8, "a(4)=0,-2;", NULL},
	{"{" A "}", 12, NULL, "take 8 bytes, the file has 12"},
	{"{" A "}", 4, NULL, "take 8 bytes, the file has 4"},
	{"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}", 12, NULL,
     "b begins at byte 4 of the buffer, inside of another tensor"},
	{"{" A ",\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}", 16, NULL,
     "behind a hole"},
	{"{" A "," A "}", 8, NULL, "damaged at byte 65: duplicate object key near '\"a\"'"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},"
     "\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,16]}}",
     16, NULL, "duplicate"},
	{"{\"a\\u001b[2J\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, NULL,
     "a?[2J has type I8"},
	{"{\"a\xff\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, NULL, "damaged"},
	{"{\"a\\u0000\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, NULL, "damaged"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}", 8, NULL, "damaged"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}}", 8, NULL,
     "damaged"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8,9]}}", 8, NULL, "damaged"},
	{"{\"a\":[]}", 8, NULL, "damaged"},
	{"{\"__metadata__\":{\"x\":1}," A "}", 8, NULL, "texts"},
	{"{\"__metadata__\":1," A "}", 8, NULL, "__metadata__ should be an object"},
	{"{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8, NULL, "type I64"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, NULL, "bytes that its"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, NULL, "bytes that its"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}}", 8,
     NULL, "bytes that its"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,8]}}", 8, NULL,
     "damaged"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, NULL,
     "damaged"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", 8, NULL, "damaged"},
	{"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 8, NULL,
     "duplicate"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, NULL, "data_offsets"},
	{"{\"a\":{}}", 8, NULL, "damaged"},
	{"{\"a\":", 8, NULL, "damaged"},
	{"{\"a", 8, NULL, "damaged"},
	{"{\"a\\", 8, NULL, "damaged"},
	{"{" A, 8, NULL, "damaged"},
	{"{" A "}x", 8, NULL, "end of file expected"},
	{"[]", 0, NULL, "damaged"},
	{"", 0, NULL, "damaged"},
};

START_TEST(safetensors_headers)
{
	struct fed_text out = {0};
	struct fed_error err = {""};
	const int rc = read_safetensors(headers[_i].header, headers[_i].data, &out, &err);

	if (headers[_i].shown) {
		ck_assert_msg(rc == FED_OK, "%s: %s", headers[_i].header, err.text);
		ck_assert_str_eq(fed_text_str(&out), headers[_i].shown);
	} else {
		ck_assert_msg(rc == FED_FAIL && strstr(err.text, headers[_i].words), "%s: %s",
		              headers[_i].header, err.text);
	}
	fed_text_release(&out);
}
END_TEST

START_TEST(safetensors_lengths)
{
	struct fed_text out = {0};
	const struct fed_tensor_taker taker = {.take = formats_show, .ctx = &out};
	const uint64_t lengths[] = {1ull << 63, UINT64_MAX, UINT64_MAX - 7, 100, 3};
	struct fed_error err = {""};
	char file[10] = "\0\0\0\0\0\0\0\0{}";

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		memcpy(file, &lengths[i], 8);
		ck_assert_int_eq(fed_safetensors_read(file, sizeof file, &taker, &err), FED_FAIL);
	}
	ck_assert_ptr_null(out.s);
	for (size_t n = 0; n < 8; n++)
		ck_assert_int_eq(fed_safetensors_read(file, n, &taker, &err), FED_FAIL);
}
END_TEST

/* The deepest and the widest header: refused, or parsed in memory that its length bounds. */
START_TEST(safetensors_large_headers)
{
	static const char *const parts[] = {"[", "{\"a\":", "{\"a\":[", "{},"};
	struct fed_error err = {""};
	const struct fed_tensor_taker taker = {.take = formats_show};

	for (uint64_t length = 1 << 20; length <= (1 << 20) + 1; length++) {
		for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
			char *file = malloc(8 + length);

			memcpy(file, &length, 8);
			file[8] = '[';
			for (size_t at = 1, n = strlen(parts[i]); at < length; at++)
				file[8 + at] = parts[i][(at - 1) % n];
			ck_assert_int_eq(fed_safetensors_read(file, 8 + length, &taker, &err), FED_FAIL);
			ck_assert_msg(strstr(err.text, length > 1 << 20 ? "at most 1048576" : "damaged"), "%s",
			              err.text);
			ck_assert_int_eq(fed__mem_live(), 0);
			free(file);
		}
	}
}
END_TEST

#define HEAD(d, f, s) "{'descr': '" d "', 'fortran_order': " f ", 'shape': " s ", }\n"
static const struct {
	const char *header;
	unsigned version;
	size_t data;
	const char *words; /* NULL: fine */
} arrays[] = {
	{HEAD("<f4", "False", "(3,)"), 1, 12, NULL},
	{HEAD("<f4", "False", "(3,)"), 2, 12, NULL},
	{HEAD("<f4", "False", "(3,)"), 3, 12, NULL},
	{HEAD("<f8", "False", "(3, 2)"), 1, 48, NULL},
	{HEAD("<f2", "False", "(1, 2, 3)"), 1, 12, NULL},
	{HEAD("<f4", "False", "()"), 1, 4, NULL},
	{HEAD("<f4", "False", "(0, 7)"), 1, 0, NULL},
	{"{\"shape\":(2,),'fortran_order':False,'descr':'<f4'}", 1, 8, NULL},
	{HEAD("<f4", "False", "(3,)"), 4, 12, "format 4.0"},
	{HEAD("<f4", "False", "(3,)"), 0, 12, "format 0.0"},
	{HEAD("|O", "False", "(3,)"), 1, 12, "Python objects"},
	{HEAD(">f4", "False", "(3,)"), 1, 12, "dtype >f4"},
	{HEAD("<i4", "False", "(3,)"), 1, 12, "dtype <i4"},
	{HEAD("<f4", "True", "(3, 2)"), 1, 24, "Fortran order"},
	{HEAD("<f4", "False", "(3,)"), 1, 11, "bytes of data"},
	{HEAD("<f4", "False", "(3,)"), 1, 16, "bytes of data"},
	{HEAD("<f4", "False", "(4611686018427387904,)"), 1, 0, "bytes of data"},
	{HEAD("<f4", "False", "(4294967296, 4294967296)"), 1, 0, "bytes of data"},
	{HEAD("<f4", "False", "(99999999999999999999,)"), 1, 4, "not understood"},
	{HEAD("<f4", "False", "(3)"), 1, 12, "not understood"},
	{HEAD("<f4", "False", "(-3,)"), 1, 12, "not understood"},
	{HEAD("<f4", "False", "(1,1,1,1,1,1,1,1,1)"), 1, 4, "not understood"},
	{HEAD("<f4", "Maybe", "(3,)"), 1, 12, "not understood"},
	{"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,)}", 1, 12, "descr"},
	{"{'descr': '<f4', 'descr': '<f4'}", 1, 12, "not understood"},
	{"{'descr': '<f4', 'fortran_order': False}", 1, 12, "damaged"},
	{"{'descr': '<f4' 'fortran_order': False}", 1, 12, "damaged"},
	{"{'descr: <f4", 1, 0, "damaged"},
	{"{", 1, 0, "damaged"},
	{"", 1, 0, "not a dictionary"},
	{HEAD("<f4", "False", "(3,)") "x", 1, 12, "damaged"},
};

START_TEST(npy_headers)
{
	struct fed_text file = {0};
	struct fed_stored_tensor t = {0};
	struct fed_error err = {""};
	const size_t length = strlen(arrays[_i].header);
	const char head[] = {
		(char)0x93,          'N', 'U', 'M', 'P', 'Y', (char)arrays[_i].version, 0, (char)length,
		(char)(length >> 8), 0,   0};
	static const char zeros[64];

	fed_text_put(&file, head, arrays[_i].version > 1 ? 12 : 10);
	fed_text_put(&file, arrays[_i].header, length);
	fed_text_put(&file, zeros, arrays[_i].data);
	const int rc = fed_npy_parse(file.s, file.len, &t, &err);
	if (arrays[_i].words)
		ck_assert_msg(rc == FED_FAIL && strstr(err.text, arrays[_i].words), "%s: \"%s\"",
		              arrays[_i].header, err.text);
	else
		ck_assert_msg(rc == FED_OK, "%s: %s", arrays[_i].header, err.text);
	/* Cut off anywhere, it is refused; malloc'd to its length, so that ASan sees a byte too far. */
	for (size_t n = 0; rc == FED_OK && n < file.len; n++) {
		char *part = malloc(n + 1);
		memcpy(part, file.s, n);
		ck_assert_int_eq(fed_npy_parse(part, n, &t, &err), FED_FAIL);
		free(part);
	}
	fed_text_release(&file);
}
END_TEST

START_TEST(half_floats)
{
	static const struct {
		uint16_t bits;
		float x;
	} halves[] = {{0x3c00, 1},        {0xc000, -2},    {0x0001, 0x1p-24f}, {0x03ff, 0x3ffp-24f},
	              {0x0400, 0x1p-14f}, {0x7bff, 65504}, {0x8000, -0.0f}};

	for (size_t i = 0; i < sizeof halves / sizeof *halves; i++) {
		const struct fed_stored_tensor t = {.type = FED_NUMBER_F16,
		                                    .bytes = (const unsigned char *)&halves[i].bits};
		ck_assert(fed_stored_number(&t, 0) == halves[i].x); /* exact in float32 */
	}
}
END_TEST

FED_SUITE(tensors)
{
	Suite *suite = suite_create("tensors");
	TCase *tests = tcase_create("tensors");

	tcase_add_loop_test(tests, safetensors_headers, 0, (int)(sizeof headers / sizeof *headers));
	tcase_add_test(tests, safetensors_lengths);
	tcase_add_test(tests, safetensors_large_headers);
	tcase_add_loop_test(tests, npy_headers, 0, (int)(sizeof arrays / sizeof *arrays));
	tcase_add_test(tests, half_floats);
	suite_add_tcase(suite, tests);
	return suite;
}
