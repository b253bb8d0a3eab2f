/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fields: what a user sets, sees and is told.
 */
#include "base/fields.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/random.h"
#include "support/suite.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

struct state {
	int64_t groups;
	int64_t batch;
	int64_t any;
	double learning_rate;
	double free;
	int median;
	bool reuse;
	char path[12];
	struct fed_list hidden;
	double *memory;
	int64_t made;
};

static const char *const medians[] = {"geometric", "coordinate-wise", NULL};
static const char *const all[] = {"all", NULL};

static const struct fed_field rows[] = {
	FED_INT(struct state, groups, 5, 1, 100, "groups"),
	FED_INT_WORD(struct state, batch, 10, 0, 1e9, all, "examples a step"),
	FED_INT(struct state, any, -3, -0x1p63, 0x1p63, "anything"),
	FED_REAL(struct state, learning_rate, 0.1, 0, 10, "learning rate"),
	FED_REAL(struct state, free, 0, -INFINITY, INFINITY, "anything"),
	FED_CHOICE(struct state, median, 1, medians, "which median"),
	FED_FLAG(struct state, reuse, "share examples"),
	FED_TEXT(struct state, path, "a.csv", "path", "file"),
	FED_LIST(struct state, hidden, "200,200", 1, 1e6, "hidden layers"),
	FED_PERSISTENT(struct state, memory, "momentum"),
	{.name = "made",
     .type = FED_TYPE_INT,
     .offset = offsetof(struct state, made),
     .size = sizeof(int64_t),
     .flags = FED_FIELD_READONLY,
     .max = 10,
     .help = "rounds made"},
	FED_END,
};

static struct state fresh(void)
{
	struct state s = {0};

	fed_fields_default(rows, &s);
	return s;
}

START_TEST(the_table_is_well_formed)
{
	struct fed_error err;

	fed_assert_ok(fed_fields_check(rows, sizeof(struct state), &err), &err);
	fed_assert_ok(fed_fields_check(NULL, 0, &err), &err);
}
END_TEST

START_TEST(defaults)
{
	const struct state s = fresh();
	struct fed_text t = {0};

	fed_fields_print(rows, &s, false, &t);
	ck_assert_str_eq(fed_text_str(&t),
	                 "groups=5 batch=10 any=-3 learning-rate=0.1 free=0 median=coordinate-wise "
	                 "reuse=no path=a.csv hidden=200,200");
	fed_text_clear(&t);
	fed_fields_print(rows, &s, true, &t);
	ck_assert_str_eq(fed_text_str(&t), "");
	fed_text_release(&t);
}
END_TEST

