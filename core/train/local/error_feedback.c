/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/error_feedback.c - encoding of an update on its training's thread, with error
 * feedback.
 */
#include "train/local/error_feedback.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

/* left <- left - got; non-finite numbers become 0, for they would stay for ever. */
static void subtract(float *left, const float *got, size_t dim)
{
	for (size_t j = 0; j < dim; j++) {
		const float lost = left[j] - got[j];
		left[j] = isfinite(lost) ? lost : 0;
	}
}

/* Make what the client will keep: the residual, and the codec's memory as the client had it. */
static int make_left(struct fed_training *g, bool keeps, size_t memory, struct fed_error *err)
{
	const size_t dim = g->result->dim;

	if (!keeps && !memory)
		return FED_OK;
	g->left = fed_shared_vectors_new(memory ? 2 : 1, dim);
	if (!g->left)
		return fed_fail_memory(err, dim * sizeof(float), "the residual of an update");
	if (keeps)
		memcpy(g->left->vector[0], g->result->vector[0], dim * sizeof(float));
	if (memory && g->residual && g->residual->n > 1)
		memcpy(g->left->vector[1], g->residual->vector[1], memory * sizeof(float));
	return FED_OK;
}

int fed__feedback_code(struct fed_training *g, struct fed_thread_buffers *w, struct fed_error *err)
{
	float *delta = g->result->vector[0];
	const size_t dim = g->result->dim;
	const bool keeps = fed_codec_has_residual(g->codec) && g->feedback;
	const size_t memory = fed_codec_memory(g->codec, &g->coding);
	struct fed_coding coding = g->coding;

	if (g->residual && g->feedback)
		for (size_t j = 0; j < dim; j++)
			delta[j] += g->residual->vector[0][j];
	if (make_left(g, keeps, memory, err))
		return FED_FAIL;
	coding.memory = memory ? g->left->vector[1] : NULL;
	if (g->sharing)
		fed_sharing_pack(g->sharing, delta, delta);
	const int rc = fed_codec_pass(g->codec, &coding, &w->codec, delta, &g->code, err);
	if (g->sharing)
		fed_sharing_unpack(g->sharing, delta, delta);
	if (rc)
		return FED_FAIL;
	if (keeps)
		subtract(g->left->vector[0], delta, dim);
	return FED_OK;
}
