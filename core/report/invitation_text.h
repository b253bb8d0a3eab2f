/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * report/invitation_text.h - outcome of an invitation as text.
 */
#ifndef FED_REPORT_INVITATION_TEXT_H
#define FED_REPORT_INVITATION_TEXT_H

#include "history/invitation_log.h"
#include "session/session.h"

/* Append the outcome: "used for version 3 with weight 0.1", "lost: the client is offline". */
void fed_invitation_put_outcome(const struct fed_invitation_record *, const struct fed_event_log *,
                                struct fed_text *);
/* Append, for a client without an invitation: "it was not invited yet", or since which version. */
void fed_invitation_log_put_none(const struct fed_session *, struct fed_text *);
/* Append "the log begins at version 2: a saved file has none", or nothing if it begins with the
 * run. */
void fed_event_log_put_begin(const struct fed_session *, struct fed_text *);
/* Append, for an empty invitation log: the same, or "no rounds yet" and how to make some. */
void fed_invitation_log_put_empty(const struct fed_session *, struct fed_text *);

#endif
