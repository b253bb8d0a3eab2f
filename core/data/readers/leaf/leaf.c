/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/leaf/leaf.c - the LEAF source: JSON files of users and their examples.
 */
#include <limits.h>
#include <string.h>

#include "base/mem.h"
#include "data/readers/encoding.h"
#include "data/readers/leaf/leaf_make.h"
#include "data/readers/vocabulary.h"
#include "data/source_internal.h"

static const struct fed_field leaf_fields[] = {
	FED_TEXT(struct fed_leaf_args, shape, "", NULL,
             "of a row of numbers, or of pictures: 28x28, 32x32x3 (height, width, channels), 784; "
             "a guess where it is not told"),
	FED_INT(struct fed_leaf_args, classes, 0, 0, FED_DATASET_MAX_CLASSES,
            "how many classes there are; 0: the largest label and one"),
	FED_REAL(struct fed_leaf_args, test, 0.1, 0.001, 0.9,
             "share of each user's examples for the test, where no folder test/ has any"),
	FED_INT_WORD(struct fed_leaf_args, vocabulary, 1, 1, FED_VOCABULARY_MOST, fed__vocabulary_words,
                 FED_VOCABULARY_HELP),
	FED_INT(struct fed_leaf_args, words, 1000, 1, 100000,
            "of sentences: how many of the most frequent words are features"),
	FED_FLAG(struct fed_leaf_args, unchecked,
             "go by user_data where users and num_samples contradict it"),
	FED_END,
};

static int leaf_load(struct fed_dataset **out, const void *args, const char *path,
                     const struct fed_generation *making, struct fed_error *err)
{
	const struct fed_leaf_args *const a = args;
	struct fed_leaf_files files = {0};
	struct fed_dataset_notes notes = {0};
	struct fed_leaf leaf = {.files = &files, .making = making, .unchecked = a->unchecked};
	char name[PATH_MAX];
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	snprintf(name, sizeof name, "%.*s", (int)len, path);

	int rc = fed__leaf_find(&files, name, &notes, err);

	if (rc == FED_OK)
		rc = fed__leaf_read(&leaf, err);
	if (rc == FED_OK)
		rc = fed__leaf_make(out, &leaf, a, name, &notes, err);
	if (rc == FED_OK) {
		(*out)->notes = notes;
		notes = (struct fed_dataset_notes){0};
		fed__dataset_seal(*out);
	}
	fed__notes_release(&notes);
	fed__leaf_release(&leaf);
	fed__leaf_files_release(&files);
	return rc;
}

/* Whether the first bytes are an object with a key of LEAF's. */
static bool looks_so(const char *path)
{
	static const char *const keys[] = {"\"users\"", "\"num_samples\"", "\"user_data\"",
	                                   "\"hierarchies\""};
	struct fed_error unused;
	char text[4097];
	size_t n = 0;

	if (fed__text_peek(path, text, sizeof text - 1, &n, &unused) || memchr(text, 0, n))
		return false;
	text[n] = '\0';

	const char *at = text + (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0);

	at += strspn(at, " \t\r\n");
	if (*at++ != '{')
		return false;
	at += strspn(at, " \t\r\n");
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (!strncmp(at, keys[i], strlen(keys[i])))
			return true;
	return false;
}

/* A folder is by its first file, since other data sets have JSON beside their files, too. */
static bool leaf_recognises(const char *path, bool folder)
{
	const char *const slash = strrchr(path, '/');
	struct fed_leaf_files files = {0};

	if (!folder)
		return fed__leaf_is_name(slash ? slash + 1 : path) || looks_so(path);

	const bool so = fed__leaf_list(&files, path) && looks_so(files.file[0].path);

	fed__leaf_files_release(&files);
	return so;
}

bool fed__leaf_has_files(const char *folder)
{
	struct fed_leaf_files files = {0};
	const bool has = fed__leaf_list(&files, folder);

	fed__leaf_files_release(&files);
	return has;
}

static bool is_slow(const char *path)
{
	(void)path;
	return true;
}

const struct fed_source fed__source_leaf = {
	.name = "leaf",
	.help = "JSON files of users and their examples, in LEAF's form: FEMNIST, Shakespeare",
	.doc =
		"A folder with train/ and test/ (or all_data/) of .json files, also .gz, or one file:\n"
		"{\"users\": [name], \"num_samples\": [n], \"user_data\": {name: {\"x\": [row], \"y\":\n"
		"[label]}}}, in any order.  Rows are numbers (FEMNIST's 784 become 28x28), or texts of\n"
		"one length with the character behind each as its label (Shakespeare; classes as of\n"
		"`dataset text`), or texts with a class, of a list of them the last, taken as the counts\n"
		"of the `words` most frequent words (Sent140), or names of pictures in the folder or in\n"
		"its raw/img_align_celeba/ (CelebA, as 84x84x3).  Users are the clients of `add-client N\n"
		"natural`; those without examples are left out.  Where there is no test part a share of\n"
		"each user's examples is, drawn by the seed, of texts the last.  A file that contradicts\n"
		"itself is refused with the place.  Source: S. Caldas et al., LEAF: a benchmark for\n"
		"federated settings, 2018.",
	.fields = leaf_fields,
	.args_size = sizeof(struct fed_leaf_args),
	.reads = true,
	.recognises = leaf_recognises,
	.slow = is_slow,
	.load = leaf_load,
};
