/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * CIFAR's files: byte 0 says whether the rest is an archive, a compressed one, or the batch of a
 * folder.
 */
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "data/dataset.h"
#include "fuzz/fuzz.h"
#include "support/tar.h"

enum { RECORD = 3073, LONGEST = 8 * RECORD };
enum { FOLDER, ARCHIVE, PACKED, WAYS };

#define NAMES "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n"

const char *const fed_fuzz_words[] = {"data_batch_1.bin", "test.bin", "00000006002", "ustar", NULL};

static size_t batch(uint8_t *to, int n)
{
	for (int i = 0; i < n * RECORD; i++)
		to[i] = (uint8_t)(i % RECORD ? i * 7 : i / RECORD);
	return (size_t)n * RECORD;
}

static size_t archive(uint8_t *to)
{
	uint8_t pictures[RECORD];
	const size_t n = batch(pictures, 1);
	size_t at = tar_member(to, "set/batches.meta.txt", '0', NAMES, sizeof NAMES - 1);

	at += tar_member(to + at, "set/data_batch_1.bin", '0', pictures, n);
	at += tar_member(to + at, "set/test_batch.bin", '0', pictures, n);
	return at + tar_end(to + at);
}

static size_t pack(const uint8_t *bytes, size_t n, uint8_t *out, size_t most)
{
	z_stream z = {.next_in = (uint8_t *)bytes,
	              .avail_in = (unsigned)n,
	              .next_out = out,
	              .avail_out = (unsigned)most};

	fed_fuzz_claim(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
	fed_fuzz_claim(deflate(&z, Z_FINISH) == Z_STREAM_END);
	const size_t length = z.total_out;
	deflateEnd(&z);
	return length;
}

void fed_fuzz_begin(void)
{
	static uint8_t plain[LONGEST], seed[1 + LONGEST];
	const size_t n = archive(plain);

	seed[0] = ARCHIVE;
	memcpy(seed + 1, plain, n);
	fed_fuzz_seed(seed, 1 + n);
	seed[0] = PACKED;
	fed_fuzz_seed(seed, 1 + pack(plain, n, seed + 1, LONGEST));
	seed[0] = FOLDER;
	fed_fuzz_seed(seed, 1 + batch(seed + 1, 1));
	fed_fuzz_file("test_batch.bin", plain + 512, batch(plain + 512, 1));
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("test_batch.bin"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return 0;
	static const char *const names[WAYS] = {"data_batch_1.bin", "a.tar", "a.tar.gz"};
	const int way = bytes[0] % WAYS;
	char path[256], file[256];
	struct fed_dataset *data;
	struct fed_error err;

	snprintf(file, sizeof file, "%s", fed_fuzz_file(names[way], bytes + 1, n - 1));
	snprintf(path, sizeof path, "%s", way == FOLDER ? fed_fuzz_path("") : file);
	if (fed_dataset_load(&data, path, NULL, 0, &(struct fed_generation){1}, &err) == FED_OK) {
		const uint32_t ids[] = {0, data->train + data->test - 1};
		static float x[1 << 16];
		int32_t label[2];

		fed_fuzz_claim(data->train >= 1);
		if (fed_shape_size(&data->shape) <= sizeof x / sizeof *x / 2)
			fed_dataset_gather(data, ids, 2, NULL, x, label, NULL);
		fed_dataset_free(data);
	} else {
		fed_fuzz_outcome(err.text);
	}
	unlink(file);
	return 0;
}
