/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table: byte 0 says how it is read, the rest is the file. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "data/dataset.h"
#include "fuzz/fuzz.h"

const char *const fed_fuzz_words[] = {",",     ";",        "\t",    "\n",   "\r\n", "\"",
                                      "\"\"",  "nan",      "inf",   "-1e5", "0x1",  "label",
                                      " ",     "1,5",      "NA",    "?",    "\r",   "\xEF\xBB\xBF",
                                      "sep=;", "\xFF\xFE", "1.7e9", "|",    NULL};

enum { WAYS = 12, ARGUMENTS = 4 };

static const struct fed_assign ways[WAYS][ARGUMENTS] = {
	{{0}},
	{{"missing", "usual"}},
	{{"missing", "usual"}, {"mean", "all"}},
	{{"encode", "all"}, {"missing", "?,NA"}, {"mean", "all"}},
	{{"client", "1"}},
	{{"client", "-2"}, {"drop", "1"}, {"encode", "all"}},
	{{"decimal", ","}},
	{{"separator", "space"}, {"standardise", "no"}},
	{{"encode", "1,2"}, {"header", "yes"}},
	{{"task", "classes"}, {"label", "1"}, {"missing", "empty"}},
	{{"drop", "none"}, {"header", "no"}},
	{{"encoding", "utf-16le"}},
};

static void add_seed(int way, const char *text)
{
	char seed[256] = {(char)way};
	const size_t n = strlen(text);

	memcpy(seed + 1, text, n);
	fed_fuzz_seed(seed, 1 + n);
}

void fed_fuzz_begin(void)
{
	static const char *const seeds[] = {
		"x,y,label\n1,2,a\n3,4,b\n5,6,a\n7,8,b\n0,1,a\n2,2,b\n",
		"\357\273\2771.5,2,0\r\n2.5,1,1\r\n0.5,3,0\r\n0,0,1\r\n9,9,1\r\n",
		"a,\"b, c\",y\n1,2,0.5\n2,3,0.25\n3,4,1e-3\n4,5,7\n1,1,1\n",
		"who;when;y\nann;1,5;0\nbob;?;1\nann;NA;1\ncy;2,5;0\n;1,5;1\n",
		",0,1\n0,5,1\n1,7,0\n2,8,1\n3,1,0\n",
		"  1  2 a \n3 4\tb\n 5 6 a\n",
	};
	for (int i = 0; i < WAYS + 6; i++)
		add_seed(i % WAYS, seeds[i % 6]);
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("input.csv"));
}

static void check_dataset(const struct fed_dataset *data)
{
	const size_t examples = (size_t)data->train + data->test;
	const size_t width = fed_shape_size(&data->shape);

	fed_fuzz_claim(data->train >= 1 && data->test >= 1 && width >= 1);
	for (size_t i = 0; i < examples * width; i++)
		fed_fuzz_claim(isfinite(data->values[i]));
	for (size_t i = 0; data->label && i < examples; i++)
		fed_fuzz_claim(data->label[i] >= 0 && (uint32_t)data->label[i] < data->classes);
	for (size_t i = 0; data->owner && i < data->train; i++)
		fed_fuzz_claim(data->owner[i] < data->owners);
	for (size_t i = 0; i < width; i++)
		fed_fuzz_claim(data->input_name[i] != NULL);
	for (size_t i = 0; i < data->notes.n; i++)
		fed_fuzz_outcome(data->notes.note[i].subject);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[256];
	struct fed_dataset *data;
	struct fed_error err;
	size_t arguments = 0;

	if (n == 0)
		return 0;
	const struct fed_assign *way = ways[bytes[0] % WAYS];
	while (arguments < ARGUMENTS && way[arguments].key)
		arguments++;
	snprintf(path, sizeof path, "%s", fed_fuzz_file("input.csv", bytes + 1, n - 1));
	if (fed_dataset_load(&data, path, way, arguments, &(struct fed_generation){1}, &err) !=
	    FED_OK) {
		fed_fuzz_outcome(err.text);
		return 0;
	}
	check_dataset(data);
	fed_dataset_free(data);
	return 0;
}
