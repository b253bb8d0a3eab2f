/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/idx_files.c - the four files of a data set in a folder of IDX files.
 *
 * Names are sorted before anything is chosen: nothing depends on the order of a directory.
 */
#include "data/readers/idx_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/mem.h"

/* The endings of the files' names, after any prefix ("emnist-letters-"); '.' matches '-'. */
static const struct ending {
	const char *text;
	enum fed_idx_role role;
} endings[] = {
	{"train-images-idx3-ubyte", FED_IDX_TRAIN_IMAGES},
	{"train-labels-idx1-ubyte", FED_IDX_TRAIN_LABELS},
	{"t10k-images-idx3-ubyte", FED_IDX_TEST_IMAGES},
	{"t10k-labels-idx1-ubyte", FED_IDX_TEST_LABELS},
	{"test-images-idx3-ubyte", FED_IDX_TEST_IMAGES},
	{"test-labels-idx1-ubyte", FED_IDX_TEST_LABELS},
	{"train-images-idx4-ubyte", FED_IDX_TRAIN_IMAGES}, /* in several channels */
	{"t10k-images-idx4-ubyte", FED_IDX_TEST_IMAGES},
	{"test-images-idx4-ubyte", FED_IDX_TEST_IMAGES},
};
/* What joins a prefix to the rest of a name. */
static const char joints[] = "-._ ";

enum { PLAIN, IN_FOLDER, NO_FILE }; /* ranks */

struct sets {
	struct fed_idx_set *set; /* [n], by prefix */
	size_t n;
};

void fed__idx_set_release(struct fed_idx_set *s)
{
	fed_free(s->prefix);
	for (int i = 0; i < FED_IDX_ROLES; i++)
		fed_free(s->path[i]);
	*s = (struct fed_idx_set){0};
}

static void release_sets(struct sets *sets)
{
	for (size_t i = 0; i < sets->n; i++)
		fed__idx_set_release(&sets->set[i]);
	fed_free(sets->set);
}

/* Names ----------------------------------------------------------------------------------- */

static bool same_but_dots(const char *name, const char *ending, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (name[i] != ending[i] && !(name[i] == '.' && ending[i] == '-'))
			return false;
	return true;
}

/* The role of a file by its name; *prefix is the length of the part before the ending. */
static bool role_of(const char *name, enum fed_idx_role *role, size_t *prefix)
{
	size_t len = strlen(name);

	if (!strncmp(name, "._", 2))
		return false;
	if (len > 3 && !strcmp(name + len - 3, ".gz"))
		len -= 3;
	for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
		const size_t n = strlen(endings[i].text);

		if (len >= n && same_but_dots(name + len - n, endings[i].text, n)) {
			*role = endings[i].role;
			*prefix = len - n;
			return true;
		}
	}
	return false;
}

static size_t without_joints(const char *prefix, size_t n)
{
	while (n > 0 && strchr(joints, prefix[n - 1]))
		n--;
	return n;
}

static int is_file_name(const struct dirent *entry)
{
	enum fed_idx_role role;
	size_t prefix;

	return role_of(entry->d_name, &role, &prefix);
}

static int compare_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Sets ------------------------------------------------------------------------------------ */

/* The set of this prefix, a new one if there is none; NULL: out of memory. */
static struct fed_idx_set *set_of(struct sets *sets, const char *prefix, size_t n)
{
	for (size_t i = 0; i < sets->n; i++)
		if (strlen(sets->set[i].prefix) == n && !strncmp(sets->set[i].prefix, prefix, n))
			return &sets->set[i];

	struct fed_idx_set *grown =
		fed_resize(sets->set, sets->n * sizeof *grown, (sets->n + 1) * sizeof *grown);

	if (!grown)
		return NULL;
	sets->set = grown;
	grown[sets->n].prefix = fed_alloc(n + 1);
	if (!grown[sets->n].prefix)
		return NULL;
	memcpy(grown[sets->n].prefix, prefix, n);
	return &grown[sets->n++];
}

