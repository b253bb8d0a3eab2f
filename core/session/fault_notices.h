/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/fault_notices.h - notices on injected faults that can have no effect.
 */
#ifndef FED_SESSION_FAULT_NOTICES_H
#define FED_SESSION_FAULT_NOTICES_H

#include "session/session.h"

struct fed_fault;

/* Send a notice for each reason why a fault, not yet in the session's table, has no effect. */
void fed__session_tell_idle(struct fed_session *, const struct fed_fault *);

#endif
