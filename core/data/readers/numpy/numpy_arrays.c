/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/numpy/numpy_arrays.c - the arrays of a data set in NumPy's files, by their names.
 *
 * Names are compared without case and joints: X_train, xtrain and x-train are one.
 */
#include "data/readers/numpy/numpy_arrays.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/readers/encoding.h"
#include "data/source_internal.h"
#include "formats/npy.h"
#include "formats/npz.h"

enum { NAMES_MAX = 10000, NAME_BYTES = 256, ALTERNATIVES = 10 };

/* Names of each role: of arrays for training, and of those that hold all examples. */
static const char *const usual[FED_NUMPY_ROLES][ALTERNATIVES + 1] = {
	[FED_NUMPY_X] = {"xtrain", "trainx", "trainimages", "imagestrain", "traindata", "datatrain",
                     "trainfeatures", "traininputs", "inputstrain"},
	[FED_NUMPY_Y] = {"ytrain", "trainy", "trainlabels", "labelstrain", "traintargets",
                     "targetstrain", "trainlabel"},
	[FED_NUMPY_TEST_X] = {"xtest", "testx", "testimages", "imagestest", "testdata", "datatest",
                          "testfeatures", "testinputs", "inputstest"},
	[FED_NUMPY_TEST_Y] = {"ytest", "testy", "testlabels", "labelstest", "testtargets",
                          "targetstest", "testlabel"},
	[FED_NUMPY_CLIENT] = {"clienttrain", "trainclient", "clientstrain", "client", "clients",
                          "clientid", "user", "users", "userid", "owner"},
};
static const char *const alone[FED_NUMPY_ROLES][ALTERNATIVES + 1] = {
	[FED_NUMPY_X] = {"x", "images", "image", "data", "inputs", "input", "features", "arr0"},
	[FED_NUMPY_Y] = {"y", "labels", "label", "targets", "target", "arr1"},
};
/* The arguments that name them. */
static const char *const keys[FED_NUMPY_ROLES] = {"inputs", "labels", "test-inputs", "test-labels",
                                                  "client"};

/* What an archive or a folder has. */
struct numpy_names {
	char **name; /* [n] */
	size_t n;
	bool failed;
};

static void release_names(struct numpy_names *l)
{
	for (size_t i = 0; i < l->n; i++)
		fed_free(l->name[i]);
	fed_free(l->name);
}

static void add_name(struct numpy_names *l, const char *s, size_t n)
{
	char **const grown = l->n < NAMES_MAX
	                         ? fed_resize(l->name, l->n * sizeof *grown, (l->n + 1) * sizeof *grown)
	                         : NULL;

	l->failed |= !grown;
	if (!grown)
		return;
	l->name = grown;
	l->name[l->n] = fed_alloc(n + 1);
	l->failed |= !l->name[l->n];
	if (l->name[l->n])
		memcpy(l->name[l->n++], s, n);
}

/* Choosing -------------------------------------------------------------------------------- */

static void plain(const char *name, char out[NAME_BYTES])
{
	size_t n = 0;

	for (; *name && n + 1 < NAME_BYTES; name++)
		if (!strchr("_-. ", *name))
			out[n++] = (char)tolower((unsigned char)*name);
	out[n] = '\0';
}

static const char *find_usual(const struct numpy_names *l, const char *const *words)
{
	for (; *words; words++)
		for (size_t i = 0; i < l->n; i++) {
			char name[NAME_BYTES];

			plain(l->name[i], name);
			if (!strcmp(name, *words))
				return l->name[i];
		}
	return NULL;
}

static void put_names(const struct numpy_names *l, struct fed_text *out)
{
	for (size_t i = 0; i < l->n && i < 8; i++)
		fed_text_add(out, "%s%.24s", i ? ", " : "", fed_show(l->name[i]).s);
	if (l->n > 8)
		fed_text_add(out, " and %zu more", l->n - 8);
}

static int fail_names(const struct numpy_names *l, const char *path, const char *what,
                      enum fed_numpy_role role, struct fed_error *err)
{
	struct fed_text names = {0};

	put_names(l, &names);
	fed_fail(err, "%.60s has no array %.30s; say %s=NAME; it has %s", fed_show(path).s, what,
	         keys[role], l->n ? fed_text_str(&names) : "none");
	fed_text_release(&names);
	return FED_FAIL;
}

