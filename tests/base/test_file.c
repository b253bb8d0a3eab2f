/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files: whatever fails, nothing hangs and the old file stays.
 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/suite.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct fed_temp temp;

static void setup(void)
{
	fed_temp_make(&temp);
}

static void teardown(void)
{
	fed_temp_remove(&temp);
}

static void check_content(const char *path, const char *content)
{
	struct fed_text t = {0};
	struct fed_error err;

	fed_assert_ok(fed_file_read(path, 1 << 20, &t, &err), &err);
	ck_assert_str_eq(fed_text_str(&t), content);
	fed_text_release(&t);
}

START_TEST(reading)
{
	struct fed_error err;
	struct fed_text t = {0};
	uint64_t size = 0;
	const char *path = fed_temp_write(&temp, "a", "hello", 5);

	fed_assert_ok(fed_file_readable(path, &size, &err), &err);
	ck_assert_uint_eq(size, 5);
	fed_text_add(&t, "before ");
	fed_assert_ok(fed_file_read(path, 5, &t, &err), &err);
	ck_assert_str_eq(fed_text_str(&t), "before hello");
	ck_assert_int_eq(fed_file_read(path, 4, &t, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "is larger than 4 B"));
	ck_assert_str_eq(fed_text_str(&t), "before hello");
	fed_text_release(&t);
	/* The size that stat tells is 0. */
	fed_assert_ok(fed_file_read("/proc/self/status", 1 << 20, &t, &err), &err);
	ck_assert_uint_gt(t.len, 100);
	fed_text_release(&t);
}
END_TEST

START_TEST(what_is_no_file_is_refused_at_once)
{
	struct fed_error err;
	struct fed_text t = {0};
	struct fed_reader *r;
	struct fed_file_writer w;
	uint64_t size;
	FILE *f;
	char fifo[256];

	strcpy(fifo, fed_temp_file(&temp, "fifo"));
	ck_assert_int_eq(mkfifo(fifo, 0600), 0);
	const struct {
		const char *path, *why;
	} rows[] = {
		{temp.dir, "is a directory"},      {fifo, "is a pipe"},
		{"/dev/zero", "is a device"},      {"/no/such/file", "No such file"},
		{"/proc/self/mem/x", "directory"}, {"", "No such file"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(fed_file_readable(rows[i].path, &size, &err), FED_FAIL);
		ck_assert_msg(strstr(err.text, rows[i].why) != NULL, "%s", err.text);
		ck_assert_int_eq(strncmp(err.text, rows[i].path, strlen(rows[i].path)), 0);
		ck_assert_int_eq(fed_file_read(rows[i].path, 10, &t, &err), FED_FAIL);
		ck_assert_int_eq(fed_reader_open(&r, rows[i].path, &err), FED_FAIL);
		ck_assert_int_eq(fed_file_open(&w, rows[i].path, &err), FED_FAIL);
		ck_assert_int_eq(fed_file_stream(&f, rows[i].path, "", 0, &err), FED_FAIL);
	}
	/* A name never reaches the terminal raw. */
	ck_assert_int_eq(fed_file_readable("\033[2Jx", &size, &err), FED_FAIL);
	ck_assert_str_eq(err.text, "?[2Jx: No such file or directory");
}
END_TEST

START_TEST(home)
{
	static const char *const rows[][2] = {
		{"~/x", "/h/x"}, {"~", "/h"}, {"~user/x", "~user/x"}, {"a~/x", "a~/x"}, {"", ""}};

	setenv("HOME", "/h", 1);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct fed_text t = {0};

		fed_path_expand(rows[i][0], &t);
		ck_assert_str_eq(fed_text_str(&t), rows[i][1]);
		fed_text_release(&t);
	}
	unsetenv("HOME");
	struct fed_text t = {0};
	fed_path_expand("~/x", &t);
	ck_assert_str_eq(fed_text_str(&t), "~/x");
	fed_text_release(&t);
}
END_TEST

static int save(const char *path, const char *a, const char *b, struct fed_error *err)
{
	struct fed_file_writer w;

	if (fed_file_open(&w, path, err) != FED_OK)
		return FED_FAIL;
	fed_file_write(&w, a, strlen(a));
	fed_file_write(&w, b, strlen(b));
	return fed_file_commit(&w, err);
}

