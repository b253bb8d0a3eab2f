/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sockets between processes of one user: the folder, what others left, who is let in.
 */
#include "base/system/local_socket.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

static struct fed_temp temp;
static char path[300];

static void set_up(void)
{
	fed_temp_make(&temp);
	setenv("XDG_RUNTIME_DIR", temp.dir, 1);
	snprintf(path, sizeof path, "%s/one.sock", temp.dir);
}

static void tear_down(void)
{
	unsetenv("XDG_RUNTIME_DIR");
	fed_temp_remove(&temp);
}

static mode_t mode_of(const char *file)
{
	struct stat st;

	ck_assert_int_eq(stat(file, &st), 0);
	return st.st_mode & 0777;
}

START_TEST(the_folder_is_the_users_alone)
{
	struct fed_text folder = {0}, again = {0};
	struct fed_error err;

	fed_assert_ok(fed_socket_folder(&folder, &err), &err);
	ck_assert_str_eq(fed_text_str(&folder) + strlen(temp.dir), "/fedsh/");
	ck_assert_uint_eq(mode_of(fed_text_str(&folder)), 0700);
	ck_assert_int_eq(chmod(fed_text_str(&folder), 0755), 0);
	ck_assert_int_eq(fed_socket_folder(&again, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "is no folder of this user alone"));
	ck_assert_int_eq(rmdir(fed_text_str(&folder)), 0);
	folder.s[folder.len - 1] = 0;
	ck_assert_int_eq(symlink(temp.dir, folder.s), 0); /* another's, perhaps */
	fed_text_clear(&again);
	ck_assert_int_eq(fed_socket_folder(&again, &err), FED_FAIL);
	ck_assert_int_eq(unlink(folder.s), 0);
	fed_text_release(&folder);
	fed_text_release(&again);
}
END_TEST

START_TEST(bytes_cross)
{
	struct fed_text got = {0};
	struct fed_error err;
	int listener, one;

	fed_assert_ok(fed_socket_listen(&listener, path, &err), &err);
	ck_assert_uint_eq(mode_of(path), 0600);
	ck_assert_int_eq(fed_socket_accept(listener), -1);
	fed_assert_ok(fed_socket_connect(&one, path, &err), &err);
	const int two = fed_socket_accept(listener);
	ck_assert_int_ge(two, 0);
	ck_assert_int_ne(fcntl(two, F_GETFD) & FD_CLOEXEC, 0);
	ck_assert(fed_socket_receive(two, &got, 100));
	ck_assert_uint_eq(got.len, 0);
	ck_assert_int_eq(fed_socket_send(one, "hello", 5), 5);
	ck_assert(fed_socket_receive(two, &got, 3));
	ck_assert_str_eq(fed_text_str(&got), "hel");
	ck_assert(fed_socket_receive(two, &got, 100));
	ck_assert_str_eq(fed_text_str(&got), "hello");
	close(one);
	ck_assert(!fed_socket_receive(two, &got, 100));
	while (fed_socket_send(two, "x", 1) > 0)
		;
	ck_assert_int_eq(fed_socket_send(two, "x", 1), -1); /* and no SIGPIPE */
	close(two);
	close(listener);
	fed_text_release(&got);
}
END_TEST

/* A reader that does not read is not waited for. */
START_TEST(a_full_socket_takes_nothing)
{
	static char bytes[1 << 16];
	struct fed_error err;
	int listener, one;
	size_t sent = 0;

	fed_assert_ok(fed_socket_listen(&listener, path, &err), &err);
	fed_assert_ok(fed_socket_connect(&one, path, &err), &err);
	const int two = fed_socket_accept(listener);
	for (ssize_t n; (n = fed_socket_send(one, bytes, sizeof bytes)) > 0;)
		sent += (size_t)n;
	ck_assert_uint_gt(sent, 0);
	ck_assert_int_eq(fed_socket_send(one, bytes, sizeof bytes), 0);
	close(two);
	close(one);
	close(listener);
}
END_TEST

static void count(void *ctx, const char *at)
{
	unsigned *n = ctx;

	ck_assert_str_eq(at, path);
	++*n;
}

START_TEST(what_was_left_is_removed)
{
	char folder[300], left[300], file[300];
	struct fed_error err;
	unsigned n = 0;
	int listener, other, third;

	snprintf(folder, sizeof folder, "%s/", temp.dir);
	snprintf(left, sizeof left, "%s/left.sock", temp.dir);
	snprintf(file, sizeof file, "%s/file.sock", temp.dir);
	fed_assert_ok(fed_socket_listen(&listener, path, &err), &err);
	fed_assert_ok(fed_socket_listen(&other, left, &err), &err);
	close(other); /* as a process does that is killed */
	ck_assert_int_eq(fed_socket_connect(&other, left, &err), FED_REJECT);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	fed_sockets_each(folder, count, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_ne(access(left, F_OK), 0);
	ck_assert_int_eq(access(file, F_OK), 0); /* no socket: not ours to remove */
	fed_assert_ok(fed_socket_listen(&other, left, &err), &err);
	ck_assert_int_eq(fed_socket_listen(&third, path, &err), FED_FAIL);
	close(other);
	close(listener);
	fed_assert_ok(fed_socket_listen(&listener, path, &err), &err);
	close(listener);
}
END_TEST

START_TEST(others_are_not_admitted)
{
	ck_assert(fed__socket_admits(1000, 1000));
	ck_assert(!fed__socket_admits(1001, 1000));
	ck_assert(!fed__socket_admits(0, 1000));
	ck_assert(!fed__socket_admits((uid_t)-1, 1000));
}
END_TEST

START_TEST(a_long_path_is_refused)
{
	char longer[400];
	struct fed_error err;
	int fd;

	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = 0;
	ck_assert_int_eq(fed_socket_listen(&fd, longer, &err), FED_FAIL);
	ck_assert_ptr_nonnull(strstr(err.text, "the path of a socket has at most"));
	ck_assert_int_eq(fed_socket_connect(&fd, longer, &err), FED_FAIL);
}
END_TEST

FED_SUITE(local_socket)
{
	Suite *suite = suite_create("local_socket");
	TCase *tests = tcase_create("local_socket");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_folder_is_the_users_alone);
	tcase_add_test(tests, bytes_cross);
	tcase_add_test(tests, a_full_socket_takes_nothing);
	tcase_add_test(tests, what_was_left_is_removed);
	tcase_add_test(tests, others_are_not_admitted);
	tcase_add_test(tests, a_long_path_is_refused);
	suite_add_tcase(suite, tests);
	return suite;
}
