/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/layout.c - what the folders of pictures stand for.
 */
#include "data/readers/pictures/layout.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/text.h"

static const char *const levels_names[] = {
	[FED_PICTURE_LEVELS_CLASSES] = "CLASS/picture",
	[FED_PICTURE_LEVELS_CLIENTS] = "CLIENT/CLASS/picture",
};

/* Paths ----------------------------------------------------------------------------------- */

/* A folder's name within a path. */
struct folder_word {
	const char *s;
	size_t n;
};

/* Folder k of a path; n 0: there is none. */
static struct folder_word folder_at(const char *path, int k)
{
	const char *end = strchr(path, '/');

	for (; k > 0 && end; k--) {
		path = end + 1;
		end = strchr(path, '/');
	}
	return end ? (struct folder_word){path, (size_t)(end - path)} : (struct folder_word){path, 0};
}

static bool same(struct folder_word a, struct folder_word b)
{
	return a.n == b.n && !memcmp(a.s, b.s, a.n);
}

static bool is_one_of(struct folder_word w, const char *const *names)
{
	for (; *names; names++)
		if (strlen(*names) == w.n && !strncasecmp(*names, w.s, w.n))
			return true;
	return false;
}

/* Parts ----------------------------------------------------------------------------------- */

static const char *const train_names[] = {"train", "training", NULL};
static const char *const test_names[] = {"test", "testing", NULL};
static const char *const validation_names[] = {"val", "valid", "validation", NULL};

struct arrangement {
	const struct fed_picture_tree *tree;
	int skip;                /* folders above those of clients and classes */
	bool parts;              /* the last of these says which part */
	const char *const *test; /* names of the test part's folder; NULL: there is none */
	uint32_t out;            /* pictures that belong to no class or no part */
	const char *first_out;
	enum fed_picture_levels levels;
};

static bool any(const struct fed_picture_tree *tree, int skip, const char *const *names)
{
	for (size_t i = 0; i < tree->n; i++)
		if (is_one_of(folder_at(tree->path[i], skip), names))
			return true;
	return false;
}

/* Whether all pictures are in one folder, of any name, at this depth. */
static bool is_wrapped(const struct fed_picture_tree *tree, int skip)
{
	const struct folder_word first = folder_at(tree->path[0], skip);

	for (size_t i = 0; i < tree->n; i++)
		if (!same(folder_at(tree->path[i], skip), first) ||
		    folder_at(tree->path[i], skip + 1).n == 0)
			return false;
	return first.n > 0;
}

/* Find train/ and test/, below folders that hold all the rest. */
static void find_parts(struct arrangement *f)
{
	while (!any(f->tree, f->skip, train_names) && is_wrapped(f->tree, f->skip))
		f->skip++;
	if (!any(f->tree, f->skip, train_names))
		return;
	f->parts = true;
	f->test = any(f->tree, f->skip, test_names)         ? test_names
	          : any(f->tree, f->skip, validation_names) ? validation_names
	                                                    : NULL;
	f->skip++;
}

/* Whether picture i counts: it is in a part and in a folder of a class. */
static bool is_in(const struct arrangement *f, size_t i)
{
	const char *path = f->tree->path[i];
	const struct folder_word part =
		f->parts ? folder_at(path, f->skip - 1) : (struct folder_word){0};
	const int levels = f->levels == FED_PICTURE_LEVELS_CLIENTS ? 2 : 1;

	if (f->parts && !is_one_of(part, train_names) && !(f->test && is_one_of(part, f->test)))
		return false;
	return folder_at(path, f->skip + levels - 1).n > 0;
}

/* Levels ---------------------------------------------------------------------------------- */

/* Folders of clients hold folders of several names, and no pictures themselves. */
static enum fed_picture_levels guess_levels(const struct arrangement *f)
{
	struct folder_word first = {0};
	bool several = false;

	for (size_t i = 0; i < f->tree->n; i++) {
		const struct folder_word below = folder_at(f->tree->path[i], f->skip + 1);

		if (folder_at(f->tree->path[i], f->skip).n == 0 || !is_in(f, i))
			continue;
		if (below.n == 0)
			return FED_PICTURE_LEVELS_CLASSES;
		several = several || (first.n > 0 && !same(first, below));
		first = below;
	}
	return several ? FED_PICTURE_LEVELS_CLIENTS : FED_PICTURE_LEVELS_CLASSES;
}