/* FOLDER/NAME, or FOLDER/NAME/NAME where that is a folder with the file in it. */
static int locate(struct fed_text *path, const char *folder, const char *name)
{
	struct stat st;

	fed_text_add(path, "%s/%s", folder, name);
	if (stat(fed_text_str(path), &st))
		return NO_FILE;
	if (S_ISREG(st.st_mode))
		return PLAIN;

	const size_t before = path->len;

	if (S_ISDIR(st.st_mode)) {
		fed_text_add(path, "/%s", name);
		if (!stat(fed_text_str(path), &st) && S_ISREG(st.st_mode))
			return IN_FOLDER;
		if (path->len > before)
			path->s[path->len = before] = '\0';
	}
	return NO_FILE;
}

/* Take a file for its role; of several the shortest name, which is the uncompressed one. */
static int take_file(struct sets *sets, const char *folder, const char *name, struct fed_error *err)
{
	enum fed_idx_role role = FED_IDX_TRAIN_IMAGES;
	size_t prefix = 0;
	struct fed_text path = {0};

	role_of(name, &role, &prefix);

	struct fed_idx_set *set = set_of(sets, name, without_joints(name, prefix));
	const int rank = locate(&path, folder, name);
	int rc = set && !path.failed ? FED_OK : fed_fail_memory(err, strlen(folder), "a path");

	if (rc == FED_OK && (!set->path[role] || rank < set->rank[role] ||
	                     (rank == set->rank[role] && path.len < strlen(set->path[role])))) {
		fed_free(set->path[role]);
		set->path[role] = fed_strdup(path.s);
		set->rank[role] = rank;
		if (!set->path[role])
			rc = fed_fail_memory(err, path.len, "a path");
	}
	fed_text_release(&path);
	return rc;
}

static int scan_folder(struct sets *sets, const char *folder, struct fed_error *err)
{
	struct dirent **entry;
	const int n = scandir(folder, &entry, is_file_name, compare_names);
	int rc = FED_OK;

	if (n < 0)
		return fed_fail(err, "%s cannot be opened: %s", fed_show(folder).s, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (rc == FED_OK)
			rc = take_file(sets, folder, entry[i]->d_name, err);
		free(entry[i]);
	}
	free(entry);
	return rc;
}

static bool is_whole(const struct fed_idx_set *s)
{
	for (int i = 0; i < FED_IDX_ROLES; i++)
		if (!s->path[i])
			return false;
	return true;
}

/* Choosing -------------------------------------------------------------------------------- */

/* "prefix=none, prefix=emnist-digits" */
static void put_choices(const struct sets *sets, struct fed_text *out)
{
	for (size_t i = 0; i < sets->n; i++)
		fed_text_add(out, "%sprefix=%s", i ? ", " : "",
		             *sets->set[i].prefix ? fed_show(sets->set[i].prefix).s : "none");
}

static int fail_choice(const struct sets *sets, const char *folder, const char *prefix,
                       struct fed_error *err)
{
	struct fed_text choices = {0};

	put_choices(sets, &choices);
	if (*prefix)
		fed_reject(err, "%s has no data set %s, or several that begin so; there are %.180s",
		           fed_show(folder).s, fed_show(prefix).s, fed_text_str(&choices));
	else
		fed_reject(err, "%s holds several data sets; choose one with %.200s", fed_show(folder).s,
		           fed_text_str(&choices));
	fed_text_release(&choices);
	return FED_REJECT;
}

static int fail_missing(const struct fed_idx_set *s, const char *folder, struct fed_error *err)
{
	const char *missing = endings[0].text;

	for (size_t i = FED_IDX_ROLES; i-- > 0;)
		if (!s || !s->path[i])
			missing = endings[i].text;
	return fed_fail(err, "%s has no file %s%s%s (or .gz)%s", fed_show(folder).s,
	                s && *s->prefix ? fed_show(s->prefix).s : "", s && *s->prefix ? "-" : "",
	                missing, s ? "" : ", and no other data set that can be read");
}

/* Sets that are whole, and the last of them. */
static size_t whole_sets(struct sets *sets, struct fed_idx_set **last)
{
	size_t n = 0;

	for (size_t i = 0; i < sets->n; i++)
		if (is_whole(&sets->set[i])) {
			*last = &sets->set[i];
			n++;
		}
	return n;
}

