/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Folders of IDX files whose images have several channels: (N, H, W, C) and (N, C, H, W).
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/load.h"
#include "support/suite.h"

enum { TRAIN = 9, TEST = 4, ROWS = 2, COLUMNS = 5, AREA = ROWS * COLUMNS };

static struct fed_temp temp;

static void set_up(void)
{
	fed_temp_make(&temp);
}

static void tear_down(void)
{
	fed_temp_remove(&temp);
	ck_assert_int_eq(fed__mem_live(), 0);
}

/* Channel c of the pixel p of example i. */
static uint8_t value(uint32_t i, uint32_t p, uint32_t c)
{
	return (uint8_t)(i * 31 + p * 7 + c * 83);
}

static void put_header(uint8_t *bytes, uint8_t rank, const uint32_t *size)
{
	memcpy(bytes, (uint8_t[]){0, 0, 8, rank}, 4);
	for (int k = 0; k < rank; k++)
		for (int b = 0; b < 4; b++)
			bytes[4 + 4 * k + b] = (uint8_t)(size[k] >> (24 - 8 * b));
}

static void write_images(const char *name, uint32_t first, uint32_t n, uint32_t channels,
                         bool planes)
{
	const uint32_t last[] = {n, ROWS, COLUMNS, channels}, ahead[] = {n, channels, ROWS, COLUMNS};
	uint8_t bytes[20 + TRAIN * AREA * 8];
	uint8_t *to = bytes + 20;

	put_header(bytes, 4, planes ? ahead : last);
	for (uint32_t i = first; i < first + n; i++)
		for (uint32_t k = 0; k < AREA * channels; k++)
			*to++ = planes ? value(i, k % AREA, k / AREA) : value(i, k / channels, k % channels);
	fed_temp_write(&temp, name, bytes, (size_t)(to - bytes));
}

static void write_labels(const char *name, uint32_t n)
{
	uint8_t bytes[8 + TRAIN];

	put_header(bytes, 1, &n);
	for (uint32_t i = 0; i < n; i++)
		bytes[8 + i] = (uint8_t)(i % 3);
	fed_temp_write(&temp, name, bytes, 8 + n);
}

/* All four; of images "idx3" or "idx4" in their names. */
static void write_set(const char *before, const char *idx, uint32_t channels, bool planes)
{
	char name[64];

	snprintf(name, sizeof name, "%strain-images-%s-ubyte", before, idx);
	write_images(name, 0, TRAIN, channels, planes);
	snprintf(name, sizeof name, "%stest-images-%s-ubyte", before, idx);
	write_images(name, TRAIN, TEST, channels, planes);
	snprintf(name, sizeof name, "%strain-labels-idx1-ubyte", before);
	write_labels(name, TRAIN);
	snprintf(name, sizeof name, "%stest-labels-idx1-ubyte", before);
	write_labels(name, TEST);
}

static const struct {
	const char *before, *idx, *args;
	uint32_t channels;
	bool planes, turned, told;
} ways[] = {
	{"", "idx4", "", 3, false, false, false},
	{"", "idx3", "", 3, false, false, false},
	{"", "idx4", "", 3, true, false, true},
	{"", "idx4", "channels=first", 3, true, false, false},
	{"", "idx4", "channels=first", 7, true, false, false},
	{"", "idx4", "channels=last", 7, false, false, false},
	{"", "idx4", "", 1, true, false, true},
	{"", "idx4", "", 2, false, false, false},
	{"emnist-", "idx4", "", 3, true, true, true},
};

START_TEST(channels_come_last)
{
	struct fed_dataset *data;
	struct fed_error err;
	const uint32_t channels = ways[_i].channels;
	const bool turned = ways[_i].turned;

	write_set(ways[_i].before, ways[_i].idx, channels, ways[_i].planes);
	fed_assert_ok(load_by_words(&data, temp.dir, ways[_i].args, &err), &err);
	ck_assert_uint_eq(data->shape.rank, 3);
	ck_assert_uint_eq(data->shape.dim[0], turned ? COLUMNS : ROWS);
	ck_assert_uint_eq(data->shape.dim[1], turned ? ROWS : COLUMNS);
	ck_assert_uint_eq(data->shape.dim[2], channels);
	const struct fed_note *note = note_on(data, "channels");
	ck_assert_int_eq(ways[_i].told, note && note->level == FED_NOTE_TOLD);
	ck_assert_int_eq(note_on(data, "drawn") != NULL, channels == 2 || channels > 3);
	for (uint32_t i = 0; i < TRAIN + TEST; i++)
		for (uint32_t p = 0; p < AREA; p++)
			for (uint32_t c = 0; c < channels; c++) {
				const uint32_t at = turned ? p % COLUMNS * ROWS + p / COLUMNS : p;

				ck_assert_uint_eq(data->bytes[(i * AREA + at) * channels + c], value(i, p, c));
			}
	fed_dataset_free(data);
}
END_TEST

/* What the note says overrules it: the same bytes as two pixels of five numbers. */
START_TEST(advice_overrules_the_guess)
{
	struct fed_dataset *data;
	struct fed_error err;

	write_set("", "idx4", 3, true);
	fed_assert_ok(load_by_words(&data, temp.dir, "channels=last", &err), &err);
	ck_assert_uint_eq(data->shape.dim[0], 3);
	ck_assert_uint_eq(data->shape.dim[1], ROWS);
	ck_assert_uint_eq(data->shape.dim[2], COLUMNS);
	fed_dataset_free(data);
}
END_TEST

START_TEST(parts_have_the_same_channels)
{
	struct fed_dataset *data;
	struct fed_error err;

	write_set("", "idx3", 3, false);
	write_images("test-images-idx3-ubyte", TRAIN, TEST, 1, false);
	ck_assert_int_eq(load_by_words(&data, temp.dir, "", &err), FED_FAIL);
	ck_assert_msg(strstr(err.text, "of 3 channels"), "%s", err.text);
}
END_TEST

FED_SUITE(idx_channels)
{
	Suite *suite = suite_create("idx_channels");
	TCase *tests = tcase_create("idx_channels");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, channels_come_last, 0, sizeof ways / sizeof *ways);
	tcase_add_test(tests, advice_overrules_the_guess);
	tcase_add_test(tests, parts_have_the_same_channels);
	suite_add_tcase(suite, tests);
	return suite;
}
