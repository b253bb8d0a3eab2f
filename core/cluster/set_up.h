/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/set_up.h - messages that tell a rank what federation it is to train for.
 */
#ifndef FED_CLUSTER_SET_UP_H
#define FED_CLUSTER_SET_UP_H

#include "cluster/link.h"

struct fed_dataset;
struct fed_trainer;

/* The set-up of federation `number`, and the arrays of its dataset; NULL: no memory. */
struct fed_bytes *fed__set_up_new(struct fed_trainer *, uint64_t number);
struct fed_bytes *fed__set_up_data(const struct fed_dataset *, uint64_t number);
/* Whether two set-ups say the same of federations with other numbers. */
bool fed__set_ups_equal(const struct fed_bytes *, const struct fed_bytes *);

#endif
