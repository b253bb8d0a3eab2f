/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/remote_selection.h - calls of a guarded selection rule (private to plug/).
 */
#ifndef FED_PLUG_CALLS_REMOTE_SELECTION_H
#define FED_PLUG_CALLS_REMOTE_SELECTION_H

#include "plug/calls/call_selection.h"
#include "plug/guard/protocol.h"

/* One call; ids and n as the rule gives them, unchecked.  asks(): *n alone.  Words come with the
 * plugin's name. */
int fed__remote_selection(struct fed_instance *, enum fed_selection_call,
                          const struct fed_selection_round *, const struct fed_selection_services *,
                          uint32_t *ids, uint32_t *n, struct fed_error *);

#endif
