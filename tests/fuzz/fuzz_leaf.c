/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A JSON file in LEAF's form: byte 0 says how it is read, the rest is the file. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "data/dataset.h"
#include "fuzz/fuzz.h"

const char *const fed_fuzz_words[] = {"\"users\"",
                                      "\"num_samples\"",
                                      "\"user_data\"",
                                      "\"x\"",
                                      "\"y\"",
                                      "[",
                                      "]",
                                      "{",
                                      "}",
                                      ",",
                                      ":",
                                      "NaN",
                                      "1e999",
                                      "-0",
                                      "0.00392156862745098",
                                      "null",
                                      "true",
                                      "\"\\u0000\"",
                                      "\"\\ud83c\"",
                                      "\xEF\xBB\xBF",
                                      "\xFF\xFE",
                                      "\"a\"",
                                      "[[",
                                      "]]",
                                      "1.0, ",
                                      NULL};

void fed_fuzz_begin(void)
{
	static const char *const seeds[] = {
		"\1{\"users\": [\"a\", \"b\"], \"num_samples\": [2, 1], \"user_data\": {\"a\": {\"x\": "
		"[[1.0, 0.5], [0.25, 3e-2]], \"y\": [0, 1]}, \"b\": {\"y\": [2], \"x\": [[1, 2]]}}}",
		"\2{\"user_data\": {\"a\": {\"x\": [\"abcd\", \"bcde\", \"cdef\"], \"y\": [\"e\", \"f\", "
		"\"g\"]}}, \"users\": [\"a\"], \"num_samples\": [3], \"hierarchies\": [[\"p\"]]}",
		"\3{\"user_data\": {\"a\": {\"x\": [[\"1\", \"the day\"], [\"2\", \"a day\"]], \"y\": [0, "
		"1]}}}",
	};
	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		fed_fuzz_seed(seeds[i], strlen(seeds[i]));
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("input.json"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[256];
	struct fed_dataset *data = NULL;
	struct fed_error err;

	if (n == 0)
		return 0;
	snprintf(path, sizeof path, "%s", fed_fuzz_file("input.json", bytes + 1, n - 1));
	const struct fed_assign args[] = {
		{"test", "0.5"},
		{"words", "3"},
		{"unchecked", bytes[0] & 1 ? "yes" : "no"},
		{"vocabulary", bytes[0] & 2 ? "2" : "auto"},
		{"classes", bytes[0] & 4 ? "3" : "0"},
		{"shape", bytes[0] & 8 ? "1x2" : ""},
	};
	if (fed_dataset_load(&data, path, args, sizeof args / sizeof *args, &(struct fed_generation){1},
	                     &err) != FED_OK) {
		fed_fuzz_outcome(err.text);
		fed_dataset_free(data);
		return 0;
	}
	const size_t all = (size_t)data->train + data->test;
	fed_fuzz_claim(data->train >= 1 && data->test >= 1 && data->classes >= 2 && data->owners >= 1);
	for (size_t i = 0; i < all; i++)
		fed_fuzz_claim(data->label[i] >= 0 && (uint32_t)data->label[i] < data->classes);
	for (size_t i = 0; i < data->train; i++)
		fed_fuzz_claim(data->owner[i] < data->owners);
	for (size_t i = 0; data->values && i < all * fed_shape_size(&data->shape); i++)
		fed_fuzz_claim(isfinite(data->values[i]));
	for (size_t i = 0; i < data->notes.n; i++)
		fed_fuzz_outcome(data->notes.note[i].subject);
	fed_dataset_free(data);
	return 0;
}
