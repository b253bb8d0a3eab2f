/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/cache_file.c - a dataset as one file of the cache.
 */
#include "data/cache_file.h"

#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/source_internal.h"

static const char magic[8] = "fedsh-D2";

struct cache_head {
	char magic[8];
	struct fed_cache_key key;
	uint64_t fingerprint, words, file; /* words: bytes of names and notes; file: of all */
	uint32_t rank, dim[3];
	uint32_t classes, outputs, train, test, owners;
	uint32_t notes;
	float scale;
	uint32_t crc; /* of the words */
	/* 0 or 1: a damaged byte is no bool. */
	uint8_t bytes, owner, class_name, owner_name, input_name, truth, curved, tokens, scaling;
	char name[32];
	uint32_t head_crc; /* of all above */
};

/* An array of the dataset. */
struct cache_block {
	void *at;
	size_t n; /* bytes */
};
enum { BLOCKS = 7 };

static void list_blocks(const struct fed_dataset *data, struct cache_block b[BLOCKS])
{
	const size_t all = (size_t)data->train + data->test, size = fed_shape_size(&data->shape);

	b[0] = (struct cache_block){data->bytes, data->bytes ? all * size : 0};
	b[1] = (struct cache_block){data->values, data->values ? all * size * sizeof *data->values : 0};
	b[2] = (struct cache_block){data->label, data->label ? all * sizeof *data->label : 0};
	b[3] = (struct cache_block){data->target,
	                            data->target ? all * data->outputs * sizeof *data->target : 0};
	b[4] = (struct cache_block){data->owner, data->owner ? data->train * sizeof *data->owner : 0};
	b[5] = (struct cache_block){data->truth, data->truth ? size * sizeof *data->truth : 0};
	b[6] = (struct cache_block){data->scaling, data->scaling ? size * sizeof *data->scaling : 0};
}

/* Words ------------------------------------------------------------------------------------ */

static void put_word(struct fed_text *out, const char *s)
{
	fed_text_put(out, s ? s : "", s ? strlen(s) + 1 : 1);
}

static void put_names(struct fed_text *out, char *const *name, size_t n)
{
	for (size_t i = 0; name && i < n; i++)
		put_word(out, name[i]);
}

static void put_words(struct fed_text *out, const struct fed_dataset *data)
{
	put_names(out, data->class_name, data->classes);
	put_names(out, data->owner_name, data->owners);
	put_names(out, data->input_name, fed_shape_size(&data->shape));
	for (size_t i = 0; i < data->notes.n; i++) {
		const struct fed_note *note = &data->notes.note[i];

		fed_text_add(out, "%c", 'a' + (int)note->level);
		put_word(out, note->overrule ? "1" : "0");
		put_word(out, note->subject);
		put_word(out, note->found);
		put_word(out, note->overrule);
	}
}

/* Words of a file, in order. */
struct cache_words {
	const char *at, *end;
};

static const char *next_word(struct cache_words *w)
{
	const char *word = w->at;
	const char *end = memchr(word, 0, (size_t)(w->end - word));

	w->at = end ? end + 1 : w->end;
	return end ? word : NULL;
}

/* n names by one of the functions that copy them. */
static int take_names(struct cache_words *w, struct fed_dataset *data, size_t n,
                      int (*copy)(struct fed_dataset *, const char *const *, struct fed_error *),
                      struct fed_error *err)
{
	const char **name = n <= (size_t)(w->end - w->at) ? fed_alloc_array(n, sizeof *name) : NULL;
	int rc = name ? FED_OK : fed_fail_memory(err, n * sizeof *name, "names");

	for (size_t i = 0; rc == FED_OK && i < n; i++) {
		name[i] = next_word(w);
		if (!name[i])
			rc = fed_fail(err, "is damaged");
	}
	if (rc == FED_OK)
		rc = copy(data, name, err);
	fed_free(name);
	return rc;
}

static int take_note(struct cache_words *w, struct fed_dataset *data, struct fed_error *err)
{
	const char *kind = next_word(w), *subject = kind ? next_word(w) : NULL;
	const char *found = subject ? next_word(w) : NULL, *overrule = found ? next_word(w) : NULL;

	if (!overrule || kind[0] < 'a' || kind[0] > 'a' + FED_NOTE_WARNING)
		return fed_fail(err, "is damaged");
	return fed__note(&data->notes, (enum fed_note_level)(kind[0] - 'a'), subject,
	                 kind[1] == '1' ? overrule : NULL, err, "%s", found);
}

