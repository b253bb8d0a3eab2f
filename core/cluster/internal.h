/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cluster/internal.h - private interface of the cluster.
 */
#ifndef FED_CLUSTER_INTERNAL_H
#define FED_CLUSTER_INTERNAL_H

#include <pthread.h>

#include "cluster/cluster.h"
#include "cluster/link.h"
#include "cluster/protocol.h"
#include "plug/guard/packet.h"

struct fed_coordinator; /* coordinator.h */

struct fed_cluster {
	struct fed_rank_link *link;
	struct fed_rank_hello own, *hello;   /* hello [ranks]: at rank 0 */
	struct fed_coordinator *coordinator; /* at rank 0 */
};

#endif
