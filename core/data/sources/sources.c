/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/sources/sources.c - the list of sources, and loading by name or path.
 */
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/cache.h"
#include "data/data_form.h"
#include "data/source_internal.h"

static const struct fed_source *const named[] = {
	&fed__source_fashion, &fed__source_glyphs, &fed__source_moons, &fed__source_circles,
	&fed__source_spirals, &fed__source_xor,    &fed__source_blobs, &fed__source_synthetic,
	&fed__source_linear,  &fed__source_markov, &fed__source_text,  &fed__source_scans,
};
static const struct fed_source *const by_path[] = {&fed__source_idx,      &fed__source_cifar,
                                                   &fed__source_leaf,     &fed__source_numpy,
                                                   &fed__source_pictures, &fed__source_csv};

enum { NAMED = sizeof named / sizeof *named, BY_PATH = sizeof by_path / sizeof *by_path };

const struct fed_source *fed_source_at(size_t i)
{
	return i < NAMED ? named[i] : NULL;
}

const struct fed_source *fed_source_file_at(size_t i)
{
	return i < BY_PATH ? by_path[i] : NULL;
}

static const char *source_name_at(const void *ctx, size_t i)
{
	const struct fed_source *source = fed_source_at(i);

	(void)ctx;
	return source ? source->name : NULL;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcasecmp(s + n - m, end);
}

static int fail_unknown(const char *name, struct fed_error *err)
{
	const char *near = fed_nearest(name, source_name_at, NULL);
	struct fed_text list = {0};

	for (size_t i = 0; i < NAMED; i++)
		fed_text_add(&list, "%s%s", i ? ", " : "", named[i]->name);
	fed_reject(err,
	           "no dataset and no file is called %s%s%s%s; there are %s, folders of pictures or "
	           "IDX files, CIFAR, LEAF's .json, .npz, .npy and .csv files",
	           fed_show(name).s, near ? " (did you mean " : "", near ? near : "", near ? "?)" : "",
	           fed_text_str(&list));
	fed_text_release(&list);
	return FED_REJECT;
}

static bool ends_with_any(const char *name, const char *const *ends)
{
	for (; *ends; ends++) {
		struct fed_text packed = {0};

		fed_text_add(&packed, "%s.gz", *ends);
		const bool found = ends_with(name, *ends) || ends_with(name, fed_text_str(&packed));
		fed_text_release(&packed);
		if (found)
			return true;
	}
	return false;
}

/* A file that is no table: a text is read by another command. */
static int fail_no_table(const char *name, const char *path, struct fed_error *err)
{
	const char *quote = strpbrk(name, " \t;#'") ? "\"" : "";

	if (!fed__text_looks_so(path))
		return fed_reject(
			err,
			"%s is neither a folder of IDX files nor a table as a .csv file is, nor a "
			"text",
			fed_show(name).s);
	return fed_reject(err,
	                  "%s is neither a folder of IDX files nor a table as a .csv file is; for a "
	                  "text say `dataset text %s%s%s`",
	                  fed_show(name).s, quote, fed_show(name).s, quote);
}

/* The source for a file: a table by its name, or by its first bytes where the name says nothing. */
static int find_by_file(const char *name, const char *path, const struct fed_source **out,
                        struct fed_error *err)
{
	static const char *const tables[] = {".csv", ".tsv", ".tab", ".data", NULL};
	static const char *const idx[] = {"-ubyte", NULL};

	if (ends_with_any(path, idx))
		return fed_reject(err, "%s is one of four IDX files; name its folder", fed_show(name).s);
	if (fed__picture_looks_so(path))
		return fed_reject(err,
		                  "%s is one picture; name the folder that holds a folder for each class",
		                  fed_show(name).s);
	if (!ends_with_any(path, tables) && !fed__csv_looks_so(path))
		return fail_no_table(name, path, err);
	*out = &fed__source_csv;
	return FED_OK;
}

/* The source for a path: the first that recognises it, else by the kind of its file. */
static int find_by_path(const char *name, const char *path, const struct fed_source **out,
                        struct fed_error *err)
{
	struct stat st;
	uint64_t size;

	if (stat(path, &st))
		return fail_unknown(name, err);
	for (size_t i = 0; i < BY_PATH; i++)
		if (by_path[i]->recognises && by_path[i]->recognises(path, S_ISDIR(st.st_mode))) {
			*out = by_path[i];
			return FED_OK;
		}
	if (S_ISDIR(st.st_mode)) {
		/* it says what is missing or wrong */
		*out = fed__leaf_has_files(path) ? &fed__source_leaf : &fed__source_idx;
		return FED_OK;
	}
	if (fed_file_readable(path, &size, err))
		return FED_FAIL;
	return find_by_file(name, path, out, err);
}

