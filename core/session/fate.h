/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session/fate.h - what became of an invitation, in words.
 */
#ifndef FED_SESSION_FATE_H
#define FED_SESSION_FATE_H

#include "session/recorder.h"

/* Append "used for version 3 with weight 0.1", "lost: the client is offline". */
void fed_journey_put_fate(const struct fed_journey *, const struct fed_recorder *,
                          struct fed_text *);

#endif
