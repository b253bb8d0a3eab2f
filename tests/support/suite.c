/* SPDX-License-Identifier: GPL-3.0-or-later */
/* support/suite.c - allocation failures and temporary folders for tests.
 */
#include "support/suite.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

unsigned fed_each_allocation(int (*try_it)(void *ctx, struct fed_error *), void *ctx)
{
	const unsigned most = 100000;

	for (unsigned k = 1; k <= most; k++) {
		struct fed_error err = {""};
		const int64_t live = fed__mem_live();

		fed__mem_fail_at(k);
		const int rc = try_it(ctx, &err);
		const bool all_made = fed__mem_fail_ahead();
		fed__mem_fail_at(0);
		ck_assert_msg(fed__mem_live() == live, "allocation %u failed: %lld blocks are left", k,
		              (long long)(fed__mem_live() - live));
		if (all_made) {
			ck_assert_msg(rc == FED_OK, "fails with all the memory it wants: %s", err.text);
			return k - 1;
		}
		ck_assert_msg(rc == FED_OK || err.text[0] != '\0', "allocation %u failed without words", k);
	}
	ck_abort_msg("makes more than %u allocations", most);
	return most;
}

void fed_temp_make(struct fed_temp *t)
{
	*t = (struct fed_temp){.dir = "/tmp/fedsh-test-XXXXXX"};
	ck_assert_ptr_nonnull(mkdtemp(t->dir));
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void fed_temp_remove(struct fed_temp *t)
{
	ck_assert_int_eq(nftw(t->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *fed_temp_file(struct fed_temp *t, const char *name)
{
	const int n = snprintf(t->file, sizeof t->file, "%s/%s", t->dir, name);

	ck_assert_int_lt(n, (int)sizeof t->file);
	return t->file;
}

const char *fed_temp_write(struct fed_temp *t, const char *name, const void *bytes, size_t n)
{
	fed_temp_file(t, name);
	for (char *slash = t->file + strlen(t->dir) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(t->file, 0700);
		*slash = '/';
	}
	FILE *f = fopen(t->file, "wb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, n, f), n);
	ck_assert_int_eq(fclose(f), 0);
	return t->file;
}

unsigned fed_temp_count(const struct fed_temp *t)
{
	DIR *dir = opendir(t->dir);
	unsigned n = 0;

	ck_assert_ptr_nonnull(dir);
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(dir);
	return n;
}
