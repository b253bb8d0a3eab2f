/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key pairs in files, fingerprints, class codes. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "network/network.h"
#include "support/suite.h"

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
}

START_TEST(key_pair_is_made_once)
{
	struct fed_key_pair first, second;
	struct fed_error err = {""};
	struct stat st;
	char path[300];

	snprintf(path, sizeof path, "%s", fed_temp_file(&temp, "key"));
	fed_assert_ok(fed_key_pair_of(path, &first, &err), &err);
	fed_assert_ok(fed_key_pair_of(path, &second, &err), &err);
	ck_assert_mem_eq(&first, &second, sizeof first);
	ck_assert_uint_eq(strlen(first.open), FED_KEY_TEXT - 1);
	ck_assert_str_ne(first.open, first.secret);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_uint_eq(fed_temp_count(&temp), 1);
	fed_key_pair_forget(&first);
	ck_assert_uint_eq(strlen(first.secret), 0);
	/* Another file is another pair. */
	fed_assert_ok(fed_key_pair_of(fed_temp_file(&temp, "other"), &first, &err), &err);
	ck_assert_str_ne(first.open, second.open);
}
END_TEST

START_TEST(missing_folders_are_made)
{
	struct fed_key_pair keys;
	struct fed_error err = {""};
	struct stat st;
	char path[300];

	snprintf(path, sizeof path, "%s/a/b/key", temp.dir);
	fed_assert_ok(fed_key_pair_of(path, &keys, &err), &err);
	snprintf(path, sizeof path, "%s/a/b", temp.dir);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0700);
	snprintf(path, sizeof path, "rm -r %s/a", temp.dir);
	ck_assert_int_eq(system(path), 0);
}
END_TEST

static void assert_refused(const char *path, const char *text)
{
	struct fed_key_pair keys = {.open = "x"};
	struct fed_error err = {""};

	ck_assert_int_eq(fed_key_pair_of(path, &keys, &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, text), "%s", err.text);
	ck_assert_uint_eq(strlen(keys.secret), 0);
}

START_TEST(other_files_are_refused)
{
	struct fed_key_pair keys;
	struct fed_error err = {""};
	char path[300], text[300];

	snprintf(path, sizeof path, "%s", fed_temp_file(&temp, "key"));
	fed_assert_ok(fed_key_pair_of(path, &keys, &err), &err);
	chmod(path, 0640);
	assert_refused(path, "others may read");
	chmod(path, 0604);
	assert_refused(path, "others may read");
	/* A secret key that is another's; one that is cut; nothing. */
	keys.secret[3] = keys.secret[3] == 'a' ? 'b' : 'a';
	snprintf(text, sizeof text, "public %s\nsecret %s\n", keys.open, keys.secret);
	fed_temp_write(&temp, "key", text, strlen(text));
	chmod(path, 0600);
	assert_refused(path, "has no key pair");
	fed_temp_write(&temp, "key", text, strlen(text) - 3);
	assert_refused(path, "has no key pair");
	fed_temp_write(&temp, "key", "", 0);
	assert_refused(path, "has no key pair");
	assert_refused(temp.dir, "no regular file");
	snprintf(path, sizeof path, "%s/key/below", temp.dir);
	assert_refused(path, "");
}
END_TEST

/* By Python's hashlib: blake2b(bytes(range(32)), digest_size=32, key=b"7QXK"), the same without a
 * key, and the Z85 of these bytes. */
static const char key[] = "009c61o!#m2NH?C3>iWS5d]J*6CRx17-skh9337x";
#define CODE "7QXK-WM2W-QS8J"
#define CODE_TYPED " 7qxkwm2w-qs8j "
#define FINGERPRINT "SCQN-2R7W-3XZ0-B9AY"

START_TEST(fingerprint_is_a_digest)
{
	char text[20];

	fed_key_fingerprint(key, text);
	ck_assert_str_eq(text, FINGERPRINT);
}
END_TEST

START_TEST(class_code_is_of_its_key)
{
	ck_assert(fed_class_code_is_of(CODE, key));
	ck_assert(fed_class_code_is_of(CODE_TYPED, key));
	char code[FED_CODE_TEXT] = CODE;
	for (unsigned i = 0; i < sizeof code - 1; i++) {
		if (code[i] == '-')
			continue;
		const char right = code[i];
		code[i] = right == '8' ? '9' : '8';
		ck_assert_msg(!fed_class_code_is_of(code, key), "%s", code);
		code[i] = right;
	}
	struct fed_key_pair other;
	struct fed_error err = {""};
	fed_assert_ok(fed_key_pair_of(fed_temp_file(&temp, "key"), &other, &err), &err);
	ck_assert(!fed_class_code_is_of(CODE, other.open));
	ck_assert(!fed_class_code_is_of(CODE, "no key"));
}
END_TEST

START_TEST(class_codes_are_made)
{
	char code[FED_CODE_TEXT], typed[40], seen[64][FED_CODE_TEXT];

	for (unsigned turn = 0; turn < 64; turn++) {
		fed_class_code_make(key, code);
		ck_assert_uint_eq(strlen(code), 14);
		ck_assert_uint_eq(strspn(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ-"), 14);
		ck_assert(code[4] == '-' && code[9] == '-');
		ck_assert(fed_class_code_is_of(code, key));
		memcpy(seen[turn], code, sizeof code);
		unsigned same = 0;
		for (unsigned i = 0; i < turn; i++)
			same += strcmp(seen[i], code) == 0;
		ck_assert_uint_le(same, 1); /* of a million: seldom one, never two */
		/* As people type it. */
		size_t n = 0;
		for (const char *c = code; *c; c++)
			if (*c != '-')
				typed[n++] = (char)(*c == '0'   ? 'o'
				                    : *c == '1' ? (turn % 2 ? 'l' : 'I')
				                                : *c | ((*c >= 'A') << 5));
		typed[n] = '\0';
		ck_assert(fed_class_code_is_of(typed, key));
		ck_assert(fed_class_code_equal(typed, code) && fed_class_code_equal(code, typed));
	}
}
END_TEST

START_TEST(codes_that_are_none_equal_nothing)
{
	static const char *const none[] = {"",
	                                   "x",
	                                   "7QXK",
	                                   "7QXK-AAAA-BBB",
	                                   "7QXK-AAAA-BBBBB",
	                                   "7QXK-AAAA-BBB!",
	                                   "7QXK-AAAA-BBBU",
	                                   "7QXK/AAAA/BBBB"};

	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		ck_assert(!fed_class_code_equal(none[i], none[i]));
		ck_assert(!fed_class_code_is_of(none[i], key));
	}
	ck_assert(fed_class_code_equal(" 7qxk-aaaa bbbb", "7QXKAAAABBBB"));
	ck_assert(!fed_class_code_equal("7QXK-AAAA-BBBB", "7QXK-AAAA-BBBC"));
}
END_TEST

FED_SUITE(keys)
{
	Suite *suite = suite_create("keys");
	TCase *tests = tcase_create("keys");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, key_pair_is_made_once);
	tcase_add_test(tests, missing_folders_are_made);
	tcase_add_test(tests, other_files_are_refused);
	tcase_add_test(tests, fingerprint_is_a_digest);
	tcase_add_test(tests, class_code_is_of_its_key);
	tcase_add_test(tests, class_codes_are_made);
	tcase_add_test(tests, codes_that_are_none_equal_nothing);
	suite_add_tcase(suite, tests);
	return suite;
}
