/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Codecs by their texts, their references, and what passes through them.
 */
#include "net/codec.h"

#include <string.h>

#include "base/mem.h"
#include "net/codecs.h"
#include "support/suite.h"

struct top_k {
	double share;
};

START_TEST(texts_are_understood)
{
	static const struct {
		const char *text, *name;
		double share;
	} rows[] = {
		{"none", NULL, 0},
		{"fp16", "fp16", 0},
		{"int8", "int8", 0},
		{"top-k", "top-k", 0.01},
		{"top-k:0.25", "top-k", 0.25},
		{"top_k:1", "top-k", 1},
		{"top-k:share=1e-6", "top-k", 1e-6},
		{"qsgd:levels=4:bucket=512", "qsgd", 0},
		{"qsgd:8", "qsgd", 0},
	};
	struct fed_registry *plugins = codec_registry();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_shared_codec *c = codec_named(plugins, rows[i].text);

		ck_assert_int_eq(c == NULL, rows[i].name == NULL);
		if (c)
			ck_assert_str_eq(c->instance.entry->head->name, rows[i].name);
		if (rows[i].share > 0)
			ck_assert_double_eq(((const struct top_k *)c->instance.state)->share, rows[i].share);
		ck_assert_ptr_eq(fed_shared_codec_ref(c), c);
		fed_shared_codec_unref(c);
		fed_shared_codec_unref(c);
	}
	fed_registry_free(plugins);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

START_TEST(others_are_refused_in_words)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"", "a codec has 1 to 127 letters"},
		{"zip", "no codec is called zip; there are none, fp16, int8"},
		{"topk:0.1", "did you mean top-k? There are none"},
		{"fp61", "did you mean fp16?"},
		{"top-k:", "codec top-k: share="},
		{"top-k:0", "codec top-k: share=0"},
		{"top-k:1.01", "codec top-k: share=1.01"},
		{"top-k:nan", "codec top-k: share=nan"},
		{"top-k:size=3", "size"},
		{"fp16:2", "codec fp16 takes nothing after its name"},
		{"none:2", "codec none takes nothing after its name"},
		{"up=int8,up=fp16", "names two codecs for one direction"},
		{"int8,fp16", "names two codecs for one direction"},
		{"up=,down=fp16", "a codec has 1 to 127 letters"},
		{"down=zip", "no codec is called zip"},
	};
	struct fed_registry *plugins = codec_registry();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fed_error err = {""};

		ck_assert_int_eq(fed_codecs_check(plugins, rows[i].text, &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, rows[i].words), "%s: %s", rows[i].text, err.text);
	}
	fed_registry_free(plugins);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

START_TEST(directions_are_parted)
{
	static const struct {
		const char *text, *up, *down;
	} rows[] = {
		{"int8", "int8", "none"},
		{"up=int8", "int8", "none"},
		{"down=fp16", "none", "fp16"},
		{"up=qsgd:levels=8,down=fp16", "qsgd:levels=8", "fp16"},
		{"down=fp16,top-k:0.5", "top-k:0.5", "fp16"},
	};
	struct fed_codec_names names;
	struct fed_error err = {""};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fed_assert_ok(fed_codec_names_parse(rows[i].text, &names, &err), &err);
		ck_assert_str_eq(names.up, rows[i].up);
		ck_assert_str_eq(names.down, rows[i].down);
	}
	ck_assert(fed_codecs_use("up=qsgd:8,down=fp16", "qsgd"));
	ck_assert(fed_codecs_use("up=qsgd:8,down=fp16", "fp16"));
	ck_assert(!fed_codecs_use("up=qsgd:8,down=fp16", "int8"));
}
END_TEST

/* The bytes that come out are those that the receiver decodes, and their number is the cost. */
START_TEST(a_pass_keeps_the_bytes)
{
	static const char *const texts[] = {"fp16", "int8", "top-k:0.1", "sign", "qsgd", "powersgd"};
	struct fed_registry *plugins = codec_registry();
	const struct fed_matrix form[] = {{20, 10}, {1, 40}};
	const struct fed_coding coding = {.n = 240, .seed = 3, .matrices = 2, .matrix = form};
	struct fed_error err = {""};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct fed_shared_codec *c = codec_named(plugins, texts[i]);
		struct fed_code *code = NULL;
		float v[240], again[240];

		for (size_t j = 0; j < 240; j++)
			v[j] = again[j] = (float)fed_random_real(1, j) - 0.5f;
		fed_assert_ok(fed_recode(c, &coding, v, &code, &err), &err);
		ck_assert_uint_le(code->len, fed_codec_bound(c, &coding));
		ck_assert_uint_lt(code->len, sizeof v);
		ck_assert(memcmp(v, again, sizeof v) != 0);
		struct fed_code *other = NULL; /* the same from the same */
		fed_assert_ok(fed_recode(c, &coding, again, &other, &err), &err);
		ck_assert_mem_eq(v, again, sizeof v);
		ck_assert_uint_eq(other->len, code->len);
		ck_assert_mem_eq(other->bytes, code->bytes, code->len);
		fed_code_unref(other);
		fed_code_unref(code);
		fed_shared_codec_unref(c);
	}
	fed_registry_free(plugins);
	ck_assert_int_eq(fed__mem_live(), 0);
}
END_TEST

START_TEST(codecs_that_misbehave_are_named)
{
	static const struct {
		const char *how, *words;
	} rows[] = {
		{"long", "codec misbehave-codec: wrote 9 bytes, its bound() is 8"},
		{"fail", "codec misbehave-codec: will not"},
		{"refuse", "codec misbehave-codec refuses what it wrote: no"},
		{"skip", "number 1 was never decoded"},
		{"code", "encode() returned 7"},
	};
	struct fed_registry *plugins = codec_registry();
	const struct fed_entry *entry;
	struct fed_error err = {""};

	fed_assert_ok(
		fed_registry_load(plugins, FED_BUILD_DIR "/fixtures/misbehave_codec.so", &entry, &err),
		&err);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[64];
		const struct fed_coding coding = {.n = 2};
		struct fed_code *code = NULL;
		float v[2] = {1, 2};

		snprintf(text, sizeof text, "misbehave-codec:how=%s", rows[i].how);
		struct fed_shared_codec *c = codec_named(plugins, text);
		ck_assert_int_eq(fed_recode(c, &coding, v, &code, &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, rows[i].words), "%s", err.text);
		ck_assert_ptr_null(code);
		fed_shared_codec_unref(c);
	}
	fed_registry_free(plugins);
}
END_TEST

FED_SUITE(codec)
{
	Suite *suite = suite_create("codec");
	TCase *tests = tcase_create("codec");

	tcase_add_test(tests, texts_are_understood);
	tcase_add_test(tests, others_are_refused_in_words);
	tcase_add_test(tests, directions_are_parted);
	tcase_add_test(tests, a_pass_keeps_the_bytes);
	tcase_add_test(tests, codecs_that_misbehave_are_named);
	suite_add_tcase(suite, tests);
	return suite;
}
