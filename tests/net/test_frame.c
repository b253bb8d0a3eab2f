/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parcels, and messages as bytes: what goes in comes out, and nothing else comes out.
 */
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "net/codecs.h"
#include "net/messenger.h"
#include "support/suite.h"

enum { LONGEST = 1000 };

static struct fed_envelope make_envelope(uint32_t n, size_t dim)
{
	struct fed_stream random = fed_stream_open(n, FED_FOR_DATA, dim, 0);
	struct fed_shared_vectors *p = fed_shared_vectors_new(n, dim);

	ck_assert_ptr_nonnull(p);
	for (uint32_t k = 0; k < n; k++)
		for (size_t j = 0; j < dim; j++)
			p->vector[k][j] = (float)fed_stream_normal(&random);
	return (struct fed_envelope){
		.head = {.id = 0x123456789abcdef0,
	             .from = 77,
	             .to = FED_SERVER,
	             .kind = FED_MESSAGE_UPDATE},
		.version = UINT64_MAX - 3,
		.round = 1ull << 40,
		.samples = 600,
		.steps = 12345,
		.loss = 0.25f,
		.payload = p,
	};
}

static const struct {
	uint32_t n;
	size_t dim;
} sizes[] = {{1, 1}, {3, 17}, {0, 0}, {2, 0}, {17, 1000}};

/* A frame that is cut short anywhere, or has one bit turned, is refused. */
static void refuses_what_is_damaged(struct fed_text *bytes)
{
	struct fed_envelope came;
	struct fed_error err;

	for (size_t len = 0; len < bytes->len; len++)
		ck_assert_int_eq(fed_messenger_decode(bytes->s, len, LONGEST, NULL, &came, &err),
		                 FED_REJECT);
	for (size_t bit = 0; bit < 8 * bytes->len; bit++) {
		bytes->s[bit / 8] = (char)(bytes->s[bit / 8] ^ 1 << bit % 8);
		ck_assert_int_eq(fed_messenger_decode(bytes->s, bytes->len, LONGEST, NULL, &came, &err),
		                 FED_REJECT);
		bytes->s[bit / 8] = (char)(bytes->s[bit / 8] ^ 1 << bit % 8);
	}
}

