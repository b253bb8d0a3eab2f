/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/thread_scratch.h - scratch memory for each thread that runs the layers of a net.
 *
 * A workspace (nn/net.h) holds the activations of one batch.  A lane is the scratch memory of one
 * thread while it runs some examples of any workspace through the layers: the scratch of stages
 * (nn/layers/stage.h) and the gradients inside a run.  A thread uses its lane for one batch at a
 * time.
 *
 * One thread scratch serves all workspaces of the net: the thread that computes with one sets its
 * index (fed_workspace.worker), and idle threads of the pool help where a pass is long enough.
 * Results are bit for bit those of one thread.
 */
#ifndef FED_NN_THREAD_SCRATCH_H
#define FED_NN_THREAD_SCRATCH_H

#include "base/system/pool.h"
#include "fedsh/plugin.h"

struct fed_net;

struct fed_thread_scratch {
	const struct fed_net *net; /* finished; outlives this struct */
	struct fed_pool *pool;     /* NULL: the calling thread alone */
	int threads;
	float **lane;           /* [threads] */
	size_t *capacity, *sum; /* [ops] offsets in a lane of a stage's scratch and of its sum */
	size_t inner;           /* offset of the gradients inside a run */
};

int fed_thread_scratch_init(struct fed_thread_scratch *, const struct fed_net *, struct fed_pool *,
                            struct fed_error *);
void fed_thread_scratch_release(struct fed_thread_scratch *); /* zeroed is fine */

#endif
