/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * train/local/error_feedback.c - encoding of an update on its training's thread, with error
 * feedback.
 */
#include "train/local/error_feedback.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"

/* Buffer of the thread for an encoding of so many bytes; NULL: no memory. */
static unsigned char *encoding_buffer(struct fed_thread_buffers *w, size_t bytes)
{
	if (bytes <= w->coded_capacity)
		return w->coded;
	fed_free(w->coded);
	w->coded = fed_alloc(bytes);
	w->coded_capacity = w->coded ? bytes : 0;
	return w->coded;
}

/* left <- left - got; non-finite numbers become 0, for they would stay for ever. */
static void subtract(float *left, const float *got, size_t dim)
{
	for (size_t j = 0; j < dim; j++) {
		const float lost = left[j] - got[j];
		left[j] = isfinite(lost) ? lost : 0;
	}
}

int fed__feedback_code(struct fed_training *g, struct fed_thread_buffers *w)
{
	float *delta = g->result->vector[0];
	const size_t dim = g->result->dim;

	if (g->residual && g->feedback)
		for (size_t j = 0; j < dim; j++)
			delta[j] += g->residual->vector[0][j];
	if (g->codec.kind == FED_CODEC_NONE)
		return FED_OK; /* lossless: no residual */
	unsigned char *bytes = encoding_buffer(w, fed_codec_size(&g->codec, dim));
	if (g->feedback)
		g->left = fed_shared_vectors_new(1, dim);
	if (!bytes || (g->feedback && !g->left))
		return FED_FAIL;
	if (g->left)
		memcpy(g->left->vector[0], delta, dim * sizeof *delta);
	g->coded = fed_codec_pass(&g->codec, delta, dim, bytes);
	if (g->left)
		subtract(g->left->vector[0], delta, dim);
	return FED_OK;
}
