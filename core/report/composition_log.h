/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/composition_log.h - the composition of each version of a run, as it was when the version
 * was made.
 *
 * A text (report/composition_text.h) is kept when it differs from that of the version before.
 */
#ifndef FED_REPORT_COMPOSITION_LOG_H
#define FED_REPORT_COMPOSITION_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "fedsh/plugin.h"

struct fed_composition_span {
	uint64_t from; /* the first version that was made with it */
	char *text;    /* owned */
};
/* Zeroed is empty. */
struct fed_composition_log {
	struct fed_composition_span *span; /* [n] ascending */
	size_t n, capacity;
};

/* A version was made with this composition; what was known of it and later ones is forgotten. */
int fed_composition_log_note(struct fed_composition_log *, uint64_t version, const char *text,
                             struct fed_error *);
/* That of a version; of one before the first known, the first.  NULL: none is known. */
const struct fed_composition_span *fed__composition_log_at(const struct fed_composition_log *,
                                                           uint64_t version);
void fed_composition_log_release(struct fed_composition_log *);

#endif