START_TEST(writing)
{
	struct fed_error err;
	struct stat st;
	const char *path = fed_temp_file(&temp, "out");

	fed_assert_ok(save(path, "one ", "two", &err), &err);
	check_content(path, "one two");
	ck_assert_int_eq(chmod(path, 0640), 0);
	fed_assert_ok(save(path, "three", "", &err), &err);
	check_content(path, "three");
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0640);
	ck_assert_uint_eq(fed_temp_count(&temp), 1);
}
END_TEST

/* A name as long as the file system allows, of bytes and of characters of two. */
START_TEST(the_longest_names_are_written)
{
	static const char *const letters[] = {"n", "\u00fc"};
	struct fed_error err;

	for (size_t i = 0; i < COUNT(letters); i++) {
		char path[600];
		struct fed_text name = {0};

		while (name.len + strlen(letters[i]) <= 255)
			fed_text_add(&name, "%s", letters[i]);
		snprintf(path, sizeof path, "%s/%s", temp.dir, fed_text_str(&name));
		fed_assert_ok(save(path, "one", "", &err), &err);
		fed_assert_ok(save(path, "two", "", &err), &err);
		check_content(path, "two");
		ck_assert_uint_eq(fed_temp_count(&temp), 1);
		ck_assert_int_eq(unlink(path), 0);
		fed_text_release(&name);
	}
}
END_TEST

/* The superuser, too, is asked: the rights are what the owner said. */
START_TEST(a_write_protected_file_is_refused)
{
	struct fed_error err;
	FILE *f;
	char path[256];

	strcpy(path, fed_temp_write(&temp, "out", "precious", 8));
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(save(path, "new", "", &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "is write-protected"));
	ck_assert_ptr_nonnull(strstr(err.text, "chmod u+w"));
	ck_assert_int_eq(fed_file_stream(&f, path, "", 0, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "is write-protected"));
	check_content(path, "precious");
	ck_assert_uint_eq(fed_temp_count(&temp), 1);
	ck_assert_int_eq(chmod(path, 0644), 0);
	fed_assert_ok(save(path, "new", "", &err), &err);
	check_content(path, "new");
}
END_TEST

