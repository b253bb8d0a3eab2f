/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * nn/loss.c - cross entropy over a softmax, squared error, and their gradients.
 */
#include <math.h>
#include <string.h>

#include "nn/kernels/kernels.h"
#include "nn/layers/layers.h"
#include "nn/net.h"

/* Index of the first largest value. */
static uint32_t argmax(const float *y, uint32_t n)
{
	uint32_t best = 0;

	for (uint32_t c = 1; c < n; c++)
		if (y[c] > y[best])
			best = c;
	return best;
}

/* Sum of e^(y - top); the terms go to e unless it is NULL. */
static double exp_sum(const float *y, float top, uint32_t n, float *e)
{
	enum { BLOCK = 256 };
	float block[BLOCK];
	double sum = 0;

	for (uint32_t c = 0; c < n; c += BLOCK) {
		const uint32_t m = n - c < BLOCK ? n - c : BLOCK;
		float *to = e ? e + c : block;

		fed_kernels()->exp(y + c, top, to, m);
		for (uint32_t j = 0; j < m; j++)
			sum += to[j];
	}
	return sum;
}

double fed__loss_cross_entropy(const float *y, const int32_t *label, uint32_t batch,
                               uint32_t classes, float scale, float *dy, uint32_t *hits)
{
	double loss = 0;

	for (uint32_t b = 0; b < batch; b++, y += classes) {
		const uint32_t best = argmax(y, classes), right = (uint32_t)label[b];
		const float top = y[best], wanted = y[right];
		const double sum = exp_sum(y, top, classes, dy);

		loss += log(sum) + (double)top - (double)wanted;
		if (hits)
			*hits += best == right;
		if (dy) {
			const float share = (float)((double)scale / sum);
			for (uint32_t c = 0; c < classes; c++)
				dy[c] *= share;
			dy[right] -= scale;
			dy += classes;
		}
	}
	return loss;
}

double fed__loss_squared(const float *y, const float *target, uint32_t batch, uint32_t outputs,
                         float scale, float *dy)
{
	const float share = scale / (float)outputs;
	double sum = 0;

	for (size_t j = 0; j < (size_t)batch * outputs; j++) {
		const float off = y[j] - target[j];

		sum += (double)off * (double)off;
		if (dy)
			dy[j] = share * off;
	}
	return sum / (2.0 * outputs);
}

double fed_net_loss(const struct fed_net *net, const float *y, const int32_t *label,
                    const float *target, uint32_t batch, float scale, float *dy, uint32_t *hits)
{
	if (net->loss == FED_LOSS_CROSS_ENTROPY)
		return fed__loss_cross_entropy(y, label, batch, net->classes, scale, dy, hits);
	return fed__loss_squared(y, target, batch, net->outputs, scale, dy);
}

void fed_net_spread_labels(const struct fed_net *net, const float *x, const int32_t *label,
                           uint32_t n, int32_t *out)
{
	const size_t tokens = fed_shape_size(&net->input), positions = net->positions;

	for (size_t b = n; b-- > 0;) { /* from behind: a row takes the place of labels behind it */
		const float *next = x + (b + 1) * tokens - (positions - 1);
		const int32_t own = label[b];

		for (size_t j = 0; j + 1 < positions; j++)
			out[b * positions + j] = (int32_t)fed_nearest_token(next[j], net->classes);
		out[(b + 1) * positions - 1] = own;
	}
}

void fed_net_spread_gradient(const struct fed_net *net, float *dy, uint32_t n)
{
	const size_t outputs = net->outputs, all = outputs * net->positions;

	for (size_t b = n; net->positions > 1 && b-- > 0;) {
		memmove(dy + (b + 1) * all - outputs, dy + b * outputs, outputs * sizeof *dy);
		memset(dy + b * all, 0, (all - outputs) * sizeof *dy);
	}
}

double fed_net_training_loss(const struct fed_net *net, const float *y, const int32_t *label,
                             const float *target, uint32_t batch, float scale, float *dy)
{
	const uint32_t p = net->positions;

	return fed_net_loss(net, y, label, target, batch * p, scale / (float)p, dy, NULL) / p;
}
