/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * State dicts with names of their own: what is matched with what, and what is refused.
 *
 * tests/bench/torch_models.py has models whose state dicts have the names that are tried here.
 */
#include "report/import_match.h"

#include <endian.h>
#include <string.h>

#include "base/file.h"
#include "report/export.h"
#include "session/small.h"

/* Tensors of a list as words: "1.weight 64,784" each; the model's are "dense1.weight 64,784". */
enum { MOST = 24 };

static size_t parse(const char *words, char name[MOST][FED_FOREIGN_NAME], uint64_t shape[MOST][4],
                    uint32_t rank[MOST])
{
	size_t n = 0;

	for (const char *at = words; *at; n++) {
		int used = 0;
		char sizes[64];

		ck_assert_int_eq(sscanf(at, " %199s %63[0-9,]%n", name[n], sizes, &used), 2);
		rank[n] = 0;
		for (char *rest = sizes, *size; (size = strsep(&rest, ","));)
			shape[n][rank[n]++] = (uint64_t)atoll(size);
		at += used;
		at += *at == ';';
	}
	return n;
}

struct lists {
	struct fed_named_tensor own[MOST];
	struct fed_foreign_tensor foreign[MOST];
	struct fed_tensor_list list;
	struct fed_match match[MOST];
	size_t n;
};

static int match(struct lists *l, const char *own, const char *foreign, struct fed_error *err)
{
	static char name[MOST][FED_FOREIGN_NAME];
	static uint64_t shape[MOST][4];
	uint32_t rank[MOST];

	memset(l, 0, sizeof *l);
	l->list = (struct fed_tensor_list){l->own, parse(own, name, shape, rank)};
	for (size_t i = 0; i < l->list.n; i++) {
		snprintf(l->own[i].name, sizeof l->own[i].name, "%.47s", name[i]);
		l->own[i].walk.file_rank = rank[i];
		for (uint32_t k = 0; k < rank[i]; k++)
			l->own[i].walk.file_shape[k] = (uint32_t)shape[i][k];
	}
	l->n = parse(foreign, name, shape, rank);
	for (size_t i = 0; i < l->n; i++) {
		snprintf(l->foreign[i].name, sizeof l->foreign[i].name, "%.199s", name[i]);
		l->foreign[i].stored.rank = rank[i];
		memcpy(l->foreign[i].stored.shape, shape[i], sizeof shape[i]);
	}
	return fed__import_match(&l->list, l->foreign, l->n, l->match, err);
}

#define TWO "dense1.weight 9,7;dense1.bias 9;dense2.weight 9,9;dense2.bias 9"
#define EQUAL TWO ";dense3.weight 9,9;dense3.bias 9"

/* The file's names in the order of the model's tensors; ' marks a transposed one. */
static const char *const matched[][3] = {
	/* sorted by name: numbers tell the order, also beyond 9 */
	{EQUAL, "10.bias 9;10.weight 9,9;2.bias 9;2.weight 9,7;4.bias 9;4.weight 9,9",
     "2.weight 2.bias 4.weight 4.bias 10.weight 10.bias"},
	/* not sorted: the file's own order */
	{EQUAL, "a.weight 9,7;a.bias 9;z.weight 9,9;z.bias 9;q.weight 9,9;q.bias 9",
     "a.weight a.bias z.weight z.bias q.weight q.bias"},
	/* shapes alone, whatever the order */
	{TWO, "net.out.bias 9;net.out.weight 9,9;net.stem.bias 9;net.stem.weight 9,7",
     "net.stem.weight net.stem.bias net.out.weight net.out.bias"},
	/* the square one as the other */
	{TWO, "a.bias 9;a.weight 7,9;b.bias 9;b.weight 9,9", "a.weight' a.bias b.weight' b.bias"},
	{TWO ";embedding1.weight 4,4",
     "a/kernel:0 7,9;a/bias:0 9;b/kernel:0 9,9;b/bias:0 9;e/embeddings:0 4,4",
     "a/kernel:0' a/bias:0 b/kernel:0' b/bias:0 e/embeddings:0"},
	/* kernels of Keras and Flax, and of torch.nn.ConvTranspose2d */
	{"conv1.weight 8,3,5,5;conv1.bias 8", "c.kernel 5,5,3,8;c.bias 8", "c.kernel~ c.bias"},
	{"conv1.weight 8,3,5,5;conv1.bias 8;conv2.weight 8,8,3,3;conv2.bias 8",
     "c.0.bias 8;c.0.weight 3,8,5,5;c.1.bias 8;c.1.weight 8,8,3,3",
     "c.0.weight* c.0.bias c.1.weight* c.1.bias"},
	{"conv1.weight 8,8,3,3;conv1.bias 8", "c.bias 8;c.weight 8,8,3,3", "c.weight c.bias"},
	/* names without layers */
	{EQUAL, "arr_0 9,7;arr_1 9;arr_2 9,9;arr_3 9;arr_4 9,9;arr_5 9",
     "arr_0 arr_1 arr_2 arr_3 arr_4 arr_5"},
	{EQUAL, "W 7,9;b 9;W1 9,9;b1 9;W2 9,9;b2 9", "W' b W1' b1 W2' b2"},
	{"layer_norm1.weight 4;layer_norm1.bias 4", "ln.beta 4;ln.gamma 4", "ln.gamma ln.beta"},
	{"attention1.in_proj_weight 9,3;attention1.in_proj_bias 9;attention1.out_weight 3,3;"
     "attention1.out_bias 3",
     "h.0.attn.in_proj_bias 9;h.0.attn.in_proj_weight 9,3;h.0.attn.out_proj.bias 3;"
     "h.0.attn.out_proj.weight 3,3",
     "h.0.attn.in_proj_weight h.0.attn.in_proj_bias h.0.attn.out_proj.weight "
     "h.0.attn.out_proj.bias"},
	/* a parameter that is no layer, with a dimension for the batch */
	{"positions1.weight 5,4", "pos_embedding 1,5,4", "pos_embedding"},
	/* adapters are no part of a base */
	{"dense1.weight 3,2;dense1.bias 3;dense1.lora_A 1,2;dense1.lora_B 3,1",
     "fc.bias 3;fc.weight 3,2", "fc.weight fc.bias - -"},
};

