/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/conformance.h - the conformance run of a plugin: checks of what its kind promises
 * (fedsh/aggregator.h, model.h, attack.h, transport.h, selection.h).
 *
 * The run calls the plugin with inputs of its own and reports each check once, in plain text.  It
 * needs no session.  A guarded plugin (plug/guard/guard.h) is called in worker processes, one for
 * each check that ends its process; any other one that crashes or never returns takes the caller
 * with it.
 */
#ifndef FED_CONFORMANCE_CONFORMANCE_H
#define FED_CONFORMANCE_CONFORMANCE_H

#include "nn/net.h"
#include "plug/registry.h"

enum fed_conformance_outcome {
	FED_CONFORMANCE_PASSED,
	FED_CONFORMANCE_FAILED,
	FED_CONFORMANCE_SKIPPED, /* it does not apply: `got` says why */
};

/* Result of one check.  The texts are one line each, never NULL, and valid during the callback. */
struct fed_conformance_result {
	const char *check; /* "order of the updates" */
	enum fed_conformance_outcome outcome;
	const char *given;    /* the input of the (last or failing) call */
	const char *got;      /* what came back; a remark where the check passed */
	const char *expected; /* FED_CONFORMANCE_FAILED */
};

struct fed_conformance_options {
	uint64_t seed;                   /* of inputs, and of the keys that the plugin gets */
	size_t large;                    /* numbers of a large vector; 0: 1,000,000 */
	const struct fed_assign *assign; /* [n_assign] settings of the plugin; the others are at their
	                                    defaults, and their ends are checked too */
	size_t n_assign;
	size_t only; /* the number of the one check to make, from 1; 0: all */
};

/* The names of the checks of the entry's kind, in order. */
void fed_conformance_list(const struct fed_entry *, void (*name)(void *ctx, const char *),
                          void *ctx);

/* Run all checks of the entry's kind; of a guarded plugin each in a process of its own, whose end
 * is a failure of the check.  options NULL: zeroes.  A check that fails is a result. FED_REJECT: a
 * setting is refused.  FED_FAIL: no memory. */
int fed_conformance_run(const struct fed_entry *, const struct fed_conformance_options *options,
                        void (*report)(void *ctx, const struct fed_conformance_result *), void *ctx,
                        struct fed_error *);

/* Compare the gradients of the layers that a plugin brought to the net with finite differences, at
 * a few numbers each: milliseconds.  FED_REJECT: one is wrong, in words.  FED_FAIL: no memory. */
int fed_conformance_check_layers(const struct fed_net *, struct fed_error *);

#endif
