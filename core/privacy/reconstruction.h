/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/reconstruction.h - reconstruction of a client's inputs by an honest-but-curious server.
 *
 * From smashed data: by a decoder trained on public examples, here up to 1,000 test examples of the
 * dataset, with the known noise of clients.  From an update: one step on `batch` examples, -lr g,
 * after noise and codec, is divided by -lr and inverted as a gradient
 * (privacy/gradient_inversion.h); labels and the range of inputs are known.
 *
 * Under scheme `vertical` the client is a party: its share of the smashed data, and its columns of
 * the inputs alone.  What stands for the others' is their mean over the public examples.
 */
#ifndef FED_PRIVACY_RECONSTRUCTION_H
#define FED_PRIVACY_RECONSTRUCTION_H

#include "privacy/parties.h"

enum { FED_RECONSTRUCTION_BATCH_MAX = 8 };

enum fed_reconstruction_source { FED_RECONSTRUCTION_SMASHED, FED_RECONSTRUCTION_UPDATE };
enum fed_reconstruction_method {
	FED_RECONSTRUCTION_DECODER,
	FED_RECONSTRUCTION_EXACT,
	FED_RECONSTRUCTION_MATCHING
};

struct fed_reconstruction_plan {
	uint32_t client, example; /* the first of `batch` among the client's */
	enum fed_reconstruction_source from;
	size_t cut;     /* of smashed data */
	uint32_t batch; /* examples in the update's step; 1 for smashed data */
	uint32_t steps; /* of the decoder's training or of the search */
};

struct fed_reconstruction {
	enum fed_reconstruction_method how;
	struct fed_shape shape;      /* of an input */
	struct fed_range columns;    /* of the inputs that are recovered; the party's, or all */
	bool party;                  /* the client is a party */
	uint32_t batch;              /* examples */
	float *original, *recovered; /* (batch, input), in the same order */
	float *mean;                 /* [input] of the public examples: the reference guess */
	int32_t label[FED_RECONSTRUCTION_BATCH_MAX]; /* -1 for regression */
	double mse[FED_RECONSTRUCTION_BATCH_MAX],
		guess[FED_RECONSTRUCTION_BATCH_MAX]; /* of the recovered and of the mean */
	float low, high;                         /* the public examples' range */
	uint32_t publics;                        /* examples */
	uint32_t steps;                          /* made */
	bool stopped;                            /* by an interrupt, before all steps were made */
	double distance;                         /* of gradients, by matching; else NaN */
};

/* Starts the session, as a first round does.  An interrupt ends the training or the search early.
 */
int fed_reconstruction_make(struct fed_reconstruction *, struct fed_session *,
                            const struct fed_reconstruction_plan *, struct fed_error *);
void fed_reconstruction_release(struct fed_reconstruction *); /* zeroed is fine */
/* Peak signal-to-noise ratio in decibels: 10 log10((high - low)^2 / mse); infinite for 0. */
double fed_reconstruction_psnr(const struct fed_reconstruction *, double mse);

#endif
