/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * plug/calls/call_selection.h - calls of selection rules, with checks of what they choose.
 */
#ifndef FED_PLUG_CALLS_CALL_SELECTION_H
#define FED_PLUG_CALLS_CALL_SELECTION_H

#include "plug/registry.h"

/* What the caller does for a rule: the functions behind struct fed_selection_host. */
struct fed_selection_services {
	void *ctx;
	/* All that is known of candidate i; false: it is away, and its id is enough. */
	bool (*describe)(void *ctx, uint32_t i, struct fed_candidate *);
	int (*draw)(void *ctx, uint32_t *chosen, uint32_t *n, struct fed_error *);
	void (*note)(void *ctx, const char *text);
};

/* round->size and round->host are set here, as for all calls below. */
uint32_t fed_call_asks(const struct fed_instance *, const struct fed_selection_round *,
                       const struct fed_selection_services *);
/* At most *n candidates to ask, ascending and different. */
int fed_call_ask(struct fed_instance *, const struct fed_selection_round *,
                 const struct fed_selection_services *, uint32_t *asked, uint32_t *n,
                 struct fed_error *);
/* At most round->wanted candidates, ascending and different, all of them here. */
int fed_call_select(struct fed_instance *, const struct fed_selection_round *,
                    const struct fed_selection_services *, uint32_t *chosen, uint32_t *n,
                    struct fed_error *);
/* What the rule declares: enum fed_known. */
uint32_t fed_selection_knows(const struct fed_instance *);
bool fed_selection_weighs_equally(const struct fed_instance *);

#endif
