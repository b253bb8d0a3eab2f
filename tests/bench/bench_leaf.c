/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bench/bench_leaf.c - reading of JSON files in LEAF's form, of FEMNIST's kind.
 *
 *     bench_leaf [megabytes, default 20 [files, default 4 [white share in percent, default 80]]]
 *
 * The files are made in a folder of /tmp, written as Python writes pixels / 255, and removed.  One
 * JSON line: megabytes a second and a second of processor time, beside those of reading the files
 * alone, and the most memory that was resident, per byte of the numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/random.h"
#include "data/dataset.h"

enum { ROW = 784, ROWS = 100, CLASSES = 62 };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds_of(const struct rusage *u)
{
	return (double)u->ru_utime.tv_sec + (double)u->ru_stime.tv_sec +
	       1e-6 * (double)(u->ru_utime.tv_usec + u->ru_stime.tv_usec);
}

static void need(int rc, const struct fed_error *err)
{
	if (rc == FED_OK)
		return;
	fprintf(stderr, "bench_leaf: %s\n", err->text);
	exit(1);
}

/* The shortest decimals of k / 255. */
static void write_pixels(char text[256][32])
{
	for (int k = 0; k < 256; k++)
		for (int digits = 1; digits <= 17; digits++) {
			snprintf(text[k], sizeof text[k], "%.*g", digits, k / 255.0);
			if (strtod(text[k], NULL) == k / 255.0)
				break;
		}
	strcpy(text[0], "0.0");
	strcpy(text[255], "1.0");
}

static void write_user(FILE *f, struct fed_stream *r, uint32_t white, char text[256][32])
{
	for (int i = 0; i < ROWS; i++) {
		fputs(i ? ", [" : "[", f);
		for (int j = 0; j < ROW; j++) {
			const bool is_white = fed_stream_below(r, 100) < white;

			fprintf(f, "%s%s", j ? ", " : "", text[is_white ? 255 : fed_stream_below(r, 255)]);
		}
		fputc(']', f);
	}
	fputs("], \"y\": [", f);
	for (int i = 0; i < ROWS; i++)
		fprintf(f, "%s%u", i ? ", " : "", fed_stream_below(r, CLASSES));
}

/* Bytes written; *users counts on. */
static uint64_t write_file(const char *path, uint64_t bytes, uint32_t white, uint32_t *users)
{
	struct fed_stream r = fed_stream_open(1, FED_FOR_DATA, 0, *users);
	FILE *const f = fopen(path, "w");
	const uint32_t first = *users;
	char text[256][32];

	if (!f) {
		perror(path);
		exit(1);
	}
	write_pixels(text);
	fputs("{\"user_data\": {", f);
	for (; (uint64_t)ftell(f) < bytes; ++*users) {
		fprintf(f, "%s\"f%05u\": {\"x\": [", *users > first ? ", " : "", *users);
		write_user(f, &r, white, text);
		fputs("]}", f);
	}
	fputs("}, \"users\": [", f);
	for (uint32_t u = first; u < *users; u++)
		fprintf(f, "%s\"f%05u\"", u > first ? ", " : "", u);
	fputs("], \"num_samples\": [", f);
	for (uint32_t u = first; u < *users; u++)
		fprintf(f, "%s%d", u > first ? ", " : "", ROWS);
	fputs("]}", f);

	const uint64_t size = (uint64_t)ftell(f);

	fclose(f);
	return size;
}

static double read_alone(const char *folder, int files)
{
	static char buffer[1 << 20];
	const double begin = now();

	for (int i = 0; i < files; i++) {
		char path[300];
		struct fed_reader *r;
		struct fed_error err;
		size_t got = 1;

		snprintf(path, sizeof path, "%s/%02d.json", folder, i);
		need(fed_reader_open(&r, path, &err), &err);
		while (got)
			need(fed_reader_some(r, buffer, sizeof buffer, &got, &err), &err);
		fed_reader_free(r);
	}
	return now() - begin;
}

int main(int argc, char **argv)
{
	const uint64_t megabytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 20;
	const int files = argc > 2 ? atoi(argv[2]) : 4;
	const uint32_t white = argc > 3 ? (uint32_t)atoi(argv[3]) : 80;
	char folder[] = "/tmp/bench-leaf-XXXXXX", path[300];
	struct fed_dataset *data = NULL;
	struct fed_error err;
	struct rusage before, after;
	uint64_t bytes = 0;
	uint32_t users = 0;

	if (megabytes == 0 || files < 1 || files > 99 || !mkdtemp(folder)) {
		fprintf(stderr, "usage: bench_leaf [MEGABYTES [FILES [WHITE]]]\n");
		return 2;
	}
	for (int i = 0; i < files; i++) {
		snprintf(path, sizeof path, "%s/%02d.json", folder, i);
		bytes += write_file(path, megabytes * 1000000 / (uint64_t)files, white, &users);
	}
	const double alone = read_alone(folder, files);
	getrusage(RUSAGE_SELF, &before);
	const double begin = now();
	need(fed_dataset_load(&data, folder, NULL, 0, &(struct fed_generation){1}, &err), &err);
	const double seconds = now() - begin;
	getrusage(RUSAGE_SELF, &after);
	const double processor = seconds_of(&after) - seconds_of(&before);
	const double numbers = ((double)data->train + data->test) * ROW * sizeof(float);
	printf("{\"bench\":\"leaf\",\"megabytes\":%.1f,\"bytes_a_number\":%.2f,\"seconds\":%.3f,"
	       "\"processor_seconds\":%.3f,\"mb_per_s\":%.1f,\"mb_per_processor_s\":%.1f,\"alone_mb_"
	       "per_s\":%.1f,\"memory_per_numbers\":%.2f}\n",
	       (double)bytes / 1e6, (double)bytes / (numbers / sizeof(float)), seconds, processor,
	       (double)bytes / 1e6 / seconds, (double)bytes / 1e6 / processor,
	       (double)bytes / 1e6 / alone,
	       (double)(after.ru_maxrss - before.ru_maxrss) * 1024 / numbers);
	fed_dataset_free(data);
	for (int i = 0; i < files; i++) {
		snprintf(path, sizeof path, "%s/%02d.json", folder, i);
		unlink(path);
	}
	rmdir(folder);
	return 0;
}
