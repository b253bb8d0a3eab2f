/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fixtures that break one promise: the right check fails, and says what came back.
 */
#include <string.h>
#include <time.h>

#include "conformance/run.h"
#include "plug/calls/call.h"

#define FIXTURES FED_BUILD_DIR "/fixtures"

static const struct {
	const char *file, *settings, *check, *got, *expected; /* parts of the sentences */
} cases[] = {
	{"faulty_reduce", "how=writes-input", "inputs unchanged", "the block of updates was changed",
     "left as they were"},
	{"faulty_reduce", "how=writes-model", "inputs unchanged", "the model was changed, at byte 0",
     "left as they were"},
	{"faulty_reduce", "how=past-step", "within its memory", "4 bytes past the end of its step",
     "nothing is written outside"},
	{"faulty_reduce", "how=far-past-step", "within its memory", "past the end of its step",
     "nothing is written outside"},
	{"faulty_reduce", "how=before-step", "within its memory", "4 bytes before its step",
     "nothing is written outside"},
	{"faulty_reduce", "how=past-state", "within its memory", "1 bytes past the end of its state",
     "nothing is written outside"},
	{"faulty_reduce", "how=past-vector", "within its memory", "8 bytes past the end of kept",
     "nothing is written outside"},
	{"faulty_reduce", "how=past-verdicts", "a round", "number 11 of their array",
     "verdicts on the updates"},
	{"faulty_reduce", "how=leaks", "growth", "at each call", "malloc() gives is freed"},
	{"faulty_reduce", "how=first-counts", "order of the updates", "coordinate", ".ordered"},
	{"faulty_reduce", "how=weighs-by-place", "order of the updates", "the verdict on client",
     "the same step and verdicts"},
	{"faulty_reduce", "how=counts-calls", "determinism", "the first time", "the same bits"},
	{"faulty_reduce", "how=remembers", "determinism", "the first time", "the same bits"},
	{"faulty_reduce", "how=shrinks", "equal updates", "instead of", "that update"},
	{"faulty_reduce", "how=one-less", "one update", "its step is", "or a refusal"},
	{"faulty_reduce", "how=one-less", "affine updates", "instead of", ".affine"},
	{"faulty_reduce", "how=divides", "weights", "its step is NaN", "or a refusal"},
	{"faulty_reduce", "how=no-words", "one update", "gave no reason", "with a reason"},
	{"faulty_reduce", "how=bad-code", "a round", "returned -9", "FED_OK, FED_REJECT or FED_FAIL"},
	{"faulty_reduce", "how=reads-past", "a round", "its step is NaN", "a finite step"},
	{"faulty_reduce", "how=small", "sizes", "holds 19999 numbers", "a finite step"},
	{"faulty_reduce", "how=good", "parameters", "gave no reason", "with a reason"},
	{"faulty_columns", "how=neighbour", "coordinates apart", "instead of", "alone"},
	{"faulty_columns", "how=thread", "threads", "then", "any number of threads"},
	{"faulty_columns", "how=out-of-tile", "within its memory", "past the end of its step",
     "nothing is written outside"},
	{"faulty_columns", "how=gradient-in-tiles", "local gradient", "in tiles", "j0 <= j < j1"},
	{"faulty_columns", "how=gradient-out", "local gradient", "in tiles", "j0 <= j < j1"},
	{"faulty_columns", "how=gradient-nan", "local gradient", "is nan", "finite numbers"},
	{"faulty_columns", "how=writes-model", "end of the local training",
     "the trained model was changed", "left as they were"},
	{"faulty_columns", "how=past-kept", "end of the local training",
     "past the end of the client's kept vectors", "nothing is written outside"},
	{"faulty_columns", "how=returns-nan", "end of the local training", "not finite",
     "finite numbers"},
	{"faulty_columns", "how=returns-other", "end of the local training", "differ",
     "the same bits twice"},
	{"faulty_columns", "how=bad-plan", "parameters", "plans 0 epochs", "struct fed_plan"},
	{"faulty_model", "how=sign", "gradients", "the sign is flipped", "finite differences"},
	{"faulty_model", "how=input-sign", "gradients", "by input", "finite differences"},
	{"faulty_model", "how=factor", "gradients", "it is 0.5 times the slope", "finite differences"},
	{"faulty_model", "how=no-bias", "gradients", "nothing was added there", "finite differences"},
	{"faulty_model", "how=middle-bias units=64", "gradients", "parameter", "finite differences"},
	{"faulty_model", "how=overwrites", "gradients are added", "grads of square1",
     "is added to what grads holds"},
	{"faulty_model", "how=dx-last", "gradients are added", "dx after a step into params",
     "make dx before"},
	{"faulty_model", "how=static-cache", "determinism", "after forward() of another batch",
     "`cache`"},
	{"faulty_model", "how=counts", "determinism", "gives other numbers then", "the same bits"},
	{"faulty_model", "how=skips-output", "within its memory",
     "forward() of square1 did not write y[7]", "every number"},
	{"faulty_model", "how=skips-dx", "within its memory",
     "backward() of square1 did not write dx[0]", "every number"},
	{"faulty_model", "how=past-y", "within its memory", "4 bytes past the end of y",
     "nothing is written outside"},
	{"faulty_model", "how=first-example", "within its memory", "did not write y[8] of 24",
     "every number"},
	{"faulty_model", "how=mixes-batch", "batches", "y of square1", "this example alone"},
	{"faulty_model", "how=mixes-in-order", "batches", "y of square1", "in reverse order"},
	{"batch_norm", "declared=no", "batches", "y of batch-norm1", "sets .mixes_examples"},
	{"faulty_model", "how=writes-x", "inputs unchanged", "x was changed, at byte", "left as they"},
	{"faulty_model", "how=leaks", "growth", "at each call", "malloc() gives is freed"},
	{"faulty_model", "how=random-init", "first parameters", "init() of square1", "the same key"},
	{"faulty_model", "how=nan-init", "first parameters", "init() of square1 makes",
     "finite parameters"},
	{"faulty_model", "how=tensor-gap", "tensors", "parameter 7 of square1 is in none",
     "exactly once"},
	{"faulty_model", "how=tensor-far", "tensors", "reaches past", "within the parameters"},
	{"faulty_model", "how=no-flops", "shapes", "flops() gives 0", "more than 0"},
	{"faulty_model", "how=no-loss", "building", "names no loss", "refusal in words"},
	{"faulty_model", "how=no-words", "building", "gave no reason", "with a reason"},
	{"faulty_craft", "how=writes-delta", "inputs unchanged", "the honest updates was changed",
     "left as they were"},
	{"faulty_craft", "how=past-out", "within its memory", "4 bytes past the end of what it sends",
     "nothing is written outside"},
	{"faulty_craft", "how=past-state", "within its memory", "past the end of its state",
     "nothing is written outside"},
	{"faulty_craft", "how=counts", "determinism", "the first time", "the same bits"},
	{"faulty_craft", "how=forgets", "memory of clients", "still all 0", ".remembers"},
	{"faulty_craft", "how=leaks", "growth", "at each call", "malloc() gives is freed"},
	{"faulty_craft", "how=divides", "odd updates", "number 0 is", "finite numbers"},
	{"faulty_craft", "how=no-words", "parameters", "gave no reason", "with a reason"},
	{"faulty_collude", "how=skips-last", "an update", "was never written", "an update to send"},
	{"faulty_collude", "how=sorts-input", "inputs unchanged", "the table of updates was changed",
     "left as they were"},
	{"faulty_collude", "how=spread", "odd updates", "is -inf", "finite numbers"},
	{"faulty_poison", "how=bad-label label=5", "poisoned examples", "the label 5",
     "labels 0 to classes - 1"},
	{"faulty_poison", "how=nan", "poisoned examples", "is nan", "finite inputs"},
	{"faulty_poison", "how=bad-token", "poisoned examples", "is 0.5", "tokens"},
	{"faulty_poison", "how=nothing", "every example", "0 of 40 are changed", "e->all"},
	{"faulty_poison", "how=by-place", "the same examples again", "in another way", "e->id[i]"},
	{"faulty_poison", "how=past-inputs", "poisoned examples", "4 bytes past the end of the inputs",
     "nothing is written outside"},
	{"faulty_poison", "how=no-words", "examples that suit", "gave no reason", "with a reason"},
	{"faulty_select", "how=twice", "a choice", "chooses candidate 1 twice", "different candidates"},
	{"faulty_select", "how=away", "a choice", "candidate 3, who is away", "that are here"},
	{"faulty_select", "how=too-many", "a choice", "chooses 11 candidates", "at most as many"},
	{"faulty_select", "how=none", "a choice", "no candidate is chosen", "at least one"},
	{"faulty_select", "how=by-loss", "odd rounds", "no candidate is chosen", "at least one"},
	{"faulty_select", "how=counts", "determinism", "others are chosen", "the same candidates"},
	{"faulty_select", "how=past-state", "within its memory", "past the end of its state",
     "nothing is written outside"},
	{"faulty_select", "how=leaks", "growth", "at each call", "malloc() gives is freed"},
	{"faulty_select", "how=no-words", "parameters", "gave no reason", "with a reason"},
	{"misbehave_codec", "how=long", "vectors", "its bound() is", "at most bound() bytes"},
	{"misbehave_codec", "how=fail", "vectors", "will not", "an encoding"},
	{"misbehave_codec", "how=refuse", "vectors", ": no", "that decode() takes what encode() wrote"},
	{"misbehave_codec", "how=skip", "vectors", "was never decoded", "that decode() takes"},
	{"misbehave_codec", "how=hide", "not finite", "all of the decoded ones are finite",
     "a number that is not finite"},
	{"misbehave_codec", "how=count", "determinism", "other bytes", "the same bytes"},
	{"misbehave_codec", "how=past-out", "vectors", "past the end of the decoded vector",
     "nothing is written outside"},
	{"misbehave_codec", "how=no-words", "damaged bytes", "gave no reason", "with a reason"},
	{"simulated", "how=twice", "delivery", "which was already delivered", "exactly once"},
	{"simulated", "how=unknown", "delivery", "never sent", "ids of messages"},
	{"simulated", "how=at-nan", "delivery", "no time", "not before host->clock()"},
	{"simulated", "how=drop-silently", "losses", "without a reason", "lost: "},
	{"simulated", "how=fail", "delivery", "and then failed", "FED_OK"},
	{"simulated", "how=bad-code", "delivery", "returned -7", "FED_OK, FED_REJECT"},
	{"loopback", "twice=yes", "delivery", "already delivered", "exactly once"},
	{"loopback", "damage=yes", "delivery", "no message that was sent", "whole and unchanged"},
	{"loopback", "refuse_open=yes", "delivery", "no sockets today", "opens"},
};
enum { CASES = sizeof cases / sizeof *cases };

