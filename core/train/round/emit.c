/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/emit.c - emission of events.
 */
#include "train/round/emit.h"

#include <stdio.h>
#include <string.h>

#include "train/round/state.h"

const char fed_stray_update[] = "answers no open invitation: late, twice, or to an aborted round";
const char fed_stale_update[] = "too old: its model is older than max-staleness allows";

void fed__emit_about(const struct fed_federation *f, enum fed_event_kind kind, uint32_t client,
                     uint64_t invitation, uint64_t bytes, const char *text)
{
	const struct fed_event event = {
		.kind = kind,
		.version = f->version,
		.clock = fed_clock_of(f),
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

void fed__emit(const struct fed_federation *f, enum fed_event_kind kind, uint32_t client,
               const char *text)
{
	fed__emit_about(f, kind, client, 0, 0, text);
}

void fed__refuse_update(struct fed_federation *f, uint32_t client, uint64_t number, bool nonfinite,
                        const char *why)
{
	f->record.refused++;
	f->n_nonfinite += nonfinite;
	f->nan = nonfinite;
	fed__emit_about(f, FED_EVENT_REFUSED, client, number, 0, why);
	f->nan = false;
}

int fed__fail_unreported(const struct fed_federation *f, struct fed_error *err)
{
	const size_t len = strlen(err->text);

	if (f->n_nonfinite > 0 && f->plan.lr > 0)
		snprintf(err->text + len, sizeof err->text - len,
		         "; %u of the updates had numbers that are not finite: try a lower learning rate, "
		         "`set lr %.3g`",
		         f->n_nonfinite, f->plan.lr / 10);
	else
		snprintf(err->text + len, sizeof err->text - len,
		         "; another try goes the same way: `heal` a fault or change a setting first");
	return FED_FAIL;
}
