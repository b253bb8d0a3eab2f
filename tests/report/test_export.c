/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "report/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "formats/npy.h"
#include "formats/safetensors.h"
#include "session/small.h"
#include "support/suite.h"

static struct fed_temp temp;

static void make_folder(void)
{
	fed_temp_make(&temp);
}
static void remove_folder(void)
{
	fed_temp_remove(&temp);
}

static void export_to(struct fed_session *s, const char *name)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_session_export(s, fed_temp_file(&temp, name), &err), &err);
}

static void contents(const char *name, struct fed_text *out)
{
	struct fed_error err = {""};

	fed_assert_ok(fed_file_read(fed_temp_file(&temp, name), 1 << 24, out, &err), &err);
}

/* Whole sessions --------------------------------------------------------- */

static const char *const files[] = {"m.npz", "m.safetensors", "M.NPZ"};

START_TEST(parameters_come_back)
{
	struct fed_session s, other;
	struct heard heard;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "round 2");
	export_to(&s, files[_i]);
	small_compose(&other, &heard, "fedavg");
	fed_assert_ok(fed_session_import(&other, fed_temp_file(&temp, files[_i]), &err), &err);
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&other), s.net.dim * sizeof(float));
	ck_assert_uint_eq(fed_session_version(&other), 0);
	ck_assert_ptr_nonnull(strstr(heard.text, "12 parameters in 2 tensors"));
	fed_session_release(&s);
	fed_session_release(&other);
}
END_TEST

static const struct {
	const char *model, *words;
} strangers[] = {
	{"model mlp hidden=3", "dense1.weight has shape (4, 2) there, (3, 2) in this model"},
	{"model mlp hidden=4", "dense2.weight is missing"},
	{"dataset linear d=2 train=20 test=4", "dense1.weight has shape (4, 2) there, (1, 2)"},
};

START_TEST(other_models_are_refused)
{
	struct fed_session s, other;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	small_init(&other, NULL);
	small_do(&other, "dataset blobs train=20 test=4");
	small_do(&other, strangers[_i].model);
	for (int k = 0; k < 2; k++) {
		export_to(&s, files[k]);
		ck_assert_int_eq(fed_session_import(&other, fed_temp_file(&temp, files[k]), &err),
		                 FED_FAIL);
		ck_assert_msg(strstr(err.text, strangers[_i].words) != NULL, "%s", err.text);
	}
	fed_session_release(&s);
	fed_session_release(&other);
}
END_TEST

/* PyTorch's layout: dense1.weight is (out, in), the transpose of what the net keeps. */
START_TEST(layout_is_pytorch_s)
{
	struct fed_session s;
	struct fed_text bytes = {0};
	uint64_t header;

	small_compose(&s, NULL, "fedavg");
	export_to(&s, "m.safetensors");
	contents("m.safetensors", &bytes);
	memcpy(&header, bytes.s, 8);
	ck_assert_uint_eq((8 + header) % 8, 0);
	const float *w = fed_session_params(&s);
	for (size_t out = 0; out < 4; out++) {
		for (size_t in = 0; in < 2; in++) {
			float x;
			memcpy(&x, bytes.s + 8 + header + (out * 2 + in) * sizeof x, sizeof x);
			ck_assert(x == w[in * 4 + out]); /* a copy, no arithmetic */
		}
	}
	fed_text_release(&bytes);
	fed_session_release(&s);
}
END_TEST

START_TEST(csv_has_all_rounds)
{
	struct fed_session s;
	struct fed_text bytes = {0};
	unsigned commas = 0, lines = 0, metrics = 0;

	while (fed_metrics[metrics].type)
		metrics++;
	small_compose(&s, NULL, "fedavg");
	small_do(&s, "set eval-every 2;round 3");
	export_to(&s, "h.csv");
	contents("h.csv", &bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		commas += bytes.s[i] == ',';
		lines += bytes.s[i] == '\n';
	}
	ck_assert_uint_eq(lines, 4);
	ck_assert_uint_eq(commas, 4 * (metrics - 1));
	ck_assert_ptr_nonnull(strstr(bytes.s, "round,clock,wall,test_accuracy,test_loss,"));
	/* Round 1 was not evaluated: two empty cells, which pandas reads as NaN. */
	const char *row = strstr(bytes.s, "\n1,");
	for (int k = 0; k < 3; k++)
		row = strchr(row, ',') + 1;
	ck_assert_int_eq(strncmp(row, ",,", 2), 0);
	ck_assert_ptr_null(strstr(bytes.s, "nan"));
	fed_text_release(&bytes);
	fed_session_release(&s);
}
END_TEST

