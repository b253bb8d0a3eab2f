/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/coordinator.h - coordinator: the thread of rank 0 that has the link and deals trainings.
 */
#ifndef FED_CLUSTER_COORDINATOR_H
#define FED_CLUSTER_COORDINATOR_H

#include "cluster/internal.h"
#include "train/local/places.h"

/* The link is the coordinator's until fed__coordinator_free(). */
int fed__coordinator_new(struct fed_coordinator **, struct fed_cluster *, struct fed_error *);
struct fed_ranks *fed__coordinator_ranks(struct fed_coordinator *);
void fed__coordinator_free(struct fed_coordinator *); /* sends the ranks home */

#endif