/* The array of a role among the names, as told or by a usual name; NULL: there is none. */
static int choose(const struct numpy_names *l, const char *path, const char *told,
                  enum fed_numpy_role role, const char **out, struct fed_error *err)
{
	*out = NULL;
	if (!strcmp(told, "none"))
		return FED_OK;
	for (size_t i = 0; *told && i < l->n; i++) {
		const size_t n = strlen(l->name[i]);

		if (!strncmp(told, l->name[i], n) && (!told[n] || !strcmp(told + n, ".npy")))
			*out = l->name[i];
	}
	if (*told && !*out)
		return fail_names(l, path, fed_show(told).s, role, err);
	if (!*out)
		*out = find_usual(l, usual[role]);
	if (!*out)
		*out = find_usual(l, alone[role]);
	return FED_OK;
}

/* The names that the search found for all roles, told unless they are Keras's, and what else there
 * is. */
static int note_names(const struct numpy_names *l, const char *const chosen[FED_NUMPY_ROLES],
                      const char *const told[FED_NUMPY_ROLES], struct fed_dataset_notes *notes,
                      struct fed_error *err)
{
	static const char *const keras[FED_NUMPY_ROLES] = {"x_train", "y_train", "x_test", "y_test",
	                                                   "client_train"};
	struct fed_text text = {0}, others = {0};
	size_t left = 0;
	bool guessed = false;

	for (int role = 0; role < FED_NUMPY_ROLES; role++)
		if (chosen[role]) {
			fed_text_add(&text, "%s%s %s", text.len ? ", " : "", keys[role],
			             fed_show(chosen[role]).s);
			guessed |= !*told[role] && strcmp(chosen[role], keras[role]) != 0;
		}
	for (size_t i = 0; i < l->n; i++) {
		bool used = false;

		for (int role = 0; role < FED_NUMPY_ROLES; role++)
			used |= chosen[role] == l->name[i];
		if (!used && left++ < 8)
			fed_text_add(&others, "%s%s", others.len ? ", " : "", fed_show(l->name[i]).s);
	}

	int rc = fed__note_text(notes, guessed ? FED_NOTE_TOLD : FED_NOTE_LISTED, "arrays",
	                        guessed ? "inputs=, labels=" : NULL, &text, err);

	if (rc == FED_OK && left)
		return fed__note_text(notes, FED_NOTE_LISTED, "left out", NULL, &others, err);
	fed_text_release(&others);
	return rc;
}

static int choose_all(const struct numpy_names *l, const char *path,
                      const char *const told[FED_NUMPY_ROLES], const char *chosen[FED_NUMPY_ROLES],
                      struct fed_dataset_notes *notes, struct fed_error *err)
{
	if (l->failed)
		return fed_fail(err, "%s: more names of arrays than fit into memory", fed_show(path).s);
	for (int role = 0; role < FED_NUMPY_ROLES; role++)
		if (choose(l, path, told[role], role, &chosen[role], err))
			return FED_FAIL;
	if (!chosen[FED_NUMPY_X])
		return fail_names(l, path, "of a usual name for the inputs (x_train, x)", FED_NUMPY_X, err);
	if (!chosen[FED_NUMPY_Y])
		return fail_names(l, path, "of a usual name for labels (y_train, y)", FED_NUMPY_Y, err);
	if (chosen[FED_NUMPY_TEST_X] && !chosen[FED_NUMPY_TEST_Y])
		return fail_names(l, path, "for labels of the test (y_test)", FED_NUMPY_TEST_Y, err);
	if (!chosen[FED_NUMPY_TEST_X])
		chosen[FED_NUMPY_TEST_Y] = NULL;
	return note_names(l, chosen, told, notes, err);
}

static int set_name(struct fed_numpy_array *a, const char *name, struct fed_error *err)
{
	a->name = fed_strdup(fed_show(name).s);
	return a->name ? FED_OK : fed_fail_memory(err, strlen(name), "a name");
}

/* Files ----------------------------------------------------------------------------------- */

/* Bytes that may be read: the system grants more memory than it has, and ends who uses it. */
static uint64_t most_bytes(void)
{
	const double available = fed_mem_available();

	return available < (double)FED_DATASET_MAX_BYTES ? (uint64_t)available : FED_DATASET_MAX_BYTES;
}

