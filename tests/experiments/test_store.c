/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of studies: what is none, and what an earlier program wrote. */
#include "experiments/store.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "support/suite.h"

/* A damaged file is told, and stays as it is, byte for byte. */
START_TEST(a_damaged_file_stays)
{
	static const char junk[] = "this is no database, but it may be dear to its owner; it is long "
							   "enough for the head of one, which has a hundred bytes.";
	struct fed_temp temp;
	struct fed_error err = {""};
	struct fed_store *store;
	char bytes[4096];
	size_t n;

	fed_temp_make(&temp);
	fed_temp_write(&temp, "junk.db", junk, sizeof junk);
	ck_assert_int_eq(fed_store_open(&store, fed_temp_file(&temp, "junk.db"), FED_STORE_MAKE, &err),
	                 FED_FAIL);
	ck_assert_msg(strstr(err.text, "is damaged"), "%s", err.text);
	FILE *f = fopen(fed_temp_file(&temp, "junk.db"), "r");
	n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	ck_assert_uint_eq(n, sizeof junk);
	ck_assert_mem_eq(bytes, junk, n);
	ck_assert_int_eq(fed_store_open(&store, fed_temp_file(&temp, "none.db"), FED_STORE_LOOK, &err),
	                 FED_REJECT);
	ck_assert_int_eq(access(fed_temp_file(&temp, "none.db"), F_OK), -1);
	ck_assert_int_eq(fed_store_open(&store, temp.dir, FED_STORE_MAKE, &err), FED_FAIL);
	fed_temp_remove(&temp);
}
END_TEST

/* Programs that find a file of an earlier one at once: one adds what it lacks, none fails. */
START_TEST(many_upgrade_at_once)
{
	struct fed_temp temp;
	struct fed_error err = {""};
	struct fed_text bytes = {0};
	struct fed_stored_study study;
	struct fed_store *store;
	enum { PROGRAMS = 8 };
	pid_t child[PROGRAMS];
	int start[2], status;

	fed_temp_make(&temp);
	fed_assert_ok(
		fed_file_read(FED_SOURCE_DIR "/tests/fixtures/studies_early.db", 1 << 20, &bytes, &err),
		&err);
	for (int round = 0; round < 5; round++) {
		fed_temp_write(&temp, "a.db", bytes.s, bytes.len);
		ck_assert_int_eq(pipe(start), 0);
		for (int i = 0; i < PROGRAMS; i++) {
			if ((child[i] = fork()) == 0) {
				char byte;

				close(start[1]);
				_exit(read(start[0], &byte, 1) != 0 ||
				      fed_store_open(&store, temp.file, FED_STORE_CHANGE, &err) ||
				      fed_store_find(store, "early", &study, &err));
			}
		}
		close(start[0]);
		close(start[1]); /* all go on */
		for (int i = 0; i < PROGRAMS; i++) {
			waitpid(child[i], &status, 0);
			ck_assert_int_eq(status, 0);
		}
		fed_assert_ok(fed_store_open(&store, temp.file, FED_STORE_LOOK, &err), &err);
		fed_assert_ok(fed_store_find(store, "early", &study, &err), &err);
		ck_assert_uint_eq(study.played, 2);
		ck_assert_str_eq(study.commands, "");
		fed_stored_study_release(&study);
		fed_store_close(store);
		remove(fed_temp_file(&temp, "a.db-wal"));
		remove(fed_temp_file(&temp, "a.db-shm"));
	}
	fed_text_release(&bytes);
	fed_temp_remove(&temp);
}
END_TEST

FED_SUITE(store)
{
	Suite *suite = suite_create("store");
	TCase *tests = tcase_create("store");

#ifdef FED_HAVE_SQLITE
	tcase_add_test(tests, a_damaged_file_stays);
	tcase_add_test(tests, many_upgrade_at_once);
#endif
	suite_add_tcase(suite, tests);
	return suite;
}