static int choose_named(struct sets *sets, const char *folder, const char *prefix,
                        struct fed_idx_set **out, struct fed_error *err)
{
	const size_t n = strcmp(prefix, "none") != 0 ? without_joints(prefix, strlen(prefix)) : 0;
	size_t found = 0;

	for (size_t i = 0; i < sets->n; i++) {
		if (strncmp(sets->set[i].prefix, prefix, n) != 0)
			continue;
		if (strlen(sets->set[i].prefix) == n) {
			*out = &sets->set[i];
			return FED_OK;
		}
		found++;
		*out = &sets->set[i];
	}
	return n > 0 && found == 1 ? FED_OK : fail_choice(sets, folder, prefix, err);
}

/* The only set, or the only whole one; which is told. */
static int choose_only(struct sets *sets, const char *folder, struct fed_idx_set **out,
                       struct fed_dataset_notes *notes, struct fed_error *err)
{
	const size_t whole = whole_sets(sets, out);

	if (whole > 1 || (whole == 0 && sets->n > 1))
		return fail_choice(sets, folder, "", err);
	if (whole == 0)
		*out = &sets->set[0];
	if (sets->n == 1)
		return FED_OK;

	struct fed_text text = {0};

	fed_text_add(&text, "%s, the only one of %zu with four files",
	             *(*out)->prefix ? (*out)->prefix : "the one without a prefix", sets->n);
	return fed__note_text(notes, FED_NOTE_TOLD, "data set", "prefix=", &text, err);
}

/* Folders below ----------------------------------------------------------------------------- */

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

bool fed__idx_found(const char *folder)
{
	struct dirent **entry;
	const int n = scandir(folder, &entry, is_file_name, NULL);

	for (int i = 0; i < n; i++)
		free(entry[i]);
	if (n >= 0)
		free(entry);
	return n > 0;
}

/* Append the first folder with such files at most two levels below; false: there is none. */
static bool find_below(const char *folder, int levels, struct fed_text *out)
{
	struct dirent **entry;
	const int n = levels > 0 ? scandir(folder, &entry, is_visible, compare_names) : 0;
	bool found = false;

	for (int i = 0; i < n; i++) {
		struct fed_text path = {0};
		struct stat st;

		fed_text_add(&path, "%s/%s", folder, entry[i]->d_name);
		if (!found && !path.failed && !stat(path.s, &st) && S_ISDIR(st.st_mode)) {
			struct dirent **file;
			const int files = scandir(path.s, &file, is_file_name, compare_names);

			found = files > 0;
			if (found)
				fed_text_add(out, "%s", path.s);
			for (int k = 0; k < files; k++)
				free(file[k]);
			if (files >= 0)
				free(file);
			found = found || find_below(path.s, levels - 1, out);
		}
		fed_text_release(&path);
		free(entry[i]);
	}
	if (n > 0 || (n == 0 && levels > 0))
		free(entry);
	return found;
}

static int fail_none(const char *folder, struct fed_error *err)
{
	struct fed_text below = {0};

	if (find_below(folder, 2, &below) && !below.failed)
		fed_fail(err, "%s has no IDX files, but %s has; name that folder", fed_show(folder).s,
		         fed_show(below.s).s);
	else
		fail_missing(NULL, folder, err);
	fed_text_release(&below);
	return FED_FAIL;
}

int fed__idx_find(struct fed_idx_set *out, const char *folder, const char *prefix,
                  struct fed_dataset_notes *notes, struct fed_error *err)
{
	struct sets sets = {0};
	struct fed_idx_set *chosen = NULL;
	int rc = scan_folder(&sets, folder, err);

	if (rc == FED_OK && sets.n == 0)
		rc = fail_none(folder, err) && *prefix ? FED_REJECT : FED_FAIL;
	if (rc == FED_OK)
		rc = *prefix ? choose_named(&sets, folder, prefix, &chosen, err)
		             : choose_only(&sets, folder, &chosen, notes, err);
	if (rc == FED_OK && !is_whole(chosen))
		rc = fail_missing(chosen, folder, err);
	if (rc == FED_OK) {
		*out = *chosen;
		*chosen = (struct fed_idx_set){0};
	}
	release_sets(&sets);
	return rc;
}
