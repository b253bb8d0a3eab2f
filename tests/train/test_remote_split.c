/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Split learning with clients on other machines: in each variant the model is that of the
 * simulation, bit for bit; what a client does wrong ends its turn, and no round waits for it.
 */
#include <check.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "train/client_work.h"
#include "train/remotes.h"
#include "train/schemes/schemes.h"

enum { ROUNDS = 3 };

#define GLYPHS "glyphs train=240 test=10"
#define SPLIT "fedavg", .scheme = "split"
#define V1               \
	{                    \
		"parallel", "v1" \
	}
#define V2               \
	{                    \
		"parallel", "v2" \
	}
#define JOINED             \
	{                      \
		"smashed", "batch" \
	}
#define LABELS             \
	{                      \
		"labels", "client" \
	}
#define PEER            \
	{                   \
		"relay", "peer" \
	}

static const struct way ways[] = {
	{SPLIT},
	{SPLIT, .uneven = true, .set = {{"epochs", "2"}, {"batch", "7"}}},
	{SPLIT, .scheme_set = {PEER}, .tells_heads = true, .set = {{"participants", "4"}}},
	{SPLIT, .scheme_set = {LABELS}, .loss_is_claimed = true},
	{SPLIT, .scheme_set = {LABELS, PEER}, .loss_is_claimed = true, .tells_heads = true},
	{SPLIT, .scheme_set = {V1}},
	{SPLIT, .scheme_set = {V1, LABELS}, .loss_is_claimed = true, .set = {{"epochs", "2"}}},
	{SPLIT, .scheme_set = {V2}, .in_turn = true},
	{SPLIT, .scheme_set = {V2, LABELS}, .in_turn = true, .loss_is_claimed = true},
	{SPLIT, .scheme_set = {V2, JOINED}, .set = {{"batch", "7"}}},
	{SPLIT, .scheme_set = {V2, JOINED, LABELS}, .loss_is_claimed = true},
	{SPLIT, .scheme_set = {V2, JOINED}, .uneven = true, .set = {{"participants", "4"}}},
	{SPLIT, .scheme_set = {{"order", "random"}}, .set = {{"participants", "3"}}},
	/* Codecs, noise, evaluation. */
	{SPLIT, .set = {{"codec", "int8"}}},
	{SPLIT, .scheme_set = {V1}, .set = {{"codec", "top-k:0.3"}, {"batch", "7"}}},
	{SPLIT, .scheme_set = {V2, JOINED, LABELS}, .loss_is_claimed = true,
     .set = {{"codec", "qsgd"}}},
	{SPLIT, .scheme_set = {PEER}, .tells_heads = true, .set = {{"codec", "fp16"}}},
	{SPLIT, .set = {{"noise", "0.02"}}},
	{SPLIT, .scheme_set = {V1}, .set = {{"noise", "0.02"}}},
	{SPLIT, .holdout = 0.25, .set = {{"evaluate_over", "network"}}},
	{"median", .scheme = "split", .scheme_set = {V1}},
	/* Nets whose layers draw, or keep statistics. */
	{SPLIT, .dataset = GLYPHS, .model = "lenet", .scheme_set = {V1}},
	{SPLIT, .dataset = GLYPHS, .model = "resnet8 width=4 norm=batch"},
	{SPLIT, .dataset = "markov users=20 length=60 window=5",
     .model = "transformer layers=1 width=8 dropout=0.1", .scheme_set = {LABELS},
     .loss_is_claimed = true},
	/* Faults at the server's door. */
	{SPLIT, .fault = "byzantine attack=sign-flip scale=2"},
	{SPLIT, .scheme_set = {V1}, .fault = "byzantine attack=gaussian"},
	{"median", .scheme = "split", .scheme_set = {V2, JOINED}, .fault = "byzantine attack=alie"},
	{SPLIT, .fault = "nan"},
	{SPLIT, .scheme_set = {V1}, .fault = "nan", .fault2 = "corrupt"},
	{SPLIT, .fault = "corrupt p=0.6", .fault2 = "duplicate"},
	{SPLIT, .fault = "lossy p=0.2"},
	{SPLIT, .scheme_set = {V2, JOINED}, .fault = "lossy p=0.1"},
	{SPLIT, .fault = "late versions=1"},
	{SPLIT, .scheme_set = {V1}, .fault = "late versions=1", .fault2 = "duplicate"},
	{SPLIT, .scheme_set = {PEER}, .tells_heads = true, .fault = "offline", .fault2 = "nan"},
	{SPLIT, .fault = "churn join=0.4 leave=0.4"},
};
enum { WAYS = sizeof ways / sizeof *ways };

START_TEST(the_model_is_that_of_the_simulation)
{
	way_is_simulation(&ways[_i], (uint64_t)_i + 1, ROUNDS);
}
END_TEST

FED_SUITE(remote_split)
{
	Suite *suite = suite_create("remote_split");
	TCase *tests = tcase_create("remote_split");

	tcase_add_loop_test(tests, the_model_is_that_of_the_simulation, 0, WAYS);
	suite_add_tcase(suite, tests);
	return suite;
}