START_TEST(comes_back_as_it_was)
{
	const struct fed_envelope sent = make_envelope(sizes[_i].n, sizes[_i].dim);
	struct fed_text bytes = {0};
	struct fed_envelope came;
	struct fed_error err;

	fed_text_add(&bytes, "before"); /* encode appends */
	fed_assert_ok(fed_messenger_encode(&sent, &bytes, &err), &err);
	ck_assert_uint_eq(bytes.len - 6, fed_frame_size(sizes[_i].n, sizes[_i].dim));
	fed_assert_ok(fed_messenger_decode(bytes.s + 6, bytes.len - 6, LONGEST, NULL, &came, &err),
	              &err);
	ck_assert(came.head.id == sent.head.id && came.head.from == 77);
	ck_assert(came.head.to == FED_SERVER && came.head.kind == FED_MESSAGE_UPDATE);
	ck_assert_uint_eq(came.head.bytes, bytes.len - 6);
	ck_assert(came.version == sent.version && came.round == sent.round);
	ck_assert(came.samples == 600 && came.steps == 12345 && came.loss == 0.25f);
	ck_assert(came.payload->n == sizes[_i].n && came.payload->dim == sizes[_i].dim);
	for (uint32_t k = 0; k < sizes[_i].n; k++)
		ck_assert(memcmp(came.payload->vector[k], sent.payload->vector[k],
		                 sizes[_i].dim * sizeof(float)) == 0);
	fed_shared_vectors_unref(came.payload);
	fed_shared_vectors_unref(sent.payload);
	fed_text_release(&bytes);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* What a client measured: doubles, also NaN and those that no float holds, and nothing beside them.
 */
START_TEST(figures_come_back)
{
	struct fed_envelope sent = {
		.head = {.id = 5, .from = 3, .to = FED_SERVER, .kind = FED_MESSAGE_FIGURES},
		.version = 9,
		.samples = 60,
		.loss = 0.5f,
		.figures = FED_FIGURES,
		.figure = {41, 1.0 / 3, NAN, -0.0},
		.payload = fed_shared_vectors_new(0, 0),
	};
	struct fed_text bytes = {0};
	struct fed_envelope came;
	struct fed_error err;

	fed_assert_ok(fed_messenger_encode(&sent, &bytes, &err), &err);
	ck_assert_uint_eq(bytes.len, FED_FRAME_BYTES + 32);
	ck_assert_uint_eq(bytes.len, fed_envelope_bytes(&sent));
	fed_assert_ok(fed_messenger_decode(bytes.s, bytes.len, 1, NULL, &came, &err), &err);
	ck_assert(came.head.kind == FED_MESSAGE_FIGURES && came.samples == 60 && came.figures == 4);
	ck_assert_mem_eq(came.figure, sent.figure, sizeof sent.figure);
	ck_assert(came.payload->n == 0 && came.payload->dim == 0);
	fed_shared_vectors_unref(came.payload);

	refuses_what_is_damaged(&bytes);
	sent.figures = 3; /* fewer, in a frame that is whole */
	fed_text_clear(&bytes);
	fed_assert_ok(fed_messenger_encode(&sent, &bytes, &err), &err);
	ck_assert_int_eq(fed_messenger_decode(bytes.s, bytes.len, LONGEST, NULL, &came, &err),
	                 FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "which are not those of 4 figures"));
	fed_shared_vectors_unref(sent.payload);
	fed_text_release(&bytes);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

/* Bytes that the server cannot read travel as they are, and no more of them than are expected. */
START_TEST(sealed_bytes_come_back)
{
	struct fed_envelope sent = {
		.head = {.id = 5, .from = 3, .to = 4, .kind = FED_MESSAGE_SEALED},
		.version = 9,
		.round = 12,
		.loss = 0.5f,
		.payload = fed_shared_vectors_new(0, 0),
		.code = fed_code_new((const unsigned char *)"sealed bytes, 23 of it", 23),
	};
	struct fed_text bytes = {0};
	struct fed_envelope came;
	struct fed_error err;

	fed_assert_ok(fed_messenger_encode(&sent, &bytes, &err), &err);
	ck_assert_uint_eq(bytes.len, FED_FRAME_BYTES + 23);
	ck_assert_uint_eq(bytes.len, fed_envelope_bytes(&sent));
	fed_assert_ok(fed_messenger_decode(bytes.s, bytes.len, 5, NULL, &came, &err), &err);
	ck_assert(came.head.kind == FED_MESSAGE_SEALED && came.round == 12 && came.payload->n == 0);
	ck_assert_uint_eq(came.code->len, 23);
	ck_assert_mem_eq(came.code->bytes, sent.code->bytes, 23);
	fed_envelope_release(&came);
	ck_assert_int_eq(fed_messenger_decode(bytes.s, bytes.len, 4, NULL, &came, &err), FED_REJECT);
	refuses_what_is_damaged(&bytes);
	fed_envelope_release(&sent);
	fed_text_release(&bytes);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

static const char *const codecs[] = {"none", "fp16", "int8", "top-k:0.1", "sign"};
enum { CODECS = sizeof codecs / sizeof *codecs };

static struct fed_registry *plugins;

/* An update of n vectors whose first went through codec k. */
static struct fed_envelope make_coded(int k, uint32_t n, size_t dim)
{
	struct fed_envelope e = make_envelope(n, dim);
	struct fed_error err = {""};

	plugins = codec_registry();
	e.codec = codec_named(plugins, codecs[k]);
	e.coding = (struct fed_coding){.n = dim, .seed = 9};
	fed_assert_ok(fed_recode(e.codec, &e.coding, e.payload->vector[0], &e.code, &err), &err);
	return e;
}

static void drop_coded(const struct fed_envelope *e)
{
	fed_envelope_release(e);
	fed_registry_free(plugins);
}

/* What a frame of 600 numbers is longer than its head. */
static const uint64_t first_bytes[CODECS] = {4 * 600, 2 * 600, 600 + 3 * 4, 8 * 60, 4 + 75};

START_TEST(coded_vectors_come_back)
{
	for (uint32_t n = 1; n <= 3; n += 2) {
		const struct fed_envelope sent = make_coded(_i, n, 600);
		struct fed_text bytes = {0};
		struct fed_envelope came;
		struct fed_error err;

		fed_assert_ok(fed_messenger_encode(&sent, &bytes, &err), &err);
		ck_assert_uint_eq(bytes.len, FED_FRAME_BYTES + first_bytes[_i] + (n - 1) * 4 * 600);
		ck_assert_uint_eq(fed_envelope_bytes(&sent), bytes.len);
		fed_assert_ok(fed_messenger_decode(bytes.s, bytes.len, 600, &sent, &came, &err), &err);
		ck_assert_ptr_eq(came.codec, sent.codec);
		ck_assert_uint_eq(fed_envelope_bytes(&came), bytes.len);
		for (uint32_t k = 0; k < n; k++)
			ck_assert_mem_eq(came.payload->vector[k], sent.payload->vector[k], 600 * sizeof(float));
		fed_envelope_release(&came);
		ck_assert_int_eq(fed_messenger_decode(bytes.s, bytes.len, 599, &sent, &came, &err),
		                 FED_REJECT);
		ck_assert_ptr_nonnull(strstr(err.text, "vectors of 600 numbers, at most 599"));
		if (sent.code) { /* the others cannot read it */
			const struct fed_envelope longer = {.codec = sent.codec, .coding.n = 601};

			ck_assert_int_eq(fed_messenger_decode(bytes.s, bytes.len, 600, NULL, &came, &err),
			                 FED_REJECT);
			ck_assert_ptr_nonnull(strstr(err.text, "a codec that its receiver does not know"));
			ck_assert_int_eq(fed_messenger_decode(bytes.s, bytes.len, 600, &longer, &came, &err),
			                 FED_REJECT);
		}
		drop_coded(&sent);
		fed_text_release(&bytes);
	}
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

START_TEST(every_flipped_bit_is_refused)
{
	const struct fed_envelope sent = make_coded(_i, 2, 9);
	struct fed_text bytes = {0};
	struct fed_envelope came;
	struct fed_error err;

	fed_assert_ok(fed_messenger_encode(&sent, &bytes, &err), &err);
	for (size_t bit = 0; bit < 8 * bytes.len; bit++) {
		bytes.s[bit / 8] ^= (char)(1 << (bit % 8));
		ck_assert_int_eq(fed_messenger_decode(bytes.s, bytes.len, LONGEST, &sent, &came, &err),
		                 FED_REJECT);
		bytes.s[bit / 8] ^= (char)(1 << (bit % 8));
	}
	drop_coded(&sent);
	fed_text_release(&bytes);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

START_TEST(other_lengths_are_refused)
{
	const struct fed_envelope sent = make_coded(_i, 2, 9);
	struct fed_text bytes = {0};
	struct fed_envelope came;
	struct fed_error err;

	fed_assert_ok(fed_messenger_encode(&sent, &bytes, &err), &err);
	for (size_t n = 0; n < bytes.len; n++) {
		char *exact = malloc(n ? n : 1); /* sanitizers see a read beyond */
		memcpy(exact, bytes.s, n);
		ck_assert_int_eq(fed_messenger_decode(exact, n, LONGEST, &sent, &came, &err), FED_REJECT);
		free(exact);
	}
	fed_text_put(&bytes, "x", 1);
	ck_assert_int_eq(fed_messenger_decode(bytes.s, bytes.len, LONGEST, &sent, &came, &err),
	                 FED_REJECT);
	ck_assert_ptr_nonnull(
		strstr(err.text, _i ? "checksum" : "but announces 2 vectors of 9 numbers"));
	drop_coded(&sent);
	fed_text_release(&bytes);
}
END_TEST

/* Frames with a checksum that fits and members that lie: sizes are held against the length before
 * anything is allocated. */
START_TEST(lies_about_sizes_are_refused)
{
	static const struct {
		size_t at;
		unsigned char bytes[4];
		size_t n;
	} lies[] = {{56, {0xff, 0xff, 0xff, 0xff}, 4},
	            {6, {0xff, 0xff}, 2},
	            {56, {0, 0, 0, 0x40}, 4},
	            {4, {0, 0}, 2},
	            {4, {99, 0}, 2},
	            {5, {1}, 1},
	            {6, {1, 0x80}, 2},
	            {5, {255}, 1}};
	const struct fed_envelope sent = make_envelope(1, 4);
	struct fed_text bytes = {0};
	struct fed_envelope came;
	struct fed_error err;

	fed_assert_ok(fed_messenger_encode(&sent, &bytes, &err), &err);
	memcpy(bytes.s + lies[_i].at, lies[_i].bytes, lies[_i].n);
	memset(bytes.s + 60, 0, 4);
	const uint32_t crc = fed_crc32(0, bytes.s, bytes.len);
	for (int k = 0; k < 4; k++)
		bytes.s[60 + k] = (char)(crc >> (8 * k));
	const int64_t live = fed__mem_live();
	ck_assert_int_eq(fed_messenger_decode(bytes.s, bytes.len, LONGEST, NULL, &came, &err),
	                 FED_REJECT);
	ck_assert_ptr_null(strstr(err.text, "checksum"));
	ck_assert_int_eq(fed__mem_live(), live);
	fed_shared_vectors_unref(sent.payload);
	fed_text_release(&bytes);
}
END_TEST

static void *share_and_drop(void *arg)
{
	for (int i = 0; i < 10000; i++)
		fed_shared_vectors_unref(fed_shared_vectors_ref(arg));
	fed_shared_vectors_unref(arg);
	return NULL;
}

START_TEST(parcels_are_counted)
{
	struct fed_shared_vectors *p = fed_shared_vectors_new(2, 10);
	pthread_t thread[3];

	ck_assert_ptr_null(fed_shared_vectors_ref(NULL));
	fed_shared_vectors_unref(NULL);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(
			pthread_create(&thread[i], NULL, share_and_drop, fed_shared_vectors_ref(p)), 0);
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	ck_assert(p->vector[1][9] == 0);
	fed_shared_vectors_unref(p);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

static int there_and_back(void *ctx, struct fed_error *err)
{
	struct fed_envelope sent = {.head.kind = FED_MESSAGE_MODEL}, came;
	struct fed_text bytes = {0};
	int rc = FED_OK;

	(void)ctx;
	sent.payload = fed_shared_vectors_new(3, 100);
	if (!sent.payload)
		return fed_fail_memory(err, 1200, "a parcel");
	rc = fed_messenger_encode(&sent, &bytes, err);
	if (rc == FED_OK)
		rc = fed_messenger_decode(bytes.s, bytes.len, LONGEST, NULL, &came, err);
	if (rc == FED_OK)
		fed_shared_vectors_unref(came.payload);
	fed_text_release(&bytes);
	fed_shared_vectors_unref(sent.payload);
	return rc;
}

START_TEST(survives_lack_of_memory)
{
	ck_assert_uint_ge(fed_each_allocation(there_and_back, NULL), 9);
}
END_TEST

/* A claim more: the root mean square loss, at the end of the frame. */
START_TEST(a_root_mean_square_comes_along)
{
	struct fed_envelope sent = make_envelope(2, 5), came;
	struct fed_text bytes = {0};
	struct fed_error err = {""};

	sent.reports_rms = true;
	sent.loss_rms = 1.75f;
	fed_assert_ok(fed_messenger_encode(&sent, &bytes, &err), &err);
	ck_assert_uint_eq(bytes.len, fed_frame_size(2, 5) + 4);
	ck_assert_uint_eq(fed_envelope_bytes(&sent), bytes.len);
	fed_assert_ok(fed_messenger_decode(bytes.s, bytes.len, 5, NULL, &came, &err), &err);
	ck_assert(came.reports_rms && came.loss_rms == 1.75f && came.payload->n == 2);
	fed_envelope_release(&came);
	fed_envelope_release(&sent);
	fed_text_release(&bytes);
}
END_TEST

FED_SUITE(frame)
{
	Suite *suite = suite_create("frame");
	TCase *tests = tcase_create("frame");

	tcase_add_test(tests, figures_come_back);
	tcase_add_test(tests, sealed_bytes_come_back);
	tcase_add_loop_test(tests, comes_back_as_it_was, 0, 5);
	tcase_add_loop_test(tests, coded_vectors_come_back, 0, CODECS);
	tcase_add_loop_test(tests, every_flipped_bit_is_refused, 0, CODECS);
	tcase_add_loop_test(tests, other_lengths_are_refused, 0, CODECS);
	tcase_add_loop_test(tests, lies_about_sizes_are_refused, 0, 8);
	tcase_add_test(tests, a_root_mean_square_comes_along);
	tcase_add_test(tests, parcels_are_counted);
	tcase_add_test(tests, survives_lack_of_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
