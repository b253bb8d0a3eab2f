/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/pictures/tree.c - the pictures in a folder and in those below it.
 */
#include "data/readers/pictures/tree.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/mem.h"
#include "base/text.h"

enum { DEPTH = 8, FIRST_NAMES = 4000, PICTURES_MOST = 1 << 24 };

/* Whether the name ends as those of PNG and JPEG files do. */
static bool is_picture(const char *name)
{
	static const char *const ends[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif"};
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && i < sizeof ends / sizeof *ends; i++)
		if (!strcasecmp(dot, ends[i]))
			return true;
	return false;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Folders from the root to the present one, to leave a link to one of them alone. */
struct tree_place {
	const struct tree_place *above;
	dev_t device;
	ino_t node;
	int depth;
};

struct tree_search {
	struct fed_picture_tree *tree; /* NULL: whether there is one */
	struct fed_text path;          /* of the present folder */
	size_t root;                   /* bytes of the path that are the root's, with its slash */
	uint32_t seen;
	bool found;
};

static bool is_loop(const struct tree_place *at, const struct stat *st)
{
	for (; at; at = at->above)
		if (at->device == st->st_dev && at->node == st->st_ino)
			return true;
	return false;
}

static int add_picture(struct tree_search *s, struct fed_error *err)
{
	struct fed_picture_tree *tree = s->tree;

	s->found = true;
	if (!tree)
		return FED_OK;
	if (tree->n == PICTURES_MOST)
		return fed_fail(err, "holds more than %d pictures", PICTURES_MOST);
	if (tree->n == tree->capacity) {
		const size_t more = tree->capacity ? 2 * tree->capacity : 64;
		char **grown = fed_resize(tree->path, tree->capacity * sizeof *grown, more * sizeof *grown);
		if (!grown)
			return fed_fail_memory(err, more * sizeof *grown, "names of pictures");
		tree->path = grown;
		tree->capacity = more;
	}
	tree->path[tree->n] = fed_strdup(s->path.s + s->root);
	if (!tree->path[tree->n])
		return fed_fail_memory(err, s->path.len, "the name of a picture");
	tree->n++;
	return FED_OK;
}

static void count_other(struct tree_search *s, const char *name)
{
	if (!s->tree)
		return;
	if (s->tree->others++ == 0)
		snprintf(s->tree->other, sizeof s->tree->other, "%.63s", fed_show(name).s);
}

static int search_folder(struct tree_search *s, const struct tree_place *at, struct fed_error *err);

/* The entry whose path is in s. */
static int search_entry(struct tree_search *s, const struct tree_place *at, const char *name,
                        struct fed_error *err)
{
	struct stat st;

	if (stat(s->path.s, &st))
		return FED_OK; /* a link to nothing */
	if (S_ISREG(st.st_mode)) {
		if (is_picture(name))
			return add_picture(s, err);
		count_other(s, name);
	} else if (S_ISDIR(st.st_mode) && at->depth < DEPTH && !is_loop(at, &st)) {
		const struct tree_place below = {at, st.st_dev, st.st_ino, at->depth + 1};

		return search_folder(s, &below, err);
	}
	return FED_OK;
}

/* The folder whose path is in s. */
static int search_folder(struct tree_search *s, const struct tree_place *at, struct fed_error *err)
{
	struct dirent **entry;
	const size_t before = s->path.len;
	const int n = scandir(s->path.s, &entry, is_visible, by_name);
	int rc = FED_OK;

	if (n < 0)
		return s->tree
		           ? fed_fail(err, "%s cannot be read: %s", fed_show(s->path.s).s, strerror(errno))
		           : FED_OK;
	for (int i = 0; i < n; i++) {
		const bool goes_on = rc == FED_OK && (s->tree || (!s->found && s->seen++ < FIRST_NAMES));

		if (goes_on) {
			fed_text_add(&s->path, "/%s", entry[i]->d_name);
			rc = s->path.failed ? fed_fail_memory(err, s->path.len, "a path")
			                    : search_entry(s, at, entry[i]->d_name, err);
			s->path.s[s->path.len = before] = '\0';
		}
		free(entry[i]);
	}
	free(entry);
	return rc;
}

static int search(struct tree_search *s, const char *root, struct fed_error *err)
{
	struct stat st;
	int rc = FED_OK;

	fed_text_add(&s->path, "%s", root);
	if (s->path.failed)
		return fed_fail_memory(err, strlen(root), "a path");
	s->root = s->path.len + 1;
	if (stat(root, &st)) {
		rc = fed_fail(err, "%s cannot be read: %s", fed_show(root).s, strerror(errno));
	} else {
		const struct tree_place top = {NULL, st.st_dev, st.st_ino, 0};

		rc = search_folder(s, &top, err);
	}
	fed_text_release(&s->path);
	return rc;
}

int fed__picture_tree_find(struct fed_picture_tree *tree, const char *root, struct fed_error *err)
{
	struct tree_search s = {.tree = tree};

	*tree = (struct fed_picture_tree){0};
	return search(&s, root, err);
}

void fed__picture_tree_release(struct fed_picture_tree *tree)
{
	for (size_t i = 0; i < tree->n; i++)
		fed_free(tree->path[i]);
	fed_free(tree->path);
	*tree = (struct fed_picture_tree){0};
}

bool fed__picture_tree_any(const char *root)
{
	struct tree_search s = {0};
	struct fed_error unused;

	return search(&s, root, &unused) == FED_OK && s.found;
}
