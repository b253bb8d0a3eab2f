/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "history/client_selector.h"

#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "support/suite.h"

/* Clients 0 .. n-1; those in `removed` have left. */
struct crowd {
	struct fed_clients clients;
	struct fed_client rows[200];
	uint32_t present[200];
};

static void make_crowd(struct crowd *c, uint32_t n, const char *removed)
{
	memset(c, 0, sizeof *c);
	c->clients = (struct fed_clients){.client = c->rows, .present = c->present, .n = n};
	for (uint32_t id = 0; id < n; id++) {
		char word[12];

		snprintf(word, sizeof word, " %u ", id);
		c->rows[id].present = strstr(removed, word) == NULL;
		if (c->rows[id].present)
			c->present[c->clients.n_present++] = id;
	}
}

static const struct {
	const char *text, *ids;
} selected[] = {
	{"3", "3"},
	{"0", "0"},
	{"1-5", "1 2 3 4 5"},
	{"1,4,7-9", "1 4 7 8 9"},
	{" 1 , 4 ", "1 4"},
	{"7-9,1,8", "1 7 8 9"},
	{"10-12", "10 12"}, /* 11 has left */
	{"4-4", "4"},
	{"all", "0 1 2 3 4 5 6 7 8 9 10 12"},
	{"3,all", "0 1 2 3 4 5 6 7 8 9 10 12"},
	{"100%", "0 1 2 3 4 5 6 7 8 9 10 12"},
	{"random:12", "0 1 2 3 4 5 6 7 8 9 10 12"},
};

START_TEST(selects)
{
	struct crowd c;
	struct fed_text shown = {0};
	struct fed_error err;
	uint64_t draw = 0;
	uint32_t *ids, n;

	make_crowd(&c, 13, " 11 ");
	fed_assert_ok(
		fed_client_selector_parse(selected[_i].text, &c.clients, 1, &draw, &ids, &n, &err), &err);
	for (uint32_t i = 0; i < n; i++)
		fed_text_add(&shown, "%s%u", i ? " " : "", ids[i]);
	ck_assert_str_eq(fed_text_str(&shown), selected[_i].ids);
	fed_text_release(&shown);
	fed_free(ids);
}
END_TEST

static const struct {
	const char *text, *words;
} refused[] = {
	{"", "no clients are named"},
	{"  ", "no clients are named"},
	{",", "nothing between two commas"},
	{"1,", "nothing between two commas"},
	{"1,,2", "nothing between two commas"},
	{"13", "from 0 to 12"},
	{"99999999999", "`99999999999` is not a selection of clients"},
	{"11", "client 11 was removed"},
	{"11-11", "11-11: there are 12 clients"},
	{"5-3", "3-5"},
	{"5-13", "from 0 to 12"},
	{"1-2-3", "a range is two"},
	{"1-", "a range is two"},
	{"-3", "is not a selection of clients"},
	{"1-x", "a range is two"},
	{"+1", "is not a selection of clients"},
	{"1k", "is not a selection of clients"},
	{"1e1", "is not a selection of clients"},
	{"everyone", "`everyone` is not a selection of clients"},
	{"0%", "above 0%"},
	{"101%", "at most 100%"},
	{"-5%", "a share is"},
	{"nan%", "a share is"},
	{"%", "is not a selection of clients"},
	{"random:0", "from 1 to 12"},
	{"random:13", "from 1 to 12"},
	{"random:", "from 1 to 12"},
	{"random:-1", "from 1 to 12"},
	{"1,\x1b[31m", "is not a selection of clients"},
	{"111111111111111111111111111111111111111111111111111111111111111111111111", "no selector has"},
};

START_TEST(refuses)
{
	struct crowd c;
	struct fed_error err = {""};
	uint64_t draw = 7;
	uint32_t *ids, n;

	make_crowd(&c, 13, " 11 ");
	ck_assert_int_eq(
		fed_client_selector_parse(refused[_i].text, &c.clients, 1, &draw, &ids, &n, &err),
		FED_FAIL);
	ck_assert_msg(strstr(err.text, refused[_i].words) != NULL, "%s: %s", refused[_i].text,
	              err.text);
	ck_assert_ptr_null(strchr(err.text, '\x1b'));
	ck_assert_uint_eq(draw, 7);
}
END_TEST

