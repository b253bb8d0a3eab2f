/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/vocabulary.c - which characters of a text have a class of their own.
 */
#include "data/readers/vocabulary.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/data_form.h"
#include "data/source_internal.h"

#define KNOWN_PLAIN 96      /* of a text in an alphabet; more where these leave out too many */
#define OUTSIDE_PLAIN 0.01  /* share without a token that is as good as none */
#define OUTSIDE_WARNING 0.1 /* that share is what accuracy says from here on */

const char *const fed__vocabulary_words[] = {"auto", NULL};

int fed__vocabulary_init(struct fed_vocabulary *v, int64_t wanted, bool bytes,
                         struct fed_error *err)
{
	*v = (struct fed_vocabulary){.wanted = wanted, .bytes = bytes};
	v->token = fed_alloc_array(FED_VOCABULARY_CODES, sizeof *v->token);
	return v->token
	           ? FED_OK
	           : fed_fail_memory(err, FED_VOCABULARY_CODES * sizeof *v->token, "the characters");
}

void fed__vocabulary_release(struct fed_vocabulary *v)
{
	fed_free(v->token);
	*v = (struct fed_vocabulary){0};
}

struct frequent {
	uint32_t count, code;
};

/* The more frequent first, the lower of equals. */
static int by_frequency(const void *a, const void *b)
{
	const struct frequent *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return (x->code > y->code) - (x->code < y->code);
}

/* The characters that occur, by frequency. */
static int rank_characters(const uint32_t *count, struct frequent **out, size_t *n,
                           struct fed_error *err)
{
	size_t k = 0;

	for (uint32_t c = 0; c < FED_VOCABULARY_CODES; c++)
		k += count[c] > 0;
	struct frequent *f = fed_alloc_array(k, sizeof *f);
	if (!f)
		return fed_fail_memory(err, k * sizeof *f, "the characters");
	*n = k;
	k = 0;
	for (uint32_t c = 0; c < FED_VOCABULARY_CODES; c++)
		if (count[c] > 0)
			f[k++] = (struct frequent){count[c], c};
	qsort(f, k, sizeof *f, by_frequency);
	*out = f;
	return FED_OK;
}

