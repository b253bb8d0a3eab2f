/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/cifar_files.c - the files of CIFAR-10 or CIFAR-100, from a folder or an
 * archive.
 */
#include "data/readers/pictures/cifar_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/readers/pictures/archive.h"
#include "data/source_internal.h"

enum { BATCHES_MOST = 99, NAMES_MOST = 1 << 16 /* bytes of a file of names */ };

#define DOWNLOAD "; read the binary version (cifar-10-binary.tar.gz, cifar-100-binary.tar.gz)"

/* Names ------------------------------------------------------------------------------------- */

/* The number of data_batch_N.bin; 0: it is no such name. */
static int batch_of(const char *name)
{
	char *end;

	if (strncmp(name, "data_batch_", 11) != 0)
		return 0;
	const long n = strtol(name + 11, &end, 10);
	return n >= 1 && n <= BATCHES_MOST && !strcmp(end, ".bin") ? (int)n : 0;
}

/* What a file is by its name; false: none of these. */
static bool classify(const char *name, struct fed_cifar_file *out)
{
	static const struct {
		const char *name;
		enum fed_cifar_role role;
		int set;
	} known[] = {
		{"test_batch.bin", FED_CIFAR_TEST, 10},
		{"batches.meta.txt", FED_CIFAR_NAMES, 10},
		{"train.bin", FED_CIFAR_TRAIN, 100},
		{"test.bin", FED_CIFAR_TEST, 100},
		{"fine_label_names.txt", FED_CIFAR_NAMES, 100},
		{"coarse_label_names.txt", FED_CIFAR_COARSE, 100},
	};
	*out = (struct fed_cifar_file){.role = FED_CIFAR_TRAIN, .set = 10, .number = batch_of(name)};
	snprintf(out->name, sizeof out->name, "%.31s", name);
	if (out->number)
		return true;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(name, known[i].name)) {
			out->role = known[i].role;
			out->set = known[i].set;
			return true;
		}
	return false;
}

/* Of the version for Python, which holds pickled objects. */
static bool is_pickle(const char *name)
{
	return !strcmp(name, "data_batch_1") || !strcmp(name, "test_batch") ||
	       !strcmp(name, "batches.meta");
}

static bool exists(const char *folder, const char *name, uint64_t *size)
{
	struct fed_text path = {0};
	struct stat st;

	fed_text_add(&path, "%s/%s", folder, name);
	const bool found = !path.failed && stat(path.s, &st) == 0;
	*size = found && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
	fed_text_release(&path);
	return found;
}

/* train.bin and test.bin are names of others' files, too: their sizes decide. */
static bool holds(const char *folder)
{
	static const char *const sure[] = {"data_batch_1.bin", "test_batch.bin", "batches.meta.txt",
	                                   "fine_label_names.txt"};
	uint64_t size, other;

	for (size_t i = 0; i < sizeof sure / sizeof *sure; i++)
		if (exists(folder, sure[i], &size))
			return true;
	if (exists(folder, "batches.meta", &size) && exists(folder, "data_batch_1", &size))
		return true;
	return exists(folder, "train.bin", &size) && exists(folder, "test.bin", &other) && size &&
	       other && size % 3074 == 0 && other % 3074 == 0;
}

/* Append the folder or archive with the files: this one, one of the usual names below, or nothing
 * if there is none. */
static void locate(const char *path, bool folder, struct fed_text *out)
{
	static const char *const below[] = {"cifar-10-batches-bin", "cifar-100-binary",
	                                    "cifar-10-binary.tar.gz", "cifar-100-binary.tar.gz"};
	uint64_t size;

	if (folder ? holds(path) : fed__archive_looks_so(path)) {
		fed_text_add(out, "%s", path);
		return;
	}
	for (size_t i = 0; folder && i < sizeof below / sizeof *below; i++)
		if (exists(path, below[i], &size)) {
			fed_text_add(out, "%s/%s", path, below[i]);
			return;
		}
}

bool fed__cifar_found(const char *path, bool folder)
{
	struct fed_text place = {0};

	locate(path, folder, &place);
	const bool found = place.len > 0;
	fed_text_release(&place);
	return found;
}