static int read_file(struct fed_numpy_array *a, const char *path, struct fed_error *err)
{
	struct fed_error why;
	int rc = fed_file_read(path, most_bytes(), &a->file, err);

	if (rc == FED_OK && fed_npy_parse_any(a->file.s, a->file.len, &a->tensor, &why))
		rc = fed_fail(err, "%s %s", fed_show(path).s, why.text);
	return rc;
}

static int is_array_name(const struct dirent *entry)
{
	const size_t n = strlen(entry->d_name);

	return n > 4 && !strcmp(entry->d_name + n - 4, ".npy") && *entry->d_name != '.';
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int list_folder(struct numpy_names *l, const char *folder, struct fed_error *err)
{
	struct dirent **entry = NULL;
	const int n = scandir(folder, &entry, is_array_name, by_name);

	if (n < 0)
		return fed_fail(err, "%s cannot be opened: %s", fed_show(folder).s, strerror(errno));
	for (int i = 0; i < n; i++) {
		add_name(l, entry[i]->d_name, strlen(entry[i]->d_name) - 4);
		free(entry[i]);
	}
	free(entry);
	return FED_OK;
}

bool fed__numpy_has_files(const char *folder)
{
	struct numpy_names l = {0};
	struct fed_error unused;
	const bool has = list_folder(&l, folder, &unused) == FED_OK && l.n > 0;

	release_names(&l);
	return has;
}

static int read_folder(struct fed_numpy_arrays *a, const char *folder,
                       const char *const told[FED_NUMPY_ROLES], struct fed_dataset_notes *notes,
                       struct fed_error *err)
{
	const char *chosen[FED_NUMPY_ROLES] = {0};
	struct numpy_names l = {0};
	int rc = list_folder(&l, folder, err);

	if (rc == FED_OK)
		rc = choose_all(&l, folder, told, chosen, notes, err);
	for (int role = 0; rc == FED_OK && role < FED_NUMPY_ROLES; role++) {
		struct fed_text path = {0};

		if (!chosen[role])
			continue;
		fed_text_add(&path, "%s/%s.npy", folder, chosen[role]);
		rc = path.failed ? fed_fail_memory(err, strlen(folder), "a path")
		                 : set_name(&a->of[role], chosen[role], err);
		if (rc == FED_OK)
			rc = read_file(&a->of[role], path.s, err);
		fed_text_release(&path);
	}
	release_names(&l);
	return rc;
}

/* A file that an argument names: as it is typed, or in the folder of the inputs. */
static int find_beside(struct fed_text *path, const char *typed, const char *inputs)
{
	const char *const slash = strrchr(inputs, '/');
	struct stat st;

	fed_path_expand(typed, path);
	if (!path->failed && stat(fed_text_str(path), &st) && *typed != '/' && slash) {
		fed_text_clear(path);
		fed_text_add(path, "%.*s/%s", (int)(slash - inputs), inputs, typed);
	}
	return path->failed;
}

static int read_pair(struct fed_numpy_arrays *a, const char *inputs,
                     const char *const told[FED_NUMPY_ROLES], struct fed_error *err)
{
	if (!fed__numpy_is_array(inputs))
		return fed_fail(err, "%s is no file of a NumPy array", fed_show(inputs).s);
	if (!*told[FED_NUMPY_Y])
		return fed_reject(err,
		                  "%s is one array; say labels=FILE.npy, or name a folder or an .npz "
		                  "file with both",
		                  fed_show(inputs).s);
	if (*told[FED_NUMPY_TEST_X] && !*told[FED_NUMPY_TEST_Y])
		return fed_reject(err, "test-inputs= needs test-labels=FILE.npy");
	for (int role = 0; role < FED_NUMPY_ROLES; role++) {
		const char *const typed = role == FED_NUMPY_X ? inputs : told[role];
		const char *const slash = strrchr(typed, '/');
		struct fed_text path = {0};
		int rc = FED_OK;

		if (!*typed || !strcmp(typed, "none") ||
		    (role == FED_NUMPY_TEST_Y && !a->of[FED_NUMPY_TEST_X].name))
			continue;
		if (find_beside(&path, typed, inputs))
			rc = fed_fail_memory(err, strlen(typed), "a path");
		if (rc == FED_OK)
			rc = set_name(&a->of[role], slash ? slash + 1 : typed, err);
		if (rc == FED_OK)
			rc = read_file(&a->of[role], fed_text_str(&path), err);
		fed_text_release(&path);
		if (rc)
			return rc;
	}
	return FED_OK;
}

/* Archives -------------------------------------------------------------------------------- */

/* Takes the names, never an array. */
static bool list_wanted(void *ctx, const char *name, size_t n)
{
	add_name(ctx, name, n);
	return false;
}

static int take_none(void *ctx, const struct fed_stored_tensor *t, struct fed_error *err)
{
	(void)ctx, (void)t, (void)err;
	return FED_OK;
}

struct archive {
	struct fed_numpy_arrays *arrays;
	const char *chosen[FED_NUMPY_ROLES];
};

static bool is_role(const struct archive *a, int role, const char *name, size_t n)
{
	return a->chosen[role] && strlen(a->chosen[role]) == n && !memcmp(a->chosen[role], name, n) &&
	       !a->arrays->of[role].name;
}

static bool is_chosen(void *ctx, const char *name, size_t n)
{
	bool chosen = false;

	for (int role = 0; role < FED_NUMPY_ROLES; role++)
		chosen |= is_role(ctx, role, name, n);
	return chosen;
}

/* Take an array for all of its roles; the first owns its bytes. */
static int take_array(void *ctx, const struct fed_stored_tensor *t, struct fed_error *err)
{
	struct archive *const a = ctx;

	for (int role = 0; role < FED_NUMPY_ROLES; role++) {
		struct fed_numpy_array *const array = &a->arrays->of[role];

		if (!is_role(a, role, t->name, t->name_length))
			continue;
		array->tensor = *t;
		array->block = *t->buffer;
		*t->buffer = NULL;
		if (set_name(array, a->chosen[role], err))
			return FED_FAIL;
	}
	return FED_OK;
}

static int read_archive(struct fed_numpy_arrays *arrays, const char *path,
                        const char *const told[FED_NUMPY_ROLES], struct fed_dataset_notes *notes,
                        struct fed_error *err)
{
	struct archive a = {.arrays = arrays};
	struct numpy_names l = {0};
	const struct fed_tensor_taker list = {.take = take_none, .ctx = &l, .wanted = list_wanted};
	const struct fed_tensor_taker take = {
		.take = take_array, .ctx = &a, .wanted = is_chosen, .any = true};
	struct fed_text file = {0};
	struct fed_error why;
	int rc = fed_file_read(path, most_bytes(), &file, err);

	if (rc == FED_OK && fed_npz_read(file.s, file.len, 0, &list, &why))
		rc = fed_fail(err, "%s %s", fed_show(path).s, why.text);
	if (rc == FED_OK)
		rc = choose_all(&l, path, told, a.chosen, notes, err);
	if (rc == FED_OK && fed_npz_read(file.s, file.len, most_bytes(), &take, &why))
		rc = fed_fail(err, "%s: %.250s", fed_show(path).s, why.text);
	fed_text_release(&file);
	release_names(&l);
	return rc;
}

static bool begins_with(const char *path, const char *bytes, size_t n)
{
	struct fed_error unused;
	char head[8];
	size_t got = 0;

	return fed__text_peek(path, head, n, &got, &unused) == FED_OK && got == n &&
	       !memcmp(head, bytes, n);
}

bool fed__numpy_is_array(const char *path)
{
	return begins_with(path, "\x93NUMPY", 6);
}

bool fed__numpy_is_archive(const char *path)
{
	return begins_with(path, "PK\x03\x04", 4) || begins_with(path, "PK\x05\x06", 4);
}

int fed__numpy_find(struct fed_numpy_arrays *a, const char *path,
                    const char *const told[FED_NUMPY_ROLES], struct fed_dataset_notes *notes,
                    struct fed_error *err)
{
	const size_t n = strlen(path);
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(a, path, told, notes, err);
	if (n > 4 && !strcmp(path + n - 4, ".npy") && !fed__numpy_is_archive(path))
		return read_pair(a, path, told, err);
	return fed__numpy_is_array(path) ? read_pair(a, path, told, err)
	                                 : read_archive(a, path, told, notes, err);
}

void fed__numpy_arrays_release(struct fed_numpy_arrays *a)
{
	for (int role = 0; role < FED_NUMPY_ROLES; role++) {
		fed_free(a->of[role].name);
		fed_free(a->of[role].block);
		fed_text_release(&a->of[role].file);
	}
	*a = (struct fed_numpy_arrays){0};
}