/* More than the session's model can be is told as that, by numbers. */
START_TEST(a_file_of_a_larger_model_is_refused)
{
	static const char zeros[1 << 21];
	const char *path = fed_temp_write(&temp, "m.npz", zeros, sizeof zeros);
	struct fed_session s;
	struct fed_error err = {""};
	char words[64];

	small_compose(&s, NULL, "fedavg");
	ck_assert_int_eq(fed_session_import(&s, path, &err), FED_FAIL);
	snprintf(words, sizeof words, "the %zu parameters of the session's model", s.net.dim);
	ck_assert_msg(strstr(err.text, words), "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, "m.npz: has 2.1 MB"));
	fed_session_release(&s);
}
END_TEST

START_TEST(other_endings_are_refused)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	ck_assert_int_eq(fed_session_export(&s, fed_temp_file(&temp, "m.pt"), &err), FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, ".csv (metrics), .npz or .safetensors"));
	ck_assert_int_eq(fed_session_import(&s, fed_temp_file(&temp, "m.csv"), &err), FED_REJECT);
	ck_assert_uint_eq(fed_temp_count(&temp), 0);
	fed_session_release(&s);
}
END_TEST

START_TEST(failing_writes_leave_the_old_file)
{
	static const char *const names[] = {"m.npz", "m.safetensors", "h.csv", "t.json"};
	struct fed_session s;
	struct fed_text old = {0}, now = {0};
	struct fed_error err = {""};
	int rc = FED_FAIL;

	small_compose(&s, NULL, "fedavg");
	small_do(&s, "round 1");
	export_to(&s, names[_i]);
	contents(names[_i], &old);
	small_do(&s, "round 1");
	for (uint64_t k = 1; rc != FED_OK; k++) {
		fed_file_fail_at(k, EIO);
		rc = fed_session_export(&s, fed_temp_file(&temp, names[_i]), &err);
		fed_file_fail_at(0, 0);
		ck_assert_uint_eq(fed_temp_count(&temp), 1);
		fed_text_clear(&now);
		contents(names[_i], &now);
		if (rc != FED_OK)
			ck_assert(now.len == old.len && memcmp(now.s, old.s, old.len) == 0);
		ck_assert_uint_lt(k, 1000);
	}
	ck_assert(now.len != old.len || memcmp(now.s, old.s, old.len) != 0);
	fed_text_release(&old);
	fed_text_release(&now);
	fed_session_release(&s);
}
END_TEST

static int export_once(void *ctx, struct fed_error *err)
{
	const char *name[] = {"a.npz", "a.safetensors", "a.csv", "a.json"};

	for (int k = 0; k < 4; k++)
		if (fed_session_export(ctx, fed_temp_file(&temp, name[k]), err))
			return FED_FAIL;
	for (int k = 0; k < 2; k++)
		if (fed_session_import(ctx, fed_temp_file(&temp, name[k]), err))
			return FED_FAIL;
	return FED_OK;
}

START_TEST(survives_every_allocation)
{
	struct fed_session s;
	struct fed_error err = {""};

	small_compose(&s, NULL, "fedavg");
	fed_assert_ok(fed_session_start(&s, &err), &err);
	fed_assert_ok(export_once(&s, &err), &err); /* the recorder keeps what it tells */
	ck_assert_uint_ge(fed_each_allocation(export_once, &s), 10);
	fed_session_release(&s);
}
END_TEST

/* Formats alone ---------------------------------------------------------- */

/* Appends "name(shape)=first,last;" of each tensor. */
static int show(void *ctx, const struct fed_stored_tensor *t, struct fed_error *err)
{
	struct fed_text *out = ctx;

	(void)err;
	fed_text_add(out, "%.*s(", (int)t->name_length, t->name);
	for (uint32_t k = 0; k < t->rank; k++)
		fed_text_add(out, "%s%d", k ? "," : "", (int)t->shape[k]);
	fed_text_add(out, ")=%g,%g;", fed_stored_number(t, 0), fed_stored_number(t, t->n - 1));
	return FED_OK;
}

