/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/text.c - the `text` source: next-character prediction; one owner for each file or
 * speaker.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/source_internal.h"
#include "data/sequences.h"
#include "data/readers/text_speakers.h"

enum { KNOWN_MAX = 96 }; /* characters with a token of their own */
#define TEXT_MAX ((uint64_t)1 << 30)
#define CODES 0x110000u /* Unicode */

struct text_args {
	char path[4096];
	int64_t window, stride;
	double test;
	bool speakers;
};
static const struct fed_field text_fields[] = {
	FED_ROW(struct text_args, path, char *, FED_TYPE_TEXT, .flags = FED_FIELD_POSITIONAL,
            .hint = "path",
            .help = "a file, several with commas between them, or a folder of .txt files"),
	FED_INT(struct text_args, window, 40, 1, 4096, "characters from which the next is predicted"),
	FED_INT(struct text_args, stride, 3, 1, 1000000, "characters from one window to the next"),
	FED_REAL(struct text_args, test, 0.1, 0.01, 0.9, "share of each owner's text for the test"),
	FED_FLAG(struct text_args, speakers, "plays: an owner for each speaker, not for each file"),
	FED_END,
};

/* The texts read, and their vocabulary. */
struct text {
	const struct text_args *args;
	const struct fed_generation *making;
	struct fed_speakers speakers;
	uint64_t bytes;               /* read so far */
	uint32_t *token;              /* [CODES]: counts, then the token of each character */
	uint32_t known[KNOWN_MAX], n; /* the characters with a token, ascending */
	uint32_t classes;             /* n, or n + 1 with the rest */
};

/* Files --------------------------------------------------------------------- */

static int read_file(struct text *t, const char *path, struct fed_error *err)
{
	const char *slash = strrchr(path, '/');
	const uint64_t left = TEXT_MAX - t->bytes;
	struct fed_text text = {0};
	int rc = fed_file_read(path, left, &text, err);

	if (rc == FED_OK && text.len == 0)
		rc = fed_fail(err, "%s: is empty", fed_show(path).s);
	t->bytes += text.len;
	if (rc == FED_OK)
		rc = t->args->speakers ? fed__speakers_add_play(&t->speakers, text.s, text.len, err)
		                       : fed__speakers_add_text(&t->speakers, slash ? slash + 1 : path,
		                                                text.s, text.len, err);
	fed_text_release(&text);
	return rc;
}

static int is_text_name(const struct dirent *entry)
{
	const size_t n = strlen(entry->d_name);

	return n > 4 && strcmp(entry->d_name + n - 4, ".txt") == 0;
}

/* A byte order, the same in every locale. */
static int compare_file_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_folder(struct text *t, const char *path, struct fed_error *err)
{
	struct dirent **entry;
	const int n = scandir(path, &entry, is_text_name, compare_file_names);
	int rc = FED_OK;

	if (n < 0)
		return fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct fed_text file = {0};

		fed_text_add(&file, "%s/%s", path, entry[i]->d_name);
		if (rc == FED_OK)
			rc = file.failed ? fed_fail_memory(err, strlen(path), "a path")
			                 : read_file(t, fed_text_str(&file), err);
		fed_text_release(&file);
		free(entry[i]);
	}
	free(entry);
	if (n == 0)
		return fed_fail(err, "%s: has no .txt file", fed_show(path).s);
	return rc;
}

static int read_path(struct text *t, const char *typed, struct fed_error *err)
{
	struct fed_text path = {0};
	struct stat st;
	int rc;

	fed_path_expand(typed, &path);
	if (path.failed)
		rc = fed_fail_memory(err, strlen(typed), "a path");
	else if (stat(fed_text_str(&path), &st) == 0 && S_ISDIR(st.st_mode))
		rc = read_folder(t, fed_text_str(&path), err);
	else
		rc = read_file(t, fed_text_str(&path), err);
	fed_text_release(&path);
	return rc;
}

