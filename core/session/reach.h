/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/reach.h - check of a run without another limit for a condition that cannot come.
 */
#ifndef FED_SESSION_REACH_H
#define FED_SESSION_REACH_H

#include "history/condition.h"

struct fed_session;

/* After a version: FED_REJECT with the reason if the condition cannot hold in any round to come, as
 * long as the session is not changed.  links: whether to look at all links and at earlier rounds,
 * too, which takes time: a run does so now and then. */
int fed__session_can_reach(const struct fed_session *, const struct fed_condition *, bool links,
                           struct fed_error *);

#endif
