/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/fault_notices.h - faults that can have no effect, told when they are injected.
 */
#ifndef FED_SESSION_FAULT_NOTICES_H
#define FED_SESSION_FAULT_NOTICES_H

#include "session/session.h"

/* fault: not yet among the session's. */
void fed_session_tell_idle(struct fed_session *, const struct fed_fault *);

#endif