static int read_all(struct text *t, struct fed_error *err)
{
	char *paths = fed_strdup(t->args->path), *rest = paths, *path;
	int rc = FED_OK;

	if (!paths)
		return fed_fail_memory(err, strlen(t->args->path), "the paths");
	while (rc == FED_OK && (path = strsep(&rest, ",")))
		rc = *path ? read_path(t, path, err)
		           : fed_reject(err, "a file without a name between commas in %s",
		                        fed_show(t->args->path).s);
	fed_free(paths);
	return rc;
}

/* Drop speakers whose text is too short for a window of either part. */
static int keep_long(struct text *t, struct fed_error *err)
{
	const size_t least = fed__sequence_least((uint32_t)t->args->window);
	const size_t all = t->speakers.n;
	size_t longest = 0, kept = 0;

	for (size_t i = 0; i < all; i++) {
		const struct fed_speaker speaker = t->speakers.speaker[i];

		longest = speaker.n > longest ? speaker.n : longest;
		if (speaker.n < least)
			continue;
		t->speakers.speaker[i] = t->speakers.speaker[kept];
		t->speakers.speaker[kept++] = speaker;
	}
	if (all == 0)
		return fed_reject(err, "no line is the name of a speaker (`NAME.` or `NAME:`); leave out "
		                       "speakers to take each file as one owner");
	if (kept == 0)
		return fed_reject(err,
		                  "the longest of %zu texts has %zu characters; windows of %lld for "
		                  "training and test need at least %zu",
		                  all, longest, (long long)t->args->window, least);
	/* the rest is kept behind them, to be freed */
	for (size_t i = kept; i < all; i++)
		t->speakers.speaker[i].n = 0;
	return FED_OK;
}

/* Vocabulary ------------------------------------------------------------------ */

/* The most frequent character without a token, the lower of equals; CODES when none is left. */
static uint32_t most_frequent(const uint32_t *count)
{
	uint32_t best = CODES;

	for (uint32_t c = 0; c < CODES; c++)
		if (count[c] > (best == CODES ? 0 : count[best]))
			best = c;
	return best;
}

