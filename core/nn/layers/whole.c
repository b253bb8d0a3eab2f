/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/layers/whole.c - passes of a stage over a whole batch.
 */
#include "nn/layers/whole.h"

#include <string.h>

size_t fed__whole_floats(const struct fed_stage *stage, const void *config,
                         const struct fed_shape *in)
{
	struct fed_shape out;
	struct fed_error unused;

	stage->ops->shape(config, in, &out, &unused);
	const struct fed_scratch_sizes n = stage->capacity(config, in, &out);
	return n.batch + n.lane + n.sum;
}

/* The parts of the pass' scratch; the lane begins as zero. */
static struct fed_scratch divide(const struct fed_stage *stage, const struct fed_pass *p)
{
	const struct fed_scratch_sizes n = stage->capacity(p->config, &p->in, &p->out);

	memset(p->scratch + n.batch, 0, n.lane * sizeof *p->scratch);
	return (struct fed_scratch){p->scratch, p->scratch + n.batch, p->scratch + n.batch + n.lane};
}

void fed__whole_forward(const struct fed_stage *stage, const struct fed_pass *p)
{
	const struct fed_scratch scratch = divide(stage, p);

	if (stage->begin_forward)
		stage->begin_forward(p, &scratch);
	stage->forward(p, &scratch);
}

void fed__whole_backward(const struct fed_stage *stage, const struct fed_pass *p)
{
	const struct fed_scratch scratch = divide(stage, p);

	if (stage->begin_backward)
		stage->begin_backward(p, &scratch);
	stage->clear_sum(p, scratch.sum);
	stage->backward(p, &scratch);
	stage->end_backward(p, &scratch);
}