/* Contents ---------------------------------------------------------------------------------- */

static bool is_names(const struct fed_cifar_file *f)
{
	return f->role == FED_CIFAR_NAMES || f->role == FED_CIFAR_COARSE;
}

/* Check a claimed size before memory is allocated. */
static int check_size(const struct fed_cifar_file *f, uint64_t size, uint64_t most,
                      struct fed_error *err)
{
	const unsigned record = f->set == 10 ? 3073 : 3074;

	if (size > most || (is_names(f) && size > NAMES_MOST))
		return fed_fail(err, "%s: claims %llu bytes, more than there can be", f->name,
		                (unsigned long long)size);
	if (!is_names(f) && (size == 0 || size % record))
		return fed_fail(err,
		                "%s: has %llu bytes, which is no number of whole pictures of %u bytes; is "
		                "it damaged?",
		                f->name, (unsigned long long)size, record);
	return FED_OK;
}

/* Where the bytes of a file come from: a file of its own, or the present one of an archive. */
struct cifar_origin {
	struct fed_reader *reader; /* or NULL */
	struct fed_archive *archive;
};

static int pull(const struct cifar_origin *from, uint8_t *to, size_t n, struct fed_error *err)
{
	return from->reader ? fed_reader_read(from->reader, to, n, err)
	                    : fed__archive_read(from->archive, to, n, err);
}

static int read_bytes(struct fed_cifar_file *f, uint64_t size, const struct cifar_origin *from,
                      const struct fed_generation *making, struct fed_error *err)
{
	const size_t step = (size_t)1 << 20;
	int rc = FED_OK;

	if ((double)size > fed_mem_available() / 2)
		return fed_fail_memory(err, size, "the pictures");
	f->n = size;
	f->bytes = fed_alloc(size ? size : 1);
	if (!f->bytes)
		return fed_fail_memory(err, size, "the pictures");
	for (size_t at = 0; rc == FED_OK && at < size; at += step) {
		rc = pull(from, f->bytes + at, size - at < step ? size - at : step, err);
		if (rc == FED_OK)
			rc = fed__generation_check(making, at / 3073, err);
	}
	return rc;
}

/* Append a file, which owns its bytes from then on. */
static int add_file(struct fed_cifar_files *files, const struct fed_cifar_file *f,
                    struct fed_error *err)
{
	for (size_t i = 0; i < files->n; i++) {
		if (!strcmp(files->file[i].name, f->name))
			return fed_fail(err, "%s: is in the archive twice", f->name);
		if (files->file[i].set != f->set)
			return fed_fail(err,
			                "%s is of CIFAR-%d, %s of CIFAR-%d: each needs a folder of its own",
			                f->name, f->set, files->file[i].name, files->file[i].set);
	}
	struct fed_cifar_file *grown =
		fed_resize(files->file, files->n * sizeof *grown, (files->n + 1) * sizeof *grown);
	if (!grown)
		return fed_fail_memory(err, sizeof *grown, "a file");
	files->file = grown;
	grown[files->n++] = *f;
	return FED_OK;
}

static int take(struct fed_cifar_files *files, struct fed_cifar_file *f, uint64_t size,
                uint64_t most, const struct cifar_origin *from, const struct fed_generation *making,
                struct fed_error *err)
{
	int rc = check_size(f, size, most, err);

	if (rc == FED_OK)
		rc = read_bytes(f, size, from, making, err);
	if (rc == FED_OK)
		rc = add_file(files, f, err);
	if (rc)
		fed_free(f->bytes);
	return rc;
}

static int read_archive(struct fed_cifar_files *files, const struct fed_generation *making,
                        struct fed_error *err)
{
	struct cifar_origin from = {0};
	struct fed_archive_member m;
	bool more = true, pickled = false;

