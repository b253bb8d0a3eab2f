/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A folder of four IDX files, one of which is the input: byte 0 says which, whether its name ends
 * in .gz and whether pictures are turned; the rest is the file.
 */
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "data/dataset.h"
#include "fuzz/fuzz.h"

enum {
	IMAGES = 6,
	SIDE = 4,
	FILES = 4,
	GZIPPED = 4,
	TURNED = 8,
	LONGEST = 16 + IMAGES * SIDE * SIDE
};

static const char *const names[FILES] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                         "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
const char *const fed_fuzz_words[] = {NULL};

/* File k of a good folder; returns its length. */
static size_t good_file(int k, uint8_t file[LONGEST])
{
	static const uint8_t images[16] = {0, 0, 8, 3, 0, 0, 0, IMAGES, 0, 0, 0, SIDE, 0, 0, 0, SIDE};
	static const uint8_t labels[8] = {0, 0, 8, 1, 0, 0, 0, IMAGES};
	const bool is_images = k % 2 == 0;
	const size_t head = is_images ? sizeof images : sizeof labels;
	const size_t n = head + (is_images ? (size_t)IMAGES * SIDE * SIDE : IMAGES);

	memcpy(file, is_images ? images : labels, head);
	for (size_t i = head; i < n; i++)
		file[i] = (uint8_t)(is_images ? 37 * i : i % 3);
	return n;
}

static void write_good(int k)
{
	uint8_t file[LONGEST];
	const size_t n = good_file(k, file);
	fed_fuzz_file(names[k], file, n);
}

static size_t gzip(const uint8_t *bytes, size_t n, uint8_t *out, size_t most)
{
	z_stream z = {.next_in = (uint8_t *)bytes,
	              .avail_in = (unsigned)n,
	              .next_out = out,
	              .avail_out = (unsigned)most};
	fed_fuzz_claim(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	fed_fuzz_claim(deflate(&z, Z_FINISH) == Z_STREAM_END);
	const size_t length = z.total_out;
	deflateEnd(&z);
	return length;
}

void fed_fuzz_begin(void)
{
	for (int k = 0; k < FILES; k++) {
		uint8_t file[LONGEST], seed[1 + 2 * LONGEST] = {(uint8_t)k};
		const size_t n = good_file(k, file);
		memcpy(seed + 1, file, n);
		fed_fuzz_seed(seed, 1 + n);
		seed[0] |= TURNED;
		fed_fuzz_seed(seed, 1 + n);
		seed[0] |= GZIPPED;
		fed_fuzz_seed(seed, 1 + gzip(file, n, seed + 1, sizeof seed - 1));
		write_good(k);
	}
	/* images of 4 x 2 in 2 channels */
	static const uint8_t head[20] = {0, 0,    8, 4, 0, 0, 0, IMAGES, 0, 0,
	                                 0, SIDE, 0, 0, 0, 2, 0, 0,      0, 2};
	uint8_t seed[1 + 2 * LONGEST] = {0};
	memcpy(seed + 1, head, sizeof head);
	fed_fuzz_seed(seed, 1 + sizeof head + (size_t)IMAGES * SIDE * SIDE);
}

void fed_fuzz_end(void)
{
	for (int k = 0; k < FILES; k++)
		unlink(fed_fuzz_path(names[k]));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return 0;
	const int k = bytes[0] % FILES;
	const char *end = bytes[0] & GZIPPED ? ".gz" : "";
	char name[64], folder[256];
	struct fed_dataset *data;
	struct fed_error err;

	unlink(fed_fuzz_path(names[k]));
	snprintf(name, sizeof name, "%s%s", names[k], end);
	fed_fuzz_file(name, bytes + 1, n - 1);
	snprintf(folder, sizeof folder, "%s", fed_fuzz_path(""));
	const struct fed_assign turn = {"transpose", bytes[0] & TURNED ? "yes" : "auto"};
	if (fed_dataset_load(&data, folder, &turn, 1, &(struct fed_generation){1}, &err) == FED_OK) {
		const uint32_t ids[] = {0, data->train + data->test - 1};
		float x[2 * LONGEST];
		int32_t label[2];
		fed_fuzz_claim(data->train >= 1 && data->test >= 1);
		if (fed_shape_size(&data->shape) <= LONGEST)
			fed_dataset_gather(data, ids, 2, NULL, x, label, NULL);
		fed_dataset_free(data);
	} else {
		fed_fuzz_outcome(err.text);
	}
	unlink(fed_fuzz_path(name));
	write_good(k);
	return 0;
}