/* What is set is printed as typed here, and reads back to the same. */
START_TEST(values_that_are_taken)
{
	static const char *const cases[][3] = {
		{"groups", "7", "7"},
		{"groups", "1e2", "100"},
		{"batch", "all", "all"},
		{"batch", "0", "all"},
		{"batch", "10k", "10000"},
		{"any", "-9223372036854775808", "-9223372036854775808"},
		{"any", "9223372036854775807", "9223372036854775807"},
		{"learning-rate", "0.30000000000000004", "0.30000000000000004"},
		{"learning_rate", "1e-3", "0.001"},
		{"free", "-inf", "-inf"},
		{"free", "1e300", "1e300"},
		{"median", "geometric", "geometric"},
		{"median", "coordinate_wise", "coordinate-wise"},
		{"reuse", "yes", "yes"},
		{"reuse", "off", "no"},
		{"path", "", ""},
		{"path", "12345678901", "12345678901"},
		{"path", "Zürich é", "Zürich é"},
		{"hidden", "", ""},
		{"hidden", "1,2,3", "1,2,3"},
		{"hidden", "1k", "1000"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct state s = fresh(), again = fresh();
		const struct fed_field *row = fed_fields_find(rows, cases[i][0]);
		struct fed_text t = {0};
		struct fed_error err;

		fed_assert_ok(fed_fields_set(rows, &s, cases[i][0], cases[i][1], &err), &err);
		fed_field_print(row, &s, &t);
		ck_assert_str_eq(fed_text_str(&t), cases[i][2]);
		fed_assert_ok(fed_field_parse(row, &again, fed_text_str(&t), &err), &err);
		ck_assert_mem_eq((char *)&s + row->offset, (char *)&again + row->offset, row->size);
		fed_text_release(&t);
	}
}
END_TEST

START_TEST(a_bare_name_is_a_flag)
{
	struct state s = fresh();
	struct fed_error err;

	fed_assert_ok(fed_fields_set(rows, &s, "reuse", NULL, &err), &err);
	ck_assert(s.reuse);
	ck_assert_int_eq(fed_fields_set(rows, &s, "groups", NULL, &err), FED_FAIL);
	ck_assert_str_eq(err.text, "groups needs a value: groups=VALUE");
}
END_TEST

/* A choice that has yes takes its bare name for it; another one does not. */
START_TEST(a_bare_choice_means_yes)
{
	static const char *const turns[] = {"auto", "no", "yes", NULL};
	struct turned {
		int turn, way;
	} state = {0, 0};
	static const char *const ways[] = {"up", "down", NULL};
	const struct fed_field choices[] = {FED_CHOICE(struct turned, turn, 0, turns, "whether"),
	                                    FED_CHOICE(struct turned, way, 0, ways, "where"), FED_END};
	struct fed_error err;

	fed_assert_ok(fed_fields_set(choices, &state, "turn", NULL, &err), &err);
	ck_assert_int_eq(state.turn, 2);
	ck_assert_int_eq(fed_fields_set(choices, &state, "way", NULL, &err), FED_FAIL);
	ck_assert_str_eq(err.text, "way needs a value: way=VALUE");
}
END_TEST

START_TEST(values_that_are_refused)
{
	static const char *const cases[][3] = {
		{"groups", "0", "groups=0: must be a whole number from 1 to 100"},
		{"groups", "101", "groups=101: must be a whole number from 1 to 100"},
		{"groups", "10x", "groups=10x: must be a whole number from 1 to 100"},
		{"groups", "1e30", "groups=1e30: must be a whole number from 1 to 100"},
		{"groups", "", "groups=: must be a whole number from 1 to 100"},
		{"batch", "-1", "batch=-1: must be a whole number from 1 or all"},
		{"any", "x", "any=x: must be a whole number"},
		{"any", "9223372036854775808", "any=9223372036854775808: must be a whole number"},
		{"learning-rate", "nan", "learning-rate=nan: must be a number from 0 to 10"},
		{"learning-rate", "inf", "learning-rate=inf: must be a number from 0 to 10"},
		{"learning-rate", "-1e-9", "learning-rate=-1e-9: must be a number from 0 to 10"},
		{"median", "mean", "median=mean: must be one of geometric, coordinate-wise"},
		{"median", "geo",
	     "median=geo: must be one of geometric, coordinate-wise; did you mean geometric?"},
		{"batch", "2e9", "batch=2e9: must be a whole number from 1 or all, at most 1,000,000,000"},
		{"reuse", "maybe", "reuse=maybe: must be yes or no"},
		{"path", "123456789012",
	     "path=123456789012: must be text of at most 11 bytes without control characters"},
		{"path", "a\033[2J",
	     "path=a?[2J: must be text of at most 11 bytes without control characters"},
		{"path",
	     "\x9b"
	     "31m",
	     "path=?31m: must be text of at most 11 bytes without control characters"},
		{"hidden", "200x200",
	     "hidden=200x200: must be at most 16 whole numbers from 1 with commas between"},
		{"hidden", "1,", "hidden=1,: must be at most 16 whole numbers from 1 with commas between"},
		{"hidden", ",", "hidden=,: must be at most 16 whole numbers from 1 with commas between"},
		{"hidden", "1,0",
	     "hidden=1,0: must be at most 16 whole numbers from 1 with commas between"},
		{"hidden", "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1",
	     "hidden=1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1: must be at most 16 whole numbers from 1 with "
	     "commas between"},
		{"memory", "1",
	     "no parameter memory; it takes groups, batch, any, learning-rate, free, "
	     "median, reuse, path, hidden"},
		{"made", "1", "made is shown only, it cannot be set"},
		{"groop", "1",
	     "no parameter groop; it takes groups, batch, any, learning-rate, free, "
	     "median, reuse, path, hidden"},
		{"gruops", "1",
	     "no parameter gruops; did you mean groups? It takes groups, batch, any, learning-rate, "
	     "free, median, reuse, path, hidden"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct state s = fresh();
		const struct state before = s;
		struct fed_error err;

		ck_assert_int_eq(fed_fields_set(rows, &s, cases[i][0], cases[i][1], &err), FED_FAIL);
		ck_assert_str_eq(err.text, cases[i][2]);
		ck_assert_mem_eq(&s, &before, sizeof s);
	}
}
END_TEST

START_TEST(a_megabyte_that_was_typed)
{
	struct state s = fresh();
	struct fed_error err;
	char *large = fed_alloc(1 << 20);

	memset(large, '\033', (1 << 20) - 1);
	for (const struct fed_field *row = rows; row->type != FED_TYPE_END; row++) {
		if (!fed_field_settable(row))
			continue;
		ck_assert_int_eq(fed_field_parse(row, &s, large, &err), FED_FAIL);
		ck_assert_ptr_null(strchr(err.text, '\033'));
		ck_assert_ptr_nonnull(strstr(err.text, "..."));
		ck_assert_ptr_nonnull(strstr(err.text, "must be"));
	}
	ck_assert_int_eq(fed_fields_set(rows, &s, large, "1", &err), FED_FAIL);
	ck_assert_ptr_null(strchr(err.text, '\033'));
	ck_assert_ptr_nonnull(strstr(err.text, "it takes groups"));
	fed_free(large);
}
END_TEST

START_TEST(long_tables_end_in_dots)
{
	enum { MANY = 60 };
	static char names[MANY][24];
	struct fed_field many[MANY + 1] = {0};
	struct fed_error err;
	int64_t state[MANY] = {0};

	for (uint32_t i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof names[i], "parameter-%u", (unsigned)i);
		many[i] = (struct fed_field){.name = names[i],
		                             .type = FED_TYPE_INT,
		                             .offset = i * (uint32_t)sizeof *state,
		                             .size = sizeof *state,
		                             .max = 1};
	}
	fed_assert_ok(fed_fields_check(many, sizeof state, &err), &err);
	ck_assert_int_eq(fed_fields_set(many, state, "zzz", "1", &err), FED_FAIL);
	ck_assert_uint_lt(strlen(err.text), sizeof err.text - 1);
	ck_assert_str_eq(err.text + strlen(err.text) - 5, ", ...");

	/* Choices as well. */
	const char *choices[MANY + 1] = {NULL};
	for (int i = 0; i < MANY; i++)
		choices[i] = names[i];
	const struct fed_field choice = {
		.name = "c", .type = FED_TYPE_CHOICE, .size = sizeof(int), .choice = choices};
	ck_assert_int_eq(fed_field_parse(&choice, state, "zzz", &err), FED_FAIL);
	ck_assert_str_eq(err.text + strlen(err.text) - 5, ", ...");
}
END_TEST

/* Random values of every type: print, parse, the same bits. */
START_TEST(what_is_printed_is_what_was_set)
{
	struct fed_stream r = fed_stream_open(7, FED_FOR_DATA, 0, 0);

	for (int trial = 0; trial < 2000; trial++) {
		struct state s = fresh(), again = fresh();
		struct fed_text t = {0};
		struct fed_error err;

		s.groups = 1 + fed_stream_below(&r, 100);
		s.batch = fed_stream_below(&r, 3);
		s.any = (int64_t)fed_stream_u64(&r);
		s.learning_rate = 10 * fed_stream_real(&r);
		s.free = ldexp(fed_stream_normal(&r), (int)fed_stream_below(&r, 2000) - 1000);
		s.median = (int)fed_stream_below(&r, 2);
		s.reuse = fed_stream_below(&r, 2);
		s.hidden = (struct fed_list){.n = fed_stream_below(&r, FED_LIST_MAX + 1)};
		for (int64_t i = 0; i < s.hidden.n; i++)
			s.hidden.v[i] = 1 + fed_stream_below(&r, 1000000);
		for (const struct fed_field *row = rows; row->type != FED_TYPE_END; row++) {
			if (!fed_field_settable(row))
				continue;
			fed_text_clear(&t);
			fed_field_print(row, &s, &t);
			fed_assert_ok(fed_field_parse(row, &again, fed_text_str(&t), &err), &err);
		}
		ck_assert_mem_eq(&s, &again, sizeof s);
		fed_text_release(&t);
	}
}
END_TEST

START_TEST(several_at_once)
{
	const struct fed_assign typed[] = {{"groups", "9"}, {"reuse", NULL}, {"groups", "x"}};
	const struct fed_assign wrong[] = {{"reuse", NULL}, {"groups", "x"}};
	struct state s = fresh();
	struct fed_error err;
	struct fed_text t = {0};

	fed_assert_ok(fed_fields_assign(rows, &s, typed, 2, &err), &err);
	ck_assert_int_eq(fed_fields_assign(rows, &s, typed, 3, &err), FED_FAIL);
	ck_assert_str_eq(err.text, "groups is given twice");
	ck_assert_int_eq(fed_fields_assign(rows, &s, wrong, 2, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "groups=x"));
	memcpy(s.path, "a \"b\"\\", 7);
	fed_fields_print(rows, &s, true, &t);
	ck_assert_str_eq(fed_text_str(&t), "groups=9 reuse=yes path=\"a \\\"b\\\"\\\\\"");
	fed_text_release(&t);
}
END_TEST

START_TEST(numbers)
{
	const struct state s = fresh();

	ck_assert(fed_field_number(fed_fields_find(rows, "groups"), &s) == 5);
	ck_assert(fed_field_number(fed_fields_find(rows, "learning-rate"), &s) == 0.1);
	ck_assert(fed_field_number(fed_fields_find(rows, "median"), &s) == 1);
	ck_assert(fed_field_number(fed_fields_find(rows, "reuse"), &s) == 0);
	ck_assert(isnan(fed_field_number(fed_fields_find(rows, "path"), &s)));
	ck_assert_ptr_null(fed_fields_find(rows, "group"));
	ck_assert_ptr_null(fed_fields_find(NULL, "group"));
}
END_TEST

static void collect(void *ctx, const char *candidate)
{
	fed_text_add(ctx, "%s ", candidate);
}

START_TEST(completion)
{
	static const char *const cases[][3] = {
		{"median", "", "geometric coordinate-wise "},
		{"median", "g", "geometric "},
		{"reuse", "", "yes no "},
		{"reuse", "y", "yes "},
		{"batch", "a", "all "},
		{"groups", "", ""},
		{"path", "", ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct fed_text t = {0};

		fed_field_complete(fed_fields_find(rows, cases[i][0]), cases[i][1], collect, &t);
		ck_assert_str_eq(fed_text_str(&t), cases[i][2]);
		fed_text_release(&t);
	}
}
END_TEST

/* A plugin may leave anything in its state. */
START_TEST(garbage_in_a_state_is_printed_safely)
{
	struct state s;
	struct fed_text t = {0};

	memset(&s, 0x5a, sizeof s);
	s.reuse = true; /* another byte would be undefined wherever it is read */
	fed_fields_print(rows, &s, true, &t);
	ck_assert_ptr_nonnull(strstr(fed_text_str(&t), "median=? "));
	ck_assert_ptr_nonnull(strstr(fed_text_str(&t), "path=ZZZZZZZZZZZZ "));
	fed_text_release(&t);
}
END_TEST

/* A row of another name, type, offset and size. */
#define ROW(name_, kind, at, bytes) .name = (name_), .type = (kind), .offset = (at), .size = (bytes)
#define INT_ROW(name_, at) ROW(name_, FED_TYPE_INT, at, 8)
#define OF_SIZE(kind, bytes) ROW("row", kind, 8, bytes)
static const char *const no_choices[] = {NULL};
static const char *const twice[] = {"a-b", "a_b", NULL};
static const char *const spaced[] = {"a b", NULL};

static const struct {
	struct fed_field row;
	const char *word; /* that the error must have */
} damaged[] = {
	{{INT_ROW(NULL, 8), .max = 10}, "name"},
	{{INT_ROW("", 8), .max = 10}, "name"},
	{{INT_ROW("a b", 8), .max = 10}, "name"},
	{{INT_ROW("Row", 8), .max = 10}, "name"},
	{{INT_ROW("9row", 8), .max = 10}, "name"},
	{{INT_ROW("row\033", 8), .max = 10}, "name"},
	{{INT_ROW("a23456789012345678901234567890123", 8), .max = 10}, "name"},
	{{OF_SIZE(99, 8), .max = 10}, "type 99"},
	{{OF_SIZE(UINT32_MAX, 8), .max = 10}, "unknown"},
	{{INT_ROW("row", 60), .max = 10}, "outside"},
	{{INT_ROW("row", UINT32_MAX - 7), .max = 10}, "outside"},
	{{INT_ROW("row", 12), .max = 10}, "multiple of 8"},
	{{OF_SIZE(FED_TYPE_INT, 4), .max = 10}, "4 bytes instead of 8"},
	{{OF_SIZE(FED_TYPE_INT, 0), .max = 10}, "0 bytes"},
	{{INT_ROW("row", 8), .max = 10, .def = 11}, "default 11"},
	{{INT_ROW("row", 8), .max = 10, .def = -1}, "default -1"},
	{{INT_ROW("row", 8), .max = 10, .def = 1.5}, "whole"},
	{{INT_ROW("row", 8), .max = 10, .def = NAN}, "default"},
	{{INT_ROW("row", 8), .max = 10, .min = 20}, "above"},
	{{INT_ROW("row", 8), .max = 10, .min = NAN}, "min"},
	{{INT_ROW("row", 8), .max = NAN}, "max"},
	{{INT_ROW("row", 8), .max = 10.5}, "whole"},
	{{INT_ROW("row", 8), .max = 10, .choice = no_choices}, "word"},
	{{INT_ROW("row", 8), .max = 10, .choice = spaced}, "word"},
	{{OF_SIZE(FED_TYPE_REAL, 8), .def = NAN, .max = 1}, "default"},
	{{OF_SIZE(FED_TYPE_REAL, 8), .def = 2, .max = 1}, "default 2"},
	{{OF_SIZE(FED_TYPE_CHOICE, 4)}, "no choices"},
	{{OF_SIZE(FED_TYPE_CHOICE, 4), .choice = no_choices}, "no choices"},
	{{OF_SIZE(FED_TYPE_CHOICE, 4), .choice = twice}, "twice"},
	{{OF_SIZE(FED_TYPE_CHOICE, 4), .choice = spaced}, "one word"},
	{{OF_SIZE(FED_TYPE_CHOICE, 4), .choice = medians, .def = 2}, "default 2"},
	{{OF_SIZE(FED_TYPE_CHOICE, 4), .choice = medians, .def = -1}, "default -1"},
	{{OF_SIZE(FED_TYPE_CHOICE, 4), .choice = medians, .def = NAN}, "default"},
	{{OF_SIZE(FED_TYPE_FLAG, 1), .def = 2}, "0 or 1"},
	{{OF_SIZE(FED_TYPE_TEXT, 0)}, "0 bytes"},
	{{OF_SIZE(FED_TYPE_TEXT, 4), .text = "four"}, "at most 3 bytes"},
	{{OF_SIZE(FED_TYPE_TEXT, 9), .text = "a\nb"}, "control"},
	{{ROW("row", FED_TYPE_LIST, 0, sizeof(struct fed_list)), .max = 9, .text = "1,x"}, "list"},
	{{ROW("row", FED_TYPE_LIST, 0, sizeof(struct fed_list)), .max = 9, .text = "10"}, "list"},
	{{ROW("row", FED_TYPE_PERSISTENT, 4, 8)}, "multiple"},
	{{OF_SIZE(FED_TYPE_BROADCAST, 4)}, "instead of 8"},
};

START_TEST(a_damaged_row_is_named)
{
	const struct fed_field table[] = {damaged[_i].row, FED_END};
	struct fed_error err = {""};
	const size_t size = damaged[_i].row.type == FED_TYPE_LIST ? sizeof(struct fed_list) : 64;

	ck_assert_int_eq(fed_fields_check(table, size, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, damaged[_i].word) != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(strstr(err.text, "row"));
	ck_assert_ptr_null(strchr(err.text, '\033'));
}
END_TEST

START_TEST(tables_have_distinct_names_and_an_end)
{
	static struct fed_field endless[300];
	static char names[300][8];
	const struct fed_field same[] = {
		{INT_ROW("a-b", 8), .max = 10}, {INT_ROW("a_b", 8), .max = 10}, FED_END};
	struct fed_error err;

	ck_assert_int_eq(fed_fields_check(same, 64, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "twice"));
	for (int i = 0; i < 300; i++) {
		snprintf(names[i], sizeof names[i], "n%d", i);
		endless[i] = (struct fed_field){INT_ROW(names[i], 8), .max = 10};
	}
	ck_assert_int_eq(fed_fields_check(endless, 64, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "FED_END"));
}
END_TEST

static int set_and_print(void *ctx, struct fed_error *err)
{
	const char *const *typed = ctx;
	struct state s = fresh();
	struct fed_text t = {0};
	int rc = fed_fields_set(rows, &s, typed[0], typed[1], err);

	/* A refusal is what is wanted of these. */
	if (rc == FED_FAIL && typed[2])
		rc = err->text[0] ? FED_OK : FED_FAIL;
	if (rc == FED_OK) {
		fed_fields_print(rows, &s, false, &t);
		if (t.failed)
			rc = fed_fail_memory(err, 1, "a text");
	}
	fed_text_release(&t);
	return rc;
}

START_TEST(no_memory)
{
	const char *typed[][3] = {{"groups", "7", NULL}, {"groups", "x", "no"}, {"gruops", "1", "no"}};

	for (size_t i = 0; i < COUNT(typed); i++)
		ck_assert_uint_gt(fed_each_allocation(set_and_print, typed[i]), 0);
}
END_TEST

FED_SUITE(fields)
{
	Suite *suite = suite_create("fields");
	TCase *tests = tcase_create("fields");

	tcase_add_test(tests, the_table_is_well_formed);
	tcase_add_test(tests, defaults);
	tcase_add_test(tests, values_that_are_taken);
	tcase_add_test(tests, a_bare_name_is_a_flag);
	tcase_add_test(tests, values_that_are_refused);
	tcase_add_test(tests, a_megabyte_that_was_typed);
	tcase_add_test(tests, long_tables_end_in_dots);
	tcase_add_test(tests, what_is_printed_is_what_was_set);
	tcase_add_test(tests, several_at_once);
	tcase_add_test(tests, numbers);
	tcase_add_test(tests, completion);
	tcase_add_test(tests, a_bare_choice_means_yes);
	tcase_add_test(tests, garbage_in_a_state_is_printed_safely);
	tcase_add_loop_test(tests, a_damaged_row_is_named, 0, (int)COUNT(damaged));
	tcase_add_test(tests, tables_have_distinct_names_and_an_end);
	tcase_add_test(tests, no_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
