/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long it takes to read pictures: CIFAR-10 (files of its size) and 10,000 JPEGs of 64 x 64 in
 * ten classes, also from the data cache; all is made first, in a folder that is removed.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/cpu.h"
#include "base/random.h"
#include "data/dataset.h"
#include "support/pictures.h"

enum { JPEGS = 10000, CLASSES = 10, SIDE = 64, RECORD = 3073, BATCH = 10000 };

static char folder[] = "/tmp/fedsh-pictures-XXXXXX";

static FILE *create(const char *name)
{
	char path[300];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "wb");
	if (!f)
		perror(path);
	return f;
}

static void make_folder(const char *name)
{
	char path[300];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	mkdir(path, 0700);
}

static void make_cifar(void)
{
	static const char *const names[] = {"data_batch_1", "data_batch_2", "data_batch_3",
	                                    "data_batch_4", "data_batch_5", "test_batch"};
	struct fed_stream r = fed_stream_open(1, FED_FOR_SAMPLE, 0, 0);
	static unsigned char record[RECORD];

	make_folder("cifar");
	for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
		char name[64];

		snprintf(name, sizeof name, "cifar/%s.bin", names[k]);
		FILE *f = create(name);
		for (int i = 0; f && i < BATCH; i++) {
			for (int j = 1; j + 8 <= RECORD; j += 8) {
				const uint64_t some = fed_stream_u64(&r);
				memcpy(record + j, &some, 8);
			}
			record[0] = (unsigned char)(i % CLASSES);
			fwrite(record, 1, RECORD, f);
		}
		if (f)
			fclose(f);
	}
}

static bool make_jpegs(void)
{
	struct fed_stream r = fed_stream_open(2, FED_FOR_SAMPLE, 0, 0);
	static uint8_t pixels[SIDE * SIDE * 3], file[1 << 16];

	make_folder("jpeg");
	for (int i = 0; i < JPEGS; i++) {
		const struct picture_jpeg p = {
			.height = SIDE, .width = SIDE, .channels = 3, .pixels = pixels, .quality = 90};
		char name[64];

		for (int y = 0; y < SIDE; y++)
			for (int x = 0; x < SIDE; x++)
				for (int c = 0; c < 3; c++)
					pixels[(y * SIDE + x) * 3 + c] =
						(uint8_t)(2 * x + (c + 1) * y + i + (int)fed_stream_below(&r, 16));
		snprintf(name, sizeof name, "jpeg/class_%d", i % CLASSES);
		if (i < CLASSES)
			make_folder(name);
		snprintf(name, sizeof name, "jpeg/class_%d/%05d.jpg", i % CLASSES, i);
		const size_t n = picture_jpeg(file, sizeof file, &p);
		FILE *f = n ? create(name) : NULL;
		if (!f)
			return false;
		fwrite(file, 1, n, f);
		fclose(f);
	}
	return true;
}

static void load(const char *name, const char *turn, const struct fed_generation *making)
{
	struct fed_dataset *data;
	struct fed_error err;
	char path[300];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	const double start = fed_wall_seconds();
	const clock_t began = clock();
	if (fed_dataset_load(&data, path, NULL, 0, making, &err)) {
		fprintf(stderr, "%s: %s\n", name, err.text);
		return;
	}
	printf("{\"bench\":\"pictures\",\"set\":\"%s\",\"turn\":\"%s\",\"seconds\":%.3f,"
	       "\"processor\":%.3f,\"examples\":%u}\n",
	       name, turn, fed_wall_seconds() - start, (double)(clock() - began) / CLOCKS_PER_SEC,
	       data->train + data->test);
	fed_dataset_free(data);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int main(void)
{
	const struct fed_generation making = {1}, keeping = {.seed = 1, .cache = FED_CACHE_KEEP};

	if (!mkdtemp(folder) || setenv("XDG_CACHE_HOME", folder, 1)) {
		perror(folder);
		return EXIT_FAILURE;
	}
	make_cifar();
	load("cifar", "first", &making);
	if (make_jpegs()) {
		load("jpeg", "first", &making);
		load("jpeg", "kept", &keeping);
		load("jpeg", "from the cache", &keeping);
	}
	nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	return EXIT_SUCCESS;
}