static uint32_t *pick(const struct crowd *c, const char *who, uint64_t seed, uint64_t draw,
                      uint32_t *n)
{
	uint32_t *ids;
	const uint64_t before = draw;
	struct fed_error err;

	fed_assert_ok(fed_client_selector_parse(who, &c->clients, seed, &draw, &ids, n, &err), &err);
	ck_assert_uint_eq(draw, before + 1);
	return ids;
}

START_TEST(draws_repeat_by_seed_and_number)
{
	struct crowd c;
	uint32_t n[4];

	make_crowd(&c, 200, "");
	uint32_t *const same[] = {pick(&c, "20%", 1, 0, &n[0]), pick(&c, "20%", 1, 0, &n[1]),
	                          pick(&c, "20%", 2, 0, &n[2]), pick(&c, "20%", 1, 1, &n[3])};
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(n[i], 40);
	ck_assert_mem_eq(same[0], same[1], 40 * sizeof(uint32_t));
	ck_assert_mem_ne(same[0], same[2], 40 * sizeof(uint32_t));
	ck_assert_mem_ne(same[0], same[3], 40 * sizeof(uint32_t));
	for (int i = 0; i < 4; i++)
		fed_free(same[i]);
	/* A share is rounded to the nearest number, at least one. */
	fed_free(pick(&c, "0.1%", 1, 0, &n[0]));
	ck_assert_uint_eq(n[0], 1);
	fed_free(pick(&c, "1.3%", 1, 0, &n[0]));
	ck_assert_uint_eq(n[0], 3);
}
END_TEST

START_TEST(no_client_to_select)
{
	struct crowd c;
	struct fed_error err;
	uint64_t draw = 0;
	uint32_t *ids, n;

	make_crowd(&c, 0, "");
	ck_assert_int_eq(fed_client_selector_parse("all", &c.clients, 1, &draw, &ids, &n, &err),
	                 FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "add-client"));
}
END_TEST

static int parse_one(void *ctx, struct fed_error *err)
{
	const struct crowd *c = ctx;
	uint64_t draw = 0;
	uint32_t *ids, n;

	if (fed_client_selector_parse("1,4-9,random:3,20%", &c->clients, 1, &draw, &ids, &n, err))
		return FED_FAIL;
	fed_free(ids);
	return FED_OK;
}

START_TEST(survives_every_allocation)
{
	struct crowd c;

	make_crowd(&c, 50, "");
	ck_assert_uint_ge(fed_each_allocation(parse_one, &c), 4);
}
END_TEST

START_TEST(ids_are_put_as_they_are_typed)
{
	static const struct {
		uint32_t ids[8], n;
		size_t most;
		const char *text;
	} cases[] = {
		{{3}, 1, 80, "3"},
		{{0, 1}, 2, 80, "0,1"},
		{{0, 1, 2}, 3, 80, "0-2"},
		{{1, 4, 7, 8, 9}, 5, 80, "1,4,7-9"},
		{{1, 4, 7, 8, 9, 4294967294}, 6, 80, "1,4,7-9,4294967294"},
		{{1, 4, 7, 8, 9}, 5, 7, "1,4,7-9"},
		{{1, 4, 7, 8, 9}, 5, 6, "1,4,... (5 in all)"},
		{{1, 4, 7, 8, 9}, 5, 0, "... (5 in all)"},
		{{0}, 0, 80, ""},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct fed_text out = {0};

		fed_client_ids_put(&out, cases[i].ids, cases[i].n, cases[i].most);
		ck_assert_str_eq(fed_text_str(&out), cases[i].text);
		fed_text_release(&out);
	}
}
END_TEST

FED_SUITE(client_selector)
{
	Suite *suite = suite_create("who");
	TCase *tests = tcase_create("who");

	tcase_add_loop_test(tests, selects, 0, (int)(sizeof selected / sizeof *selected));
	tcase_add_loop_test(tests, refuses, 0, (int)(sizeof refused / sizeof *refused));
	tcase_add_test(tests, draws_repeat_by_seed_and_number);
	tcase_add_test(tests, no_client_to_select);
	tcase_add_test(tests, survives_every_allocation);
	tcase_add_test(tests, ids_are_put_as_they_are_typed);
	suite_add_tcase(suite, tests);
	return suite;
}
