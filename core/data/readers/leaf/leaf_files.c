/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf_files.c - the JSON files of a data set in LEAF's form.
 *
 * Names are sorted before anything is chosen: nothing depends on the order of a directory.
 */
#include "data/readers/leaf/leaf_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool fed__leaf_is_name(const char *name)
{
	size_t n = strlen(name);

	if (n > 3 && !strcmp(name + n - 3, ".gz"))
		n -= 3;
	return n > 5 && !strncmp(name + n - 5, ".json", 5) && *name != '.';
}

static int is_json_name(const struct dirent *entry)
{
	return fed__leaf_is_name(entry->d_name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_file(struct fed_leaf_files *f, const char *path, enum fed_leaf_part part,
                    struct fed_error *err)
{
	struct fed_leaf_file *const grown =
		fed_resize(f->file, f->n * sizeof *grown, (f->n + 1) * sizeof *grown);

	if (!grown)
		return fed_fail_memory(err, (f->n + 1) * sizeof *grown, "the files");
	f->file = grown;
	f->file[f->n] = (struct fed_leaf_file){fed_strdup(path), part};
	return f->file[f->n++].path ? FED_OK : fed_fail_memory(err, strlen(path), "a path");
}

/* FOLDER/below, with its files if it is a folder that has some. */
static int add_folder(struct fed_leaf_files *f, const char *folder, const char *below,
                      enum fed_leaf_part part, struct fed_error *err)
{
	struct fed_text path = {0};
	struct dirent **entry = NULL;
	int n = 0, rc = FED_OK;

	fed_text_add(&path, "%s%s%s", folder, *below ? "/" : "", below);
	if (path.failed)
		rc = fed_fail_memory(err, strlen(folder), "a path");
	else if (is_folder(fed_text_str(&path)))
		n = scandir(path.s, &entry, is_json_name, by_name);
	if (n < 0)
		rc = fed_fail(err, "%s cannot be opened: %s", fed_show(path.s).s, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct fed_text file = {0};

		fed_text_add(&file, "%s/%s", path.s, entry[i]->d_name);
		if (rc == FED_OK && file.failed)
			rc = fed_fail_memory(err, path.len, "a path");
		if (rc == FED_OK && !is_folder(file.s))
			rc = add_file(f, file.s, part, err);
		fed_text_release(&file);
		free(entry[i]);
	}
	free(entry);
	fed_text_release(&path);
	return rc;
}

/* The parts of one folder. */
static int add_parts(struct fed_leaf_files *f, const char *folder, struct fed_error *err)
{
	int rc = add_folder(f, folder, "train", FED_LEAF_TRAIN, err);
	const uint32_t train = f->n;

	if (rc == FED_OK)
		rc = add_folder(f, folder, "test", FED_LEAF_TEST, err);
	if (rc == FED_OK && train == 0 && f->n > 0)
		return fed_fail(err, "%s has test/ without train/; both are needed, or all_data/",
		                fed_show(folder).s);
	for (uint32_t i = 0; f->n == train && i < train; i++)
		f->file[i].part = FED_LEAF_ALL;
	if (rc == FED_OK && f->n == 0)
		rc = add_folder(f, folder, "all_data", FED_LEAF_ALL, err);
	return rc;
}

static int add_all(struct fed_leaf_files *f, const char *path, struct fed_error *err)
{
	struct fed_text below = {0};

	if (!is_folder(path))
		return add_file(f, path, FED_LEAF_ALL, err);

	int rc = add_parts(f, path, err);

	fed_text_add(&below, "%s/data", path);
	if (rc == FED_OK && f->n == 0)
		rc = below.failed ? fed_fail_memory(err, strlen(path), "a path")
		                  : add_parts(f, below.s, err);
	fed_text_release(&below);
	return rc == FED_OK && f->n == 0 ? add_folder(f, path, "", FED_LEAF_ALL, err) : rc;
}

int fed__leaf_find(struct fed_leaf_files *f, const char *path, struct fed_dataset_notes *notes,
                   struct fed_error *err)
{
	uint32_t count[FED_LEAF_PARTS] = {0};
	int rc = add_all(f, path, err);

	if (rc == FED_OK && f->n == 0)
		rc = fed_fail(err, "%s has no .json file, nor have train/, test/ and all_data/ in it",
		              fed_show(path).s);
	if (rc)
		return rc;
	for (uint32_t i = 0; i < f->n; i++)
		count[f->file[i].part]++;
	if (count[FED_LEAF_TEST])
		return fed__note(notes, FED_NOTE_LISTED, "files", NULL, err, "%u of train/, %u of test/",
		                 count[FED_LEAF_TRAIN], count[FED_LEAF_TEST]);
	return fed__note(notes, FED_NOTE_LISTED, "files", NULL, err, "%u", f->n);
}

void fed__leaf_files_release(struct fed_leaf_files *f)
{
	for (uint32_t i = 0; i < f->n; i++)
		fed_free(f->file[i].path);
	fed_free(f->file);
	*f = (struct fed_leaf_files){0};
}

bool fed__leaf_list(struct fed_leaf_files *f, const char *path)
{
	struct fed_error unused;

	(void)add_all(f, path, &unused); /* where it fails it is told when they are read */
	return f->n > 0;
}
