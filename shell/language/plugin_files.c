/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * shell/language/plugin_files.c - the files of a plugin by its name, and plugins by name.
 */
#include "shell/language/plugin_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "shell/language/command.h"

static const char *const cxx_endings[] = {".cpp", ".cc", ".cxx", ".C", ".c++"};
#define CXX_ENDINGS (sizeof cxx_endings / sizeof *cxx_endings)

static bool ends_with(const char *s, const char *ending)
{
	const size_t n = strlen(s), m = strlen(ending);

	return n > m && strcmp(s + n - m, ending) == 0;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The name with `~` expanded and without ending and slashes at its end. */
static int stem_of(const char *name, const char *ending, struct fed_text *stem,
                   struct fed_error *err)
{
	fed_path_expand(name, stem);
	if (stem->failed)
		return fed_fail(err, "out of memory (a path)");
	if (ends_with(fed_text_str(stem), ending))
		stem->s[stem->len -= strlen(ending)] = 0;
	while (stem->len > 1 && stem->s[stem->len - 1] == '/')
		stem->s[--stem->len] = 0;
	return FED_OK;
}

/* Set the path to that of a plugin with this stem: in its folder, else without. */
static bool find(const char *stem, const char *ending, struct fed_text *path)
{
	fed_text_clear(path);
	fed_text_add(path, "%s/%s%s", stem, last_part(stem), ending);
	if (!path->failed && is_file(fed_text_str(path)))
		return true;
	fed_text_clear(path);
	fed_text_add(path, "%s%s", stem, ending);
	return !path->failed && is_file(fed_text_str(path));
}

static int refuse_cxx(const char *path, struct fed_error *err)
{
	return fed_fail(err,
	                "%s is C++, and plugins are C: name it .c and write it in C, so that any "
	                "compiler makes the same struct of it",
	                fed_show(path).s);
}

/* FED_FAIL: there is a C++ source of this stem. */
static int check_language(const char *stem, struct fed_error *err)
{
	struct fed_text path = {0};
	int rc = FED_OK;

	for (size_t i = 0; i < CXX_ENDINGS && rc == FED_OK; i++)
		if (find(stem, cxx_endings[i], &path))
			rc = refuse_cxx(fed_text_str(&path), err);
	fed_text_release(&path);
	return rc;
}

bool fed__plugin_source_beside(const struct fed_entry *e, struct fed_text *path)
{
	if (e->builtin || !ends_with(e->path, ".so"))
		return false;
	fed_text_add(path, "%.*s.c", (int)strlen(e->path) - 3, e->path);
	return !path->failed && is_file(fed_text_str(path));
}

/* The source beside the file of a loaded plugin. */
static bool find_beside(const struct fed_shell *shell, const char *name, struct fed_text *path)
{
	const struct fed_entry *e;

	for (size_t k = 0; (e = fed__plugin_named(shell, name, k)); k++) {
		fed_text_clear(path);
		if (fed__plugin_source_beside(e, path))
			return true;
	}
	return false;
}

int fed__plugin_source(const struct fed_shell *shell, const char *name, struct fed_text *path,
                       struct fed_error *err)
{
	struct fed_text stem = {0};

	for (size_t i = 0; i < CXX_ENDINGS; i++)
		if (ends_with(name, cxx_endings[i]))
			return refuse_cxx(name, err);
	int rc = stem_of(name, ".c", &stem, err);
	if (rc == FED_OK && !find(fed_text_str(&stem), ".c", path) && !find_beside(shell, name, path)) {
		rc = check_language(fed_text_str(&stem), err);
		if (rc == FED_OK)
			rc = fed_fail(err,
			              "no %s.c here and none in a folder %s; `new-plugin KIND %s` writes one",
			              fed_show(fed_text_str(&stem)).s, fed_show(fed_text_str(&stem)).s,
			              fed_show(last_part(fed_text_str(&stem))).s);
	}
	if (rc == FED_OK && path->failed)
		rc = fed_fail(err, "out of memory (a path)");
	fed_text_release(&stem);
	return rc;
}

int fed__plugin_object(const char *name, struct fed_text *path, struct fed_error *err)
{
	struct fed_text stem = {0};
	int rc = stem_of(name, ".so", &stem, err);

	fed_path_expand(name, path);
	if (rc == FED_OK && !is_file(fed_text_str(path)) && !find(fed_text_str(&stem), ".so", path)) {
		fed_text_clear(path);
		fed_path_expand(name, path);
		if (!ends_with(name, ".so"))
			rc = fed_fail(err,
			              "no %s.so here and none in a folder %s; `build %s` makes it from %s.c",
			              fed_show(name).s, fed_show(name).s, fed_show(name).s,
			              fed_show(last_part(fed_text_str(&stem))).s);
	}
	if (rc == FED_OK && path->failed)
		rc = fed_fail(err, "out of memory (a path)");
	fed_text_release(&stem);
	return rc;
}

void fed__plugin_object_of(const char *source, struct fed_text *path)
{
	const size_t n = strlen(source) - (ends_with(source, ".c") ? 2 : 0);

	fed_text_add(path, "%.*s.so", (int)n, source);
}

const struct fed_entry *fed__plugin_of(const struct fed_shell *shell, const char *object)
{
	const struct fed_registry *plugins = fed_session_plugins(shell->session);
	char *absolute = realpath(object, NULL); /* by malloc, not base/mem.h */
	const struct fed_entry *e, *found = NULL;

	for (enum fed_kind kind = FED_KIND_AGGREGATOR; absolute && kind <= FED_KIND_LAST; kind++)
		for (size_t i = 0; (e = fed_registry_at(plugins, kind, i)); i++)
			if (strcmp(e->path, absolute) == 0)
				found = e;
	free(absolute);
	return found;
}

const struct fed_entry *fed__plugin_named(const struct fed_shell *shell, const char *name, size_t k)
{
	const struct fed_registry *plugins = fed_session_plugins(shell->session);
	const struct fed_entry *e;

	for (enum fed_kind kind = FED_KIND_AGGREGATOR; kind <= FED_KIND_LAST; kind++)
		for (size_t i = 0; (e = fed_registry_at(plugins, kind, i)); i++)
			if (fed_same_name(e->head->name, name) && k-- == 0)
				return e;
	return NULL;
}

static const char *plugin_at(const void *ctx, size_t i)
{
	return fed__hint_name(ctx, "plugin", i);
}

const struct fed_entry *fed__plugin_find(const struct fed_shell *shell, const char *name,
                                         struct fed_error *err)
{
	const struct fed_entry *e = fed__plugin_named(shell, name, 0);
	const char *near = e ? NULL : fed_nearest(name, plugin_at, shell);

	if (near)
		fed_fail(err, "no plugin is called %s; did you mean %s?", fed_show(name).s, near);
	else if (!e)
		fed_fail(err, "no plugin is called %s; `plugins` lists them", fed_show(name).s);
	return e;
}
