/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * data/markov.c - the `markov` source: token sequences of Markov chains, partly shared and partly
 * each user's own.
 */
#include "base/mem.h"
#include "base/random.h"
#include "data/source_internal.h"
#include "data/sequences.h"

enum { ALPHABET_MAX = 64 };

struct markov_args {
	int64_t users, length, alphabet, order, window, stride;
	double habits, test;
};
static const struct fed_field markov_fields[] = {
	FED_INT(struct markov_args, users, 100, 1, 1000000, "users, the owners of `natural`"),
	FED_INT(struct markov_args, length, 300, 8, 1000000, "tokens that each user writes"),
	FED_INT(struct markov_args, alphabet, 20, 2, ALPHABET_MAX, "different tokens"),
	FED_INT(struct markov_args, order, 1, 1, 2, "tokens that the next one depends on"),
	FED_REAL(struct markov_args, habits, 0.3, 0, 1,
             "how often a user follows its own chain; 0: all write alike"),
	FED_INT(struct markov_args, window, 10, 1, 4096, "tokens from which the next is predicted"),
	FED_INT(struct markov_args, stride, 1, 1, 1000000, "tokens from one window to the next"),
	FED_REAL(struct markov_args, test, 0.2, 0.01, 0.9, "share of each user's tokens for the test"),
	FED_END,
};

/* Streams: a user's draws, the rows of its chain, and the rows of the shared chain. */
#define TEXT UINT32_MAX
#define SHARED_CHAIN UINT64_C(2)
static uint64_t user_key(uint64_t seed, uint64_t user, uint32_t row)
{
	return fed_stream_key(seed, FED_FOR_DATA, FED_GENERATOR_MARKOV, (user << 32) + row);
}

/* A token after the context `row` of a chain.  The weights are u^8 of uniform u: about one fifth
 * of the alphabet is likely. */
static uint8_t draw_token(uint64_t chain, uint32_t alphabet, double at)
{
	double weight[ALPHABET_MAX], sum = 0;

	for (uint32_t a = 0; a < alphabet; a++) {
		const double u = 1 - fed_random_real(chain, a), u2 = u * u;

		weight[a] = u2 * u2 * u2 * u2;
		sum += weight[a];
	}
	uint8_t a = 0;
	for (at *= sum; a + 1u < alphabet && at >= weight[a]; a++)
		at -= weight[a];
	return a;
}

static void write_user(const struct markov_args *args, uint64_t seed, uint32_t k,
                       const struct fed_sequence *row)
{
	const uint32_t alphabet = (uint32_t)args->alphabet;
	const uint64_t user = SHARED_CHAIN + 1 + k;
	struct fed_stream r = {.key = user_key(seed, user, TEXT)};

	for (size_t i = 0; i < row->n; i++) {
		const size_t before = i < (size_t)args->order ? i : (size_t)args->order;
		uint32_t context = 0;

		for (size_t j = i - before; j < i; j++)
			context = context * alphabet + row->token[j];
		const bool own = fed_stream_real(&r) < args->habits;
		row->token[i] = draw_token(user_key(seed, own ? user : SHARED_CHAIN, context), alphabet,
		                           fed_stream_real(&r));
	}
}

static int write_users(struct fed_dataset **out, const struct markov_args *args,
                       const struct fed_generation *making, struct fed_sequence *rows,
                       uint8_t *tokens, struct fed_error *err)
{
	const struct fed_sequences_plan plan = {.name = "markov",
	                                        .classes = (uint32_t)args->alphabet,
	                                        .window = (uint32_t)args->window,
	                                        .stride = (uint32_t)args->stride,
	                                        .test = args->test,
	                                        .making = making};
	int rc = FED_OK;

	for (uint32_t k = 0; rc == FED_OK && k < args->users; k++) {
		rows[k] =
			(struct fed_sequence){tokens + (size_t)k * (size_t)args->length, (size_t)args->length};
		write_user(args, making->seed, k, &rows[k]);
		rc = fed__generation_check(making, 0, err); /* tokens, no example yet */
	}
	return rc ? rc : fed__sequences_make(out, &plan, rows, (uint32_t)args->users, err);
}

static int markov_load(struct fed_dataset **out, const void *args_, const char *path,
                       const struct fed_generation *making, struct fed_error *err)
{
	const struct markov_args *args = args_;
	const size_t users = (size_t)args->users, length = (size_t)args->length;
	const size_t least = fed__sequence_least((uint32_t)args->window);

	(void)path;
	if (length < least)
		return fed_reject(err,
		                  "length=%zu is too short for windows of %lld tokens and both parts; "
		                  "at least %zu are needed",
		                  length, (long long)args->window, least);
	if (users > FED_DATASET_MAX_BYTES / length)
		return fed_reject(err, "%zu users with %zu tokens each are more than 16 GiB", users,
		                  length);

	struct fed_sequence *rows = fed_alloc_array(users, sizeof *rows);
	uint8_t *tokens = fed_alloc_array(users, length);
	const int rc = rows && tokens ? write_users(out, args, making, rows, tokens, err)
	                              : fed_fail_memory(err, users * length, "the users' tokens");
	fed_free(rows);
	fed_free(tokens);
	if (rc == FED_OK)
		fed__dataset_seal(*out);
	return rc;
}

const struct fed_source fed__source_markov = {
	.name = "markov",
	.help = "users who write tokens by habit, to predict the next one; from the seed",
	.doc =
		"Each user writes `length` tokens.  With probability `habits` the next one comes from the\n"
		"user's own Markov chain, else from one that all share; what follows a context has the\n"
		"weights u^8, u uniform, so that a few tokens are likely.  habits=0 makes users alike,\n"
		"habits=1 strangers.  The end of each user's tokens is for the test.  The users are\n"
		"those of `add-client N natural`.  Source: a generated stand-in for the next-word task\n"
		"of Hard et al., Federated Learning for Mobile Keyboard Prediction, 2018.",
	.fields = markov_fields,
	.args_size = sizeof(struct markov_args),
	.load = markov_load,
};