	if (fed__archive_open(&from.archive, files->place, err))
		return FED_FAIL;
	const uint64_t most = fed__archive_most(from.archive);
	int rc = FED_OK;
	while (rc == FED_OK && more) {
		struct fed_cifar_file f;

		rc = fed__archive_next(from.archive, &m, &more, err);
		if (rc == FED_OK && more && classify(m.name, &f))
			rc = take(files, &f, m.size, most, &from, making, err);
		pickled = pickled || (rc == FED_OK && more && is_pickle(m.name));
	}
	fed__archive_free(from.archive);
	if (rc == FED_OK && files->n == 0)
		return fed_fail(err, "%s holds %s%s", fed_show(files->place).s,
		                pickled ? "CIFAR's version for Python, which is not read"
		                        : "none of CIFAR's files",
		                pickled ? DOWNLOAD : "; other archives are to be unpacked first");
	return rc;
}

static int read_file(struct fed_cifar_files *files, struct fed_cifar_file *f, const char *path,
                     const struct fed_generation *making, struct fed_error *err)
{
	struct cifar_origin from = {0};
	uint64_t size;

	if (fed_file_readable(path, &size, err) || fed_reader_open(&from.reader, path, err))
		return FED_FAIL;
	const int rc = take(files, f, size, size, &from, making, err);
	fed_reader_free(from.reader);
	return rc;
}

static int is_known(const struct dirent *entry)
{
	struct fed_cifar_file f;

	return classify(entry->d_name, &f);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct fed_cifar_files *files, const struct fed_generation *making,
                       struct fed_error *err)
{
	struct dirent **entry;
	const int n = scandir(files->place, &entry, is_known, by_name);
	int rc = FED_OK;

	if (n < 0)
		return fed_fail(err, "%s cannot be opened: %s", fed_show(files->place).s, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct fed_text path = {0};
		struct fed_cifar_file f;

		classify(entry[i]->d_name, &f);
		fed_text_add(&path, "%s/%s", files->place, entry[i]->d_name);
		if (rc == FED_OK && path.failed)
			rc = fed_fail_memory(err, path.len, "a path");
		if (rc == FED_OK)
			rc = read_file(files, &f, path.s, making, err);
		fed_text_release(&path);
		free(entry[i]);
	}
	free(entry);
	if (rc == FED_OK && n == 0)
		return fed_fail(err, "%s holds CIFAR's version for Python, which is not read" DOWNLOAD,
		                fed_show(files->place).s);
	return rc;
}

static int compare(const void *a, const void *b)
{
	const struct fed_cifar_file *x = a, *y = b;

	return x->role != y->role ? (int)x->role - (int)y->role : x->number - y->number;
}

static int check_whole(const struct fed_cifar_files *files, struct fed_error *err)
{
	bool has[2] = {false};

	for (size_t i = 0; i < files->n; i++)
		if (!is_names(&files->file[i]))
			has[files->file[i].role] = true;
	const int set = files->file[0].set;
	if (!has[FED_CIFAR_TRAIN])
		return fed_fail(err, "%s has no %s", fed_show(files->place).s,
		                set == 10 ? "data_batch_1.bin" : "train.bin");
	if (!has[FED_CIFAR_TEST])
		return fed_fail(err, "%s has no %s", fed_show(files->place).s,
		                set == 10 ? "test_batch.bin" : "test.bin");
	return FED_OK;
}

int fed__cifar_read(struct fed_cifar_files *files, const char *path,
                    const struct fed_generation *making, struct fed_error *err)
{
	struct fed_text place = {0};
	struct stat st;

	*files = (struct fed_cifar_files){0};
	locate(path, stat(path, &st) == 0 && S_ISDIR(st.st_mode), &place);
	files->place = place.failed ? NULL : fed_strdup(place.len ? place.s : path);
	fed_text_release(&place);
	if (!files->place)
		return fed_fail_memory(err, strlen(path), "a path");

	const bool folder = stat(files->place, &st) == 0 && S_ISDIR(st.st_mode);
	int rc = folder ? read_folder(files, making, err) : read_archive(files, making, err);

	if (rc == FED_OK) {
		qsort(files->file, files->n, sizeof *files->file, compare);
		rc = check_whole(files, err);
	}
	return rc;
}

void fed__cifar_release(struct fed_cifar_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		fed_free(files->file[i].bytes);
	fed_free(files->file);
	fed_free(files->place);
	*files = (struct fed_cifar_files){0};
}