START_TEST(a_stream_begins_with_an_empty_file)
{
	struct fed_error err;
	FILE *f;
	char path[256];

	strcpy(path, fed_temp_write(&temp, "out", "what was there", 14));
	fed_assert_ok(fed_file_stream(&f, path, "", 0, &err), &err);
	ck_assert_int_ge(fputs("line\n", f), 0);
	ck_assert_int_eq(fclose(f), 0);
	check_content(path, "line\n");
	ck_assert_int_eq(fed_file_stream(&f, "/no/such/folder/out", "", 0, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
}
END_TEST

/* A writer at work keeps its temporary; that of one that was killed goes, and nothing else. */
START_TEST(temporaries_of_killed_writers_are_swept)
{
	static const char *const others[] = {"out.fedsh.tmp12345", "out.fedsh.tmp12345g",
	                                     "out.fedsh.tmp1234567", "other.fedsh.tmp123456",
	                                     "out.fedsh.tmp"};
	struct fed_file_writer first;
	struct fed_error err;
	char path[256], left[256];

	for (size_t i = 0; i < COUNT(others); i++)
		fed_temp_write(&temp, others[i], "mine", 4);
	strcpy(path, fed_temp_file(&temp, "out"));
	fed_assert_ok(fed_file_open(&first, path, &err), &err);
	strcpy(left, fed_temp_write(&temp, "out.fedsh.tmp0123ef", "half", 4));
	fed_assert_ok(save(path, "second", "", &err), &err);
	check_content(path, "second");
	ck_assert_int_ne(access(left, F_OK), 0);
	ck_assert_int_eq(access(first.temporary, F_OK), 0);
	fed_file_write(&first, "first", 5);
	fed_assert_ok(fed_file_commit(&first, &err), &err);
	check_content(path, "first");
	ck_assert_uint_eq(fed_temp_count(&temp), 1 + COUNT(others));
}
END_TEST

/* The temporary of the longest name is shortened; it is found all the same. */
START_TEST(shortened_temporaries_are_swept)
{
	struct fed_error err;
	char path[600], name[256] = "";
	FILE *left;

	memset(name, 'n', 255 - strlen(".fedsh.tmp123456"));
	strcat(name, ".fedsh.tmp123456");
	snprintf(path, sizeof path, "%s/%s", temp.dir, name);
	left = fopen(path, "w");
	ck_assert_ptr_nonnull(left);
	ck_assert_int_eq(fclose(left), 0);
	memset(name, 'n', 255);
	snprintf(path, sizeof path, "%s/%s", temp.dir, name);
	fed_assert_ok(save(path, "one", "", &err), &err);
	check_content(path, "one");
	ck_assert_uint_eq(fed_temp_count(&temp), 1);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

static const char *const unclean[] = {"a\001b",
                                      "a\nb",
                                      "a\033[2Jb",
                                      "a\177b",
                                      "a\xc2\x9b"
                                      "b",
                                      "a\x9b"
                                      "b"};

START_TEST(control_characters_are_in_no_name)
{
	struct fed_file_writer w;
	struct fed_error err;
	FILE *f;
	char path[300];

	snprintf(path, sizeof path, "%s/%s", temp.dir, unclean[_i]);
	ck_assert_int_eq(fed_file_open(&w, path, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "has a control character in its name"));
	ck_assert_int_eq(fed_file_stream(&f, path, "", 0, &err), FED_FAIL);
	ck_assert_int_eq(fed_file_outlet(&f, path, &err), FED_FAIL);
	ck_assert_int_eq(fed_file_writable(path, &err), FED_FAIL);
	ck_assert_uint_eq(fed_temp_count(&temp), 0);
}
END_TEST

/* What reads lines as they come may be a pipe; one without a reader is no reason to wait. */
START_TEST(an_outlet_may_be_a_pipe_that_is_read)
{
	struct fed_error err;
	char path[256], line[8] = "";
	FILE *f;

	strcpy(path, fed_temp_file(&temp, "pipe"));
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(fed_file_outlet(&f, path, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "is a pipe or device without a reader"));
	const int reader = open(path, O_RDONLY | O_NONBLOCK);
	ck_assert_int_ge(reader, 0);
	fed_assert_ok(fed_file_outlet(&f, path, &err), &err);
	ck_assert_int_ge(fputs("line\n", f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(read(reader, line, sizeof line), 5);
	close(reader);
	ck_assert_int_eq(fed_file_writable(path, &err), FED_FAIL);
	fed_assert_ok(fed_file_writable(fed_temp_file(&temp, "new"), &err), &err);
	strcpy(path, fed_temp_write(&temp, "protected", "mine", 4));
	ck_assert_int_eq(chmod(path, 0444), 0);
	ck_assert_int_eq(fed_file_outlet(&f, path, &err), FED_FAIL);
	ck_assert_int_eq(fed_file_writable(path, &err), FED_FAIL);
}
END_TEST

START_TEST(the_checksum_is_of_all_that_was_written)
{
	struct fed_file_writer w;
	struct fed_error err;

	fed_assert_ok(fed_file_open(&w, fed_temp_file(&temp, "out"), &err), &err);
	fed_file_write(&w, "1234", 4);
	fed_file_write(&w, "56789", 5);
	ck_assert_uint_eq(w.crc, 0xcbf43926); /* the check value of CRC-32 */
	fed_file_abandon(&w);
	ck_assert_uint_eq(fed_temp_count(&temp), 0);
	ck_assert_uint_eq(fed_crc32(0, NULL, 0), 0);
}
END_TEST

START_TEST(a_link_stays_a_link)
{
	struct fed_error err;
	struct stat st;
	char link[256];

	strcpy(link, fed_temp_file(&temp, "link"));
	fed_temp_write(&temp, "real", "old", 3);
	ck_assert_int_eq(symlink(temp.file, link), 0);
	fed_assert_ok(save(link, "new", "", &err), &err);
	ck_assert_int_eq(lstat(link, &st), 0);
	ck_assert(S_ISLNK(st.st_mode));
	check_content(fed_temp_file(&temp, "real"), "new");
}
END_TEST

/* Two writes, one fsync, one rename: each fails once. */
START_TEST(every_step_may_fail)
{
	static const int errors[] = {ENOSPC, EIO};
	struct fed_error err;
	const char *path = fed_temp_write(&temp, "out", "old", 3);

	for (size_t e = 0; e < COUNT(errors); e++)
		for (uint64_t k = 1; k <= 5; k++) {
			const int64_t live = fed__mem_live();

			fed__file_fail_at(k, errors[e]);
			const int rc = save(path, "new ", "file", &err);
			fed__file_fail_at(0, 0);
			ck_assert_int_eq(rc, k <= 4 ? FED_FAIL : FED_OK);
			if (k <= 4)
				ck_assert_ptr_nonnull(strstr(err.text, strerror(errors[e])));
			check_content(path, k <= 4 && e == 0 ? "old" : "new file");
			ck_assert_uint_eq(fed_temp_count(&temp), 1);
			ck_assert_int_eq(fed__mem_live(), live);
		}
}
END_TEST

/* Unsynced there is one step less; the last one is the rename, and the old file stays as well. */
START_TEST(an_unsynced_file_does_not_wait_for_the_disk)
{
	struct fed_file_writer w;
	struct fed_error err;
	const char *path = fed_temp_write(&temp, "out", "old", 3);

	for (uint64_t k = 1; k <= 3; k++) {
		fed_assert_ok(fed_file_open(&w, path, &err), &err);
		w.unsynced = true;
		fed__file_fail_at(k, EIO);
		fed_file_write(&w, "new", 3);
		const int rc = fed_file_commit(&w, &err);
		fed__file_fail_at(0, 0);
		ck_assert_int_eq(rc, k <= 2 ? FED_FAIL : FED_OK);
		check_content(path, k <= 2 ? "old" : "new");
		ck_assert_uint_eq(fed_temp_count(&temp), 1);
	}
}
END_TEST

START_TEST(a_full_disk)
{
	struct fed_file_writer w;
	struct fed_error err;

	/* The real thing, as far as a test can: the kernel's own full device behind the stream. */
	fed_assert_ok(fed_file_open(&w, fed_temp_file(&temp, "out"), &err), &err);
	FILE *full = fopen("/dev/full", "wb");
	if (full) {
		fclose(w.f);
		w.f = full;
		for (int i = 0; i < 100; i++)
			fed_file_write(&w, "0123456789abcdef", 16);
		ck_assert_int_eq(fed_file_commit(&w, &err), FED_FAIL);
		ck_assert_ptr_nonnull(strstr(err.text, strerror(ENOSPC)));
	} else {
		fed_file_abandon(&w);
	}
	ck_assert_uint_eq(fed_temp_count(&temp), 0);
}
END_TEST

static int save_and_read(void *ctx, struct fed_error *err)
{
	struct fed_text t = {0};
	int rc = save(ctx, "a", "b", err);

	if (rc == FED_OK)
		rc = fed_file_read(ctx, 100, &t, err);
	fed_text_release(&t);
	return rc;
}

START_TEST(no_memory)
{
	char path[256];

	strcpy(path, fed_temp_file(&temp, "out"));
	ck_assert_uint_gt(fed_each_allocation(save_and_read, path), 2);
	ck_assert_uint_eq(fed_temp_count(&temp), 1);
}
END_TEST

FED_SUITE(file)
{
	Suite *suite = suite_create("file");
	TCase *tests = tcase_create("file");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, reading);
	tcase_add_test(tests, what_is_no_file_is_refused_at_once);
	tcase_add_test(tests, home);
	tcase_add_test(tests, writing);
	tcase_add_test(tests, the_longest_names_are_written);
	tcase_add_test(tests, a_write_protected_file_is_refused);
	tcase_add_test(tests, a_stream_begins_with_an_empty_file);
	tcase_add_test(tests, temporaries_of_killed_writers_are_swept);
	tcase_add_test(tests, shortened_temporaries_are_swept);
	tcase_add_loop_test(tests, control_characters_are_in_no_name, 0, COUNT(unclean));
	tcase_add_test(tests, an_outlet_may_be_a_pipe_that_is_read);
	tcase_add_test(tests, the_checksum_is_of_all_that_was_written);
	tcase_add_test(tests, a_link_stays_a_link);
	tcase_add_test(tests, every_step_may_fail);
	tcase_add_test(tests, an_unsynced_file_does_not_wait_for_the_disk);
	tcase_add_test(tests, a_full_disk);
	tcase_add_test(tests, no_memory);
	suite_add_tcase(suite, tests);
	return suite;
}
