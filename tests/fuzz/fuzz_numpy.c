/* SPDX-License-Identifier: GPL-3.0-or-later */
/* NumPy's arrays: an archive (byte 0 even), or the array of examples beside one of labels; the rest
 * of the input is the file. */
#include <math.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "data/dataset.h"
#include "formats/npy.h"
#include "formats/npz.h"
#include "fuzz/fuzz.h"

/* zlib's, as libzip calls it: checksums that always agree, so that what lies behind them is met. */
__attribute__((visibility("default"))) uLong crc32(uLong crc, const Bytef *bytes, uInt n)
{
	(void)crc, (void)bytes, (void)n;
	return 0;
}

const char *const fed_fuzz_words[] = {"\x93NUMPY",  "'<f4'",      "'>i8'",
                                      "'|u1'",      "'|b1'",      "'|O'",
                                      "'<U3'",      "'|S2'",      "True",
                                      "False",      "(4, 2)",     "(2L, 2L)",
                                      "()",         "(4,)",       "x_train.npy",
                                      "y.npy",      "PK\x03\x04", "PK\x01\x02",
                                      "PK\x05\x06", "\x7f\xc0",   "\xff\xff\xff\xff",
                                      NULL};

static const float numbers[] = {0, 1, 2, 3, 1, 0, 2, 1};

static const float *numbers_at(void *ctx, size_t i)
{
	(void)ctx, (void)i;
	return numbers;
}

static void seed_archive(void)
{
	struct fed_named_tensor tensor[] = {{.name = "x", .n = 8}, {.name = "y", .n = 4}};
	const struct fed_tensor_list list = {tensor, 2};
	struct fed_file_writer file;
	struct fed_text seed = {0};
	struct fed_error err;

	tensor[0].walk.file_rank = 2;
	tensor[0].walk.file_shape[0] = 4;
	tensor[0].walk.file_shape[1] = 2;
	tensor[1].walk.file_rank = 1;
	tensor[1].walk.file_shape[0] = 4;
	fed_fuzz_claim(fed_file_open(&file, fed_fuzz_path("input.npz"), &err) == FED_OK);
	fed_fuzz_claim(fed_npz_write(&file, &list, numbers_at, NULL, &err) == FED_OK);
	fed_fuzz_claim(fed_file_commit(&file, &err) == FED_OK);
	fed_text_put(&seed, "\0", 1);
	fed_fuzz_claim(fed_file_read(fed_fuzz_path("input.npz"), 1 << 20, &seed, &err) == FED_OK);
	fed_fuzz_seed(seed.s, seed.len);
	fed_text_release(&seed);
}

static void seed_array(char how, uint32_t rank, const uint32_t *shape)
{
	struct fed_text seed = {0};

	fed_text_put(&seed, &how, 1);
	fed_npy_header(&seed, false, rank, shape);
	fed_text_put(&seed, (const char *)numbers, sizeof numbers);
	fed_fuzz_seed(seed.s, seed.len);
	fed_text_release(&seed);
}

void fed_fuzz_begin(void)
{
	struct fed_text labels = {0};

	fed_npy_header(&labels, false, 1, (const uint32_t[]){4});
	fed_text_put(&labels, (const char *)numbers, 4 * sizeof *numbers);
	fed_fuzz_file("y.npy", labels.s, labels.len);
	fed_text_release(&labels);
	seed_archive();
	seed_array(1, 2, (const uint32_t[]){4, 2});
	seed_array(3, 2, (const uint32_t[]){4, 2});
	seed_array(5, 4, (const uint32_t[]){4, 2, 1, 1});
	seed_array(9, 3, (const uint32_t[]){4, 1, 2});
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("input.npz"));
	unlink(fed_fuzz_path("input.npy"));
	unlink(fed_fuzz_path("y.npy"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const tasks[] = {"auto", "classes", "regression", "tokens"};
	char path[256];
	struct fed_dataset *data = NULL;
	struct fed_error err;

	if (n == 0)
		return 0;
	const bool pair = bytes[0] & 1;
	snprintf(path, sizeof path, "%s",
	         fed_fuzz_file(pair ? "input.npy" : "input.npz", bytes + 1, n - 1));
	const struct fed_assign args[] = {
		{"test", "0.5"},
		{"task", tasks[bytes[0] / 2 % 4]},
		{"scale", bytes[0] & 8 ? "3" : "0"},
		{"order", bytes[0] & 16 ? "chw" : "auto"},
		{"labels", pair ? "y.npy" : ""},
		{"client", bytes[0] & 32 ? (pair ? "y.npy" : "y") : ""},
	};
	if (fed_dataset_load(&data, path, args, sizeof args / sizeof *args, &(struct fed_generation){1},
	                     &err) != FED_OK) {
		fed_fuzz_outcome(err.text);
		fed_dataset_free(data);
		return 0;
	}
	const size_t all = (size_t)data->train + data->test;
	fed_fuzz_claim(data->train >= 1 && data->test >= 1);
	for (size_t i = 0; data->label && i < all; i++)
		fed_fuzz_claim(data->label[i] >= 0 && (uint32_t)data->label[i] < data->classes);
	for (size_t i = 0; data->target && i < all * data->outputs; i++)
		fed_fuzz_claim(isfinite(data->target[i]));
	for (size_t i = 0; data->owner && i < data->train; i++)
		fed_fuzz_claim(data->owner[i] < data->owners);
	for (size_t i = 0; data->values && i < all * fed_shape_size(&data->shape); i++)
		fed_fuzz_claim(!isnan(data->values[i]));
	for (size_t i = 0; i < data->notes.n; i++)
		fed_fuzz_outcome(data->notes.note[i].found);
	fed_dataset_free(data);
	return 0;
}