static int read_safetensors(const char *header, size_t data, struct fed_text *out,
                            struct fed_error *err)
{
	static const float numbers[] = {1, -2, 3, 4.5f, 5, 6, 7, 8};
	const struct fed_tensor_taker taker = {.take = show, .ctx = out};
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
	{"{" A "," A "}", 8, NULL, "inside of another tensor"},
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
     "once"},
	{"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", 8, NULL, "data_offsets"},
	{"{\"a\":{}}", 8, NULL, "damaged"},
	{"{\"a\":", 8, NULL, "damaged"},
	{"{\"a", 8, NULL, "damaged"},
	{"{\"a\\", 8, NULL, "damaged"},
	{"{" A, 8, NULL, "damaged"},
	{"{" A "}x", 8, NULL, "the end"},
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
	const struct fed_tensor_taker taker = {.take = show, .ctx = &out};
	const uint64_t lengths[] = {1ull << 63, UINT64_MAX, UINT64_MAX - 7, 100, 3};
	struct fed_error err = {""};
	char file[10] = "\0\0\0\0\0\0\0\0{}";

	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		memcpy(file, &lengths[i], 8);
		ck_assert_int_eq(fed_safetensors_read(file, sizeof file, &taker, &err), FED_FAIL);
	}
	for (size_t n = 0; n < 8; n++)
		ck_assert_int_eq(fed_safetensors_read(file, n, &taker, &err), FED_FAIL);
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
	{"", 1, 0, "no dictionary"},
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

/* ZIP -------------------------------------------------------------------- */

static int read_zip(const void *bytes, size_t n, uint64_t limit, struct fed_text *out,
                    struct fed_error *err)
{
	const struct fed_tensor_taker taker = {.take = show, .ctx = out};
	char *exact = malloc(n + 1);

	memcpy(exact, bytes, n);
	const int rc = fed_npz_read(exact, n, limit, &taker, err);
	free(exact);
	return rc;
}

/* One array of 64 numbers under "x", as fed_zip writes it. */
static void make_zip(struct fed_text *bytes)
{
	struct fed_file_writer file;
	struct fed_zip zip = {.file = &file};
	struct fed_text head = {0};
	float numbers[64] = {1, 2, 3};
	struct fed_error err = {""};

	numbers[63] = 64;
	fed_assert_ok(fed_file_open(&file, fed_temp_file(&temp, "x.npz"), &err), &err);
	fed_npy_header(&head, 2, (const uint32_t[]){8, 8});
	fed_assert_ok(fed_zip_add(&zip, "x.npy", &head, numbers, sizeof numbers, &err), &err);
	fed_assert_ok(fed_zip_finish(&zip, &err), &err);
	fed_assert_ok(fed_file_commit(&file, &err), &err);
	fed_zip_release(&zip);
	fed_text_release(&head);
	contents("x.npz", bytes);
}

START_TEST(zip_reads_what_it_writes)
{
	struct fed_text bytes = {0}, out = {0};
	struct fed_error err = {""};

	make_zip(&bytes);
	fed_assert_ok(read_zip(bytes.s, bytes.len, 1 << 20, &out, &err), &err);
	ck_assert_str_eq(fed_text_str(&out), "x(8,8)=1,64;");
	ck_assert_int_eq(read_zip(bytes.s, bytes.len, 300, &out, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "unpacks to 384 bytes"));
	/* Cut off anywhere, or with any byte changed: refused or the same, never a crash. */
	for (size_t n = 0; n < bytes.len; n++)
		ck_assert_int_eq(read_zip(bytes.s, n, 1 << 20, &out, &err), FED_FAIL);
	for (size_t i = 0; i < bytes.len; i++) {
		for (int k = 0; k < 8; k++) {
			bytes.s[i] ^= (char)(1 << k);
			fed_text_clear(&out);
			if (read_zip(bytes.s, bytes.len, 1 << 20, &out, &err) == FED_OK && out.len)
				ck_assert_ptr_nonnull(strstr(out.s, "(8,8)=1,64;"));
			bytes.s[i] ^= (char)(1 << k);
		}
	}
	fed_text_release(&bytes);
	fed_text_release(&out);
}
END_TEST

