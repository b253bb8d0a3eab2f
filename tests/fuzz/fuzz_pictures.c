/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A folder of pictures, one of which is the input: byte 0 says what the arguments are; the rest is
 * the file, whatever its name says.
 */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/dataset.h"
#include "fuzz/fuzz.h"
#include "support/pictures.h"

enum { SIDE = 16, LONGEST = 1 << 13 };

const char *const fed_fuzz_words[] = {"IHDR", "PLTE", "tRNS", "IDAT", "Exif", NULL};

static const uint8_t rows[SIDE * SIDE * 8] = {1, 200, 3, 40};

static void seed(uint8_t way, size_t n, uint8_t *bytes)
{
	bytes[0] = way;
	if (n)
		fed_fuzz_seed(bytes, 1 + n);
}

void fed_fuzz_begin(void)
{
	static uint8_t bytes[1 + LONGEST];
	static const struct picture_png pngs[] = {
		{.height = 5, .width = 9, .depth = 8, .type = 6, .rows = rows, .interlaced = true},
		{.height = 3,
	     .width = 9,
	     .depth = 2,
	     .type = 3,
	     .rows = rows,
	     .palette = rows,
	     .palette_n = 12,
	     .transparent = rows,
	     .transparent_n = 2},
		{.height = 4, .width = 4, .depth = 16, .type = 0, .rows = rows},
	};

	for (uint8_t k = 0; k < 3; k++)
		seed(k, picture_png(bytes + 1, &pngs[k]), bytes);
	for (uint8_t k = 0; k < 4; k++) {
		const struct picture_jpeg jpeg = {.height = SIDE,
		                                  .width = SIDE,
		                                  .channels = k == 3 ? 4
		                                              : k    ? 3
		                                                     : 1,
		                                  .pixels = rows,
		                                  .quality = 30,
		                                  .progressive = k == 1,
		                                  .turn = (uint8_t)(2 * k)};
		seed(k, picture_jpeg(bytes + 1, LONGEST, &jpeg), bytes);
	}
	mkdir(fed_fuzz_path("a"), 0700);
	mkdir(fed_fuzz_path("b"), 0700);
	fed_fuzz_file("b/2.png", bytes, picture_png(bytes, &pngs[2]));
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("b/2.png"));
	rmdir(fed_fuzz_path("a"));
	rmdir(fed_fuzz_path("b"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return 0;
	const struct fed_assign assign[] = {
		{"size", bytes[0] & 1 ? "7x3" : ""},
		{"damaged", bytes[0] & 2 ? "skip" : "refuse"},
		{"fit", bytes[0] & 4 ? "stretch" : "crop"},
	};
	struct fed_dataset *data;
	struct fed_error err;
	char folder[256];

	fed_fuzz_file("a/1.jpg", bytes + 1, n - 1);
	snprintf(folder, sizeof folder, "%s", fed_fuzz_path(""));
	if (fed_dataset_load(&data, folder, assign, 3, &(struct fed_generation){1}, &err) == FED_OK) {
		const uint32_t ids[] = {0, data->train + data->test - 1};
		static float x[1 << 16];
		int32_t label[2];

		fed_fuzz_claim(data->train >= 1 && data->label[0] >= 0 && data->label[0] < 2);
		if (2 * fed_shape_size(&data->shape) <= sizeof x / sizeof *x)
			fed_dataset_gather(data, ids, 2, NULL, x, label, NULL);
		fed_dataset_free(data);
	} else {
		fed_fuzz_outcome(err.text);
	}
	unlink(fed_fuzz_path("a/1.jpg"));
	return 0;
}
