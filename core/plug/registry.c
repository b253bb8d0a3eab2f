/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/registry.c - the table of plugins, ordered by kind and name.
 */
#include "plug/registry.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "plug/descriptor.h"
#include "plug/guard/guard.h"
#include "plug/inside.h"
#include "plug/loader.h"
#include "plug/remote.h"

struct fed_registry {
	struct fed_guard guard;
	struct fed_entry **entry; /* sorted by compare() */
	size_t n, capacity;
	struct fed_entry *former; /* that the last reload replaced, or NULL */
};

static const char *const kind_names[] = {
	[FED_KIND_AGGREGATOR] = "aggregator", [FED_KIND_TRANSPORT] = "transport",
	[FED_KIND_MODEL] = "model",           [FED_KIND_ATTACK] = "attack",
	[FED_KIND_SELECTION] = "selection",   [FED_KIND_CODEC] = "codec"};

const char *fed_kind_name(enum fed_kind kind)
{
	if (kind < FED_KIND_AGGREGATOR || kind > FED_KIND_LAST)
		return "unknown";
	return kind_names[kind];
}

static const char *kind_at(const void *ctx, size_t i)
{
	(void)ctx;
	return i < FED_KIND_LAST ? kind_names[i + 1] : NULL;
}

int fed_kind_parse(const char *name, enum fed_kind *kind, struct fed_error *err)
{
	for (int k = FED_KIND_AGGREGATOR; k <= FED_KIND_LAST; k++) {
		if (strcmp(name, kind_names[k]) == 0) {
			*kind = k;
			return FED_OK;
		}
	}
	const char *near = fed_nearest(name, kind_at, NULL);
	return fed_fail(err,
	                "no kind of plugin is called '%s'%s%s%s; the kinds are aggregator, "
	                "transport, model, attack, selection and codec",
	                fed_show(name).s, near ? " (did you mean " : "", near ? near : "",
	                near ? "?)" : "");
}

int fed_registry_init(struct fed_registry **out, struct fed_error *err)
{
	*out = fed_alloc(sizeof **out);
	return *out ? FED_OK : fed_fail_memory(err, sizeof **out, "the plugins");
}

int fed_registry_guard(struct fed_registry *registry, const char *program, struct fed_error *err)
{
	return fed__guard_init(&registry->guard, program, err);
}

struct fed_guard *fed_registry_guard_of(const struct fed_registry *registry)
{
	return (struct fed_guard *)&registry->guard; /* registries are never constant objects */
}

void fed__entry_free(struct fed_entry *entry)
{
	if (!entry)
		return;
	for (size_t i = 0; entry->guard && entry->fields && entry->fields[i].type != FED_TYPE_END; i++)
		fed_free((void *)(uintptr_t)entry->fields[i].choice);
	fed__inside_remove(entry);
	fed__library_close(entry->library);
	fed_free(entry->words);
	fed_free(entry->fields);
	fed_free(entry->path);
	fed_free(entry);
}

void fed_registry_free(struct fed_registry *registry)
{
	if (!registry)
		return;
	for (size_t i = 0; i < registry->n; i++)
		fed__entry_free(registry->entry[i]);
	fed__entry_free(registry->former);
	fed_free(registry->entry);
	fed__guard_release(&registry->guard);
	fed_free(registry);
}

