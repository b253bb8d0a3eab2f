/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/inside.c - a table of plugins that run inside, which a signal handler reads.
 */
#include "plug/inside.h"

#include <stdatomic.h>
#include <string.h>

#include "plug/loader.h"
#include "plug/registry.h"

enum { PLUGINS = 64 };

/* Filled under no lock but the owner's of registries; a handler may look at any moment. An entry is
 * there while `entry` is set, which is set last and cleared first. */
static struct {
	_Atomic(const struct fed_entry *) entry;
	atomic_uintptr_t begin, end;
} inside[PLUGINS];

void fed__inside_add(const struct fed_entry *entry)
{
	uintptr_t begin, end;

	fed__library_range(entry->library, &begin, &end);
	for (size_t i = 0; i < PLUGINS; i++) {
		if (atomic_load(&inside[i].entry))
			continue;
		atomic_store(&inside[i].begin, begin);
		atomic_store(&inside[i].end, end);
		atomic_store(&inside[i].entry, entry);
		return;
	}
}

void fed__inside_remove(const struct fed_entry *entry)
{
	for (size_t i = 0; i < PLUGINS; i++)
		if (atomic_load(&inside[i].entry) == entry)
			atomic_store(&inside[i].entry, NULL);
}

const struct fed_entry *fed_inside_at(size_t i)
{
	for (size_t k = 0; k < PLUGINS; k++) {
		const struct fed_entry *entry = atomic_load(&inside[k].entry);

		if (entry && i-- == 0)
			return entry;
	}
	return NULL;
}

/* Functions that fedsh calls, by kind. Those of layers are not here: a model passes them to the
 * builder. */
static const struct hook {
	uint32_t kind;
	size_t offset; /* in the plugin's struct */
	const char *name;
} hooks[] = {
#define HOOK(kind, type, member)                     \
	{                                                \
		kind, offsetof(struct type, member), #member \
	}
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, begin),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, add),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, finish),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, columns),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, reduce),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, plan),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, local_gradient),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, local_end),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, updates_per_step),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, mix),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, mixtures),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, weigh),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, tell),
	HOOK(FED_KIND_AGGREGATOR, fed_aggregator, scratch_bytes),
	HOOK(FED_KIND_TRANSPORT, fed_transport, open),
	HOOK(FED_KIND_TRANSPORT, fed_transport, send),
	HOOK(FED_KIND_TRANSPORT, fed_transport, poll),
	HOOK(FED_KIND_TRANSPORT, fed_transport, now),
	HOOK(FED_KIND_TRANSPORT, fed_transport, close),
	HOOK(FED_KIND_MODEL, fed_model, build),
	HOOK(FED_KIND_ATTACK, fed_attack, craft),
	HOOK(FED_KIND_ATTACK, fed_attack, collude),
	HOOK(FED_KIND_ATTACK, fed_attack, poison),
	HOOK(FED_KIND_ATTACK, fed_attack, suits),
	HOOK(FED_KIND_SELECTION, fed_selection, select),
	HOOK(FED_KIND_SELECTION, fed_selection, asks),
	HOOK(FED_KIND_SELECTION, fed_selection, ask),
	HOOK(FED_KIND_CODEC, fed_codec, bound),
	HOOK(FED_KIND_CODEC, fed_codec, encode),
	HOOK(FED_KIND_CODEC, fed_codec, decode),
	HOOK(FED_KIND_CODEC, fed_codec, memory),
	HOOK(FED_KIND_CODEC, fed_codec, scratch),
#undef HOOK
};

/* The function that begins last before an address: that of a call from outside is one of these. */
static const char *function_at(const struct fed_entry *entry, uintptr_t address)
{
	const char *name = NULL;
	uintptr_t last = 0;

	for (size_t i = 0; i < sizeof hooks / sizeof *hooks; i++) {
		uintptr_t at = 0;

		if (hooks[i].kind != entry->head->kind)
			continue;
		memcpy(&at, (const char *)&entry->copy + hooks[i].offset, sizeof at);
		if (at > last && at <= address) {
			last = at;
			name = hooks[i].name;
		}
	}
	return name;
}

bool fed_inside_find(const void *const address[], int n, bool whole, struct fed_inside *out)
{
	uintptr_t outermost = 0;
	int plugin = -1;

	for (int i = 0; i < n; i++) {
		const uintptr_t at = (uintptr_t)address[i] - (i > 0); /* in the call, not behind it */

		for (int k = plugin < 0 ? 0 : plugin; k < (plugin < 0 ? PLUGINS : plugin + 1); k++) {
			const struct fed_entry *entry = atomic_load(&inside[k].entry);
			const uintptr_t begin = atomic_load(&inside[k].begin);

			if (!entry || at < begin || at >= atomic_load(&inside[k].end))
				continue;
			if (plugin < 0)
				*out = (struct fed_inside){.entry = entry, .offset = at - begin};
			plugin = k;
			outermost = at;
			break;
		}
	}
	if (plugin >= 0 && whole)
		out->function = function_at(out->entry, outermost);
	return plugin >= 0;
}