START_TEST(faults_are_found)
{
	struct run run;

	/* Release asks how the others take such a plugin, too. */
	run_plugin(&run, FIXTURES, cases[_i].file, cases[_i].settings,
	           FED_SANITIZED ? cases[_i].check : NULL);
	const struct kept_result *r = result_of(&run, cases[_i].check);
	ck_assert_msg(r->outcome == FED_CONFORMANCE_FAILED, "%s %s: %s passes", cases[_i].file,
	              cases[_i].settings, cases[_i].check);
	ck_assert_msg(strstr(r->got, cases[_i].got) && strstr(r->expected, cases[_i].expected),
	              "%s %s: given %s; got %s; expected %s", cases[_i].file, cases[_i].settings,
	              r->given, r->got, r->expected);
}
END_TEST

START_TEST(bad_settings_are_refused)
{
	const struct fed_assign assign = {"units", "0"};
	const struct fed_conformance_options options = {.assign = &assign, .n_assign = 1};
	struct fed_error err;

	ck_assert_int_eq(
		fed_conformance_run(entry_of(FIXTURES, "faulty_model"), &options, NULL, NULL, &err),
		FED_REJECT);
	ck_assert_ptr_nonnull(strstr(err.text, "units"));
}
END_TEST

/* The layers of the faulty model, for points; returns what the quick check says. */
static int check_layers(const char *how, struct fed_error *err)
{
	const struct fed_assign assign = {"how", how};
	const struct fed_shape points = {1, {20}};
	struct fed_net_builder builder;
	struct fed_instance model;
	struct fed_net net;

	fed_assert_ok(fed_instance_init(&model, entry_of(FIXTURES, "faulty_model"), &assign, 1, err),
	              err);
	fed_net_init(&net, &points, 3, 3);
	fed_assert_ok(fed_call_build(&model, fed_net_builder(&builder, &net), err), err);
	fed_assert_ok(fed_net_finish(&net, err), err);
	const int rc = fed_conformance_check_layers(&net, err);
	fed_net_release(&net);
	fed_instance_release(&model);
	return rc;
}