static int ascending(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int choose_vocabulary(struct text *t, struct fed_error *err)
{
	uint32_t c = CODES;

	t->token = fed_alloc_array(CODES, sizeof *t->token);
	if (!t->token)
		return fed_fail_memory(err, CODES * sizeof *t->token, "the characters");
	for (size_t i = 0; i < t->speakers.n; i++)
		for (size_t j = 0; j < t->speakers.speaker[i].n; j++)
			t->token[t->speakers.speaker[i].code[j]]++;
	while (t->n < KNOWN_MAX && (c = most_frequent(t->token)) != CODES) {
		t->known[t->n++] = c;
		t->token[c] = 0;
	}
	t->classes = t->n + (most_frequent(t->token) != CODES);
	qsort(t->known, t->n, sizeof *t->known, ascending);
	for (c = 0; c < CODES; c++)
		t->token[c] = t->n;
	for (uint32_t k = 0; k < t->n; k++)
		t->token[t->known[k]] = k;
	if (t->classes < 2)
		return fed_fail(err, "the text has one distinct character: nothing to predict");
	return FED_OK;
}

static void put_utf8(char name[8], uint32_t c)
{
	size_t n = 0;

	if (c < 0x80) {
		name[n++] = (char)c;
	} else if (c < 0x800) {
		name[n++] = (char)(0xc0 | c >> 6);
	} else {
		if (c < 0x10000) {
			name[n++] = (char)(0xe0 | c >> 12);
		} else {
			name[n++] = (char)(0xf0 | c >> 18);
			name[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		}
		name[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		name[n++] = (char)(0x80 | (c & 0x3f));
	name[n] = '\0';
}

static int name_tokens(struct fed_dataset *data, const struct text *t, struct fed_error *err)
{
	char made[KNOWN_MAX + 1][8];
	const char *names[KNOWN_MAX + 1];

	for (uint32_t k = 0; k < t->classes; k++) {
		const uint32_t c = k < t->n ? t->known[k] : 0;

		names[k] = k == t->n   ? "other"
		           : c == ' '  ? "space"
		           : c == '\n' ? "newline"
		           : c == '\t' ? "tab"
		                       : made[k];
		if (k < t->n)
			put_utf8(made[k], c);
	}
	return fed__dataset_name_classes(data, names, err);
}

/* The dataset ------------------------------------------------------------------ */

static int make_text_dataset(struct fed_dataset **out, const struct text *t,
                             struct fed_sequence *rows, uint8_t *tokens, struct fed_error *err)
{
	const struct fed_sequences_plan plan = {.name = "text",
	                                        .classes = t->classes,
	                                        .window = (uint32_t)t->args->window,
	                                        .stride = (uint32_t)t->args->stride,
	                                        .test = t->args->test,
	                                        .making = t->making};
	uint32_t n = 0;

	for (size_t i = 0; i < t->speakers.n; i++) {
		const struct fed_speaker *speaker = &t->speakers.speaker[i];

		if (speaker->n == 0)
			continue;
		for (size_t j = 0; j < speaker->n; j++)
			tokens[j] = (uint8_t)t->token[speaker->code[j]];
		rows[n++] = (struct fed_sequence){tokens, speaker->n};
		tokens += speaker->n;
	}
	int rc = fed__sequences_make(out, &plan, rows, n, err);

	if (rc == FED_OK)
		rc = name_tokens(*out, t, err);
	if (rc == FED_OK)
		fed__dataset_seal(*out);
	return rc;
}

static int convert(struct fed_dataset **out, const struct text *t, struct fed_error *err)
{
	size_t all = 0;

	for (size_t i = 0; i < t->speakers.n; i++)
		all += t->speakers.speaker[i].n;
	struct fed_sequence *rows = fed_alloc_array(t->speakers.n, sizeof *rows);
	uint8_t *tokens = fed_alloc(all);
	const int rc = rows && tokens ? make_text_dataset(out, t, rows, tokens, err)
	                              : fed_fail_memory(err, all, "the tokens of the texts");
	fed_free(rows);
	fed_free(tokens);
	return rc;
}

static int text_load(struct fed_dataset **out, const void *args, const char *path,
                     const struct fed_generation *making, struct fed_error *err)
{
	struct text t = {.args = args, .making = making};

	(void)path;
	if (!*t.args->path)
		return fed_reject(err, "needs a text: `dataset text FILE`, `FILE,FILE` or a folder of .txt "
		                       "files; markov needs no text");
	int rc = read_all(&t, err);
	if (rc == FED_OK)
		rc = keep_long(&t, err);
	if (rc == FED_OK)
		rc = choose_vocabulary(&t, err);
	if (rc == FED_OK)
		rc = convert(out, &t, err);
	fed_free(t.token);
	fed__speakers_release(&t.speakers);
	return rc;
}

const struct fed_source fed__source_text = {
	.name = "text",
	.help = "texts, to predict the next character; a file or speaker is an owner",
	.doc =
		"`dataset text hamlet.txt,lear.txt speakers` or a folder of .txt files.  An example is\n"
		"`window` characters, its label the one behind them.  The 96 most frequent characters\n"
		"have a token each, all others share one; bytes that are not UTF-8 are taken as Latin-1,\n"
		"control characters are left out.  The end of each owner's text is for the test.  With\n"
		"speakers a line `NAME.`, `NAME:` or `NAME. words` begins a speech, and what stands\n"
		"before the first is left out.  Owners with too little text for both parts are left\n"
		"out.  They are the users of `add-client N natural`.  Source: the Shakespeare task of\n"
		"McMahan et al. 2017, section 3, which has 80 characters and a loss at each.",
	.fields = text_fields,
	.args_size = sizeof(struct text_args),
	.reads = true,
	.load = text_load,
};