static int ascending(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Take the most frequent characters, until there are `most` or too few are left; *outside are the
 * others in the text, of `all` at first. */
static int take_known(struct fed_vocabulary *v, uint32_t most, uint64_t all, uint64_t *outside,
                      struct fed_error *err)
{
	struct frequent *f = NULL;
	size_t n = 0;

	if (rank_characters(v->token, &f, &n, err))
		return FED_FAIL;
	*outside = all;
	while (v->n < most && v->n < n) {
		if (v->n >= KNOWN_PLAIN && v->wanted == 1 && !v->bytes &&
		    (double)*outside <= OUTSIDE_PLAIN * (double)all)
			break;
		*outside -= f[v->n].count;
		v->known[v->n] = f[v->n].code;
		v->n++;
	}
	fed_free(f);
	return FED_OK;
}

static int note_vocabulary(const struct fed_vocabulary *v, uint64_t all, uint64_t outside,
                           struct fed_dataset_notes *notes, struct fed_error *err)
{
	const double share = (double)outside / (double)all;
	const bool told = v->wanted > 1;

	if (v->bytes)
		return fed__note(notes, FED_NOTE_LISTED, "vocabulary", NULL, err, "%u bytes", v->n);
	if (outside == 0)
		return fed__note(notes, FED_NOTE_LISTED, "vocabulary", NULL, err, "%u characters, all",
		                 v->n);
	if (share < OUTSIDE_WARNING)
		return fed__note(notes, FED_NOTE_TOLD, "vocabulary", told ? NULL : "vocabulary=N", err,
		                 "%u characters; the others, %.2g %%, share one class", v->n, 100 * share);
	return fed__note(notes, FED_NOTE_WARNING, "vocabulary",
	                 told && v->wanted < FED_VOCABULARY_MOST ? "vocabulary=255" : v->advice, err,
	                 "%.0f %% of the text is outside the %u characters that have a class, and is "
	                 "one class: accuracy says little",
	                 100 * share, v->n);
}

/* Names ------------------------------------------------------------------------------------ */

static const char rest_name[] = "other";

/* The name of a character's class, as the dataset has it. */
static struct fed_shown name_of(const struct fed_vocabulary *v, uint32_t c, bool *failed)
{
	struct fed_text made = {0};

	if (v->bytes && (c < ' ' || c > '~') && c != '\n' && c != '\t')
		fed_text_add(&made, "byte %02x", c);
	else
		fed_text_put_code(&made, c);
	const struct fed_shown shown = fed_show(c == ' '    ? "space"
	                                        : c == '\n' ? "newline"
	                                        : c == '\t' ? "tab"
	                                                    : fed_text_str(&made));
	*failed |= made.failed;
	fed_text_release(&made);
	return shown;
}

/* Tokens of a form --------------------------------------------------------------------------- */

static bool reads_bytes(const struct fed_data_form *form)
{
	for (uint32_t k = 0; k < form->classes; k++)
		if (strlen(form->class_name[k]) == strlen("byte 00") &&
		    strncmp(form->class_name[k], "byte ", 5) == 0)
			return true;
	return false;
}

/* The token of a name, or the number of tokens. */
static uint32_t token_of(const struct fed_data_form *form, const char *name)
{
	uint32_t k = 0;

	while (k < form->classes && strcmp(form->class_name[k], name) != 0)
		k++;
	return k;
}

static int take_tokens(struct fed_vocabulary *v, const struct fed_data_form *form,
                       struct fed_dataset_notes *notes, struct fed_error *err)
{
	const uint32_t rest = token_of(form, rest_name);
	bool failed = false;

	if (!v->bytes && reads_bytes(form))
		return fed_reject(err,
		                  "the server's text is read as bytes; `bytes` reads this one so, too");
	for (uint32_t c = 0; c < FED_VOCABULARY_CODES; c++) {
		if (v->token[c] == 0)
			continue;
		const struct fed_shown name = name_of(v, c, &failed);
		const uint32_t token = token_of(form, name.s);

		if (!failed && token == form->classes && rest == form->classes)
			return fed_reject(err,
			                  "the character %s is none of the %u of the server's text, which has "
			                  "no class for others; a smaller vocabulary= there makes one",
			                  name.s, form->classes);
		v->token[c] = token < form->classes ? token : rest;
	}
	if (failed)
		return fed_fail_memory(err, form->classes, "the characters");
	v->form = form;
	v->classes = form->classes;
	v->n = form->classes - (rest < form->classes);
	return fed__note(notes, FED_NOTE_LISTED, "vocabulary", NULL, err, "%u characters, the server's",
	                 v->n);
}

int fed__vocabulary_choose(struct fed_vocabulary *v, const struct fed_generation *making,
                           struct fed_dataset_notes *notes, struct fed_error *err)
{
	const uint32_t most = v->bytes         ? FED_VOCABULARY_BYTES
	                      : v->wanted == 1 ? FED_VOCABULARY_MOST
	                                       : (uint32_t)v->wanted;
	uint64_t all = 0, outside;

	if (making->form && making->form->tokens && making->form->class_name)
		return take_tokens(v, making->form, notes, err);
	for (uint32_t c = 0; c < FED_VOCABULARY_CODES; c++)
		all += v->token[c];
	if (take_known(v, most, all, &outside, err))
		return FED_FAIL;
	v->classes = v->n + (outside > 0);
	qsort(v->known, v->n, sizeof *v->known, ascending);
	for (uint32_t c = 0; c < FED_VOCABULARY_CODES; c++)
		v->token[c] = v->n;
	for (uint32_t k = 0; k < v->n; k++)
		v->token[v->known[k]] = k;
	if (v->classes < 2)
		return fed_fail(err, "the text has one distinct character: nothing to predict");
	return note_vocabulary(v, all, outside, notes, err);
}

int fed__vocabulary_name(const struct fed_vocabulary *v, struct fed_dataset *data,
                         struct fed_error *err)
{
	struct fed_shown made[FED_VOCABULARY_BYTES];
	const char *names[FED_VOCABULARY_BYTES];
	bool failed = false;

	if (v->form)
		return fed__dataset_name_classes(data, (const char *const *)v->form->class_name, err);
	for (uint32_t k = 0; k < v->n; k++) {
		made[k] = name_of(v, v->known[k], &failed);
		names[k] = made[k].s;
	}
	if (v->classes > v->n)
		names[v->n] = rest_name;
	if (failed)
		return fed_fail_memory(err, v->classes, "the classes' names");
	return fed__dataset_name_classes(data, names, err);
}