START_TEST(layers_are_checked_quickly)
{
	static const char *const wrong[] = {"sign", "input-sign", "factor", "no-bias", "middle-bias"};
	struct fed_error err;

	fed_assert_ok(check_layers("good", &err), &err);
	for (size_t k = 0; k < 5; k++) {
		ck_assert_int_eq(check_layers(wrong[k], &err), FED_REJECT);
		ck_assert_ptr_nonnull(strstr(err.text, "backward() of square1 gives"));
	}
}
END_TEST

/* One check of a good plugin. */
struct one_check {
	const struct fed_entry *entry;
	size_t only;
};

static int run_one(void *ctx, struct fed_error *err)
{
	const struct one_check *one = ctx;
	const struct fed_conformance_options options = {.large = 100, .only = one->only};

	return fed_conformance_run(one->entry, &options, NULL, NULL, err);
}

START_TEST(a_run_without_memory_fails)
{
	static const struct {
		const char *file;
		size_t only[6];
	} runs[] = {
		{"fedavg", {1, 3, 4, 5, 11, 12}}, /* a round, equal and affine updates, ..., determinism */
		{"nnm", {1, 5}},
		{"scaffold", {17, 18}},
		{"softmax", {1, 3, 4, 6, 11, 12}},
		{"alie", {1, 2, 6}},
		{"replay", {7}},
		{"label-flip", {1, 3, 4}},
		{"lossy", {1, 5}},
		{"oort", {1, 5}},
	};

	for (size_t k = 0; k < 6 && runs[_i].only[k]; k++) {
		struct one_check one = {entry_of(FED_PLUGIN_DIR, runs[_i].file), runs[_i].only[k]};

		ck_assert_uint_gt(fed_each_allocation(run_one, &one), 2);
	}
}
END_TEST

FED_SUITE(faulty)
{
	Suite *suite = suite_create("faulty");
	TCase *tests = tcase_create("faulty");

	tcase_add_loop_test(tests, faults_are_found, 0, CASES);
	tcase_add_test(tests, bad_settings_are_refused);
	tcase_add_test(tests, layers_are_checked_quickly);
	tcase_add_loop_test(tests, a_run_without_memory_fails, 0, 9);
	suite_add_tcase(suite, tests);
	return suite;
}
