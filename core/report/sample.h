/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/sample.h - examples drawn from the dataset or from those of a client, as that client sees
 * them.
 */
#ifndef FED_REPORT_SAMPLE_H
#define FED_REPORT_SAMPLE_H

#include "session/session.h"

struct fed_dataset;

enum { FED_SAMPLE_MOST = 100 };

struct fed_sample_plan {
	bool of_client; /* of one client; else of the dataset */
	uint32_t client;
	bool test;     /* of the dataset: test examples instead of those for training */
	int64_t class; /* examples of this class alone; -1: of all */
	uint32_t n;    /* at most FED_SAMPLE_MOST */
	uint64_t draw; /* another number draws others */
};

struct fed_sample {
	uint32_t n, among;       /* drawn, of so many */
	uint32_t *place;         /* [n]: among the client's examples, or the dataset's; by class */
	float *x;                /* (n, shape), as the client sees them */
	int32_t *label, *seen;   /* [n] or NULL: the dataset's; what the client takes for it */
	float *target;           /* (n, outputs) or NULL */
	float low, high;         /* of pictures: black and white */
	struct fed_text changed; /* what makes the client see something else, "" if nothing does */
};

/* The session must have a dataset.  FED_REJECT: no such client or class. */
int fed_sample_draw(struct fed_sample *, const struct fed_session *, const struct fed_sample_plan *,
                    struct fed_error *);
void fed_sample_release(struct fed_sample *);

/* The class of a word, its name or its number.  FED_REJECT: there is none. */
int fed_sample_class(const struct fed_dataset *, const char *word, int64_t *class,
                     struct fed_error *);
/* Append example i in words: "cat", "cat, told dog"; of a regression the targets. */
void fed_sample_put_label(const struct fed_sample *, const struct fed_dataset *, uint32_t i,
                          struct fed_text *out);
/* Append the tokens of example i as text, what follows behind " -> ". */
void fed_sample_put_tokens(const struct fed_sample *, const struct fed_dataset *, uint32_t i,
                           struct fed_text *out);

#endif