/* Whether all pictures that count have a folder of a class below one of a client. */
static bool has_two_levels(const struct arrangement *f)
{
	for (size_t i = 0; i < f->tree->n; i++)
		if (is_in(f, i) && folder_at(f->tree->path[i], f->skip + 1).n == 0)
			return false;
	return true;
}

/* Names ----------------------------------------------------------------------------------- */

static bool is_number(const char *s)
{
	long long unused;

	return fed_parse_int(s, &unused);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_value(const void *a, const void *b)
{
	long long x = 0, y = 0;

	fed_parse_int(*(const char *const *)a, &x);
	fed_parse_int(*(const char *const *)b, &y);
	return x < y ? -1 : x > y ? 1 : by_bytes(a, b);
}

/* Sort n names and drop those that are there twice; whole numbers in numeric order. */
static uint32_t sort_names(const char **name, size_t n)
{
	size_t kept = 0;
	bool numbers = true;

	for (size_t i = 0; i < n; i++)
		numbers = numbers && is_number(name[i]);
	qsort(name, n, sizeof *name, numbers ? by_value : by_bytes);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(name[kept - 1], name[i]) != 0)
			name[kept++] = name[i];
	return (uint32_t)kept;
}

static uint32_t place_of(const char *wanted, const char *const *name, uint32_t n)
{
	const bool numbers = is_number(name[0]) && is_number(name[n - 1]);
	const char **at = bsearch(&wanted, name, n, sizeof *name, numbers ? by_value : by_bytes);

	if (at)
		return (uint32_t)(at - (const char **)name);
	for (uint32_t k = 0; k < n; k++) /* numbers at both ends, and words between */
		if (!strcmp(name[k], wanted))
			return k;
	return 0;
}

/* Making it --------------------------------------------------------------------------------- */

/* Memory for all names that pictures bring, class and owner of each. */
static int allocate(struct fed_picture_layout *l, size_t n, size_t bytes, struct fed_error *err)
{
	l->item = fed_alloc_array(n, sizeof *l->item);
	l->class_name = fed_alloc_array(n, sizeof *l->class_name);
	l->owner_name = fed_alloc_array(n, sizeof *l->owner_name);
	l->names = fed_alloc(bytes);
	return l->item && l->class_name && l->owner_name && l->names
	           ? FED_OK
	           : fed_fail_memory(err, bytes + n * sizeof *l->item, "the pictures' names");
}

/* Append a NUL-terminated copy of w at *to. */
static const char *put_word(char **to, struct folder_word w)
{
	char *s = *to;

	memcpy(s, w.s, w.n);
	s[w.n] = '\0';
	*to += w.n + 1;
	return s;
}

/* Items of one part; class and owner of each are numbers of names that are not sorted yet. */
static void collect(struct fed_picture_layout *l, const struct arrangement *f, bool test,
                    char **names)
{
	const bool clients = f->levels == FED_PICTURE_LEVELS_CLIENTS;

	for (size_t i = 0; i < f->tree->n; i++) {
		const char *path = f->tree->path[i];

		if (!is_in(f, i) ||
		    test != (f->parts && !is_one_of(folder_at(path, f->skip - 1), train_names)))
			continue;
		l->class_name[l->n] = put_word(names, folder_at(path, f->skip + clients));
		if (clients)
			l->owner_name[l->n] = put_word(names, folder_at(path, f->skip));
		l->item[l->n++] = (struct fed_picture_item){.path = path, .test = test};
	}
}

/* Turn the names of all pictures into sorted ones and each picture's place among them. */
static int settle(struct fed_picture_layout *l, bool clients, struct fed_error *err)
{
	const char **class = fed_alloc_array(l->n, sizeof *class);
	const char **owner = fed_alloc_array(l->n, sizeof *owner);
	size_t trained = 0;

	if (!class || !owner) {
		fed_free(class);
		fed_free(owner);
		return fed_fail_memory(err, l->n * sizeof *class, "the pictures' names");
	}
	memcpy(class, l->class_name, l->n * sizeof *class);
	memcpy(owner, l->owner_name, l->n * sizeof *owner);
	while (trained < l->n && !l->item[trained].test)
		trained++;
	l->classes = sort_names(l->class_name, l->n);
	l->owners = clients && trained ? sort_names(l->owner_name, trained) : 0;
	for (size_t i = 0; i < l->n; i++) {
		l->item[i].class = place_of(class[i], l -> class_name, l -> classes);
		if (l->owners && i < trained)
			l->item[i].owner = place_of(owner[i], l->owner_name, l->owners);
	}
	fed_free(class);
	fed_free(owner);
	return FED_OK;
}

