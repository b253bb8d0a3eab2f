/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/emit.c - emission of events.
 */
#include "train/round/emit.h"

#include "train/round/state.h"

const char fed_stray_update[] = "answers no open invitation: late, or twice";

void fed_emit_about(const struct fed_federation *f, enum fed_event_kind kind, uint32_t client,
                    uint64_t invitation, uint64_t bytes, const char *text)
{
	const struct fed_event event = {
		.kind = kind,
		.version = f->version,
		.clock = f->clock.now,
		.client = client,
		.invitation = invitation,
		.bytes = bytes,
		.text = text,
		.nan = f->nan,
		.record = &f->record,
	};

	if (f->sink.take)
		f->sink.take(f->sink.ctx, &event);
}

void fed_emit(const struct fed_federation *f, enum fed_event_kind kind, uint32_t client,
              const char *text)
{
	fed_emit_about(f, kind, client, 0, 0, text);
}