START_TEST(layers_are_matched_by_shape_and_order)
{
	static const char *const mark[] = {"", "'", "~", "*"};
	struct lists l;
	struct fed_error err = {{0}};
	struct fed_text found = {0};

	fed_assert_ok(match(&l, matched[_i][0], matched[_i][1], &err), &err);
	for (size_t i = 0; i < l.list.n; i++)
		if (l.match[i].from == FED_NO_MATCH)
			fed_text_add(&found, "%s-", i ? " " : "");
		else
			fed_text_add(&found, "%s%s%s", i ? " " : "", l.foreign[l.match[i].from].name,
			             mark[l.match[i].layout]);
	ck_assert_str_eq(fed_text_str(&found), matched[_i][2]);
	fed_text_release(&found);
}
END_TEST

static const char *const refused[][3] = {
	{EQUAL,
     "also.bias 9;also.weight 9,9;first.bias 9;first.weight 9,7;inner.bias 9;inner.weight 9,9",
     "also.bias and inner.bias have the same shapes"},
	{TWO, "a.bias 9;a.weight 9,7;b.bias 8;b.weight 8,9",
     "no layer there is dense2.weight (9, 9), dense2.bias (9); left there: b.bias (8), "
     "b.weight (8, 9)"},
	{EQUAL, "a.bias 9;a.weight 9,7;b.bias 9;b.weight 9,9",
     "the model has 2 layers like dense2.weight (9, 9), dense2.bias (9); the file has 1"},
	{TWO, "a.bias 9;a.weight 9,7;b.bias 9;b.weight 9,9;c.bias 5;c.weight 5,9",
     "the model has no layer for c.bias (5), c.weight (5, 9)"},
	{TWO, "arr_0 9,7;arr_1 9;arr_2 9;arr_3 9,9",
     "arr_2 is (9); names without a layer (\"fc1.weight\") are taken in order, and here comes "
     "dense2.weight (9, 9)"},
	{TWO, "arr_0 9,7;arr_1 9", "it has 2 tensors; dense2.weight is missing"},
	{TWO, "arr_0 9,7;arr_1 9;arr_2 9,9;arr_3 9;arr_4 9", "the model has no tensor for arr_4"},
	{TWO, "a.weight 9,7;b.weight 9,9", "no layer there is dense1.weight (9, 7), dense1.bias (9)"},
};

START_TEST(what_is_ambiguous_or_of_other_shapes_is_refused)
{
	struct lists l;
	struct fed_error err = {{0}};

	ck_assert_int_eq(match(&l, refused[_i][0], refused[_i][1], &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, refused[_i][2]), "%s", err.text);
}
END_TEST

/* Replace each `from` in a file's header by `to`, as long. */
static void rename_tensors(const char *path, struct fed_temp *temp, const char *name,
                           const char *from, const char *to)
{
	struct fed_text bytes = {0};
	struct fed_error err;
	uint64_t header;

	fed_assert_ok(fed_file_read(path, 1 << 20, &bytes, &err), &err);
	memcpy(&header, bytes.s, sizeof header);
	for (size_t i = 8; i + strlen(from) < 8 + header; i++)
		if (strncmp(bytes.s + i, from, strlen(from)) == 0)
			memcpy(bytes.s + i, to, strlen(to));
	fed_temp_write(temp, name, bytes.s, bytes.len);
	fed_text_release(&bytes);
}

