/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/text.c - the `text` source: next-character prediction; one owner for each file or
 * speaker.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/readers/encoding.h"
#include "data/source_internal.h"
#include "data/sequences.h"
#include "data/readers/text_speakers.h"
#include "data/readers/vocabulary.h"

#define TEXT_MAX ((uint64_t)1 << 30)

struct text_args {
	char path[4096];
	int64_t window, stride;
	int64_t vocabulary; /* 1: by the data */
	double test;
	int encoding;
	bool speakers, bytes;
};
static const struct fed_field text_fields[] = {
	FED_ROW(struct text_args, path, char *, FED_TYPE_TEXT, .flags = FED_FIELD_POSITIONAL,
            .hint = "path",
            .help =
                "a file, several with commas between them (\\\\, in a name), or a folder of .txt "
                "files"),
	FED_INT(struct text_args, window, 40, 1, 4096, "characters from which the next is predicted"),
	FED_INT(struct text_args, stride, 3, 1, 1000000, "characters from one window to the next"),
	FED_REAL(struct text_args, test, 0.1, 0.01, 0.9, "share of each owner's text for the test"),
	FED_INT_WORD(struct text_args, vocabulary, 1, 1, FED_VOCABULARY_MOST, fed__vocabulary_words,
                 FED_VOCABULARY_HELP),
	FED_FLAG(struct text_args, bytes, "predict bytes of UTF-8, of which none lacks a token"),
	FED_CHOICE(struct text_args, encoding, FED_ENCODING_AUTO, fed__encoding_names,
               FED_ENCODING_HELP),
	FED_FLAG(struct text_args, speakers, "plays: an owner for each speaker, not for each file"),
	FED_END,
};

/* The texts read, and their vocabulary. */
struct text {
	const struct text_args *args;
	const struct fed_generation *making;
	struct fed_dataset_notes notes;
	struct fed_speakers speakers;
	uint64_t bytes; /* read so far */
	uint32_t files;
	struct { /* the files that are not plain UTF-8 */
		uint32_t n;
		struct fed_encoding_found first;
		struct fed_shown name;
	} odd;
	struct fed_vocabulary vocabulary;
};

/* Files --------------------------------------------------------------------- */

static int read_file(struct text *t, const char *path, struct fed_error *err)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const bool bytes = t->args->bytes;
	struct fed_encoding_found found;
	struct fed_text text = {0};
	int rc = fed__text_read(&text, path, TEXT_MAX - t->bytes, (enum fed_encoding)t->args->encoding,
	                        &found, err);

	t->bytes += text.len;
	t->files++;
	if (rc == FED_OK && (found.odd || found.encoding != FED_ENCODING_UTF_8) && !t->odd.n++) {
		t->odd.first = found;
		t->odd.name = fed_show(name);
	}
	if (rc == FED_OK)
		rc = t->args->speakers
		         ? fed__speakers_add_play(&t->speakers, text.s, text.len, bytes, err)
		         : fed__speakers_add_text(&t->speakers, name, text.s, text.len, bytes, err);
	fed_text_release(&text);
	return rc;
}

/* Files of a folder: not what macOS leaves beside them. */
static int is_text_name(const struct dirent *entry)
{
	const char *name = entry->d_name;
	size_t n = strlen(name);

	if (n > 3 && !strcasecmp(name + n - 3, ".gz"))
		n -= 3;
	return n > 4 && !strncasecmp(name + n - 4, ".txt", 4) && strncmp(name, "._", 2) != 0;
}

/* A byte order, the same in every locale. */
static int compare_file_names(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int read_folder(struct text *t, const char *path, struct fed_error *err)
{
	struct dirent **entry;
	const int n = scandir(path, &entry, is_text_name, compare_file_names);
	const uint32_t before = t->files;
	int rc = FED_OK;

	if (n < 0)
		return fed_fail(err, "%s: %s", fed_show(path).s, strerror(errno));
	for (int i = 0; i < n; i++) {
		struct fed_text file = {0};

		fed_text_add(&file, "%s/%s", path, entry[i]->d_name);
		if (rc == FED_OK && file.failed)
			rc = fed_fail_memory(err, strlen(path), "a path");
		if (rc == FED_OK && !is_folder(file.s))
			rc = read_file(t, fed_text_str(&file), err);
		fed_text_release(&file);
		free(entry[i]);
	}
	free(entry);
	if (rc == FED_OK && t->files == before)
		return fed_fail(err, "%s: has no .txt file", fed_show(path).s);
	return rc;
}

static int read_path(struct text *t, const char *typed, struct fed_error *err)
{
	struct fed_text path = {0};
	int rc;

	fed_path_expand(typed, &path);
	if (path.failed)
		rc = fed_fail_memory(err, strlen(typed), "a path");
	else if (is_folder(fed_text_str(&path)))
		rc = read_folder(t, fed_text_str(&path), err);
	else
		rc = read_file(t, fed_text_str(&path), err);
	fed_text_release(&path);
	return rc;
}

/* The files of a list; one may have all of it as its name. */
static int read_all(struct text *t, struct fed_error *err)
{
	char *paths = fed_strdup(t->args->path), *rest = paths, *path;
	int rc = FED_OK;

	if (!paths)
		return fed_fail_memory(err, strlen(t->args->path), "the paths");
	if (strchr(paths, ',') && access(paths, F_OK) == 0)
		rc = read_path(t, paths, err);
	else
		while (rc == FED_OK && (path = fed_list_next(&rest)))
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
		                  "training and test need at least %zu; take a smaller window=",
		                  all, longest, (long long)t->args->window, least);
	/* the rest is kept behind them, to be freed */
	for (size_t i = kept; i < all; i++)
		t->speakers.speaker[i].n = 0;
	return kept == all ? FED_OK
	                   : fed__note(&t->notes, FED_NOTE_TOLD,
	                               t->args->speakers ? "speakers" : "files", "window=", err,
	                               "%zu of %zu have less than %zu characters and were left "
	                               "out",
	                               all - kept, all, least);
}

