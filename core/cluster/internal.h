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

/* What this process has, of on_node ranks on its machine. */
void fed__describe_rank(struct fed_rank_hello *, int on_node);
/* Agree with the other ranks of a link, which is taken on success.  relays: rank 0 does not lead.
 */
int fed__cluster_enter(struct fed_cluster **, struct fed_rank_link *, bool relays,
                       struct fed_error *);

#endif