static int take_words(const struct cache_head *h, struct cache_words w, struct fed_dataset *data,
                      struct fed_error *err)
{
	int rc = FED_OK;

	if (h->class_name)
		rc = take_names(&w, data, data->classes, fed__dataset_name_classes, err);
	if (rc == FED_OK && h->owner_name)
		rc = take_names(&w, data, data->owners, fed__dataset_name_owners, err);
	if (rc == FED_OK && h->input_name)
		rc = take_names(&w, data, fed_shape_size(&data->shape), fed__dataset_name_inputs, err);
	for (uint32_t i = 0; rc == FED_OK && i < h->notes; i++)
		rc = take_note(&w, data, err);
	return rc;
}

/* Writing ----------------------------------------------------------------------------------- */

static struct cache_head make_head(const struct fed_dataset *data, const struct fed_cache_key *key,
                                   const struct fed_text *words)
{
	struct cache_block b[BLOCKS];
	struct cache_head h;

	memset(&h, 0, sizeof h); /* padding, too: a checksum is of all bytes */
	memcpy(h.magic, magic, sizeof h.magic);
	h.key = *key;
	h.fingerprint = data->fingerprint;
	h.words = words->len;
	h.rank = data->shape.rank;
	memcpy(h.dim, data->shape.dim, sizeof h.dim);
	h.classes = data->classes;
	h.outputs = data->outputs;
	h.train = data->train;
	h.test = data->test;
	h.owners = data->owners;
	h.notes = (uint32_t)data->notes.n;
	h.scale = data->scale;
	h.crc = fed_crc32(0, fed_text_str(words), words->len);
	h.bytes = data->bytes != NULL;
	h.owner = data->owner != NULL;
	h.class_name = data->class_name != NULL;
	h.owner_name = data->owner_name != NULL;
	h.input_name = data->input_name != NULL;
	h.truth = data->truth != NULL;
	h.curved = data->curved;
	h.tokens = data->tokens;
	h.scaling = data->scaling != NULL;
	memcpy(h.name, data->name, sizeof h.name);
	h.file = sizeof h + words->len;
	list_blocks(data, b);
	for (int i = 0; i < BLOCKS; i++)
		h.file += b[i].n;
	h.head_crc = fed_crc32(0, &h, offsetof(struct cache_head, head_crc));
	return h;
}

uint64_t fed__cache_file_size(const struct fed_dataset *data)
{
	struct fed_text words = {0};

	put_words(&words, data);
	const struct cache_head h = make_head(data, &(struct fed_cache_key){{0}}, &words);
	const bool failed = words.failed;
	fed_text_release(&words);
	return failed ? 0 : h.file;
}

int fed__cache_file_write(const struct fed_dataset *data, const char *path,
                          const struct fed_cache_key *key, struct fed_error *err)
{
	struct fed_text words = {0};
	struct fed_file_writer w;
	struct cache_block b[BLOCKS];

	put_words(&words, data);
	if (words.failed || fed_file_open(&w, path, err)) {
		fed_text_release(&words);
		return FED_FAIL;
	}
	w.unsynced = true; /* a torn file is found when it is read */
	const struct cache_head h = make_head(data, key, &words);
	fed_file_write(&w, &h, sizeof h);
	fed_file_write(&w, fed_text_str(&words), words.len);
	list_blocks(data, b);
	for (int i = 0; i < BLOCKS; i++)
		if (b[i].n)
			fed_file_write(&w, b[i].at, b[i].n);
	fed_text_release(&words);
	return fed_file_commit(&w, err);
}

/* Reading ----------------------------------------------------------------------------------- */

/* The file's bytes, as its head has it: checked before memory is allocated.  Exact below 2^53. */
static double claimed_size(const struct cache_head *h)
{
	const double all = (double)h->train + h->test;
	double size = 1;

	for (uint32_t i = 0; i < h->rank && i < 3; i++)
		size *= h->dim[i];
	return (double)sizeof *h + (double)h->words + all * size * (h->bytes ? 1 : sizeof(float)) +
	       all * (h->classes ? sizeof(int32_t) : sizeof(float) * (double)h->outputs) +
	       (h->owner ? h->train * (double)sizeof(uint32_t) : 0) +
	       (h->truth ? size * sizeof(float) : 0) +
	       (h->scaling ? size * sizeof(struct fed_scaling) : 0);
}