/* The index of (kind, name), or where to insert it; *found: whether it exists. */
static size_t entry_index(const struct fed_registry *registry, uint32_t kind, const char *name,
                          bool *found)
{
	size_t low = 0, high = registry->n;

	*found = false;
	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const struct fed_head *head = registry->entry[middle]->head;
		const int order =
			head->kind != kind ? (head->kind < kind ? -1 : 1) : strcmp(head->name, name);
		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How a file is opened. */
enum way { AS_IT_IS, AS_A_COPY, GUARDED };

/* Open the file in this process; a copy of it only after a worker, where there are any, has loaded
 * the same bytes: what ends that one would end this one. */
static int open_here(struct fed_entry *entry, enum way way, struct fed_guard *guard,
                     struct fed_error *err)
{
	if (way == AS_IT_IS)
		return fed__library_open(&entry->library, entry->path, err);
	int rc = fed__library_copy(&entry->library, entry->path, false, err);
	if (rc == FED_OK && guard && guard->program)
		rc = fed__guard_prepare(guard, err) ? FED_FAIL : fed__remote_try(entry, guard, err);
	return rc ? rc : fed__library_load(entry->library, err);
}

static int open_library(struct fed_entry *entry, enum way way, struct fed_guard *guard,
                        struct fed_error *err)
{
	if (way == GUARDED) {
		entry->guard = guard;
		if (fed__guard_prepare(guard, err))
			return FED_FAIL;
		const int rc = fed__library_copy(&entry->library, entry->path, guard->sanitized, err);
		return rc ? rc : fed__remote_describe(entry, err);
	}
	int rc = open_here(entry, way, guard, err);
	if (rc == FED_OK)
		rc = fed__descriptor_read(entry->library, entry, err);
	if (rc == FED_OK && !entry->builtin)
		fed__inside_add(entry);
	return rc;
}

/* Load a file, by its absolute path, into an entry of its own.  FED_REJECT: the file is refused. */
static int entry_open(struct fed_entry **out, const char *path, bool builtin, enum way way,
                      struct fed_guard *guard, struct fed_error *err)
{
	struct fed_error why;
	struct fed_entry *entry = fed_alloc(sizeof *entry);
	char *kept = entry ? fed_strdup(path) : NULL;

	if (!kept) {
		fed_free(entry);
		return fed_fail_memory(err, sizeof *entry, "a plugin");
	}
	entry->path = kept;
	entry->builtin = builtin;
	const int rc = open_library(entry, way, guard, &why);
	if (rc == FED_OK) {
		*out = entry;
		return FED_OK;
	}
	/* errors of base/file.h name the file already */
	const struct fed_shown shown = fed_show(kept);
	if (strncmp(why.text, shown.s, strlen(shown.s)) == 0)
		*err = why;
	else
		fed_error_set(err, rc, "%s: %s", shown.s, why.text);
	fed__entry_free(entry);
	return rc;
}

int fed_entry_open(struct fed_entry **out, const char *path, struct fed_error *err)
{
	const int rc = entry_open(out, path, false, AS_IT_IS, NULL, err);
	const size_t n = strlen(path);

	if (rc != FED_OK && strncmp(err->text, path, n) == 0 && strncmp(err->text + n, ": ", 2) == 0)
		memmove(err->text, err->text + n + 2, strlen(err->text + n + 2) + 1);
	return rc;
}

const void *fed_entry_address(const struct fed_entry *entry)
{
	return entry->guard ? NULL : fed__library_symbol(entry->library, "fed_plugin");
}

static int entry_new(struct fed_entry **out, const char *path, bool builtin, enum way way,
                     struct fed_guard *guard, struct fed_error *err)
{
	char *absolute = realpath(path, NULL); /* by malloc, not base/mem.h */

	if (!absolute)
		return fed_reject(err, "%s: %s", fed_show(path).s, strerror(errno));
	const int rc = entry_open(out, absolute, builtin, way, guard, err);
	free(absolute);
	return rc;
}

static int insert(struct fed_registry *registry, struct fed_entry *entry, struct fed_error *err)
{
	const struct fed_head *head = entry->head;
	bool found;
	const size_t place = entry_index(registry, head->kind, head->name, &found);

	if (found && strcmp(registry->entry[place]->path, entry->path) == 0)
		return fed_reject(err, "%s %s is loaded from this file already; use reload %s",
		                  fed_kind_name(head->kind), head->name, head->name);
	if (found)
		return fed_reject(err, "%s: the %s name %s is taken by %s", fed_show(entry->path).s,
		                  fed_kind_name(head->kind), head->name,
		                  fed_show(registry->entry[place]->path).s);
	if (registry->n == registry->capacity) {
		const size_t more = registry->capacity ? 2 * registry->capacity : 32;
		struct fed_entry **grown =
			fed_resize(registry->entry, registry->capacity * sizeof *grown, more * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, more * sizeof *grown, "the plugins");
		registry->entry = grown;
		registry->capacity = more;
	}
	memmove(&registry->entry[place + 1], &registry->entry[place],
	        (registry->n - place) * sizeof *registry->entry);
	registry->entry[place] = entry;
	registry->n++;
	return FED_OK;
}

/* FED_REJECT: the file is refused; FED_FAIL: memory. */
static int load_entry(struct fed_registry *registry, const char *path, bool builtin, enum way way,
                      const struct fed_entry **out, struct fed_error *err)
{
	struct fed_entry *entry;
	int rc = entry_new(&entry, path, builtin, way, &registry->guard, err);

	if (rc != FED_OK)
		return rc;
	rc = insert(registry, entry, err);
	if (rc != FED_OK)
		fed__entry_free(entry);
	else if (out)
		*out = entry;
	return rc;
}

int fed_registry_load(struct fed_registry *registry, const char *path,
                      const struct fed_entry **entry, struct fed_error *err)
{
	const enum way way = registry->guard.on ? GUARDED : AS_A_COPY;

	return load_entry(registry, path, false, way, entry, err) == FED_OK ? FED_OK : FED_FAIL;
}

int fed_registry_load_trusted(struct fed_registry *registry, const char *path,
                              const struct fed_entry **entry, struct fed_error *err)
{
	/* a debugger reads the symbols of the file itself, not of a copy */
	const char *in_place = getenv("FEDSH_PLUGINS_IN_PLACE");
	const enum way way = in_place && *in_place ? AS_IT_IS : AS_A_COPY;

	return load_entry(registry, path, false, way, entry, err) == FED_OK ? FED_OK : FED_FAIL;
}

static int is_object(const struct dirent *d)
{
	const size_t n = strlen(d->d_name);

	return n > 3 && d->d_name[0] != '.' && strcmp(d->d_name + n - 3, ".so") == 0;
}

/* Byte order, whatever the locale. */
static int compare_file_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int fed_registry_scan(struct fed_registry *registry, const char *folder, bool builtin,
                      void (*bad)(void *ctx, const char *path, const char *text), void *ctx,
                      struct fed_error *err)
{
	struct dirent **list;
	struct fed_text path = {0};
	struct fed_error why;
	const int n = scandir(folder, &list, is_object, compare_file_names);
	int rc = FED_OK;

	if (n < 0)
		return fed_fail(err, "%s: %s", fed_show(folder).s, strerror(errno));
	for (int i = 0; i < n; i++) {
		fed_text_clear(&path);
		fed_text_add(&path, "%s/%s", folder, list[i]->d_name);
		if (rc == FED_OK && path.failed)
			rc = fed_fail_memory(err, strlen(folder), "a path");
		else if (rc == FED_OK)
			rc = load_entry(registry, path.s, builtin, builtin ? AS_IT_IS : AS_A_COPY, NULL, &why);
		if (rc == FED_REJECT) {
			bad(ctx, path.s, why.text);
			rc = FED_OK;
		} else if (rc == FED_FAIL && !path.failed) {
			*err = why;
		}
		free(list[i]);
	}
	free(list);
	fed_text_release(&path);
	return rc;
}

static const char *names_of(const struct fed_registry *registry, enum fed_kind kind,
                            struct fed_text *out)
{
	const struct fed_entry *entry;

	for (size_t i = 0; (entry = fed_registry_at(registry, kind, i)); i++)
		fed_text_add(out, "%s%s", i ? ", " : "", entry->head->name);
	return fed_text_str(out);
}

struct of_kind {
	const struct fed_registry *registry;
	enum fed_kind kind;
};

static const char *plugin_name_at(const void *ctx, size_t i)
{
	const struct of_kind *of = ctx;
	const struct fed_entry *entry = fed_registry_at(of->registry, of->kind, i);

	return entry ? entry->head->name : NULL;
}

int fed_registry_find(const struct fed_registry *registry, enum fed_kind kind, const char *name,
                      const struct fed_entry **out, struct fed_error *err)
{
	bool found;
	const size_t place = entry_index(registry, kind, name, &found);

	if (found) {
		*out = registry->entry[place];
		return FED_OK;
	}
	const struct of_kind of = {registry, kind};
	const char *near = fed_nearest(name, plugin_name_at, &of);
	struct fed_text names = {0};
	const char *list = names_of(registry, kind, &names);
	fed_fail(err, "no %s%s is called '%s'%s%s%s; loaded are: %s", fed_kind_name(kind),
	         kind == FED_KIND_SELECTION ? " rule" : "", fed_show(name).s,
	         near ? " (did you mean " : "", near ? near : "", near ? "?)" : "",
	         *list ? list : "none");
	fed_text_release(&names);
	return FED_FAIL;
}

const struct fed_entry *fed_registry_at(const struct fed_registry *registry, enum fed_kind kind,
                                        size_t i)
{
	bool found;
	const size_t first = entry_index(registry, kind, "", &found); /* no name is empty */

	if (i >= registry->n - first || registry->entry[first + i]->head->kind != (uint32_t)kind)
		return NULL;
	return registry->entry[first + i];
}

/* The index of an entry without instances. */
static int find_idle(struct fed_registry *registry, enum fed_kind kind, const char *name,
                     size_t *place, struct fed_error *err)
{
	const struct fed_entry *entry;
	bool found;

	if (fed_registry_find(registry, kind, name, &entry, err))
		return FED_FAIL;
	if (entry->users)
		return fed_fail(err, "%s %s is in use; choose another %s first", fed_kind_name(kind), name,
		                fed_kind_name(kind));
	*place = entry_index(registry, kind, name, &found);
	return FED_OK;
}

int fed_registry_unload(struct fed_registry *registry, enum fed_kind kind, const char *name,
                        struct fed_error *err)
{
	size_t place = 0;

	if (find_idle(registry, kind, name, &place, err))
		return FED_FAIL;
	if (registry->entry[place]->builtin)
		return fed_fail(err, "%s %s comes with fedsh and stays; only loaded files can be unloaded",
		                fed_kind_name(kind), name);
	fed__entry_free(registry->entry[place]);
	registry->n--;
	memmove(&registry->entry[place], &registry->entry[place + 1],
	        (registry->n - place) * sizeof *registry->entry);
	return FED_OK;
}

int fed_registry_reload(struct fed_registry *registry, enum fed_kind kind, const char *name,
                        const struct fed_entry **out, struct fed_error *err)
{
	struct fed_entry *entry;
	size_t place = 0;

	if (find_idle(registry, kind, name, &place, err))
		return FED_FAIL;
	struct fed_entry *old = registry->entry[place];
	/* a private copy, also of a built-in plugin: dlopen would return the loaded object */
	const enum way way = old->guard ? GUARDED : AS_A_COPY;
	if (entry_new(&entry, old->path, old->builtin, way, &registry->guard, err) != FED_OK)
		return FED_FAIL;
	if (entry->head->kind != (uint32_t)kind || strcmp(entry->head->name, name) != 0) {
		fed_fail(err, "%s: is now %s %s, no longer %s %s; load it under its new name",
		         fed_show(entry->path).s, fed_kind_name(entry->head->kind), entry->head->name,
		         fed_kind_name(kind), name);
		fed__entry_free(entry);
		return FED_FAIL;
	}
	registry->entry[place] = entry;
	fed__entry_free(registry->former);
	registry->former = old;
	*out = entry;
	return FED_OK;
}

bool fed_registry_take_back(struct fed_registry *registry, const struct fed_entry **entry)
{
	struct fed_entry *former = registry->former;
	struct fed_error unused;
	size_t place = 0;

	if (!former ||
	    find_idle(registry, former->head->kind, former->head->name, &place, &unused) != FED_OK)
		return false;
	fed__entry_free(registry->entry[place]);
	registry->entry[place] = former;
	registry->former = NULL;
	*entry = former;
	return true;
}