/* The same archive, its entry deflated, by zlib's own hand: what numpy.savez_compressed does. */
static void deflate_zip(const struct fed_text *stored, uint32_t claimed, struct fed_text *out)
{
	const size_t local = 30 + 5, entry = 46 + 5, end = 22;
	const size_t n = stored->len - local - entry - end;
	unsigned char packed[1024];
	z_stream z = {.next_in = (unsigned char *)stored->s + local,
	              .avail_in = (uInt)n,
	              .next_out = packed,
	              .avail_out = sizeof packed};

	ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
	const uint32_t size = (uint32_t)z.total_out, at = (uint32_t)(local + size);
	deflateEnd(&z);

	fed_text_put(out, stored->s, local);
	fed_text_put(out, (const char *)packed, size);
	fed_text_put(out, stored->s + stored->len - entry - end, entry + end);
	char *directory = out->s + at;
	directory[10] = 8; /* deflated */
	memcpy(directory + 20, &size, 4);
	memcpy(directory + 24, &claimed, 4);
	memcpy(directory + entry + 16, &at, 4);
}

START_TEST(zip_reads_deflated_entries)
{
	struct fed_text stored = {0}, packed = {0}, out = {0};
	struct fed_error err = {""};

	make_zip(&stored);
	deflate_zip(&stored, 128 + 256, &packed);
	fed_assert_ok(read_zip(packed.s, packed.len, 1 << 20, &out, &err), &err);
	ck_assert_str_eq(fed_text_str(&out), "x(8,8)=1,64;");
	for (uint32_t claimed = 0; claimed < 1000; claimed += 100) { /* lies about the size */
		fed_text_clear(&packed);
		deflate_zip(&stored, claimed, &packed);
		ck_assert_int_eq(read_zip(packed.s, packed.len, 1 << 20, &out, &err), FED_FAIL);
		ck_assert_ptr_nonnull(strstr(err.text, "not as long as it says"));
	}
	fed_text_clear(&packed);
	deflate_zip(&stored, UINT32_MAX, &packed); /* a bomb, by its own word */
	ck_assert_int_eq(read_zip(packed.s, packed.len, 1 << 20, &out, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "more than the model can take"));
	fed_text_release(&stored);
	fed_text_release(&packed);
	fed_text_release(&out);
}
END_TEST

/* NumPy itself reads and writes the files, where it is installed. */
START_TEST(numpy_agrees)
{
	struct fed_session s, other;
	struct fed_error err = {""};
	char command[800], from[256];

	if (system("python3 -c 'import numpy' >/dev/null 2>&1") != 0)
		return;
	small_compose(&s, NULL, "fedavg");
	small_do(&s, "round 1");
	export_to(&s, "m.npz");
	snprintf(from, sizeof from, "%s", temp.file);
	snprintf(command, sizeof command,
	         "python3 -c \"import numpy as n; d=dict(n.load('%s')); "
	         "assert d['dense1.weight'].shape==(4,2); "
	         "n.savez_compressed('%s',**{k:v.astype('f8') for k,v in d.items()})\"",
	         from, fed_temp_file(&temp, "n.npz"));
	ck_assert_int_eq(system(command), 0);
	small_compose(&other, NULL, "fedavg");
	fed_assert_ok(fed_session_import(&other, fed_temp_file(&temp, "n.npz"), &err), &err);
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&other), s.net.dim * sizeof(float));
	fed_session_release(&s);
	fed_session_release(&other);
}
END_TEST

static void add_sessions(Suite *suite)
{
	TCase *tests = tcase_create("sessions");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_loop_test(tests, parameters_come_back, 0, (int)(sizeof files / sizeof *files));
	tcase_add_loop_test(tests, other_models_are_refused, 0,
	                    (int)(sizeof strangers / sizeof *strangers));
	tcase_add_test(tests, layout_is_pytorch_s);
	tcase_add_test(tests, csv_has_all_rounds);
	tcase_add_test(tests, a_file_of_a_larger_model_is_refused);
	tcase_add_test(tests, other_endings_are_refused);
	tcase_add_loop_test(tests, failing_writes_leave_the_old_file, 0, 4);
	tcase_add_test(tests, survives_every_allocation);
	tcase_add_test(tests, numpy_agrees);
	suite_add_tcase(suite, tests);
}

int main(void)
{
	Suite *suite = suite_create("export");
	TCase *tests = tcase_create("formats");

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_add_loop_test(tests, safetensors_headers, 0, (int)(sizeof headers / sizeof *headers));
	tcase_add_test(tests, safetensors_lengths);
	tcase_add_loop_test(tests, npy_headers, 0, (int)(sizeof arrays / sizeof *arrays));
	tcase_add_test(tests, half_floats);
	tcase_add_test(tests, zip_reads_what_it_writes);
	tcase_add_test(tests, zip_reads_deflated_entries);
	suite_add_tcase(suite, tests);
	add_sessions(suite);
	return fed_run_suite(suite);
}
