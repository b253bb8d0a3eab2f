/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/personal.h - what rules with models of the clients, or several global ones, need of a
 * round.
 */
#ifndef FED_TRAIN_ROUND_PERSONAL_H
#define FED_TRAIN_ROUND_PERSONAL_H

#include "fedsh/plugin.h"

struct fed_federation;

/* Draw the first parameters of the global models behind the first one, once the aggregator has its
 * vectors. */
int fed__draw_models(struct fed_federation *, struct fed_error *);
/* Whether the aggregator's plan suits scheme, layers and transport.  FED_REJECT: it does not. */
int fed__plan_suits(const struct fed_federation *, struct fed_error *);

#endif
