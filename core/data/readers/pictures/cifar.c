/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/cifar.c - the source for CIFAR-10 and CIFAR-100, binary version.
 *
 * A picture is one byte of label (CIFAR-100: coarse, then fine) and three planes of 32 x 32 bytes,
 * red, green and blue (A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images",
 * 2009).
 */
#include <string.h>

#include "base/mem.h"
#include "data/readers/pictures/archive.h"
#include "data/readers/pictures/cifar_files.h"
#include "data/readers/planes.h"
#include "data/source_internal.h"

enum { SIDE = 32, PIXELS = SIDE * SIDE, CHANNELS = 3, PICTURE = PIXELS * CHANNELS, BATCHES = 5 };

struct cifar_args {
	int64_t train, test;
	int labels;
};
static const char *const labels_names[] = {"fine", "coarse", NULL};
enum { FINE, COARSE };
static const struct fed_field cifar_fields[] = {
	FED_INT(struct cifar_args, train, 0, 0, UINT32_MAX,
            "take the first of the training examples; 0 = all"),
	FED_INT(struct cifar_args, test, 0, 0, UINT32_MAX,
            "take the first of the test examples; 0 = all"),
	FED_CHOICE(struct cifar_args, labels, FINE, labels_names,
               "which labels of CIFAR-100: 100 classes or 20"),
	FED_END,
};

struct cifar_load {
	const struct cifar_args *args;
	const struct fed_generation *making;
	struct fed_cifar_files files;
	int set;       /* 10 or 100 */
	size_t record; /* bytes of a picture with its labels */
	uint32_t classes;
};

/* Pictures of one part, as the user limits them. */
static uint64_t count_part(const struct cifar_load *l, enum fed_cifar_role role, uint64_t limit)
{
	uint64_t n = 0;

	for (size_t i = 0; i < l->files.n; i++)
		if (l->files.file[i].role == role)
			n += l->files.file[i].n / l->record;
	return limit && limit < n ? limit : n;
}

static int fill_part(const struct cifar_load *l, enum fed_cifar_role role, uint32_t from,
                     uint32_t until, struct fed_dataset *data, struct fed_error *err)
{
	const size_t skip = l->record - PICTURE; /* bytes of labels */

	for (size_t i = 0; i < l->files.n; i++) {
		const struct fed_cifar_file *f = &l->files.file[i];

		for (size_t k = 0; f->role == role && k < f->n / l->record && from < until; k++, from++) {
			const uint8_t *record = f->bytes + k * l->record;
			const uint8_t label = record[l->args->labels == COARSE ? 0 : skip - 1];

			if (label >= l->classes)
				return fed_fail(err, "%s: label %u of picture %zu; CIFAR-%d's end at %u", f->name,
				                label, k, l->set, l->classes - 1);
			data->label[from] = label;
			fed__planes_to_pixels(record + skip, PIXELS, CHANNELS,
			                      data->bytes + (size_t)from * PICTURE);
			const int rc = fed__generation_check(l->making, from, err);
			if (rc)
				return rc;
		}
	}
	return FED_OK;
}

/* The file with the names of the classes, or NULL. */
static const struct fed_cifar_file *names_file(const struct cifar_load *l)
{
	const enum fed_cifar_role role = l->args->labels == COARSE ? FED_CIFAR_COARSE : FED_CIFAR_NAMES;

	for (size_t i = 0; i < l->files.n; i++)
		if (l->files.file[i].role == role)
			return &l->files.file[i];
	return NULL;
}

/* The lines of a text that are not empty, into name[classes]; their number. */
static uint32_t split_lines(char *text, uint32_t classes, const char **name)
{
	uint32_t n = 0;
	char *line;

	while ((line = strsep(&text, "\r\n")))
		if (*line && n++ < classes)
			name[n - 1] = line;
	return n;
}

static int name_classes(const struct cifar_load *l, struct fed_dataset *data, struct fed_error *err)
{
	const struct fed_cifar_file *f = names_file(l);
	const char *name[100];

	if (!f)
		return fed__note(&data->notes, FED_NOTE_TOLD, "classes", NULL, err,
		                 "without names, since their file is missing (%s)",
		                 l->set == 10                ? "batches.meta.txt"
		                 : l->args->labels == COARSE ? "coarse_label_names.txt"
		                                             : "fine_label_names.txt");
	char *text = fed_alloc(f->n + 1);
	if (!text)
		return fed_fail_memory(err, f->n, "the classes' names");
	memcpy(text, f->bytes, f->n);
	const uint32_t n = split_lines(text, l->classes, name);
	const int rc = n == l->classes ? fed__dataset_name_classes(data, name, err)
	                               : fed__note(&data->notes, FED_NOTE_TOLD, "classes", NULL, err,
	                                           "without names, since %s has %u for %u classes",
	                                           f->name, n, l->classes);
	fed_free(text);
	return rc;
}

