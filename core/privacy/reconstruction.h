/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privacy/reconstruction.h - what a curious server can make of what one client sends.
 *
 * Of smashed data: a decoder trained on public examples, for which the dataset's test examples
 * stand, as many as 1,000; the noise that clients add is known and in them too.  Of an update: that
 * of one step on `batch` examples, -lr g, with noise and codec as they travel; divided by -lr it is
 * a gradient, which is inverted (privacy/gradient_inversion.h); labels and the range of inputs are
 * known.
 */
#ifndef FED_PRIVACY_RECONSTRUCTION_H
#define FED_PRIVACY_RECONSTRUCTION_H

#include "session/session.h"

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
	uint32_t batch; /* examples in the step that made the update; 1 for smashed data */
	uint32_t steps; /* of the decoder's training or of the search */
};

struct fed_reconstruction {
	enum fed_reconstruction_method how;
	struct fed_shape shape;      /* of an input */
	uint32_t batch;              /* examples */
	float *original, *recovered; /* (batch, input), in the same order */
	float *mean;                 /* [input] of the public examples: what a guess would draw */
	int32_t label[FED_RECONSTRUCTION_BATCH_MAX]; /* -1 for regression */
	double mse[FED_RECONSTRUCTION_BATCH_MAX],
		guess[FED_RECONSTRUCTION_BATCH_MAX]; /* of the recovered and of the mean */
	float low, high;                         /* the public examples' range */
	uint32_t publics;                        /* examples */
	uint32_t steps;                          /* made */
	bool stopped;                            /* by an interrupt, before all steps were made */
	double distance;                         /* of gradients, by matching; else NaN */
};

int fed_reconstruction_make(struct fed_reconstruction *, struct fed_session *,
                            const struct fed_reconstruction_plan *, struct fed_error *);
void fed_reconstruction_release(struct fed_reconstruction *); /* zeroed is fine */
/* Peak signal-to-noise ratio in decibels: 10 log10((high - low)^2 / mse); infinite for 0. */
double fed_reconstruction_psnr(const struct fed_reconstruction *, double mse);

#endif