static bool is_sound(const struct cache_head *h, const struct fed_cache_key *key, uint64_t size)
{
	return !memcmp(h->magic, magic, sizeof magic) && !memcmp(&h->key, key, sizeof *key) &&
	       h->head_crc == fed_crc32(0, h, offsetof(struct cache_head, head_crc)) &&
	       h->file == size && h->words < size && h->rank >= 1 && h->rank <= 3 &&
	       claimed_size(h) == (double)size;
}

/* A dataset with all arrays allocated, as the head says. */
static int prepare(struct fed_dataset **out, const struct cache_head *h, struct fed_error *err)
{
	const struct fed_dataset_plan plan = {.name = h->name,
	                                      .shape = {h->rank, {h->dim[0], h->dim[1], h->dim[2]}},
	                                      .classes = h->classes,
	                                      .outputs = h->outputs,
	                                      .train = h->train,
	                                      .test = h->test,
	                                      .bytes = h->bytes};

	if (fed__dataset_new(out, &plan, err))
		return FED_FAIL;
	struct fed_dataset *data = *out;
	memcpy(data->name, h->name, sizeof data->name);
	data->name[sizeof data->name - 1] = '\0';
	data->scale = h->scale;
	data->owners = h->owners;
	data->curved = h->curved;
	data->tokens = h->tokens;
	if (h->owner)
		data->owner = fed_alloc_array(h->train, sizeof *data->owner);
	if (h->truth)
		data->truth = fed_alloc_floats(fed_shape_size(&data->shape));
	if (h->scaling)
		data->scaling = fed_alloc_array(fed_shape_size(&data->shape), sizeof *data->scaling);
	return (h->owner && !data->owner) || (h->truth && !data->truth) ||
	               (h->scaling && !data->scaling)
	           ? fed_fail_memory(err, h->train, "the examples")
	           : FED_OK;
}

static int read_words(struct fed_reader *reader, const struct cache_head *h,
                      struct fed_dataset *data, struct fed_error *err)
{
	char *words = fed_alloc(h->words + 1);

	if (!words)
		return fed_fail_memory(err, h->words, "names");
	int rc = fed_reader_read(reader, words, h->words, err);
	if (rc == FED_OK && fed_crc32(0, words, h->words) != h->crc)
		rc = fed_fail(err, "is damaged");
	if (rc == FED_OK)
		rc = take_words(h, (struct cache_words){words, words + h->words}, data, err);
	fed_free(words);
	return rc;
}

static int read_blocks(struct fed_reader *reader, const struct cache_head *h,
                       struct fed_dataset *data, struct fed_error *err)
{
	struct cache_block b[BLOCKS];

	list_blocks(data, b);
	for (int i = 0; i < BLOCKS; i++)
		if (b[i].n && fed_reader_read(reader, b[i].at, b[i].n, err))
			return FED_FAIL;
	fed__dataset_seal(data);
	return data->fingerprint == h->fingerprint ? FED_OK : fed_fail(err, "is damaged");
}

int fed__cache_file_read(struct fed_dataset **out, const char *path,
                         const struct fed_cache_key *key, struct fed_error *err)
{
	struct fed_reader *reader;
	struct fed_dataset *data = NULL;
	struct cache_head h;
	uint64_t size;

	if (fed_file_readable(path, &size, err) || fed_reader_open(&reader, path, err))
		return FED_FAIL;
	int rc = fed_reader_read(reader, &h, sizeof h, err);
	if (rc == FED_OK && !is_sound(&h, key, size))
		rc = fed_fail(err, "is damaged");
	if (rc == FED_OK)
		rc = prepare(&data, &h, err);
	if (rc == FED_OK)
		rc = read_words(reader, &h, data, err);
	if (rc == FED_OK)
		rc = read_blocks(reader, &h, data, err);
	fed_reader_free(reader);
	if (rc)
		fed_dataset_free(data);
	else
		*out = data;
	return rc;
}
