/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The data cache: what it keeps is bit-equal, what changed or is damaged is read anew.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "data/cache_file.h"
#include "data/load.h"
#include "support/pictures.h"
#include "support/suite.h"

static struct fed_temp temp;
static char set[100], cache[100]; /* folders in it */

static void set_up(void)
{
	fed_temp_make(&temp);
	snprintf(set, sizeof set, "%s/set", temp.dir);
	snprintf(cache, sizeof cache, "%s/cache", temp.dir);
	setenv("XDG_CACHE_HOME", cache, 1);
}

static void tear_down(void)
{
	unsetenv("XDG_CACHE_HOME");
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

static void put_picture(const char *name, uint8_t value)
{
	const uint8_t rows[4] = {value, 1, 2, 3};
	const struct picture_png p = {.height = 2, .width = 2, .depth = 8, .rows = rows};
	uint8_t file[200];
	char path[100];

	snprintf(path, sizeof path, "set/%s", name);
	for (char *slash = path; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(fed_temp_file(&temp, path), 0700);
		*slash = '/';
	}
	fed_temp_write(&temp, path, file, picture_png(file, &p));
}

static void put_set(void)
{
	put_picture("ann/cat/1.png", 10);
	put_picture("ann/dog/2.png", 20);
	put_picture("bob/cat/3.png", 30);
}

static struct fed_dataset *load(enum fed_cache_use use, uint64_t seed, const char *size)
{
	const struct fed_generation making = {.seed = seed, .cache = use};
	const struct fed_assign assign = {"size", size};
	struct fed_dataset *data;
	struct fed_error err;

	fed_assert_ok(fed_dataset_load(&data, set, &assign, 1, &making, &err), &err);
	return data;
}

static bool is_cached(const struct fed_dataset *data)
{
	return note_on(data, "read from") != NULL;
}

/* Load, and check whether it came from the cache. */
static void assert_load(bool cached, enum fed_cache_use use, uint64_t seed, const char *size)
{
	struct fed_dataset *data = load(use, seed, size);

	ck_assert_int_eq(is_cached(data), cached);
	fed_dataset_free(data);
}

/* Path of the only entry, or of none: "". */
static const char *entry(void)
{
	static char path[400];
	char folder[200];
	const struct dirent *d;

	snprintf(folder, sizeof folder, "%s/fedsh/data", cache);
	DIR *entries = opendir(folder);
	path[0] = 0;
	while (entries && (d = readdir(entries)))
		if (d->d_name[0] != '.')
			snprintf(path, sizeof path, "%s/%.150s", folder, d->d_name);
	if (entries)
		closedir(entries);
	return path;
}

static void assert_same(const struct fed_dataset *a, const struct fed_dataset *b)
{
	ck_assert_uint_eq(a->fingerprint, b->fingerprint);
	ck_assert_str_eq(a->name, b->name);
	ck_assert_uint_eq(a->shape.rank, b->shape.rank);
	ck_assert_uint_eq(a->classes, b->classes);
	ck_assert_uint_eq(a->outputs, b->outputs);
	ck_assert_uint_eq(a->owners, b->owners);
	ck_assert_int_eq(a->tokens, b->tokens);
	ck_assert_int_eq(a->curved, b->curved);
	ck_assert_int_eq(a->truth != NULL, b->truth != NULL);
	ck_assert_int_eq(a->class_name != NULL, b->class_name != NULL);
	ck_assert_int_eq(a->owner_name != NULL, b->owner_name != NULL);
	ck_assert_int_eq(a->input_name != NULL, b->input_name != NULL);
	for (uint32_t c = 0; a->class_name && c < a->classes; c++)
		ck_assert_str_eq(a->class_name[c], b->class_name[c]);
	for (uint32_t c = 0; a->owner_name && c < a->owners; c++)
		ck_assert_str_eq(a->owner_name[c], b->owner_name[c]);
	for (size_t i = 0; a->truth && i < fed_shape_size(&a->shape); i++)
		ck_assert(a->truth[i] == b->truth[i]);
	for (size_t i = 0; i < a->notes.n; i++) {
		ck_assert_str_eq(a->notes.note[i].subject, b->notes.note[i].subject);
		ck_assert_str_eq(a->notes.note[i].found, b->notes.note[i].found);
		ck_assert_int_eq(a->notes.note[i].level, b->notes.note[i].level);
		ck_assert_int_eq(a->notes.note[i].overrule != NULL, b->notes.note[i].overrule != NULL);
	}
}

START_TEST(the_second_time_is_bit_equal)
{
	put_set();
	struct fed_dataset *first = load(FED_CACHE_KEEP, 1, "2"), *second;
	ck_assert(!is_cached(first));
	second = load(FED_CACHE_KEEP, 1, "2");
	ck_assert(is_cached(second));
	assert_same(first, second);
	ck_assert_str_eq(first->spec, second->spec);
	fed_dataset_free(first);
	fed_dataset_free(second);
}
END_TEST

START_TEST(what_a_dataset_depends_on)
{
	const struct timespec old[2] = {{1000, 0}, {1000, 0}};

	put_set();
	assert_load(false, FED_CACHE_KEEP, 1, "2");
	assert_load(true, FED_CACHE_KEEP, 1, "2");
	assert_load(false, FED_CACHE_KEEP, 2, "2"); /* seed */
	assert_load(false, FED_CACHE_KEEP, 1, "3"); /* arguments */
	put_picture("bob/cat/3.png", 31);           /* contents of the same size */
	utimensat(AT_FDCWD, fed_temp_file(&temp, "set/bob/cat/3.png"), old, 0);
	assert_load(false, FED_CACHE_KEEP, 1, "2");
	put_picture("bob/cat/4.png", 40); /* one more file */
	assert_load(false, FED_CACHE_KEEP, 1, "2");
	unlink(fed_temp_file(&temp, "set/bob/cat/4.png"));
	assert_load(true, FED_CACHE_KEEP, 1, "2"); /* as it was */
	char to[300];
	snprintf(to, sizeof to, "%s", fed_temp_file(&temp, "set/bob/cow"));
	rename(fed_temp_file(&temp, "set/bob/cat"), to); /* another name */
	assert_load(false, FED_CACHE_KEEP, 1, "2");
}
END_TEST

START_TEST(a_damaged_entry_is_replaced)
{
	static unsigned char bytes[4000], changed[4000];

	put_set();
	struct fed_dataset *first = load(FED_CACHE_KEEP, 1, "2");
	FILE *f = fopen(entry(), "rb");
	const size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	for (size_t at = 0; at < n; at += 7) {
		memcpy(changed, bytes, n);
		changed[at] ^= 0x24;
		f = fopen(entry(), "wb");
		fwrite(changed, 1, at % 2 ? n : at, f); /* changed, or cut */
		fclose(f);
		struct fed_dataset *data = load(FED_CACHE_KEEP, 1, "2");
		if (is_cached(data)) /* a byte that nothing is read from */
			ck_assert(at % 2 && at >= 8 && at < 220);
		assert_same(first, data);
		fed_dataset_free(data);
		assert_load(true, FED_CACHE_KEEP, 1, "2");
	}
	fed_dataset_free(first);
}
END_TEST

START_TEST(it_can_be_left_alone)
{
	put_set();
	assert_load(false, FED_CACHE_UNUSED, 1, "2");
	assert_load(false, FED_CACHE_READ, 1, "2");
	ck_assert_str_eq(entry(), "");
	assert_load(false, FED_CACHE_KEEP, 1, "2");
	assert_load(true, FED_CACHE_READ, 1, "2");
	assert_load(false, FED_CACHE_UNUSED, 1, "2");
	/* where no folder can be made, it is as if there were none */
	setenv("XDG_CACHE_HOME", "/dev/null/none", 1);
	assert_load(false, FED_CACHE_KEEP, 1, "2");
	setenv("XDG_CACHE_HOME", "relative", 1);
	setenv("HOME", "", 1);
	assert_load(false, FED_CACHE_KEEP, 1, "2");
}
END_TEST

/* The oldest entries make way; files of others stay. */
START_TEST(its_size_is_bounded)
{
	static const char *const names[] = {"old.fed-data", "new.fed-data", "other.txt"};
	char path[3][200];

	put_set();
	assert_load(false, FED_CACHE_KEEP, 1, "2");
	for (int i = 0; i < 3; i++) {
		const struct timespec times[2] = {{1000 + i, 0}, {1000 + i, 0}};

		snprintf(path[i], sizeof path[i], "%s/fedsh/data/%s", cache, names[i]);
		fclose(fopen(path[i], "w"));
		ck_assert_int_eq(truncate(path[i], (off_t)(FED_CACHE_BYTES / 2)), 0); /* with holes */
		utimensat(AT_FDCWD, path[i], times, 0);
	}
	assert_load(false, FED_CACHE_KEEP, 2, "2");
	ck_assert_int_ne(access(path[0], F_OK), 0);
	ck_assert_int_eq(access(path[1], F_OK), 0);
	ck_assert_int_eq(access(path[2], F_OK), 0);
	assert_load(true, FED_CACHE_KEEP, 1, "2");
	assert_load(true, FED_CACHE_KEEP, 2, "2");
}
END_TEST

/* All that a dataset can have goes through a file. */
static const struct {
	const char *name, *args;
} forms[] = {
	{"blobs", "train=20 test=5"},
	{"linear", "train=20 test=5"},
	{"moons", "train=20 test=5"},
	{"markov", ""},
	{"synthetic", ""},
	{"scans", "train=20 test=5"},
	{"glyphs", "train=20 test=5"},
	{"table.csv", ""},
};

START_TEST(every_form_goes_through_a_file)
{
	static const char table[] = "a,b,y\n1,2,u\n3,4,v\n5,7,u\n2,2,v\n";
	const struct fed_cache_key key = {{1, 2}}, other = {{1, 3}};
	const char *path = fed_temp_write(&temp, "table.csv", table, sizeof table - 1);
	const char *name = strchr(forms[_i].name, '.') ? path : forms[_i].name;
	struct fed_dataset *data, *read;
	struct fed_error err;
	char file[100];

	fed_assert_ok(load_by_words(&data, name, forms[_i].args, &err), &err);
	snprintf(file, sizeof file, "%s/entry", temp.dir);
	fed_assert_ok(fed__cache_file_write(data, file, &key, &err), &err);
	struct stat st;
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq((uint64_t)st.st_size, fed__cache_file_size(data));
	fed_assert_ok(fed__cache_file_read(&read, file, &key, &err), &err);
	assert_same(data, read);
	fed_dataset_free(read);
	ck_assert_int_eq(fed__cache_file_read(&read, file, &other, &err), FED_FAIL);
	fed_dataset_free(data);
}
END_TEST

static int try_load(void *ctx, struct fed_error *err)
{
	const struct fed_generation making = {.seed = 1, .cache = FED_CACHE_KEEP};
	struct fed_dataset *data;

	(void)ctx;
	if (fed_dataset_load(&data, set, NULL, 0, &making, err))
		return FED_FAIL;
	fed_dataset_free(data);
	return FED_OK;
}

START_TEST(every_allocation_may_fail)
{
	struct fed_error err;

	put_set();
	fed_assert_ok(try_load(NULL, &err), &err);
	ck_assert_uint_gt(fed_each_allocation(try_load, NULL), 20);
}
END_TEST

FED_SUITE(cache)
{
	Suite *suite = suite_create("cache");
	TCase *tests = tcase_create("cache");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, the_second_time_is_bit_equal);
	tcase_add_test(tests, what_a_dataset_depends_on);
	tcase_add_test(tests, a_damaged_entry_is_replaced);
	tcase_add_test(tests, it_can_be_left_alone);
	tcase_add_test(tests, its_size_is_bounded);
	tcase_add_loop_test(tests, every_form_goes_through_a_file, 0, sizeof forms / sizeof *forms);
	tcase_add_test(tests, every_allocation_may_fail);
	if (FED_READS_PICTURES)
		suite_add_tcase(suite, tests);
	return suite;
}
