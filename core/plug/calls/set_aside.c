/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/set_aside.c - guarded plugins that fail again and again: they are not called any more.
 */
#include "plug/calls/call.h"

#include <stdatomic.h>

int fed__fail_set_aside(const struct fed_entry *entry, struct fed_error *err)
{
	const char *name = entry->head->name;

	return fed_fail(err,
	                "%s %s: failed %d times in a row and is set aside; `build %s` or `reload %s` "
	                "brings it back",
	                fed_kind_name((enum fed_kind)entry->head->kind), name, FED_FAILURES_MOST, name,
	                name);
}

bool fed_is_set_aside(const struct fed_entry *entry)
{
	return entry->guard && (entry->failures >= FED_FAILURES_MOST ||
	                        atomic_load(&entry->client_failures) >= FED_FAILURES_MOST);
}

int fed_check_client_failures(const struct fed_instance *x, struct fed_error *err)
{
	if (!x || !x->entry || !x->entry->guard ||
	    atomic_load(&x->entry->client_failures) < FED_FAILURES_MOST)
		return FED_OK;
	return fed__fail_set_aside(x->entry, err);
}

void fed_count_client_call(const struct fed_instance *x, bool failed)
{
	/* entries belong to the registry and are never constant objects */
	struct fed_entry *entry = x ? (struct fed_entry *)x->entry : NULL;

	if (!entry || !entry->guard || atomic_load(&entry->client_failures) >= FED_FAILURES_MOST)
		return;
	if (failed)
		atomic_fetch_add(&entry->client_failures, 1);
	else
		atomic_store(&entry->client_failures, 0);
}

void fed_count_training(const struct fed_instance *x, double seconds, bool lost)
{
	struct fed_work *work = &((struct fed_entry *)x->entry)->work;

	work->calls++;
	work->losses += lost;
	work->seconds += seconds;
}
