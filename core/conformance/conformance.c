/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * conformance/conformance.c - the conformance run of a plugin.
 */
#include "conformance/conformance.h"

#include <string.h>

#include "conformance/checker.h"

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
	switch ((enum fed_kind)entry->head->kind) {
	case FED_KIND_AGGREGATOR:
		fed__check_aggregator(&c);
		break;
	case FED_KIND_MODEL:
		fed__check_model(&c);
		break;
	case FED_KIND_ATTACK:
		fed__check_attack(&c);
		break;
	case FED_KIND_TRANSPORT:
		fed__check_transport(&c);
		break;
	case FED_KIND_SELECTION:
		fed__check_selection(&c);
		break;
	}
	fed__checker_release(&c);
	if (!c.no_memory)
		return FED_OK;
	*err = c.why;
	return FED_FAIL;
}
