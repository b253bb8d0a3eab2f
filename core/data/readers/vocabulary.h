/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/readers/vocabulary.h - which characters of a text have a class of their own; for core/data
 * alone.
 *
 *     init; count each character of the text in token[]; choose, which makes token[] the tokens.
 */
#ifndef FED_DATA_READERS_VOCABULARY_H
#define FED_DATA_READERS_VOCABULARY_H

#include "data/dataset.h"

enum {
	FED_VOCABULARY_CODES = 0x110000, /* Unicode */
	FED_VOCABULARY_MOST = 255,       /* characters with a token of their own */
	FED_VOCABULARY_BYTES = 256,
};
extern const char *const fed__vocabulary_words[]; /* of the field: auto is 1 */
#define FED_VOCABULARY_HELP                                                                      \
	"characters with a token of their own, the others share one; auto: 96, or more where these " \
	"leave out over 1 %"

struct fed_vocabulary {
	int64_t wanted;     /* characters; 1: by the data */
	bool bytes;         /* characters are bytes of UTF-8, and all have a token */
	const char *advice; /* what to do where even the most are too few; or NULL */
	uint32_t *token;    /* [CODES]: counts, then the token of each character */
	uint32_t known[FED_VOCABULARY_BYTES], n; /* the characters with a token, ascending */
	uint32_t classes;                        /* n, or n + 1 with the rest */
	const struct fed_data_form *form; /* whose tokens these are, then known is not set; or NULL */
};

int fed__vocabulary_init(struct fed_vocabulary *, int64_t wanted, bool bytes, struct fed_error *);
/* By the form, if the generation has one, else by the counts; the share that falls outside is
 * noted. FED_REJECT: a character has no token in the form; FED_FAIL: one character alone occurs. */
int fed__vocabulary_choose(struct fed_vocabulary *, const struct fed_generation *,
                           struct fed_dataset_notes *, struct fed_error *);
/* Name the classes of a dataset of these tokens. */
int fed__vocabulary_name(const struct fed_vocabulary *, struct fed_dataset *, struct fed_error *);
void fed__vocabulary_release(struct fed_vocabulary *);

#endif