static int name_owners(struct fed_dataset *data, const struct text *t, struct fed_error *err)
{
	const char **names = fed_alloc_array(data->owners, sizeof *names);
	uint32_t n = 0;

	if (!names)
		return fed_fail_memory(err, data->owners * sizeof *names, "the owners' names");
	for (size_t i = 0; i < t->speakers.n; i++)
		if (t->speakers.speaker[i].n)
			names[n++] = t->speakers.speaker[i].name;
	const int rc = fed__dataset_name_owners(data, names, err);
	fed_free(names);
	return rc;
}

static int choose_vocabulary(struct text *t, struct fed_error *err)
{
	if (fed__vocabulary_init(&t->vocabulary, t->args->vocabulary, t->args->bytes, err))
		return FED_FAIL;
	t->vocabulary.advice = "bytes predicts bytes instead";
	for (size_t i = 0; i < t->speakers.n; i++)
		for (size_t j = 0; j < t->speakers.speaker[i].n; j++)
			t->vocabulary.token[t->speakers.speaker[i].code[j]]++;
	return fed__vocabulary_choose(&t->vocabulary, t->making, &t->notes, err);
}

/* Encodings other than UTF-8, and what lies before the first speech. */
static int note_files(struct text *t, struct fed_error *err)
{
	struct fed_text text = {0};
	int rc = FED_OK;

	if (t->odd.n) {
		fed__encoding_describe(&t->odd.first, &text);
		if (t->files > 1)
			fed_text_add(&text, " (%s, %u of %u files)", t->odd.name.s, t->odd.n, t->files);
		rc = fed__note_text(&t->notes, t->args->encoding ? FED_NOTE_LISTED : FED_NOTE_TOLD,
		                    "encoding", t->args->encoding ? NULL : "encoding=", &text, err);
	}
	if (rc == FED_OK && t->speakers.before)
		rc = fed__note(&t->notes, FED_NOTE_LISTED, "speakers", NULL, err,
		               "%s lines before the first speech were left out",
		               fed_count((double)t->speakers.before).s);
	return rc;
}

/* The dataset ------------------------------------------------------------------ */

static int make_text_dataset(struct fed_dataset **out, const struct text *t,
                             struct fed_sequence *rows, uint8_t *tokens, struct fed_error *err)
{
	const struct fed_sequences_plan plan = {.name = "text",
	                                        .classes = t->vocabulary.classes,
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
			tokens[j] = (uint8_t)t->vocabulary.token[speaker->code[j]];
		rows[n++] = (struct fed_sequence){tokens, speaker->n};
		tokens += speaker->n;
	}
	int rc = fed__sequences_make(out, &plan, rows, n, err);

	if (rc == FED_OK)
		rc = fed__vocabulary_name(&t->vocabulary, *out, err);
	if (rc == FED_OK)
		rc = name_owners(*out, t, err);
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
		rc = note_files(&t, err);
	if (rc == FED_OK)
		rc = convert(out, &t, err);
	if (rc == FED_OK) {
		(*out)->notes = t.notes;
		t.notes = (struct fed_dataset_notes){0};
	}
	fed__notes_release(&t.notes);
	fed__vocabulary_release(&t.vocabulary);
	fed__speakers_release(&t.speakers);
	return rc;
}

const struct fed_source fed__source_text = {
	.name = "text",
	.help = "texts, to predict the next character; a file or speaker is an owner",
	.doc =
		"`dataset text hamlet.txt,lear.txt speakers` or a folder of .txt files.  An example is\n"
		"`window` characters, its label the one behind them.  The 96 most frequent characters\n"
		"have a token each, up to 255 if 96 leave out more than 1 % of the text; all others\n"
		"share one.  Files are UTF-8 or UTF-16 by its mark; bytes that are neither are taken as\n"
		"Windows-1252, control characters are left out.  The end of each owner's text is for the\n"
		"test.  With speakers a line `NAME.`, `NAME:` or `NAME. words` begins a speech (names in\n"
		"capitals of any script, MR. X is one name; `NAME:` also in scripts without capitals),\n"
		"and what stands before the first is left out.  Owners with too little text are left\n"
		"out.  They are the users of `add-client N natural`.  Source: the Shakespeare task of\n"
		"McMahan et al. 2017, section 3, which has 80 characters and a loss at each.",
	.fields = text_fields,
	.args_size = sizeof(struct text_args),
	.reads = true,
	.load = text_load,
};
