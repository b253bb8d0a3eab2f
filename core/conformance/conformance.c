/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/conformance.c - the conformance run of a plugin.
 */
#include "conformance/conformance.h"

#include <string.h>

#include "conformance/checker.h"
#include "plug/calls/remote_check.h"

/* The settings of the options, tried once: those that are refused end the run. */
static int try_settings(const struct fed_entry *entry,
                        const struct fed_conformance_options *options, struct fed_error *err)
{
	struct fed_instance instance;

	if (fed_assigned_once(options->assign, options->n_assign, err) ||
	    fed_instance_init(&instance, entry, options->assign, options->n_assign, err))
		return FED_REJECT;
	fed_instance_release(&instance);
	return FED_OK;
}

static void run_tables(struct fed_checker *c)
{
	switch ((enum fed_kind)c->entry->head->kind) {
	case FED_KIND_AGGREGATOR:
		fed__check_aggregator(c);
		break;
	case FED_KIND_MODEL:
		fed__check_model(c);
		break;
	case FED_KIND_ATTACK:
		fed__check_attack(c);
		break;
	case FED_KIND_TRANSPORT:
		fed__check_transport(c);
		break;
	case FED_KIND_SELECTION:
		fed__check_selection(c);
		break;
	case FED_KIND_CODEC:
		fed__check_codec(c);
		break;
	}
}

void fed_conformance_list(const struct fed_entry *entry, void (*name)(void *ctx, const char *),
                          void *ctx)
{
	struct fed_checker c = {.entry = entry, .list = name, .ctx = ctx};

	run_tables(&c);
	fed__checker_release(&c);
}

/* The report of a guarded run, as this library has it. */
struct guarded {
	void (*report)(void *ctx, const struct fed_conformance_result *);
	void *ctx;
};

static void pass_on(void *ctx, const struct fed_remote_result *r)
{
	const struct guarded *g = ctx;
	struct fed_conformance_result result = {
		.check = r->check,
		.outcome = r->lost ? FED_CONFORMANCE_FAILED : (enum fed_conformance_outcome)r->outcome,
		.given = r->lost ? "the inputs of this check" : r->given,
		.got = r->got,
		.expected =
			r->lost ? "a plugin that returns, and leaves alone what is not its own" : r->expected,
	};

	if (r->late) {
		result.outcome = FED_CONFORMANCE_SKIPPED;
		result.given = result.expected = "";
		result.got = "the checks before it took 20 seconds: its calls are slow, or leak";
	}
	if (g->report && result.outcome <= FED_CONFORMANCE_SKIPPED)
		g->report(g->ctx, &result);
}

int fed_conformance_run(const struct fed_entry *entry,
                        const struct fed_conformance_options *options,
                        void (*report)(void *ctx, const struct fed_conformance_result *), void *ctx,
                        struct fed_error *err)
{
	struct fed_checker c = {.entry = entry, .report = report, .ctx = ctx};

	if (options)
		c.options = *options;
	if (try_settings(entry, &c.options, err))
		return FED_REJECT;
	if (entry->guard) {
		const struct fed_remote_checks checks = {.seed = c.options.seed,
		                                         .large = c.options.large,
		                                         .assign = c.options.assign,
		                                         .n_assign = c.options.n_assign};

		return fed_remote_check(entry, &checks, pass_on, &(struct guarded){report, ctx}, err);
	}
	run_tables(&c);
	fed__checker_release(&c);
	if (!c.no_memory)
		return FED_OK;
	*err = c.why;
	return FED_FAIL;
}
