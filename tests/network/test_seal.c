/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealed bytes: receivers open them, and no other does; a change of any byte is found. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "network/keys.h"
#include "network/seal.h"
#include "support/suite.h"

enum { CLIENTS = 4, SERVER = CLIENTS, LENGTH = 400, SENDER = 1, GONE = 3 };

static struct fed_temp temp;
static struct fed_key_pair keys[CLIENTS + 1];
static struct fed_seal_peer peers[CLIENTS];
static const struct fed_seal_about about = {
	.epoch = 77, .sender = 10 + SENDER, .version = 5, .turn = 1234567890123};
static unsigned char content[LENGTH];
static struct fed_text sealed;

static void set_up(void)
{
	struct fed_error err = {""};
	char name[16];

	fed_temp_make(&temp);
	for (uint32_t i = 0; i <= CLIENTS; i++) {
		snprintf(name, sizeof name, "key%u", i);
		fed_assert_ok(fed_key_pair_of(fed_temp_file(&temp, name), &keys[i], &err), &err);
		if (i == SERVER)
			continue;
		peers[i] = (struct fed_seal_peer){.client = 10 + i, .gone = i == GONE};
		memcpy(peers[i].key, keys[i].open, sizeof peers[i].key);
	}
	for (int i = 0; i < LENGTH; i++)
		content[i] = (unsigned char)(7 * i + 1);
	fed_assert_ok(fed_seal(&keys[SENDER], &about, peers, CLIENTS, content, LENGTH, &sealed, &err),
	              &err);
}

static void tear_down(void)
{
	fed_text_release(&sealed);
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* Open it with these keys as client `self`; the error's text, or "": it opens, and is as it was. */
static const char *opened(uint32_t with, uint32_t sender, uint32_t self)
{
	static struct fed_error err;
	struct fed_seal_about told;
	void *out;
	size_t len;

	err.text[0] = '\0';
	if (fed_seal_open(&keys[with], peers, CLIENTS, sender, self, sealed.s, sealed.len, &told, &out,
	                  &len, &err)) {
		ck_assert_ptr_null(out);
		return err.text;
	}
	ck_assert_uint_eq(len, LENGTH);
	ck_assert_mem_eq(out, content, LENGTH);
	ck_assert_uint_eq(told.epoch, about.epoch);
	ck_assert_uint_eq(told.version, about.version);
	ck_assert_uint_eq(told.turn, about.turn);
	fed_free(out);
	return "";
}

START_TEST(receivers_alone_open_it)
{
	ck_assert_uint_eq(sealed.len, fed_seal_bytes(CLIENTS - 1) + LENGTH);
	for (uint32_t i = 0; i < CLIENTS; i++)
		if (i != GONE)
			ck_assert_str_eq(opened(i, 10 + SENDER, 10 + i), "");
	ck_assert_ptr_nonnull(strstr(opened(GONE, 10 + SENDER, 10 + GONE), "not sealed for client 13"));
	for (uint32_t i = 0; i < CLIENTS; i++) /* whatever the server says that it is */
		ck_assert_str_ne(opened(SERVER, 10 + SENDER, 10 + i), "");
	ck_assert_ptr_nonnull(strstr(opened(0, 12, 10), "another key than that of client 12"));
	ck_assert_ptr_nonnull(strstr(opened(0, 99, 10), "has not told the key"));
	/* the box of another receiver */
	ck_assert_ptr_nonnull(strstr(opened(0, 10 + SENDER, 12), "does not open"));
}
END_TEST

/* No eight bytes of the content are in it. */
START_TEST(nothing_of_the_content_shows)
{
	for (size_t i = 0; i + 8 <= LENGTH; i++)
		ck_assert_ptr_null(memmem(sealed.s, sealed.len, content + i, 8));
}
END_TEST

START_TEST(any_change_is_found)
{
	/* behind the box of client 10, the first: boxes of others, which it does not look at */
	const size_t own = fed_seal_bytes(1) - FED_SEAL_MAC, all = fed_seal_bytes(3) - FED_SEAL_MAC;

	for (size_t i = 0; i < sealed.len; i++) {
		const bool of_another = i >= own && i < all;

		sealed.s[i] ^= 1;
		if (!of_another)
			ck_assert_str_ne(opened(0, 10 + SENDER, 10), "");
		sealed.s[i] ^= 1;
	}
	for (size_t n = 0; n < sealed.len; n += 13) {
		struct fed_error err = {""};
		struct fed_seal_about told;
		void *out;
		size_t len;
		char *copy = malloc(n ? n : 1); /* its end is known to the sanitizers */

		memcpy(copy, sealed.s, n);
		ck_assert_int_eq(fed_seal_open(&keys[0], peers, CLIENTS, 10 + SENDER, 10, copy, n, &told,
		                               &out, &len, &err),
		                 FED_REJECT);
		free(copy);
	}
}
END_TEST

START_TEST(the_word_is_of_the_whole_list)
{
	struct fed_seal_peer other[CLIENTS];
	char first[FED_SEAL_WORD], second[FED_SEAL_WORD];

	fed_seal_word(peers, CLIENTS, first);
	ck_assert_uint_eq(strlen(first), 9);
	for (int i = 0; i < CLIENTS; i++)
		other[i] = peers[CLIENTS - 1 - i];
	fed_seal_word(other, CLIENTS, second);
	ck_assert_str_eq(first, second);
	memcpy(other[2].key, keys[SERVER].open, sizeof other[2].key);
	fed_seal_word(other, CLIENTS, second);
	ck_assert_str_ne(first, second);
	fed_seal_word(peers, CLIENTS - 1, second);
	ck_assert_str_ne(first, second);
}
END_TEST

FED_SUITE(seal)
{
	Suite *suite = suite_create("seal");
	TCase *tests = tcase_create("seal");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, receivers_alone_open_it);
	tcase_add_test(tests, nothing_of_the_content_shows);
	tcase_add_test(tests, any_change_is_found);
	tcase_add_test(tests, the_word_is_of_the_whole_list);
	suite_add_tcase(suite, tests);
	return suite;
}