static int add_notes(const struct cifar_load *l, const char *path, struct fed_dataset *data,
                     struct fed_error *err)
{
	const char *below = l->files.place + strlen(path);
	int batches = 0;
	int rc = fed__note(&data->notes, FED_NOTE_LISTED, "read as", NULL, err, "CIFAR-%d", l->set);

	if (rc == FED_OK && *below)
		rc = fed__note(&data->notes, FED_NOTE_TOLD, "files", NULL, err, "those in %s",
		               below + (*below == '/'));
	for (size_t i = 0; i < l->files.n; i++)
		batches += l->files.file[i].role == FED_CIFAR_TRAIN;
	if (rc == FED_OK && l->set == 10 && batches != BATCHES)
		rc = fed__note(&data->notes, FED_NOTE_TOLD, "batches", NULL, err,
		               "%d of the %d for training are there", batches, BATCHES);
	if (rc == FED_OK && l->set == 100)
		rc = fed__note(&data->notes, FED_NOTE_TOLD, "labels",
		               l->args->labels == COARSE ? "labels=fine" : "labels=coarse", err, "%s",
		               labels_names[l->args->labels]);
	return rc;
}

static int make(struct cifar_load *l, const char *path, struct fed_dataset **out,
                struct fed_error *err)
{
	const uint64_t train = count_part(l, FED_CIFAR_TRAIN, (uint64_t)l->args->train);
	const uint64_t test = count_part(l, FED_CIFAR_TEST, (uint64_t)l->args->test);
	const char *slash = strrchr(path, '/');
	const struct fed_dataset_plan plan = {.name = slash && slash[1] ? slash + 1 : path,
	                                      .shape = {.rank = 3, .dim = {SIDE, SIDE, CHANNELS}},
	                                      .classes = l->classes,
	                                      .train = (uint32_t)train,
	                                      .test = (uint32_t)test,
	                                      .bytes = true};

	if (train + test > UINT32_MAX)
		return fed_fail(err, "has %s pictures, more than can be", fed_count((double)train).s);
	if (fed__dataset_new(out, &plan, err))
		return FED_FAIL; /* too large: the arguments are valid */

	struct fed_dataset *data = *out;
	int rc = fill_part(l, FED_CIFAR_TRAIN, 0, data->train, data, err);

	if (rc == FED_OK)
		rc = fill_part(l, FED_CIFAR_TEST, data->train, data->train + data->test, data, err);
	if (rc == FED_OK)
		rc = name_classes(l, data, err);
	return rc == FED_OK ? add_notes(l, path, data, err) : rc;
}

static int cifar_load(struct fed_dataset **out, const void *args, const char *path,
                      const struct fed_generation *making, struct fed_error *err)
{
	struct cifar_load l = {.args = args, .making = making};
	char *folder = fed_strdup(path);
	size_t len = strlen(path);

	if (!folder)
		return fed_fail_memory(err, len, "a path");
	while (len > 1 && folder[len - 1] == '/')
		folder[--len] = '\0';

	int rc = fed__cifar_read(&l.files, folder, making, err);

	if (rc == FED_OK) {
		l.set = l.files.file[0].set;
		l.record = PICTURE + (l.set == 10 ? 1 : 2);
		l.classes = l.args->labels == COARSE ? 20 : (uint32_t)l.set;
		if (l.set == 10 && l.args->labels == COARSE)
			rc = fed_reject(err, "labels=coarse is for CIFAR-100; CIFAR-10 has one label a picture "
			                     "(leave it out)");
	}
	if (rc == FED_OK)
		rc = make(&l, folder, out, err);
	fed__cifar_release(&l.files);
	fed_free(folder);
	if (rc == FED_OK)
		fed__dataset_seal(*out);
	return rc;
}

/* Archives are; files of a folder are as quick as the cache. */
static bool is_packed(const char *path)
{
	return fed__archive_looks_so(path);
}

const struct fed_source fed__source_cifar = {
	.name = "cifar",
	.help = "CIFAR-10 or CIFAR-100, binary version: a folder or the .tar.gz",
	.doc = "Colour pictures of 32x32 in 10 or 100 classes, 50,000 for training and 10,000 for the\n"
		   "test (Krizhevsky 2009).  The folder holds data_batch_1.bin to data_batch_5.bin,\n"
		   "test_batch.bin and batches.meta.txt, or train.bin, test.bin and fine_label_names.txt;\n"
		   "the archives of the binary version are read without unpacking them.  The files have\n"
		   "the channels one after another; an example is (32, 32, 3), a pixel byte / 255.",
	.fields = cifar_fields,
	.args_size = sizeof(struct cifar_args),
	.reads = true,
	.recognises = fed__cifar_found,
	.slow = is_packed,
	.load = cifar_load,
};
