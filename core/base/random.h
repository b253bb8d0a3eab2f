/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * base/random.h - counter-based random streams over fed_random() of fedsh/plugin.h.
 *
 * A stream is identified by (seed, purpose, a, b), such as (seed, SHUFFLE, version, client).
 * Streams are independent of each other's use, so results depend neither on the number of threads
 * nor on other commands.
 */
#ifndef FED_BASE_RANDOM_H
#define FED_BASE_RANDOM_H

#include <stdint.h>

#include "fedsh/plugin.h"

enum fed_purpose {
	FED_FOR_INIT = 1,    /* parameters: a = layer */
	FED_FOR_DATA,        /* generated datasets: a = generator, b = example */
	FED_FOR_PARTITION,   /* partitions: a = number of the add-client, b = client */
	FED_FOR_SAMPLE,      /* participants: a = version */
	FED_FOR_SHUFFLE,     /* mini-batches: a = version, b = client */
	FED_FOR_PLUGIN,      /* fed_round.seed: a = version */
	FED_FOR_TRANSPORT,   /* transports */
	FED_FOR_WHO,         /* random:N selectors */
	FED_FOR_DEVICE,      /* spread of devices and links: a = client */
	FED_FOR_SPLIT,       /* train and test parts of a file */
	FED_FOR_FAULT,       /* faults: a = number of the fault, b = client */
	FED_FOR_NOISE,       /* what clients add to what they send: a = version, b = client */
	FED_FOR_OBSERVER,    /* what an observer draws (`leakage`, `reconstruct`): a, b as it likes */
	FED_FOR_TURNS,       /* order of turns in split learning: a = version */
	FED_FOR_SELECTION,   /* fed_selection_round.seed: a = version */
	FED_FOR_CODEC,       /* fed_coding.seed: a = version, b = sender */
	FED_FOR_HOLDOUT,     /* examples that clients keep for evaluation: a = client */
	FED_FOR_LAYERS,      /* what layers draw in training: a = version, b = client */
	FED_FOR_PRETRAINING, /* examples of `pretrain` */
	FED_FOR_UNSEEN,      /* clients that never take part: a = client block */
};

struct fed_stream {
	uint64_t key, next;
};

struct fed_stream fed_stream_open(uint64_t seed, enum fed_purpose, uint64_t a, uint64_t b);
/* The key alone, to hand to a plugin. */
uint64_t fed_stream_key(uint64_t seed, enum fed_purpose, uint64_t a, uint64_t b);

uint64_t fed_stream_u64(struct fed_stream *);
uint32_t fed_stream_below(struct fed_stream *, uint32_t n); /* uniform in [0, n), n >= 1 */
double fed_stream_real(struct fed_stream *);                /* [0, 1) */
double fed_stream_normal(struct fed_stream *);              /* mean 0, variance 1 */
/* Scale 1, shape > 0.  For small shapes most of the mass is nearer to 0 than a double can be: with
 * shape 0.001 about half of the numbers are 0, with 0.01 about one in 1,700. */
double fed_stream_gamma(struct fed_stream *, double shape);
/* n at most UINT32_MAX. */
void fed_stream_shuffle(struct fed_stream *, uint32_t *v, size_t n);
/* k distinct numbers of [0, n), ascending, in O(k log k) time and O(k) memory (Floyd); k <= n. */
int fed_stream_choose(struct fed_stream *, uint32_t n, uint32_t k, uint32_t *out,
                      struct fed_error *);

#endif