static int add_notes(const struct fed_picture_layout *l, const struct arrangement *f, bool guessed,
                     struct fed_dataset_notes *notes, struct fed_error *err)
{
	const bool clients = f->levels == FED_PICTURE_LEVELS_CLIENTS;
	const char *path = f->tree->path[0];
	const struct folder_word above =
		f->skip > f->parts ? folder_at(path, f->skip - f->parts - 1) : (struct folder_word){0};
	int rc = fed__note(notes, guessed && clients ? FED_NOTE_TOLD : FED_NOTE_LISTED, "folders",
	                   !guessed            ? NULL
	                   : clients           ? "layout=classes"
	                   : has_two_levels(f) ? "layout=clients"
	                                       : NULL,
	                   err, "%s%s",
	                   !l->parts               ? ""
	                   : f->test == test_names ? "train|test/"
	                                           : "train|val/",
	                   levels_names[f->levels]);

	if (rc == FED_OK && above.n > 0)
		rc = fed__note(notes, FED_NOTE_TOLD, "files", NULL, err, "those in %.*s",
		               (int)(above.s + above.n - path), path);
	if (rc == FED_OK && f->out)
		rc = fed__note(notes, FED_NOTE_TOLD, "left out", NULL, err,
		               "%s picture%s in no folder of a class or a part, the first %s",
		               fed_count(f->out).s, f->out == 1 ? "" : "s", fed_show(f->first_out).s);
	if (rc == FED_OK && f->tree->others)
		rc = fed__note(notes, FED_NOTE_TOLD, "other files", NULL, err,
		               "%s that %s no PNG or JPEG by the name, the first %s",
		               fed_count(f->tree->others).s, f->tree->others == 1 ? "is" : "are",
		               f->tree->other);
	return rc;
}

/* Count what is left out; the bytes of the names of the rest. */
static size_t sift(struct arrangement *f)
{
	size_t bytes = 1;

	for (size_t i = 0; i < f->tree->n; i++) {
		if (is_in(f, i))
			bytes += strlen(f->tree->path[i]) + 2;
		else if (f->out++ == 0)
			f->first_out = f->tree->path[i];
	}
	return bytes;
}

int fed__picture_layout_make(struct fed_picture_layout *l, const struct fed_picture_tree *tree,
                             const char *root, enum fed_picture_levels levels,
                             struct fed_dataset_notes *notes, struct fed_error *err)
{
	struct arrangement f = {.tree = tree, .levels = FED_PICTURE_LEVELS_CLASSES};

	*l = (struct fed_picture_layout){0};
	if (tree->n == 0)
		return fed_fail(err, "%s holds no pictures", fed_show(root).s);
	find_parts(&f);
	f.levels = levels == FED_PICTURE_LEVELS_AUTO ? guess_levels(&f) : levels;
	const size_t bytes = sift(&f);
	if (f.out == tree->n)
		return fed_fail(err,
		                "the %s pictures of %s are in no folders of classes (%s); give each class "
		                "a folder%s",
		                fed_count((double)tree->n).s, fed_show(root).s, levels_names[f.levels],
		                levels == FED_PICTURE_LEVELS_CLIENTS ? ", or say layout=classes" : "");
	if (allocate(l, tree->n, bytes, err))
		return FED_FAIL;
	char *names = l->names;
	collect(l, &f, false, &names);
	collect(l, &f, true, &names);
	l->parts = f.parts && f.test;
	if (settle(l, f.levels == FED_PICTURE_LEVELS_CLIENTS, err))
		return FED_FAIL;
	return add_notes(l, &f, levels == FED_PICTURE_LEVELS_AUTO, notes, err);
}

void fed__picture_layout_release(struct fed_picture_layout *l)
{
	fed_free(l->item);
	fed_free(l->class_name);
	fed_free(l->owner_name);
	fed_free(l->names);
	*l = (struct fed_picture_layout){0};
}
