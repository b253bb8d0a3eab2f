/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/plugin_digests.c - digests of the files of plugins.
 */
#include "session/plugin_digests.h"

#include "base/file.h"
#include "session/composition.h"

#define PLUGIN_MOST ((uint64_t)1 << 28) /* bytes of a file that is read */

static void put_digest(const struct fed_entry *entry, struct fed_text *out)
{
	struct fed_text file = {0};
	struct fed_error unused;

	if (!entry)
		return;
	fed_text_add(out, "%s %s ", fed_kind_name(entry->head->kind), entry->head->name);
	if (fed_file_read(entry->path, PLUGIN_MOST, &file, &unused))
		fed_text_add(out, "unknown\n"); /* it was removed since it was loaded */
	else
		fed_text_add(out, "%zu %08x\n", file.len, fed_crc32(0, file.s, file.len));
	fed_text_release(&file);
}

void fed_plugin_digests_put(const struct fed_session *s, struct fed_text *out)
{
	const struct fed_composition *c = fed_session_parts(s);

	put_digest(c->model.entry, out);
	put_digest(c->aggregator.entry, out);
	put_digest(c->aggregator.after ? c->aggregator.after->entry : NULL, out);
	put_digest(c->transport.entry, out);
	put_digest(c->selection.entry, out);
	for (size_t i = 0; i < c->faults.n; i++)
		if (c->faults.fault[i].attack)
			put_digest(c->faults.fault[i].attack->instance.entry, out);
}
