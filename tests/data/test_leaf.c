/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files in LEAF's form: what their public readers would make of them, and damage.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "data/load.h"
#include "data/readers/leaf/decimal.h"
#include "support/pictures.h"
#include "support/suite.h"

static struct fed_temp temp;
static struct fed_dataset *data;
static struct fed_error err;

static void set_up(void)
{
	fed_temp_make(&temp);
	data = NULL;
}

static void tear_down(void)
{
	fed_dataset_free(data);
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static void put(const char *file, const char *text)
{
	fed_temp_write(&temp, file, text, strlen(text));
}

static int load(const char *file, const char *args)
{
	fed_dataset_free(data);
	data = NULL;
	memset(&err, 0, sizeof err);
	return load_by_words(&data, fed_temp_file(&temp, file), args, &err);
}

static void folder(const char *name)
{
	ck_assert_int_eq(mkdir(fed_temp_file(&temp, name), 0700), 0);
}

/* Numbers --------------------------------------------------------------------------------- */

static uint64_t bits(double x)
{
	uint64_t b;

	memcpy(&b, &x, sizeof b);
	return b;
}

static void check_number(const char *text)
{
	char ended[FED_DECIMAL_MAX + 2];
	double x = -1;
	const int n = snprintf(ended, sizeof ended, "%s]", text);

	ck_assert_uint_eq(fed__decimal(ended, ended + n, &x), strlen(text));
	ck_assert_msg(bits(x) == bits(strtod(text, NULL)), "%s: %a, not %a", text, x,
	              strtod(text, NULL));
}

START_TEST(decimals_are_the_nearest_doubles)
{
	static const char *const texts[] = {"0",
	                                    "-0",
	                                    "0.0",
	                                    "1.0",
	                                    "-1.5e3",
	                                    "1e22",
	                                    "1e23",
	                                    "9007199254740993",
	                                    "1e-22",
	                                    "1e-23",
	                                    "0.00392156862745098",
	                                    "0.9882352941176471",
	                                    "123456789012345678",
	                                    "1E+2",
	                                    "1e400",
	                                    "4.9e-324",
	                                    "2.2250738585072011e-308",
	                                    "9007199254740992.5",
	                                    "9007199254740993.5",
	                                    "0.1000000000000000055",
	                                    "0.500000000000000166533453693773481063544750213623046875",
	                                    "18446744073709551615",
	                                    "99999999999999999999",
	                                    "1.7976931348623159e308",
	                                    "-0.0000000000000000001",
	                                    "0e999"};
	struct fed_stream r = fed_stream_open(1, FED_FOR_DATA, 0, 0);
	char text[64];

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check_number(texts[i]);
	for (int i = 0; i < (FED_SANITIZED ? 2000 : 20000); i++) {
		snprintf(text, sizeof text, "%.*g", 1 + (int)fed_stream_below(&r, 19),
		         fed_stream_real(&r) * (i % 2 ? 1 : 255));
		check_number(text);
		/* a random mantissa of up to 20 digits with a point anywhere */
		snprintf(text, sizeof text, "%llu.%llu",
		         (unsigned long long)(fed_stream_u64(&r) >> fed_stream_below(&r, 64)),
		         (unsigned long long)(fed_stream_u64(&r) >> (20 + fed_stream_below(&r, 44))));
		check_number(text);
	}
}
END_TEST

START_TEST(what_is_no_number_is_refused)
{
	static const char *const texts[] = {"",    "-]",  "01]", "1.]",  "1.e5]",
	                                    ".5]", "+1]", "1e]", "1e+]", "NaN]"};
	double x;

	for (size_t i = 1; i < sizeof texts / sizeof *texts; i++)
		ck_assert_msg(fed__decimal(texts[i], texts[i] + strlen(texts[i]), &x) == 0, "%s", texts[i]);
	/* what may go on behind the end is taken whole */
	ck_assert_uint_eq(fed__decimal("1.", "1." + 2, &x), 2);
}
END_TEST

/* Shapes of the public data sets ------------------------------------------------------------ */

/* Append a file as LEAF's writers make it: users u<first>.. with n[i] examples of `width` numbers,
 * the value of number j of example i of user u is (u + i + j) % 256 / 255, its class (u + i) %
 * `classes`. */
static void put_numbers(const char *file, uint32_t first, const uint32_t *n, uint32_t users,
                        uint32_t width, uint32_t classes, bool data_first)
{
	struct fed_text lists = {0}, rows = {0}, all = {0};

	fed_text_add(&lists, "\"users\": [");
	for (uint32_t u = 0; u < users; u++)
		fed_text_add(&lists, "%s\"u%u\"", u ? ", " : "", first + u);
	fed_text_add(&lists, "], \"num_samples\": [");
	for (uint32_t u = 0; u < users; u++)
		fed_text_add(&lists, "%s%u", u ? ", " : "", n[u]);
	fed_text_add(&lists, "], \"hierarchies\": [[\"a\", {\"x\": [1, [2]]}], null, true, 3]");
	fed_text_add(&rows, "\"user_data\": {");
	for (uint32_t u = 0; u < users; u++) {
		fed_text_add(&rows, "%s\"u%u\": {\"x\": [", u ? ", " : "", first + u);
		for (uint32_t i = 0; i < n[u]; i++)
			for (uint32_t j = 0; j < width; j++)
				fed_text_add(&rows, "%s%.17g%s",
				             j   ? ", "
				             : i ? ", ["
				                 : "[",
				             (first + u + i + j) % 256 / 255.0, j + 1 == width ? "]" : "");
		fed_text_add(&rows, "], \"y\": [");
		for (uint32_t i = 0; i < n[u]; i++)
			fed_text_add(&rows, "%s%u", i ? ", " : "", (first + u + i) % classes);
		fed_text_add(&rows, "]}");
	}
	fed_text_add(&rows, "}");
	fed_text_add(&all, "{%s, %s}\n", data_first ? rows.s : lists.s, data_first ? lists.s : rows.s);
	ck_assert(!all.failed);
	fed_temp_write(&temp, file, all.s, all.len);
	fed_text_release(&lists);
	fed_text_release(&rows);
	fed_text_release(&all);
}

START_TEST(femnist_has_pictures_and_users)
{
	const uint32_t n[] = {3, 0, 2}, more[] = {62}, test[] = {1, 4};
	float x[784];
	int32_t label;

	folder("train");
	folder("test");
	put_numbers("train/b.json", 7, more, 1, 784, 62, true);
	put_numbers("train/a.json", 0, n, 3, 784, 62, false);
	put_numbers("train/._a.json", 0, n, 1, 3, 9, false);
	put_numbers("test/a.json", 2, test, 2, 784, 62, true);
	fed_assert_ok(load("", ""), &err);
	ck_assert_uint_eq(data->train, 67);
	ck_assert_uint_eq(data->test, 5);
	ck_assert_uint_eq(data->classes, 62);
	ck_assert_uint_eq(data->shape.rank, 3);
	ck_assert_uint_eq(data->shape.dim[0], 28);
	ck_assert_str_eq(data->class_name[36], "a");
	ck_assert_uint_eq(data->owners, 3); /* u1 has nothing, u3 nothing to train */
	ck_assert_str_eq(data->owner_name[1], "u2");
	ck_assert_str_eq(data->owner_name[2], "u7");
	ck_assert_uint_eq(data->owner[2], 0);
	ck_assert_uint_eq(data->owner[3], 1);
	ck_assert_uint_eq(data->owner[66], 2);
	for (uint32_t id = 0; id < 72; id++) { /* of each the user and its example */
		const uint32_t user = id < 3 ? 0 : id < 5 ? 2 : id < 67 ? 7 : id < 68 ? 2 : 3;
		const uint32_t example = id - (user == 0 ? 0
		                               : id < 5  ? 3
		                               : id < 67 ? 5
		                               : id < 68 ? 67
		                                         : 68);

		fed_dataset_gather(data, &id, 1, NULL, x, &label, NULL);
		ck_assert_int_eq(label, (int)((user + example) % 62));
		for (uint32_t j = 0; j < 784; j++)
			ck_assert(x[j] == (float)((user + example + j) % 256 / 255.0));
	}
	ck_assert_str_eq(found_of(data, "shape"), "28x28, since rows have 784 numbers");
	ck_assert_str_eq(found_of(data, "users"), "1 of 6 have no example and were left out");
	fed_assert_ok(load("", "shape=784 classes=70"), &err);
	ck_assert_uint_eq(data->shape.rank, 1);
	ck_assert_uint_eq(data->classes, 70);
	ck_assert_ptr_null(data->class_name);
}
END_TEST

/* One file, .gz or not, folders all_data and data: a share of each user is the test part. */
START_TEST(a_share_of_each_user_is_the_test_part)
{
	const uint32_t n[] = {40, 1, 20};
	uint64_t fingerprint;
	uint32_t seen = 0;

	folder("data");
	folder("data/all_data");
	put_numbers("data/all_data/a.json", 0, n, 3, 60, 10, true);
	put_numbers("one.json", 0, n, 3, 60, 10, false);
	fed_assert_ok(load("one.json", ""), &err);
	ck_assert_uint_eq(data->train + data->test, 61);
	ck_assert_uint_eq(data->test, 6);
	ck_assert_uint_eq(data->shape.rank, 1);
	ck_assert_uint_eq(data->shape.dim[0], 60);
	ck_assert_uint_eq(data->classes, 10);
	ck_assert_str_eq(found_of(data, "test part"),
	                 "6 of 61 examples, drawn from each user, as there is none of its own");
	for (uint32_t i = 0; i < data->train; i++)
		seen |= 1u << data->owner[i];
	ck_assert_uint_eq(seen, 7);
	fingerprint = data->fingerprint;
	fed_assert_ok(load("", ""), &err);
	ck_assert_uint_eq(data->fingerprint, fingerprint);
	fed_assert_ok(load("one.json", "test=0.5"), &err);
	ck_assert_uint_ge(data->test, 29);
}
END_TEST

#define LINE "to be or not to be, that is the question"

START_TEST(shakespeare_predicts_the_next_character)
{
	struct fed_text all = {0};

	fed_text_add(&all, "{\"user_data\": {");
	for (int u = 0; u < 2; u++) {
		fed_text_add(&all, "%s\"PLAY_%s\": {\"y\": [", u ? ", " : "", u ? "OPHELIA" : "HAMLET");
		for (int i = 0; i < 20; i++)
			fed_text_add(&all, "%s\"%c\"", i ? ", " : "", u && i == 3 ? '!' : LINE[i + 20]);
		fed_text_add(&all, "], \"x\": [");
		for (int i = 0; i < 20; i++)
			fed_text_add(&all, "%s\"%.20s\"", i ? ", " : "", LINE + i);
		fed_text_add(&all, "]}");
	}
	fed_text_add(&all, "}, \"users\": [\"PLAY_OPHELIA\", \"PLAY_HAMLET\"], \"num_samples\": [20, "
	                   "20]}");
	fed_temp_write(&temp, "s.json", all.s, all.len);
	fed_text_release(&all);
	fed_assert_ok(load("s.json", ""), &err);
	ck_assert(data->tokens);
	ck_assert_uint_eq(data->shape.dim[0], 20);
	ck_assert_uint_eq(data->train + data->test, 40);
	ck_assert_str_eq(data->class_name[data->label[0]], "t");
	ck_assert_str_eq(data->class_name[data->bytes[0]], "t");
	ck_assert_str_eq(data->class_name[data->bytes[2]], "space");
	ck_assert_str_eq(data->owner_name[0], "PLAY_HAMLET");
	ck_assert_str_eq(found_of(data, "task"),
	                 "the character behind each text, as y holds characters");
	/* the last of each user are the test part */
	for (uint32_t i = 0; i < data->train && data->owner[i] == 0; i++) {
		const char *const name = data->class_name[data->bytes[i * 20]];

		ck_assert(LINE[i] == ' ' ? !strcmp(name, "space") : name[0] == LINE[i]);
	}
	fed_assert_ok(load("s.json", "vocabulary=5"), &err);
	ck_assert_uint_eq(data->classes, 6);
}
END_TEST

START_TEST(celeba_names_pictures)
{
	static uint8_t rows[4][6 * 4 * 3], file[4096];
	const uint32_t id = 1;
	float x[4 * 4 * 3];

	folder("raw");
	folder("raw/img_align_celeba");
	folder("train");
	for (int i = 0; i < 4; i++) {
		const struct picture_png p = {
			.height = 6, .width = 4, .depth = 8, .type = 2, .rows = rows[i]};
		char name[64];

		memset(rows[i], 50 * i, sizeof rows[i]);
		snprintf(name, sizeof name, "raw/img_align_celeba/%d.png", i);
		fed_temp_write(&temp, name, file, picture_png(file, &p));
	}
	put("train/a.json", "{\"users\": [\"3\", \"7\"], \"num_samples\": [2, 2], \"user_data\": {"
	                    "\"3\": {\"x\": [\"2.png\", \"1.png\"], \"y\": [1, 0]}, "
	                    "\"7\": {\"x\": [\"0.png\", \"3.png\"], \"y\": [0, 1]}}}");
	fed_assert_ok(load("", "test=0.01 shape=4x4"), &err);
	ck_assert_uint_eq(data->shape.dim[2], 3);
	ck_assert_uint_eq(data->owners, 2);
	for (uint32_t k = 0; k < 4; k++)
		ck_assert_int_eq(data->label[k], data->bytes[48 * k] / 50 > 1); /* of its own picture */
	fed_assert_ok(load("", "test=0.01"), &err);
	ck_assert_uint_eq(data->shape.dim[0], 84);
	fed_assert_ok(load("", "test=0.01 shape=4x4x1"), &err);
	fed_dataset_gather(data, &id, 1, NULL, x, NULL, NULL);
	ck_assert_uint_eq(data->shape.dim[2], 1);
	fed_temp_write(&temp, "raw/img_align_celeba/3.png", file, 40);
	ck_assert_int_eq(load("", "shape=4x4"), FED_FAIL);
	ck_assert_msg(strstr(err.text, "3.png"), "%s", err.text);
	ck_assert_int_eq(load("", "shape=4x4x2"), FED_REJECT);
	ck_assert_int_eq(load("", "shape=40"), FED_REJECT);
	ck_assert_msg(strstr(err.text, "write HEIGHTxWIDTH, with x1 for grey"), "%s", err.text);
}
END_TEST

START_TEST(sentences_are_counts_of_words)
{
	float x[3];

	put("t.json", "{\"users\": [\"a\", \"b\"], \"num_samples\": [2, 1], \"user_data\": {"
	              "\"a\": {\"x\": [[\"1\", \"Mon\", \"Good day, good DAY good\"], [\"2\", \"Tue\", "
	              "\"day\"]], \"y\": [1, 0]}, "
	              "\"b\": {\"x\": [[\"3\", \"Wed\", \"\"]], \"y\": [0]}}}");
	fed_assert_ok(load("t.json", "words=3 test=0.5"), &err);
	ck_assert_uint_eq(data->classes, 2);
	ck_assert_str_eq(data->input_name[0], "day"); /* three of each: in the order of their bytes */
	ck_assert_str_eq(data->input_name[1], "good");
	ck_assert_str_eq(data->input_name[2], "no word");
	for (uint32_t i = 0; i < 3; i++) {
		fed_dataset_gather(data, &i, 1, NULL, x, NULL, NULL);
		ck_assert(data->label[i] == 1 ? x[0] == 2 && x[1] == 3 : x[0] <= 1 && x[1] == 0);
	}
	const uint64_t fingerprint = data->fingerprint;
	put("t.json", "{\"user_data\": {"
	              "\"a\": {\"y\": [1, 0], \"x\": [\"Good day, good DAY good\", \"day\"]}, "
	              "\"b\": {\"x\": [\"\"], \"y\": [0]}}}");
	fed_assert_ok(load("t.json", "words=3 test=0.5"), &err);
	ck_assert_uint_eq(data->fingerprint, fingerprint);
}
END_TEST

/* Damage ---------------------------------------------------------------------------------- */

#define HEAD "{\"users\": [\"a\"], \"num_samples\": [2], \"user_data\": {\"a\": "
#define TAIL "}}"

static const struct {
	const char *text, *why;
} damages[] = {
	{HEAD "{\"x\": [[1, 2], [3", "t.json, byte 73: user a, row 2 of x: the file ends too early"},
	{HEAD "{\"x\": [[1, 2], [3, 4", "the file ends too early"},
	{HEAD "{\"x\": [[1, 2], [3, 4]], \"y\": [0, 1]}", "the file ends too early"},
	{HEAD, "the file ends too early"},
	{"", "the file ends too early"},
	{HEAD "{\"x\": [[1, 2], [3]], \"y\": [0, 1]}" TAIL,
     "user a, row 2 of x: has 1 numbers, the first row of all 2"},
	{HEAD "{\"x\": [[1, 2], [3, 4, 5]], \"y\": [0, 1]}" TAIL,
     "row 2 of x: has more than 2 numbers"},
	{HEAD "{\"x\": [[1, 2], []], \"y\": [0, 1]}" TAIL, "row 2 of x: is empty"},
	{HEAD "{\"x\": [[1, 2], [NaN, 4]], \"y\": [0, 1]}" TAIL,
     "row 2 of x: stands NaN for a number, which JSON has not; replace"},
	{HEAD "{\"x\": [[1, -Infinity], [3, 4]], \"y\": [0, 1]}" TAIL, "stands -Infinity for a number"},
	{HEAD "{\"x\": [[1, 2], [3, 1e999]], \"y\": [0, 1]}" TAIL, "a number is too large"},
	{HEAD "{\"x\": [[1, 2], [3, 1e99]], \"y\": [0, 1]}" TAIL, "1e+99 in column 2 is too large"},
	{HEAD "{\"x\": [[1, 2], [3, \"4\"]], \"y\": [0, 1]}" TAIL,
     "holds lists of texts; the rows before"},
	{HEAD "{\"x\": [[1, 2], [3, 4.]], \"y\": [0, 1]}" TAIL, "no JSON: "},
	{HEAD "{\"x\": [[1, 2], [3 4]], \"y\": [0, 1]}" TAIL, "no JSON: "},
	{HEAD "{\"x\": [[1, 2], [3, 4,]], \"y\": [0, 1]}" TAIL, "no JSON: "},
	{HEAD "{\"x\": [[1, 2], 3], \"y\": [0, 1]}" TAIL, "a number stands where a row is expected"},
	{HEAD "{\"x\": [[1, 2], [[3], 4]], \"y\": [0, 1]}" TAIL,
     "a list stands in a row; write a row as one list"},
	{HEAD "{\"x\": [[1, 2], [3, 4]], \"y\": [0, 1.5]}" TAIL, "label 2 of y: 1.5 is no class"},
	{HEAD "{\"x\": [[1, 2], [3, 4]], \"y\": [0, -1]}" TAIL, "label 2 of y: -1 is no class"},
	{HEAD "{\"x\": [[1, 2], [3, 4]], \"y\": [0, \"b\"]}" TAIL, "is a character; the labels before"},
	{HEAD "{\"x\": [[1, 2], [3, 4]], \"y\": [\"c\", \"b\"]}" TAIL, "y holds characters where x"},
	{HEAD "{\"x\": [\"ab\", \"abc\"], \"y\": [\"c\", \"b\"]}" TAIL,
     "t.json: user a, row 2 of x: has 3 characters, the first row"},
	{HEAD "{\"x\": [\"1.jpg\", \"2.jpg\"], \"y\": [1, 0]}" TAIL,
     "the rows name pictures, but 1.jpg is not there"},
	{HEAD "{\"x\": [\"ab\", \"ab\xed\xa0\x80\"], \"y\": [\"c\", \"d\"]}" TAIL,
     "user a, row 2 of x: is no UTF-8"},
	{HEAD "{\"x\": [\"\", \"\"], \"y\": [\"c\", \"d\"]}" TAIL, "row 1 of x: has 0 characters"},
	{HEAD "{\"x\": [\"ab\", \"\xff\xfe\"], \"y\": [1, 0]}" TAIL, "a text is no UTF-8"},
	{HEAD "{\"x\": [[1, 2], [3, 4]], \"y\": [0]}" TAIL, "user a has 2 rows in x and 1 labels in y"},
	{HEAD "{\"x\": [[1, 2], [3, 4]]}" TAIL, "user a has no y"},
	{HEAD "{\"x\": [[1, 2]], \"y\": [0], \"x\": [[1, 2]]}" TAIL, "has x twice"},
	{HEAD "{\"x\": [[1, 2]], \"y\": [0]}" TAIL, "num_samples says 2 of user a, who has 1; mend"},
	{HEAD "{\"x\": [[1, 2]], \"y\": [0]}, \"b\": {\"x\": [], \"y\": []}" TAIL,
     "num_samples says 2 of user a"},
	{"{\"users\": [\"a\", \"b\"], \"num_samples\": [1], \"user_data\": {\"a\": {\"x\": [[1]], "
     "\"y\": [0]}" TAIL,
     "num_samples has 1 numbers for 2 users"},
	{"{\"users\": [\"a\", \"b\"], \"user_data\": {\"a\": {\"x\": [[1]], \"y\": [0]}" TAIL,
     "user b has no user_data"},
	{"{\"users\": [\"b\"], \"user_data\": {\"a\": {\"x\": [[1]], \"y\": [0]}" TAIL,
     "user a of user_data is not among users"},
	{"{\"users\": [\"a\", \"a\"], \"user_data\": {\"a\": {\"x\": [[1]], \"y\": [0]}" TAIL,
     "users has a twice"},
	{"{\"user_data\": {\"a\": {\"x\": [[1]], \"y\": [0]}, \"a\": {\"x\": [[1]], \"y\": [0]}" TAIL,
     "user a is in user_data of t.json twice"},
	{"{\"users\": [], \"num_samples\": []}", "t.json has no user_data; "},
	{"{\"users\": [], \"users\": []}", "has users twice"},
	{"{\"users\": {}, \"num_samples\": []}", "users: an object stands where the names of users"},
	{"{\"user_data\": []}", "a list stands where {user:"},
	{"{\"users\": [1]}", "users: a number stands where the names"},
	{"{\"num_samples\": [\"1\"]}", "num_samples: a text stands where numbers"},
	{"{\"user_data\": {\"a\": {\"x\": [], \"y\": []}}}", "no user has an example"},
	{"[1, 2]", "is no file of LEAF: a list stands where {\"users\""},
	{"\xff\xfe{\0", "is UTF-16; convert the file to UTF-8"},
	{"{\"user_data\": {\"a\": 3}}", "a number stands where {user:"},
	{"{\"user_data\": {\"a\": {\"x\": 3}}}", "user a: a number stands where x and y"},
	{"{\"user_data\": {}} x", "no JSON"},
};

START_TEST(damage_is_named_with_its_place)
{
	put("t.json", damages[_i].text);
	ck_assert_int_eq(load("t.json", ""), FED_FAIL);
	ck_assert_msg(strstr(err.text, damages[_i].why), "%s", err.text);
	ck_assert_msg(strstr(err.text, "t.json"), "%s", err.text);
}
END_TEST

START_TEST(what_is_nested_deeply_is_refused)
{
	struct fed_text all = {0};

	fed_text_add(&all, "{\"other\": ");
	for (int i = 0; i < 100000; i++)
		fed_text_put(&all, "[", 1);
	fed_temp_write(&temp, "t.json", all.s, all.len);
	fed_text_release(&all);
	ck_assert_int_eq(load("t.json", ""), FED_FAIL);
	ck_assert_msg(strstr(err.text, "more than 64 lists lie in one another"), "%s", err.text);
}
END_TEST

START_TEST(a_user_of_two_files_is_refused)
{
	const uint32_t n[] = {2};

	put_numbers("a.json", 0, n, 1, 4, 2, false);
	put_numbers("b.json", 0, n, 1, 4, 2, false);
	ck_assert_int_eq(load("", ""), FED_FAIL);
	ck_assert_msg(strstr(err.text, "user u0 is in user_data of a.json and of b.json"), "%s",
	              err.text);
	folder("test");
	put_numbers("test/a.json", 0, n, 1, 4, 2, false);
	ck_assert_int_eq(load("", ""), FED_FAIL);
	ck_assert_msg(strstr(err.text, "has test/ without train/"), "%s", err.text);
}
END_TEST

/* JSON beside other files does not make a data set of LEAF's; damaged files are named. */
START_TEST(a_folder_is_by_its_first_file)
{
	static const uint8_t grey[4 * 4];
	static uint8_t file[4096];
	const struct picture_png p = {.height = 4, .width = 4, .depth = 8, .type = 0, .rows = grey};
	const size_t n = picture_png(file, &p);

	folder("cat");
	folder("dog");
	put("classes.json", "{\"cat\": 0, \"dog\": 1}");
	fed_temp_write(&temp, "cat/1.png", file, n);
	fed_temp_write(&temp, "cat/2.png", file, n);
	fed_temp_write(&temp, "dog/1.png", file, n);
	fed_assert_ok(load("", ""), &err);
	ck_assert_str_eq(data->class_name[1], "dog");
	folder("train");
	put("train/a.json", "");
	ck_assert_int_eq(load("train", ""), FED_FAIL);
	ck_assert_msg(strstr(err.text, "a.json, byte 0: the file ends too early"), "%s", err.text);
}
END_TEST

/* Rows that end anywhere in what is read at once have the same numbers. */
START_TEST(long_files_are_read_in_pieces)
{
	const uint32_t n[] = {9, 5};
	float x[7000];

	put_numbers("a.json", 0, n, 2, 7000, 2, true);
	fed_assert_ok(load("a.json", "test=0.1"), &err);
	for (uint32_t id = 0; id < 14; id++) {
		fed_dataset_gather(data, &id, 1, NULL, x, NULL, NULL);
		const int first = (int)lrintf(x[0] * 255);

		for (int j = 0; j < 7000; j++)
			ck_assert(x[j] == (float)((first + j) % 256 / 255.0));
	}
}
END_TEST

START_TEST(a_mark_and_what_is_unknown_is_passed_over)
{
	put("t.json", "\xef\xbb\xbf"
	              "{ \"more\": {\"user_data\": [1e999]}, \"user_data\": {\"a\": "
	              "{\"z\": 3, \"x\": [[1, 2], [3, 4]], \"w\": {\"x\": []}, \"y\": [0, 1.0]}}}");
	ck_assert_int_eq(load("t.json", ""), FED_FAIL); /* but for numbers that are none */
	put("t.json",
	    "\xef\xbb\xbf"
	    "{ \"more\": {\"user_data\": [1, {\"x\": 2}]}, \"user_data\": "
	    "{\"a\": {\"z\": 3, \"x\": [[1, 2], [3, 4]], \"w\": {\"x\": []}, \"y\": [0, 1.0]}}}");
	fed_assert_ok(load("t.json", "test=0.5"), &err);
	ck_assert_uint_eq(data->train + data->test, 2);
}
END_TEST

START_TEST(memory_that_ends_is_told)
{
	const uint32_t n[] = {9, 5};

	put_numbers("a.json", 0, n, 2, 6, 2, true);
	fed_assert_ok(load("a.json", ""), &err);
	const uint64_t fingerprint = data->fingerprint;
	for (uint64_t k = 1;; k++) {
		fed__mem_fail_at(k);
		const int rc = load("a.json", "");
		const bool ahead = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		if (ahead) {
			fed_assert_ok(rc, &err);
			break;
		}
		ck_assert(rc != FED_OK || data->fingerprint == fingerprint); /* a guess by name may do */
	}
}
END_TEST

FED_SUITE(leaf)
{
	Suite *suite = suite_create("leaf");
	TCase *tests = tcase_create("leaf");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, decimals_are_the_nearest_doubles);
	tcase_add_test(tests, what_is_no_number_is_refused);
	tcase_add_test(tests, femnist_has_pictures_and_users);
	tcase_add_test(tests, a_share_of_each_user_is_the_test_part);
	tcase_add_test(tests, shakespeare_predicts_the_next_character);
	tcase_add_test(tests, celeba_names_pictures);
	tcase_add_test(tests, sentences_are_counts_of_words);
	tcase_add_loop_test(tests, damage_is_named_with_its_place, 0, sizeof damages / sizeof *damages);
	tcase_add_test(tests, what_is_nested_deeply_is_refused);
	tcase_add_test(tests, a_user_of_two_files_is_refused);
	tcase_add_test(tests, a_folder_is_by_its_first_file);
	tcase_add_test(tests, long_files_are_read_in_pieces);
	tcase_add_test(tests, a_mark_and_what_is_unknown_is_passed_over);
	tcase_add_test(tests, memory_that_ends_is_told);
	suite_add_tcase(suite, tests);
	return suite;
}