START_TEST(a_file_under_other_names_is_imported)
{
	struct fed_session s, other, lora;
	struct fed_import_map map;
	struct fed_temp temp;
	struct fed_error err = {{0}};

	fed_temp_make(&temp);
	const char *path = fed_temp_file(&temp, "m.safetensors");
	small_init(&s, NULL);
	small_do(&s, "dataset blobs train=40 test=8;model mlp hidden=5,5,5;add 2 iid 10;round 1");
	fed_assert_ok(fed_session_export(&s, path, NULL, &err), &err);
	rename_tensors(path, &temp, "m.safetensors", "dense", "layer");
	small_init(&other, NULL);
	small_do(&other, "dataset blobs train=40 test=8;model mlp hidden=5,5,5");
	fed_assert_ok(fed_session_import(&other, path, &map, &err), &err);
	ck_assert_mem_eq(fed_session_params(&s), fed_session_params(&other),
	                 s.parts.net.dim * sizeof(float));
	ck_assert_uint_eq(map.n, 8);
	ck_assert_str_eq(map.row[4].to, "dense3.weight");
	ck_assert_str_eq(map.row[4].from, "layer3.weight");
	ck_assert_str_eq(map.row[4].shape, "(5, 5)");
	fed_import_map_release(&map);
	/* the same as a base */
	small_init(&lora, NULL);
	small_do(&lora, "dataset blobs train=40 test=8;model mlp hidden=5,5,5 lora=2");
	fed_assert_ok(fed_session_import(&lora, path, &map, &err), &err);
	ck_assert_mem_eq(fed_session_params(&s), lora.parts.net.frozen,
	                 s.parts.net.dim * sizeof(float));
	fed_import_map_release(&map);
	fed__session_release(&s);
	fed__session_release(&other);
	fed__session_release(&lora);
	fed_temp_remove(&temp);
}
END_TEST

/* Whole numbers are no parameters, and a layer with half its tensors is none of the model. */
START_TEST(other_tensors_are_refused)
{
	static const struct {
		const char *from, *to, *words;
	} of[] = {{"\"F32\"", "\"I64\"", "does not have the bytes that its shape takes"},
	          {"dense2.bias", "x.num_batch", "num_batch"}};

	for (size_t i = 0; i < sizeof of / sizeof *of; i++) {
		struct fed_session s;
		struct fed_temp temp;
		struct fed_error err = {{0}};

		fed_temp_make(&temp);
		const char *path = fed_temp_file(&temp, "m.safetensors");
		small_init(&s, NULL);
		small_do(&s, "dataset blobs train=40 test=8;model mlp hidden=5;add 2 iid 10");
		fed_assert_ok(fed_session_export(&s, path, NULL, &err), &err);
		rename_tensors(path, &temp, "m.safetensors", of[i].from, of[i].to);
		ck_assert_int_eq(fed_session_import(&s, path, NULL, &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, of[i].words), "%s", err.text);
		fed__session_release(&s);
		fed_temp_remove(&temp);
	}
}
END_TEST

/* A header of very many tensors is refused before they are compared with each other. */
START_TEST(too_many_tensors_are_refused)
{
	struct fed_text file = {0}, header = {0};
	struct fed_error err = {""};
	struct fed_temp temp;
	struct fed_session s;

	fed_temp_make(&temp);
	small_init(&s, NULL);
	small_do(&s, "dataset blobs train=40 test=10;model mlp hidden=4;add 2 iid 10;"
	             "aggregator fedavg;transport local");
	for (int i = 0; i < 5000; i++)
		fed_text_add(&header,
		             "%c\"x.%d\":{\"dtype\":\"F32\",\"shape\":[1],"
		             "\"data_offsets\":[%d,%d]}",
		             i ? ',' : '{', i, 4 * i, 4 * i + 4);
	fed_text_add(&header, "}");
	const uint64_t length = htole64(header.len);
	fed_text_put(&file, (const char *)&length, sizeof length);
	fed_text_put(&file, header.s, header.len);
	for (int i = 0; i < 5000; i++)
		fed_text_put(&file, "\0\0\0\0", 4);
	fed_temp_write(&temp, "many.safetensors", file.s, file.len);
	ck_assert_int_ne(fed_session_import(&s, fed_temp_file(&temp, "many.safetensors"), NULL, &err),
	                 FED_OK);
	ck_assert_msg(strstr(err.text, "the model has 4"), "%s", err.text);
	fed_text_release(&header);
	fed_text_release(&file);
	fed__session_release(&s);
	fed_temp_remove(&temp);
}
END_TEST

FED_SUITE(import_match)
{
	Suite *suite = suite_create("import_match");
	TCase *tests = tcase_create("import_match");

	tcase_add_loop_test(tests, layers_are_matched_by_shape_and_order, 0,
	                    sizeof matched / sizeof *matched);
	tcase_add_loop_test(tests, what_is_ambiguous_or_of_other_shapes_is_refused, 0,
	                    sizeof refused / sizeof *refused);
	tcase_add_test(tests, a_file_under_other_names_is_imported);
	tcase_add_test(tests, other_tensors_are_refused);
	tcase_add_test(tests, too_many_tensors_are_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
