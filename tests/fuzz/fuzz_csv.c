/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A CSV file. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "data/dataset.h"
#include "fuzz/fuzz.h"

const char *const fed_fuzz_words[] = {",",   ";",   "\t",   "\n",  "\r\n",  "\"",           "\"\"",
                                      "nan", "inf", "-1e5", "0x1", "label", "\xEF\xBB\xBF", " ",
                                      "1,5", NULL};

void fed_fuzz_begin(void)
{
	static const char *const seeds[] = {
		"x,y,label\n1,2,a\n3,4,b\n5,6,a\n7,8,b\n0,1,a\n2,2,b\n",
		"\357\273\2771.5,2,0\r\n2.5,1,1\r\n0.5,3,0\r\n0,0,1\r\n9,9,1\r\n",
		"a,\"b, c\",y\n1,2,0.5\n2,3,0.25\n3,4,1e-3\n4,5,7\n1,1,1\n",
	};
	for (size_t i = 0; i < sizeof seeds / sizeof *seeds; i++)
		fed_fuzz_seed(seeds[i], strlen(seeds[i]));
}

void fed_fuzz_end(void)
{
	unlink(fed_fuzz_path("input.csv"));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char path[256];
	struct fed_dataset *data;
	struct fed_error err;

	snprintf(path, sizeof path, "%s", fed_fuzz_file("input.csv", bytes, n));
	if (fed_dataset_load(&data, path, NULL, 0, &(struct fed_generation){1}, &err) != FED_OK) {
		fed_fuzz_outcome(err.text);
		return 0;
	}
	const size_t examples = (size_t)data->train + data->test;
	const size_t width = fed_shape_size(&data->shape);
	fed_fuzz_claim(data->train >= 1 && data->test >= 1 && width >= 1);
	for (size_t i = 0; i < examples * width; i++)
		fed_fuzz_claim(isfinite(data->values[i]));
	for (size_t i = 0; data->label && i < examples; i++)
		fed_fuzz_claim(data->label[i] >= 0 && (uint32_t)data->label[i] < data->classes);
	fed_dataset_free(data);
	return 0;
}
