/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/round/apply_step.h - the step from one version of the model to the next.
 */
#ifndef FED_TRAIN_ROUND_APPLY_STEP_H
#define FED_TRAIN_ROUND_APPLY_STEP_H

#include "fedsh/plugin.h"

struct fed_federation;

/* Add the step to the parameters but the local ones, of which it is set to 0; refused when a sum is
 * not finite.  The old model is unchanged, for messages and trainings that refer to it; the new one
 * is written into another shared vector. */
int fed__apply_step(struct fed_federation *, float *step, struct fed_error *);

#endif
