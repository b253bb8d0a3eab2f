/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An entry of the data cache; the driver lets its checksums be right.
 */
#include <string.h>
#include <unistd.h>

#include "data/cache_file.h"
#include "fuzz/fuzz.h"

const char *const fed_fuzz_words[] = {NULL};

static const struct fed_cache_key key = {{1, 2}};

void fed_fuzz_begin(void)
{
	static const char *const names[] = {"blobs", "linear", "markov"};
	static const struct fed_assign small[] = {{"train", "9"}, {"test", "3"}};
	static uint8_t bytes[1 << 16];

	for (int k = 0; k < 3; k++) {
		struct fed_dataset *data;
		struct fed_error err;
		char path[256];

		snprintf(path, sizeof path, "%s", fed_fuzz_path("entry"));
		if (fed_dataset_load(&data, names[k], small, k < 2 ? 2 : 0, &(struct fed_generation){1},
		                     &err))
			continue;
		fed_fuzz_claim(fed__cache_file_write(data, path, &key, &err) == FED_OK);
		fed_dataset_free(data);
		FILE *f = fopen(path, "rb");
		const size_t n = f ? fread(bytes, 1, sizeof bytes, f) : 0;
		if (f)
			fclose(f);
		if (n < sizeof bytes)
			fed_fuzz_seed(bytes, n);
	}
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("entry"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fed_dataset *data;
	struct fed_error err;
	char path[256];

	snprintf(path, sizeof path, "%s", fed_fuzz_file("entry", bytes, n));
	if (fed__cache_file_read(&data, path, &key, &err) == FED_OK)
		fed_dataset_free(data);
	else
		fed_fuzz_outcome(err.text);
	return 0;
}
