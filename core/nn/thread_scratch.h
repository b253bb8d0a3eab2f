/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/thread_scratch.h - threads that run the layers of one net together, and what each needs for
 * itself.
 *
 * A workspace (nn/net.h) has the activations of one batch.  A lane has what a thread works with
 * while it takes some examples of any workspace through its layers: the rooms of stages
 * (nn/stage.h) and the gradients inside a run.  A thread uses its lane for one batch at a time.
 *
 * A crew of the pool's threads serves all workspaces of the net: whoever computes with one says
 * which thread it is (fed_workspace.worker), and idle threads take a share where a pass is long
 * enough.  Its results are those of one thread, to the last bit.
 */
#ifndef FED_NN_THREAD_SCRATCH_H
#define FED_NN_THREAD_SCRATCH_H

#include "base/pool.h"
#include "fedsh/plugin.h"

struct fed_net;

struct fed_thread_scratch {
	const struct fed_net *net; /* finished; outlives the crew */
	struct fed_pool *pool;     /* NULL: the calling thread alone */
	int threads;
	float **lane;           /* [threads] */
	size_t *capacity, *sum; /* [layers] where in a lane a stage's own room and its sum begin */
	size_t inner;           /* where the gradients inside a run begin */
};

int fed_thread_scratch_init(struct fed_thread_scratch *, const struct fed_net *, struct fed_pool *,
                            struct fed_error *);
void fed_thread_scratch_release(struct fed_thread_scratch *); /* zeroed is fine */

#endif