int fed_source_find(const char *name, const struct fed_source **out, struct fed_error *err)
{
	for (size_t i = 0; i < NAMED; i++)
		if (!strcmp(name, named[i]->name)) {
			*out = named[i];
			return FED_OK;
		}

	struct fed_text path = {0};

	fed_path_expand(name, &path);
	if (path.failed) {
		fed_text_release(&path);
		return fed_fail_memory(err, strlen(name), "a path");
	}

	int rc = find_by_path(name, fed_text_str(&path), out, err);

	fed_text_release(&path);
	return rc;
}

int fed_dataset_present(const char *name, struct fed_error *err)
{
	struct fed_text path = {0};

	for (size_t i = 0; i < NAMED; i++)
		if (!strcmp(name, named[i]->name))
			return named[i]->installed ? named[i]->installed(err) : FED_OK;
	fed_path_expand(name, &path);
	const bool missing = !path.failed && access(fed_text_str(&path), F_OK);
	fed_text_release(&path);
	return missing ? fail_unknown(name, err) : FED_OK;
}

/* "glyphs train=20000 ...": all values, so that a later default does not change it. */
static int write_spec(struct fed_dataset *data, const char *name, const struct fed_source *source,
                      const void *args, struct fed_error *err)
{
	struct fed_text spec = {0};
	bool quote = strpbrk(name, " \t'") != NULL;

	fed_text_add(&spec, quote ? "\"%s\" " : "%s ", name);
	fed_fields_print(source->fields, args, false, &spec);
	if (!spec.failed)
		data->spec = fed_strdup(fed_text_str(&spec));
	fed_text_release(&spec);
	return data->spec ? FED_OK : fed_fail_memory(err, strlen(name), "a dataset's description");
}

/* Load from the source's files, or from the cache what they gave another time. */
static int read_source(struct fed_dataset **out, const struct fed_source *source, const void *args,
                       const char *path, const struct fed_generation *making, struct fed_error *err)
{
	/* A text that is read by a form has other tokens than by itself. */
	const bool caches = making->cache && source->slow && source->slow(path) &&
	                    !(making->form && making->form->tokens);
	struct fed_cache_key key, after;
	struct fed_text spec = {0};
	bool keyed = false;

	if (caches) {
		fed_text_add(&spec, "%s ", source->name);
		fed_fields_print(source->fields, args, false, &spec);
		keyed = !spec.failed && fed__cache_key(&key, spec.s, path, making->seed);
	}
	if (keyed && fed__cache_get(out, &key, making->cache != FED_CACHE_KEEP)) {
		fed_text_release(&spec);
		return fed__note(&(*out)->notes, FED_NOTE_LISTED, "read from", "set data-cache off", err,
		                 "the data cache");
	}
	const int rc = source->load(out, args, path, making, err);
	/* Not what was changed while it was read. */
	if (rc == FED_OK && keyed && making->cache == FED_CACHE_KEEP &&
	    fed__cache_key(&after, spec.s, path, making->seed) && !memcmp(&key, &after, sizeof key))
		fed__cache_put(*out, &key);
	fed_text_release(&spec);
	return rc;
}

static int load_with(struct fed_dataset **out, const struct fed_source *source, const char *name,
                     const struct fed_assign *assign, size_t n, const struct fed_generation *making,
                     void *args, struct fed_error *err)
{
	struct fed_text path = {0};
	struct fed_dataset *data = NULL;

	fed_fields_default(source->fields, args);
	if (fed_fields_assign(source->fields, args, assign, n, err))
		return FED_REJECT;
	fed_path_expand(name, &path);

	int rc = path.failed ? fed_fail_memory(err, strlen(name), "a path")
	                     : read_source(&data, source, args, fed_text_str(&path), making, err);

	fed_text_release(&path);
	if (!rc && making->form)
		rc = fed__dataset_take_form(data, source, making->form, err);
	if (!rc)
		rc = write_spec(data, name, source, args, err);
	if (rc) {
		fed_dataset_free(data);
		return rc;
	}
	*out = data;
	return FED_OK;
}

int fed_dataset_load(struct fed_dataset **out, const char *name, const struct fed_assign *assign,
                     size_t n, const struct fed_generation *making, struct fed_error *err)
{
	const struct fed_source *source;
	int rc = fed_source_find(name, &source, err);

	if (rc)
		return rc;

	void *args = fed_alloc(source->args_size);

	if (!args)
		return fed_fail_memory(err, source->args_size, "parameters");

	rc = load_with(out, source, name, assign, n, making, args, err);

	fed_free(args);
	return rc;
}
